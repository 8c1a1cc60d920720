"""A PDF with the fonts of `pdf_fonts`, its text named for screen readers.

fpdf2 writes the file, pictures and annotations. Text, fonts and the tree of parts are ours: its shaped text cannot be
taken out of the file again, and it counts all parts anew for every part. Lengths are in points from the top left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from fpdf.enums import ResourceAccessPolicy
from fpdf.output import PDFFontStream
from fpdf.prefs import ViewerPreferences
from fpdf.structure_tree import StructElem, StructTreeRoot
from fpdf.syntax import Name, PDFContentStream, PDFObject

from core.channels.paper_fields import FillableDocument, Producer
from core.channels.pdf_embedding import EmbeddedFont
from core.channels.pdf_text import Typesetter


class Document(FillableDocument):
    """Pages of one size. While `ink` is off nothing is drawn."""

    def __init__(self, *, width: float, height: float) -> None:
        super().__init__(width=width, height=height)
        self.set_auto_page_break(False)
        self.single_resources_object = True
        self.ink = True
        self.text_setter = Typesetter()
        self.parts = _Parts()
        self.struct_builder = self.parts  # type: ignore[assignment]

    @contextmanager
    def part(self, kind: str, *, alt: str | None = None) -> Iterator[None]:
        """A part of the text, such as 'P' or 'H1', as screen readers hear it; 'Artifact' is not read."""
        if not self.ink:
            yield
            return
        if kind == "Artifact":
            self._out("/Artifact BMC")
        else:
            self._out(f"/{kind} <</MCID {self.parts.leaf(self, kind, alt)}>> BDC")
        yield
        self._out("EMC")

    @contextmanager
    def group(self, kind: str, *, language: str = "") -> Iterator[None]:
        """A part that consists of parts, such as 'Table'."""
        self.parts.open(kind, language)
        yield
        self.parts.close()

    def describe(self, *, title: str, language: str, made_at: datetime, author: str = "") -> None:
        """What readers show of the file, and in which language it is read aloud."""
        self.set_title(title)
        self.set_lang(language)
        if author:
            self.set_author(author)
        self.set_creator("Careloop")
        self.set_creation_date(made_at)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)

    def draw_picture(self, picture: bytes, x: float, y: float, width: float, height: float) -> bytes:
        """Draw a picture that `read_picture` made; returns the operators that draw it on other pages too."""
        contents = self.pages[self.page].contents
        assert isinstance(contents, bytearray)
        start = len(contents)
        self.image(picture, x=x, y=y, w=width, h=height, resource_access_policy=ResourceAccessPolicy.NONE)
        return bytes(contents[start:])

    def file(self) -> bytes:
        """The finished file. The document is empty afterwards: its parts know each other, and would else be kept until
        Python looks for such circles, which many files later is too late."""
        content = bytes(self.output(output_producer_class=_Producer))
        self.parts.forget()
        self.buffer = bytearray()
        return content


class _Element(PDFObject):
    """A part in the tree. It is written as it is: documents have thousands."""

    def __init__(
        self, kind: str, parent: Any, page: Any = None, number: int | None = None, alt: str | None = None
    ) -> None:
        super().__init__()
        self.kind, self.parent, self.page, self.number, self.alt = kind, parent, page, number, alt
        self.kids: list[_Element] = []
        self.language = ""
        self.pg: object = None  # set by fpdf2

    def page_number(self) -> int:
        """Which fpdf2 asks for."""
        return 1

    def serialize(self, obj_dict: Any = None, _security_handler: Any = None) -> str:
        del obj_dict, _security_handler
        if self.number is None:
            kids = f"[{' '.join(f'{kid.id} 0 R' for kid in self.kids)}]"
        else:
            kids = f"{self.number} /Pg {self.page.id} 0 R"
        alt = f" /Alt <feff{self.alt.encode('utf-16-be').hex()}>" if self.alt else ""
        language = f" /Lang ({self.language})" if self.language else ""
        return f"{self.id} 0 obj\n<</S /{self.kind} /P {self.parent.id} 0 R{alt}{language} /K {kids}>>\nendobj"


class _Parts:
    """The tree, in the place of fpdf2's."""

    def __init__(self) -> None:
        self.struct_tree_root = StructTreeRoot()
        self.doc_struct_elem = StructElem(struct_type="/Document", parent=self.struct_tree_root, kids=[])
        self.struct_tree_root.k.append(self.doc_struct_elem)
        self._open: list[Any] = [self.doc_struct_elem]
        self._all: list[_Element] = []
        self._of_page: dict[int, list[_Element]] = {}

    def leaf(self, document: Document, kind: str, alt: str | None) -> int:
        """Add a part of the current page; its number there."""
        if document.page not in self._of_page:
            document.pages[document.page].struct_parents = len(self._of_page)
            self._of_page[document.page] = []
        of_page = self._of_page[document.page]
        element = self._add(_Element(kind, self._open[-1], document.pages[document.page], len(of_page), alt))
        of_page.append(element)
        return len(of_page) - 1

    def open(self, kind: str, language: str = "") -> None:
        """Further parts belong to this one."""
        element = self._add(_Element(kind, self._open[-1]))
        element.language = language
        self._open.append(element)

    def close(self) -> None:
        """Further parts belong to the one around it."""
        self._open.pop()

    def _add(self, element: _Element) -> _Element:
        parent = self._open[-1]
        (parent.kids if isinstance(parent, _Element) else parent.k).append(element)
        self._all.append(element)
        return element

    def forget(self) -> None:
        """Let go of all parts."""
        for element in self._all:
            element.kids, element.parent, element.page = [], None, None
        self._all, self._open, self._of_page = [], [], {}
        self.doc_struct_elem.k.clear()
        self.struct_tree_root.parent_tree.nums.clear()

    def empty(self) -> bool:
        """Whether there is no part."""
        return not self._all

    def __iter__(self) -> Iterator[PDFObject]:
        numbers: Any = self.struct_tree_root.parent_tree.nums
        for number, elements in enumerate(self._of_page.values()):
            numbers[number] = elements
        yield self.struct_tree_root
        yield self.doc_struct_elem
        yield self.struct_tree_root.parent_tree
        yield from self._all


class _Raw(PDFObject):
    """An object as it is written."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def serialize(self, obj_dict: Any = None, _security_handler: Any = None) -> str:
        del obj_dict, _security_handler
        return f"{self.id} 0 obj\n{self._text}\nendobj"


class _Producer(Producer):
    def bufferize(self) -> bytearray:
        content: bytearray = super().bufferize()
        self.pdf_objs.clear()  # one of them knows this producer
        return content

    def _add_fonts(self, *_: Any) -> dict[int, Any]:
        document: Any = self.fpdf
        assert isinstance(document, Document)
        return {font.number: self._font(font) for font in document.text_setter.fonts.values()}

    def _font(self, font: EmbeddedFont) -> PDFObject:
        name, is_cff = font.name, font.style.face.is_cff
        content = font.file()
        stream: PDFContentStream = PDFContentStream(content, compress=True) if is_cff else PDFFontStream(content)
        if is_cff:
            vars(stream)["subtype"] = Name("CIDFontType0C")
        self._add_pdf_obj(stream, "fonts")
        facts = " ".join(f"{key} {value}" for key, value in font.descriptor().items())
        file = f"/FontFile{3 if is_cff else 2} {stream.id} 0 R"
        descriptor = self._added(_Raw(f"<</Type /FontDescriptor /FontName /{name} {facts} {file}>>"))
        kind = "CIDFontType0" if is_cff else "CIDFontType2 /CIDToGIDMap /Identity"
        inner = self._added(
            _Raw(
                f"<</Type /Font /Subtype /{kind} /BaseFont /{name} /FontDescriptor {descriptor.id} 0 R /DW 1000 "
                f"/CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /W [{font.widths()}]>>"
            )
        )
        letters = self._added(PDFContentStream(font.to_unicode(), compress=True))
        return self._added(
            _Raw(
                f"<</Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
                f"/DescendantFonts [{inner.id} 0 R] /ToUnicode {letters.id} 0 R>>"
            )
        )

    def _added(self, one: PDFObject) -> PDFObject:
        self._add_pdf_obj(one, "fonts")
        return one
