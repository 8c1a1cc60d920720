"""What care gaps cost: five measures for 1,000,000 patients with 60 facts each, against DuckDB, pandas and reading.

    python tests/benchmarks/gaps.py [--patients 1000000] [--folder KEPT]

Everybody reads the same Parquet files of facts, shard by shard, and writes row, measure, state, last date, value, due
date. Each runs in a process of its own; CPU seconds are those of all its threads. Results are compared row by row.
Prints one JSON object a line: {"name", "value", "unit", "target"}.

    gaps_vs_duckdb, gaps_vs_pandas   CPU of Careloop / CPU of the other, for the same results
    gaps_vs_scan                     ... / CPU of decoding the columns of facts and patients that the measures need
    gaps_peak_mb, peak_5m_vs_1m      the most memory of a process, and of one with five times as many patients
    reevaluate_share                 one rule is changed and evaluated anew from the kept table of last dates: CPU / CPU
                                     of evaluating all from facts and keeping that table, as a load does
                                     (reevaluate_all_share: all five rules anew)
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from core import ALLOCATOR
from core.domain.calendar_months import born_by, outreach_start, season_start, window_start
from core.domain.clinical import EVENT_KINDS
from core.domain.fact_order import ARRANGED_FACTS, FAR, ONGOING_KINDS
from core.domain.last_facts import last_facts, read_table
from core.domain.measure import Measure
from core.domain.measure_evaluation import evaluate_panel
from core.domain.measure_panel import (
    PATIENT_COLUMNS,
    READ_COLUMNS,
    Panel,
    concepts_of,
    history_of,
    needed_columns,
    panel_of,
)
from core.measures import measures as shipped
from core.store.fact_files import read_concepts, write_facts

TODAY = date(2026, 11, 24)
FACTS_PER_PATIENT, SHARD = 60, 100_000
ROUNDS = 3
MEASURES = ("dm-a1c", "dm-a1c-high", "imm-flu", "scr-colorectal", "scr-mammogram")
RESULT = ("row", "measure_id", "state", "last_on", "last_value", "due_on")
_SPAN_DAYS = 15 * 365
EPOCH = date(1970, 1, 1)

# concept: (kind of event, facts per hundred patients). Together 60 a patient; about a third of them matter to the five.
MIX = {
    "hba1c": ("lab", 420),
    "gmi": ("lab", 20),
    "diabetes": ("problem", 25),
    "influenza_vaccine": ("immunization", 500),
    "mammogram": ("procedure", 120),
    "colonoscopy": ("procedure", 60),
    "ct_colonography": ("procedure", 4),
    "flexible_sigmoidoscopy": ("procedure", 6),
    "sdna_fit": ("lab", 30),
    "fit": ("lab", 110),
    "hospice": ("visit", 2),
    "hospice_answer": ("lab", 3),
    "palliative_care": ("visit", 2),
    "frailty_diagnosis": ("problem", 6),
    "frailty_symptom": ("problem", 6),
    "advanced_illness": ("problem", 10),
    "dementia_medication": ("medication", 4),
    "housing_status": ("lab", 6),
    "left_mastectomy": ("procedure", 2),
    "right_mastectomy": ("procedure", 2),
    "bilateral_mastectomy": ("procedure", 1),
    "colorectal_cancer": ("problem", 2),
    "total_colectomy": ("procedure", 1),
    "anaphylaxis_flu_vaccine": ("problem", 1),
    "office_visit": ("visit", 1500),
    "bmi": ("vital", 900),
    "systolic": ("vital", 900),
    "ldl": ("lab", 300),
    "egfr": ("lab", 300),
    "hypertension": ("problem", 40),
    "covid_vaccine": ("immunization", 350),
    "other_lab": ("lab", 367),
}
assert sum(count for _, count in MIX.values()) == 100 * FACTS_PER_PATIENT
ANSWERS = {
    "hospice_answer": ["yes", "no", "No"],
    "housing_status": ["nursing home", "at home", "Lives in nursing home"],
}
RESULTS = ("sdna_fit", "fit")  # reported in words, or not at all


# ---- the data --------------------------------------------------------------------------------------------------------
def write_data(folder: Path, patients: int) -> None:
    """facts/NNNN.parquet and patients/NNNN.parquet, the same on every machine."""
    for name in ("facts", "patients"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(patients // SHARD):
        chance = np.random.default_rng(number)
        write_facts(folder / "facts" / _file(number), _facts(chance))
        _patients(chance, number).write_parquet(folder / "patients" / _file(number), compression="snappy")


def _file(number: int) -> str:
    return f"{number:04}.parquet"


def _patients(chance: np.random.Generator, number: int) -> pl.DataFrame:
    born = (TODAY - EPOCH).days - chance.integers(0, 95 * 365, SHARD)
    return pl.DataFrame(
        {
            "patient_id": [f"P{number * SHARD + n:08}" for n in range(SHARD)],
            "birth_date": pl.Series(born, dtype=pl.Int32).cast(pl.Date),
            "sex": chance.choice(["F", "M", "U"], SHARD, p=[0.5, 0.48, 0.02]),
            "status": chance.choice(["active", "inactive", "deceased"], SHARD, p=[0.9, 0.07, 0.03]),
        }
    ).select(
        "patient_id",
        "birth_date",
        "sex",
        pl.lit(None, pl.String).alias("sex_at_birth"),
        "status",
        pl.lit(None, pl.Date).alias("deceased_on"),
        pl.lit("Example Plan").alias("payer"),
        pl.lit(None, pl.String).alias("race"),
    )


def _facts(chance: np.random.Generator) -> pl.DataFrame:
    return pl.concat([_of_concept(chance, concept, *of) for concept, of in MIX.items()]).select(*ARRANGED_FACTS)


def _of_concept(chance: np.random.Generator, concept: str, kind: str, per_hundred: int) -> pl.DataFrame:
    size = SHARD * per_hundred // 100
    on = (TODAY - EPOCH).days - chance.integers(0, _SPAN_DAYS, size)
    facts = pl.DataFrame(
        {
            "row": chance.integers(0, SHARD, size).astype(np.uint32),
            "on": pl.Series(on, dtype=pl.Int32).cast(pl.Date),
            "value": np.round(chance.normal(7.5, 1.6, size), 1),
            "chance": chance.random(size),
            "length": chance.integers(0, 2000, size).astype(np.int32),
            "text": chance.choice(ANSWERS.get(concept, ["negative"]), size),
        }
    )
    is_number = concept in ("hba1c", "gmi", "bmi", "systolic", "ldl", "egfr", "other_lab")
    has_text = pl.lit(concept in ANSWERS) | (pl.lit(concept in RESULTS) & (pl.col("chance") < 0.8))
    goes_on = pl.lit(kind in ONGOING_KINDS)
    ended = pl.when(goes_on & (pl.col("chance") < 0.3)).then(pl.col("on") + pl.duration(days="length"))
    known = facts.sort("row", "on").with_columns(
        pl.lit(concept).cast(pl.Categorical).alias("concept"),
        pl.lit(kind, pl.Enum(EVENT_KINDS)).alias("kind"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("event"),
        ended.alias("end_on"),
        pl.when(pl.lit(is_number) & (pl.col("chance") < 0.97)).then("value").alias("value"),
        pl.when(has_text).then("text").alias("value_text"),
        pl.lit(None, pl.Categorical).alias("unit"),
        pl.lit(0, pl.Int8).alias("sign"),
    )
    return known.with_columns(
        pl.max_horizontal("on", pl.coalesce("end_on", pl.when(goes_on).then(pl.lit(FAR)).otherwise("on"))).alias(
            "until"
        ),
        (pl.col("value").is_not_null() | pl.col("value_text").is_not_null()).alias("has_result"),
    )


# ---- Careloop --------------------------------------------------------------------------------------------------------
def careloop(folder: Path, out: Path) -> None:
    """The five measures from facts, a shard after the other."""
    rules = _rules()
    for number in _numbers(folder):
        facts = read_concepts(folder / "facts" / _file(number), concepts_of(rules), columns=READ_COLUMNS)
        panel = panel_of(_people(folder, number), facts, as_of=TODAY)
        _write(evaluate_panel(rules, panel, as_of=TODAY), out / _file(number))


def full(folder: Path, out: Path, kept: Path) -> None:
    """As a load does it: the table of last dates and numbers of every concept is kept, and the measures evaluated."""
    rules = _rules()
    for number in _numbers(folder):
        patients, facts = _people(folder, number), _all_facts(folder, number)
        last = last_facts(facts, patients.height)
        last.table().write_parquet(kept / _file(number), compression="snappy", statistics=False)
        _write(evaluate_panel(rules, Panel(patients, last, last.facts), as_of=TODAY), out / _file(number))


def _write(gaps: pl.DataFrame, path: Path) -> None:
    gaps.select(RESULT).write_parquet(path, compression="snappy", statistics=False)


def reevaluate(folder: Path, out: Path, kept: Path, *, is_all: bool) -> None:
    """A rule is changed; the new one is evaluated from the kept tables."""
    rules = _rules() if is_all else [_changed(shipped()["scr-mammogram"])]
    for number in _numbers(folder):
        names = pl.read_parquet_schema(kept / _file(number))
        table = pl.read_parquet(kept / _file(number), columns=needed_columns(rules, names), parallel="none")
        told = read_concepts(folder / "facts" / _file(number), history_of(rules), columns=READ_COLUMNS)
        panel = Panel(_people(folder, number), read_table(table), told)
        _write(evaluate_panel(rules, panel, as_of=TODAY), out / _file(number))


def _rules() -> list[Measure]:
    return [shipped()[name] for name in MEASURES]


def _changed(rule: Measure) -> Measure:
    return replace(rule, population=replace(rule.population, sex=None))


def _numbers(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in (folder / "facts").glob("*.parquet"))


def _people(folder: Path, number: int) -> pl.DataFrame:
    return pl.read_parquet(folder / "patients" / _file(number), columns=[*PATIENT_COLUMNS], parallel="none")


def _all_facts(folder: Path, number: int) -> pl.DataFrame:
    return pl.read_parquet(folder / "facts" / _file(number), columns=["concept", *READ_COLUMNS])


def scan(folder: Path, _out: Path) -> None:
    """Only decode what the measures need."""
    for number in _numbers(folder):
        _people(folder, number)
        _all_facts(folder, number)


# ---- DuckDB ----------------------------------------------------------------------------------------------------------
def _days() -> dict[str, str]:
    """What depends on the day alone, as literals."""
    months = {f"within_{n}": window_start(TODAY, months=n) for n in (12, 24)}
    born = {f"born_{n}": born_by(TODAY, months=n) for n in (6, 216, 480, 540, 792, 900, 912)}
    season = shipped()["imm-flu"].season
    assert season is not None
    starts = {
        "season": season_start(season, TODAY),
        "opens": outreach_start(season, TODAY, is_satisfied=False),
        "opens_next": outreach_start(season, TODAY, is_satisfied=True),
    }
    return {name: f"DATE '{day}'" for name, day in {**months, **born, **starts, "today": TODAY}.items()}


SQL = """
COPY (
WITH f AS (
    SELECT row, concept, "on", until, value, lower(trim(value_text)) AS said, has_result
    FROM read_parquet('{facts}') WHERE concept IN ({needed}) AND "on" <= {today}
), a AS (
    SELECT row,
        max("on") FILTER (concept IN ('hba1c', 'gmi')) AS a1c,
        max("on") FILTER (concept = 'influenza_vaccine') AS flu,
        max("on") FILTER (concept = 'mammogram') AS mammogram,
        max("on") FILTER (concept = 'colonoscopy') AS colonoscopy,
        max("on") FILTER (concept = 'ct_colonography') AS ct,
        max("on") FILTER (concept = 'flexible_sigmoidoscopy') AS sigmoidoscopy,
        max("on") FILTER (concept = 'sdna_fit' AND has_result) AS sdna,
        max("on") FILTER (concept = 'fit' AND has_result) AS fit,
        max(until) FILTER (concept = 'diabetes') AS diabetes,
        max(until) FILTER (concept = 'hospice' OR (concept = 'hospice_answer' AND said = 'yes')) AS hospice,
        max(until) FILTER (concept = 'palliative_care') AS palliative,
        max(until) FILTER (concept IN ('frailty_diagnosis', 'frailty_symptom')) AS frail,
        max(until) FILTER (concept IN ('advanced_illness', 'dementia_medication')) AS ill,
        max("on") FILTER (concept = 'housing_status') AS housing,
        max("on") FILTER (concept = 'left_mastectomy') AS no_left,
        max("on") FILTER (concept = 'right_mastectomy') AS no_right,
        max("on") FILTER (concept = 'bilateral_mastectomy') AS no_breasts,
        max("on") FILTER (concept = 'colorectal_cancer') AS cancer,
        max("on") FILTER (concept = 'total_colectomy') AS no_colon,
        max("on") FILTER (concept = 'anaphylaxis_flu_vaccine') AS allergic
    FROM f GROUP BY row
), v AS (
    SELECT f.row, min(value) AS lowest, max(value) AS highest FROM f JOIN a ON f.row = a.row AND f."on" = a.a1c
    WHERE concept IN ('hba1c', 'gmi') GROUP BY f.row
), h AS (
    SELECT DISTINCT f.row FROM f JOIN a ON f.row = a.row AND f."on" = a.housing
    WHERE concept = 'housing_status' AND said IN ('nursing home', 'lives in nursing home')
), p AS (
    SELECT file_row_number::UINTEGER AS row, birth_date AS born, sex, status
    FROM read_parquet('{patients}', file_row_number = true)
), e AS (
    SELECT p.row, born, sex, a.*, v.lowest, v.highest,
        status IN ('inactive', 'deceased', 'test') AS is_out,
        coalesce(hospice >= {within_12}, false) AS in_hospice,
        coalesce(palliative >= {within_12}, false) AS in_palliative,
        born <= {born_792} AND (coalesce(frail >= {within_12} AND ill >= {within_24}, false) OR h.row IS NOT NULL)
            AS is_frail
    FROM p LEFT JOIN a ON p.row = a.row LEFT JOIN v ON p.row = v.row LEFT JOIN h ON p.row = h.row
), d AS (
    SELECT *, greatest(colonoscopy + INTERVAL 120 MONTH, ct + INTERVAL 60 MONTH, sigmoidoscopy + INTERVAL 60 MONTH,
        sdna + INTERVAL 36 MONTH, fit + INTERVAL 12 MONTH)::DATE AS colon_due FROM e
), m AS (
    SELECT row, 'dm-a1c' AS measure_id,
        born <= {born_216} AND born > {born_912} AND coalesce(diabetes > {today}, false) AS is_meant,
        is_out OR in_hospice AS is_excluded, a1c AS last_on, NULL::DOUBLE AS last_value,
        (a1c + INTERVAL 6 MONTH)::DATE AS due_on,
        CASE WHEN due_on IS NULL OR due_on < {today} THEN 'overdue' WHEN due_on <= {today} + 30 THEN 'due_soon'
            ELSE 'satisfied' END AS state FROM d
    UNION ALL
    SELECT row, 'dm-a1c-high',
        born <= {born_216} AND born > {born_912} AND coalesce(diabetes > {today}, false),
        is_out OR in_hospice OR in_palliative OR is_frail, a1c, lowest, NULL,
        CASE WHEN a1c IS NULL OR a1c < {within_12} THEN 'cannot_determine' WHEN lowest <= 9 THEN 'satisfied'
            WHEN highest > 9 THEN 'out_of_range' ELSE 'cannot_determine' END FROM d
    UNION ALL
    SELECT row, 'imm-flu', born <= {born_6}, is_out OR in_hospice OR allergic IS NOT NULL, flu, NULL,
        CASE WHEN flu >= {season} THEN {opens_next} ELSE {opens} END,
        CASE WHEN flu >= {season} THEN 'satisfied' ELSE 'overdue' END FROM d
    UNION ALL
    SELECT row, 'scr-colorectal', born <= {born_540} AND born > {born_912},
        is_out OR in_hospice OR in_palliative OR cancer IS NOT NULL OR no_colon IS NOT NULL OR is_frail,
        greatest(
            CASE WHEN (colonoscopy + INTERVAL 120 MONTH)::DATE = colon_due THEN colonoscopy END,
            CASE WHEN (ct + INTERVAL 60 MONTH)::DATE = colon_due THEN ct END,
            CASE WHEN (sigmoidoscopy + INTERVAL 60 MONTH)::DATE = colon_due THEN sigmoidoscopy END,
            CASE WHEN (sdna + INTERVAL 36 MONTH)::DATE = colon_due THEN sdna END,
            CASE WHEN (fit + INTERVAL 12 MONTH)::DATE = colon_due THEN fit END), NULL, colon_due,
        CASE WHEN colon_due IS NULL OR colon_due < {today} THEN 'overdue'
            WHEN colon_due <= {today} + 60 THEN 'due_soon' ELSE 'satisfied' END FROM d
    UNION ALL
    SELECT row, 'scr-mammogram',
        born <= {born_480} AND born > {born_900} AND CASE WHEN sex IN ('F', 'M') THEN sex = 'F' END,
        is_out OR in_hospice OR in_palliative OR is_frail OR no_breasts IS NOT NULL
            OR (no_left IS NOT NULL AND no_right IS NOT NULL),
        mammogram, NULL, (mammogram + INTERVAL 24 MONTH)::DATE AS due,
        CASE WHEN due IS NULL OR due < {today} THEN 'overdue' WHEN due <= {today} + 60 THEN 'due_soon'
            ELSE 'satisfied' END FROM d
)
SELECT row, measure_id,
    CASE WHEN NOT is_meant THEN 'not_applicable' WHEN is_excluded THEN 'excluded'
        WHEN is_meant THEN state ELSE 'cannot_determine' END AS state,
    CASE WHEN is_meant AND NOT is_excluded THEN last_on END AS last_on,
    CASE WHEN is_meant AND NOT is_excluded THEN last_value END AS last_value,
    CASE WHEN is_meant AND NOT is_excluded THEN due_on END AS due_on
FROM m
) TO '{out}' (FORMAT parquet, COMPRESSION snappy)
"""


def _needed() -> list[str]:
    return sorted(concepts_of(_rules()) & set(MIX))


def duckdb(folder: Path, out: Path) -> None:
    """The same in SQL, a shard after the other."""
    import duckdb as database

    needed = ", ".join(f"'{name}'" for name in _needed())
    with database.connect() as connection:
        for number in _numbers(folder):
            places = {name: folder / name / _file(number) for name in ("facts", "patients")}
            connection.execute(SQL.format(**places, out=out / _file(number), needed=needed, **_days()))


# ---- pandas ----------------------------------------------------------------------------------------------------------
def pandas(folder: Path, out: Path) -> None:
    """The same with pandas, a shard after the other."""
    import pandas as pd  # type: ignore[import-untyped]

    day = {name: pd.Timestamp(text.removeprefix("DATE ").strip("'")) for name, text in _days().items()}
    for number in _numbers(folder):
        people = pd.read_parquet(folder / "patients" / _file(number), columns=["birth_date", "sex", "status"])
        facts = pd.read_parquet(folder / "facts" / _file(number), columns=["concept", *READ_COLUMNS])
        found = _with_pandas(pd, people, facts[facts["concept"].isin(_needed())], day)
        found.to_parquet(out / _file(number), compression="snappy", index=False)


def _with_pandas(pd: Any, people: Any, facts: Any, day: dict[str, Any]) -> Any:
    facts = facts.assign(
        concept=facts["concept"].astype(str), on=pd.to_datetime(facts["on"]), until=_until(pd, facts["until"])
    )
    said = facts["value_text"].str.strip().str.lower()
    last = {name: _widened(facts, name, people.index) for name in ("on", "until")}
    results = _widened(facts[facts["has_result"]], "on", people.index)
    yes = facts[(facts["concept"] == "hospice_answer") & (said == "yes")].groupby("row")["until"].max()
    born = pd.to_datetime(people["birth_date"])
    a1c = last["on"][["hba1c", "gmi"]].max(axis=1)
    tests = facts[facts["concept"].isin(["hba1c", "gmi"])]
    tests = tests[tests["on"] == tests["row"].map(a1c)].groupby("row")["value"]
    lowest, highest = (values.reindex(people.index) for values in (tests.min(), tests.max()))
    homes = facts[facts["concept"] == "housing_status"]
    homes = homes[homes["on"] == homes["row"].map(last["on"]["housing_status"])]
    at_home = homes[said.loc[homes.index].isin(["nursing home", "lives in nursing home"])]["row"]
    until = last["until"]
    is_out = people["status"].isin(["inactive", "deceased", "test"])
    in_hospice = (until["hospice"] >= day["within_12"]) | (yes.reindex(people.index) >= day["within_12"])
    in_palliative = until["palliative_care"] >= day["within_12"]
    frail = until[["frailty_diagnosis", "frailty_symptom"]].max(axis=1) >= day["within_12"]
    ill = until[["advanced_illness", "dementia_medication"]].max(axis=1) >= day["within_24"]
    is_frail = (born <= day["born_792"]) & ((frail & ill) | people.index.isin(at_home))
    on = last["on"]
    breasts = on["bilateral_mastectomy"].notna() | (on["left_mastectomy"].notna() & on["right_mastectomy"].notna())
    diabetic = (born <= day["born_216"]) & (born > day["born_912"]) & (until["diabetes"] > day["today"])
    add = pd.DateOffset
    ways = [
        (on["colonoscopy"], 120), (on["ct_colonography"], 60), (on["flexible_sigmoidoscopy"], 60),
        (results["sdna_fit"], 36), (results["fit"], 12),
    ]  # fmt: skip
    dues = pd.concat([days + add(months=months) for days, months in ways], axis=1, keys=range(5))
    colon_due = dues.max(axis=1)
    lasts = pd.concat([days.where(dues[n] == colon_due) for n, (days, _) in enumerate(ways)], axis=1)
    known_sex = people["sex"].isin(["F", "M"])
    of_age = (born <= day["born_480"]) & (born > day["born_900"])
    no_number = pd.Series(np.nan, index=people.index)
    a1c_state = np.select(
        [a1c.isna() | (a1c < day["within_12"]), lowest <= 9, highest > 9],
        ["cannot_determine", "satisfied", "out_of_range"],
        "cannot_determine",
    )
    flu = on["influenza_vaccine"]
    is_done = flu >= day["season"]
    flu_due = pd.Series(np.where(is_done, day["opens_next"], day["opens"]), index=people.index)
    a1c_due, mammogram_due = a1c + add(months=6), on["mammogram"] + add(months=24)
    parts = [
        ("dm-a1c", diabetic, None, is_out | in_hospice, a1c, no_number, a1c_due, _state(a1c_due, day, 30)),
        ("dm-a1c-high", diabetic, None, is_out | in_hospice | in_palliative | is_frail, a1c, lowest,
         pd.Series(pd.NaT, index=people.index), a1c_state),
        ("imm-flu", born <= day["born_6"], None, is_out | in_hospice | on["anaphylaxis_flu_vaccine"].notna(), flu,
         no_number, flu_due, np.where(is_done, "satisfied", "overdue")),
        ("scr-colorectal", (born <= day["born_540"]) & (born > day["born_912"]), None,
         is_out | in_hospice | in_palliative | is_frail | on["colorectal_cancer"].notna()
         | on["total_colectomy"].notna(),
         lasts.max(axis=1), no_number, colon_due, _state(colon_due, day, 60)),
        ("scr-mammogram", of_age & (~known_sex | (people["sex"] == "F")), of_age & ~known_sex,
         is_out | in_hospice | in_palliative | is_frail | breasts, on["mammogram"], no_number, mammogram_due,
         _state(mammogram_due, day, 60)),
    ]  # fmt: skip
    return pd.concat([_gap(pd, *part) for part in parts], ignore_index=True)


def _until(pd: Any, days: Any) -> Any:
    """Far in the future is beyond what pandas' nanoseconds hold."""
    return pd.to_datetime(days.where(days < date(2200, 1, 1), date(2200, 1, 1)))


def _widened(facts: Any, name: str, index: Any) -> Any:
    wide = facts.groupby(["row", "concept"])[name].max().unstack("concept")
    return wide.reindex(index=index, columns=_needed())


def _state(due: Any, day: dict[str, Any], soon: int) -> Any:
    is_over = due.isna() | (due < day["today"])
    return np.select([is_over, due <= day["today"] + timedelta(days=soon)], ["overdue", "due_soon"], "satisfied")


def _gap(
    pd: Any, measure: str, is_meant: Any, is_unknown: Any, is_out: Any, last: Any, value: Any, due: Any, state: Any
) -> Any:
    unknown = False if is_unknown is None else is_unknown
    words = np.select([~is_meant, is_out, unknown], ["not_applicable", "excluded", "cannot_determine"], state)
    is_found = is_meant & ~is_out & ~(unknown if is_unknown is not None else pd.Series(False, index=is_meant.index))
    return pd.DataFrame(
        {
            "row": is_meant.index.astype("uint32"),
            "measure_id": measure,
            "state": words,
            "last_on": last.where(is_found).dt.date,
            "last_value": value.where(is_found),
            "due_on": due.where(is_found).dt.date,
        }
    )


# ---- measuring -------------------------------------------------------------------------------------------------------
_CHILDREN = {"careloop": careloop, "duckdb": duckdb, "pandas": pandas, "scan": scan}


def main() -> None:
    """Write the data, run everything by turns, compare the results and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the data here and use it again")
    parser.add_argument("--child", choices=(*_CHILDREN, "full", "one", "all"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--kept", type=Path)
    arguments = parser.parse_args()
    if arguments.child:
        _child(arguments)
        return
    with tempfile.TemporaryDirectory(prefix="careloop-bench-") as temporary:
        folder = arguments.folder or Path(temporary) / "data"
        if not (folder / "facts").exists():
            write_data(folder, arguments.patients)
        _measure(folder, Path(temporary))


def _measure(folder: Path, place: Path) -> None:
    kept = place / "kept"
    by_turns = ("careloop", "duckdb", "scan", "full", "one", "all")
    rounds = [{name: _run(name, folder, place / name, kept) for name in by_turns} for _ in range(ROUNDS)]
    cpu = {name: median(one[name]["cpu_s"] for one in rounds) for name in by_turns}
    cpu["pandas"] = _run("pandas", folder, place / "pandas")["cpu_s"]
    for other in ("duckdb", "pandas"):
        _compare(place / "careloop", place / other)
    for name, seconds in cpu.items():
        _print(f"{name}_cpu_s", round(seconds, 2), "s", None)
    _print("gaps_vs_duckdb", round(cpu["careloop"] / cpu["duckdb"], 2), "x", 0.65)
    _print("gaps_vs_pandas", round(cpu["careloop"] / cpu["pandas"], 3), "x", 0.2)
    _print("gaps_vs_scan", round(cpu["careloop"] / cpu["scan"], 2), "x", 6)
    _print("reevaluate_share", round(cpu["one"] / cpu["full"], 3), "x", 0.05)
    _print("reevaluate_all_share", round(cpu["all"] / cpu["full"], 3), "x", None)
    peak = median(one["careloop"]["peak_mb"] for one in rounds)
    _print("gaps_peak_mb", round(peak), "MB", 400)
    _print(
        "peak_5m_vs_1m",
        round(_run("careloop", _five_times(folder, place), place / "five")["peak_mb"] / peak, 2),
        "x",
        1.3,
    )


def _five_times(folder: Path, place: Path) -> Path:
    """Five times as many patients: the same files under more names."""
    for name in ("facts", "patients"):
        (place / "times" / name).mkdir(parents=True)
        numbers = _numbers(folder)
        for again in range(5):
            for number in numbers:
                target = place / "times" / name / _file(again * len(numbers) + number)
                target.symlink_to((folder / name / _file(number)).resolve())
    return place / "times"


def _compare(mine: Path, theirs: Path) -> None:
    columns = [pl.col("row").cast(pl.UInt32), *(pl.col(n).cast(pl.String) for n in ("measure_id", "state"))]
    columns += [pl.col("last_on").cast(pl.Date), pl.col("last_value").cast(pl.Float64), pl.col("due_on").cast(pl.Date)]
    for path in sorted(mine.glob("*.parquet")):
        one, other = (
            pl.read_parquet(each).select(columns).sort("measure_id", "row") for each in (path, theirs / path.name)
        )
        assert one.equals(other), (
            theirs.name,
            path.name,
            one.filter(_differs(one, other)),
            other.filter(_differs(one, other)),
        )


def _differs(one: pl.DataFrame, other: pl.DataFrame) -> pl.Series:
    return pl.Series([a != b for a, b in zip(one.rows(), other.rows(), strict=True)])


def _run(name: str, folder: Path, out: Path, kept: Path | None = None) -> dict[str, float]:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    command = [sys.executable, __file__, "--child", name, "--folder", str(folder), "--out", str(out)]
    environment = {**os.environ, "_RJEM_MALLOC_CONF": ALLOCATOR}
    done = subprocess.run(
        [*command, *(["--kept", str(kept)] if kept else [])],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return dict(json.loads(done.stdout))


def _child(arguments: argparse.Namespace) -> None:
    folder, out = arguments.folder, arguments.out
    _rules()  # reading them is no part of it
    begun = time.process_time()
    if arguments.child == "full":
        arguments.kept.mkdir(exist_ok=True)
        full(folder, out, arguments.kept)
    elif arguments.child in ("one", "all"):
        reevaluate(folder, out, arguments.kept, is_all=arguments.child == "all")
    else:
        _CHILDREN[arguments.child](folder, out)
    cpu_s = time.process_time() - begun
    print(json.dumps({"cpu_s": cpu_s, "peak_mb": _peak_mb()}))


def _print(name: str, value: float, unit: str, target: float | None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target}), flush=True)


def _peak_mb() -> float:
    """The most memory of this process alone; what getrusage says begins with that of the process it came from."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
