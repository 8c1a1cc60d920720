"""The settings of the organisation that rules need, with the defaults a new home starts with."""

from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True)
class Window:
    """Messages of a channel leave between `opens` and `closes`, local time of the organisation."""

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


_KEPT_TABLES = (
    "visits", "problems", "labs", "vitals", "immunizations", "procedures", "medications", "opt_outs",
)  # fmt: skip


@dataclass(frozen=True)
class Organisation:
    """Kept as one row per field in the table organisation_settings."""

    name: str = "Example Health Group"
    time_zone: str = "America/Chicago"
    campaign_limit: int = 2000  # W9
    contacts_per_day: int = 1  # S6: campaign messages to one patient over all campaigns, at least 1
    contacts_per_week: int = 3  # in the last seven days, today included
    email_windows: tuple[Window, ...] = (Window(time(9, 0), time(22, 45)),)  # S1
    days_to_send: int = 7  # after its start date a campaign's messages are not sent any more but come too late
    introductions_per_day: int = 200  # E8: how many introductory emails begin on one day
    email_per_minute: int | None = None  # S7: at most so many leave a minute, over all campaigns; None: no limit
    extra_holidays: tuple[date, ...] = ()
    from_email: str = "do-not-reply@example.org"
    from_name: str = "Your care team"
    call_back_number: str = "+15550100100"
    sign_off: str = "Your care team"
    postal_address: str = ""
    logo: str = ""
    vaccine_schedule: str = "AAP"  # whose vaccine schedule counts for children, where authorities differ
    names_in_bodies: bool = True  # C17: bodies may name a screening or programme
    # Whom to write to stands in patients; appointments move with the seasons, so they may lose more rows. What closes
    # care gaps and who said no may come more seldom, but must not get lost.
    feed_rules: tuple[FeedRule, ...] = (
        FeedRule("patients"),
        FeedRule("appointments", largest_shrink=50),
        *(FeedRule(name, max_age_days=None) for name in _KEPT_TABLES),
    )
    ended_sources: tuple[str, ...] = ()  # source systems of earlier feeds that send no more
    messaging_policy: str = (
        "Check the message against your privacy policy before it goes out: no diagnosis, result or medicine in a "
        "subject, and only what the patient needs in a body."
    )
