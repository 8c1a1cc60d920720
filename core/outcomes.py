"""What became of the patients of campaigns: gaps closed and visits booked since the allocation, by the latest feed."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection

from core import closings, loads, rules
from core.domain.campaign import Campaign
from core.domain.effects.outcomes import CLOSED_COLUMNS, LATE, WINDOWS, bookings, closures, last_day, still_known
from core.domain.measure import Measure
from core.feed_lags import known_through_each
from core.store import outcome_rows
from core.store.clinical import Generation
from core.store.database import reading, writing
from core.store.outcome_rows import Followed, FollowUp
from core.workbench import Workbench

_APPOINTMENT = ("patient_id", "start_at", "made_at", "status")


class _Campaign(NamedTuple):
    """A campaign with the day from which closures count, the measures it is about and how far they are known."""

    row: Followed
    allocated_on: date
    measures: Sequence[Measure]
    known_through: date
    lag_days: int


def refresh(wb: Workbench, *, days: int | None = None) -> int:
    """Work out anew what became of the recipients of each campaign, as far as feeds have come since; returns how many.
    When nothing has come that costs the same few statements, however many campaigns there are.

    days   how many days of allocation to take on at most, the latest first: campaigns of a day share their evaluation
    A campaign is followed from the day its closures count from until LATE days after its last window; what is kept then
    stays.
    """
    generation = loads.current(wb)
    if generation is None or not generation.about().is_current:
        return 0
    with reading(wb.engine) as connection:
        rows = outcome_rows.due(connection, generation.name)
    each_day = _by_day(wb, rows)[:days]
    for group in _with_known(wb, each_day):
        _follow(wb, generation, group)
    return sum(len(group) for _, group in each_day)


def allocated_on(row: Followed | Campaign, zone: ZoneInfo) -> date:
    """The organisation's day from which closures count, in all arms alike: that of the allocation, else of the
    activation or printing, or the start date (of sisters with the same arms the first) when that is later. Nobody is
    contacted before it, so the arms are still as alike as chance made them."""
    at = row.allocated_at or row.activated_at or row.finished_at
    assert at is not None
    return max(at.astimezone(zone).date(), row.start_on)


def _by_day(wb: Workbench, rows: Sequence[Followed]) -> list[tuple[date, list[Followed]]]:
    """Those that have begun and of which anything may still change, by their day, the latest first."""
    if not rows:
        return []
    zone = wb.zone()
    today = wb.now().astimezone(zone).date()
    found = [(allocated_on(row, zone), row) for row in rows]
    due = [(on, row) for on, row in found if on <= today and not _is_settled(row, on)]
    due.sort(key=lambda one: one[0], reverse=True)
    return [(on, [row for _, row in group]) for on, group in groupby(due, key=lambda one: one[0])]


def _is_settled(row: Followed, on: date) -> bool:
    """Whether nothing changes any more. What was counted from another day is looked at again."""
    known, last = row.known_through, on + timedelta(days=WINDOWS[-1] + LATE)
    return row.counted_from == on and known is not None and known >= last


def _with_known(wb: Workbench, each_day: Sequence[tuple[date, Sequence[Followed]]]) -> list[list[_Campaign]]:
    """The campaigns of each day with the measures they are about, also those that are off by now: what was done counts
    whoever is looked for today. Rules, and feeds for the same tables, are asked once for all."""
    if not each_day:
        return []
    every = rules.every(wb)
    rows = [row for _, group in each_day for row in group]
    wanted = {row.campaign_id: [every[each] for each in row.measures if each in every] for row in rows}
    known = known_through_each(wb, wanted)
    return [
        [_Campaign(row, on, wanted[row.campaign_id], *known[row.campaign_id]) for row in group]
        for on, group in each_day
    ]


def _follow(wb: Workbench, generation: Generation, group: Sequence[_Campaign]) -> None:
    """The campaigns of one day: the rules are asked once for all of them."""
    measures = list({each.measure_id: each for one in group for each in one.measures}.values())
    with reading(wb.engine) as connection:
        people = {each.row.campaign_id: outcome_rows.contacts(connection, each.row.campaign_id) for each in group}
        before = {each.row.campaign_id: _before(connection, each) for each in group}
    ids = pl.concat(people.values())["patient_id"].unique()
    gaps, closed = _gaps(generation, measures, ids, group)
    patients = _patients(generation, ids)
    appointments = _of(generation, "appointments", ids, _APPOINTMENT)
    for one in group:
        campaign_id = one.row.campaign_id
        asked = pl.col("measure_id").is_in([each.measure_id for each in one.measures])
        known = closed.filter(asked, pl.col("closed_on") <= _last_day(one))
        found = closures(gaps.filter(asked), known, allocated_on=one.allocated_on)
        rows = _outcomes(wb, people[campaign_id], found, patients, appointments, one)
        kept = FollowUp(campaign_id, one.allocated_on, one.known_through, one.lag_days, generation.name, wb.now())
        with writing(wb.engine) as connection:
            outcome_rows.keep(connection, kept, still_known(rows, before[campaign_id]))


def _before(connection: Connection, one: _Campaign) -> pl.DataFrame:
    """What was kept of a campaign; nothing of what was counted from another day."""
    found = outcome_rows.kept(connection, one.row.campaign_id)
    return found if one.row.counted_from == one.allocated_on else found.clear()


def _gaps(
    generation: Generation, measures: Sequence[Measure], ids: pl.Series, group: Sequence[_Campaign]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """OPENED on the day of these campaigns, and CLOSINGS since."""
    told, day = closings.told_of(generation, measures, ids), group[0].allocated_on
    gaps = closings.opened(told, measures, on=day)
    return gaps, closings.closings(told, measures, gaps, after=day, through=max(map(_last_day, group)))


def _last_day(one: _Campaign) -> date:
    return last_day(one.allocated_on, one.known_through)


def _outcomes(
    wb: Workbench,
    people: pl.DataFrame,
    found: pl.DataFrame,
    patients: pl.DataFrame,
    appointments: pl.DataFrame,
    one: _Campaign,
) -> pl.DataFrame:
    """The columns of the table `outcomes`, and is_there."""
    zone = wb.zone().key
    local = [
        pl.col(name).dt.convert_time_zone(zone).dt.replace_time_zone(None)
        for name in ("handed_over_at", "appointment_at")
    ]
    began = pl.lit(one.allocated_on).cast(pl.Datetime("us"))
    followed = people.with_columns(local).select(
        "recipient_id",
        "patient_id",
        contacted_at=pl.coalesce("handed_over_at", began),
        known_appointment_at="appointment_at",
    )
    counts = ("gap_count", *CLOSED_COLUMNS)
    return (
        people.select("recipient_id", "patient_id")
        .join(found, on="patient_id", how="left")
        .join(patients, on="patient_id", how="left")
        .join(bookings(followed, appointments, known_through=one.known_through), on="recipient_id", how="left")
        .with_columns(
            pl.col(counts).fill_null(0),
            pl.col("is_there").fill_null(False),
        )
        .with_columns(
            # Whoever is not in the feed any more is followed no further than the beginning.
            followed_through=pl.min_horizontal(
                pl.lit(one.known_through), pl.when(pl.col("is_there")).then("ended_on").otherwise(one.allocated_on)
            ),
        )
        .drop("patient_id", "ended_on")
    )


def _patients(generation: Generation, ids: pl.Series) -> pl.DataFrame:
    """patient_id, is_there, and the day of death, or of the feed that told that the patient has left."""
    known = _of(generation, "patients", ids, ("patient_id", "status", "deceased_on", "received_at"))
    told_on = pl.when(pl.col("status").is_in(["inactive", "deceased"])).then(pl.col("received_at").dt.date())
    return known.select("patient_id", is_there=pl.lit(True), ended_on=pl.coalesce("deceased_on", told_on))


def _of(generation: Generation, name: str, ids: Collection[str] | pl.Series, columns: Sequence[str]) -> pl.DataFrame:
    wanted = pl.LazyFrame({"patient_id": ids}, schema={"patient_id": pl.String})
    return generation.table(name).select(*columns).join(wanted, on="patient_id", how="semi").collect()
