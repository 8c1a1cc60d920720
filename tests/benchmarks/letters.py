"""What letters cost: 200 of them with a logo, and 200 labels, against reportlab and against fpdf2's multi_cell.

    python tests/benchmarks/letters.py [--rounds 5]

Prints one JSON object a line: {"name", "value", "unit", "target"}. CPU seconds are those of a process of its own that
has imported its packages, from the letters to the finished files: opening fonts, and for ours making a fixed weight of
the variable ones, counts. The peers get ready-made fixed fonts and the fastest way that each of them has for wrapped
text with embedded TrueType fonts: reportlab's canvas with `simpleSplit`, fpdf2's `multi_cell`. Each file must say the
same on each page. The ratios are of the fastest of several rounds, run by turns. Memory is the most that a process had
while it made 200 or 2,000 letters in files of 200 that it wrote to disk.
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from core.channels import label_pdf, letter_pdf
from core.channels.letter_head import HEAD_Y
from core.channels.pdf_fonts import FACES
from core.channels.pdf_shaping import Style, static
from core.domain.letter import Label, Letter, Letterhead
from core.domain.paper import LABEL_SHEETS, PAGES

MOST_IN_A_FILE = 200  # letters in a PDF, unless the organisation says otherwise
ROOT = Path(__file__).parents[2]
MADE_AT = datetime(2026, 11, 23, 18, tzinfo=UTC)
PAGE, SHEET = PAGES["letter-window"], LABEL_SHEETS["avery-5160"]
SENDER = ("Example Health Group", "100 North Example Boulevard, Suite 1200", "Springfield, IL 62701", "(555) 010-0100")
LABEL_SENDER = (SENDER[0], "100 Example Street, Springfield, IL 62701")
DATE = "November 23, 2026"
SIZE, LEADING = 11.0, 15.62
FIRST = "Maria Łucja Thị Şükrü Zoë José Nguyễn Ana Omar Priya".split()  # noqa: SIM905
LAST = "Kowalska Żółć Nguyễn Çağlar García Okafor Smith Dvořák O’Brien Patel".split()  # noqa: SIM905
PARAGRAPHS = (
    "Our records show that your {topic} is due. It takes about half an hour, and most plans pay for all of it. Found "
    "early, most problems can be treated well; that is why we write to everyone for whom the time has come.",
    "Please call {phone} on weekdays between 8 in the morning and 5 in the afternoon to choose a day that suits you. "
    "If you were there in the last months with another practice, tell us when and where, and we will correct our "
    "records so that you get no further letter about it.",
    "Bring your insurance card and a list of your medicines. If you need an interpreter, a ride or help on the stairs, "
    "say so when you call: we arrange it at no cost. Members of your family are welcome to come along.",
    "If you have pain, fever or any sudden change, do not wait for the appointment. Call us at once, at night and on "
    "holidays too: the nurse on duty answers under the same number and knows what to do.",
    "Thank you for trusting us with your health. We look forward to seeing you, {first}, and wish you well until then.",
    "Sincerely,",
    "Your care team",
)


def main() -> None:
    """Run all and print the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", choices=(*MAKERS, "memory"))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--count", type=int, default=MOST_IN_A_FILE)
    arguments = parser.parse_args()
    if arguments.child == "memory":
        _memory(arguments.folder, arguments.count)
    elif arguments.child:
        _timed(arguments.child, arguments.folder)
    else:
        with tempfile.TemporaryDirectory(prefix="careloop-bench-") as folder:
            _measure(Path(folder), arguments.rounds)


def _measure(folder: Path, rounds: int) -> None:
    for weight in (False, True):
        (folder / f"{'bold' if weight else 'regular'}.ttf").write_bytes(static(Style(FACES[0], weight)).blob.data)
    best = dict.fromkeys(MAKERS, 1e9)
    for _ in range(rounds):
        for maker in MAKERS:
            best[maker] = min(best[maker], _child(maker, folder, MOST_IN_A_FILE)["cpu_s"])
    _require_same_pages(folder)
    for maker in MAKERS:
        _print(f"letters_{maker}_cpu_s", round(best[maker], 3), "s", None)
    _print("letters_vs_reportlab", round(best["ours"] / best["reportlab"], 2), "x", 1.0)
    _print("letters_vs_multi_cell", round(best["ours"] / best["multi_cell"], 3), "x", 0.15)
    few, many = (_child("memory", folder, count)["peak_mb"] for count in (MOST_IN_A_FILE, 10 * MOST_IN_A_FILE))
    _print("letters_200_peak_mb", round(few), "MB", None)
    _print("letters_2000_peak_mb", round(many), "MB", round(1.1 * few))


def letters(count: int) -> Iterator[tuple[Letter, tuple[str, ...]]]:
    """Letters, and their paragraphs as the peers print them."""
    for number in range(count):
        first, last = FIRST[number % 10], LAST[number // 10 % 10]
        values = {"first": first, "phone": "(555) 010-0100", "topic": ("mammogram", "eye exam", "check-up")[number % 3]}
        texts = tuple(text.format(**values) for text in PARAGRAPHS)
        address = (f"{first} {last}", f"{100 + number} West Example Avenue, Apt {number % 40}", "Springfield, IL 62701")
        yield Letter("en", address, f"Dear {first},", "".join(f"<p>{text}</p>" for text in texts)), texts


def _logo() -> Path:
    return ROOT / "core" / "library" / "logos" / "example-health-group.png"


def _ours(folder: Path) -> None:
    made = [letter for letter, _ in letters(MOST_IN_A_FILE)]
    head = Letterhead(PAGE, SENDER, {"en": DATE}, (_logo().read_bytes(), "png"), SENDER[0])
    file = letter_pdf.letters_pdf(made, head, title="Letters", made_at=MADE_AT)
    (folder / "ours.pdf").write_bytes(file.content)
    labels = [Label(letter.addressee, LABEL_SENDER) for letter in made]
    content = label_pdf.labels_pdf(labels, SHEET, first=1, title="Labels", made_at=MADE_AT)
    (folder / "ours-labels.pdf").write_bytes(content)


def _reportlab(folder: Path) -> None:
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("Regular", folder / "regular.ttf"))
    pdfmetrics.registerFont(TTFont("Bold", folder / "bold.ttf"))
    canvas = Canvas(str(folder / "reportlab.pdf"), pagesize=(PAGE.width, PAGE.height), pageCompression=1)
    logo = ImageReader(str(_logo()))
    for letter, texts in letters(MOST_IN_A_FILE):
        _reportlab_letter(canvas, logo, letter, texts)
        canvas.showPage()
    canvas.save()
    canvas = Canvas(str(folder / "reportlab-labels.pdf"), pagesize=(PAGE.width, PAGE.height), pageCompression=1)
    for number, (letter, _) in enumerate(letters(MOST_IN_A_FILE)):
        if number and number % SHEET.count == 0:
            canvas.showPage()
        x, y, small, size = _label_place(letter, number, lambda text: pdfmetrics.stringWidth(text, "Regular", 1))
        canvas.setFont("Regular", small)
        canvas.drawString(x, PAGE.height - y - 6.5, " · ".join(LABEL_SENDER))
        canvas.setFont("Regular", size)
        for row, line in enumerate(letter.addressee, 1):
            canvas.drawString(x, PAGE.height - y - 10 - row * size * 1.18, line)
    canvas.save()


def _reportlab_letter(canvas: object, logo: object, letter: Letter, texts: tuple[str, ...]) -> None:
    from reportlab.lib.utils import simpleSplit

    sheet: "Canvas" = canvas  # type: ignore[name-defined]  # noqa: F821, UP037
    width, right, top = PAGE.width - 2 * PAGE.margin, PAGE.width - PAGE.margin, PAGE.height
    sheet.drawImage(logo, PAGE.margin, top - HEAD_Y - 54, 200, 54, mask="auto", preserveAspectRatio=True, anchor="w")
    sheet.setFont("Bold", 10.5)
    sheet.drawRightString(right, top - HEAD_Y - 10, SENDER[0])
    sheet.setFont("Regular", 8.5)
    for row, line in enumerate(SENDER[1:], 1):
        sheet.drawRightString(right, top - HEAD_Y - 12 - row * 11.5, line)
    sheet.setFont("Regular", SIZE)
    for row, line in enumerate(letter.addressee, 1):
        sheet.drawString(PAGE.address_x, top - PAGE.address_y - row * 13.2, line)
    sheet.drawRightString(right, top - PAGE.address_y - 13.2, DATE)
    y = top - PAGE.body_y
    for text in (letter.greeting, *texts):
        block = sheet.beginText(PAGE.margin, y - SIZE)
        block.setFont("Regular", SIZE, LEADING)
        lines = simpleSplit(text, "Regular", SIZE, width)
        block.textLines(lines)
        sheet.drawText(block)
        y -= len(lines) * LEADING + 8


def _label_place(letter: Letter, number: int, width_of: Callable[[str], float]) -> tuple[float, float, float, float]:
    """Where a label begins, and the sizes of the sender and the address."""
    row, column = divmod(number % SHEET.count, SHEET.columns)
    x, y = SHEET.left + column * SHEET.column_step + 9, SHEET.top + row * SHEET.row_step + 6
    room = SHEET.width - 18
    small = min(6.5, room / width_of(" · ".join(LABEL_SENDER)))
    return x, y, small, min(12.0, room / max(width_of(line) for line in letter.addressee))


def _multi_cell(folder: Path) -> None:
    from fpdf import FPDF

    pdf = FPDF(unit="pt", format=(PAGE.width, PAGE.height))
    pdf.set_auto_page_break(False)
    _add_fonts(pdf, folder)
    width = PAGE.width - 2 * PAGE.margin
    for letter, texts in letters(MOST_IN_A_FILE):
        pdf.add_page()
        pdf.image(str(_logo()), PAGE.margin, HEAD_Y, w=0, h=54)
        pdf.set_font("noto", "B", 10.5)
        pdf.set_xy(PAGE.margin, HEAD_Y)
        pdf.multi_cell(width, 12, SENDER[0], align="R", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("noto", "", 8.5)
        pdf.set_x(PAGE.margin)
        pdf.multi_cell(width, 11.5, "\n".join(SENDER[1:]), align="R")
        pdf.set_font("noto", "", SIZE)
        pdf.set_xy(PAGE.address_x, PAGE.address_y)
        pdf.multi_cell(PAGE.address_width, 13.2, "\n".join(letter.addressee), align="L")
        pdf.set_xy(PAGE.margin, PAGE.address_y)
        pdf.multi_cell(width, 13.2, DATE, align="R")
        pdf.set_xy(PAGE.margin, PAGE.body_y)
        for text in (letter.greeting, *texts):
            pdf.set_x(PAGE.margin)
            pdf.multi_cell(width, LEADING, text, align="L", new_x="LMARGIN", new_y="NEXT")
            pdf.set_y(pdf.get_y() + 8)
    pdf.output(str(folder / "multi_cell.pdf"))
    _multi_cell_labels(folder)


def _multi_cell_labels(folder: Path) -> None:
    from fpdf import FPDF

    pdf = FPDF(unit="pt", format=(PAGE.width, PAGE.height))
    pdf.set_auto_page_break(False)
    _add_fonts(pdf, folder)
    for number, (letter, _) in enumerate(letters(MOST_IN_A_FILE)):
        if number % SHEET.count == 0:
            pdf.add_page()
        pdf.set_font("noto", "", 10)
        x, y, small, size = _label_place(letter, number, lambda text: float(pdf.get_string_width(text)) / 10)
        pdf.set_xy(x, y)
        pdf.set_font("noto", "", small)
        pdf.multi_cell(SHEET.width - 9, 8, " · ".join(LABEL_SENDER), align="L")
        pdf.set_xy(x, y + 10)
        pdf.set_font("noto", "", size)
        pdf.multi_cell(SHEET.width - 9, size * 1.18, "\n".join(letter.addressee), align="L")
    pdf.output(str(folder / "multi_cell-labels.pdf"))


def _add_fonts(pdf: object, folder: Path) -> None:
    for style, name in (("", "regular"), ("B", "bold")):
        pdf.add_font("noto", style, folder / f"{name}.ttf")  # type: ignore[attr-defined]


MAKERS: dict[str, Callable[[Path], None]] = {"ours": _ours, "reportlab": _reportlab, "multi_cell": _multi_cell}


def _require_same_pages(folder: Path) -> None:
    """The same words on each page, by another program than any that made them."""
    import pypdfium2

    for kind in ("", "-labels"):
        pages = {}
        for maker in MAKERS:
            with pypdfium2.PdfDocument(folder / f"{maker}{kind}.pdf") as document:
                pages[maker] = [sorted(page.get_textpage().get_text_range().split()) for page in document]
        assert len(pages["ours"]) == (MOST_IN_A_FILE if not kind else -(-MOST_IN_A_FILE // SHEET.count))
        for maker in MAKERS:
            assert pages[maker] == pages["ours"], f"{maker}{kind} says something else"


def _timed(maker: str, folder: Path) -> None:
    import fpdf
    import reportlab.pdfgen.canvas
    import reportlab.platypus
    import uharfbuzz

    del fpdf, reportlab, uharfbuzz
    gc.collect()
    begun = time.process_time()
    MAKERS[maker](folder)
    print(json.dumps({"cpu_s": time.process_time() - begun}))


def _memory(folder: Path, count: int) -> None:
    made = (letter for letter, _ in letters(count))
    head = Letterhead(PAGE, SENDER, {"en": DATE}, (_logo().read_bytes(), "png"), SENDER[0])
    for start in range(0, count, MOST_IN_A_FILE):
        file = letter_pdf.letters_pdf(islice(made, MOST_IN_A_FILE), head, title="Letters", made_at=MADE_AT)
        (folder / f"memory-{start}.pdf").write_bytes(file.content)
    print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def _child(what: str, folder: Path, count: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", what, "--folder", str(folder), "--count", str(count)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(answer.stderr)
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _print(name: str, value: float, unit: str, target: float | None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target}), flush=True)


if __name__ == "__main__":
    main()
