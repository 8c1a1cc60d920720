"""Changing single keys of a rule's YAML without touching the rest: comments and layout are the author's."""

import difflib
import json

import yaml

from core.errors import RuleError

MOST_CHARACTERS = 200_000


def check_text(text: str, file: str) -> None:
    """Refuse what makes endless work of a small text: its size, references in it, nesting. Raises RuleError."""
    if len(text) > MOST_CHARACTERS:
        raise RuleError(f"{file}: longer than {MOST_CHARACTERS:,} characters. Shorten it.", line=1)
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent):
                raise RuleError(
                    f"{file}, line {line}: a rule has no references such as *name. Write it out.", line=line
                )
            if depth > 40:
                raise RuleError(f"{file}, line {line}: nested too deeply. Take some levels out.", line=line)
    except yaml.YAMLError:
        return  # reading it says what is wrong and where


def with_key(text: str, key: str, value: str | int) -> str:
    """The same text with another value of a key of the outermost mapping, which is put first when it is absent."""
    said = json.dumps(value, ensure_ascii=False)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    for name, node in root.value:
        if name.value == key:
            return text[: node.start_mark.index] + said + text[node.end_mark.index :]
    first = root.value[0][0].start_mark
    between = ", " if root.flow_style else "\n" + " " * first.column
    return f"{text[: first.index]}{key}: {said}{between}{text[first.index :]}"


def difference(before: str, after: str, *, names: tuple[str, str]) -> str:
    """What changed, as a unified diff; '' when nothing did."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")
    return "\n".join(lines)
