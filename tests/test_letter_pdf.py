"""Letters as PDFs: every word once, in its place, on the pages of its own letter."""

import re
from collections import Counter
from datetime import UTC, datetime
from html import escape, unescape
from pathlib import Path

import pytest
from hypothesis import strategies as st

from core.channels.letter_blocks import Paragraph, Table
from core.channels.letter_html import blocks, pieces
from core.channels.letter_pdf import addressee_problem, letters_pdf, page_pictures
from core.channels.pdf_fonts import printable_form
from core.domain.body import clean
from core.domain.letter import Letter, Letterhead
from core.domain.paper import PAGES, PageTemplate
from core.errors import DataError
from tests.conftest import ROOT
from tests.drawn import drawn
from tests.pdfs import page_texts, pdfium_texts, placed, reader

MADE_AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
SENDER = ("Example Health Group", "100 Example Street", "Springfield, IL 62701")
DATES = {"en": "November 24, 2026", "es": "24 de noviembre de 2026", "ar": "24 نوفمبر 2026"}
LOGO = (ROOT / "core" / "library" / "logos" / "example-health-group.png").read_bytes()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20"><rect width="20" height="20" fill="#0b5f6b"/></svg>'
BODY = clean((Path(__file__).parent / "data" / "pre-visit-letter.html").read_text("utf-8"))


def head(page: str = "letter-window", **changes: object) -> Letterhead:
    return Letterhead(**{"page": PAGES[page], "sender": SENDER, "dates": DATES} | changes)  # type: ignore[arg-type]


def letter(name: str = "Ana Example", body: str = "<p>Hello.</p>", *, language: str = "en") -> Letter:
    return Letter(language, (name, "1 Main Street", "Springfield, IL 62701"), f"Dear {name.split()[0]},", body)


def made(*letters: Letter, letterhead: Letterhead | None = None) -> bytes:
    return letters_pdf(letters, letterhead or head(), title="Letters", made_at=MADE_AT).content


def words_of(html: str) -> Counter[str]:
    """Every visible letter of a body."""
    text = unescape(re.sub(r"<[^<>]*>", " ", html))
    return Counter("".join(printable_form(text).split()))


def body_letters(content: bytes, page: PageTemplate) -> Counter[str]:
    """Every letter of the pages of one letter, without what stands around its text."""
    found: Counter[str] = Counter()
    for number, texts in enumerate(placed(content)):
        found.update(one.text for one in texts if one.top > (page.body_y - 4 if number == 0 else 62))
    return found


def test_a_page_says_who_writes_to_whom_and_what() -> None:
    content = made(letter("Łucja Nguyễn", "<p>Please <b>call</b> us.</p><ul><li>Today</li></ul>"))

    expected = [
        "Example Health Group 100 Example Street Springfield, IL 62701 Łucja Nguyễn 1 Main Street Springfield, "
        "IL 62701 November 24, 2026 Dear Łucja, Please call us. • Today"
    ]
    assert page_texts(content) == expected and pdfium_texts(content) == expected


@pytest.mark.parametrize(
    ("name", "language", "greeting", "body"),
    [
        ("Nguyễn Thị Hương", "vi", "Kính gửi Hương,", "Vui lòng gọi cho chúng tôi."),
        ("Łucja Żółć", "pl", "Szanowna Pani Łucjo,", "Prosimy o telefon."),
        ("李小龙", "zh", "李小龙，您好：", "请致电我们预约。"),
        ("محمد عبد الله", "ar", "عزيزي محمد،", "اتصل بنا على (555) 010-0100 قبل الزيارة."),
        ("राम प्रसाद शर्मा", "hi", "प्रिय राम,", "कृपया हमें फ़ोन करें।"),
    ],
)
def test_a_letter_in_any_language_is_read_out_as_it_was_written(
    name: str, language: str, greeting: str, body: str
) -> None:
    letter = Letter(language, (name, "1 Main Street", "Springfield, IL 62701"), greeting, f"<p>{body}</p>")

    [text] = page_texts(made(letter))

    date = DATES.get(language, DATES["en"])
    shown = [*SENDER, name, "1 Main Street", "Springfield, IL 62701", date, greeting, body]
    assert text == printable_form(" ".join(shown))


@pytest.mark.parametrize("key", ["letter-window", "a4-window"])
@pytest.mark.parametrize("logo", [None, (LOGO, "png"), (SVG, "svg")], ids=["none", "png", "svg"])
def test_only_the_address_shows_through_the_window(key: str, logo: tuple[bytes, str] | None) -> None:
    page = PAGES[key]
    lines = ("Parent or guardian of Ana Example-Nguyễn", "Apt 12", "1200 West Example Avenue", "Springfield, IL 62701")
    sender = tuple(f"{place} of a long sender" for place in range(9))
    one = Letter("en", lines, "Dear parent,", BODY)

    first = placed(made(one, letterhead=head(key, logo=logo, sender=sender)))[0]

    assert page.shown is not None
    left, top, right, bottom = page.shown
    shown = [
        each for each in first if each.right > left and each.left < right and each.bottom > top and each.top < bottom
    ]
    said = "".join(each.text for each in shown)
    assert said.endswith("".join("".join(lines).split()))
    assert key == "a4-window" or said == "".join("".join(lines).split())
    for each in shown:
        assert page.address_x <= each.left + 1 and each.right <= page.address_x + page.address_width + 1
        assert (
            page.return_y or page.address_y
        ) <= each.top + 1 and each.bottom <= page.address_y + page.address_height + 1


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_an_address_is_printed_whole_or_the_problem_is_named(page: PageTemplate) -> None:
    short = ("Ana Example", "1 Main Street", "Springfield, IL 62701")

    assert addressee_problem(short, page) == ""
    assert (
        addressee_problem(("Parent or guardian of Alexandra Konstantinopolis-Featherstonehaugh", *short[1:]), page)
        == ""
    )
    assert addressee_problem((*short[:1], "Care of her son", "Apt 4", *short[1:]), page) == ""
    assert "lines" in addressee_problem(short * 5, page)
    assert "too long" in addressee_problem(("W" * 60, *short[1:]), page)
    assert addressee_problem((), page)
    with pytest.raises(DataError, match="Letter 2") as raised:
        letters_pdf(
            [letter(), Letter("en", short * 5, "", "")], head(page.key), title="Letters", made_at=MADE_AT
        )  # fmt: skip
    assert "Ana" not in str(raised.value)


def test_each_letter_begins_on_its_own_page() -> None:
    long = "".join(f"<p>{'This is said again and again. ' * 20}</p>" for _ in range(9))
    given = [letter("Ana One"), letter("Bo Two", long), letter("Cy Three")]

    file = letters_pdf(iter(given), head(), title="Letters", made_at=MADE_AT)

    texts = page_texts(file.content)
    assert len(texts) == file.pages and file.first_pages[:2] == (0, 1) and file.first_pages[2] == file.pages - 1
    for one, first in zip(given, file.first_pages, strict=True):
        assert one.addressee[0] in texts[first]
    assert all(other.addressee[0] not in texts[1] for other in (given[0], given[2]))
    assert texts[2].startswith(f"Example Health Group Page 2 of {file.pages - 2}")


def test_a_file_says_its_title_and_languages_and_is_read_aloud_part_by_part() -> None:
    spanish = letter("Ana Ruiz", "<h2>Cita</h2><p>Hola.</p><ul><li>Uno</li></ul>", language="es")
    content = made(spanish, spanish, letter("Bo Two", "<table><tr><th>A</th><td></td></tr></table>"))

    document = reader(content)
    root = document.trailer["/Root"]
    assert root["/Lang"] == "es" and root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert document.metadata is not None and document.metadata.title == "Letters"
    parts = [part.get_object() for part in root["/StructTreeRoot"]["/K"][0].get_object()["/K"]]  # type: ignore[index]
    assert [(part["/S"], part["/Lang"]) for part in parts] == [("/Sect", "es"), ("/Sect", "es"), ("/Sect", "en")]
    kinds = [kid.get_object()["/S"] for kid in parts[0]["/K"]]
    assert kinds == ["/P", "/P", "/P", "/P", "/H2", "/P", "/L"]
    table = parts[2]["/K"][-1].get_object()
    [row] = [kid.get_object() for kid in table["/K"]]
    assert (table["/S"], row["/S"]) == ("/Table", "/TR")
    assert [kid.get_object()["/S"] for kid in row["/K"]] == ["/TH", "/TD"]


def test_the_same_letters_give_the_same_bytes() -> None:
    given = [letter("Ana One", BODY), letter("محمد", BODY), letter("李", BODY)]

    assert made(*given, letterhead=head(logo=(LOGO, "png"))) == made(*given, letterhead=head(logo=(LOGO, "png")))


def test_a_logo_is_in_the_file_once_and_on_every_first_page() -> None:
    content = made(*[letter()] * 3, letterhead=head(logo=(LOGO, "png"), logo_name="Our logo"))

    document = reader(content)
    names = [list(page.images.keys()) for page in document.pages]
    assert len({tuple(each) for each in names}) == 1 and len(content) < 80_000
    blank = page_pictures(made(letter()), pages=[0], width=300)[0]
    assert page_pictures(content, pages=[2], width=300)[0] != blank
    assert page_pictures(content, pages=[0], width=300) == page_pictures(content, pages=[1], width=300)


def test_a_link_is_printed_with_its_address_where_it_says_something_else() -> None:
    body = clean(
        '<p>See <a href="https://www.example.org/eyes">our page</a>, <a href="mailto:a@example.org">a@example.org</a> '
        'or <a href="tel:+15550100100">call</a>, <a href="tel:+15550100100">(555) 010-0100</a>.</p>'
    )

    [text] = page_texts(made(letter(body=body)))

    assert text.endswith(
        "See our page (example.org/eyes), a@example.org or call (555-010-0100), (555) 010-0100."
    )  # fmt: skip
    annotations = [each.get_object()["/A"]["/URI"] for each in reader(made(letter(body=body))).pages[0]["/Annots"]]  # type: ignore[attr-defined]
    assert set(annotations) == {"https://www.example.org/eyes", "mailto:a@example.org", "tel:+15550100100"}


def test_a_table_keeps_its_rows_whole_and_repeats_its_head() -> None:
    rows = "".join(f"<tr><td>Row{place} begins<br>and ends{place}</td><td></td></tr>" for place in range(60))
    body = clean(f"<table><thead><tr><th>Exam</th><th>Date</th></tr></thead><tbody>{rows}</tbody></table>")

    texts = page_texts(made(letter(body=body)))

    assert len(texts) > 2 and all("Exam Date" in text for text in texts)
    for place in range(60):
        [page] = [text for text in texts if f"Row{place} " in text]
        assert f"ends{place} " in f"{page} "


def test_a_table_too_wide_becomes_lines_of_text() -> None:
    cells = "".join(f"<td>word{place}</td>" for place in range(40))

    [text] = page_texts(made(letter(body=f"<table><tr>{cells}</tr></table>")))

    assert "word0 · word1 · word2" in text and "word39" in text


def test_a_paragraph_leaves_no_single_line_behind() -> None:
    for count in range(20, 40):
        body = "<p>Line<br>of a list</p>" * count + "<p>" + "<br>".join(f"number{n}" for n in range(4)) + "</p>"
        for text in page_texts(made(letter(body=body))):
            lines = [n for n in range(4) if f"number{n}" in text]
            assert lines in ([], [0, 1], [2, 3], [0, 1, 2, 3]), (count, lines)


def test_a_body_is_cut_between_its_outermost_elements() -> None:
    body = "<p>One</p><ul><li>Two<ul><li>3</li></ul></li></ul>loose<br>text<p>Four</p><hr><table></table>"

    assert "".join(pieces(body)) == body
    assert [type(each) for each in blocks("<p>a</p><table><tr><td>b</td></tr></table>")] == [Paragraph, Table]


def within(outer: str, inner: str, parts: list[str]) -> str:
    return f"<{outer}>{''.join(f'<{inner}>{part}</{inner}>' for part in parts)}</{outer}>"


TEXTS = st.text(st.sampled_from("ab Wñễ李محहि0-,.<&'\""), max_size=40).map(escape)
LONG = st.sampled_from(["W" * 200, "李" * 100, "محمد" * 40, "word " * 60]).map(escape)
INLINE = st.recursive(
    TEXTS | LONG,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(["b", "i", "u", "s", "em"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=4,
)
BLOCKS = st.recursive(
    st.builds(
        lambda tag, parts: f"<{tag}>{'<br>'.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(["p", "h1", "h3", 'p style="text-align:center"', 'div style="text-align:right"']),
        st.lists(INLINE, min_size=1, max_size=3),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: within("ul", "li", parts)),
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: within("ol", "li", parts)),
        inner.map(lambda part: f"<blockquote>{part}</blockquote>"),
        st.lists(st.lists(inner | st.just(""), min_size=1, max_size=5), min_size=1, max_size=5).map(
            lambda rows: f"<table>{''.join(within('tr', 'td', row) for row in rows)}</table>"
        ),
    ),
    max_leaves=12,
)  # fmt: skip
BODIES = st.lists(BLOCKS | st.just("<hr>"), max_size=6).map(lambda parts: clean("".join(parts)))


@drawn(
    daily=12, many=500, body=BODIES, key=st.sampled_from(sorted(PAGES)), language=st.sampled_from(["en", "ar", "zh"])
)
def test_every_word_of_any_body_is_printed_once_within_the_margins(body: str, key: str, language: str) -> None:
    page = PAGES[key]
    one = Letter(language, ("Ana Example", "Springfield, IL 62701"), "", body)

    content = made(one, letterhead=head(key))

    found = body_letters(content, page)
    labels = Counter("•–·" + "0123456789." + "abcdefghijklmnopqrstuvwxyz")
    wanted = words_of(body)
    for each in wanted:
        if each not in labels and not is_joined(each):
            assert found[each] == wanted[each], each
    for texts in placed(content):
        for placed_letter in texts:
            assert placed_letter.left > 35 and placed_letter.right < page.width - 36, placed_letter
            assert placed_letter.bottom < page.height - 36, placed_letter


def is_joined(letter: str) -> bool:
    """Whether letters around it are drawn as one and told apart by the reader in its own way."""
    return "\u0600" <= letter <= "\u0dff" or letter in "()-<>"


@drawn(
    daily=3,
    many=100,
    letters=st.lists(
        st.tuples(st.text(st.sampled_from("abcdefgh"), min_size=3, max_size=8), BODIES), min_size=1, max_size=6
    ),
)
def test_no_letter_stands_on_the_pages_of_another(letters: list[tuple[str, str]]) -> None:
    given = [letter(f"Name{place}x{name}", body) for place, (name, body) in enumerate(letters)]

    file = letters_pdf(given, head(), title="Letters", made_at=MADE_AT)

    texts = page_texts(file.content)
    ends = [*file.first_pages[1:], file.pages]
    for place, (first, end) in enumerate(zip(file.first_pages, ends, strict=True)):
        assert first < end and f"Name{place}x" in texts[first]
        assert not any(
            f"Name{other}x" in texts[page]
            for page in range(first, end)
            for other in range(len(given))
            if other != place
        )
