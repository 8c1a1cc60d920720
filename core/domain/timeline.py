"""One patient's time in lanes: appointments and visits, communications, and care gaps that were closed."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from core.domain.appointment import STATUSES
from core.domain.clinical import schema
from core.domain.contact_made import ContactMade
from core.domain.measure_evidence import Explanation

VISITS, CONTACTS, CLOSURES = "Appointments", "Communications", "Care gaps closed"
LANES = (VISITS, CONTACTS, CLOSURES)
TONES = ("good", "bad", "quiet", "coming")
TIMELINE = schema(
    {
        "lane": pl.Enum(LANES),
        "on": pl.Date,  # the organisation's day
        "tone": pl.Enum(TONES),  # took place, did not, counts no more, lies ahead
        "what": pl.String,
        "details": pl.String,  # '' for none
    }
)
_CLOSED = ("satisfied", "due_soon")
_SAME_DAY = "Visit in the chart"


def timeline(
    appointments: pl.DataFrame,
    visits: pl.DataFrame,
    contacts: Iterable[ContactMade],
    evidence: Sequence[Explanation],
    *,
    zone: ZoneInfo,
) -> pl.DataFrame:
    """TIMELINE, the latest first.

    appointments, visits   core.domain.appointment.APPOINTMENTS, and ENTRIES of visits: one on the day of an appointment
                           that took place is that appointment
    contacts               what was sent or tried
    evidence               what counts for each measure now; a gap is closed on the day of the event that closes it
    """
    kept = list(_appointments(appointments, zone))
    days = {row["on"] for row in kept if row["tone"] == "good"}
    rows = [*kept, *_visits(visits, days), *_contacts(contacts, zone), *_closures(evidence)]
    return pl.DataFrame(rows, schema=TIMELINE).sort("on", "lane", descending=[True, False], maintain_order=True)


def _row(lane: str, on: date, tone: str, what: str, details: str = "") -> dict[str, Any]:
    return {"lane": lane, "on": on, "tone": tone, "what": what, "details": details}


def _appointments(appointments: pl.DataFrame, zone: ZoneInfo) -> Iterable[dict[str, Any]]:
    for row in appointments.drop_nulls("start_at").iter_rows(named=True):
        tone = "bad" if row["is_off"] else "coming" if row["is_coming"] else "good"
        tone = "quiet" if row["has_no_outcome"] else tone
        local = row["start_at"].astimezone(zone)
        words = [f"{local:%H:%M}", STATUSES.get(row["status"], row["status"]), row["provider"], row["clinic"]]
        what = (row["type"] or "appointment").strip()
        yield _row(VISITS, local.date(), tone, what[:1].upper() + what[1:], " · ".join(word for word in words if word))


def _visits(visits: pl.DataFrame, days: set[date]) -> Iterable[dict[str, Any]]:
    done = visits.filter(pl.col("is_done"), pl.col("on").is_not_null(), ~pl.col("on").is_in(sorted(days)))
    for row in done.iter_rows(named=True):
        what = row["name"][:1].upper() + row["name"][1:]
        yield _row(VISITS, row["on"], "good", what, " · ".join(word for word in (_SAME_DAY, row["provider"]) if word))


def _contacts(contacts: Iterable[ContactMade], zone: ZoneInfo) -> Iterable[dict[str, Any]]:
    for each in contacts:
        at = each.at.astimezone(zone)
        said = f"{at:%H:%M} · {each.said}" if each.has_time else each.said
        yield _row(CONTACTS, at.date(), each.tone, each.what, said)


def _closures(evidence: Sequence[Explanation]) -> Iterable[dict[str, Any]]:
    """The last event of each measure: a closure while it counts, a quiet mark when it has lapsed."""
    for each in evidence:
        if each.last_on is None:
            continue
        counting = [search for search in each.searches if search.counts]
        counting.sort(key=lambda search: search.last_on != each.last_on)  # that of the last event says why
        if each.state in _CLOSED:
            yield _row(CLOSURES, each.last_on, "good", each.name, counting[0].sentence if counting else each.headline)
        elif each.state == "overdue":
            yield _row(CLOSURES, each.last_on, "quiet", each.name, each.headline)
