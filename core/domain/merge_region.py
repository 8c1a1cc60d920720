"""Where merge fields stand in HTML: taken out before the HTML is touched and put back afterwards."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

_REGION = re.compile(r"\{\{.{0,400}?\}\}|\{%.{0,400}?%\}|\{#.{0,400}?#\}", re.DOTALL)
_TAG = re.compile(r"<!--.{0,400}?-->|</?[A-Za-z][^<>]*>", re.DOTALL)
_BETWEEN = rf"((?:{_TAG.pattern}|[\u200b\u2060\ufeff\u00ad])+)"  # tags, comments and what nobody sees
_CUT_OPENING = re.compile(rf"(\{{){_BETWEEN}([{{%#])", re.DOTALL)
_CUT_CLOSING = re.compile(rf"([}}%#]){_BETWEEN}(\}})", re.DOTALL)
_TYPED = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " "} | dict.fromkeys("\u200b\u2060\ufeff\u00ad", "")
)
_PLAIN_FIELD = re.compile(r"\{\{ ?[a-z_]+(?:\.[a-z_]+)? ?\}\}")


@dataclass(frozen=True)
class Protected:
    """HTML whose merge fields and conditions are words such as `mergefield3x` for a while."""

    html: str
    regions: tuple[str, ...]
    word: str

    def restored(self, text: str) -> str:
        """The text with its merge fields back in their places."""
        return re.sub(rf"{self.word}(\d+)x", self._region, text)

    def holds_region(self, text: str) -> bool:
        """Whether a merge field or condition stands in the text."""
        return re.search(rf"{self.word}\d+x", text) is not None

    def holds_only_plain_fields(self, text: str) -> bool:
        """Whether what stands in the text are fields without filters and quotes, as an attribute can hold them."""
        numbers = re.findall(rf"{self.word}(\d+)x", text)
        return all(_PLAIN_FIELD.fullmatch(self.regions[int(number)]) for number in numbers)

    def _region(self, match: re.Match[str]) -> str:
        number = int(match[1])
        return self.regions[number] if number < len(self.regions) else ""


def protected(source: str) -> Protected:
    """Take the merge fields out. Comments ({# #}) are dropped."""
    word = "mergefield"
    while word in source.lower():
        word += "q"
    regions: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        if match[0].startswith("{#"):
            return ""
        regions.append(_tidied(match[0]))
        return f"{word}{len(regions) - 1}x"

    return Protected(_REGION.sub(stand_in, source), tuple(regions), word)


def joined(source: str) -> str:
    """The source with braces together that an editor cut apart: '{<b>{ x }}</b>' is read as '<b>{{ x }}</b>'."""
    return _CUT_CLOSING.sub(r"\1\3\2", _CUT_OPENING.sub(r"\2\1\3", source))


def outside(source: str, change: Callable[[str], str]) -> str:
    """Change a text everywhere but in its merge fields."""
    taken = protected(source)
    return taken.restored(change(taken.html))


def _tidied(region: str) -> str:
    """What an editor did to a merge field is undone: tags within it, entities, curly quotes, hard and unseen spaces.

    A '<' stays only where no browser would begin a tag, so that the region is plain text wherever it is shown.
    """
    text = html.unescape(_TAG.sub("", region)).translate(_TYPED)
    return " ".join(re.sub(r"<(?![\s=])", "", text).split())
