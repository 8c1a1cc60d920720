"""The body of a message: HTML cut down to what mail programs can show, with its merge fields left as they are."""

import re

import nh3

from core.domain.merge_region import Protected, joined, outside, protected
from core.domain.word_paste import plain_formatting
from core.errors import TemplateError

LONGEST_PASTE = 1_000_000
DEEPEST = 200  # elements within each other; reading more of them takes minutes

_BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "li", "td", "th", "blockquote"}
_TAGS = _BLOCKS | {"b", "i", "u", "a", "br", "hr", "ul", "ol", "table", "thead", "tbody", "tr", "em", "s"}
_DROPPED_WITH_CONTENT = {
    "script", "style", "title", "xml", "template", "noscript", "iframe", "object", "svg", "math",
    "textarea", "select", "button", "audio", "video", "canvas",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href"},
    "td": {"colspan", "rowspan", "style"},
    "th": {"colspan", "rowspan", "style"},
    **{tag: {"style"} for tag in _BLOCKS - {"td", "th"}},
}
_ALIGNMENTS = {tag: {"align": {"left", "right", "center"}} for tag in _BLOCKS}
_AROUND_ROWS = re.compile(
    r"(?:<(?:table|thead|tbody|tr)\b[^<>]*>|</(?:td|th|tr|thead|tbody)>)\s*(?:\{%|\{\{)", re.IGNORECASE
)
# Comments, which hold no elements, and tags of elements that stay open until they are closed.
_NESTING = re.compile(
    r"<!--.*?(?:-->|\Z)|<(/?)(?!(?:p|li|dd|dt|t[dhr]|tbody|thead|col|option|br|hr|wbr|img|input|link|meta)\b)[a-z]",
    re.IGNORECASE | re.DOTALL,
)

# Mail programs that ignore a page's styles still read those of the element.
_STYLES = {
    "p": "margin:0 0 16px",
    "div": "margin:0",
    "h1": "margin:0 0 16px;font-size:24px;line-height:1.3",
    "h2": "margin:24px 0 12px;font-size:20px;line-height:1.3",
    "h3": "margin:20px 0 8px;font-size:17px;line-height:1.4",
    "h4": "margin:16px 0 8px;font-size:16px;line-height:1.4",
    "ul": "margin:0 0 16px;padding:0 0 0 24px",
    "ol": "margin:0 0 16px;padding:0 0 0 24px",
    "li": "margin:0 0 6px",
    "a": "color:#0b5f6b;text-decoration:underline",
    "hr": "border:0;border-top:1px solid #d9e2e4;margin:24px 0",
    "blockquote": "margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #c5d2d6",
    "table": "border-collapse:collapse;width:100%;margin:0 0 16px",
    "td": "border:1px solid #c5d2d6;padding:8px 10px;text-align:left;vertical-align:top",
    "th": "border:1px solid #c5d2d6;padding:8px 10px;text-align:left;vertical-align:top",
}
_OPENING = re.compile(rf'<({"|".join(_STYLES)})((?:\s+[a-z]+="[^"]*")*)\s*/?>')


def clean(html: str) -> str:
    """Only what a mail can show: bold, italics, underline, lists, links, tables, headings, line breaks, alignment.

    Links lead to http, https, mailto and tel; pictures, scripts, styles, comments and a word processor's own markup
    go. Merge fields stay, also within a link's address. Cleaning what is clean changes nothing. Raises TemplateError
    for a paste beyond LONGEST_PASTE or DEEPEST, and for a condition around the rows or cells of a table, which HTML
    cannot hold.
    """
    if len(html) > LONGEST_PASTE:
        raise TemplateError(f"The text has {len(html):,} characters; at most {LONGEST_PASTE:,} are possible.")
    if _depth(html) > DEEPEST:
        raise TemplateError(f"The text has more than {DEEPEST} elements within each other. Paste it as plain text.")
    for _ in range(6):
        before, html = html, _cleaned(html)
        if html == before:
            break
    return html


def for_mail(body: str) -> str:
    """A clean body with the styles of each element written into it."""
    return outside(body, lambda html: _OPENING.sub(_styled, html))


def _cleaned(source: str) -> str:
    source = joined(source)
    if _AROUND_ROWS.search(source):
        raise TemplateError("A merge field or condition stands between the cells of a table. Put it inside a cell.")
    taken = protected(source)
    html = nh3.clean(
        plain_formatting(taken.html),
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=lambda _tag, name, value: _attribute(taken, name, value),
        tag_attribute_values=_ALIGNMENTS,
        filter_style_properties={"text-align"},
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
        link_rel=None,
    )
    return taken.restored(_tidied(taken, html))


def _depth(html: str) -> int:
    """How many elements stand within each other at most, as far as their tags tell."""
    depth = deepest = 0
    for tag in _NESTING.finditer(html):
        if tag[1] is not None:
            depth = max(depth - 1, 0) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _attribute(taken: Protected, name: str, value: str) -> str | None:
    if taken.holds_region(value) and (name != "href" or not taken.holds_only_plain_fields(value)):
        return None
    if name in ("colspan", "rowspan"):
        return value if re.fullmatch(r"[1-9]\d?", value) else None
    return value or None


def _tidied(taken: Protected, html: str) -> str:
    """No hard spaces, links without address or empty paragraphs; a paragraph of conditions only is no paragraph."""
    html = html.replace("&nbsp;", " ")
    html = re.sub(r"<a>(.*?)</a>", r"\1", html, flags=re.DOTALL)
    html = re.sub(r"<(b|i|u|em|s)>(\s*)</\1>", r"\2", html)
    html = re.sub(r"<(p|div|li|h[1-4])(?: [^>]*)?>\s*</\1>", "", html)
    return re.sub(
        rf"<(p|div)(?: [^>]*)?>\s*((?:{taken.word}\d+x\s*)+)</\1>",
        lambda match: match[2] if _are_conditions(taken, match[2]) else match[0],
        html,
    ).strip()


def _are_conditions(taken: Protected, words: str) -> bool:
    return all(taken.restored(word).startswith("{%") for word in words.split())


def _styled(match: re.Match[str]) -> str:
    tag, attributes = match[1], match[2]
    own = re.search(r'\sstyle="([^"]*)"', attributes)
    rest = attributes.replace(own[0], "") if own else attributes
    style = f"{_STYLES[tag]};{own[1]}" if own else _STYLES[tag]
    return f'<{tag}{rest} style="{style}">'
