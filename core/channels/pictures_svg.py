"""SVG drawings as logos: only plain drawing passes, written anew, and only what can be drawn into a PDF."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import DataError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # nosec B405 # the classes only: defusedxml reads

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_MOST_PARTS = 3000
_DEEPEST = 30
_DRAWN = frozenset((
    "svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
    "linearGradient", "radialGradient", "stop", "clipPath", "style",
))  # fmt: skip
_SILENT = frozenset(("title", "desc", "metadata"))  # say something about the drawing and are left out
_WHY = {
    "script": "holds a program",
    "foreignObject": "holds a web page",
    "image": "holds another picture",
    "text": "holds letters that need a font; save it with the text turned into paths (outlines)",
    "a": "holds a link",
    "animate": "moves",
    "set": "moves",
    "animateTransform": "moves",
    "filter": "uses filter effects, which cannot be printed",
    "mask": "uses a mask, which cannot be printed",
    "pattern": "uses a pattern, which cannot be printed",
}


def read_svg(content: bytes) -> tuple[bytes, float, float]:
    """The drawing written anew, its width and its height. Raises DataError with the reason when it is not plain
    drawing: programs, links, other files, fonts, effects, or more parts than any logo needs."""
    root = _parsed(content)
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or _local(child.tag) in _SILENT or _is_foreign(child.tag):
                _refuse_if_active(child)
                parent.remove(child)
    _check(root)
    width, height = _size(root)
    safe = _written(root)
    _check_drawable(safe)
    return safe, width, height


def size_of(content: bytes) -> tuple[float, float]:
    """Width and height of a drawing that `read_svg` made."""
    return _size(_parsed(content))


def _parsed(content: bytes) -> "Element":
    from xml.etree.ElementTree import ParseError  # nosec B405 # the classes only: defusedxml reads

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(content, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise _refused("holds definitions of its own (entities) or reads other files") from None
    except (ParseError, ValueError, LookupError, RecursionError):
        raise DataError("The file is no SVG drawing that can be read. Save it again and try once more.") from None
    if root.tag != f"{{{_SVG}}}svg":
        raise DataError("The file is XML, but no SVG drawing. Use a PNG, JPEG or SVG picture.")
    return root


def _check(root: "Element") -> None:
    if _depth(root) > _DEEPEST or sum(1 for _ in root.iter()) > _MOST_PARTS:
        raise _refused(f"has more than {_MOST_PARTS:,} parts or too many groups within groups. Simplify it")
    for part in root.iter():
        name = _local(part.tag)
        if name not in _DRAWN:
            raise _refused(_WHY.get(name, "has parts other than shapes, which cannot be printed"))
        if name == "style":
            _check_style("".join(part.itertext()))
        for key, value in part.attrib.items():
            _check_attribute(key, value)


def _check_attribute(key: str, value: str) -> None:
    name = _local(key).lower()
    if name.startswith("on"):
        raise _refused("holds a program")
    if name in ("href", "src") and not value.strip().startswith("#"):
        raise _refused("refers to another file or page")
    if name == "base":
        raise _refused("refers to another file or page")
    _check_style(value)


def _check_style(text: str) -> None:
    """No address but of a part of the drawing itself, however it is written."""
    plain = re.sub(r"\s+", "", text).lower()
    if "\\" in plain or "@" in plain or "/*" in plain or "expression(" in plain:
        raise _refused("has a style sheet with more than plain colours and lines")
    if "javascript:" in plain or "data:" in plain or re.search(r"url\((?![\"']?#)", plain):
        raise _refused("refers to another file or page")


def _refuse_if_active(part: "Element") -> None:
    for one in part.iter():
        if isinstance(one.tag, str) and _local(one.tag) in ("script", "foreignObject", "handler"):
            raise _refused(_WHY["script"])


def _size(root: "Element") -> tuple[float, float]:
    """From the view box, else from width and height."""
    try:
        box = [float(part) for part in re.split(r"[\s,]+", root.get("viewBox", "").strip()) if part]
        width, height = box[2:] if len(box) == 4 else (_length(root.get("width")), _length(root.get("height")))
    except ValueError:
        width = height = 0.0
    if not (0 < width < 1e6 and 0 < height < 1e6):
        raise _refused("does not say how wide and high it is. Save it with a view box")
    return width, height


def _length(text: str | None) -> float:
    found = re.fullmatch(r"\s*([\d.]+)\s*(?:px|pt|mm|cm|in)?\s*", text or "")
    return float(found[1]) if found else 0.0


def _written(root: "Element") -> bytes:
    from xml.etree import ElementTree  # nosec B405 # the classes only: defusedxml reads

    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    for part in root.iter():
        for key in [key for key in part.attrib if _is_foreign(key) and not key.startswith(f"{{{_XLINK}}}")]:
            del part.attrib[key]
    return ElementTree.tostring(root, encoding="unicode").encode()


def _check_drawable(content: bytes) -> None:
    """Draws it into a page that nobody sees; what the library would leave out or cannot do is a reason to refuse."""
    from fpdf import FPDF
    from fpdf.enums import ResourceAccessPolicy

    reason = "has parts that cannot be printed. Save it as plain shapes, or as a PNG"
    page = FPDF(unit="pt", format=(200, 200))
    page.add_page()
    try:
        with _complaints() as found:
            page.image(content, x=0, y=0, w=200, h=200, resource_access_policy=ResourceAccessPolicy.NONE)
            drawn = page.pages[1].contents
            empty = isinstance(drawn, bytearray) and len(drawn) < 60
    except Exception:  # whatever a strange drawing makes of the library is a reason not to take it
        raise _refused(reason) from None
    if found or empty:
        raise _refused("shows nothing" if empty else reason)


@contextmanager
def _complaints() -> Iterator[list[str]]:
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.levelname)

    keep, log = Keep(logging.WARNING), logging.getLogger("fpdf.svg")
    log.addHandler(keep)
    was, log.propagate = log.propagate, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield found
    finally:
        log.removeHandler(keep)
        log.propagate = was


def _depth(part: "Element") -> int:
    deepest, row = 0, [part]
    while row and deepest <= _DEEPEST:
        deepest, row = deepest + 1, [child for one in row for child in one]
    return deepest


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _is_foreign(name: str) -> bool:
    """Of another vocabulary, such as what drawing programs note for themselves."""
    return name.startswith("{") and not name.startswith(f"{{{_SVG}}}")


def _refused(why: str) -> DataError:
    return DataError(f"The drawing {why}. Another way is to save it as a PNG.".replace(".. ", ". "))
