"""Two people edit one campaign: what each changed, part by part, and the two put together."""

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import ndiff
from typing import Any

from core.domain.campaign import EDITABLE, PURPOSES, Campaign, Message
from core.domain.effects.design import DESIGNS
from core.domain.merge_field import FIELDS, field_label
from core.domain.organisation import EMAIL, LETTER
from core.domain.wording import LANGUAGES, day_text

_LABELS = {
    "name": "Campaign name",
    "description": "Campaign description",
    "purpose": "Purpose",
    "start_on": "Start date",
    "from_email": "From Email Address",
    "from_name": "From Name",
    "measures": "Care gaps",
    "protocols": "Protocol",
    "skip_closed_gaps": "Skip patients without an open gap",
    "skip_booked": "Skip patients who made an appointment",
    "design": "Who is contacted",
    "holdout_share": "Share held out, later or with version B",
    "delay_weeks": "Weeks until the later ones",
}
_TEXTS = {"messages": "", "variant": "Version B: "}
_PARTS = {"subject": "Subject", "body": "Message", "voicemail": "Voicemail"}
_BREAK = re.compile(r"<(?:br|/p|/li|/tr|/h[1-6]|/div)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")

Part = tuple[str, ...]  # ('name',), ('messages', 'en', 'body'), ('fields', 'sign_off')


@dataclass(frozen=True)
class Difference:
    """One part of a campaign that two people have otherwise, as people read it.

    mine, theirs  as texts; HTML without its tags
    was           as it was when the first of them opened it; None when that is not known
    is_conflict   both changed it; else only one of them did
    is_mine       only the first of them changed it
    """

    part: Part
    label: str
    mine: str
    theirs: str
    was: str | None
    is_conflict: bool
    is_mine: bool

    @property
    def is_long(self) -> bool:
        """Whether it is a text of several lines, to be compared line by line."""
        return self.part[-1] in _PARTS and self.part[-1] != "subject"

    @property
    def lines(self) -> str:
        """Theirs with what is other in mine: lines with '-' are theirs alone, those with '+' mine alone."""
        found = ndiff(self.theirs.splitlines(), self.mine.splitlines())
        return "\n".join(line for line in found if not line.startswith("? "))


def differences(mine: Campaign, theirs: Campaign, was: Campaign | None = None) -> list[Difference]:
    """The parts that differ, in the order of the editor. `was` is what the first of them opened."""
    ours, others = parts(mine), parts(theirs)
    before = parts(was) if was else {}
    found = []
    for part in dict.fromkeys([*ours, *others]):
        own, other = ours.get(part), others.get(part)
        if own == other:
            continue
        old = before.get(part)
        is_mine = was is not None and old == other
        is_theirs = was is not None and old == own
        texts = [_text(mine, part, value) for value in (own, other, old)]
        found.append(
            Difference(
                part,
                _label(mine, part),
                texts[0],
                texts[1],
                texts[2] if was else None,
                is_conflict=not is_mine and not is_theirs,
                is_mine=is_mine,
            )
        )
    return found


def merged(mine: Campaign, theirs: Campaign, keep: Collection[Part]) -> Campaign:
    """Theirs, with these parts from mine."""
    ours, kept = parts(mine), parts(theirs)
    for part in keep:
        kept.pop(part, None)
        if part in ours:
            kept[part] = ours[part]
    return _put_together(theirs, kept)


def parts(campaign: Campaign) -> dict[Part, Any]:
    """What an editor may change, part by part. Texts that are empty are none."""
    found: dict[Part, Any] = {}
    for name in EDITABLE:
        value = getattr(campaign, name)
        if name in _TEXTS:
            for language, message in value.items():
                found |= {(name, language, each): text for each in _PARTS if (text := getattr(message, each))}
        elif name == "fields":
            found |= {(name, key): text for key, text in value.items() if text}
        else:
            found[(name,)] = value
    return found


def _put_together(campaign: Campaign, found: Mapping[Part, Any]) -> Campaign:
    values: dict[str, Any] = {name: found[(name,)] for name in EDITABLE if (name,) in found}
    fields = {part[1]: value for part, value in found.items() if part[0] == "fields"}
    values |= {name: _messages(found, name) for name in _TEXTS}
    return replace(campaign, **values, fields=fields)


def _messages(found: Mapping[Part, Any], name: str) -> dict[str, Message]:
    texts: dict[str, dict[str, str]] = {}
    for part, value in found.items():
        if part[0] == name:
            texts.setdefault(part[1], {})[part[2]] = value
    return {
        language: Message(each.get("subject", ""), each.get("body", ""), each.get("voicemail", ""))
        for language, each in texts.items()
    }


def _label(campaign: Campaign, part: Part) -> str:
    if part[0] in _TEXTS:
        return f"{_TEXTS[part[0]]}{_PARTS[part[2]]} ({LANGUAGES.get(part[1], part[1])})"
    if part[0] == "fields":
        return field_label(part[1]) if part[1] in FIELDS else part[1].replace("_", " ").capitalize()
    if part[0] == "start_on" and campaign.channel == LETTER:
        return "Mail Date"
    return _LABELS.get(part[0], part[0].replace("_", " ").capitalize())


def _text(campaign: Campaign, part: Part, value: Any) -> str:
    if value is None:
        return ""
    if part[0] in _TEXTS:
        return _as_lines(value) if part[2] == "body" and campaign.channel in (EMAIL, LETTER) else str(value)
    if part[0] == "start_on":
        return day_text(value)
    if part[0] == "purpose":
        return PURPOSES.get(str(value), str(value))
    if part[0] == "design":
        return DESIGNS[value].name if value in DESIGNS else str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def _as_lines(body: str) -> str:
    """HTML as the text in it, a line for each paragraph."""
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", " ".join(body.split()))))
    return "\n".join(line for each in text.splitlines() if (line := " ".join(each.split())))
