"""Logos: what a picture file is by its content, and a copy of it that is safe to keep, to mail and to print.

PNG and JPEG are decoded and written anew, so that nothing else that the file held goes along (places, comments, a
second file behind the picture). SVG is refused in pictures_svg unless it is plain drawing.
"""

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 2_000_000
_MOST_PIXELS = 20_000_000  # what is decoded at most: 80 MB of memory
_SHORTEST_SIDE = 16
_KEPT_WIDTH, _KEPT_HEIGHT = 1200, 600  # enough for 300 dots an inch in every letterhead
_FLATTEST = 12  # how many times as wide as high, or the reverse
_KINDS = "Use a PNG, JPEG or SVG picture."


@dataclass(frozen=True)
class Picture:
    """kind is 'png', 'jpeg' or 'svg'; width and height are in pixels, in units of the drawing for an SVG."""

    kind: str
    content: bytes
    width: float
    height: float


def read_picture(content: bytes) -> Picture:
    """The picture in a file, made safe. Raises DataError, with what to do, for whatever cannot be a logo."""
    if not content.strip():
        raise DataError(f"The file is empty. {_KINDS}")
    if len(content) > MOST_BYTES:
        raise DataError(
            f"The picture has {len(content) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are possible. Save it "
            "smaller: 1,200 pixels are wide enough."
        )
    if content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return _raster(content)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        from core.channels.pictures_svg import read_svg

        drawing, width, height = read_svg(content)
        _require_shape(width, height)
        return Picture("svg", drawing, width, height)
    raise DataError(f"The file is no picture that can be a logo, whatever its name says. {_KINDS}")


def kept_size(picture: bytes, kind: str) -> tuple[float, float]:
    """Width and height of a picture that `read_picture` made."""
    if kind == "svg":
        from core.channels.pictures_svg import size_of

        return size_of(picture)
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        return image.size


def _raster(content: bytes) -> Picture:
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
        kind = str(image.format).lower()
        _require_size(*image.size)
        image.load()
        image = ImageOps.exif_transpose(image)
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError("The picture has far too many pixels. Save it smaller: 1,200 are wide enough.") from None
    except Exception:  # a broken file may fail anywhere in the decoder
        raise DataError("The picture is damaged and cannot be opened. Save it again and try once more.") from None
    image = _plain(image, kind)
    image.thumbnail((_KEPT_WIDTH, _KEPT_HEIGHT))
    kept = io.BytesIO()
    image.save(kept, kind, **({"quality": 92} if kind == "jpeg" else {"optimize": True}))
    return Picture(kind, kept.getvalue(), *image.size)


def _require_size(width: int, height: int) -> None:
    """Before anything is decoded: a small file can say that it is a picture of a billion pixels."""
    if width * height > _MOST_PIXELS:
        raise DataError(
            f"The picture is {width:,} by {height:,} pixels large; that is too many. Save it smaller: 1,200 pixels are "
            "wide enough."
        )
    if min(width, height) < _SHORTEST_SIDE:
        raise DataError(
            f"The picture is only {width} by {height} pixels small. Use one that is at least {_SHORTEST_SIDE} pixels "
            "high and wide; 300 or more look good in print."
        )
    _require_shape(width, height)


def _require_shape(width: float, height: float) -> None:
    if max(width / height, height / width) > _FLATTEST:
        raise DataError(
            f"The picture is more than {_FLATTEST} times as long as the other way. Crop it, or it is too small to see."
        )


def _plain(image: "Image", kind: str) -> "Image":
    """In colours that every reader of mails and PDFs shows alike, without profile, comments and further frames."""
    has_holes = kind == "png" and (image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info)
    image = image.convert("RGBA" if has_holes else "RGB")
    image.info = {}
    return image
