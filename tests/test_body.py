"""Bodies: what a mail can show stays, everything else goes, and merge fields come through untouched."""

import contextlib
import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.domain.body import LONGEST_PASTE, clean, for_mail
from core.domain.body_text import tidied_text, to_text
from core.errors import TemplateError

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name=Generator content="Word 15">
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]-->
<style><!-- p.MsoNormal {margin:0in; font-family:"Calibri"} --></style></head><body lang=EN-US>
<!--StartFragment--><p class=MsoNormal align=center style='text-align:center;mso-outline-level:1'><b>
<span style='font-size:16.0pt;color:#1F4E79'>Good <i>news</i></span></b><o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-.25in;mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='font-family:Symbol;mso-fareast-font-family:Symbol'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;
</span></span><![endif]>Bring your card<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><!--[if !supportLists]-->·<!--[endif]-->Come early</p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><![if !supportLists]>1.&nbsp;<![endif]>First</p>
<p class=MsoNormal><span style='text-decoration:underline'>Call</span> <span style="font-weight:700">us</span></p>
<!--EndFragment--></body></html>"""


def test_a_paste_from_word_keeps_its_formatting_and_loses_the_rest() -> None:
    assert "".join(clean(WORD).split("\n")) == (
        '<p align="center" style="text-align:center"><b>Good <i>news</i></b></p>'
        "<ul><li>Bring your card</li><li>Come early</li></ul><ol><li>First</li></ol>"
        "<p><u>Call</u> <b>us</b></p>"
    )


def test_a_paste_from_google_docs_is_not_all_bold() -> None:
    pasted = (
        '<b style="font-weight:normal;" id="docs-internal-guid-1"><p>a <span style="font-weight:700">b</span></p></b>'
    )

    assert clean(pasted) == "<p>a <b>b</b></p>"


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        ("<p>Hello</p>", "<p>Hello</p>"),
        ("<h2>Head</h2><hr>x<br>y", "<h2>Head</h2><hr>x<br>y"),
        ("<p align=right>x</p>", '<p align="right">x</p>'),
        ('<p style="color:red;text-align:center;position:fixed">x</p>', '<p style="text-align:center">x</p>'),
        ("<script>alert(1)</script><p onclick=x>y</p>", "<p>y</p>"),
        ("<p>a<!-- b -->c</p>", "<p>ac</p>"),
        ('<p>a<img src="https://x.example/pixel.gif">b</p>', "<p>ab</p>"),
        ('<a href="https://x.example/a?b=1&c=2">x</a>', '<a href="https://x.example/a?b=1&amp;c=2">x</a>'),
        ('<a href="tel:+15550100100" target=_blank>x</a>', '<a href="tel:+15550100100">x</a>'),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ('<a href="data:text/html,x">x</a>', "x"),
        ('<a href="/settings">x</a>', "x"),
        ("<p>&nbsp;</p><p>x</p><p><b></b></p>", "<p>x</p>"),
        ("<td>x", "x"),
        ("<table><tr><td colspan=2 width=9>x</td></tr></table>", None),
        ("<form action=x><input name=y><button>z</button>t</form>", "t"),
        ("<svg><style><img src=x onerror=alert(1)></style></svg>y", "y"),
        ("<p>{{ patient.first_name }}</p>", "<p>{{ patient.first_name }}</p>"),
        ("<p>{{ a | default(&quot;you &amp; me&quot;) }}</p>", '<p>{{ a | default("you & me") }}</p>'),
        ("<p>{{&nbsp;<b>patient</b>.first_name\n}}</p>", "<p>{{ patient.first_name }}</p>"),
        ("<p>{{ a | default(“you”) }}</p>", '<p>{{ a | default("you") }}</p>'),
        ("<p>{% if gaps | length &gt; 1 %}x{% endif %}</p>", "<p>{% if gaps | length > 1 %}x{% endif %}</p>"),
        ("<p>{% if gaps %}</p><p>x</p><p>{% endif %}</p>", "{% if gaps %}<p>x</p>{% endif %}"),
        ("<p>{{ a }}{% endif %}</p>", "<p>{{ a }}{% endif %}</p>"),
        ("a{# b #}c", "ac"),
        ('<a href="tel:{{ call_back_number }}">x</a>', '<a href="tel:{{ call_back_number }}">x</a>'),
        ('<a href="{{ call_back_number }}">x</a>', "x"),
        ('<a href="tel:{{ a | default("b") }}">x</a>', "x"),
        ('<p style="text-align:{{ a }}" {{ b }}>x</p>', "<p>x</p>"),
        ("{{ '<img src=x onerror=alert(1)>' }}", "{{ '' }}"),
        ("{{ '<img src=x onerror=alert(1) ' }}<p>x</p>", None),
    ],
)
def test_cleaning(source: str, cleaned: str | None) -> None:
    result = clean(source)

    assert cleaned is None or result == cleaned
    assert_harmless(result)


@pytest.mark.parametrize(
    "source",
    [
        "<table>{% if gaps %}<tr><td>x</td></tr>{% endif %}</table>",
        "<table><tr><td>x</td></tr>{{ gaps }}</table>",
        "<table><tr>{% if gaps %}<td>x</td>{% endif %}</tr></table>",
        "<p>" + "x" * LONGEST_PASTE + "</p>",
    ],
)
def test_what_would_change_its_meaning_is_refused_with_a_sentence(source: str) -> None:
    with pytest.raises(TemplateError):
        clean(source)


class Elements(HTMLParser):
    """Collects every element and attribute that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")


MAIL_TAGS = set("p div h1 h2 h3 h4 b i u em s a br hr ul ol li table thead tbody tr td th blockquote".split())  # noqa: SIM905


def assert_harmless(html: str) -> None:
    parser = Elements()
    parser.feed(html)
    parser.close()
    for tag, attributes in parser.seen:
        assert tag in MAIL_TAGS
        for name, value in attributes:
            assert name in {"href", "style", "align", "colspan", "rowspan"}
            assert name != "href" or (value or "").startswith(("http://", "https://", "mailto:", "tel:"))


PIECES = st.sampled_from(
    [
        "<p>", "</p>", "<b>", "</b>", "<i", ">", "<table>", "<tr>", "<td>", "</table>", "<ul>", "<li>", "<a href=", "'",
        '"', "https://x.example/", "javascript:", "<script>", "</script>", "<svg>", "<math>", "<style>", "</style>",
        "<!--", "-->", "<![if !supportLists]>", "<![endif]>", "<p class=MsoListParagraph>", "{{", "}}", "{%", "%}",
        "{#", "#}", " patient.first_name ", "&lt;", "&amp;", "&#123;", "&nbsp;", "\u00a0", " ", "\n", "text",
        "<span style='font-weight:bold'>", "</span>", "<b style=font-weight:normal>", "onclick=x", "mergefield0x",
        "<template>", "<noscript>", "<textarea>", "<img src=x onerror=y>", "“", "/>", "<br/>", "\x00", "診", "é",
    ]
)  # fmt: skip


@settings(deadline=None)  # a busy machine is not a failure
@given(st.lists(PIECES, max_size=25).map("".join))
@example("{{ '&amp;lt;img src=x&amp;gt;' }}")
@example("<p>{{ a }}</p><a href='https://{{ a }}'>{{<b>}}</b>")
def test_whatever_is_pasted_becomes_harmless_and_cleaning_it_again_changes_nothing(source: str) -> None:
    try:
        cleaned = clean(source)
    except TemplateError:
        return

    assert_harmless(cleaned)
    assert_harmless(for_mail(cleaned))
    assert clean(cleaned) == cleaned
    assert isinstance(to_text(cleaned), str)


BOMBS = [
    "<p class=MsoListParagraph>", "{{", "{%", "<a>", "<b>", "<!--[if !supportLists]-->", "<", "<b ", "<tr ",
    "mso-list:", "<div>", "<ul><li>", "<table><tr><td>", "<!--", "{<b>", "}<!--", "<p><b><i><u>", "<x>", "<o:p></o:p>",
]  # fmt: skip


@pytest.mark.parametrize("piece", BOMBS)
def test_a_hostile_paste_is_read_in_seconds(piece: str) -> None:
    started = time.process_time()

    with contextlib.suppress(TemplateError):  # too deep
        clean("<p " * piece.startswith("mso") + piece * (240_000 // len(piece)))

    assert time.process_time() - started < 5


def test_styles_are_written_into_the_elements_and_merge_fields_are_left_alone() -> None:
    html = for_mail('<p style="text-align:center">{% if gaps | length > 1 %}<b>x</b>{% endif %}</p><td align="right">')

    assert html.startswith('<p style="margin:0 0 16px;text-align:center">{% if gaps | length > 1 %}<b>x</b>')
    assert '<td align="right" style="border:' in html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines"),
        ("<h2>Head</h2>\n<p>  Much\n   space </p>", "Head\n\nMuch space"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<p>x.</p><ol><li><p>a. </p></li><li>b</li></ol><p>y</p>", "x.\n\n1. a.\n\n2. b\n\ny"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n\u00a0\u00a0- b"),
        ('<a href="https://x.example">our page</a>', "our page (https://x.example)"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="tel:+15550100100">(555) 010-0100</a>', "(555) 010-0100"),
        ('<a href="tel:+15550100100">call us</a>', "call us (+15550100100)"),
        ('<a href="mailto:a@x.example">write</a>', "write (a@x.example)"),
        (
            '<a href="tel:{{ call_back_number }}">{{ call_back_number }}</a>',
            "{{ call_back_number }}",
        ),
        (
            "<table><tr><th>Item</th><th>Date</th></tr><tr><td>Eye <br>exam</td><td></td></tr></table>",
            "Item | Date\nEye exam | __________",
        ),
        ("<p>1 &lt; 2 &amp; 3</p>", "1 < 2 & 3"),
        ("<p>{{ a | default('< b') }}</p>", "{{ a | default('< b') }}"),
        ("<p>a</p>{% if gaps %}<p>b</p>{% endif %}<p>c</p>", "a\n\n{% if gaps %}\n\nb\n\n{% endif %}\n\nc"),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    assert to_text(html) == text


def test_conditions_leave_no_gaps_in_a_filled_in_text() -> None:
    assert tidied_text("a\n\n\n\n \n\nc\n") == "a\n\nc"


def test_the_hundreds_of_settings_in_the_comments_of_a_word_paste_are_not_elements() -> None:
    settings_of_word = "<!--[if gte mso 9]><xml>" + '<w:LsdException Locked="false"/>' * 371 + "</xml><![endif]-->"

    assert clean(settings_of_word + "<p>Hello</p>") == "<p>Hello</p>"


SPLIT = [
    ("<p>Dear {<b>{ patient.first_name }}</b>,</p>", "<p>Dear <b>{{ patient.first_name }}</b>,</p>"),
    ("<p>Dear {{ patient.first_name }<b>}</b>,</p>", "<p>Dear {{ patient.first_name }},</p>"),
    ("<p>{<i>% if gaps %}x{</i>% endif %}</p>", "<p><i>{% if gaps %}x</i>{% endif %}</p>"),
    ("<p>{\u200b{ patient.first\u200b_name }}</p>", "<p>\u200b{{ patient.first_name }}</p>"),
    ("<p>{{ patient.first_name<!-- x --> }}</p>", "<p>{{ patient.first_name }}</p>"),
]


@pytest.mark.parametrize(("source", "cleaned"), SPLIT)
def test_a_merge_field_that_formatting_cut_in_two_is_put_together(source: str, cleaned: str) -> None:
    assert clean(source) == cleaned
