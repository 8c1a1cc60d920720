"""A chart as marks in a plane, so that it can be drawn anywhere: what core.charts.printed makes of a Plotly figure, and
core.channels.report_chart draws into a PDF.

Places are in the units of the axes: numbers as they are, days and moments in days (of the calendar, with the hours as a
part), names by their place from 0. Colours are '#rrggbb'.
"""

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ink:
    """How a mark is drawn: its colour, the dash of a line and the pattern of an area, by Plotly's names. Dash and
    pattern tell marks apart on grey paper."""

    colour: str
    dash: str = "solid"
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """low may be above high: then the axis is turned around. Ticks are places with their words; without grid there are
    no lines at the ticks."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()
    title: str = ""
    has_grid: bool = True


@dataclass(frozen=True, slots=True)
class Box:
    """A bar, or a shaded part of the plane."""

    first: Point
    last: Point
    ink: Ink


@dataclass(frozen=True, slots=True)
class Line:
    """A line from point to point. `end` are words at its last point, empty for none."""

    points: tuple[Point, ...]
    ink: Ink
    width: float = 1.5
    end: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon, such as the band of an interval; drawn pale."""

    points: tuple[Point, ...]
    ink: Ink


@dataclass(frozen=True, slots=True)
class Dot:
    """A mark at a point. `form` is circle, square, diamond, triangle-up, triangle-down, pentagon, hexagon, star or x;
    '-open' is not filled."""

    at: Point
    ink: Ink
    form: str = "circle"


@dataclass(frozen=True, slots=True)
class Note:
    """Words at a point: right of it, left of it, above, below, 'above right' ..., or on it ('middle')."""

    at: Point
    text: str
    side: str = "right"


Mark = Box | Line | Area | Dot | Note


@dataclass(frozen=True, slots=True)
class Chart:
    """title   the finding
    height  in points, without the title
    legend  of several series their names and how each is drawn
    words   the same in words, for who does not see it"""

    title: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    height: float = 180.0
    legend: tuple[tuple[str, Ink], ...] = ()
    words: str = ""
