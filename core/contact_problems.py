"""What is wrong with the contact data of each patient, as `core.domain.repair` has it.

Found for everybody at once and kept until something of it changes (a load, a day, a correction, an address that
died), so that each page and filter only counts.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from threading import Lock

import polars as pl

from core import loads
from core.domain.correction import ADDRESS
from core.domain.eligibility import ADULT_AGE
from core.domain.organisation import LETTER
from core.domain.panel_frame import Panel
from core.domain.postal import Postal
from core.domain.repair import PROBLEM, PROBLEMS, postal_state, problems, reason_key
from core.panels import panel
from core.store import repair_rows
from core.store.clinical import Generation
from core.store.contacts import dead_for
from core.store.database import reading
from core.workbench import Workbench

_LEFT = {"email": "email_left", "phone_mobile": "mobile_left", "phone_home": "home_left"}
_NAMES = {problem.key: problem.name for problem in PROBLEMS.values()}
_Dead = tuple[int, datetime | None]
_kept: list[tuple[Panel, _Dead, pl.DataFrame]] = []  # for one panel, which says itself what it was made from
_lock = Lock()


def problems_of(wb: Workbench, opened: Panel) -> pl.DataFrame:
    """row of the panel and problem (PROBLEM), of everybody, whatever the user may see."""
    generation = loads.current(wb)
    if generation is None:
        return pl.DataFrame(schema={"row": pl.UInt32, "problem": PROBLEM})
    with reading(wb.engine) as connection, _lock:
        version = repair_rows.dead_version(connection)
        if not (_kept and _kept[0][0] is opened and _kept[0][1] == version):
            corrected, dead = repair_rows.corrected_addresses(connection), repair_rows.dead_addresses(connection)
            people = _people(opened, generation, corrected, returned=_returned(generation, corrected, dead))
            _kept[:] = [(opened, version, problems(people, dead))]
        return _kept[0][2]


def problem_names(wb: Workbench, ids: pl.Series) -> pl.Series:
    """For work lists: the names of the problems of each of the patients, as lists."""
    opened = panel(wb)
    rows = rows_of(opened, ids)
    of_rows = problems_of(wb, opened).join(rows, on="row", how="semi")
    named = of_rows.with_columns(pl.col("problem").replace_strict(_NAMES, return_dtype=pl.String))
    lists = rows.join(named.group_by("row").agg("problem"), on="row", how="left", maintain_order="left")["problem"]
    return lists.fill_null(pl.Series([[]], dtype=pl.List(pl.String)))


def rows_of(opened: Panel, ids: pl.Series) -> pl.DataFrame:
    """patient_id and row of the panel of these patients, in their order; no row for who is not in it."""
    places = opened.frame.select("patient_id").with_row_index("row")
    return ids.alias("patient_id").to_frame().join(places, on="patient_id", how="left", maintain_order="left")


def _people(
    opened: Panel, generation: Generation, corrected: pl.DataFrame, *, returned: Collection[str]
) -> pl.DataFrame:
    """What `problems` asks of those who are active and alive. `returned`: patients from whose address letters came
    back."""
    facts = _facts(opened, generation)
    if corrected.height:
        postal = corrected.select("patient_id", postal_now=postal_state(corrected))
        facts = facts.join(postal, on="patient_id", how="left", maintain_order="left")
        facts = facts.with_columns(pl.coalesce("postal_now", "postal").alias("postal"))
    active = _code(opened, "status", "active")
    everybody = opened.frame.select(
        "email", mobile="phone_mobile", home="phone_home", is_minor=(pl.col("age") < ADULT_AGE).fill_null(False),
        is_active=pl.col("status") == active, letter_dead=pl.col("patient_id").is_in(list(returned)),
    )  # fmt: skip
    guarantors = everybody.with_row_index("guarantor").filter("is_active", ~pl.col("is_minor"))
    guarantors = guarantors.select("guarantor", adult_mobile="mobile", adult_home="home")
    people = pl.concat([everybody.with_row_index("row"), facts], how="horizontal")
    people = people.filter("is_active").join(guarantors, on="guarantor", how="left", maintain_order="left")
    return people.with_columns(
        mobile=pl.when("is_minor").then("adult_mobile").otherwise("mobile"),
        home=pl.when("is_minor").then("adult_home").otherwise("home"),
    )


def _returned(generation: Generation, corrected: pl.DataFrame, dead: pl.DataFrame) -> set[str]:
    """From whose present address letters came back. Only who lives in such a ZIP code is looked at one by one."""
    keys = set(dead.filter(pl.col("channel") == LETTER)["address"])
    if not keys:
        return set()
    near = pl.col("zip").str.strip_chars(" ").str.slice(0, 5).is_in([key[:5] for key in keys])
    rows = generation.table("patients").select("patient_id", *ADDRESS).filter(near).collect()
    rows = rows.join(corrected, on="patient_id", how="anti")
    homes = pl.concat([rows, corrected.select(rows.columns)]).iter_rows()
    at = {patient_id: Postal(*parts).key for patient_id, *parts in homes}
    return {each for each, key in at.items() if key and (key in keys or dead_for(each, key) in keys)}


def _facts(opened: Panel, generation: Generation) -> pl.DataFrame:
    """patient_id, guarantor (a row), postal and the reasons of unusable values, in the order of the panel's rows."""
    patients = generation.table("patients").select("patient_id", "guarantor_id", *ADDRESS).collect()
    patients = patients.select("patient_id", "guarantor_id", postal=postal_state(patients))
    rows = opened.frame.select("patient_id").with_row_index("row")
    facts = rows.join(patients, on="patient_id", how="left", maintain_order="left")
    adults = rows.select(guarantor_id="patient_id", guarantor="row")
    facts = facts.join(adults, on="guarantor_id", how="left", maintain_order="left")
    for part in _reasons(generation):
        facts = facts.join(part, on="patient_id", how="left", maintain_order="left")
    return facts.select("patient_id", "guarantor", "postal", *_LEFT.values())


def _reasons(generation: Generation) -> Iterator[pl.DataFrame]:
    left_out = generation.left_out().with_columns(reason_key(pl.col("reason"))).drop_nulls("reason").collect()
    for column, name in _LEFT.items():
        of_column = left_out.filter(pl.col("column") == column).unique("patient_id", keep="first")
        yield of_column.select("patient_id", pl.col("reason").alias(name))


def _code(opened: Panel, column: str, key: str) -> int:
    keys = opened.words[column].keys
    return keys.index(key) if key in keys else len(keys)
