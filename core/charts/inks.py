"""What a trace of a figure says of its looks, row by row: colours as on white paper, and values that may be one for
all."""

import re
from typing import Any

from core.charts.theme import SERIES
from core.domain.chart import Ink


def of_row(values: Any, row: int) -> Any:
    """The value of a row where each row has one, else the one for all."""
    if values is None or isinstance(values, str | int | float):
        return values
    return values[row] if row < len(values) else None


def listed(values: Any) -> list[Any]:
    """The values of a trace, whatever holds them; empty without any."""
    return [] if values is None else list(values)


def ink_of(marker: Any, row: int, *, pattern: str = "", otherwise: str = SERIES[0]) -> Ink:
    """How the mark of a row is drawn."""
    colour = str(of_row(marker.color, row) or otherwise)
    return Ink(hex_of(colour, float(of_row(marker.opacity, row) or 1.0)), pattern=pattern)


def hex_of(colour: str, opacity: float = 1.0) -> str:
    """A colour as it looks on white paper."""
    if colour.startswith("#"):
        parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    elif found := re.findall(r"[\d.]+", colour):
        parts = [int(float(each)) for each in found[:3]]
        opacity *= float(found[3]) if len(found) > 3 else 1.0
    else:
        parts = {"white": [255] * 3, "black": [0] * 3}.get(colour, [116, 128, 131])
    return "#" + "".join(f"{round(255 - (255 - each) * opacity):02x}" for each in parts)
