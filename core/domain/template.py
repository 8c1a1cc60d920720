"""A template of the library: what a campaign starts from. One text file each: YAML between two '---', then HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from core.domain.body import clean
from core.domain.merge_field import FIELDS
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

    @property
    def body(self) -> str:
        """The message a new campaign starts with."""
        return self.versions[0].body

    @property
    def asks(self) -> tuple[str, ...]:
        """The fields that the author fills in, such as the call-back number."""
        used = check(self.subject + "\n" + "\n".join(version.body for version in self.versions))
        return tuple(name for name in used if FIELDS[name].source == "author")

    def proposed_name(self, on: date) -> str:
        """A name for a campaign made on that day: 'Mammogram reminder Nov 24, 2026'."""
        return self.name_pattern.format(date=f"{_MONTHS[on.month - 1]} {on.day}, {on.year}")


def read_template(template_id: str, text: str) -> Template:
    """Read and check one file. Raises TemplateError for a message that could not be rendered."""
    _, head, body = text.split("---\n", 2)
    facts: dict[str, Any] = yaml.safe_load(head)
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


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
