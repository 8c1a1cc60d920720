"""What word processors put on the clipboard, in the plain HTML that a mail can show."""

import re

_LIST_ITEM = re.compile(
    r"<p\b(?=[^<>]*(?:MsoListParagraph|mso-list:))[^<>]*>((?:(?!<p\b).)*?)</p\s*>", re.DOTALL | re.IGNORECASE
)
_MARKER = re.compile(
    r"<!(?:--)?\[if !supportLists\](?:--)?>(.{0,1000}?)<!(?:--)?\[endif\](?:--)?>", re.DOTALL | re.IGNORECASE
)
_ORDERED = re.compile(r"^\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]", re.IGNORECASE)
_ITEMS = re.compile(r"(?:<li data-list=u>.*?</li>\s*)+|(?:<li data-list=o>.*?</li>\s*)+", re.DOTALL)
_STYLED = re.compile(r"<(/?)(span|b|strong|font)\b([^<>]*)>", re.IGNORECASE)


def plain_formatting(html: str) -> str:
    """Word's list paragraphs as lists, and bold, italics and underline that are styles as elements."""
    return _styles_as_elements(_lists(html))


def _lists(html: str) -> str:
    return _ITEMS.sub(_list, _LIST_ITEM.sub(_item, html))


def _item(match: re.Match[str]) -> str:
    content = match[1]
    marker = _MARKER.search(content)
    shown = re.sub(r"<[^>]*>|&nbsp;|\s", "", marker[1]) if marker else ""
    kind = "o" if _ORDERED.match(shown) else "u"
    return f"<li data-list={kind}>{_MARKER.sub('', content)}</li>"


def _list(match: re.Match[str]) -> str:
    tag = "ol" if match[0].startswith("<li data-list=o>") else "ul"
    return f"<{tag}>" + re.sub(r"<li data-list=[uo]>", "<li>", match[0]) + f"</{tag}>"


def _styles_as_elements(html: str) -> str:
    open_tags: list[tuple[str, tuple[str, ...]]] = []

    def change(match: re.Match[str]) -> str:
        closes, tag, attributes = bool(match[1]), match[2].lower(), match[3]
        if closes:
            known = open_tags.pop()[1] if open_tags and open_tags[-1][0] == tag else ()
            return "".join(f"</{name}>" for name in reversed(known))
        names = _names(tag, attributes)
        open_tags.append((tag, names))
        return "".join(f"<{name}>" for name in names)

    return _STYLED.sub(change, html)


def _names(tag: str, attributes: str) -> tuple[str, ...]:
    """The elements a styled one stands for. A bold element whose weight is normal is only a wrapper."""
    style = attributes.lower().replace(" ", "")
    is_normal = "font-weight:normal" in style or "font-weight:400" in style
    is_bold = tag in ("b", "strong") or re.search(r"font-weight:(?:bold|[6-9]00)", style) is not None
    found: tuple[str, ...] = ("b",) if is_bold and not is_normal else ()
    if "font-style:italic" in style:
        found += ("i",)
    if re.search(r"text-decoration(?:-line)?:[a-z-]*underline", style):
        found += ("u",)
    return found
