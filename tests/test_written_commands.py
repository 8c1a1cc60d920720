"""Every command that stands in the README and the documentation exists, with its options and what they may be."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from core.__main__ import app
from tests.conftest import ROOT

WRITTEN = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "docs" / "service").iterdir())]
_SPAN = re.compile(r"`([^`]+)`")
_COMMAND = re.compile(r"(?:^|(?<!-[gou])[\s'\"/])careloop ((?!-)[a-z].*)")
_OR = re.compile(r"`(--[\w-]+) [^` ]+` or `([a-z]+)`")


def commands(text: str) -> Iterator[str]:
    """The commands of a text without their first word. An option that stands alone is one of the command before, and a
    word alone in the first cell of a row is a sister of its command."""
    fenced = False
    last = ""
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("ExecStart="):
            yield from (found[1] for part in re.split(r"&&|#", line) if (found := _COMMAND.search(part)))
        else:
            first_cell = line.split("|")[1] if line.startswith("|") else ""
            for span in _SPAN.findall(line):
                if span.startswith("careloop "):
                    last = span.removeprefix("careloop ")
                    yield last
                elif last and span.startswith("--"):
                    yield f"{_name(last)} {span}"
                elif last and f"`{span}`" in first_cell and first_cell.startswith(" `careloop "):
                    yield f"{last.split()[0]} {span}"
            yield from (f"{_name(last)} {option} {value}" for option, value in _OR.findall(line) if last)
            if not line.startswith("|") and not line.strip():
                last = ""


def _name(command: str) -> str:
    """'sending pause' of 'sending pause --reason TEXT'."""
    return re.split(r" (?=[^a-z])", command)[0]


def problem(command: str) -> str:
    """What would be wrong with it; a value that is missing is not: the command is only named."""
    words = [word.removesuffix("...") or "..." for word in shlex.split(re.sub(r"[][]", "", command))]
    found: Any = typer.main.get_command(app)
    while hasattr(found, "commands") and words:
        name = words.pop(0)
        if name not in found.commands:
            return f"there is no command {name}"
        found = found.commands[name]
    try:
        if not hasattr(found, "commands"):
            found.make_context("careloop", words)
    except Exception as error:
        return "" if type(error).__name__ == "MissingParameter" or "requires an argument" in str(error) else str(error)
    return ""


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_command_or_option_is_written_that_does_not_exist(path: Path) -> None:
    wrong = {command: why for command in commands(path.read_text()) if (why := problem(command))}
    assert wrong == {}


def test_commands_are_found_in_the_documentation() -> None:
    found = {command for path in WRITTEN for command in commands(path.read_text())}
    assert len(found) > 60
    assert {"live --test smtp", "live --test twilio", "user list", "load --watch /srv/careloop-feeds"} <= found


@pytest.mark.parametrize(
    "command",
    ["live --test email", "lve", "user ad NAME", "gaps --until 2026", "check now", "sample OUT --patients many"],
)
def test_what_is_wrong_is_found(command: str) -> None:
    assert problem(command)
