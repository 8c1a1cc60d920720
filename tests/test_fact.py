"""What counts as having happened, what values are as numbers, and which facts follow."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from core.domain.clinical import EVENTS
from core.domain.fact import is_done, meant, numbers, status_words
from core.domain.fact_order import ARRANGED_FACTS, facts_of

AT = datetime(2026, 11, 1, tzinfo=UTC)
MEANING = pl.DataFrame({"system": ["LOINC", "ICD10CM"], "code": ["4548-4", "E11.9"], "concept": ["hba1c", "diabetes"]})


@pytest.mark.parametrize(
    ("reported", "number"),
    [
        ("8.9", 8.9),
        ("8.9%", 8.9),
        ("8.9 H", 8.9),
        (" 64 mmol/mol", 64.0),
        ("1,250", 1250.0),
        ("7,2", 7.2),
        (">= 14", 14.0),
        ("see note", None),
        ("120/80", None),
        ("2026-01-01", None),
        ("NaN", None),
    ],
)
def test_a_reported_value_is_read_as_a_number(reported: str, number: float | None) -> None:
    assert numbers(pl.Series([reported])).item() == number


def test_more_than_nine_stays_more_than_nine() -> None:
    above, below = numbers(pl.Series([">9", "<9"]))

    assert below < 9 < above


@pytest.mark.parametrize(
    ("kind", "status", "counts"),
    [
        ("lab", "Final", True),
        ("lab", "", True),
        ("lab", "preliminary", False),
        ("lab", "Cancelled", False),
        ("procedure", "completed", True),
        ("procedure", "ordered", False),
        ("procedure", "in progress", False),
        ("visit", "No-Show", False),
        ("immunization", "not-done", False),
        ("immunization", "completed", True),
        ("problem", "resolved", True),
        ("problem", "entered in error", False),
        ("medication", "active", True),
        ("lab", "somehow", False),
    ],
)
def test_only_what_happened_counts(kind: str, status: str, counts: bool) -> None:
    words = pl.DataFrame({"status": status_words(pl.Series([status]))})

    assert words.select(is_done(kind, pl.col("status"))).item() is counts


def test_an_event_with_a_known_code_is_a_fact() -> None:
    events = _events({"event_id": "1"}, {"event_id": "2", "code": "9999-9"}, {"event_id": "3", "is_done": False})

    facts = _facts(events)

    assert facts.schema == ARRANGED_FACTS
    assert facts.select("event", "concept").rows() == [(0, "hba1c")]


def test_a_fact_names_its_patient_and_its_event_by_their_places() -> None:
    events = _events({"patient_id": "P2"}, {"patient_id": "P9"}, {"code": "9999-9"}, {"patient_id": "P1"})

    facts = facts_of(events, pl.DataFrame({"patient_id": ["P1", "P2"]}), meant(events.with_row_index("event"), MEANING))

    assert facts.select("row", "event").rows() == [(0, 3), (1, 0)]


def test_an_earlier_version_is_no_fact() -> None:
    assert _facts(_events({"superseded_at": AT})).is_empty()


def test_hba1c_in_mmol_per_mol_becomes_percent() -> None:
    facts = _facts(_events({"value": 75.0, "unit": "mmol/mol"}))

    assert facts.select("value", "unit").row(0) == (9.01, "%")  # 0.09148 x 75 + 2.152 = 9.013


def test_a_problem_that_ended_on_an_unknown_day_counts_on_its_first_day_only() -> None:
    problem = {"kind": "problem", "system": "ICD10CM", "code": "E11.9", "status": "resolved", "on": date(2020, 2, 1)}

    facts = _facts(_events(problem))

    assert facts["end_on"].item() == date(2020, 2, 1)


def test_a_problem_without_any_day_counts_from_the_day_it_was_received() -> None:
    problem = {"kind": "problem", "system": "ICD10CM", "code": "E11.9", "status": "active", "on": None}

    facts = _facts(_events(problem))

    assert facts["on"].item() == date(2026, 11, 1)


def _facts(events: pl.DataFrame) -> pl.DataFrame:
    return facts_of(events, events.select("patient_id").unique(), meant(events.with_row_index("event"), MEANING))


def _events(*changes: dict[str, Any]) -> pl.DataFrame:
    usual = dict.fromkeys(EVENTS) | {
        "patient_id": "P1", "kind": "lab", "event_id": "1", "source_system": "ehr", "system": "LOINC", "code": "4548-4",
        "on": date(2026, 5, 1), "status": "final", "is_done": True, "value": 8.9, "unit": "%", "received_at": AT,
    }  # fmt: skip
    return pl.DataFrame([usual | change for change in changes], schema=EVENTS)
