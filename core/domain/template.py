"""A template of the library: what a campaign starts from. One text file each: YAML between two '---', then the message.

An email's or letter's is HTML. A text's or call's is plain. English comes first; of letters, texts and calls a line
'=== es' begins another language, '=== voicemail' and '=== es voicemail' what a call leaves on a machine.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from core.domain.body import clean
from core.domain.campaign import DEFAULT_LANGUAGE, Message
from core.domain.merge_field import FIELDS
from core.domain.organisation import EMAIL, LETTER
from core.domain.rendering import check
from core.errors import TemplateError

_PLACE = "[[version]]"


@dataclass(frozen=True)
class Version:
    """One of several messages that a template offers; the author chooses one."""

    name: str
    body: str


@dataclass(frozen=True)
class Template:
    """about         for staff: whom it is for and what it says
    name_pattern  of campaigns, with '{date}'
    subject, body with merge fields; the body is clean HTML and the first of `versions`
    work_list     the suggested work list in the form of `core.domain.work_list.WorkList.to_json`
    """

    template_id: str
    name: str
    about: str
    purpose: str
    channel: str
    name_pattern: str
    subject: str
    versions: tuple[Version, ...]
    measures: tuple[str, ...]
    protocols: tuple[str, ...]
    work_list: Mapping[str, Any]
    is_locked: bool = False  # T2: whoever uses it fills in numbers, and leaves the words as they are
    others: Mapping[str, Message] = field(default_factory=dict)  # in other languages than the default one
    voicemail: str = ""

    @property
    def messages(self) -> dict[str, Message]:
        """What a new campaign starts with, by language."""
        return {DEFAULT_LANGUAGE: Message(self.subject, self.body, self.voicemail), **self.others}

    @property
    def body(self) -> str:
        """The message a new campaign starts with."""
        return self.versions[0].body

    @property
    def asks(self) -> tuple[str, ...]:
        """The fields that the author fills in, such as the call-back number."""
        used = check("\n".join([self.subject, self.voicemail, *(version.body for version in self.versions)]))
        return tuple(name for name in used if FIELDS[name].source == "author")

    def proposed_name(self, on: date) -> str:
        """A name for a campaign made on that day: 'Mammogram reminder Nov 24, 2026'."""
        return self.name_pattern.format(date=f"{_MONTHS[on.month - 1]} {on.day}, {on.year}")


def read_template(template_id: str, text: str) -> Template:
    """Read and check one file. Raises TemplateError for a message that could not be rendered."""
    _, head, body = text.split("---\n", 2)
    facts: dict[str, Any] = yaml.safe_load(head)
    if facts["channel"] != EMAIL:
        return _in_parts(template_id, facts, body)
    offered = facts.pop("versions", None) or [{"name": "", "text": ""}]
    template = Template(
        template_id=template_id,
        versions=tuple(Version(one["name"], clean(body.replace(_PLACE, one["text"]))) for one in offered),
        measures=tuple(facts.pop("measures")),
        protocols=tuple(facts.pop("protocols")),
        **facts,
    )
    if "{date}" not in template.name_pattern:
        raise TemplateError(f"The template '{template_id}' needs '{{date}}' in its name pattern.")
    check(template.subject)
    for version in template.versions:
        check(version.body)
    return template


def _in_parts(template_id: str, facts: dict[str, Any], text: str) -> Template:
    """Of a letter, text or call."""
    parts: dict[str, str] = {}
    first, *rest = _PART.split(text)
    parts[""] = first
    parts |= dict(zip(rest[::2], rest[1::2], strict=True))
    tidy = clean if facts["channel"] == LETTER else str.strip
    parts = {" ".join(name.split()): tidy(part) for name, part in parts.items()}
    for part in parts.values():
        check(part)
    languages = [name for name in parts if name and "voicemail" not in name]
    return Template(
        template_id=template_id,
        subject="",
        versions=(Version("", parts[""]),),
        voicemail=parts.get("voicemail", ""),
        others={each: Message("", parts[each], parts.get(f"{each} voicemail", "")) for each in languages},
        measures=tuple(facts.pop("measures")),
        protocols=tuple(facts.pop("protocols")),
        **facts,
    )


_PART = re.compile(r"^=== *(.+)\n", re.MULTILINE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
