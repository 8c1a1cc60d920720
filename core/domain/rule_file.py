"""Reading our YAML rule files: every error names the file, the line and the key, and what would be right."""

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NoReturn

import yaml

from core.errors import RuleError

_LONGEST_VALUE = 40  # of a number, a day or a yes and no
_STRING = "tag:yaml.org,2002:str"


@dataclass
class Part:
    """A mapping of a rule file, read key by key; `finish` refuses keys that nobody asked for."""

    file: str
    key: str
    node: yaml.MappingNode
    _asked: set[str] = field(default_factory=set)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return self._find(key) is not None

    def names(self) -> list[str]:
        """The keys in the order of the file; a key that stands there twice is an error."""
        names: list[str] = []
        for name, _ in self.node.value:
            if name.value in names:
                refuse(self.file, name, name.value, "stands here twice")
            names.append(name.value)
        return names

    def text(self, key: str, *, default: str | None = None, words: Sequence[str] = ()) -> str:
        """A text. `words`: the only ones allowed. Without a default the key must be there."""
        node = self._get(key, default)
        if node is None:
            return default or ""
        value = _text(self.file, node, key)
        if default is None and not value.strip():
            refuse(self.file, node, key, "must not be empty")
        if words and value not in words:
            refuse(self.file, node, key, f"must be one of {', '.join(words)}")
        return value

    def written(self, key: str) -> str:
        """What stands there, whether YAML takes it for a text or a number: '24m', '24'. The key must be there."""
        node = self._get(key, None)
        if not isinstance(node, yaml.ScalarNode):
            refuse(self.file, node or self.node, key, "must be a text or a number")
        return str(node.value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text; none when the key is absent."""
        node = self._find(key)
        if node is None:
            return ()
        if isinstance(node, yaml.SequenceNode):
            return tuple(_text(self.file, item, key) for item in node.value)
        return (_text(self.file, node, key),)

    def number(self, key: str) -> float | None:
        """A number, or None when the key is absent."""
        node = self._find(key)
        if node is None:
            return None
        value = _value(node)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            refuse(self.file, node, key, "must be a number")
        return float(value)

    def whole(self, key: str, *, default: int | None = None, most: int = 10_000) -> int | None:
        """A whole number of zero to `most`, or the default when the key is absent."""
        node, value = self._find(key), self.number(key)
        if node is None or value is None:
            return default
        if value < 0 or value != int(value):
            refuse(self.file, node, key, "must be a whole number, 0 or more")
        if value > most:
            refuse(self.file, node, key, f"must be at most {most}")
        return int(value)

    def flag(self, key: str) -> bool:
        """true or false; false when the key is absent."""
        node = self._find(key)
        if node is None:
            return False
        value = _value(node)
        if not isinstance(value, bool):
            refuse(self.file, node, key, "must be true or false")
        return value

    def day(self, key: str) -> date | None:
        """A date written 2026-11-24, or None when the key is absent or empty."""
        node = self._find(key)
        if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            return None
        value = _value(node)
        if type(value) is not date:
            refuse(self.file, node, key, "must be a date such as 2026-11-24")
        if not 1850 <= value.year < 2200:  # windows are counted back from days, and years have an end
            refuse(self.file, node, key, "must be a day of the years 1850 to 2199")
        return value

    def part(self, key: str) -> "Part":
        """The mapping under a key. It must be there."""
        node = self._get(key, None)
        assert node is not None
        return as_part(self.file, key, node)

    def parts(self, key: str) -> list["Part"]:
        """The list of mappings under a key; none when the key is absent."""
        node = self._find(key)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            refuse(self.file, node, key, "must be a list")
        return [as_part(self.file, key, item) for item in node.value]

    def replaced(self, other: "Part | None", *, without: Sequence[str]) -> "Part":
        """This mapping with the keys of another in place of its own, and without some."""
        others = [pair for pair in other.node.value if pair[0].value not in without] if other else []
        taken = {*without, *(name.value for name, _ in others)}
        kept = [pair for pair in self.node.value if pair[0].value not in taken]
        node = yaml.MappingNode(self.node.tag, [*kept, *others], self.node.start_mark, self.node.end_mark)
        return Part(self.file, self.key, node)

    def finish(self) -> None:
        """Refuse keys that nobody asked for: a misspelt key must not be ignored in silence."""
        for name, _ in self.node.value:
            if name.value not in self._asked:
                known = ", ".join(sorted(self._asked))
                refuse(self.file, name, str(name.value), f"is not known here; known are {known}")

    def refuse(self, key: str, why: str) -> NoReturn:
        """Raise RuleError at a key of this mapping, or at its beginning when the key is absent. A key that is written
        nearly like the absent one is what is wrong."""
        node = self._find(key)
        if node is None:
            self._require_no_other(key)
        refuse(self.file, node or self.node, key, why)

    def _require_no_other(self, key: str) -> None:
        """Refuse a misspelt key in place of one that is absent."""
        names = {str(name.value): name for name, _ in self.node.value if name.value not in self._asked}
        for other in difflib.get_close_matches(key, names, n=1, cutoff=0.7):
            blank = "; a blank must follow the colon" if ":" in other else ""
            refuse(self.file, names[other], other, f"is not known here; did you mean '{key}'{blank}?")

    def _find(self, key: str) -> yaml.Node | None:
        self._asked.add(key)
        return next((value for name, value in self.node.value if name.value == key), None)

    def _get(self, key: str, default: str | None) -> yaml.Node | None:
        node = self._find(key)
        if node is None and default is None:
            self._require_no_other(key)
            refuse(self.file, self.node, key, f"is missing in {self.key}" if self.key else "is missing")
        return node


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C, where the package was built with it


def read_part(text: str, file: str) -> Part:
    """The whole file as a Part. Raises RuleError for what is not YAML or not a mapping."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RuleError(
            f"{file}, line {line}: this is not YAML ({error.problem}). Correct the line.", line=line
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise RuleError(f"{file}, line {line}: a character that no text may hold. Remove it.", line=line) from None
    if node is None:
        raise RuleError(f"{file}, line 1: the file is empty. It must hold keys and values.", line=1)
    return as_part(file, "", node)


def as_part(file: str, key: str, node: yaml.Node) -> Part:
    """The node as a Part. Raises RuleError when it is not a mapping or holds a key twice."""
    if not isinstance(node, yaml.MappingNode):
        refuse(file, node, key, "must hold keys and values")
    for name, _ in node.value:
        if not isinstance(name, yaml.ScalarNode):
            refuse(file, name, key, "a key must be a single word")
    part = Part(file, key, node)
    part.names()
    return part


def refuse(file: str, node: yaml.Node, key: str, why: str) -> NoReturn:
    """Raise RuleError with the file, line and key."""
    line = node.start_mark.line + 1
    place, end = f"{file}, line {line}", "" if why.endswith("?") else "."
    raise RuleError(f"{place}, key '{key}': {why}{end}" if key else f"{place}: {why}{end}", line=line, key=key)


def _value(node: yaml.Node) -> object:
    """What a scalar says: a number, a day ...; None for anything else."""
    if not isinstance(node, yaml.ScalarNode) or len(node.value) > _LONGEST_VALUE:
        return None
    try:
        return yaml.safe_load(node.value)
    except (yaml.YAMLError, ValueError):  # '[1', or a month that has no such day
        return None


def _text(file: str, node: yaml.Node, key: str) -> str:
    # Unquoted, 03 is a number and no is false: a code or an answer would silently be another one.
    if not isinstance(node, yaml.ScalarNode) or node.tag != _STRING:
        refuse(file, node, key, "must be text: put it in quotes")
    return str(node.value)
