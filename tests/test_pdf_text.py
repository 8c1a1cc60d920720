"""Text in PDFs: names in any script are printed as they are written and can be read out again."""

import io

import pytest
from hypothesis import strategies as st

from core.channels import pdf_bidi
from core.channels.paper_kit import Kit
from core.channels.pdf_fonts import FACES, letters_of, missing_glyphs, printable_form, runs
from tests.drawn import drawn
from tests.pdfs import page_texts, pdfium_texts, placed, reader

NAMES = {
    "Vietnamese": "Nguyễn Thị Hương Đặng",
    "Vietnamese, with marks of their own": "Nguye\u0302\u0303n Thi\u0323 Hu\u031bo\u031bng",
    "Polish": "Łucja Żółć-Śmiałek",
    "Chinese": "李小龙 王秀英 陳美玲",
    "Arabic": "محمد عبد الله",
    "Arabic, vowels written": "السيّد مُحمّد",
    "Persian": "نیما می‌خواهم",
    "Hindi": "श्रीमती क्षत्रिय हिन्दी",
    "Hebrew": "שרה כהן",
    "Korean": "김민준",
    "Japanese": "山田さくら タロウ",
    "Punjabi": "ਹਰਪ੍ਰੀਤ ਸਿੰਘ",
    "Bengali": "শ্রীমতী রহমান",
    "Gujarati": "પ્રિયા પટેલ",
    "Tamil": "கோபால்ஸ்ரீ",
    "Telugu": "శ్రీనివాస్",
    "Kannada": "ಶ್ರೀನಿವಾಸ",
    "Malayalam": "ശ്രീനിവാസൻ",
    "Sinhala": "ක්‍රිශාන්",
    "Thai": "สมชาย ปั้น",
    "Lao": "ສົມສັກ",
    "Khmer": "សុខា ស្រី",
    "Burmese": "ကျော်စွာ",
    "Amharic": "ቴዎድሮስ",
    "Armenian": "Արամ Խաչատրյան",
    "Georgian": "გიორგი",
    "Russian": "Жуков Щедрин",
    "Greek": "Ξένια Παπαδοπούλου",
}
ADDRESSES = [
    "شارع الملك فهد 12",
    "الرياض 12345-6789",
    "Springfield, IL 62701",
    "رقم (555) 010-0100",
    "רחוב הרצל 5, תל אביב 61000",
    "Dear محمد,",
    "Dear محمد عبد الله, please call (محمد) – at once!",
    "«محمد» (السيّد) - علي؟",
    "مرحبا! (ok) 5% – نعم.",
    "Ana محمد علي Smith",
    "北京市朝阳区 12 号 Apt 5",
    "Harpreet ਸਿੰਘ (work)",
]


def printed(*lines: str, bold: bool = False) -> bytes:
    with Kit(letters="".join(lines)) as kit:
        kit.add_page()
        for number, line in enumerate(lines):
            kit.line_of(72, 72 + 24 * number, line, 12, bold=bold)
        return kit.file()


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_any_script_is_read_out_as_it_was_written(name: str, bold: bool) -> None:
    content = printed(printable_form(name), bold=bold)

    assert missing_glyphs(name) == []
    assert page_texts(content) == [printable_form(name)]
    assert pdfium_texts(content) == [printable_form(name)]


@pytest.mark.parametrize("line", ADDRESSES)
def test_lines_in_two_directions_are_read_out_as_they_are_said(line: str) -> None:
    assert page_texts(printed(line)) == [line]


def test_all_fonts_are_in_the_file_and_only_what_is_used_of_them() -> None:
    content = printed(*NAMES.values())

    for page in reader(content).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            assert inner["/BaseFont"][7] == "+"
    assert len(content) < 300_000


@pytest.mark.parametrize(
    ("text", "rtl", "shown"),
    [
        ("abc", False, "abc"),
        ("ABC", False, "CBA"),
        ("ab CD ef", False, "ab DC ef"),
        ("AB 12 CD", True, "DC 12 BA"),
        ("AB 12345-6789", True, "12345-6789 BA"),
        ("AB (555) 010-0100", True, "(555) 010-0100 BA"),
        ("AB (cd) EF", True, "FE )cd( BA"),
        ("ab, CD!", False, "ab, DC!"),
        ("AB.", True, ".BA"),
        ("1 AB", True, "BA 1"),
        ("AB 5%", True, "%5 BA"),
    ],
)
def test_what_is_written_from_right_to_left_stands_so(text: str, rtl: bool, shown: str) -> None:
    """Capitals stand for Arabic letters; brackets are those of the text, which fonts turn."""
    arabic = "".join(chr(0x627 + ord(each) - 65) if "A" <= each <= "Z" else each for each in text)

    order = pdf_bidi.visual_order(pdf_bidi.levels(arabic, rtl=rtl))

    assert "".join(text[place] for place in order) == shown


MIXED = st.text(st.sampled_from("aZ19 .,-()–’ñệ̃Ж李王한さمحلاُשלहिक्षसிண์ปั഻้ക്‍ک‌ 。"), max_size=30)


@drawn(daily=40, many=2000, text=MIXED, bold=st.booleans())
def test_any_mixture_of_scripts_is_drawn(text: str, bold: bool) -> None:
    shown = printable_form(text)
    if missing_glyphs(shown):
        return

    content = printed(shown, bold=bold)

    said = "".join(page_texts(content)[0].split())
    assert sorted(said) == sorted("".join(shown.split()))


@drawn(daily=40, many=2000, text=st.text(st.sampled_from("aZ1 ñễЖ李王한さहिक्षसிண์ปั้"), max_size=30))
def test_scripts_from_left_to_right_are_read_out_in_order(text: str) -> None:
    shown = printable_form(text)
    if not missing_glyphs(shown):
        assert page_texts(printed(shown))[0] == shown


@drawn(daily=100, many=3000, text=st.text(max_size=40))
def test_any_text_is_divided_among_fonts_without_losing_a_letter(text: str) -> None:
    assert "".join(piece for _, piece in runs(text)) == text
    assert "".join(letters_of(text)) == text
    levels = pdf_bidi.levels(text, rtl=False)
    assert sorted(pdf_bidi.visual_order(levels)) == list(range(len(text)))


@drawn(daily=100, many=3000, text=st.text(max_size=20))
def test_what_is_missing_is_of_the_text_and_the_rest_is_drawn(text: str) -> None:
    missing = missing_glyphs(text)
    rest = printable_form("".join(each for each in printable_form(text) if each not in missing))

    assert set(missing) <= set(printable_form(text)) and len(set(missing)) == len(missing)
    if not missing_glyphs(rest):
        assert placed(printed(rest)) is not None


def test_each_block_of_a_font_is_its_own() -> None:
    taken: dict[int, str] = {}
    for face in FACES:
        for first, end in face.blocks:
            for point in range(first, end):
                assert taken.setdefault(point, face.family) == face.family


def test_the_same_text_gives_the_same_bytes() -> None:
    first, second = (printed(*NAMES.values()) for _ in range(2))

    assert _without_dates(first) == _without_dates(second)


def _without_dates(content: bytes) -> list[bytes]:
    return [line for line in io.BytesIO(content) if b"Date" not in line and b"/ID" not in line]
