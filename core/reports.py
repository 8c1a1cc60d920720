"""What a campaign did: a sentence, a ledger that adds up, the patients, and the course over time (R1, R4)."""

from dataclasses import dataclass

import polars as pl

from core import campaigns, readers
from core.domain.address import phone_text
from core.domain.campaign import Campaign
from core.domain.clinical import schema
from core.domain.eligibility import what_to_do
from core.domain.message import ICONS, RESULTS, STATES, reason_sentence, words_of
from core.domain.organisation import EMAIL, LETTER
from core.domain.progress import Progress, progress_of, status_shown
from core.domain.report import headline
from core.domain.role import READ_PATIENTS
from core.domain.small_counts import rough_rows
from core.domain.user import Scope
from core.store import mailing_rows, report_rows
from core.store.database import reading
from core.workbench import Workbench

LEDGER = schema({"result": pl.String, "icon": pl.String, "reason": pl.String, "count": pl.Int64, "share": pl.Float64})
EXPORT_NAMES = {
    "name": "Patient",
    "result": "Result",
    "reason": "Reason",
    "at": "When",
    "email": "Email",
    "phone": "Phone",
    "provider": "Provider",
    "group": "Group",
    "attempts": "Attempts",
    "patient_id": "Patient id",
}


_OF_LETTERS = {"postal": "Address", "returned_on": "Came back"}  # where the letter went, else the one on file
_NO_LETTERS = pl.DataFrame(schema=mailing_rows.ON_PAPER)


def export_names(channel: str) -> dict[str, str]:
    """The columns of a report's patients and what they are called: how each was contacted comes first."""
    keys = list(EXPORT_NAMES)
    place = keys.index("email")
    if channel == LETTER:
        keys[place:place] = _OF_LETTERS
    elif channel != EMAIL:  # of a text or call the number comes before the email address
        keys[place], keys[place + 1] = keys[place + 1], keys[place]
    return {key: (EXPORT_NAMES | _OF_LETTERS)[key] for key in keys}


@dataclass(frozen=True)
class Report:
    """One campaign as a manager reads it.

    Every figure is of the patients in the user's scope (core.readers).

    status      what people read: Inactive, Pending, Sending, Completed or Stopped
    ledger      result, icon, reason, count, share; the counts add up to `progress.selected`, unless they are rounded
    patients    one row for each patient the user may see: the columns of `export_names`, `at` in local time
    over_time   at (local, the beginning of a second, a minute, an hour or a day), result, count
    whose       'your groups', when the figures are of the patients of these alone; else empty
    notes       what has to be said beside the figures: whose they are, and that they are rounded
    advice      what can be done about reasons that do not say so themselves
    """

    campaign: Campaign
    progress: Progress
    headline: str
    schedule: str
    ledger: pl.DataFrame
    patients: pl.DataFrame
    over_time: pl.DataFrame
    status: str
    whose: str = ""
    notes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def report(wb: Workbench, campaign_id: str, *, is_passed_on: bool = False) -> Report:
    """The report of one campaign, as it is at this moment. Raises NotFound.

    is_passed_on   for a file that others read: small counts are hidden and the others rounded, but the results of all
                   patients of a campaign that is not limited to a part of them
    """
    campaign = campaigns.campaign(wb, campaign_id)
    with reading(wb.engine) as connection:
        counts = report_rows.counts(connection, campaign_id, scope=wb.user.scope)
        ends = report_rows.ends(connection, campaign_id, scope=wb.user.scope)
        seen = wb.user.scope if wb.user.may(READ_PATIENTS) else Scope(frozenset())  # figures are for everybody
        patients = report_rows.patient_rows(connection, campaign_id, scope=seen, channel=campaign.channel)
        letters = mailing_rows.on_paper(connection, campaign_id) if campaign.channel == LETTER else _NO_LETTERS
    exact = progress_of(_by_state(counts), held_out=_by_state(counts.filter("is_held_out")))
    is_rough = readers.is_rough(wb, is_passed_on=is_passed_on)
    has_totals = not is_rough or readers.may_tell_totals(wb, exact.selected)
    progress = exact if has_totals else exact.rough()
    schedule = campaigns.schedule(wb, campaign, is_passed_on=is_passed_on)
    zone = wb.organisation().time_zone
    ledger = _ledger(counts, selected=exact.selected, channel=campaign.channel)
    to_contact = _ledger(counts.filter(~pl.col("is_held_out")), selected=exact.to_contact, channel=campaign.channel)
    if is_rough:
        ledger = _totals(ledger) if has_totals else _rough(ledger, progress.selected)
    return Report(
        campaign=campaign,
        progress=progress,
        headline=headline(
            campaign, progress, ledger=_totals(to_contact) if is_rough else to_contact, schedule=schedule
        ),
        schedule=schedule,
        ledger=ledger,
        patients=_patients(_with_letters(patients, letters), zone=zone, channel=campaign.channel),
        over_time=_over_time(ends, zone=zone, is_rough=is_rough),
        status=status_shown(campaign, exact),
        whose=readers.whose(wb),
        notes=readers.notes(wb, progress.selected, is_rough=is_rough, has_totals=has_totals),
        advice=() if is_rough else tuple(dict.fromkeys(filter(None, map(what_to_do, counts["reason"])))),
    )


def _by_state(counts: pl.DataFrame) -> dict[str, int]:
    return dict(counts.group_by("state").agg(pl.col("count").sum()).iter_rows())


def _ledger(counts: pl.DataFrame, *, selected: int, channel: str) -> pl.DataFrame:
    """Results in their fixed order, within one the most frequent reason first."""
    order = pl.Enum(RESULTS)
    return (
        _worded(counts, channel)
        .group_by("result", "icon", "reason")
        .agg(pl.col("count").sum())
        .with_columns(share=pl.col("count") / max(selected, 1))
        .sort(pl.col("result").cast(order), pl.col("count"), pl.col("reason"), descending=[False, True, False])
        .select(LEDGER.names())
        .cast(LEDGER)
    )


def _totals(ledger: pl.DataFrame) -> pl.DataFrame:
    """The results without their reasons."""
    summed = ledger.group_by("result", "icon", maintain_order=True).agg(pl.col("count", "share").sum())
    return summed.with_columns(reason=pl.lit("")).select(LEDGER.names())


def _rough(ledger: pl.DataFrame, selected: int) -> pl.DataFrame:
    """What may be told of the ledger where counts are rounded; nothing of a campaign of a few."""
    if not selected:
        return ledger.clear()
    return rough_rows(ledger).with_columns(share=(pl.col("count") / selected).clip(0, 1))


def _patients(rows: pl.DataFrame, *, zone: str, channel: str) -> pl.DataFrame:
    name = pl.concat_str("last", "first", separator=", ", ignore_nulls=True)
    phones = {number: phone_text(number) for number in rows["phone"].drop_nulls().unique()}
    return (
        _worded(rows, channel)
        .with_columns(
            name=name,
            phone=pl.col("phone").replace_strict(phones, default=None, return_dtype=pl.String),
            at=pl.col("at").dt.convert_time_zone(zone),
            postal=pl.coalesce("sent_to", _postal()),
            returned_on=pl.col("returned_at").dt.convert_time_zone(zone).dt.date(),
        )
        .select(*export_names(channel), "icon", "reply")
    )


def _with_letters(patients: pl.DataFrame, letters: pl.DataFrame) -> pl.DataFrame:
    return patients.join(letters, on="patient_id", how="left", maintain_order="left")


def _postal() -> pl.Expr:
    """The postal address on file in one line: '12 Shore Road, Apt 4, Springfield, IL 62701'."""
    town = pl.concat_str(pl.col("region"), pl.col("zip"), separator=" ", ignore_nulls=True)
    parts = [pl.col("address1"), pl.col("address2"), pl.col("city"), town]
    written = [pl.when(part.str.strip_chars() != "").then(part) for part in parts]
    return pl.concat_str(written, separator=", ", ignore_nulls=True)


def _over_time(ends: pl.DataFrame, *, zone: str, is_rough: bool) -> pl.DataFrame:
    """How many ended when, in steps that fit the time it took; by day where counts are rounded."""
    local = _worded(ends.with_columns(reason=pl.lit("")), EMAIL).with_columns(
        at=pl.col("at").dt.convert_time_zone(zone)
    )
    minutes: int = ends.select((pl.col("at").max() - pl.col("at").min()).dt.total_minutes().fill_null(0)).item()
    step = (
        "1d"
        if is_rough
        else "1s"
        if minutes < 10
        else "1m"
        if minutes < 180
        else "1h"
        if minutes < 7 * 24 * 60
        else "1d"
    )
    counted = local.group_by(pl.col("at").dt.truncate(step), "result").agg(pl.len().cast(pl.Int64).alias("count"))
    return (rough_rows(counted) if is_rough else counted).sort(pl.col("at"), pl.col("result").cast(pl.Enum(RESULTS)))


def _worded(frame: pl.DataFrame, channel: str) -> pl.DataFrame:
    """State and reason key as people read them, with the icon of the result."""
    results = {state: meaning.result for state, meaning in STATES.items()}
    reasons = {key: reason_sentence(key, channel) for key in frame["reason"].unique()}
    going_on = {state: words_of(state, "") for state in STATES}
    return frame.with_columns(
        result=pl.col("state").replace_strict(results, return_dtype=pl.String),
        reason=pl.when(pl.col("reason") == "")
        .then(pl.col("state").replace_strict(going_on, return_dtype=pl.String))
        .otherwise(pl.col("reason").replace_strict(reasons, return_dtype=pl.String)),
    ).with_columns(icon=pl.col("result").replace_strict(ICONS, return_dtype=pl.String))
