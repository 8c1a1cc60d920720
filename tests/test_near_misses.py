"""What nearly satisfies a measure, what other systems call the gap, and what was known at an earlier moment."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from core import care_gaps, code_loads, loads
from core.domain.gap_codes import gap_reason, gap_status
from core.domain.near_miss import near_misses
from core.measures import measures
from core.workbench import Workbench
from tests.feeds import write_feed

TODAY = date(2026, 11, 24)
NAMES = {"mammogram": "Mammogram", "hba1c": "HbA1c", "fit": "Stool blood test", "colonoscopy": "Colonoscopy"}
PEOPLE = ["patient_id,first,last,birth_date,sex,status", "ada,Ada,Example,1960-05-01,F,active"]
LABS = "lab_id,patient_id,loinc,local_code,local_name,value,unit,status,collected_on"
PROCEDURES = "procedure_id,patient_id,code,code_system,text,status,performed_on"


def fact(concept: str, on: date, value: float | None = None, text: str = "") -> dict[str, Any]:
    return {"concept": concept, "on": on, "value": value, "value_text": text}


def event(on: date | None, *, means: str = "", resembles: str = "", **more: Any) -> dict[str, Any]:
    usual = {"text": "MAMMO DIGITAL", "code": "4711", "system": "LOCAL", "status": "ordered", "on": on}
    return {**usual, "concepts": [means] * bool(means), "resembles": [resembles] * bool(resembles), **more}


@pytest.mark.parametrize(
    ("measure", "facts", "events", "said"),
    [
        (
            "scr-mammogram",
            [fact("mammogram", date(2024, 11, 23))],
            [],
            ["too_old: Mammogram on Sat 23 Nov 2024: before Sun 24 Nov 2024, from when on it would count"],
        ),
        ("scr-mammogram", [fact("mammogram", date(2024, 11, 24))], [], []),
        (
            "scr-mammogram",
            [],
            [event(date(2026, 10, 1), means="mammogram")],
            ["not_final: Mammogram on Thu 1 Oct 2026: ‘ordered’, so it does not count as done"],
        ),
        (
            "scr-mammogram",
            [],
            [event(date(2026, 9, 1), resembles="mammogram")],
            [
                "wrong_code: ‘MAMMO DIGITAL’ on Tue 1 Sep 2026: it may be Mammogram, but its code 4711 (LOCAL) is in "
                "no list that is loaded"
            ],
        ),
        (
            "scr-mammogram",
            [],
            [event(None, resembles="mammogram", system="TEXT")],
            ["wrong_code: ‘MAMMO DIGITAL’ without a date: it may be Mammogram, but it has no code"],
        ),
        ("scr-mammogram", [], [event(date(2026, 10, 1), means="colonoscopy")], []),
        (
            "scr-colorectal",
            [fact("fit", date(2026, 3, 1))],
            [],
            ["no_value: Stool blood test on Sun 1 Mar 2026: it has no result that can be used"],
        ),
        ("scr-colorectal", [fact("fit", date(2026, 3, 1), text="negative")], [], []),
        (
            "dm-a1c-high",
            [fact("hba1c", date(2026, 3, 1), text="see note"), fact("hba1c", date(2025, 3, 1), value=11.0)],
            [],
            [
                "no_value: HbA1c on Sun 1 Mar 2026: it has no result that can be used",
                "too_old: HbA1c on Sat 1 Mar 2025: before Mon 24 Nov 2025, from when on it would count",
            ],
        ),
    ],
)
def test_an_entry_that_nearly_counts_is_told_with_the_reason(
    measure: str, facts: list[dict[str, Any]], events: list[dict[str, Any]], said: list[str]
) -> None:
    found = near_misses(measures()[measure], facts, events, names=NAMES, as_of=TODAY)

    assert [f"{each.kind}: {each.sentence}" for each in found] == said


def test_of_many_near_misses_the_latest_five_are_told() -> None:
    facts = [fact("mammogram", date(2010 + year, 1, 1)) for year in range(9)]

    found = near_misses(measures()["scr-mammogram"], facts, [], names=NAMES, as_of=TODAY)

    assert [each.on for each in found] == [date(2018 - back, 1, 1) for back in range(5)]


@pytest.mark.parametrize(
    ("state", "reason", "nearly", "status", "named"),
    [
        ("overdue", "never", "", "open-gap", "NotFound"),
        ("overdue", "never", "not_final", "open-gap", "InvalidAttribute"),
        ("overdue", "never", "wrong_code", "open-gap", "NotFound"),
        ("overdue", "never", "no_value", "open-gap", "Missing"),
        ("overdue", "lapsed", "not_final", "open-gap", "DateOutOfRange"),
        ("overdue", "incomplete", "", "open-gap", "CountOutOfRange"),
        ("out_of_range", "above", "", "open-gap", "ValueOutOfRange"),
        ("cannot_determine", "no_value", "", "open-gap", "Missing"),
        ("cannot_determine", "no_result", "too_old", "open-gap", "DateOutOfRange"),
        ("cannot_determine", "sex", "", "open-gap", "Missing"),
        ("due_soon", "done", "", "prospective-gap", ""),
        ("satisfied", "done", "", "closed-gap", ""),
        ("excluded", "hospice", "", "not-applicable", ""),
        ("not_applicable", "age", "", "not-applicable", ""),
    ],
)
def test_a_state_has_its_name_in_data_exchange(state: str, reason: str, nearly: str, status: str, named: str) -> None:
    assert (gap_status(state), gap_reason(state, reason, nearly)) == (status, named)


def test_the_card_of_a_patient_shows_what_the_feed_nearly_says(wb: Workbench, tmp_path: Path) -> None:
    procedures = [
        PROCEDURES,
        "1,ada,4711,LOCAL,MAMMO BILAT SCREENING,completed,2026-05-01",
        "2,ada,G0202,HCPCS,Mammogram,ordered,2026-10-01",
        "3,ada,4712,LOCAL,MAMMOGRAM REFUSED,completed,2026-06-01",
    ]
    loads.load(wb, write_feed(tmp_path / "feed", patients=PEOPLE, procedures=procedures))

    card = care_gaps.explain(wb, "ada", "scr-mammogram")

    assert (card.state, card.gap_status) == ("overdue", "open-gap")
    assert [miss.kind for miss in card.near_misses][-1:] == ["wrong_code"]
    assert not any("REFUSED" in miss.sentence for miss in card.near_misses)
    assert all(miss.sentence in card.lines() for miss in card.near_misses)


def test_a_code_that_is_mapped_is_no_near_miss_any_more(wb: Workbench, tmp_path: Path) -> None:
    procedures = [PROCEDURES, "1,ada,4711,LOCAL,MAMMO BILAT SCREENING,completed,2026-05-01"]
    loads.load(wb, write_feed(tmp_path / "feed", patients=PEOPLE, procedures=procedures))
    (tmp_path / "code_map.csv").write_text("system,code,concept\nLOCAL,4711,mammogram\n")

    code_loads.load_codes(wb, tmp_path / "code_map.csv")

    card = care_gaps.explain(wb, "ada", "scr-mammogram")
    assert (card.state, card.near_misses, card.gap_reason) == ("satisfied", (), "")


def test_the_answer_of_an_earlier_moment_is_that_of_what_was_known_then(wb: Workbench, tmp_path: Path) -> None:
    """June: no mammogram. July: one of May arrives. August: it is corrected to have been cancelled."""
    feeds = {
        "2026-06-01T06:00:00Z": [],
        "2026-07-01T06:00:00Z": ["1,ada,4711,LOCAL,Mammogram,completed,2026-05-01"],
        "2026-08-01T06:00:00Z": ["1,ada,4711,LOCAL,Mammogram,cancelled,2026-05-01"],
    }
    for moment, rows in feeds.items():
        folder = tmp_path / moment[:10]
        loads.load(
            wb, write_feed(folder, manifest={"received_at": moment}, patients=PEOPLE, procedures=[PROCEDURES, *rows])
        )
    (tmp_path / "code_map.csv").write_text("system,code,concept\nLOCAL,4711,mammogram\n")
    code_loads.load_codes(wb, tmp_path / "code_map.csv")

    moments = [datetime(2026, month, 15, tzinfo=UTC) for month in (6, 7, 8)]
    cards = [care_gaps.explain(wb, "ada", "scr-mammogram", as_of=at.date(), known_at=at) for at in moments]
    everybody = [care_gaps.gaps(wb, as_of=at.date(), known_at=at, measures=["scr-mammogram"]) for at in moments]

    assert [card.state for card in cards] == ["overdue", "satisfied", "overdue"]
    assert [gaps.collect()["state"].item() for gaps in everybody] == ["overdue", "satisfied", "overdue"]
    assert "no record in our data up to Mon 1 Jun 2026" in " ".join(cards[0].lines())
    assert [miss.kind for miss in cards[2].near_misses] == ["not_final"]
