"""The panel: one row per patient with everything that a work list may ask, made when a feed is loaded and once a day.

Made in two steps, so that memory stays flat. `build_panel` makes the rows of one shard of patients, in words.
`core.domain.panel_codes.merge_panel` takes these parts one after the other, replaces words that repeat by small
numbers (PANEL and VOCABULARIES; code 0 is empty) and sorts the rows by patient name, so that a row's number is its
rank by name.
"""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from core.domain.clinical import OPEN_STATES, schema
from core.domain.columns import blank
from core.domain.entry import active_problem
from core.domain.last_facts import LAST, LastFacts
from core.domain.wording import folded_column

CODED = (  # one word of a vocabulary
    "group", "pcp", "care_manager", "language", "payer", "status", "sex", "race", "ethnicity", "zip3",
)  # fmt: skip
CODED_LISTS = ("alerts", "conditions")  # several words of a vocabulary

PANEL = schema(
    {
        "patient_id": pl.String,
        "name": pl.String,  # 'Last, First Middle Suffix'
        "name_search": pl.String,  # folded 'last, first middle suffix', a line break, 'first middle last suffix'
        "birth_date": pl.Date,
        "age": pl.Int16,  # whole years on the panel's day
        "sex": pl.UInt16,
        "status": pl.UInt16,
        "group": pl.UInt16,
        "pcp": pl.UInt16,
        "care_manager": pl.UInt16,
        "language": pl.UInt16,
        "payer": pl.UInt16,
        "race": pl.UInt16,
        "ethnicity": pl.UInt16,
        "zip3": pl.UInt16,  # the first three digits
        "email": pl.String,
        "phone_mobile": pl.String,
        "phone_home": pl.String,
        "next_appointment_on": pl.Date,
        "last_visit_on": pl.Date,
        "alerts": pl.List(pl.UInt16),  # open care gaps
        "alert_count": pl.UInt16,
        "conditions": pl.List(pl.UInt32),
    }
)  # and for each lab or vital: lab_<concept> Float64 and lab_<concept>_on Date, the latest result that is a number

_COMING = ("scheduled", "confirmed")


def build_panel(
    patients: pl.DataFrame,
    *,
    appointments: pl.DataFrame,
    care_team: pl.DataFrame,
    events: pl.DataFrame,
    last: LastFacts,
    alerts: pl.DataFrame,
    concepts: pl.DataFrame,
    as_of: date,
    now: datetime,
    zone: ZoneInfo,
) -> pl.DataFrame:
    """The panel's rows of one shard of patients, in words and ids, for `merge_panel`.

    patients, appointments, care_team   as the feed's layout has them, typed; the last two may hold rows of others
    events            EVENTS or STORED_EVENTS of the shard; kinds 'visit' and 'problem' are used
    last              the last facts of these patients
    alerts            the open care gaps as of `as_of` (open_alerts)
    concepts          concept, kind, name: 'condition' names are shown in Conditions, 'lab' and 'vital' become columns
    as_of, now, zone  the organisation's day, this moment, and its time zone
    """
    rows = patients.select(
        "patient_id",
        *_names(),
        "birth_date",
        age_on(pl.col("birth_date"), as_of).alias("age"),
        pl.col("sex").fill_null("U"),
        pl.when(pl.col("deceased_on").is_not_null())
        .then(pl.lit("deceased"))
        .otherwise(pl.col("status").fill_null("active"))
        .alias("status"),
        pl.col("group_id").alias("group"),
        pl.col("pcp_id").alias("pcp"),
        "language",
        "payer",
        "race",
        "ethnicity",
        pl.col("zip").str.extract(r"^\s*(\d{3})").alias("zip3"),
        "email",
        "phone_mobile",
        "phone_home",
    )
    coming = next_appointments(appointments, now=now, zone=zone)
    parts = [
        care_managers(care_team),
        coming.select("patient_id", pl.col("next_appointment_at").dt.date().alias("next_appointment_on")),
        last_visits(events, as_of=as_of),
        alerts.with_columns(pl.col("alerts").list.len().cast(pl.UInt16).alias("alert_count")),
        _conditions(patients, events, last, concepts, as_of=as_of),
    ]
    for part in parts:
        rows = rows.join(part, on="patient_id", how="left", maintain_order="left")
    labs = _latest_labs(last, concepts)
    return rows.with_columns(pl.col("alert_count").fill_null(0), *labs)


def open_alerts(gaps: pl.DataFrame, patients: pl.DataFrame) -> pl.DataFrame:
    """The measures whose gap is open, of those who have one: patient_id, alerts (ids, sorted).

    gaps   STORED_GAPS of these patients
    """
    opened = gaps.filter(pl.col("state").is_in(OPEN_STATES)).select("row", pl.col("measure_id").cast(pl.String))
    alerts = opened.group_by("row").agg(pl.col("measure_id").sort().alias("alerts"))
    return alerts.select(patients["patient_id"].gather(alerts["row"]), "alerts")


def age_on(birth_date: pl.Expr, on: date) -> pl.Expr:
    """Whole years on a day; empty for a birth date in the future. Born on 29 February: a year older on 1 March."""
    had_birthday = (birth_date.dt.month() < on.month) | (
        (birth_date.dt.month() == on.month) & (birth_date.dt.day() <= on.day)
    )
    years = on.year - birth_date.dt.year() - (~had_birthday).cast(pl.Int32)
    return pl.when(birth_date <= on).then(years).cast(pl.Int16)


def next_appointments(appointments: pl.DataFrame, *, now: datetime, zone: ZoneInfo) -> pl.DataFrame:
    """The earliest coming appointment of each patient who has one: patient_id, next_appointment_at (local, with
    zone), provider_id. Coming means scheduled or confirmed (a blank status counts as scheduled), not before `now`."""
    moment = _local(appointments, "start_at", zone)
    return (
        appointments.with_columns(moment.alias("next_appointment_at"))
        .filter(
            pl.col("status").fill_null("scheduled").is_in(_COMING),
            pl.col("next_appointment_at") >= now.astimezone(zone),
        )
        .sort("patient_id", "next_appointment_at", "appointment_id")
        .unique("patient_id", keep="first", maintain_order=True)
        .select("patient_id", "next_appointment_at", "provider_id")
    )


def last_visits(events: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The day of each patient's last visit up to `as_of`: patient_id, last_visit_on."""
    visits = _current(events, "visit").filter(pl.col("is_done"), pl.col("on") <= as_of)
    return visits.group_by("patient_id").agg(pl.col("on").max().alias("last_visit_on"))


def _names() -> list[pl.Expr]:
    def joined(*columns: str) -> pl.Expr:
        words = pl.concat_str([pl.col(c) for c in columns], separator=" ", ignore_nulls=True).str.strip_chars()
        return pl.when(words != "").then(words)

    given = joined("first", "middle", "suffix")
    name = pl.concat_str([joined("last"), given], separator=", ", ignore_nulls=True)
    search = pl.concat_str([name, pl.lit("\n"), joined("first", "middle", "last", "suffix")])
    return [pl.when(name != "").then(name).alias("name"), folded_column(search).alias("name_search")]


def _local(frame: pl.DataFrame, column: str, zone: ZoneInfo) -> pl.Expr:
    """The column as moments of the zone. The layout's moments have no zone and mean local time."""
    kind = frame.schema[column]
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        return pl.col(column).dt.convert_time_zone(zone.key)
    return pl.col(column).dt.replace_time_zone(zone.key, ambiguous="earliest", non_existent="null")


def _current(events: pl.DataFrame, kind: str) -> pl.DataFrame:
    return events.filter(pl.col("kind") == kind, pl.col("superseded_at").is_null())


def care_managers(care_team: pl.DataFrame) -> pl.DataFrame:
    """The care manager who began last: patient_id, care_manager."""
    return (
        care_team.filter(pl.col("role").str.contains(r"(?i)^\s*care[ _-]?manager"))
        .sort("patient_id", "since", "provider_id", nulls_last=False)
        .unique("patient_id", keep="last", maintain_order=True)
        .select("patient_id", pl.col("provider_id").alias("care_manager"))
    )


def _conditions(
    patients: pl.DataFrame, events: pl.DataFrame, last: LastFacts, concepts: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """Names of the active problems, our concept's as well as the feed's words: patient_id, conditions (sorted)."""
    places = patients.select("patient_id").with_row_index("row")
    active = _current(events, "problem").filter(active_problem(as_of))
    told = active.join(places, on="patient_id").select("row", pl.col("text").cast(pl.Categorical))
    texts = pl.concat([*_by_concept(last, concepts, as_of=as_of), told])
    # Each different text is looked at once. Of 'asthma' and our 'Asthma' the patient has ours.
    words = texts.select(pl.col("text").unique()).with_columns(shown=pl.col("text").cast(pl.String).str.strip_chars())
    words = words.filter(pl.col("shown") != "").with_columns(key=pl.col("shown").str.to_lowercase().rank("dense"))
    texts = texts.join(words, on="text", maintain_order="left")
    once = texts.unique(["row", "key"], keep="first", maintain_order=True)
    found = once.group_by("row").agg(pl.col("shown").sort().alias("conditions"))
    return found.select(patients["patient_id"].gather(found["row"]), "conditions")


def _by_concept(last: LastFacts, concepts: pl.DataFrame, *, as_of: date) -> Iterator[pl.DataFrame]:
    """row and text of those who have a condition now, for each of our conditions. Whatever is no problem ended on its
    day."""
    for concept, name in concepts.filter(pl.col("kind") == "condition").select("concept", "name").iter_rows():
        until = last.column(concept, "until")
        if until is not None:
            rows = (until > as_of).fill_null(False).arg_true()
            yield pl.DataFrame({"row": rows, "text": pl.repeat(name, rows.len(), dtype=pl.String, eager=True)}).cast(
                {"row": pl.UInt32, "text": pl.Categorical}
            )


def _latest_labs(last: LastFacts, concepts: pl.DataFrame) -> list[pl.Series]:
    """lab_<concept> and lab_<concept>_on for each concept of kind lab or vital, a value per patient: the number of the
    latest day that has one, of several the lowest."""
    labs = concepts.filter(pl.col("kind").is_in(["lab", "vital"]))["concept"].cast(pl.String).sort()
    columns = []
    for lab in labs:
        for name, column in (("lowest", f"lab_{lab}"), ("number_on", f"lab_{lab}_on")):
            found = last.column(lab, name)
            values = blank(last.height, LAST[name]) if found is None else found
            columns.append(values.alias(column))
    return columns
