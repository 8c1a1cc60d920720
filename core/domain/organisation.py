"""The settings of the organisation that rules need, with the defaults a new home starts with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import SettingsError

CHANNELS = ("email", "text", "phone")  # those with sending windows; letters have none
EMAIL, TEXT, PHONE = CHANNELS
LETTER = "letter"
MODES = (*CHANNELS, LETTER)
MESSAGE_LANGUAGES = ("en", "es")  # in which templates, forms and introductory emails are written; the first must stay


@dataclass(frozen=True)
class Window:
    """Messages of a channel leave between `opens` and `closes`, local time of the organisation. One that closes at
    00:00 closes at the end of the day."""

    opens: time
    closes: time


@dataclass(frozen=True)
class FeedRule:
    """A table of the feed that sending needs: the feed gate closes when a source that had it leaves it out of a full
    feed, when it is older than `max_age_days`, or when a full feed has lost more than `largest_shrink` percent of the
    rows of the last good load. None: any age, any loss."""

    feed_table: str
    max_age_days: int | None = 7
    largest_shrink: int | None = 20


@dataclass(frozen=True)
class ExpectedFeed:
    """When feeds of one source are expected, where that differs from the others: one every `every_hours`, or None: at
    no certain time. `weekends` False: the hours of Saturdays and Sundays do not count."""

    source_system: str
    every_hours: int | None = 26
    weekends: bool = True


@dataclass(frozen=True)
class ReturnAddress:
    """Where letters come from and come back to: `name` as staff read it in a list, `lines` as they are printed, the
    name of the sender first."""

    key: str
    name: str
    lines: tuple[str, ...]


_KEPT_TABLES = (
    "visits", "problems", "labs", "vitals", "immunizations", "procedures", "medications", "opt_outs",
)  # fmt: skip


@dataclass(frozen=True)
class Organisation:
    """Kept as one row per field in the table organisation_settings."""

    name: str = "Example Health Group"
    time_zone: str = "America/Chicago"
    modes: tuple[str, ...] = MODES  # C2: what is not among them is not offered and never leaves
    languages: tuple[str, ...] = MESSAGE_LANGUAGES  # C15: of messages; the first one is for everybody else
    approval: str = "none"  # C11: 'second_person': what goes out was approved by who neither made nor changed it
    campaign_limit: int = 2000  # W9
    contacts_per_day: int = 1  # S6: campaign messages to one patient over all campaigns, at least 1
    contacts_per_week: int = 3  # in the last seven days, today included
    email_windows: tuple[Window, ...] = (Window(time(9, 0), time(22, 45)),)  # S1, as the next two
    text_windows: tuple[Window, ...] = (Window(time(11, 0), time(20, 0)),)
    phone_windows: tuple[Window, ...] = (Window(time(11, 0), time(20, 0)),)
    communications_days: int = 90  # F3: how far back a patient's Communications tab goes at first
    days_to_send: int = 7  # after its start date a campaign's messages are not sent any more but come too late
    introductions_per_day: int = 200  # E8: how many introductory emails begin on one day
    email_rate_limit: int | None = None  # S7: at most so many leave a minute, over all campaigns; None: no limit
    # What Twilio takes a second from the account, over all dispatchers. It queues what comes faster, and what it queues
    # may arrive after the window: a US number sends one segment a second, a short code or messaging service many.
    texts_per_second: int = 10
    calls_per_second: int = 1
    letters_per_file: int = 200  # L2: at most so many letters in one PDF
    text_limit: int = 370  # T1: characters of a text's body, without what is added at its end
    text_needs_consent: bool = False  # T8: text only patients whose consent is on file
    segment_price: float = 0.012  # dollars, with the carriers' usual fees
    call_minute_price: float = 0.014
    caller_id: str = ""  # P2: what phones show for a call; the number that texts come from when empty
    help_number: str = ""  # T1: in the answer to HELP, unless a campaign has its own; the call-back number when empty
    extra_holidays: tuple[date, ...] = ()
    holidays_off: tuple[str, ...] = ()  # federal holidays (core.domain.window.FEDERAL_HOLIDAYS) that are sending days
    quiet_from: time = time(21, 0)  # S5: on the patient's own clock no text or call comes from then ...
    quiet_until: time = time(8, 0)  # ... until then
    state_quiet_hours: bool = True  # keep the earlier evenings of states that ask for them as well
    # Messages a minute that forecasts count on until a pace has been measured. 10 emails a second is less than bulk
    # mail services allow a new customer (Amazon SES: 14). A US number sends one text segment a second, a text often has
    # two. A call takes about a minute, and thirty at once is what a clinic's lines may get back.
    email_per_minute: int = 600
    text_per_minute: int = 30
    phone_per_minute: int = 30
    from_email: str = "do-not-reply@example.org"  # E3: what a new campaign begins with
    from_emails: tuple[str, ...] = ()  # the others among which an author may choose
    from_name: str = "Your care team"
    call_back_number: str = "+15550100100"
    sign_off: str = "Your care team"
    postal_address: str = ""
    return_addresses: tuple[ReturnAddress, ...] = ()  # L1: beside the organisation's own and those of its clinics
    downloads_kept_days: int = 30  # L3: then files of letters and labels are thrown away; they can be made again
    letter_price: float = 0.95  # dollars: postage of a presorted letter, paper, envelope and print
    support_email: str = ""  # U2: whom users of these pages turn to, as the next three
    support_phone: str = ""  # with voicemail
    support_hours: str = ""
    question_address: str = ""  # an email address for questions that are no fault
    idle_minutes: int = 15  # U3: without a click for so long a user is signed out
    session_hours: int = 12  # and after so long in any case
    logo: str = ""  # the id of the logo that emails and forms show; empty: the first one (core.logos)
    vaccine_schedule: str = "AAP"  # whose vaccine schedule counts for children, where authorities differ
    names_in_bodies: bool = True  # C17: bodies may name a screening or programme
    # Whom to write to stands in patients; appointments move with the seasons, so they may lose more rows. What closes
    # care gaps and who said no may come more seldom, but must not get lost.
    feed_rules: tuple[FeedRule, ...] = (
        FeedRule("patients"),
        FeedRule("appointments", largest_shrink=50),
        *(FeedRule(name, max_age_days=None) for name in _KEPT_TABLES),
    )
    # Nightly, at most two hours late; of sources whose feeds come through a watched folder. None: at no certain time.
    feed_every_hours: int | None = 26
    feed_on_weekends: bool = True
    expected_feeds: tuple[ExpectedFeed, ...] = ()  # sources of which something else, or also something, is expected
    ended_sources: tuple[str, ...] = ()  # source systems of earlier feeds that send no more
    opt_out_topics: tuple[str, ...] = ()  # health topics to choose from besides those of rules and templates
    opt_out_policy: str = (  # O9: what staff read before they record an opt-out
        "Stop what the patient asks for, no more and no less, on the same day. Ask first which messages and which ways "
        "are meant: who only wants fewer texts may still want to hear about a visit. Never argue, and never ask for a "
        "reason twice. Tell the patient until when it counts, and that letters still come."
    )
    messaging_policy: str = (
        "Check the message against your privacy policy before it goes out: no diagnosis, result or medicine in a "
        "subject or on an envelope, and only what the patient needs in a body."
    )

    @property
    def senders(self) -> tuple[str, ...]:
        """The From Email Addresses that a campaign may have, the default first."""
        return tuple(dict.fromkeys((self.from_email, *self.from_emails)))

    def __post_init__(self) -> None:
        """Settings that contradict themselves raise SettingsError, so that no rule meets them. What people may set is
        narrower: see core.domain.setting_checks."""
        problem = next(_problems(self), "")
        if problem:
            raise SettingsError(f"{problem} Change it in the organisation's settings.")


_LEAST = {
    "communications_days": 1,
    "days_to_send": 0,
    "introductions_per_day": 1,
    "email_rate_limit": 1,
    "texts_per_second": 1,
    "calls_per_second": 1,
    "text_limit": 1,
    "segment_price": 0,
    "call_minute_price": 0,
    "letter_price": 0,
    "downloads_kept_days": 1,
    "letters_per_file": 1,
    "idle_minutes": 1,
    "session_hours": 1,
    "feed_every_hours": 1,
}
_EARLIEST, _LATEST = time(8, 0), time(21, 0)  # 47 CFR 64.1200(c)(1)


def _problems(organisation: Organisation) -> Iterator[str]:
    if not _is_zone(organisation.time_zone):
        yield "The setting time_zone is no time zone. It has a name such as America/Chicago."
    if not organisation.modes or set(organisation.modes) - set(MODES):
        yield f"The setting modes must have at least one of {', '.join(MODES)}, and nothing else."
    if MESSAGE_LANGUAGES[0] not in organisation.languages or set(organisation.languages) - set(MESSAGE_LANGUAGES):
        yield "The setting languages must have en, and nothing but en and es."
    if organisation.approval not in ("none", "second_person"):
        yield "The setting approval is none or second_person."
    for channel in CHANNELS:
        for window in getattr(organisation, f"{channel}_windows"):
            if window.closes <= window.opens and window.closes != time.min:
                yield (
                    f"The setting {channel}_windows has a window from {window.opens:%H:%M} to {window.closes:%H:%M}: "
                    "it ends before it begins. One that goes on after midnight is written as two, the first to 00:00."
                )
        if getattr(organisation, f"{channel}_per_minute") <= 0:
            yield f"The setting {channel}_per_minute is not above zero."
    for setting, least in _LEAST.items():
        value = getattr(organisation, setting)
        if value is not None and value < least:
            yield f"The setting {setting} is below {least}."
    hours = [each.every_hours for each in organisation.expected_feeds if each.every_hours is not None]
    if min(hours, default=1) < 1:
        yield "The setting expected_feeds has a source with less than one hour."
    if not _EARLIEST <= organisation.quiet_until < organisation.quiet_from <= _LATEST:
        yield (
            f"Texts and calls come from quiet_until ({organisation.quiet_until:%H:%M}) to quiet_from "
            f"({organisation.quiet_from:%H:%M}) on the patient's clock: that must be later and within 08:00 to 21:00."
        )


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
