"""A campaign: what it is, what its status becomes, and what keeps it from being saved (C3-C10, C18).

What may be done to it when and by whom stands in core.domain.life_cycle.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from core.domain.address import is_email
from core.domain.effects.allocation import B
from core.domain.eligibility import Mailing
from core.domain.letter import settings as letter_settings
from core.domain.one_line import TURNS, ends_line, is_visible
from core.domain.organisation import EMAIL, LETTER, Organisation
from core.domain.window import has_windows, holiday, sending_day
from core.domain.wording import day_text
from core.errors import NotAllowed

PURPOSES = {
    "announcement": "Announcement",
    "appointment": "Appointment",
    "care_gap": "Care gap",
    "education": "Education",
    "thank_you": "Thank you",
}
DELAYED, AB = "delayed", "ab"  # designs (core.domain.effects.design)
DEFAULT_LANGUAGE = "en"
NAME_LENGTH = 120
SUBJECT_LENGTH = 200

# Which statuses allow an action, and what they become.
CHANGES: dict[str, dict[str, str]] = {
    "activate": {"inactive": "active"},
    "inactivate": {"active": "inactive"},
    "complete": {"active": "completed"},
    "print": {"inactive": "completed"},  # the letters are made (L5)
    "stop": {"inactive": "stopped", "active": "stopped"},
}
_DONE = {
    "activate": "activated",
    "inactivate": "made inactive",
    "complete": "completed",
    "print": "printed",
    "stop": "stopped",
}
_IS = {"inactive": "inactive", "active": "active", "completed": "completed", "stopped": "stopped for good"}

# What people read, with the icon. 'Sending' is a kind of Pending: some messages are being handed over now.
STATUS_ICONS = {
    "Inactive": "edit_note",
    "Pending": "schedule_send",
    "Sending": "send",
    "Completed": "check_circle",
    "Stopped": "cancel",
}


@dataclass(frozen=True)
class Message:
    """A message with merge fields in one language.

    subject    of an email; empty for the others
    body       of an email or letter HTML, of a text what it says, of a call what a person hears
    voicemail  what a call leaves on an answering machine
    """

    subject: str
    body: str
    voicemail: str = ""


@dataclass(frozen=True)
class Campaign:
    """One campaign as it is kept. Recipients are counted in `progress`, not here."""

    campaign_id: str
    name: str
    description: str
    channel: str
    purpose: str
    template_id: str
    status: str  # inactive | active | completed | stopped
    start_on: date
    messages: Mapping[str, Message]
    from_email: str
    from_name: str
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    fields: Mapping[str, str] = field(default_factory=dict)  # what the author fills in, such as a call-back number
    measures: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    work_list: Mapping[str, Any] = field(default_factory=dict)
    skip_closed_gaps: bool = True
    skip_booked: bool = True  # whoever made an appointment since the campaign was made
    kind: str = "campaign"  # | introductory
    family_id: str | None = None  # shared with campaigns of other modes for the same patients (C16)
    design: str = "everyone"  # core.domain.effects.design
    holdout_share: int = 0  # percent of the patients who are held out, contacted later, or get version B
    delay_weeks: int = 0  # after which those of the arm 'later' are contacted
    variant: Mapping[str, Message] = field(default_factory=dict)  # version B, by language
    seed: int = 0  # from which the arms are drawn; it never changes
    allocated_at: datetime | None = None
    activated_at: datetime | None = None
    activated_by: str | None = None
    finished_at: datetime | None = None
    edited_at: datetime | None = None  # the last change of what EDITABLE names; None: as it was made
    edited_by: str | None = None
    version: int = 1

    @property
    def message(self) -> Message:
        """The message in the default language."""
        return self.messages[DEFAULT_LANGUAGE]

    def version_for(self, arm: str) -> "Campaign":
        """The campaign with the messages that a recipient of this arm gets: version B's in arm 'b'."""
        return replace(self, messages=self.variant) if self.design == AB and arm == B else self

    def later_on(self, organisation: Organisation) -> date:
        """The day from which those of the arm 'later' are contacted, a Sunday or holiday counted as in C5."""
        day = goes_out_on(self, organisation) + timedelta(weeks=self.delay_weeks)
        return _effective(day, organisation, channel=self.channel)

    @property
    def mailing(self) -> Mailing:
        """The parts that decide who may get it."""
        return Mailing(
            channel=self.channel,
            purpose=self.purpose,
            measures=frozenset(self.measures),
            protocols=frozenset(self.protocols),
            skip_closed_gaps=self.skip_closed_gaps,
            skip_booked=self.skip_booked,
            leave_out_global=self.channel == LETTER and letter_settings(self.fields).leave_out_global,
        )

    def mailing_by(self, organisation: Organisation) -> Mailing:
        """The same with the last day on which the organisation still sends it to who is contacted at first."""
        if self.channel == LETTER:
            return self.mailing
        last_on = goes_out_on(self, organisation) + timedelta(organisation.days_to_send)
        return replace(self.mailing, last_on=last_on, needs_consent=organisation.text_needs_consent)


# What an editor may change. The status has functions of its own; the mode and the patients never change.
EDITABLE = (
    "name",
    "description",
    "purpose",
    "start_on",
    "messages",
    "from_email",
    "from_name",
    "fields",
    "measures",
    "protocols",
    "skip_closed_gaps",
    "skip_booked",
    "design",
    "holdout_share",
    "delay_weeks",
    "variant",
)


def status_after(action: str, campaign: Campaign) -> str:
    """The status after an action of CHANGES. Raises NotAllowed when the present status forbids it."""
    after = CHANGES[action].get(campaign.status)
    if action in _NOT_BY and (campaign.channel == LETTER) == (action == "activate"):
        raise NotAllowed(_NOT_BY[action])
    if after is None:
        raise NotAllowed(f"The campaign '{campaign.name}' cannot be {_DONE[action]}: it is {_IS[campaign.status]}.")
    return after


_NOT_BY = {
    "activate": "Letters are not activated: print the labels and create the letters once the campaign is saved.",
    "print": "Only letters are printed. Activate the campaign instead.",
}


def name_key(name: str) -> str:
    """What makes a name unique: its letters whatever their case, and single spaces."""
    return " ".join(name.split()).casefold()


def goes_out_on(campaign: Campaign, organisation: Organisation) -> date:
    """The effective day: the start date, or the next sending day when that is a Sunday or holiday (C5), whatever the
    mode; letters keep their date (L5)."""
    return _effective(campaign.start_on, organisation, channel=campaign.channel)


def shift_sentence(start_on: date, organisation: Organisation, *, channel: str = "email") -> str:
    """What the editor says about a start date that is not a sending day; empty when it is one."""
    effective = _effective(start_on, organisation, channel=channel)
    if effective == start_on:
        return ""
    why = holiday(organisation, start_on) or "a Sunday"
    return f"{day_text(start_on)} is {_with_article(why)}, so the campaign goes out on {day_text(effective)}."


def _effective(start_on: date, organisation: Organisation, *, channel: str) -> date:
    return sending_day(organisation, start_on) if has_windows(channel) else start_on


def problems(campaign: Campaign) -> dict[str, str]:
    """What keeps the campaign from being saved, by field: required texts and what could break a mail's headers.

    Merge fields are checked apart (core.domain.rendering.check), because their errors have a line.
    """
    found = {
        "name": _text_problem("campaign name", campaign.name, longest=NAME_LENGTH),
        **(_sender_problems(campaign) if campaign.channel == EMAIL else {}),
        "purpose": "" if campaign.purpose in PURPOSES else "Choose a purpose: " + ", ".join(PURPOSES.values()) + ".",
        "messages": _messages_problem(campaign),
    }
    return {name: sentence for name, sentence in found.items() if sentence}


def _sender_problems(campaign: Campaign) -> dict[str, str]:
    return {
        "from_name": _text_problem("From Name", campaign.from_name, longest=NAME_LENGTH),
        "from_email": "" if is_email(campaign.from_email) else "The From Email Address is not an email address.",
    }


def _messages_problem(campaign: Campaign) -> str:
    if DEFAULT_LANGUAGE not in campaign.messages:
        return "The message in English is missing: patients whose language has no message get that one."
    for message in campaign.messages.values():
        if campaign.channel == EMAIL:
            problem = _text_problem("subject", message.subject, longest=SUBJECT_LENGTH)
            if problem:
                return problem
        if not message.body.strip():
            return "The message is empty. Write what patients are to read."
    return ""


def _text_problem(what: str, text: str, *, longest: int) -> str:
    if not is_visible(text):
        return f"The {what} is missing."
    if len(text) > longest:
        return f"The {what} has {len(text)} characters; at most {longest} are possible."
    return _line_problem(what, text)


def _line_problem(what: str, text: str) -> str:
    """A line end in a header would start a header of the author's own."""
    if ends_line(text):
        return f"The {what} holds a line break or another character that cannot be shown."
    return f"The {what} holds a mark that turns the text around." if TURNS & {ord(letter) for letter in text} else ""


def _with_article(name: str) -> str:
    return name if name.startswith(("a ", "an ")) or name[0].isupper() else f"a {name}"
