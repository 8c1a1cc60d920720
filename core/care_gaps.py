"""Care gaps: what is due for whom, why, and how many are up to date."""

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from functools import partial
from pathlib import Path

import polars as pl

from core import audit, engines, explanations, loads, rules
from core.code_meanings import known_codes
from core.domain.clinical import GAPS, OPEN_STATES
from core.domain.csv_cells import neutral
from core.domain.measure import Measure
from core.domain.measure_evidence import Explanation
from core.domain.measurement_year import FIRST_YEAR, by_last_day
from core.domain.role import EXPORT_PATIENTS, READ_PATIENTS
from core.errors import CareloopError, NotFound
from core.store.clinical import Evaluation, Generation
from core.workbench import Workbench, needs

RATES = pl.Schema(
    {
        "measure_id": pl.String,
        "name": pl.String,
        "eligible": pl.UInt32,
        "satisfied": pl.UInt32,
        "open": pl.UInt32,
        "rate": pl.Float64,
    }
)
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
_WRITERS = (".parquet", ".csv")


def measure_names(wb: Workbench) -> dict[str, str]:
    """The name of each measure that is on by its id, as shown in Alerts & Recommendations."""
    return {measure.measure_id: measure.name for measure in rules.in_force(wb).measures.values()}


@needs(READ_PATIENTS)
def gaps(
    wb: Workbench,
    *,
    as_of: date | None = None,
    measures: Collection[str] | None = None,
    states: Collection[str] | None = None,
    year: int | None = None,
    known_at: datetime | None = None,
    engine: str = engines.LOCAL,
    progress: engines.Progress = lambda _: None,
) -> pl.LazyFrame:
    """GAPS (core.domain.clinical): one row per patient whom the user may see and measure.

    as_of      the day to decide for, default today; another day is evaluated from the facts known now
    year       instead of a day: what this measurement year counts (core.domain.measurement_year), so far when it is not
               over; as_of of a row is then the last day of the year
    measures   only these ids; states: only these states (core.domain.clinical.GAP_STATES)
    known_at   by what had been received then, in the version of then; patients themselves are as they are now
    engine     where to evaluate (core.engines.evaluated): another than the local one evaluates today from facts as well
    Without a load there are no rows. Raises NotFound for a measure that does not exist, or a year not begun.
    """
    return _gaps(wb, as_of, measures, states, year, known_at, engine, progress)


def _gaps(
    wb: Workbench,
    as_of: date | None = None,
    measures: Collection[str] | None = None,
    states: Collection[str] | None = None,
    year: int | None = None,
    known_at: datetime | None = None,
    engine: str = engines.LOCAL,
    progress: engines.Progress = lambda _: None,
) -> pl.LazyFrame:
    """As `gaps`, whoever asks: also for figures that name nobody."""
    wanted = _wanted(wb, measures)
    if year is not None:
        require_year(wb, year)
    generation = loads.current(wb)
    if generation is None:
        return GAPS.to_frame().lazy()
    day = require_day(as_of or wb.today())
    evaluation = Evaluation(day, rules.in_force(wb).mark)
    if year is None and known_at is None and engine == engines.LOCAL and evaluation in generation.evaluations():
        found = generation.gaps(evaluation).filter(pl.col("measure_id").is_in(list(wanted)))
    else:
        asked = {day: list(wanted.values())} if year is None else by_last_day(wanted.values(), year)
        earlier = engines.Earlier(known_at, known_codes(wb.engine)) if known_at else None
        evaluate = partial(engines.evaluated, generation, earlier=earlier, engine=engine)
        parts = (
            part
            for number, (on, rules_asked) in enumerate(asked.items())
            for part in evaluate(rules_asked, as_of=on, progress=engines.share_of(progress, number, len(asked)))
        )
        found = pl.concat([GAPS.to_frame(), *parts]).lazy()
    if states is not None:
        found = found.filter(pl.col("state").cast(pl.String).is_in(sorted(states)))
    seen = visible(wb, generation.table("patients")).select("patient_id")
    return found.join(seen, on="patient_id", how="semi") if _is_limited(wb) else found


@needs(EXPORT_PATIENTS)
def write_gaps(
    wb: Workbench,
    out: Path,
    *,
    as_of: date,
    year: int | None = None,
    known_at: datetime | None = None,
    engine: str = engines.LOCAL,
    progress: engines.Progress = lambda _: None,
) -> int:
    """Write all gaps of a day, or of a measurement year, to a .parquet or .csv file, by patient and measure; returns
    the number of rows.

    The file appears under its name as a whole or not at all. Raises CareloopError for another kind of file or when
    nothing was loaded yet.
    """
    if out.suffix.lower() not in _WRITERS:
        raise CareloopError(f"'{out.name}' is not written: the name must end with {' or '.join(_WRITERS)}.")
    if not out.absolute().parent.is_dir():
        raise CareloopError(f"'{out.name}' is not written: its folder does not exist. Create the folder first.")
    _loaded(wb)
    found = gaps(wb, as_of=as_of, year=year, known_at=known_at, engine=engine, progress=progress)
    rows = found.sort("patient_id", "measure_id").collect()
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        if out.suffix.lower() == ".csv":
            neutral(rows).write_csv(part)
        else:
            rows.write_parquet(part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    asked = as_of.isoformat() if year is None else f"year {year}"
    audit.record(wb, "gaps.exported", asked, rows=rows.height, kind=out.suffix.lower())
    return rows.height


def end_of(wb: Workbench, day: date) -> datetime:
    """The last moment of a day of the organisation: what had been received by then was known on that day."""
    return datetime.combine(day, time.max, wb.zone())


def require_day(day: date) -> date:
    """The day, unless windows that reach back a life from it would leave the calendar: then NotFound."""
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise NotFound(f"Care gaps are known for days from {_FIRST_DAY} to {_LAST_DAY}.")
    return day


def require_year(wb: Workbench, year: int) -> None:
    """Raise NotFound unless the measurement year has begun and data can reach back to it."""
    if not FIRST_YEAR <= year <= wb.today().year:
        raise NotFound(f"There is no measurement year {year}. There are {FIRST_YEAR} to {wb.today().year}.")


@needs(READ_PATIENTS)
def explain(
    wb: Workbench, patient_id: str, measure_id: str, *, as_of: date | None = None, known_at: datetime | None = None
) -> Explanation:
    """Why this patient has this care gap or not, by what was known at `known_at`, or is known now. Raises NotFound for
    what does not exist or may not be seen."""
    return _explain(wb, patient_id, _wanted(wb, [measure_id]), as_of, known_at)[0]


@needs(READ_PATIENTS)
def explain_by(
    wb: Workbench, patient_id: str, measure: Measure, *, as_of: date | None = None, known_at: datetime | None = None
) -> Explanation:
    """The same by a rule that need not be in force, such as an edited one."""
    return _explain(wb, patient_id, {measure.measure_id: measure}, as_of, known_at)[0]


@needs(READ_PATIENTS)
def explain_patient(
    wb: Workbench, patient_id: str, *, as_of: date | None = None, known_at: datetime | None = None
) -> list[Explanation]:
    """The evidence for every measure of one patient. Raises NotFound for a patient who may not be seen."""
    return _explain(wb, patient_id, _wanted(wb, None), as_of, known_at)


def rates(wb: Workbench, *, as_of: date | None = None, by: Sequence[str] = ()) -> pl.DataFrame:
    """RATES: how many of those whom each measure is about are up to date, among the patients the user may see.

    eligible counts everybody whom the measure is about and whom nothing excludes, without those of a series that is on
    track and not due yet; satisfied those who are up to date, due soon or not; open those with an open care gap.
    rate is satisfied / eligible, null when nobody is eligible.
    by   columns of the feed's patients, such as group_id, pcp_id or language: a row for each value, null as well
    """
    unknown = sorted(set(by) - set(_RATES_BY))
    if unknown:
        raise NotFound(f"Rates by '{unknown[0]}' do not exist. There are {', '.join(_RATES_BY)}.")
    counts = _with_patients(wb, _gaps(wb, as_of), by).group_by(*by, "measure_id").agg(counted()).collect()
    names = pl.DataFrame(list(measure_names(wb).items()), schema=["measure_id", "name"], orient="row").cast(pl.String)
    rows = names.join(counts, on="measure_id", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("eligible", "satisfied", "open").fill_null(0).cast(pl.UInt32))
    rate = pl.when(pl.col("eligible") > 0).then(pl.col("satisfied") / pl.col("eligible"))
    return rows.with_columns(rate.alias("rate")).select(*by, *RATES).sort(*by, "measure_id")


_RATES_BY = ("group_id", "pcp_id", "sex", "language", "race", "ethnicity", "payer")


def _with_patients(wb: Workbench, found: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    generation = loads.current(wb)
    if generation is None:
        return found.with_columns(pl.lit(None, pl.String).alias(column) for column in columns)
    patients = generation.table("patients").select("patient_id", *columns)
    return found.join(patients, on="patient_id") if columns else found


def counted() -> list[pl.Expr]:
    """Counts of RATES over rows of GAPS: eligible, satisfied, open."""
    state = pl.col("state").cast(pl.String)
    # Out of season nobody's gap is open, but whoever was not vaccinated still counts: the rate must not jump to 100 %.
    is_eligible = ~state.is_in(["not_applicable", "excluded"]) | (pl.col("reason") == "out_of_season")
    # On track: neither done nor late, so neither for nor against the rate.
    is_unknown = pl.col("reason").is_in(["sex", "birth_date", "on_track"])
    is_satisfied = state.is_in(["satisfied", "due_soon"]) & (pl.col("reason") == "done")
    return [
        (is_eligible & ~is_unknown).sum().alias("eligible"),
        is_satisfied.sum().alias("satisfied"),
        state.is_in(OPEN_STATES).sum().alias("open"),
    ]


def _explain(
    wb: Workbench, patient_id: str, wanted: Mapping[str, Measure], as_of: date | None, known_at: datetime | None
) -> list[Explanation]:
    generation = _loaded(wb)
    mine = generation.table("patients", generation.shard_of(patient_id)).filter(pl.col("patient_id") == patient_id)
    found = visible(wb, mine).collect().rows(named=True)
    if not found:
        raise NotFound("There is no such patient among those you may see. Go back to the list and choose again.")
    day = require_day(as_of or wb.today())
    return explanations.of_patient(wb, generation, found[0], wanted.values(), as_of=day, known_at=known_at)


def _wanted(wb: Workbench, measure_ids: Collection[str] | None) -> dict[str, Measure]:
    known = rules.in_force(wb).measures
    unknown = sorted(set(measure_ids or ()) - set(known))
    if unknown:
        raise NotFound(f"There is no measure '{unknown[0]}' that is on. There are {', '.join(known)}.")
    return {name: measure for name, measure in known.items() if measure_ids is None or name in measure_ids}


def _loaded(wb: Workbench) -> Generation:
    generation = loads.current(wb)
    if generation is None:
        raise NotFound("Nothing was loaded yet. Load a feed first: careloop load FOLDER.")
    return generation


def _is_limited(wb: Workbench) -> bool:
    return wb.user.scope.groups is not None or wb.user.scope.providers is not None


def visible(wb: Workbench, patients: pl.LazyFrame) -> pl.LazyFrame:
    """The patients whose group and PCP the user may see (core.domain.user.Scope)."""
    scope = wb.user.scope
    if scope.groups is not None:
        patients = patients.filter(pl.col("group_id").is_in(sorted(scope.groups)))
    if scope.providers is not None:
        patients = patients.filter(pl.col("pcp_id").is_in(sorted(scope.providers)))
    return patients
