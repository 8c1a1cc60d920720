"""What charts on paper are drawn with: colours, forms of points, and patterns that show without colours."""

from collections.abc import Iterator, Sequence
from math import cos, pi, sin

from core.domain.chart import Point

DASHES = {
    "solid": "",
    "dot": "1.2 2",
    "dash": "4 2.5",
    "longdash": "8 2.5",
    "dashdot": "5 2 1.2 2",
    "longdashdot": "9 2 1.2 2",
}
_ROUND = 20  # corners of a circle


def dash_of(name: str) -> str:
    """The operator that sets a dash, by Plotly's names or lengths such as '10px,2px'."""
    return f"[{DASHES.get(name, name.replace('px', '').replace(',', ' '))}] 0 d"


def fill(colour: str) -> str:
    """The operator that fills with a colour."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return " ".join(f"{part:.3g}" for part in parts) + " rg"


def corners_of(form: str) -> Sequence[Point]:
    """The corners of a mark around a point, y downwards; a circle has many."""
    match form:
        case "square":
            return [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
        case "diamond":
            return [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)]
        case "triangle-up":
            return [(0, -1.2), (1.1, 0.8), (-1.1, 0.8)]
        case "triangle-down":
            return [(0, 1.2), (1.1, -0.8), (-1.1, -0.8)]
        case "x":
            return [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
        case "pentagon" | "hexagon":
            return _round(5 if form == "pentagon" else 6)
        case "star":
            return [
                (x * (1.3 if place % 2 == 0 else 0.55), y * (1.3 if place % 2 == 0 else 0.55))
                for place, (x, y) in enumerate(_round(10))
            ]
    return _round(_ROUND)


def _round(count: int) -> list[Point]:
    """Corners around a circle, the first one at the top."""
    return [(sin(2 * pi * part / count), -cos(2 * pi * part / count)) for part in range(count)]


def hatch(corners: Sequence[Point], pattern: str, height: float) -> Iterator[str]:
    """The lines of a pattern over the rectangle around the corners."""
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    low, high = height - max(y for _, y in corners), height - min(y for _, y in corners)
    tall = high - low
    for step in range(int((right - left + tall) / 4) + 2):
        x = left - tall + 4 * step
        if pattern in ("/", "x", "+"):
            yield f"{x:.2f} {low:.2f} m {x + tall:.2f} {high:.2f} l"
        if pattern in ("\\", "x", "+"):
            yield f"{x:.2f} {high:.2f} m {x + tall:.2f} {low:.2f} l"
        if pattern == "|":
            yield f"{x:.2f} {low:.2f} m {x:.2f} {high:.2f} l"
    for step in range(int(tall / 4) + 2) if pattern in ("-", ".") else ():
        yield f"{left:.2f} {low + 4 * step:.2f} m {right:.2f} {low + 4 * step:.2f} l"
