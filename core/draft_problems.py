"""What keeps a draft of a campaign from being kept, or from going out, by field, as sentences."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from core import designs, templates
from core.domain.campaign import AB, Campaign, Message, goes_out_on, problems
from core.domain.effects.allocation import B
from core.domain.effects.design import EVERYONE, design_problems
from core.domain.findings import ERROR, Finding
from core.domain.message_body import message_body
from core.domain.organisation import EMAIL, LETTER
from core.domain.rendering import check
from core.domain.wording import day_text
from core.errors import TemplateError
from core.modes import setting_problems
from core.store import campaigns as rows
from core.store.database import reading
from core.workbench import Workbench


def problems_of(wb: Workbench, draft: Campaign, *, was: Campaign | None = None) -> dict[str, str]:
    """What keeps a draft from being active, by field; empty when nothing does. `was` is the campaign as it is kept."""
    draft = cleaned(draft)
    found = saving_problems(wb, draft, was=was) | setting_problems(wb, draft)
    if not draft.measures and draft.design != EVERYONE:
        found.setdefault("design", _NO_GAP)
    if "design" not in found and (of_design := designs.problem_of(wb, draft)):
        found["design"] = of_design
    for finding in templates.findings(wb, draft):
        key = "messages" if finding.part in ("subject", "body", "voicemail") else finding.part
        _add(found, key, finding)
    if draft.design == AB and "variant" not in found:
        for finding in templates.findings(wb, draft.version_for(B)):
            if finding.part in ("subject", "body", "voicemail"):
                _add(found, "variant", replace(finding, sentence=f"Version B: {finding.sentence}"))
    return found


def _add(found: dict[str, str], key: str, finding: Finding) -> None:
    if finding.level == ERROR and finding.sentence not in found.get(key, ""):
        found[key] = f"{found.get(key, '')} {finding.sentence}".strip()


def cleaned(draft: Campaign) -> Campaign:
    """The draft with clean bodies: what is judged is what is kept and sent. One that cannot be read stays as it is."""
    if draft.channel not in (EMAIL, LETTER):
        return draft
    return replace(draft, messages=_clean(draft.messages), variant=_clean(draft.variant))


def _clean(messages: Mapping[str, Message]) -> dict[str, Message]:
    found = dict(messages)
    for language, message in messages.items():
        with contextlib.suppress(TemplateError):
            found[language] = replace(message, body=message_body(message.body).clean)
    return found


def saving_problems(wb: Workbench, draft: Campaign, *, was: Campaign | None = None) -> dict[str, str]:
    """What keeps a draft from being kept at all: missing texts, merge fields that do not exist, a day that passed."""
    found = problems(draft) | design_problems(draft)
    for name in ("messages", "variant") if draft.design == AB else ("messages",):
        for message in getattr(draft, name).values():
            for part, read, source in _parts(draft.channel, message):
                try:
                    read(source)
                except TemplateError as error:
                    of_b = "version B's " if name == "variant" else ""
                    found.setdefault(name, f"In {of_b or 'the '}{part}: {error}")
    if was is not None and templates.is_locked(draft.template_id):
        if draft.messages != was.messages:
            found["messages"] = _FIXED
        if draft.design == AB and not templates.has_wording(draft.channel, draft.variant):
            found.setdefault("variant", f"{_FIXED} For version B take a template as it is.")
    is_new_date = was is None or draft.start_on != was.start_on
    if is_new_date and draft.channel != LETTER and goes_out_on(draft, wb.organisation()) < wb.today():
        found["start_on"] = f"The start date has passed. Choose {day_text(wb.today())} or later."
    with reading(wb.engine) as connection:
        if not rows.is_name_free(connection, draft.name, except_for=draft.campaign_id):
            found.setdefault("name", "Another campaign has this name. Add a date or a number to it.")
    return found


_NO_GAP = (
    "The message is about no care gap, so it could not be told whether it worked, and nobody should be left out for "
    "that. Choose 'Everybody', or the care gaps it is about."
)
_FIXED = "The wording of this template is fixed. Choose a template without fixed wording to write."


def _parts(channel: str, message: Message) -> list[tuple[str, Callable[[str], object], str]]:
    """What is checked of a message: name, check and source of each part."""
    if channel == EMAIL:
        return [("subject", check, message.subject), ("body", message_body, message.body)]
    if channel == LETTER:
        return [("body", message_body, message.body)]
    return [("message", check, message.body), ("voicemail", check, message.voicemail)]
