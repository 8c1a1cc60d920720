"""What stands on a page of a letter: marks, and boxes of them that are not split.

Lengths are in points; within a box y goes down from its top.
"""

from dataclasses import dataclass

BLACK, QUIET, PALE = 0.0, 0.38, 0.93  # of 1: grey that is still clear on a black-and-white printer


@dataclass(frozen=True, slots=True)
class Text:
    """Operators of text that begin at a place on a baseline."""

    x: float
    y: float
    shown: str
    grey: float = BLACK


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle: a thin one is a line."""

    x: float
    y: float
    width: float
    height: float
    grey: float = BLACK


@dataclass(frozen=True, slots=True)
class Link:
    """A place that leads to an address."""

    x: float
    y: float
    width: float
    height: float
    address: str


Mark = Text | Bar | Link
Part = tuple[str, int]  # kind and number: marks of the same part are read as one


@dataclass(frozen=True, slots=True)
class Box:
    """Marks that stay together.

    gap     room above it, unless it is the first on a page
    keeps   whether it stays on one page with the next one
    marks   by the part that they belong to; ('Artifact', 0) is not read aloud
    around  the parts that those are in, such as a list and its item
    head    boxes that are repeated above it when it begins a page
    """

    height: float
    marks: tuple[tuple[Part, tuple[Mark, ...]], ...]
    gap: float = 0.0
    keeps: bool = False
    around: tuple[Part, ...] = ()
    head: "tuple[Box, ...]" = ()
