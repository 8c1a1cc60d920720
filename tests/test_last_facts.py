"""The table of last dates and numbers, and the files of facts: from them the same follows as from all facts."""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import strategies as st

from core.domain.clinical import FACTS
from core.domain.fact_order import ARRANGED_FACTS, FAR, arranged
from core.domain.last_facts import LAST, LastFacts, last_day, last_facts, read_table, runs_of
from core.domain.measure_evaluation import evaluate_panel
from core.domain.measure_panel import PATIENT_COLUMNS, READ_COLUMNS, Panel, concepts_of, history_of, panel_of
from core.measures import measures
from core.store.fact_files import read_concepts, write_facts
from tests.drawn import drawn

CONCEPTS = (
    "hba1c",
    "mammogram",
    "diabetes",
    "dementia_medication",
    "housing_status",
    "dtap_vaccine",
    "colonoscopy",
    "fit",
)
KINDS = {"diabetes": "problem", "dementia_medication": "medication"}
START = date(2024, 1, 1)
PEOPLE = pl.DataFrame(
    {
        "patient_id": [f"P{number}" for number in range(5)],
        "birth_date": [date(1950, 1, 1), date(1965, 5, 5), date(1980, 2, 29), date(2023, 6, 1), None],
        "sex": ["F", "F", "M", "F", "U"],
        **dict.fromkeys(("sex_at_birth", "deceased_on", "race"), [None] * 5),
        "status": ["active"] * 5,
        "payer": ["Example Plan"] * 5,
    },
    schema_overrides={"deceased_on": pl.Date, "sex_at_birth": pl.String, "race": pl.String},
)


@st.composite
def facts(draw: st.DrawFn) -> pl.DataFrame:
    days = st.integers(0, 400).map(lambda n: START + timedelta(days=n))
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 4),
                st.sampled_from(CONCEPTS),
                days,
                st.none() | days,
                st.none() | st.sampled_from([5.0, 8.0, 9.0, 9.5]),
                st.none() | st.sampled_from([">9", "<5.7", "negative", "nursing home", ""]),
            ),
            max_size=40,
        )
    )
    known = [
        {"patient_id": f"P{row}", "concept": concept, "kind": KINDS.get(concept, "lab"), "on": on, "end_on": end,
         "value": value, "value_text": text}
        for row, concept, on, end, value, text in rows
    ]  # fmt: skip
    return arranged(pl.DataFrame(known, schema=FACTS), PEOPLE)


@drawn(daily=40, many=200, known=facts())
def test_the_table_says_what_one_finds_fact_by_fact(known: pl.DataFrame) -> None:
    last = last_facts(known, PEOPLE.height)
    rows = known.with_columns(pl.col("concept").cast(pl.String)).rows(named=True)

    for concept in CONCEPTS:
        for row in range(PEOPLE.height):
            own = [fact for fact in rows if fact["concept"] == concept and fact["row"] == row]
            numbers = [fact for fact in own if fact["value"] is not None]
            of_day = [fact for fact in numbers if fact["on"] == max(each["on"] for each in numbers)]
            expected = {
                "on": max((fact["on"] for fact in own), default=None),
                "until": max((fact["until"] for fact in own), default=None),
                "result_on": max((fact["on"] for fact in own if fact["has_result"]), default=None),
                "number_on": max((fact["on"] for fact in numbers), default=None),
                "lowest": min((fact["value"] for fact in of_day), default=None),
            }
            assert {name: _cell(last, concept, name, row) for name in expected} == expected


@drawn(daily=20, many=80, known=facts())
def test_a_table_that_was_kept_is_the_same_when_it_is_read_again(known: pl.DataFrame) -> None:
    last = last_facts(known, PEOPLE.height)
    again = read_table(last.table())

    for concept in CONCEPTS:
        for name in LAST:
            one, other = last.column(concept, name), again.column(concept, name)
            assert (one is None and other is None) or (one is not None and other is not None and one.equals(other))


@drawn(daily=20, many=80, known=facts(), later=st.integers(0, 4000), name=st.sampled_from(sorted(measures())))
def test_on_a_later_day_the_kept_table_finds_what_all_facts_find(known: pl.DataFrame, later: int, name: str) -> None:
    table = last_facts(known, PEOPLE.height).table()
    as_of = (last_day(table) or START) + timedelta(days=later)
    rules = [measures()[name]]
    told = {concept: own for concept, own in last_facts(known, 0).facts.items() if concept in history_of(rules)}

    from_table = evaluate_panel(rules, Panel(PEOPLE.select(PATIENT_COLUMNS), read_table(table), told), as_of=as_of)
    from_facts = evaluate_panel(rules, panel_of(PEOPLE, last_facts(known, 0).facts, as_of=as_of), as_of=as_of)

    assert from_table.equals(from_facts)


@drawn(daily=20, many=80, known=facts(), wanted=st.sets(st.sampled_from((*CONCEPTS, "nobody_has_it"))))
def test_a_file_gives_the_facts_of_some_concepts_and_no_others(known: pl.DataFrame, wanted: set[str]) -> None:
    with TemporaryDirectory() as place:
        path = Path(place) / "facts.parquet"
        write_facts(path, known)
        found = read_concepts(path, wanted, columns=READ_COLUMNS)

    assert set(found) == {concept for concept, _, _ in runs_of(known)} & wanted
    for concept, own in found.items():
        assert own.select(READ_COLUMNS).equals(known.filter(pl.col("concept") == concept).select(READ_COLUMNS))


def test_a_rule_asks_for_the_histories_among_its_concepts() -> None:
    assert all(history_of([rule]) <= concepts_of([rule]) for rule in measures().values())


def test_nobody_and_nothing_give_an_empty_table() -> None:
    nothing = ARRANGED_FACTS.to_frame()

    assert last_facts(nothing, 0).table().height == 0
    assert last_facts(nothing, 3).table().rows() == [(0,), (1,), (2,)]
    assert last_day(last_facts(nothing, 3).table()) is None
    assert LastFacts(3).column("hba1c", "on") is None


def test_what_goes_on_reaches_far_into_the_future() -> None:
    row = {"patient_id": "P1", "concept": "diabetes", "kind": "problem", "on": START}
    last = last_facts(arranged(pl.DataFrame([row], schema=FACTS), PEOPLE), PEOPLE.height)

    assert _cell(last, "diabetes", "until", 1) == FAR


def _cell(last: LastFacts, concept: str, name: str, row: int) -> object:
    column = last.column(concept, name)
    return None if column is None else column[row]
