"""Boxes of a PDF that are filled in on the screen, which fpdf2 does not make by itself.

They are annotations of a page, which it can write, and one entry of the document that lists them. Attributes of its
objects become keys of the PDF: 't_u' is /TU (PDF 32000-1, 12.7).
"""

from fpdf import FPDF
from fpdf.annotations import PDFAnnotation
from fpdf.output import AcroForm, OutputProducer, PDFCatalog
from fpdf.syntax import Name, PDFArray, PDFContentStream, PDFString, Raw

_MANY_LINES = 1 << 12
_TYPED = Raw("(/Helv 10 Tf 0 g)")  # what readers set typed text in; the form itself has its own fonts
_FONTS = Raw("<</Font <</Helv <</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>>>>>")
_TICK = b"q 1.1 w 1 J 1 j 0 G %.2f %.2f m %.2f %.2f l %.2f %.2f l S Q"


class Box(PDFAnnotation):
    """Where something is typed or ticked. `name` is unique in the document, `label` is what a screen reader says; the
    corner is the lower left one, measured from the lower left one of the page, as everywhere within a PDF."""

    def __init__(self, name: str, label: str, corner: tuple[float, float], size: tuple[float, float]) -> None:
        (x, y), (width, height) = corner, size
        super().__init__("Widget", x=x, y=y + height, width=width, height=height, title=name)
        self.t_u = PDFString(label)
        self.f_f = 0
        self.a_s: Name | None = None
        self._size = size

    @property
    def is_ticked(self) -> bool:
        """Whether it is one to tick, not to type in."""
        return self.a_s is not None


class FillableDocument(FPDF):
    """A document to which boxes can be added; `filled_in` makes the file. Lengths are in points."""

    def __init__(self, *, width: float, height: float) -> None:
        super().__init__(unit="pt", format=(width, height))
        self.boxes: list[Box] = []

    def text_box(self, name: str, label: str, x: float, y: float, w: float, h: float, *, many_lines: bool) -> None:
        """A box to type in."""
        box = self._box(name, label, x, y, w, h)
        box.f_t, box.d_a, box.f_f = Name("Tx"), _TYPED, _MANY_LINES if many_lines else 0

    def tick_box(self, name: str, label: str, x: float, y: float, side: float) -> None:
        """A box to tick."""
        box = self._box(name, label, x, y, side, side)
        box.f_t, box.v, box.a_s = Name("Btn"), Name("Off"), Name("Off")

    def _box(self, name: str, label: str, x: float, y: float, w: float, h: float) -> Box:
        box = Box(name, label, (x, self.h - y - h), (w, h))
        self.pages[self.page].add_annotation(box)
        self.boxes.append(box)
        return box

    def file(self) -> bytes:
        """The finished file."""
        return bytes(self.output(output_producer_class=Producer))


class _Boxes(AcroForm):
    """Lists the boxes for whoever opens the document."""

    def __init__(self, boxes: list[Box]) -> None:
        super().__init__(fields=PDFArray(boxes), sig_flags=0)
        self.d_r, self.d_a, self.need_appearances = _FONTS, _TYPED, True


class _Drawing(PDFContentStream):
    """How a box to tick looks."""

    def __init__(self, content: bytes, size: tuple[float, float]) -> None:
        super().__init__(contents=content)
        self.type, self.subtype = Name("XObject"), Name("Form")
        self.b_box = PDFArray([0, 0, *(round(side, 2) for side in size)])


class Producer(OutputProducer):
    """Writes the file of a document with boxes."""

    def _add_catalog(self) -> PDFCatalog:
        catalog = super()._add_catalog()
        if isinstance(self.fpdf, FillableDocument) and self.fpdf.boxes:
            catalog.acro_form = _Boxes(self.fpdf.boxes)
        return catalog

    def _add_annotation_appearance_streams(self) -> None:
        super()._add_annotation_appearance_streams()
        assert isinstance(self.fpdf, FillableDocument)
        for box in self.fpdf.boxes:
            if box.is_ticked:
                ticked, empty = _Drawing(_tick(box._size[0]), box._size), _Drawing(b"", box._size)
                self._add_pdf_obj(ticked, "annotations")
                self._add_pdf_obj(empty, "annotations")
                box.a_p = Raw(f"<</N <</Yes {ticked.ref} /Off {empty.ref}>>>>")  # type: ignore[assignment]


def _tick(side: float) -> bytes:
    return _TICK % (0.2 * side, 0.5 * side, 0.42 * side, 0.24 * side, 0.82 * side, 0.8 * side)
