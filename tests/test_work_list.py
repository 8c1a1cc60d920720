"""Work lists: which patients a filter finds, in which order, and what is counted on the way."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.fields import ACTIONS, FIELDS, Field, field
from core.domain.found import Found, Step, find
from core.domain.period import Period
from core.domain.user import Scope
from core.domain.work_list import Filter, Sort, WorkList
from core.errors import CareloopError
from tests.drawn import drawn
from tests.drawn_panel import GROUPS, MEASURES, PROVIDERS, TODAY, found_slowly, no_live, panel_of

EVERYBODY = Scope()


def run(patients: list[dict[str, Any]], work_list: WorkList, *, scope: Scope = EVERYBODY) -> Found:
    return find(panel_of(patients), work_list, scope=scope, live=no_live)


def ids(patients: list[dict[str, Any]], *rows: Filter) -> set[str]:
    return set(run(patients, WorkList(filters=(rows,))).ids)


# ---- drawn: every action of every kind, with an empty cell and the boundaries --------------------------------------
CELLS: dict[str, dict[str, Any]] = {
    "email": {"ann": "Ann@Example.org", "bo": "bo@example.org", "none": None},
    "name": {"ann": "Peña Ruiz, Ann María", "bo": "Smith, Bo", "none": None},
    "phone_mobile": {"ann": "+15550100199", "bo": "+15550100200", "none": None},
    "payer": {"ann": "Medicare Part B", "bo": "Blue Cross", "none": None},
    "language": {"ann": "es", "bo": "en", "none": None},
    "alerts": {"ann": ["dm-a1c", "imm-flu"], "bo": ["scr"], "none": []},
    "age": {"ann": 50, "bo": 74, "none": None},
    "lab:hba1c": {"ann": 9.0, "bo": 5.6, "none": None},
    "next_appointment": {"ann": date(2026, 12, 24), "bo": date(2026, 12, 25), "none": None},
    "last_visit": {"ann": date(2026, 10, 24), "bo": date(2026, 10, 23), "none": None},
}
MONTH = Period(1, "months")
DRAWN: list[tuple[str, str, Any, str]] = [
    ("email", "contains", "EXAMPLE", "ann bo"),
    ("email", "contains", "ann", "ann"),
    ("email", "not_contains", "ann", "bo none"),
    ("email", "equals", " ann@example.org ", "ann"),
    ("email", "not_equals", "ann@example.org", "bo none"),
    ("email", "one_of", ("BO@example.org", "x"), "bo"),
    ("email", "empty", None, "none"),
    ("email", "not_empty", None, "ann bo"),
    ("name", "contains", "pena", "ann"),
    ("name", "contains", "Peña Ruiz, A", "ann"),
    ("name", "contains", "maria pena", "ann"),
    ("name", "contains", "maría  PEÑA", "ann"),
    ("name", "contains", "ann pena", "ann"),
    ("name", "contains", "María, Ruiz", "ann"),
    ("name", "contains", "ruiz,ann", "ann"),
    ("name", "contains", "ann smith", ""),
    ("name", "contains", ",", "ann bo"),
    ("name", "not_contains", "bo, smith", "ann none"),
    ("name", "not_contains", "smith", "ann none"),
    ("name", "equals", "bo smith", "bo"),
    ("name", "equals", "Smith, Bo", "bo"),
    ("name", "equals", "Smith", ""),
    ("name", "not_equals", "Smith, Bo", "ann none"),
    ("name", "one_of", ("smith, bo", "ann maria peña ruiz"), "ann bo"),
    ("name", "empty", None, "none"),
    ("name", "not_empty", None, "ann bo"),
    ("phone_mobile", "contains", "(555) 010-0199", "ann"),
    ("phone_mobile", "contains", "0100", "ann bo"),
    ("phone_mobile", "not_contains", "01-99", "bo none"),
    ("phone_mobile", "equals", "+1 555 010 0199", "ann"),
    ("phone_mobile", "equals", "555-010-0199", "ann"),
    ("phone_mobile", "equals", "010-0199", ""),
    ("phone_mobile", "not_equals", "555.010.0199", "bo none"),
    ("phone_mobile", "one_of", ("5550100199", "5550100200"), "ann bo"),
    ("phone_mobile", "empty", None, "none"),
    ("phone_mobile", "not_empty", None, "ann bo"),
    ("payer", "contains", "medicare", "ann"),
    ("payer", "not_contains", "medicare", "bo none"),
    ("payer", "equals", "blue cross", "bo"),
    ("payer", "equals", "blue", ""),
    ("payer", "not_equals", "Blue Cross", "ann none"),
    ("payer", "one_of", ("Blue Cross", "Medicare Part B"), "ann bo"),
    ("payer", "empty", None, "none"),
    ("payer", "not_empty", None, "ann bo"),
    ("language", "equals", "Spanish", "ann"),
    ("language", "equals", "es", "ann"),
    ("alerts", "contains", "a1c", "ann"),
    ("alerts", "contains", "m", "ann bo"),
    ("alerts", "not_contains", "mammogram", "ann none"),
    ("alerts", "equals", "scr: mammogram", "bo"),
    ("alerts", "equals", "scr", "bo"),
    ("alerts", "not_equals", "scr", "ann none"),
    ("alerts", "one_of", ("scr", "imm-flu"), "ann bo"),
    ("alerts", "empty", None, "none"),
    ("alerts", "not_empty", None, "ann bo"),
    ("age", "equals", 50, "ann"),
    ("age", "not_equals", 50, "bo none"),
    ("age", "greater", 50, "bo"),
    ("age", "less", 74, "ann"),
    ("age", "between", (50, 74), "ann bo"),
    ("age", "between", (51, 73), ""),
    ("age", "empty", None, "none"),
    ("age", "not_empty", None, "ann bo"),
    ("lab:hba1c", "greater", 9, ""),
    ("lab:hba1c", "greater", 8.9, "ann"),
    ("lab:hba1c", "less", 5.7, "bo"),
    ("lab:hba1c", "between", (5.6, 9.0), "ann bo"),
    ("lab:hba1c", "empty", None, "none"),
    ("next_appointment", "in_next", MONTH, "ann"),  # 24 December is inside, 25 December is not
    ("next_appointment", "not_in_next", MONTH, "bo none"),  # nobody without an appointment has one next month
    ("next_appointment", "in_next", Period(30, "days"), "ann"),
    ("next_appointment", "in_next", Period(31, "days"), "ann bo"),
    ("next_appointment", "in_next", Period(4, "weeks"), ""),
    ("next_appointment", "in_last", MONTH, ""),
    ("last_visit", "in_last", MONTH, "ann"),
    ("last_visit", "not_in_last", MONTH, "bo none"),
    ("last_visit", "in_last", Period(32, "days"), "ann bo"),
    ("last_visit", "before", date(2026, 10, 24), "bo"),
    ("last_visit", "after", date(2026, 10, 23), "ann"),
    ("last_visit", "between", (date(2026, 10, 23), date(2026, 10, 24)), "ann bo"),
    ("last_visit", "equals", date(2026, 10, 23), "bo"),
    ("last_visit", "not_equals", date(2026, 10, 23), "ann none"),
    ("last_visit", "empty", None, "none"),
    ("last_visit", "not_empty", None, "ann bo"),
]


def people_of(key: str) -> list[dict[str, Any]]:
    column = field(key).column
    return [{"patient_id": who, column: value} for who, value in CELLS[key].items()]


@pytest.mark.parametrize(("key", "action", "value", "found"), DRAWN)
def test_a_filter_finds_exactly_the_drawn_patients(key: str, action: str, value: Any, found: str) -> None:
    assert ids(people_of(key), Filter(key, action, value)) == set(found.split())


def test_the_drawn_table_has_every_action_of_every_kind() -> None:
    seen = {(field(key).kind, action) for key, action, _value, _found in DRAWN}

    assert seen == {(kind, action.key) for kind, actions in ACTIONS.items() for action in actions}


def test_today_and_the_last_day_of_a_period_are_inside() -> None:
    patients = [{"patient_id": "today", "next_appointment_on": TODAY}]

    assert ids(patients, Filter("next_appointment", "in_next", Period(0, "days"))) == {"today"}
    assert ids(patients, Filter("next_appointment", "in_last", Period(1, "weeks"))) == {"today"}


@pytest.mark.parametrize(
    ("key", "action", "value", "says"),
    [
        ("age", "between", (74, 50), "two numbers, the lower one first"),
        ("age", "greater", "50", "a number"),
        ("age", "greater", float("nan"), "a number"),
        ("age", "greater", None, "a number"),
        ("email", "contains", "  ", "a text"),
        ("email", "one_of", (), "at least one text"),
        ("phone_home", "contains", "home", "a phone number"),
        ("phone_home", "one_of", ("5550100199", "x"), "a phone number"),
        ("birth_date", "before", "1970-01-01", "a date"),
        ("birth_date", "between", (date(2020, 1, 2), date(2020, 1, 1)), "two dates, the earlier one first"),
        ("next_appointment", "in_next", Period(-1, "days"), "a whole number of days, weeks or months"),
        ("next_appointment", "in_next", Period(999_999, "months"), "at most a hundred years"),
        ("next_appointment", "in_next", Period(1, "years"), "a whole number of days, weeks or months"),
        ("age", "contains", "5", "is between"),
        ("shoe_size", "equals", 5, "does not exist"),
    ],
)
def test_a_wrong_value_says_what_is_expected(key: str, action: str, value: Any, says: str) -> None:
    with pytest.raises(CareloopError, match=says):
        run([], WorkList(filters=((Filter(key, action, value),),)))


def test_a_lab_that_is_not_in_the_data_is_said_to_be_missing() -> None:
    with pytest.raises(CareloopError, match="no values of ferritin"):
        run([], WorkList(filters=((Filter("lab:ferritin", "greater", 5),),)))


# ---- groups of rows, attrition, breakdown ---------------------------------------------------------------------------
PEOPLE: list[dict[str, Any]] = [
    {"patient_id": "1", "name": "Abel, A", "group": "g1", "pcp": "p1", "age": 40, "alerts": ["scr"], "email": "a@b.c"},
    {"patient_id": "2", "name": "Bell, B", "group": "g1", "pcp": "p2", "age": 60, "alerts": ["scr", "imm-flu"]},
    {"patient_id": "3", "name": "Cole, C", "group": "g2", "pcp": "p2", "age": 70, "alerts": []},
    {"patient_id": "4", "name": "Dunn, D", "age": 80, "alerts": ["scr"], "email": "d@b.c"},
]


def test_rows_combine_with_and_and_groups_of_rows_with_or() -> None:
    work_list = WorkList(
        filters=(
            (Filter("alerts", "contains", "mammogram"), Filter("email", "not_empty")),
            (Filter("age", "between", (65, 75)),),
        )
    )

    assert sorted(run(PEOPLE, work_list).ids) == ["1", "3", "4"]


def test_a_group_without_rows_does_not_let_everybody_in() -> None:
    work_list = WorkList(filters=((Filter("age", "less", 50),), ()))

    assert run(PEOPLE, work_list).ids == ["1"]


def test_each_filter_says_how_many_it_removes_in_the_order_given() -> None:
    mammogram, email = Filter("alerts", "contains", "mammogram"), Filter("email", "not_empty")
    found = run(PEOPLE, WorkList(groups=("g1",), filters=((mammogram, email), (Filter("age", "less", 50),))))

    assert found.attrition == (
        Step(None, None, before=4, left=2),
        Step((0, 0), mammogram, before=2, left=2),
        Step((0, 1), email, before=2, left=1),
        Step((1, 0), Filter("age", "less", 50), before=2, left=1),
    )
    assert [step.removed for step in found.attrition] == [2, 0, 1, 1]


def test_the_number_found_is_broken_down_by_group_provider_and_alert() -> None:
    found = run(PEOPLE, WorkList())

    assert found.by_group().rows() == [("g1", "Lakeside", 2), ("g2", "Hillside", 1), (None, None, 1)]
    assert found.by_provider().rows() == [("p2", "Dr. José Hill", 2), ("p1", "Dr. Ada Lake", 1), (None, None, 1)]
    assert found.by_alert().rows() == [
        ("scr", "Scr: Mammogram", 3),
        ("imm-flu", "Imm: Missing Influenza Vaccination", 1),
    ]


@pytest.mark.parametrize(
    ("scope", "visible"),
    [
        (Scope(), ["1", "2", "3", "4"]),
        (Scope(groups=frozenset({"g1"})), ["1", "2"]),
        (Scope(providers=frozenset({"p2"})), ["2", "3"]),
        (Scope(groups=frozenset({"g1"}), providers=frozenset({"p2"})), ["2"]),
        (Scope(groups=frozenset()), []),
        (Scope(groups=frozenset({"elsewhere"})), []),
    ],
)
def test_nobody_outside_the_users_scope_is_found_or_counted(scope: Scope, visible: list[str]) -> None:
    found = run(PEOPLE, WorkList(groups=("g1", "g2")), scope=scope)
    everybody = run(PEOPLE, WorkList(sorts=()), scope=scope)

    assert set(found.ids) <= set(visible)
    assert everybody.ids == visible
    assert everybody.attrition[0].before == len(visible)
    assert everybody.by_group()["count"].sum() == len(visible)


# ---- order and pages ------------------------------------------------------------------------------------------------
def test_pages_follow_each_other_and_ties_are_settled_by_name_then_id() -> None:
    patients = [{"patient_id": f"{n:02}", "name": f"Same, {n % 2}", "alerts": ["scr"]} for n in range(20)]
    found = run(patients, WorkList())

    pages = [found.page(number, 6)["patient_id"].to_list() for number in range(found.page_count(6))]

    assert [len(page) for page in pages] == [6, 6, 6, 2]
    assert [patient for page in pages for patient in page] == found.ids
    assert found.ids == [f"{n:02}" for n in (*range(0, 20, 2), *range(1, 20, 2))]


def test_empty_cells_come_last_in_both_directions() -> None:
    patients: list[dict[str, Any]] = [
        {"patient_id": "1", "name": "A", "lab_hba1c": None},
        {"patient_id": "2", "name": "B", "lab_hba1c": 5.0},
        {"patient_id": "3", "name": "C", "lab_hba1c": 9.0},
    ]

    assert run(patients, WorkList(sorts=(Sort("lab:hba1c"),))).ids == ["2", "3", "1"]
    assert run(patients, WorkList(sorts=(Sort("lab:hba1c", descending=True),))).ids == ["3", "2", "1"]


def test_patients_of_one_name_are_ordered_by_the_next_key_in_both_directions() -> None:
    patients = [
        {"patient_id": "1", "name": "Same, Ann", "age": 30},
        {"patient_id": "2", "name": "Same, Ann", "age": 20},
        {"patient_id": "3", "name": "Same, Ann", "age": 20},
    ]

    for descending in (False, True):
        assert run(patients, WorkList(sorts=(Sort("name", descending), Sort("age")))).ids == ["2", "3", "1"]


def test_many_sort_keys_do_not_run_out_of_room() -> None:
    keys = ("lab:hba1c", "birth_date", "last_visit", "next_appointment", "age", "email", "payer", "alert_count", "name")
    patients = [
        {"patient_id": str(n), "name": f"N{n}", "birth_date": date(1900 + n, 1, 1), "email": f"{9 - n}@b.c"}
        for n in range(10)
    ]

    assert run(patients, WorkList(sorts=tuple(Sort(key) for key in keys))).ids == [str(n) for n in range(10)]


def test_a_page_shows_words_lists_and_dates() -> None:
    patients = [
        {
            "patient_id": "1",
            "name": "Abel, A",
            "group": "g1",
            "sex": "F",
            "alerts": ["scr", "dm-a1c"],
            "next_appointment_on": date(2026, 12, 1),
        }
    ]
    columns = ("name", "group", "sex", "alerts", "alert_count", "next_appointment", "payer", "lab:hba1c")

    page = run(patients, WorkList(columns=columns)).page(0, 10)

    assert page.columns == ["patient_id", *columns]
    assert page.row(0) == (
        "1",
        "Abel, A",
        "Lakeside",
        "Female",
        ["DM: HbA1c Overdue", "Scr: Mammogram"],
        2,
        date(2026, 12, 1),
        None,
        None,
    )


def test_a_list_of_nobody_has_one_empty_page() -> None:
    found = run([], WorkList())

    assert (found.count, found.ids, found.page_count(), found.page(0).height) == (0, [], 1, 0)
    assert found.by_group().height == found.by_alert().height == 0


# ---- against the slow reading ---------------------------------------------------------------------------------------
TEXTS = st.sampled_from(["Ann", "ann", "Ánn", "bo x", "Bo", "ßa", "a.b*", "(", "Ω", "Ann, Bo", "51"])
DATES = st.dates(date(2026, 9, 1), date(2027, 3, 1))
PHONES = st.sampled_from(["+15550100199", "+15550100200", "+445550100199", "5550100199"])
PEOPLE_DRAWN = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "name": TEXTS,
            "email": TEXTS,
            "phone_mobile": PHONES,
            "phone_home": PHONES,
            "sex": st.sampled_from("FMOU"),
            "status": st.sampled_from(["x", "Ann"]),
            "group": st.sampled_from([*GROUPS, "elsewhere"]),
            "pcp": st.sampled_from(list(PROVIDERS)),
            "care_manager": st.sampled_from(list(PROVIDERS)),
            "language": st.sampled_from(["en", "es"]),
            "payer": TEXTS,
            "race": TEXTS,
            "zip3": st.sampled_from(["606", "021"]),
            "alerts": st.lists(st.sampled_from(list(MEASURES)), unique=True),
            "conditions": st.lists(TEXTS, unique=True),
            "age": st.integers(0, 4),
            "birth_date": DATES,
            "next_appointment_on": DATES,
            "last_visit_on": DATES,
            "lab_hba1c": st.sampled_from([4.0, 5.5, 9.0]),
            "lab_hba1c_on": DATES,
        },
    ),
    max_size=12,
).map(lambda people: [person | {"patient_id": f"{n:02}"} for n, person in enumerate(people)])

ASKABLE = [*(of for of in FIELDS if not of.is_live), field("lab:hba1c"), field("lab_date:hba1c")]
PERIODS = st.builds(Period, st.integers(0, 4), st.sampled_from(["days", "weeks", "months"]))
NUMBERS = st.sampled_from([0, 1, 2, 3, 4, 5.5, 9.0])
WORDS_ASKED = TEXTS | st.sampled_from(["male", "Female", "dr.", "LAKESIDE", "elan", "Overdue", "Spanish"])


def values(of: Field, expected: str) -> st.SearchStrategy[Any]:
    text = st.sampled_from(["555", "+1 (555) 010-0199", "0100"]) if of.kind == "phone" else WORDS_ASKED
    return {
        "": st.none(),
        "text": text,
        "texts": st.lists(text, min_size=1, max_size=3).map(tuple),
        "number": NUMBERS,
        "numbers": st.tuples(NUMBERS, NUMBERS).map(lambda pair: tuple(sorted(pair))),
        "date": DATES,
        "dates": st.tuples(DATES, DATES).map(lambda pair: tuple(sorted(pair))),
        "period": PERIODS,
    }[expected]


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    of = draw(st.sampled_from(ASKABLE))
    action = draw(st.sampled_from(ACTIONS[of.kind]))
    return Filter(of.key, action.key, draw(values(of, action.value)))


WORK_LISTS = st.builds(
    WorkList,
    groups=st.lists(st.sampled_from(list(GROUPS)), max_size=2).map(tuple),
    providers=st.lists(st.sampled_from(list(PROVIDERS)), max_size=1).map(tuple),
    filters=st.lists(st.lists(filters(), max_size=3).map(tuple), max_size=3).map(tuple),
    sorts=st.lists(st.builds(Sort, st.sampled_from([of.key for of in ASKABLE]), st.booleans()), max_size=4).map(tuple),
)


@drawn(daily=60, many=250, people=PEOPLE_DRAWN, work_list=WORK_LISTS)
def test_any_work_list_finds_the_same_patients_as_the_slow_reading(
    people: list[dict[str, Any]], work_list: WorkList
) -> None:
    found = run(people, work_list)

    assert found.ids == found_slowly(people, work_list)
    assert found.count == len(found.ids) == found.by_group()["count"].sum()


@given(WORK_LISTS)
def test_a_work_list_survives_being_saved_as_json(work_list: WorkList) -> None:
    kept = WorkList.from_json(work_list.to_json())

    assert kept.to_json() == WorkList.from_json(kept.to_json()).to_json()
    assert found_slowly([], kept) == []


@pytest.mark.parametrize(
    "definition",
    [
        {"version": 2},
        {"version": 1, "filters": [[{"action": "empty"}]]},
        {"version": 1, "filters": [[{"field": "birth_date", "action": "before", "value": "soon"}]]},
        {"version": 1, "filters": [[{"field": "next_appointment", "action": "in_next", "value": 1}]]},
        {"version": 1, "sorts": ["name"]},
        {"version": 1, "columns": ["shoe_size"]},
    ],
)
def test_a_definition_that_cannot_be_read_is_refused_in_words(definition: dict[str, Any]) -> None:
    with pytest.raises(CareloopError):
        WorkList.from_json(definition)
