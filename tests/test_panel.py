"""The panel: one row per patient with everything that a work list may ask."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.clinical import EVENTS, FACTS, GAPS, STORED_GAPS
from core.domain.fact_order import arranged
from core.domain.last_facts import LastFacts, last_facts
from core.domain.panel import PANEL, age_on, build_panel, open_alerts
from core.domain.panel_codes import PanelTables, merge_panel

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)  # 12:00 in Chicago
CHICAGO = ZoneInfo("America/Chicago")
RECEIVED = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)

PATIENT = {
    "patient_id": pl.String,
    "first": pl.String,
    "middle": pl.String,
    "last": pl.String,
    "suffix": pl.String,
    "birth_date": pl.Date,
    "sex": pl.String,
    "status": pl.String,
    "deceased_on": pl.Date,
    "group_id": pl.String,
    "pcp_id": pl.String,
    "language": pl.String,
    "payer": pl.String,
    "race": pl.String,
    "ethnicity": pl.String,
    "zip": pl.String,
    "email": pl.String,
    "phone_mobile": pl.String,
    "phone_home": pl.String,
}
APPOINTMENT = {
    "appointment_id": pl.String,
    "patient_id": pl.String,
    "provider_id": pl.String,
    "start_at": pl.Datetime("us"),
    "status": pl.String,
}
CARE_TEAM = {"patient_id": pl.String, "role": pl.String, "provider_id": pl.String, "since": pl.Date}
PROVIDER = dict.fromkeys(("provider_id", "first", "last", "credential", "display_name"), pl.String)
CONCEPTS = pl.DataFrame(
    {
        "concept": ["diabetes", "hba1c", "mammogram"],
        "kind": ["condition", "lab", "procedure"],
        "name": ["Diabetes", "HbA1c", "Mammogram"],
    }
)
MEASURES = pl.DataFrame({"measure_id": ["dm-a1c"], "name": ["DM: HbA1c Overdue"]})


def frame(rows: list[dict[str, Any]], schema: Any) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema)


def alerts_of(gaps: list[dict[str, Any]], people: pl.DataFrame) -> pl.DataFrame:
    rows = people.select("patient_id").with_row_index("row")
    stored = frame(gaps, GAPS).join(rows, on="patient_id").select(*STORED_GAPS).cast(STORED_GAPS)
    return open_alerts(stored, people)


def panel_of(
    patients: list[dict[str, Any]],
    *,
    appointments: list[dict[str, Any]] | None = None,
    care_team: list[dict[str, Any]] | None = None,
    events: list[dict[str, Any]] | None = None,
    facts: list[dict[str, Any]] | None = None,
    gaps: list[dict[str, Any]] | None = None,
) -> PanelTables:
    people = frame(patients, PATIENT)
    part = build_panel(
        people,
        appointments=frame(appointments or [], APPOINTMENT),
        care_team=frame(care_team or [], CARE_TEAM),
        events=frame(events or [], EVENTS),
        last=last_facts(arranged(frame(facts or [], FACTS), people), people.height, as_of=TODAY),
        alerts=alerts_of(gaps or [], people),
        concepts=CONCEPTS,
        as_of=TODAY,
        now=NOW,
        zone=CHICAGO,
    )
    return merge_panel(
        [part],
        groups=pl.DataFrame({"group_id": ["g1"], "name": ["Lakeside"]}),
        providers=frame([{"provider_id": "p1", "first": "Ada", "last": "Lake", "credential": "MD"}], PROVIDER),
        measures=MEASURES,
        concepts=CONCEPTS,
    )


def word(tables: PanelTables, column: str, code: int) -> str | None:
    """The text behind a code of the panel; empty for 0."""
    words = tables.vocabularies.filter(pl.col("column") == column, pl.col("code") == code)
    return words["text"].item() if words.height else None


def test_the_panel_has_its_stated_shape_and_a_pair_of_columns_for_each_lab() -> None:
    tables = panel_of([{"patient_id": "a", "last": "Abel", "birth_date": date(1970, 1, 1)}])

    expected = {**PANEL, "lab_hba1c": pl.Float64(), "lab_hba1c_on": pl.Date()}
    assert dict(tables.panel.schema) == expected


def test_a_panel_of_nobody_is_empty() -> None:
    assert panel_of([]).panel.height == 0


def test_rows_are_in_the_order_of_names_without_case_and_accents() -> None:
    tables = panel_of(
        [
            {"patient_id": "1", "last": "Zola"},
            {"patient_id": "2", "last": "Ábel", "first": "Bo"},
            {"patient_id": "3", "last": "abel", "first": "Al", "middle": "C", "suffix": "Jr."},
            {"patient_id": "4"},
        ]
    )

    assert tables.panel["patient_id"].to_list() == ["3", "2", "1", "4"]
    assert tables.panel["name"].to_list() == ["abel, Al C Jr.", "Ábel, Bo", "Zola", None]


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(1976, 11, 24), date(2026, 11, 24), 50),
        (date(1976, 11, 25), date(2026, 11, 24), 49),
        (date(2000, 2, 29), date(2026, 2, 28), 25),  # no 29 February in 2026: a year older on 1 March
        (date(2000, 2, 29), date(2026, 3, 1), 26),
        (date(2000, 2, 29), date(2024, 2, 29), 24),
        (date(2026, 11, 24), date(2026, 11, 24), 0),
        (date(2026, 11, 25), date(2026, 11, 24), None),
        (None, date(2026, 11, 24), None),
    ],
)
def test_age_is_counted_in_whole_years(born: date | None, on: date, age: int | None) -> None:
    patients = pl.DataFrame({"born": [born]}, schema={"born": pl.Date})

    assert patients.select(age_on(pl.col("born"), on)).item() == age


@given(st.dates(date(1900, 1, 1), date(2026, 12, 31)), st.dates(date(1900, 1, 1), date(2026, 12, 31)))
def test_nobody_is_older_than_the_years_between_or_younger_by_more_than_one(born: date, on: date) -> None:
    age = pl.DataFrame({"born": [born]}).select(age_on(pl.col("born"), on)).item()

    assert (age is None) == (born > on)
    assert age is None or on.year - born.year - 1 <= age <= on.year - born.year


def test_words_that_repeat_are_codes_and_an_id_without_a_name_is_shown_itself() -> None:
    known = {"patient_id": "1", "last": "A", "group_id": "g1", "pcp_id": "p1", "language": "es", "sex": "F"}
    tables = panel_of([known, {"patient_id": "2", "last": "B", "group_id": "g9", "status": "inactive"}])

    first, second = tables.panel.iter_rows(named=True)
    assert word(tables, "group", first["group"]) == "Lakeside"
    assert word(tables, "pcp", first["pcp"]) == "Ada Lake, MD"
    assert word(tables, "language", first["language"]) == "Spanish"
    assert word(tables, "sex", first["sex"]) == "Female"
    assert word(tables, "status", first["status"]) == "Active"
    assert word(tables, "group", second["group"]) == "g9"
    assert second["pcp"] == 0
    assert word(tables, "status", second["status"]) == "Inactive"


def test_who_has_a_day_of_death_is_deceased_whatever_the_status() -> None:
    tables = panel_of([{"patient_id": "1", "status": "active", "deceased_on": date(2026, 1, 2)}])

    assert word(tables, "status", tables.panel["status"].item()) == "Deceased"


def test_the_next_appointment_is_the_earliest_coming_one_that_stands() -> None:
    def on(day: datetime, status: str | None) -> dict[str, Any]:
        return {"appointment_id": f"{day}{status}", "patient_id": "1", "start_at": day, "status": status}

    tables = panel_of(
        [{"patient_id": "1"}, {"patient_id": "2"}],
        appointments=[
            on(datetime(2026, 11, 24, 11, 59), "scheduled"),  # a minute ago
            on(datetime(2026, 11, 25, 9, 0), "cancelled"),
            on(datetime(2026, 11, 26, 9, 0), "rescheduled"),
            on(datetime(2026, 12, 2, 23, 30), "confirmed"),
            on(datetime(2026, 12, 1, 23, 30), None),
        ],
    )

    assert tables.panel["next_appointment_on"].to_list() == [date(2026, 12, 1), None]


def test_the_last_visit_is_the_last_one_that_took_place() -> None:
    visit = {"patient_id": "1", "kind": "visit", "source_system": "s", "is_done": True, "received_at": RECEIVED}
    tables = panel_of(
        [{"patient_id": "1"}],
        events=[
            visit | {"event_id": "1", "on": date(2026, 5, 1)},
            visit | {"event_id": "2", "on": date(2026, 6, 1), "is_done": False},
            visit | {"event_id": "3", "on": date(2026, 7, 1), "superseded_at": RECEIVED},
            visit | {"event_id": "4", "on": date(2026, 12, 1)},
        ],
    )

    assert tables.panel["last_visit_on"].item() == date(2026, 5, 1)


def test_the_latest_lab_is_the_last_result_that_is_a_number() -> None:
    lab = {"patient_id": "1", "concept": "hba1c", "kind": "lab", "source_system": "s", "received_at": RECEIVED}
    tables = panel_of(
        [{"patient_id": "1"}],
        facts=[
            lab | {"event_id": "2", "on": date(2026, 6, 1), "value": 9.5},
            lab | {"event_id": "1", "on": date(2026, 5, 1), "value": 8.1},
            lab | {"event_id": "3", "on": date(2026, 7, 1), "value_text": "see note"},
        ],
    )

    assert tables.panel.select("lab_hba1c", "lab_hba1c_on").row(0) == (9.5, date(2026, 6, 1))


def test_alerts_are_the_names_of_open_gaps() -> None:
    gap = {"patient_id": "1", "reason": "", "as_of": TODAY}
    tables = panel_of(
        [{"patient_id": "1"}, {"patient_id": "2"}],
        gaps=[
            gap | {"measure_id": "dm-a1c", "state": "overdue"},
            gap | {"measure_id": "imm-flu", "state": "due_soon"},
        ],
    )

    assert tables.panel["alert_count"].to_list() == [1, 0]
    assert [word(tables, "alerts", c) for c in tables.panel["alerts"][0]] == ["DM: HbA1c Overdue"]
    assert tables.panel["alerts"][1].to_list() == []


def test_conditions_are_active_problems_by_our_name_and_by_the_feeds_words() -> None:
    problem = {"patient_id": "1", "kind": "problem", "source_system": "s", "is_done": True, "received_at": RECEIVED}
    fact = {"patient_id": "1", "kind": "problem", "concept": "diabetes", "on": date(2020, 1, 1)}
    tables = panel_of(
        [{"patient_id": "1"}],
        events=[
            problem | {"event_id": "1", "text": "Diabetes type 2", "on": date(2020, 1, 1), "status": "active"},
            problem | {"event_id": "2", "text": "Fracture", "on": date(2020, 1, 1), "end_on": date(2020, 3, 1)},
            problem | {"event_id": "3", "text": "Asthma", "status": "resolved"},
            problem | {"event_id": "4", "text": "Gout"},
            problem | {"event_id": "5", "text": "DIABETES"},  # said already, by our name
        ],
        facts=[fact, fact | {"concept": "asthma", "end_on": date(2020, 3, 1)}],
    )

    names = [word(tables, "conditions", c) for c in tables.panel["conditions"].item()]
    assert names == ["Diabetes", "Diabetes type 2", "Gout"]


def test_the_care_manager_is_the_one_who_began_last() -> None:
    tables = panel_of(
        [{"patient_id": "1"}],
        care_team=[
            {"patient_id": "1", "role": "Care Manager", "provider_id": "p1", "since": date(2026, 1, 1)},
            {"patient_id": "1", "role": "care_manager", "provider_id": "p2", "since": None},
            {"patient_id": "1", "role": "cardiologist", "provider_id": "p3", "since": date(2026, 2, 1)},
        ],
    )

    assert word(tables, "care_manager", tables.panel["care_manager"].item()) == "Ada Lake, MD"


def test_parts_share_one_vocabulary() -> None:
    def part(patient_id: str, payer: str) -> pl.DataFrame:
        return build_panel(
            frame([{"patient_id": patient_id, "payer": payer}], PATIENT),
            appointments=frame([], APPOINTMENT),
            care_team=frame([], CARE_TEAM),
            events=frame([], EVENTS),
            last=LastFacts(1),
            alerts=alerts_of([], frame([], PATIENT)),
            concepts=CONCEPTS,
            as_of=TODAY,
            now=NOW,
            zone=CHICAGO,
        )

    tables = merge_panel(
        (part(i, payer) for i, payer in [("1", "Medicare"), ("2", "Medicaid"), ("3", "Medicare")]),
        groups=pl.DataFrame(schema={"group_id": pl.String, "name": pl.String}),
        providers=frame([], PROVIDER),
        measures=MEASURES,
        concepts=CONCEPTS,
    )

    assert [word(tables, "payer", code) for code in tables.panel["payer"]] == ["Medicare", "Medicaid", "Medicare"]
