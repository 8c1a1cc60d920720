"""The documentation as people read it within the pages: what there is, one text with its links, and a search."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from html import escape
from pathlib import Path

from core.errors import NotFound

ROOT = Path(__file__).parent.parent  # docs/ and CHANGELOG.md lie beside pages/, in the project's own folder
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,3} +(.+)$", re.MULTILINE)
_MOST_FOUND = 12
_ALIKE = 0.75  # of difflib: 'pasword' and 'password' are 0.93 alike


@dataclass(frozen=True)
class Topic:
    """One text: its key in links, its title, whom or what it is for, and the file."""

    key: str
    title: str
    about: str
    file: str


@dataclass(frozen=True)
class Found:
    """A part of a text that a search found, under the heading it stands below."""

    topic: Topic
    heading: str
    text: str


def _doc(key: str, title: str, about: str) -> Topic:
    return Topic(key, title, about, f"docs/{key}.md")


CONTENTS: dict[str, tuple[Topic, ...]] = {
    "Begin": (
        _doc("getting-started", "Getting started", "From data to a closed care gap."),
        _doc("walk-throughs", "Walk-throughs", "The main jobs, step by step."),
        _doc("faq", "Questions and answers", "Why nothing was sent, why somebody is left out."),
    ),
    "Daily work": (
        _doc("work-lists", "Work lists", "Find patients by filters."),
        _doc("care-gaps", "Care gaps", "Rates, targets, evidence."),
        _doc("campaigns", "Campaigns", "Status, windows, and each mode."),
        _doc("letters", "Letters", "Print, mail, take back."),
        _doc("replies-and-opt-outs", "Replies and opt-outs", "What patients and staff can stop."),
        _doc("reports", "Reports", "What each result means."),
    ),
    "Set up": (
        _doc("data", "Data", "Feeds, their quality, the gate."),
        _doc("roles", "Roles", "Who may do what, and signing in."),
        _doc("settings", "Settings", "Everything the organisation decides."),
        _doc("operation", "Running it", "As a service, behind TLS, with backups."),
        _doc("merge-fields", "Merge fields", "What a message may say about its reader."),
        _doc("measures", "Measures", "How the rules of care gaps are written."),
        _doc("reporting-rules", "Reporting rules", "What a reporting year counts."),
        _doc("codes", "Codes", "What the entries of a feed mean."),
        _doc("sending", "Sending", "Mail server, texts, calls, after a crash."),
    ),
    "News": (Topic("release-notes", "Release notes", "What changed.", "CHANGELOG.md"),),
}
TOPICS = {topic.key: topic for topics in CONTENTS.values() for topic in topics}


def text(key: str) -> str:
    """A text in Markdown, its links leading within the pages: another text opens in its place; what is no part of the
    manual is not linked. Raises NotFound."""
    if key not in TOPICS:
        raise NotFound("There is no such text. The contents list all of them.")
    return _LINK.sub(_linked, _source(TOPICS[key].file))


def search(words: str) -> list[Found]:
    """The parts in which all words stand, those with a word in their heading first."""
    wanted = words.lower().split()
    if not wanted:
        return []
    hits: list[tuple[int, int, Found]] = []
    for topic in TOPICS.values():
        for heading, part in _parts(topic):
            if all(word in f"{topic.title} {heading} {part}".lower() for word in wanted):
                in_heading = sum(word in f"{topic.title} {heading}".lower() for word in wanted)
                hits.append((-in_heading, len(hits), Found(topic, heading, _LINK.sub(_linked, part))))
    return [found for _, _, found in sorted(hits, key=lambda hit: hit[:2])][:_MOST_FOUND]


def meant(words: str) -> str:
    """The words as they were probably meant: one that stands nowhere gives way to the nearest that does, if any."""
    return " ".join(_nearest(word) for word in words.lower().split())


def _nearest(word: str) -> str:
    known = _words()
    if any(word in each for each in known):
        return word
    return next(iter(get_close_matches(word, known, n=1, cutoff=_ALIKE)), word)


@cache
def _words() -> tuple[str, ...]:
    """Every word of the texts, the most frequent first."""
    found = Counter(
        word
        for topic in TOPICS.values()
        for word in re.findall(r"[^\W\d_]{3,}", f"{topic.title} {_source(topic.file)}".lower())
    )
    return tuple(word for word, _ in found.most_common())


def _parts(topic: Topic) -> Iterator[tuple[str, str]]:
    """The parts of a text with their headings. Release notes are one part for each line: they have long lists."""
    source = _source(topic.file)
    if topic.key == "release-notes":
        for line in re.split(r"\n(?=- )", source):
            if line.startswith("- "):
                yield "", line
        return
    headings = list(_HEADING.finditer(source))
    for place, match in enumerate(headings):
        end = headings[place + 1].start() if place + 1 < len(headings) else len(source)
        yield match[1] if place else "", source[match.end() : end].strip()


def _linked(match: re.Match[str]) -> str:
    label, target = match[1], match[2]
    file = target.partition("#")[0]
    key = file.removesuffix(".md") if "/" not in file else ""
    if key in TOPICS:
        return f'<a href="/help?topic={key}" target="_self">{escape(label, quote=False)}</a>'
    if target.startswith("/") and not target.startswith("//"):
        return f'<a href="{escape(target)}" target="_self">{escape(label, quote=False)}</a>'
    return label


@cache
def _source(file: str) -> str:
    try:
        return (ROOT / file).read_text("utf-8")
    except OSError:
        raise NotFound("The documentation is not here: it lies in the folder docs of the project.") from None
