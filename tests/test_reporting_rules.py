"""Where official measures put a patient: drawn tables of charts, and generated dates against plain Python.

Each table says: name, what is in the chart, where the patient stands. Written from the public logic of the measures and
not from the rule files, so that a rule that is read wrongly shows. The period is the calendar year 2026.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.drawn import drawn
from tests.reporting_charts import (
    EXCEPTED,
    EXCLUDED,
    INITIAL,
    NUMERATOR,
    OPEN,
    OUTSIDE,
    Chart,
    Resource,
    cancelled,
    chart,
    coded,
    condition,
    device,
    dosage,
    encounter,
    immunization,
    medicine,
    not_ordered,
    observation,
    order,
    pressure,
    procedure,
    standing,
    supply,
)

pytestmark = pytest.mark.long

Row = tuple[str, Chart, str]

FIRST, LAST = "2026-01-01", "2026-12-31"
BEFORE, AFTER = "2025-12-31", "2027-01-01"
LAST_MOMENT = "2026-12-31T23:59:59+00:00"
DAY = "2026-05-01"  # an ordinary day
LONG_AGO = "2020-01-01"
OLD = "1956-06-15"  # born: 70 at the end of the period

# Visits that count for adults. Others are named where they are used.
WELLNESS = encounter("HCPCS G0438", DAY, own_id="wellness")
OFFICE = encounter("HCPCS G0463", DAY, own_id="office")
VIRTUAL = encounter("HCPCS G0071", DAY, own_id="virtual")


# ---- what several measures share: hospice, palliative care, frailty with illness, nursing home ----------------------
HOSPICE, PALLIATIVE, FRAILTY, NURSING_HOME = "hospice", "palliative care", "frail and ill", "nursing home"
NOTHING = "nothing"
FRAIL = condition("ICD10CM M62.84", "2026-03-01")
ILL = condition("ICD10CM C25.0", "2026-03-01")
DEMENTIA = "RXNORM 310436"
HOME, FACILITY = "SNOMED 428361000124107", "SNOMED 428371000124100"


def done(code: str, *days: str) -> list[Resource]:
    return [procedure(code, day) for day in days]


def stay(on: str, until: str, disposition: str = HOME, status: str = "finished") -> Resource:
    return encounter("inpatient_stay", on, until, disposition=disposition, status=status, kind="IMP", own_id="stay")


def asked_for_hospice(on: str, answer: str | None = "SNOMED 373066001", **more: Any) -> Resource:
    return observation("LOINC 45755-6", on, answer, category="survey", **more)


def in_hospice(onset: str | None, **more: Any) -> Resource:
    return condition("hospice_diagnosis", onset, **more)


def assessed(on: str, **more: Any) -> Resource:
    return observation("LOINC 71007-9", on, category="survey", **more)


def lives(on: str, where: str = "SNOMED 160734000", **more: Any) -> Resource:
    return observation("LOINC 71802-3", on, where, category="survey", **more)


def uses(on: str, what: str = "frailty_device", **more: Any) -> Resource:
    return observation("LOINC 98181-1", on, what, category="survey", **more)


def drug(on: str | None, *more: Resource, status: str = "active", intent: str = "order") -> Resource:
    return medicine(DEMENTIA, on, *more, status=status, intent=intent)


def taken_from(day: str) -> Resource:
    return dosage(bounds=(day, None))


EVERY_OTHER_DAY, THREE_A_DAY = dosage(2, every=(2, "d")), dosage(3, every=(24, "h"))


# The patient is 70 where the measure allows it. Third: for what the patient is excluded.
SHARED: list[tuple[str, list[Resource], str]] = [
    ("nothing more", [], NOTHING),
    # ---- hospice: left hospital for it
    ("left for a hospice at home on the first day", [stay("2025-12-20", FIRST)], HOSPICE),
    ("left for a hospice on the last day", [stay("2026-12-20", LAST_MOMENT, FACILITY)], HOSPICE),
    ("left for a hospice before the period", [stay("2025-12-20", "2025-12-31T23:59:59Z")], NOTHING),
    ("left for a hospice after the period", [stay("2026-12-20", AFTER)], NOTHING),
    ("stay that would end in a hospice is not over", [stay("2026-03-01", "2026-03-05", status="in-progress")], NOTHING),
    ("left hospital for somewhere else", [stay("2026-03-01", "2026-03-05", "somewhere_else")], NOTHING),
    ("left hospital, where to is not said", [stay("2026-03-01", "2026-03-05", "")], NOTHING),
    ("left a visit that is no stay for a hospice", [encounter("HCPCS G0463", "2026-03-01", disposition=HOME)], NOTHING),
    # ---- hospice: visits of it
    ("hospice visit ends on the first day", [encounter("HCPCS Q5003", "2025-11-01", FIRST)], HOSPICE),
    ("hospice visit ends the day before", [encounter("HCPCS Q5003", "2025-11-01", BEFORE)], NOTHING),
    ("hospice visit begins on the last day", [encounter("HCPCS G9473", LAST_MOMENT, "2027-02-01")], HOSPICE),
    ("hospice visit begins the day after", [encounter("HCPCS G9473", AFTER, "2027-02-01")], NOTHING),
    ("hospice visit around the period", [encounter("HCPCS T2042", "2025-06-01", "2027-06-01")], HOSPICE),
    ("hospice visit that is planned", [encounter("HCPCS Q5003", "2026-11-01", status="planned")], NOTHING),
    ("hospice visit that was cancelled", [encounter("HCPCS Q5003", "2026-11-01", status="cancelled")], NOTHING),
    # ---- hospice: asked
    ("yes to hospice on the first day", [asked_for_hospice(FIRST)], HOSPICE),
    ("yes to hospice on the last day", [asked_for_hospice(LAST_MOMENT)], HOSPICE),
    ("yes to hospice before the period", [asked_for_hospice(BEFORE)], NOTHING),
    ("yes to hospice after the period", [asked_for_hospice(AFTER)], NOTHING),
    ("yes to hospice for some days around New Year", [asked_for_hospice("2025-12-30", until=FIRST)], HOSPICE),
    ("another answer to hospice", [asked_for_hospice("2026-03-01", "another_answer")], NOTHING),
    ("no answer to hospice", [asked_for_hospice("2026-03-01", None)], NOTHING),
    ("yes to hospice, amended", [asked_for_hospice("2026-03-01", status="amended")], HOSPICE),
    ("yes to hospice, preliminary", [asked_for_hospice("2026-03-01", status="preliminary")], NOTHING),
    # ---- hospice: ordered and done
    ("hospice ordered on the first day", [order("HCPCS G0182", FIRST)], HOSPICE),
    ("hospice ordered on the last day", [order("HCPCS G0182", LAST_MOMENT, status="completed")], HOSPICE),
    ("hospice ordered before the period", [order("HCPCS G0182", BEFORE)], NOTHING),
    ("hospice ordered after the period", [order("HCPCS G0182", AFTER)], NOTHING),
    ("hospice order is a draft", [order("HCPCS G0182", "2026-03-01", status="draft")], NOTHING),
    ("hospice order was revoked", [order("HCPCS G0182", "2026-03-01", status="revoked")], NOTHING),
    ("hospice proposed", [order("HCPCS G0182", "2026-03-01", intent="proposal")], NOTHING),
    ("hospice planned", [order("HCPCS G0182", "2026-03-01", intent="plan")], NOTHING),
    ("hospice order from another order", [order("HCPCS G0182", "2026-03-01", intent="reflex-order")], HOSPICE),
    ("hospice order as first written", [order("HCPCS G0182", "2026-03-01", intent="original-order")], HOSPICE),
    ("hospice order as filled", [order("HCPCS G0182", "2026-03-01", intent="filler-order")], HOSPICE),
    ("hospice order of one time", [order("HCPCS G0182", "2026-03-01", intent="instance-order")], HOSPICE),
    ("hospice must not be given", [not_ordered(order("HCPCS G0182", "2026-03-01"), "medical_reason")], NOTHING),
    ("hospice care done until the first day", [procedure("HCPCS G0182", "2025-12-01", FIRST)], HOSPICE),
    ("hospice care done until the day before", [procedure("HCPCS G0182", "2025-12-01", BEFORE)], NOTHING),
    ("hospice care done after the period", [procedure("HCPCS G0182", AFTER)], NOTHING),
    ("hospice care not done", [procedure("HCPCS G0182", "2026-03-01", status="not-done")], NOTHING),
    # ---- hospice: diagnosis, and the period of any diagnosis
    ("diagnosis goes on", [in_hospice("2024-02-01")], HOSPICE),
    ("diagnosis came back", [in_hospice("2024-02-01", clinical="recurrence")], HOSPICE),
    ("diagnosis relapsed", [in_hospice("2024-02-01", clinical="relapse")], HOSPICE),
    ("diagnosis inactive, end unknown", [in_hospice("2024-02-01", clinical="inactive")], NOTHING),
    ("diagnosis resolved, end unknown", [in_hospice("2024-02-01", clinical="resolved")], NOTHING),
    ("diagnosis in remission, end unknown", [in_hospice("2024-02-01", clinical="remission")], NOTHING),
    ("diagnosis without a status, end unknown", [in_hospice("2024-02-01", clinical="")], NOTHING),
    ("diagnosis inactive, begun in the period", [in_hospice("2026-02-01", clinical="inactive")], HOSPICE),
    ("diagnosis ended on the first day", [in_hospice("2024-02-01", abated=FIRST)], HOSPICE),
    ("diagnosis ended the day before", [in_hospice("2024-02-01", abated="2025-12-31T23:59:59Z")], NOTHING),
    ("diagnosis still called active, ended", [in_hospice("2024-02-01", abated=BEFORE, clinical="active")], NOTHING),
    ("diagnosis begun on the last day", [in_hospice(LAST_MOMENT)], HOSPICE),
    ("diagnosis begun the day after", [in_hospice(AFTER)], NOTHING),
    ("diagnosis unconfirmed", [in_hospice("2026-02-01", verification="unconfirmed")], HOSPICE),
    ("diagnosis provisional", [in_hospice("2026-02-01", verification="provisional")], HOSPICE),
    ("diagnosis differential", [in_hospice("2026-02-01", verification="differential")], HOSPICE),
    ("diagnosis not said to be verified", [in_hospice("2026-02-01", verification=None)], HOSPICE),
    ("diagnosis refuted", [in_hospice("2026-02-01", verification="refuted")], NOTHING),
    ("diagnosis entered in error", [in_hospice("2026-02-01", verification="entered-in-error")], NOTHING),
    ("diagnosis on the problem list", [in_hospice("2026-02-01", category="problem-list-item")], HOSPICE),
    # ---- palliative care
    ("palliative care assessed on the first day", [assessed(FIRST)], PALLIATIVE),
    ("palliative care assessed the day before", [assessed(BEFORE)], NOTHING),
    ("palliative care assessed, entered in error", [assessed(FIRST, status="entered-in-error")], NOTHING),
    ("palliative care diagnosed", [condition("ICD10CM Z51.5", LAST)], PALLIATIVE),
    ("palliative care diagnosed after", [condition("ICD10CM Z51.5", AFTER)], NOTHING),
    ("palliative care was over", [condition("ICD10CM Z51.5", "2024-01-01", abated=BEFORE)], NOTHING),
    ("palliative visit", [encounter("HCPCS G9054", "2025-12-01", FIRST)], PALLIATIVE),
    ("palliative visit before", [encounter("HCPCS G9054", "2025-12-01", BEFORE)], NOTHING),
    ("palliative visit goes on", [encounter("HCPCS G9054", "2026-06-01", status="in-progress")], NOTHING),
    ("palliative treatment", done("palliative_intervention", LAST_MOMENT), PALLIATIVE),
    ("palliative treatment after", done("palliative_intervention", AFTER), NOTHING),
    ("palliative treatment not done", [procedure("palliative_intervention", LAST, status="not-done")], NOTHING),
    # ---- frailty, each form of it beside an illness
    ("frail, not ill", [FRAIL], NOTHING),
    ("ill, not frail", [ILL], NOTHING),
    ("frail and ill", [FRAIL, ILL], FRAILTY),
    ("device ordered on the first day", [ILL, device("frailty_device", FIRST)], FRAILTY),
    ("device ordered on the last day", [ILL, device("frailty_device", LAST_MOMENT, status="completed")], FRAILTY),
    ("device ordered before", [ILL, device("frailty_device", BEFORE)], NOTHING),
    ("device ordered after", [ILL, device("frailty_device", AFTER)], NOTHING),
    ("device order on hold", [ILL, device("frailty_device", LAST, status="on-hold")], NOTHING),
    ("device proposed", [ILL, device("frailty_device", LAST, intent="proposal")], NOTHING),
    ("device used on the first day", [ILL, uses(FIRST)], FRAILTY),
    ("device used until the first day", [ILL, uses("2025-06-01", until=FIRST)], FRAILTY),
    ("device used before", [ILL, uses(BEFORE)], NOTHING),
    ("device used until after the period", [ILL, uses("2026-06-01", until=AFTER)], NOTHING),
    ("another device used", [ILL, uses("2026-06-01", "another_device")], NOTHING),
    ("frailty ended on the first day", [ILL, condition("ICD10CM L89.159", "2025-05-01", abated=FIRST)], FRAILTY),
    ("frailty ended before", [ILL, condition("ICD10CM L89.159", "2025-05-01", abated=BEFORE)], NOTHING),
    ("frailty refuted", [ILL, condition("ICD10CM M62.84", DAY, verification="refuted")], NOTHING),
    ("frailty visit on the last day", [ILL, encounter("HCPCS G0162", LAST_MOMENT)], FRAILTY),
    ("frailty visit before", [ILL, encounter("HCPCS G0162", BEFORE)], NOTHING),
    ("frailty symptom, preliminary", [ILL, observation("ICD10CM R54", LAST, status="preliminary")], FRAILTY),
    ("frailty symptom, final", [ILL, observation("ICD10CM R26.2", FIRST)], FRAILTY),
    ("frailty symptom, cancelled", [ILL, observation("ICD10CM R54", LAST, status="cancelled")], NOTHING),
    ("frailty symptom before", [ILL, observation("ICD10CM R54", BEFORE)], NOTHING),
    # ---- illness: begun in the period or in the year before it
    ("ill from the first day of the year before", [FRAIL, condition("ICD10CM C25.0", "2025-01-01")], FRAILTY),
    ("ill from the day before that", [FRAIL, condition("ICD10CM C25.0", "2024-12-31")], NOTHING),
    ("ill from the last day", [FRAIL, condition("ICD10CM C25.0", LAST_MOMENT)], FRAILTY),
    ("ill from the day after", [FRAIL, condition("ICD10CM C25.0", AFTER)], NOTHING),
    ("ill for a month", [FRAIL, condition("ICD10CM C25.0", "2025-02-01", abated="2025-03-01")], FRAILTY),
    ("illness refuted", [FRAIL, condition("ICD10CM C25.0", "2026-02-01", verification="refuted")], NOTHING),
    # ---- medicine for dementia: the days it covers
    ("30 days from 3 December reach the window", [FRAIL, drug("2024-12-03", supply(30))], FRAILTY),
    ("30 days from 2 December do not", [FRAIL, drug("2024-12-02", supply(30))], NOTHING),
    ("10 days and two refills reach it", [FRAIL, drug("2024-12-03", supply(10, refills=2))], FRAILTY),
    ("10 days and two refills do not", [FRAIL, drug("2024-12-02", supply(10, refills=2))], NOTHING),
    ("4 weeks from 5 December reach it", [FRAIL, drug("2024-12-05", supply(4, unit="wk"))], FRAILTY),
    ("4 weeks from 4 December do not", [FRAIL, drug("2024-12-04", supply(4, unit="wk"))], NOTHING),
    ("60 pills, 1 twice a day, reach it", [FRAIL, drug("2024-12-03", supply(pills=60), dosage(1, times=2))], FRAILTY),
    ("60 pills, 1 twice a day, do not", [FRAIL, drug("2024-12-02", supply(pills=60), dosage(1, times=2))], NOTHING),
    ("30 pills, 2 every second day, reach it", [FRAIL, drug("2024-12-03", supply(pills=30), EVERY_OTHER_DAY)], FRAILTY),
    ("30 pills, 2 every second day, do not", [FRAIL, drug("2024-12-02", supply(pills=30), EVERY_OTHER_DAY)], NOTHING),
    ("30 pills, 2 refills, reach it", [FRAIL, drug("2024-12-03", supply(pills=30, refills=2), THREE_A_DAY)], FRAILTY),
    ("30 pills, 2 refills, do not", [FRAIL, drug("2024-12-02", supply(pills=30, refills=2), THREE_A_DAY)], NOTHING),
    ("days supplied count before pills", [FRAIL, drug("2024-12-02", supply(30, pills=600), dosage())], NOTHING),
    ("begins later than ordered", [FRAIL, drug("2024-11-01", supply(30), taken_from("2024-12-03"))], FRAILTY),
    ("begins earlier than ordered", [FRAIL, drug("2024-12-20", supply(30), taken_from("2024-12-02"))], NOTHING),
    ("no day of order: supply valid from", [FRAIL, drug(None, supply(30, valid="2024-12-03"))], FRAILTY),
    ("no day of order: supply valid too early", [FRAIL, drug(None, supply(30, valid="2024-12-02"))], NOTHING),
    ("the order counts before the validity", [FRAIL, drug("2024-12-02", supply(30, valid="2025-06-01"))], NOTHING),
    ("medicine from the last day", [FRAIL, drug(LAST_MOMENT, supply(30))], FRAILTY),
    ("medicine from the day after", [FRAIL, drug(AFTER, supply(30))], NOTHING),
    ("medicine for how long is not said", [FRAIL, drug(DAY)], NOTHING),
    ("medicine no longer active", [FRAIL, drug(DAY, supply(30), status="completed")], NOTHING),
    ("medicine stopped", [FRAIL, drug(DAY, supply(30), status="stopped")], NOTHING),
    ("medicine only planned", [FRAIL, drug(DAY, supply(30), intent="plan")], NOTHING),
    ("another medicine", [FRAIL, medicine("RXNORM 803348", DAY, supply(30))], NOTHING),
    # ---- nursing home: the last housing status that is not after the period
    ("in a nursing home on the last day", [lives(LAST_MOMENT)], NURSING_HOME),
    ("in a nursing home for years", [lives("2019-04-01")], NURSING_HOME),
    ("in a nursing home after the period", [lives(AFTER)], NOTHING),
    ("was in a nursing home", [lives("2025-04-01"), lives("2026-04-01", "at_home")], NOTHING),
    ("came to a nursing home", [lives("2026-04-01"), lives("2025-04-01", "at_home")], NURSING_HOME),
    ("left the nursing home after the period", [lives("2026-04-01"), lives(AFTER, "at_home")], NURSING_HOME),
    ("left it, in error", [lives(FIRST), lives(LAST, "at_home", status="entered-in-error")], NURSING_HOME),
    ("in a nursing home, preliminary", [lives("2026-04-01", status="preliminary")], NOTHING),
    ("the answer that ends last", [lives("2026-01-01", until="2026-06-01"), lives(DAY, "at_home")], NURSING_HOME),
]


@dataclass(frozen=True)
class Base:
    """Somebody in the denominator, not in the numerator; what excludes them."""

    born: str
    holds: tuple[Resource, ...]
    excludes: tuple[str, ...]
    stands: str = OPEN
    excluded: str = EXCLUDED

    def holding(self, *more: Resource) -> Chart:
        return chart(*self.holds, *more, born=self.born)


DIABETES = condition("ICD10CM E11.9", "2020-02-01")
HYPERTENSION = condition("ICD10CM I10", "2020-02-01")
FAIR_A1C = observation("LOINC 4548-4", DAY, 7.0)
SMOKES = observation("LOINC 72166-2", DAY, "tobacco_user", category="social-history")
FOUR = (HOSPICE, PALLIATIVE, FRAILTY, NURSING_HOME)
BASES = {
    "CMS2": Base("1956-06-15", (WELLNESS,), ()),
    "CMS69": Base("1956-06-15", (WELLNESS,), (HOSPICE, PALLIATIVE)),
    "CMS117": Base("2024-06-15", (VIRTUAL,), (HOSPICE,)),
    "CMS122": Base("1956-06-15", (WELLNESS, DIABETES, FAIR_A1C), FOUR),
    "CMS124": Base("1966-06-15", (VIRTUAL,), (HOSPICE, PALLIATIVE)),
    "CMS125": Base("1956-06-15", (WELLNESS,), FOUR),
    "CMS130": Base("1956-06-15", (WELLNESS,), FOUR),
    "CMS131": Base("1956-06-15", (WELLNESS, DIABETES), FOUR),
    "CMS138": Base(
        "1956-06-15", (WELLNESS, SMOKES), (HOSPICE,), "numerator, open, open", "excluded, excluded, excluded"
    ),
    "CMS165": Base("1956-06-15", (WELLNESS, HYPERTENSION), FOUR),
    "CMS951": Base("1956-06-15", (WELLNESS, DIABETES), (HOSPICE, PALLIATIVE)),
}


@pytest.mark.parametrize("measure", BASES)
def test_hospice_palliative_care_frailty_and_nursing_homes_exclude_where_the_measure_says_so(measure: str) -> None:
    base = BASES[measure]

    found = standing(measure, {name: base.holding(*more) for name, more, _ in SHARED})

    assert found == {name: base.excluded if why in base.excludes else base.stands for name, _, why in SHARED}


# ---- ages from which frailty and nursing homes count ----------------------------------------------------------------
def aged(born: str, measure: str, *more: Resource) -> Chart:
    return chart(*BASES[measure].holds, *more, born=born)


PILLS = drug(FIRST, supply(30))


def frail_ages(measure: str) -> list[Row]:
    return [
        ("frail and ill at 66", aged("1960-12-31", measure, FRAIL, ILL), EXCLUDED),
        ("frail and ill at 65", aged("1961-01-01", measure, FRAIL, ILL), OPEN),
        ("frail, a dementia medicine at 66", aged("1960-12-31", measure, FRAIL, PILLS), EXCLUDED),
        ("frail, a dementia medicine at 65", aged("1961-01-01", measure, FRAIL, PILLS), OPEN),
        ("nursing home at 66", aged("1960-12-31", measure, lives("2026-02-01")), EXCLUDED),
        ("nursing home at 65", aged("1961-01-01", measure, lives("2026-02-01")), OPEN),
    ]


# ---- CMS125: breast cancer screening ---------------------------------------------------------------------------------
def woman(*more: Resource, born: str = "1966-06-15", visit: Resource = WELLNESS) -> Chart:
    return chart(visit, *more, born=born)


def mammogram(on: str, until: str | None = None, *, status: str = "final", category: str = "imaging") -> Resource:
    return observation("LOINC 24606-6", on, until=until, status=status, category=category)


NO_BREASTS, NO_LEFT, NO_RIGHT = "ICD10PCS 0HTV0ZZ", "ICD10PCS 0HTU0ZZ", "ICD10PCS 0HTT0ZZ"
LEFT, RIGHT = "SNOMED 7771000", "SNOMED 24028007"
GONE_LEFT = procedure(NO_LEFT, "2010-01-01")


def one_side(*sites: str, on: str = "2010-01-01") -> Resource:
    return condition("ICD10CM Z90.10", on, sites=sites)


CMS125: list[Row] = [
    # ---- age and sex
    ("42 on the last day", woman(born="1984-12-31"), OPEN),
    ("42 the day after", woman(born="1985-01-01"), OUTSIDE),
    ("74 through the last day", woman(born="1952-01-01"), OPEN),
    ("75 on the last day", woman(born="1951-12-31"), OUTSIDE),
    ("a man", chart(WELLNESS, born="1966-06-15", sex="M"), OUTSIDE),
    ("a woman registered as male", chart(WELLNESS, born="1966-06-15", gender="male"), OPEN),
    ("registered as female, sex not said", chart(WELLNESS, born="1966-06-15", sex=None, gender="female"), OUTSIDE),
    # ---- visit
    ("no visit", chart(born="1966-06-15"), OUTSIDE),
    ("office visit", woman(visit=OFFICE), OPEN),
    ("virtual visit", woman(visit=VIRTUAL), OPEN),
    ("visit at home", woman(visit=encounter("home_visit", DAY)), OPEN),
    ("telephone visit", woman(visit=encounter("telephone_visit", DAY)), OPEN),
    ("preventive visit, new patient", woman(visit=encounter("preventive_visit_adult", DAY)), OPEN),
    ("preventive visit, established", woman(visit=encounter("established_patient_visit", DAY)), OPEN),
    ("nutrition visit", woman(visit=encounter("HCPCS S9470", DAY)), OUTSIDE),
    ("eye visit", woman(visit=encounter("eye_visit", DAY)), OUTSIDE),
    ("visit on the first day", woman(visit=encounter("HCPCS G0438", "2026-01-01T00:00:00Z")), OPEN),
    ("visit until the last moment", woman(visit=encounter("HCPCS G0438", LAST, LAST_MOMENT)), OPEN),
    ("visit over the New Year before", woman(visit=encounter("HCPCS G0438", BEFORE, FIRST)), OUTSIDE),
    ("visit over the New Year after", woman(visit=encounter("HCPCS G0438", LAST, AFTER)), OUTSIDE),
    ("visit without an end", woman(visit=encounter("HCPCS G0438", DAY, "")), OUTSIDE),
    ("on the last day as written, far west", woman(visit=encounter("HCPCS G0438", "2026-12-31T23:30:00-08:00")), OPEN),
    ("visit after as written, far east", woman(visit=encounter("HCPCS G0438", "2027-01-01T00:30:00+05:00")), OUTSIDE),
    ("visit planned", woman(visit=encounter("HCPCS G0438", DAY, status="planned")), OUTSIDE),
    ("visit cancelled", woman(visit=encounter("HCPCS G0438", DAY, status="cancelled")), OUTSIDE),
    ("visit begun, not finished", woman(visit=encounter("HCPCS G0438", DAY, status="in-progress")), OUTSIDE),
    # ---- mammogram: 27 months
    ("on the first day of the window", woman(mammogram("2024-10-01")), NUMERATOR),
    ("the day before the window", woman(mammogram("2024-09-30T23:59:59.999Z")), OPEN),
    ("in the last moment", woman(mammogram(LAST_MOMENT)), NUMERATOR),
    ("after the period", woman(mammogram("2027-01-01T00:00:00Z")), OPEN),
    ("ends on the first day of the window", woman(mammogram("2024-09-29", "2024-10-01")), NUMERATOR),
    ("ends after the period", woman(mammogram("2026-12-30", AFTER)), OPEN),
    ("amended", woman(mammogram("2026-03-01", status="amended")), NUMERATOR),
    ("corrected", woman(mammogram("2026-03-01", status="corrected")), NUMERATOR),
    ("preliminary", woman(mammogram("2026-03-01", status="preliminary")), OPEN),
    ("cancelled", woman(mammogram("2026-03-01", status="cancelled")), OPEN),
    ("entered in error", woman(mammogram("2026-03-01", status="entered-in-error")), OPEN),
    ("no category", woman(mammogram("2026-03-01", category="")), OPEN),
    ("another category", woman(mammogram("2026-03-01", category="laboratory")), OPEN),
    ("two categories", woman(mammogram("2026-03-01", category="exam imaging")), NUMERATOR),
    ("another test", woman(observation("LOINC 4548-4", "2026-03-01", category="imaging")), OPEN),
    # ---- breasts removed
    ("both removed long ago", woman(procedure(NO_BREASTS, "1999-01-01")), EXCLUDED),
    ("both removed on the last day", woman(procedure(NO_BREASTS, LAST_MOMENT)), EXCLUDED),
    ("both removed after", woman(procedure(NO_BREASTS, AFTER)), OPEN),
    ("removal ends after", woman(procedure(NO_BREASTS, LAST, AFTER)), OPEN),
    ("removal not done", woman(procedure(NO_BREASTS, "1999-01-01", status="not-done")), OPEN),
    ("both removed as history", woman(condition("ICD10CM Z90.13", LAST)), EXCLUDED),
    ("history without a beginning", woman(condition("ICD10CM Z90.13", None)), EXCLUDED),
    ("history of what came after", woman(condition("ICD10CM Z90.13", AFTER)), OPEN),
    ("history refuted", woman(condition("ICD10CM Z90.13", "2010-01-01", verification="refuted")), OPEN),
    ("history inactive", woman(condition("ICD10CM Z90.13", "2010-01-01", clinical="inactive")), EXCLUDED),
    ("left removed", woman(GONE_LEFT), OPEN),
    ("right removed", woman(procedure(NO_RIGHT, "2010-01-01")), OPEN),
    ("left and right removed", woman(GONE_LEFT, procedure(NO_RIGHT, LAST)), EXCLUDED),
    ("right removed after", woman(GONE_LEFT, procedure(NO_RIGHT, AFTER)), OPEN),
    ("left removed twice", woman(GONE_LEFT, condition("ICD10CM Z90.12", "2010-01-01")), OPEN),
    ("left removed, right as history", woman(GONE_LEFT, condition("ICD10CM Z90.11", LAST)), EXCLUDED),
    ("both as two histories", woman(condition("ICD10CM Z90.12", LAST), condition("ICD10CM Z90.11", LAST)), EXCLUDED),
    ("left by its site, right as history", woman(one_side(LEFT), condition("ICD10CM Z90.11", LAST)), EXCLUDED),
    ("left and right by their sites", woman(one_side(LEFT), one_side(RIGHT)), EXCLUDED),
    ("one entry with both sites", woman(one_side(LEFT, RIGHT)), EXCLUDED),
    ("left by its site twice", woman(one_side(LEFT), GONE_LEFT), OPEN),
    ("right by its site twice", woman(one_side(RIGHT), procedure(NO_RIGHT, "2010-01-01")), OPEN),
    ("a side that is not said", woman(one_side(), GONE_LEFT), OPEN),
    ("who is excluded is in no numerator", woman(procedure(NO_BREASTS, "1999-01-01"), mammogram(FIRST)), EXCLUDED),
    *frail_ages("CMS125"),
]
WELLNESS_25 = encounter("HCPCS G0438", "2025-05-01")
CMS125_IN_2025: list[Row] = [
    ("52 on the last day", chart(WELLNESS_25, born="1973-12-31"), OPEN),
    ("52 the day after", chart(WELLNESS_25, born="1974-01-01"), OUTSIDE),
    ("74", chart(WELLNESS_25, born="1951-01-01"), OPEN),
    ("75", chart(WELLNESS_25, born="1950-12-31"), OUTSIDE),
    ("a woman registered as male", chart(WELLNESS_25, born="1966-01-01", gender="male"), OUTSIDE),
    ("registered as female, sex not said", chart(WELLNESS_25, born="1966-01-01", sex=None, gender="female"), OPEN),
    ("on the first day of the window", chart(WELLNESS_25, mammogram("2023-10-01"), born="1966-01-01"), NUMERATOR),
    ("the day before the window", chart(WELLNESS_25, mammogram("2023-09-30"), born="1966-01-01"), OPEN),
    ("after the period", chart(WELLNESS_25, mammogram(FIRST), born="1966-01-01"), OPEN),
]


# ---- CMS122: glycemic status above 9 percent. In the numerator is who is above it, or has no result -----------------
def diabetic(*more: Resource, born: str = "1966-06-15", visit: Resource = WELLNESS) -> Chart:
    return chart(visit, DIABETES, *more, born=born)


def with_diagnosis(diagnosis: Resource) -> Chart:
    return chart(WELLNESS, diagnosis, FAIR_A1C, born="1966-06-15")


def a1c(on: str, value: float | None, unit: str = "%", *, until: str | None = None, status: str = "final") -> Resource:
    return observation("LOINC 4548-4", on, value, unit, until=until, status=status)


def gmi(on: str, value: float | None) -> Resource:
    return observation("LOINC 97506-0", on, value)


PROBLEM = condition("ICD10CM E11.9", "2020-02-01", category="problem-list-item")
REFUTED = condition("ICD10CM E11.9", "2020-02-01", verification="refuted")


def diabetes_diagnoses() -> list[Row]:
    e11 = "ICD10CM E11.9"
    return [
        ("type 1", with_diagnosis(condition("ICD10CM E10.10", "2020-02-01")), OPEN),
        ("other type", with_diagnosis(condition("ICD10CM E13.9", "2020-02-01")), OPEN),
        ("before a pregnancy", with_diagnosis(condition("ICD10CM O24.011", "2020-02-01")), OPEN),
        ("through a medicine", with_diagnosis(condition("ICD10CM E09.9", "2020-02-01")), OUTSIDE),
        ("begun on the last day", with_diagnosis(condition(e11, LAST_MOMENT)), OPEN),
        ("begun the day after", with_diagnosis(condition(e11, AFTER)), OUTSIDE),
        ("ended on the first day", with_diagnosis(condition(e11, "2020-02-01", abated=FIRST)), OPEN),
        ("ended the day before", with_diagnosis(condition(e11, "2020-02-01", abated=BEFORE)), OUTSIDE),
        ("inactive, end unknown", with_diagnosis(condition(e11, "2020-02-01", clinical="inactive")), OUTSIDE),
        ("inactive, begun in the period", with_diagnosis(condition(e11, "2026-07-01", clinical="inactive")), OPEN),
        ("came back", with_diagnosis(condition(e11, "2020-02-01", clinical="recurrence")), OPEN),
        ("provisional", with_diagnosis(condition(e11, "2020-02-01", verification="provisional")), OPEN),
        ("refuted", with_diagnosis(condition(e11, "2020-02-01", verification="refuted")), OUTSIDE),
        ("in error", with_diagnosis(condition(e11, "2020-02-01", verification="entered-in-error")), OUTSIDE),
        ("without a category", with_diagnosis(condition(e11, "2020-02-01", category=None)), OUTSIDE),
        ("on the problem list only", with_diagnosis(PROBLEM), OUTSIDE),
    ]


CMS122: list[Row] = [
    ("18 on the last day", diabetic(FAIR_A1C, born="2008-12-31"), OPEN),
    ("18 the day after", diabetic(FAIR_A1C, born="2009-01-01"), OUTSIDE),
    ("75 through the last day", diabetic(FAIR_A1C, born="1951-01-01"), OPEN),
    ("76 on the last day", diabetic(FAIR_A1C, born="1950-12-31"), OUTSIDE),
    ("office visit", diabetic(FAIR_A1C, visit=OFFICE), OPEN),
    ("visit at home", diabetic(FAIR_A1C, visit=encounter("home_visit", DAY)), OPEN),
    ("telephone visit", diabetic(FAIR_A1C, visit=encounter("telephone_visit", DAY)), OPEN),
    ("preventive visit", diabetic(FAIR_A1C, visit=encounter("preventive_visit_adult", DAY)), OPEN),
    ("nutrition visit", diabetic(FAIR_A1C, visit=encounter("HCPCS S9470", DAY)), OPEN),
    ("medical nutrition therapy", diabetic(FAIR_A1C, visit=encounter("CPT 97802", DAY)), OPEN),
    ("virtual visit", diabetic(FAIR_A1C, visit=VIRTUAL), OUTSIDE),
    ("eye visit", diabetic(FAIR_A1C, visit=encounter("eye_visit", DAY)), OUTSIDE),
    ("no diabetes", chart(WELLNESS, FAIR_A1C, born="1966-06-15"), OUTSIDE),
    *diabetes_diagnoses(),
    # ---- no result
    ("no test", diabetic(), NUMERATOR),
    ("test before the period", diabetic(a1c(BEFORE, 7)), NUMERATOR),
    ("test after the period", diabetic(a1c(AFTER, 7)), NUMERATOR),
    ("test cancelled", diabetic(a1c("2026-03-01", 7, status="cancelled")), NUMERATOR),
    ("test without a value", diabetic(a1c("2026-03-01", None)), NUMERATOR),
    ("a later test without a value", diabetic(a1c("2026-03-01", 7), a1c("2026-04-01", None)), NUMERATOR),
    ("an earlier test without a value", diabetic(a1c("2026-03-01", None), a1c("2026-04-01", 7)), OPEN),
    # ---- the limit
    ("9.0", diabetic(a1c("2026-03-01", 9.0)), OPEN),
    ("9.01", diabetic(a1c("2026-03-01", 9.01)), NUMERATOR),
    ("9.1", diabetic(a1c("2026-03-01", 9.1)), NUMERATOR),
    ("in another unit", diabetic(a1c("2026-03-01", 80, "mmol/mol")), OPEN),
    ("9.1 estimated by a sensor", diabetic(gmi("2026-03-01", 9.1)), NUMERATOR),
    # ---- the latest day, and the lowest of it
    ("on the first day", diabetic(a1c(FIRST, 7)), OPEN),
    ("in the last moment", diabetic(a1c(LAST_MOMENT, 7)), OPEN),
    ("ends on the first day", diabetic(a1c("2025-12-30", 7, until=FIRST)), OPEN),
    ("ends after the period", diabetic(a1c("2026-12-30", 7, until=AFTER)), NUMERATOR),
    ("better later", diabetic(a1c("2026-03-01", 10), a1c("2026-04-01", 7)), OPEN),
    ("worse later", diabetic(a1c("2026-04-01", 10), a1c("2026-03-01", 7)), NUMERATOR),
    ("worse after the period", diabetic(a1c("2026-04-01", 7), a1c(AFTER, 10)), OPEN),
    ("worse later, preliminary", diabetic(a1c("2026-04-01", 7), a1c(DAY, 10, status="preliminary")), OPEN),
    ("worse later by a sensor", diabetic(a1c("2026-04-01", 7), gmi(DAY, 9.5)), NUMERATOR),
    ("better later by a sensor", diabetic(a1c("2026-04-01", 9.5), gmi(DAY, 7)), OPEN),
    ("both on one day, one good", diabetic(a1c("2026-04-01T08:00:00Z", 8.5), a1c("2026-04-01T17:00:00Z", 9.5)), OPEN),
    ("both on one day, both bad", diabetic(a1c("2026-04-01", 9.6), gmi("2026-04-01", 9.5)), NUMERATOR),
    *frail_ages("CMS122"),
]
A1C_25 = observation("LOINC 4548-4", "2025-05-01", 7.0)
CMS122_IN_2025: list[Row] = [
    ("on the problem list only", chart(WELLNESS_25, PROBLEM, A1C_25, born="1966-06-15"), OPEN),
    ("as a visit diagnosis", chart(WELLNESS_25, DIABETES, A1C_25, born="1966-06-15"), OPEN),
    ("refuted", chart(WELLNESS_25, REFUTED, A1C_25, born=OLD), OPEN),
    ("another diagnosis", chart(WELLNESS_25, condition("ICD10CM I10", LONG_AGO), A1C_25, born=OLD), OUTSIDE),
    ("begun after the period", chart(WELLNESS_25, condition("ICD10CM E11.9", FIRST), born="1966-06-15"), OUTSIDE),
]


# ---- CMS130: colorectal cancer screening ---------------------------------------------------------------------------
def person(*more: Resource, born: str = "1966-06-15") -> Chart:
    return chart(WELLNESS, *more, born=born, sex="M")


def stool_test(
    code: str, on: str, value: str | None = "stool_result", *, until: str | None = None, status: str = "final"
) -> Resource:
    return observation(code, on, value, until=until, status=status)


def old(*more: Resource) -> Chart:
    return person(*more, born="1956-06-15")


FIT, DNA, CT = "LOINC 57905-2", "LOINC 77353-1", "LOINC 79101-2"
SCOPE, SHORT_SCOPE = "HCPCS G0121", "HCPCS G0104"
CMS130: list[Row] = [
    ("46 on the last day", person(born="1980-12-31"), OPEN),
    ("46 the day after", person(born="1981-01-01"), OUTSIDE),
    ("75 through the last day", person(born="1951-01-01"), OPEN),
    ("76 on the last day", person(born="1950-12-31"), OUTSIDE),
    ("a woman", chart(WELLNESS, born="1966-06-15"), OPEN),
    ("no visit", chart(born="1966-06-15"), OUTSIDE),
    # ---- stool tests need a result
    ("stool blood test on the first day", person(stool_test(FIT, FIRST)), NUMERATOR),
    ("stool blood test in the last moment", person(stool_test(FIT, LAST_MOMENT)), NUMERATOR),
    ("stool blood test before", person(stool_test(FIT, BEFORE)), OPEN),
    ("stool blood test after", person(stool_test(FIT, AFTER)), OPEN),
    ("stool blood test known on the first day", person(stool_test(FIT, BEFORE, until=FIRST)), NUMERATOR),
    ("stool blood test known after", person(stool_test(FIT, LAST, until=AFTER)), OPEN),
    ("stool blood test as a number", person(observation(FIT, FIRST, 3.0, "ng/mL")), NUMERATOR),
    ("stool blood test without a result", person(stool_test(FIT, FIRST, None)), OPEN),
    ("stool blood test preliminary", person(stool_test(FIT, FIRST, status="preliminary")), OPEN),
    ("stool DNA test two years before", person(stool_test(DNA, "2024-01-01")), NUMERATOR),
    ("stool DNA test a day earlier", person(stool_test(DNA, "2023-12-31T23:59:59Z")), OPEN),
    ("stool DNA test on the last day", person(stool_test(DNA, LAST)), NUMERATOR),
    ("stool DNA test without a result", person(stool_test(DNA, FIRST, None)), OPEN),
    ("stool blood test two years before", person(stool_test(FIT, "2024-06-01")), OPEN),
    # ---- pictures and scopes do not
    ("sigmoidoscopy four years before", person(procedure(SHORT_SCOPE, "2022-01-01")), NUMERATOR),
    ("sigmoidoscopy a day earlier", person(procedure(SHORT_SCOPE, "2021-12-31")), OPEN),
    ("sigmoidoscopy after", person(procedure(SHORT_SCOPE, AFTER)), OPEN),
    ("CT colonography four years before", person(observation(CT, "2022-01-01", category="imaging")), NUMERATOR),
    ("CT colonography a day earlier", person(observation(CT, "2021-12-31", category="imaging")), OPEN),
    ("CT colonography without a category", person(observation(CT, FIRST)), OPEN),
    ("CT colonography registered", person(observation(CT, FIRST, category="imaging", status="registered")), OPEN),
    ("colonoscopy nine years before", person(procedure(SCOPE, "2017-01-01")), NUMERATOR),
    ("colonoscopy a day earlier", person(procedure(SCOPE, "2016-12-31")), OPEN),
    ("colonoscopy in the last moment", person(procedure("HCPCS G0105", LAST_MOMENT)), NUMERATOR),
    ("colonoscopy that ends in the window", person(procedure(SCOPE, "2016-12-31", "2017-01-01")), NUMERATOR),
    ("colonoscopy that ends after", person(procedure(SCOPE, LAST, AFTER)), OPEN),
    ("colonoscopy broken off", person(procedure(SCOPE, FIRST, status="stopped")), OPEN),
    ("colonoscopy only ordered", person(order(SCOPE, FIRST)), OPEN),
    # ---- exclusions
    ("cancer", person(condition("ICD10CM C18.7", LAST)), EXCLUDED),
    ("cancer in the past", person(condition("ICD10CM Z85.038", "1999-01-01")), EXCLUDED),
    ("cancer cured long ago", person(condition("ICD10CM C20", "1990-01-01", abated="1991-01-01")), EXCLUDED),
    ("cancer found after", person(condition("ICD10CM C18.7", AFTER)), OPEN),
    ("cancer refuted", person(condition("ICD10CM C18.7", "2020-01-01", verification="refuted")), OPEN),
    ("another cancer", person(condition("ICD10CM C21.0", "2020-01-01")), OPEN),
    ("colon removed", person(procedure("ICD10PCS 0DTE0ZZ", "1990-01-01")), EXCLUDED),
    ("colon removed on the last day", person(procedure("ICD10PCS 0DTE4ZZ", LAST_MOMENT)), EXCLUDED),
    ("colon removed after", person(procedure("ICD10PCS 0DTE0ZZ", AFTER)), OPEN),
    ("colon to be removed", person(procedure("ICD10PCS 0DTE0ZZ", LAST, status="preparation")), OPEN),
    *frail_ages("CMS130"),
]


# ---- CMS124: cervical cancer screening -----------------------------------------------------------------------------
def patient(*more: Resource, born: str = "1986-06-15", visit: Resource = VIRTUAL) -> Chart:
    return chart(visit, *more, born=born)


PAP, HPV = "LOINC 10524-7", "LOINC 21440-3"


def smear(
    code: str, on: str, value: str | None = "result", *, until: str | None = None, status: str = "final"
) -> Resource:
    return observation(code, on, value, until=until, status=status)


CMS124: list[Row] = [
    ("24 on the last day", patient(born="2002-12-31"), OPEN),
    ("24 the day after", patient(born="2003-01-01"), OUTSIDE),
    ("64 through the last day", patient(born="1962-01-01"), OPEN),
    ("65 on the last day", patient(born="1961-12-31"), OUTSIDE),
    ("a man", chart(VIRTUAL, born="1986-06-15", sex="M"), OUTSIDE),
    ("a woman registered as male", chart(VIRTUAL, born="1986-06-15", gender="male"), OPEN),
    ("registered as female, sex not said", chart(VIRTUAL, born="1986-06-15", sex=None, gender="female"), OUTSIDE),
    ("office visit", patient(visit=OFFICE), OPEN),
    ("preventive visit", patient(visit=encounter("preventive_visit_adult", DAY)), OPEN),
    ("preventive visit, established", patient(visit=encounter("established_patient_visit", DAY)), OPEN),
    ("visit at home", patient(visit=encounter("home_visit", DAY)), OPEN),
    ("telephone visit", patient(visit=encounter("telephone_visit", DAY)), OPEN),
    ("wellness visit", patient(visit=WELLNESS), OUTSIDE),
    # ---- Pap test
    ("Pap test two years before", patient(smear(PAP, "2024-01-01")), NUMERATOR),
    ("Pap test a day earlier", patient(smear(PAP, "2023-12-31T23:59:59Z")), OPEN),
    ("Pap test known on the first day of it", patient(smear(PAP, "2023-12-28", until="2024-01-01")), NUMERATOR),
    ("Pap test in the last moment", patient(smear(PAP, LAST_MOMENT)), NUMERATOR),
    ("Pap test after", patient(smear(PAP, AFTER)), OPEN),
    ("Pap test known after", patient(smear(PAP, LAST, until=AFTER)), OPEN),
    ("Pap test without a result", patient(smear(PAP, FIRST, None)), OPEN),
    ("Pap test preliminary", patient(smear(PAP, FIRST, status="preliminary")), OPEN),
    ("Pap test corrected", patient(smear(PAP, FIRST, status="corrected")), NUMERATOR),
    ("Pap test at 22", patient(smear(PAP, "2024-06-01"), born="2002-05-01"), NUMERATOR),
    # ---- HPV test from 30
    ("HPV test four years before", patient(smear(HPV, "2022-01-01")), NUMERATOR),
    ("HPV test a day earlier", patient(smear(HPV, "2021-12-31")), OPEN),
    ("HPV test after", patient(smear(HPV, AFTER)), OPEN),
    ("HPV test without a result", patient(smear(HPV, FIRST, None)), OPEN),
    ("HPV test on the 30th birthday", patient(smear(HPV, "2022-03-01"), born="1992-03-01"), NUMERATOR),
    ("HPV test the day before", patient(smear(HPV, "2022-02-28T23:59:59Z"), born="1992-03-01"), OPEN),
    ("HPV test known at 30", patient(smear(HPV, "2022-02-27", until="2022-03-01"), born="1992-03-01"), NUMERATOR),
    ("HPV test at 29, 30 on the last day", patient(smear(HPV, DAY), born="1996-12-31"), OPEN),
    ("HPV test on 28 February, born on the 29th", patient(smear(HPV, "2022-02-28"), born="1992-02-29"), OPEN),
    ("HPV test on 1 March, born on the 29th", patient(smear(HPV, "2022-03-01"), born="1992-02-29"), NUMERATOR),
    # ---- no cervix
    ("womb removed", patient(procedure("ICD10PCS 0UTC0ZZ", "2000-01-01")), EXCLUDED),
    ("womb removed on the last day", patient(procedure("ICD10PCS 0UTC7ZZ", LAST_MOMENT)), EXCLUDED),
    ("womb removed after", patient(procedure("ICD10PCS 0UTC0ZZ", AFTER)), OPEN),
    ("womb not removed", patient(procedure("ICD10PCS 0UTC0ZZ", "2000-01-01", status="not-done")), OPEN),
    ("no cervix from birth", patient(condition("ICD10CM Q51.5", "1986-06-15")), EXCLUDED),
    ("no cervix any more", patient(condition("ICD10CM Z90.710", LAST, clinical="inactive")), EXCLUDED),
    ("no cervix later", patient(condition("ICD10CM Z90.712", AFTER)), OPEN),
    ("no cervix refuted", patient(condition("ICD10CM Z90.710", FIRST, verification="refuted")), OPEN),
    ("womb removed, cervix kept", patient(condition("ICD10CM Z90.711", FIRST)), OPEN),
]
VIRTUAL_25 = encounter("HCPCS G0071", "2025-05-01")
CMS124_IN_2025: list[Row] = [
    ("a woman registered as male", chart(VIRTUAL_25, born="1986-06-15", gender="male"), OUTSIDE),
    ("registered as female, sex not said", chart(VIRTUAL_25, born="1986-06-15", sex=None, gender="female"), OPEN),
    ("Pap test two years before", chart(VIRTUAL_25, smear(PAP, "2023-01-01"), born="1986-06-15"), NUMERATOR),
    ("Pap test a day earlier", chart(VIRTUAL_25, smear(PAP, "2022-12-31"), born="1986-06-15"), OPEN),
    ("HPV test four years before", chart(VIRTUAL_25, smear(HPV, "2021-01-01"), born="1986-06-15"), NUMERATOR),
    ("HPV test a day earlier", chart(VIRTUAL_25, smear(HPV, "2020-12-31"), born="1986-06-15"), OPEN),
]


# ---- CMS131: eye exam with diabetes --------------------------------------------------------------------------------
def exam(on: str, until: str | None = None, *, status: str = "final", category: str = "exam") -> Resource:
    return observation("retinal_exam", on, until=until, status=status, category=category)


def machine(on: str, value: str | None = "LOINC LA34398-0", category: str = "exam") -> Resource:
    return observation("LOINC 105914-6", on, value, category=category)


def left(on: str, value: str = "LOINC LA18644-7", category: str = "exam") -> Resource:
    return observation("LOINC 71490-7", on, value, category=category)


def right(on: str, value: str = "LOINC LA18644-7", category: str = "exam") -> Resource:
    return observation("LOINC 71491-5", on, value, category=category)


CLEAR = "LOINC LA18643-9"
RETINOPATHY = condition("ICD10CM E11.319", "2020-02-01")


def before_with(onset: str, **more: Any) -> Chart:
    """Retinopathy, and an exam the day before the period."""
    return diabetic(condition("ICD10CM E11.319", onset, **more), exam(BEFORE))


NO_EYES = condition("SNOMED 15665641000119103", "2010-01-01")
CMS131: list[Row] = [
    ("18 on the last day", diabetic(born="2008-12-31"), OPEN),
    ("18 the day after", diabetic(born="2009-01-01"), OUTSIDE),
    ("75 through the last day", diabetic(born="1951-01-01"), OPEN),
    ("76 on the last day", diabetic(born="1950-12-31"), OUTSIDE),
    ("office visit", diabetic(visit=OFFICE), OPEN),
    ("eye visit", diabetic(visit=encounter("eye_visit", DAY)), OPEN),
    ("visit at home", diabetic(visit=encounter("home_visit", DAY)), OPEN),
    ("telephone visit", diabetic(visit=encounter("telephone_visit", DAY)), OPEN),
    ("preventive visit", diabetic(visit=encounter("preventive_visit_adult", DAY)), OPEN),
    ("nutrition visit", diabetic(visit=encounter("HCPCS S9470", DAY)), OUTSIDE),
    ("virtual visit", diabetic(visit=VIRTUAL), OUTSIDE),
    *diabetes_diagnoses(),
    # ---- exam
    ("exam on the first day", diabetic(exam(FIRST)), NUMERATOR),
    ("exam in the last moment", diabetic(exam(LAST_MOMENT)), NUMERATOR),
    ("exam after", diabetic(exam(AFTER)), OPEN),
    ("exam on the first day of the year before", diabetic(exam("2025-01-01")), NUMERATOR),
    ("exam the day before that", diabetic(exam("2024-12-31T23:59:59Z")), OPEN),
    ("exam without a category", diabetic(exam(FIRST, category="")), OPEN),
    ("exam of another category", diabetic(exam(FIRST, category="imaging")), OPEN),
    ("exam amended", diabetic(exam(FIRST, status="amended")), NUMERATOR),
    ("exam preliminary", diabetic(exam(FIRST, status="preliminary")), OPEN),
    # ---- with retinopathy the exam must be in the period
    ("retinopathy, exam in the period", diabetic(RETINOPATHY, exam(FIRST)), NUMERATOR),
    ("retinopathy, exam before", diabetic(RETINOPATHY, exam(BEFORE)), OPEN),
    ("retinopathy on the problem list, exam before", before_with(LAST, category="problem-list-item"), OPEN),
    ("retinopathy until before, exam before", before_with("2020-01-01", abated=BEFORE), NUMERATOR),
    ("retinopathy until the first day, exam before", before_with("2020-01-01", abated=FIRST), OPEN),
    ("retinopathy later, exam before", before_with(AFTER), NUMERATOR),
    ("retinopathy refuted, exam before", before_with(LAST, verification="refuted"), NUMERATOR),
    # ---- exam by a machine
    ("machine finds nothing", diabetic(machine(FIRST)), NUMERATOR),
    ("machine finds something", diabetic(machine(LAST, "LOINC LA34399-8")), NUMERATOR),
    ("machine finds another answer", diabetic(machine(FIRST, "another_answer")), OPEN),
    ("machine without a result", diabetic(machine(FIRST, None)), OPEN),
    ("machine before the period", diabetic(machine(BEFORE)), OPEN),
    ("machine, no category", diabetic(machine(FIRST, category="")), OPEN),
    # ---- degrees of both eyes
    ("both eyes graded", diabetic(left(FIRST), right(LAST)), NUMERATOR),
    ("left eye graded", diabetic(left(FIRST)), OPEN),
    ("right eye graded", diabetic(right(FIRST)), OPEN),
    ("both eyes graded the year before", diabetic(left(BEFORE), right(BEFORE)), OPEN),
    ("left graded, right clear the year before", diabetic(left(FIRST), right("2025-01-01", CLEAR)), NUMERATOR),
    ("right graded, left clear the year before", diabetic(right(FIRST), left(BEFORE, CLEAR)), NUMERATOR),
    ("left graded, right clear too early", diabetic(left(FIRST), right("2024-12-31", CLEAR)), OPEN),
    ("left graded, left clear the year before", diabetic(left(FIRST), left(BEFORE, CLEAR)), OPEN),
    ("both clear the year before", diabetic(left("2025-01-01", CLEAR), right(BEFORE, CLEAR)), NUMERATOR),
    ("both clear too early", diabetic(left("2024-12-31", CLEAR), right(BEFORE, CLEAR)), OPEN),
    ("one clear, preliminary", diabetic(left(FIRST), {**right(BEFORE, CLEAR), "status": "preliminary"}), OPEN),
    ("other clear, preliminary", diabetic(right(FIRST), {**left(BEFORE, CLEAR), "status": "preliminary"}), OPEN),
    ("one clear, no category", diabetic(left(FIRST), right(BEFORE, CLEAR, "")), OPEN),
    ("other clear, no category", diabetic(right(FIRST), left(BEFORE, CLEAR, "")), OPEN),
    ("one clear, one graded, the year before", diabetic(left(BEFORE, CLEAR), right(BEFORE)), OPEN),
    ("both graded, no category", diabetic(left(FIRST, category=""), right(FIRST, category="")), OPEN),
    ("both graded, retinopathy known", diabetic(RETINOPATHY, left(FIRST), right(FIRST)), NUMERATOR),
    # ---- no eyes
    ("no eyes", diabetic(NO_EYES), EXCLUDED),
    ("no eyes on the last day", diabetic(condition("SNOMED 15665641000119103", LAST)), EXCLUDED),
    ("no eyes later", diabetic(condition("SNOMED 15665641000119103", AFTER)), OPEN),
    *frail_ages("CMS131"),
]
CMS131_IN_2025: list[Row] = [
    ("no eyes", chart(WELLNESS_25, DIABETES, NO_EYES, born="1966-06-15"), OPEN),
    ("on the problem list only", chart(WELLNESS_25, PROBLEM, born="1966-06-15"), OPEN),
    ("refuted", chart(WELLNESS_25, REFUTED, born=OLD), OPEN),
    ("another diagnosis", chart(WELLNESS_25, condition("ICD10CM I10", LONG_AGO), born=OLD), OUTSIDE),
    ("begun after the period", chart(WELLNESS_25, condition("ICD10CM E11.9", FIRST), born=OLD), OUTSIDE),
    ("exam the year before", chart(WELLNESS_25, DIABETES, exam("2024-01-01"), born="1966-06-15"), NUMERATOR),
    ("exam the day before that", chart(WELLNESS_25, DIABETES, exam("2023-12-31"), born="1966-06-15"), OPEN),
]


# ---- CMS165: blood pressure ----------------------------------------------------------------------------------------
def hypertensive(*more: Resource, born: str = "1966-06-15", diagnosis: Resource = HYPERTENSION) -> Chart:
    return chart(WELLNESS, diagnosis, *more, born=born)


def i10(onset: str, **more: Any) -> Chart:
    return hypertensive(diagnosis=condition("ICD10CM I10", onset, **more))


GOOD, BAD = pressure("2026-03-01", 120, 80), pressure("2026-03-01", 150, 95)


def good(on: str, of: str = "") -> Resource:
    return pressure(on, 120, 80, of=of)


ER = encounter("emergency_visit", "2026-04-01T20:00:00Z", "2026-04-02T03:00:00Z", kind="EMER", own_id="er")
NO_ER = {**ER, "status": "cancelled"}
WARD = stay("2026-04-01", "2026-04-05", "")


STAYS = ("EMER", "IMP", "ACUTE", "NONAC", "PRENC", "SS")


def linked(kind: str) -> Chart:
    """A good reading linked to an encounter of this class during a stay, and a bad one before."""
    other = encounter("another_visit", "2026-04-02", kind=kind, own_id="other")
    return hypertensive(BAD, WARD, other, good("2026-04-02", "other"))


CMS165: list[Row] = [
    ("18 on the last day", hypertensive(born="2008-12-31"), OPEN),
    ("18 the day after", hypertensive(born="2009-01-01"), OUTSIDE),
    ("85 through the last day", hypertensive(born="1941-01-01"), OPEN),
    ("86 on the last day", hypertensive(born="1940-12-31"), OUTSIDE),
    ("virtual visit", chart(VIRTUAL, HYPERTENSION, born="1966-06-15"), OPEN),
    ("no visit", chart(HYPERTENSION, born="1966-06-15"), OUTSIDE),
    # ---- hypertension in the first half of the period
    ("known on 30 June", i10("2026-06-30T23:59:59Z"), OPEN),
    ("known on 1 July", i10("2026-07-01"), OUTSIDE),
    ("over on the first day", i10("2020-01-01", abated=FIRST), OPEN),
    ("over the day before", i10("2020-01-01", abated=BEFORE), OUTSIDE),
    ("inactive, end unknown", i10("2020-01-01", clinical="inactive"), OUTSIDE),
    ("inactive, begun in the first half", i10("2026-02-01", clinical="inactive"), OPEN),
    ("on the problem list", i10("2020-01-01", category="problem-list-item"), OPEN),
    ("refuted", i10("2020-01-01", verification="refuted"), OUTSIDE),
    ("of another kind", hypertensive(diagnosis=condition("ICD10CM I15.0", "2020-01-01")), OUTSIDE),
    # ---- exclusions
    ("pregnant on the first day", hypertensive(condition("ICD10CM O09.00", "2025-06-01", abated=FIRST)), EXCLUDED),
    ("pregnant before", hypertensive(condition("ICD10CM O09.00", "2025-06-01", abated=BEFORE)), OPEN),
    ("kidney failure", hypertensive(condition("ICD10CM N18.6", LAST)), EXCLUDED),
    ("kidney failure later", hypertensive(condition("ICD10CM N18.6", AFTER)), OPEN),
    ("kidney disease of stage 5", hypertensive(condition("ICD10CM N18.5", "2020-01-01")), EXCLUDED),
    ("kidney disease of stage 4", hypertensive(condition("ICD10CM N18.4", "2020-01-01")), OPEN),
    ("has another's kidney", hypertensive(condition("ICD10CM Z94.0", "2020-01-01")), EXCLUDED),
    ("kidney failure refuted", hypertensive(condition("ICD10CM N18.6", FIRST, verification="refuted")), OPEN),
    ("dialysis long ago", hypertensive(procedure("HCPCS G0257", "2001-01-01")), EXCLUDED),
    ("dialysis on the last day", hypertensive(procedure("HCPCS S9339", LAST_MOMENT)), EXCLUDED),
    ("dialysis after", hypertensive(procedure("HCPCS G0257", AFTER)), OPEN),
    ("dialysis until after", hypertensive(procedure("HCPCS G0257", FIRST, AFTER)), OPEN),
    ("dialysis not done", hypertensive(procedure("HCPCS G0257", FIRST, status="not-done")), OPEN),
    ("kidney transplanted", hypertensive(procedure("ICD10PCS 0TY00Z0", "2001-01-01")), EXCLUDED),
    ("monthly care from the last day", hypertensive(encounter("kidney_failure_visit", LAST, AFTER)), EXCLUDED),
    ("monthly care long ago", hypertensive(encounter("kidney_failure_visit", "2001-01-01")), EXCLUDED),
    ("monthly care after", hypertensive(encounter("kidney_failure_visit", AFTER)), OPEN),
    ("monthly care planned", hypertensive(encounter("kidney_failure_visit", FIRST, status="planned")), OPEN),
    *frail_ages("CMS165"),
    ("frail and ill at 80", hypertensive(FRAIL, ILL, born="1946-01-01"), EXCLUDED),
    ("frail at 80", hypertensive(FRAIL, born="1946-01-01"), OPEN),
    ("frail at 81", hypertensive(FRAIL, born="1945-12-31"), EXCLUDED),
    ("ill at 81", hypertensive(ILL, born="1945-12-31"), OPEN),
    # ---- limits
    ("139/89", hypertensive(pressure("2026-03-01", 139, 89)), NUMERATOR),
    ("140/89", hypertensive(pressure("2026-03-01", 140, 89)), OPEN),
    ("139/90", hypertensive(pressure("2026-03-01", 139, 90)), OPEN),
    ("139.9/89.9", hypertensive(pressure("2026-03-01", 139.9, 89.9)), NUMERATOR),
    ("85/95", hypertensive(pressure("2026-03-01", 85, 95)), OPEN),
    ("no reading", hypertensive(), OPEN),
    ("no diastolic pressure", hypertensive(pressure("2026-03-01", 120, None)), OPEN),
    ("no systolic pressure", hypertensive(pressure("2026-03-01", None, 80)), OPEN),
    ("in another unit", hypertensive(pressure("2026-03-01", 16, 10.6, "kPa")), OPEN),
    # ---- the latest day, and the lowest of each
    ("on the first day", hypertensive(pressure(FIRST, 120, 80)), NUMERATOR),
    ("in the last moment", hypertensive(pressure(LAST_MOMENT, 120, 80)), NUMERATOR),
    ("before the period", hypertensive(pressure(BEFORE, 120, 80)), OPEN),
    ("after the period", hypertensive(pressure(AFTER, 120, 80)), OPEN),
    ("ends on the first day", hypertensive(pressure(BEFORE, 120, 80, until=FIRST)), NUMERATOR),
    ("preliminary", hypertensive(pressure(FIRST, 120, 80, status="preliminary")), OPEN),
    ("better later", hypertensive(BAD, good("2026-04-01")), NUMERATOR),
    ("worse later", hypertensive(GOOD, pressure("2026-04-01", 150, 80)), OPEN),
    ("worse after the period", hypertensive(GOOD, pressure(AFTER, 150, 95)), NUMERATOR),
    ("later without diastolic pressure", hypertensive(GOOD, pressure("2026-04-01", 120, None)), OPEN),
    ("lowest of each", hypertensive(pressure(DAY + "T08:00:00Z", 150, 80), pressure(DAY, 130, 95)), NUMERATOR),
    ("another test later", hypertensive(GOOD, a1c(LAST, 7)), NUMERATOR),
    ("bad twice on a day", hypertensive(BAD, pressure("2026-03-01", 145, 80)), OPEN),
    # ---- readings of stays and emergencies
    ("bad in an emergency, good before", hypertensive(GOOD, ER, pressure("2026-04-01", 180, 110, of="er")), NUMERATOR),
    ("good in an emergency, bad before", hypertensive(BAD, ER, good("2026-04-02", "er")), OPEN),
    ("good in a cancelled emergency", hypertensive(BAD, NO_ER, good("2026-04-01", "er")), NUMERATOR),
    ("good on the last day of a stay", hypertensive(BAD, WARD, good("2026-04-05", "stay")), OPEN),
    ("good on the first day of a stay", hypertensive(BAD, WARD, good("2026-04-01", "stay")), OPEN),
    ("good the day after a stay", hypertensive(BAD, WARD, good("2026-04-06")), NUMERATOR),
    ("good the day after, linked to the stay", hypertensive(BAD, WARD, good("2026-04-06", "stay")), NUMERATOR),
    ("good during a stay, linked to nothing", hypertensive(BAD, WARD, good("2026-04-02")), OPEN),
    ("during a stay, of an ambulatory visit", linked("AMB"), NUMERATOR),
    ("during a stay, of a virtual visit", linked("VR"), NUMERATOR),
    *[(f"during a stay, of class {kind}", linked(kind), OPEN) for kind in STAYS],
]


# ---- CMS951: kidney health with diabetes -----------------------------------------------------------------------------
def with_kidneys(
    *more: Resource, born: str = "1966-06-15", diagnosis: Resource = DIABETES, visit: Resource = WELLNESS
) -> Chart:
    return chart(visit, diagnosis, *more, born=born)


def e11(onset: str, **more: Any) -> Chart:
    return with_kidneys(diagnosis=condition("ICD10CM E11.9", onset, **more))


def lab(code: str, on: str, value: float | str | None, *, status: str = "final") -> Resource:
    return observation(code, on, value, "mg", status=status)


EGFR, RATIO, ALBUMIN, CREATININE = "LOINC 98979-8", "LOINC 9318-7", "LOINC 14957-5", "LOINC 2161-8"
BLOOD, URINE = lab(EGFR, "2026-03-01", 70), lab(RATIO, "2026-03-01", 20)


def apart(albumin: str, creatinine: str) -> Chart:
    return with_kidneys(BLOOD, lab(ALBUMIN, albumin, 20), lab(CREATININE, creatinine, 90))


CMS951: list[Row] = [
    ("18 on the first day", with_kidneys(born="2008-01-01"), OPEN),
    ("18 the day after", with_kidneys(born="2008-01-02"), OUTSIDE),
    ("85 on the first day", with_kidneys(born="1940-01-02"), OPEN),
    ("86 on the first day", with_kidneys(born="1940-01-01"), OUTSIDE),
    ("office visit", with_kidneys(visit=OFFICE), OPEN),
    ("consultation", with_kidneys(visit=encounter("outpatient_consultation", DAY)), OPEN),
    ("visit at home", with_kidneys(visit=encounter("home_visit", DAY)), OPEN),
    ("telephone visit", with_kidneys(visit=encounter("telephone_visit", DAY)), OPEN),
    ("preventive visit", with_kidneys(visit=encounter("preventive_visit_adult", DAY)), OPEN),
    ("virtual visit", with_kidneys(visit=VIRTUAL), OUTSIDE),
    ("nutrition visit", with_kidneys(visit=encounter("HCPCS S9470", DAY)), OUTSIDE),
    ("visit over New Year", with_kidneys(visit=encounter("HCPCS G0438", BEFORE, FIRST)), OUTSIDE),
    ("visit not finished", with_kidneys(visit=encounter("HCPCS G0438", FIRST, status="arrived")), OUTSIDE),
    # ---- diabetes from before the period and into it
    ("known the day before", e11("2025-12-31T23:59:59Z"), OPEN),
    ("known on the first day", e11(FIRST), OUTSIDE),
    ("over on the first day", e11("2020-01-01", abated=FIRST), OPEN),
    ("over the day before", e11("2020-01-01", abated=BEFORE), OUTSIDE),
    ("inactive, end unknown", e11("2020-01-01", clinical="inactive"), OUTSIDE),
    ("on the problem list", e11("2020-01-01", category="problem-list-item"), OPEN),
    ("refuted", e11("2020-01-01", verification="refuted"), OUTSIDE),
    # ---- exclusions
    ("stage 5 on the first day", with_kidneys(condition("ICD10CM N18.5", "2020-01-01", abated=FIRST)), EXCLUDED),
    ("stage 5 before", with_kidneys(condition("ICD10CM N18.5", "2020-01-01", abated=BEFORE)), OPEN),
    ("kidney failure on the last day", with_kidneys(condition("ICD10CM N18.6", LAST_MOMENT)), EXCLUDED),
    ("kidney failure refuted", with_kidneys(condition("ICD10CM N18.6", FIRST, verification="refuted")), OPEN),
    ("stage 4", with_kidneys(condition("ICD10CM N18.4", "2020-01-01")), OPEN),
    # ---- both tests
    ("blood and urine", with_kidneys(BLOOD, URINE), NUMERATOR),
    ("blood only", with_kidneys(BLOOD), OPEN),
    ("urine only", with_kidneys(URINE), OPEN),
    ("first and last day", with_kidneys(lab(EGFR, FIRST, 70), lab(RATIO, LAST_MOMENT, 20)), NUMERATOR),
    ("blood before", with_kidneys(lab(EGFR, BEFORE, 70), URINE), OPEN),
    ("urine after", with_kidneys(BLOOD, lab(RATIO, AFTER, 20)), OPEN),
    ("blood without a value", with_kidneys(lab(EGFR, FIRST, None), URINE), OPEN),
    ("blood in words", with_kidneys(lab(EGFR, FIRST, "some_result"), URINE), NUMERATOR),
    ("blood preliminary", with_kidneys(lab(EGFR, FIRST, 70, status="preliminary"), URINE), OPEN),
    ("ratio without a value", with_kidneys(BLOOD, lab(RATIO, FIRST, None)), OPEN),
    ("ratio too small to be measured", with_kidneys(BLOOD, lab(RATIO, FIRST, "undetectable_result")), NUMERATOR),
    ("ratio in other words", with_kidneys(BLOOD, lab(RATIO, FIRST, "some_result")), OPEN),
    ("ratio registered", with_kidneys(BLOOD, lab(RATIO, FIRST, 20, status="registered")), OPEN),
    # ---- or albumin and creatinine of the same days
    ("albumin and creatinine on one day", apart("2026-03-01", "2026-03-01"), NUMERATOR),
    ("albumin 4 days later", apart("2026-03-05", "2026-03-01"), NUMERATOR),
    ("albumin 5 days later", apart("2026-03-06", "2026-03-01"), OPEN),
    ("creatinine 4 days later", apart("2026-03-01", "2026-03-05"), NUMERATOR),
    ("creatinine 5 days later", apart("2026-03-01", "2026-03-06"), OPEN),
    ("creatinine before the period", apart("2026-01-02", "2025-12-31"), OPEN),
    ("albumin after the period", apart(AFTER, LAST), OPEN),
    ("albumin only", with_kidneys(BLOOD, lab(ALBUMIN, FIRST, 20)), OPEN),
    ("albumin without a value", with_kidneys(BLOOD, lab(ALBUMIN, FIRST, None), lab(CREATININE, FIRST, 90)), OPEN),
    ("creatinine without a value", with_kidneys(BLOOD, lab(ALBUMIN, FIRST, 20), lab(CREATININE, FIRST, None)), OPEN),
    ("albumin near one of two", [*apart("2026-05-03", "2026-03-01"), lab(CREATININE, DAY, 90)], NUMERATOR),
]


# ---- CMS117: immunizations by the second birthday ------------------------------------------------------------------
BORN, TWO = "2024-06-15", "2026-06-15"
D1, D2, D3, D4 = "2024-08-15", "2024-10-15", "2024-12-15", "2025-09-15"


def shots(code: str, *days: str) -> list[Resource]:
    return [immunization(code, day) for day in days]


def newborn(day: str) -> list[Resource]:
    return done("ICD10PCS 3E0234Z", day)


ALL_VACCINES = {
    "dtap": shots("CVX 20", D1, D2, D3, D4),
    "polio": shots("CVX 10", D1, D2, D3),
    "mmr": shots("CVX 03", D4),
    "hib": shots("CVX 17", D1, D2, D3),
    "hep_b": shots("CVX 08", BORN, D1, D3),
    "vzv": shots("CVX 21", D4),
    "pcv": shots("CVX 133", D1, D2, D3, D4),
    "hep_a": shots("CVX 83", D4),
    "rota": shots("CVX 119", D1, D2),
    "flu": shots("CVX 141", D3, D4),
}


def vaccinated(
    instead: Mapping[str, list[Resource]], *more: Resource, born: str = BORN, visit: Resource = VIRTUAL
) -> Chart:
    """A child with every vaccine, but for some of them what is given instead."""
    vaccines = [dose for doses in {**ALL_VACCINES, **instead}.values() for dose in doses]
    return chart(visit, *vaccines, *more, born=born)


def child(*more: Resource, visit: Resource = VIRTUAL, **instead: list[Resource]) -> Chart:
    return vaccinated(instead, *more, visit=visit)


MEASLES, MUMPS, RUBELLA = ([condition(code, D1)] for code in ("ICD10CM B05.9", "ICD10CM B26.9", "ICD10CM B06.9"))
CMS117: list[Row] = [
    ("turns 2 on the last day", chart(VIRTUAL, born="2024-12-31"), OPEN),
    ("turns 2 the day after", chart(VIRTUAL, born="2025-01-01"), OUTSIDE),
    ("turned 2 on the first day", chart(VIRTUAL, born="2024-01-01"), OPEN),
    ("turns 3 on the last day", chart(VIRTUAL, born="2023-12-31"), OUTSIDE),
    ("office visit", child(visit=OFFICE), NUMERATOR),
    ("visit of a nurse", child(visit=encounter("CPT 99211", DAY)), NUMERATOR),
    ("preventive visit", child(visit=encounter("preventive_visit_child", DAY)), NUMERATOR),
    ("preventive visit, established", child(visit=encounter("established_child_visit", DAY)), NUMERATOR),
    ("visit at home", child(visit=encounter("home_visit", DAY)), NUMERATOR),
    ("telephone visit", child(visit=encounter("telephone_visit", DAY)), NUMERATOR),
    ("wellness visit", child(visit=WELLNESS), OUTSIDE),
    ("visit before", child(visit=encounter("HCPCS G0071", BEFORE)), OUTSIDE),
    ("a boy", [*chart(VIRTUAL, born=BORN, sex="M"), *child()[2:]], NUMERATOR),
    ("every vaccine", child(), NUMERATOR),
    ("no vaccine", chart(VIRTUAL, born=BORN), OPEN),
    *[(f"without {antigen}", vaccinated({antigen: []}), OPEN) for antigen in ALL_VACCINES],
    *[(f"one less of {antigen}", vaccinated({antigen: doses[1:]}), OPEN) for antigen, doses in ALL_VACCINES.items()],
    *[
        (f"{antigen}: two on one day", vaccinated({antigen: [*doses[1:], doses[1]]}), OPEN)
        for antigen, doses in ALL_VACCINES.items()
        if len(doses) > 1
    ],
    *[
        (f"{antigen}: one not done", vaccinated({antigen: [*doses[1:], {**doses[0], "status": "not-done"}]}), OPEN)
        for antigen, doses in ALL_VACCINES.items()
    ],
    ("DTaP as a dose and its procedure", child(dtap=shots("CVX 20", D1, D2, D3) + done("dtap_given", D3)), OPEN),
    ("MMR and varicella in one", child(mmr=[], vzv=shots("CVX 94", D4)), NUMERATOR),
    ("MMR, the code without its zero", child(mmr=shots("CVX 3", D4)), NUMERATOR),
    # ---- Hib: products of three or of four doses
    ("Hib, 3 of four", child(hib=shots("CVX 48", D1, D2, D3)), OPEN),
    ("Hib, 2 of three and 1 of four", child(hib=shots("CVX 17", D1, D2) + shots("CVX 48", D3)), OPEN),
    ("Hib, 3 of three and 1 of four", child(hib=shots("CVX 17", D1, D2, D3) + shots("CVX 48", D4)), NUMERATOR),
    ("Hib, both products on one day", child(hib=shots("CVX 17", D1, D2, D3) + shots("CVX 48", D3)), OPEN),
    ("Hib of four as a procedure", child(hib=shots("CVX 17", D1, D2) + done("hib_given_4", D3)), OPEN),
    # ---- rotavirus: products of two or of three doses
    ("rotavirus, 2 of three", child(rota=shots("CVX 116", D1, D2)), OPEN),
    ("rotavirus, 1 of each", child(rota=shots("CVX 119", D1) + shots("CVX 122", D2)), OPEN),
    ("rotavirus, 2 of two and 1 of three", child(rota=shots("CVX 119", D1, D2) + shots("CVX 116", D3)), NUMERATOR),
    ("rotavirus of three as procedures", child(rota=done("rotavirus_given_3", D1, D2)), OPEN),
    # ---- hepatitis B: from birth, the first perhaps as a procedure of the first week
    ("newborn and one dose", child(hep_b=newborn(BORN) + shots("CVX 08", D1)), OPEN),
    ("newborn and two doses, one the same day", child(hep_b=newborn(BORN) + shots("CVX 08", BORN, D1)), OPEN),
    # ---- influenza: from day 180, the second perhaps as a spray on the second birthday
    ("a spray on the second birthday alone", child(flu=shots("CVX 149", TWO)), OPEN),
    ("influenza, a spray on one day", child(flu=shots("CVX 141", TWO) + shots("CVX 149", TWO)), OPEN),
    # ---- had the illnesses
    ("had measles", child(mmr=MEASLES), OPEN),
    ("had measles and mumps", child(mmr=MEASLES + MUMPS), OPEN),
    ("had measles, mumps and rubella", child(mmr=MEASLES + MUMPS + RUBELLA), NUMERATOR),
    ("intussusception, healed", child(condition("ICD10CM K56.1", D1, abated=D2)), EXCLUDED),
]


# ---- CMS2: depression screening ------------------------------------------------------------------------------------
def talk(on: str, until: str | None = None, *, status: str = "finished") -> Resource:
    return encounter("HCPCS G0444", on, until, status=status)


TALK = talk("2026-05-01T09:00:00Z", "2026-05-01T10:00:00Z")
NEGATIVE, POSITIVE = "SNOMED 428171000124102", "SNOMED 428181000124104"
CARE_ADULT, CARE_TEEN = "depression_follow_up_adult", "depression_follow_up_adolescent"
REFERRAL_ADULT, REFERRAL_TEEN = "depression_referral_adult", "depression_referral_adolescent"
PILL, PILL_ADULT = "RXNORM 313989", "RXNORM 1000048"


def asked(on: str, value: str | None = NEGATIVE, *, status: str = "final") -> Resource:
    return observation("LOINC 73832-8", on, value, status=status, category="survey")


def teen_asked(on: str, value: str | None = NEGATIVE) -> Resource:
    return observation("LOINC 73831-0", on, value, category="survey")


def adult(*more: Resource, born: str = "1986-06-15", visit: Resource = TALK) -> Chart:
    return chart(visit, *more, born=born)


def positive(*more: Resource) -> Chart:
    return adult(asked(DAY, POSITIVE), *more)


def young(*more: Resource) -> Chart:
    return adult(*more, born="2011-03-01")


def teen(*more: Resource) -> Chart:
    return young(teen_asked(DAY, POSITIVE), *more)


def late_teen(*more: Resource) -> Chart:
    return adult(teen_asked(LAST, POSITIVE), *more, born="2011-03-01", visit=LATE)


def bipolar(onset: str, category: str = "problem-list-item", **more: Any) -> Resource:
    return condition("ICD10CM F31.9", onset, category=category, **more)


DECLINED = "SNOMED 720834000"


def no_talk(on: str, reason: str = DECLINED) -> Resource:
    return cancelled("LOINC 73832-8", on, reason)


def no_teen_talk(reason: str = DECLINED, on: str = DAY) -> Resource:
    return cancelled("LOINC 73831-0", on, reason)


NO_TALK = no_talk(DAY)
LATE = talk("2026-12-31T09:00:00Z")
AT_VISIT, TEEN_AT_VISIT = (procedure(care, "2026-05-01T09:30:00Z") for care in (CARE_ADULT, CARE_TEEN))
CMS2: list[Row] = [
    ("12 on the first day", adult(born="2014-01-01"), OPEN),
    ("12 the day after", adult(born="2014-01-02"), OUTSIDE),
    ("a man of 90", chart(TALK, born="1935-06-01", sex="M"), OPEN),
    ("wellness visit", adult(visit=WELLNESS), OPEN),
    ("therapy", adult(visit=encounter("physical_therapy_evaluation", DAY)), OPEN),
    ("telephone visit", adult(visit=encounter("telephone_visit", DAY)), OPEN),
    ("office visit of another kind", adult(visit=OFFICE), OUTSIDE),
    ("visit planned", adult(visit=talk(DAY, status="planned")), OUTSIDE),
    ("visit before", adult(visit=talk(BEFORE)), OUTSIDE),
    ("visit over New Year", adult(visit=talk(LAST, AFTER)), OUTSIDE),
    # ---- negative, at most 14 days before a visit
    ("negative on the day of the visit", adult(asked(DAY)), NUMERATOR),
    ("negative later that day", adult(asked("2026-05-01T23:00:00Z")), NUMERATOR),
    ("negative 14 days before", adult(asked("2026-04-17T00:00:00Z")), NUMERATOR),
    ("negative 15 days before", adult(asked("2026-04-16T23:59:59Z")), OPEN),
    ("negative the day after", adult(asked("2026-05-02")), OPEN),
    ("negative in the year before", adult(asked("2025-12-28"), visit=talk("2026-01-05")), NUMERATOR),
    ("without an answer", adult(asked(DAY, None)), OPEN),
    ("another answer", adult(asked(DAY, "another_answer")), OPEN),
    ("negative, amended", adult(asked(DAY, status="amended")), NUMERATOR),
    ("negative, preliminary", adult(asked(DAY, status="preliminary")), OPEN),
    ("positive, then negative", adult(asked("2026-04-20", POSITIVE), asked("2026-04-30")), NUMERATOR),
    ("negative, then positive", adult(asked("2026-04-20"), asked("2026-04-30", POSITIVE)), OPEN),
    ("negative, then positive after the visit", adult(asked("2026-04-20"), asked("2026-05-02", POSITIVE)), NUMERATOR),
    ("negative, then no answer", adult(asked("2026-04-20"), asked("2026-04-30", None)), NUMERATOR),
    ("16: positive, then negative", young(teen_asked("2026-04-20", POSITIVE), teen_asked("2026-04-30")), NUMERATOR),
    ("16: negative, then positive", young(teen_asked("2026-04-20"), teen_asked("2026-04-30", POSITIVE)), OPEN),
    ("16: negative, then no answer", young(teen_asked("2026-04-20"), teen_asked("2026-04-30", None)), NUMERATOR),
    ("12: negative", adult(teen_asked(DAY), born="2014-01-01"), NUMERATOR),
    # ---- which questionnaire, by the age on the first day
    ("16: adolescents'", adult(teen_asked(DAY), born="2009-01-02"), NUMERATOR),
    ("16: adults'", adult(asked(DAY), born="2009-01-02"), OPEN),
    ("17: adolescents'", adult(teen_asked(DAY), born="2009-01-01"), NUMERATOR),
    ("17: adults'", adult(asked(DAY), born="2008-01-02"), NUMERATOR),
    ("18: adolescents'", adult(teen_asked(DAY), born="2008-01-01"), OPEN),
    ("18: adults'", adult(asked(DAY), born="2008-01-01"), NUMERATOR),
    # ---- positive: care at the visit
    ("positive, no care", positive(), OPEN),
    ("care during the visit", positive(procedure(CARE_ADULT, "2026-05-01T09:30:00Z")), NUMERATOR),
    ("care after the visit", positive(procedure(CARE_ADULT, "2026-05-01T10:30:00Z")), OPEN),
    ("care before the visit", positive(procedure(CARE_ADULT, "2026-05-01T08:59:59Z")), OPEN),
    ("care in the first moment", positive(procedure(CARE_ADULT, "2026-05-01T09:00:00Z")), NUMERATOR),
    ("care in the last moment", positive(procedure(CARE_ADULT, "2026-05-01T10:00:00Z")), NUMERATOR),
    ("adolescent: care in the first moment", teen(procedure(CARE_TEEN, "2026-05-01T09:00:00Z")), NUMERATOR),
    ("adolescent: care in the last moment", teen(procedure(CARE_TEEN, "2026-05-01T10:00:00Z")), NUMERATOR),
    ("another answer, care", adult(asked(DAY, "another_answer"), AT_VISIT), OPEN),
    ("adolescent: another answer, care", young(teen_asked(DAY, "another_answer"), TEEN_AT_VISIT), OPEN),
    ("care not done", positive(procedure(CARE_ADULT, "2026-05-01T09:30:00Z", status="not-done")), OPEN),
    ("care for adolescents", positive(procedure(CARE_TEEN, "2026-05-01T09:30:00Z")), OPEN),
    ("adolescent: care during the visit", teen(procedure(CARE_TEEN, "2026-05-01T09:30:00Z")), NUMERATOR),
    ("adolescent: care for adults", teen(procedure(CARE_ADULT, "2026-05-01T09:30:00Z")), OPEN),
    ("care at a visit long after it", positive(talk("2026-06-01"), procedure(CARE_ADULT, "2026-06-01")), OPEN),
    ("care at a visit 15 days after it", positive(talk("2026-05-16"), procedure(CARE_ADULT, "2026-05-16")), OPEN),
    ("care at a visit before it", positive(talk("2026-04-20"), procedure(CARE_ADULT, "2026-04-20")), OPEN),
    ("adolescent: care 14 days after it", teen(talk("2026-05-15"), procedure(CARE_TEEN, "2026-05-15")), NUMERATOR),
    ("adolescent: care 15 days after it", teen(talk("2026-05-16"), procedure(CARE_TEEN, "2026-05-16")), OPEN),
    ("adolescent: care before it", teen(talk("2026-04-20"), procedure(CARE_TEEN, "2026-04-20")), OPEN),
    ("care at a second visit in time", positive(talk("2026-05-15"), procedure(CARE_ADULT, "2026-05-15")), NUMERATOR),
    # ---- positive: referred within two days
    ("referred on the day", positive(order(REFERRAL_ADULT, "2026-05-01T08:00:00Z")), NUMERATOR),
    ("referred two days later", positive(order(REFERRAL_ADULT, "2026-05-03T23:59:59Z", status="completed")), NUMERATOR),
    ("referred three days later", positive(order(REFERRAL_ADULT, "2026-05-04T00:00:00Z")), OPEN),
    ("referred the day before", positive(order(REFERRAL_ADULT, "2026-04-30T23:59:59Z")), OPEN),
    ("referral revoked", positive(order(REFERRAL_ADULT, DAY, status="revoked")), OPEN),
    ("referral for adolescents", positive(order(REFERRAL_TEEN, DAY)), OPEN),
    ("adolescent: referred", teen(order(REFERRAL_TEEN, "2026-05-02")), NUMERATOR),
    ("adolescent: referral for adults", teen(order(REFERRAL_ADULT, "2026-05-02")), OPEN),
    ("referred on the last day", adult(asked(LAST, POSITIVE), order(REFERRAL_ADULT, LAST), visit=LATE), NUMERATOR),
    ("referred after the period", adult(asked(LAST, POSITIVE), order(REFERRAL_ADULT, AFTER), visit=LATE), OPEN),
    ("adolescent: referred on the last day", late_teen(order(REFERRAL_TEEN, LAST)), NUMERATOR),
    ("adolescent: referred after the period", late_teen(order(REFERRAL_TEEN, AFTER)), OPEN),
    # ---- positive: a medicine
    ("medicine for a month", positive(medicine(PILL, DAY, supply(30))), NUMERATOR),
    ("medicine for a month, completed", positive(medicine(PILL, DAY, supply(30), status="completed")), NUMERATOR),
    ("medicine stopped", positive(medicine(PILL, DAY, supply(30), status="stopped")), OPEN),
    ("another medicine", positive(medicine(DEMENTIA, DAY, supply(30))), OPEN),
    ("adolescent: another medicine", teen(medicine(DEMENTIA, DAY, supply(30))), OPEN),
    ("adolescent: medicine stopped", teen(medicine(PILL, DAY, supply(30), status="stopped")), OPEN),
    ("adolescent: medicine proposed", teen(medicine(PILL, DAY, supply(30), intent="proposal")), OPEN),
    ("adolescent: medicine three days later", teen(medicine(PILL, "2026-05-04", supply(30))), OPEN),
    ("medicine proposed", positive(medicine(PILL, DAY, supply(30), intent="proposal")), OPEN),
    ("medicine from an original order", positive(medicine(PILL, DAY, supply(30), intent="original-order")), NUMERATOR),
    ("medicine three days later", positive(medicine(PILL, "2026-05-04", supply(30))), OPEN),
    ("medicine used up before the visit", positive(medicine(PILL, "2026-03-01", supply(30))), OPEN),
    ("adolescent: medicine", teen(medicine(PILL, DAY, supply(30))), NUMERATOR),
    ("adolescent: medicine for adults", teen(medicine(PILL_ADULT, DAY, supply(30))), OPEN),
    # ---- exclusion
    ("bipolar from the day before", adult(bipolar("2026-04-30T23:59:59Z")), EXCLUDED),
    ("bipolar from the day of the visit", adult(bipolar("2026-05-01T00:00:00Z")), OPEN),
    ("bipolar between two visits", adult(talk("2026-08-01"), bipolar("2026-06-01")), EXCLUDED),
    ("bipolar after both visits", adult(talk("2026-08-01"), bipolar("2026-08-02")), OPEN),
    ("bipolar long ago, over", adult(bipolar("2000-01-01", abated="2001-01-01")), EXCLUDED),
    ("bipolar as a visit diagnosis", adult(bipolar("2020-01-01", "encounter-diagnosis")), OPEN),
    ("bipolar and screened", adult(asked(DAY), bipolar("2020-01-01")), EXCLUDED),
    # ---- exceptions
    ("declined on the day", adult(NO_TALK), EXCEPTED),
    ("a medical reason on the day", adult(no_talk(DAY, "medical_reason")), EXCEPTED),
    ("declined the day after", adult(no_talk("2026-05-02")), OPEN),
    ("another reason", adult(no_talk(DAY, "another_reason")), OPEN),
    ("declined, entered in error", adult({**NO_TALK, "status": "entered-in-error"}), OPEN),
    ("declined, negative all the same", adult(NO_TALK, asked(DAY)), NUMERATOR),
    ("declined, positive all the same", adult(NO_TALK, asked(DAY, POSITIVE)), OPEN),
    ("adolescent: declined", young(no_teen_talk()), EXCEPTED),
    ("adolescent: a medical reason", young(no_teen_talk("medical_reason")), EXCEPTED),
    ("adolescent: another reason", young(no_teen_talk("another_reason")), OPEN),
    ("adolescent: declined, positive all the same", teen(no_teen_talk()), OPEN),
]


# ---- CMS69: BMI ----------------------------------------------------------------------------------------------------
def weighed(*more: Resource, born: str = "1986-06-15", visit: Resource = WELLNESS) -> Chart:
    return chart(visit, *more, born=born)


def bmi(value: float | None, on: str = DAY, *, unit: str = "kg/m2", status: str = "final") -> Resource:
    return observation("LOINC 39156-5", on, value, unit, status=status, category="vital-signs")


def seen(on: str, kind: str = "AMB") -> Resource:
    return encounter("HCPCS G0447", on, kind=kind)


HEAVY, LIGHT = "ICD10CM E66.3", "ICD10CM R63.6"
ADVICE, REFERRAL = "HCPCS S9470", "weight_referral"
FAT_PILL, THIN_PILL = "RXNORM 803348", "RXNORM 577154"


def heavy(*more: Resource) -> Chart:
    return weighed(bmi(30), *more)


def light(*more: Resource) -> Chart:
    return weighed(bmi(17), *more)


def known(code: str, onset: str = "2020-01-01", *, category: str = "problem-list-item", **more: Any) -> Resource:
    return condition(code, onset, category=category, **more)


def said_pregnant(on: str, answer: str = "ICD10CM Z33.1", *, status: str = "final") -> Resource:
    return observation("LOINC 82810-3", on, answer, status=status)


def left_out(request: Resource, reason: str = "medical_reason") -> Resource:
    return not_ordered({**request, "status": "completed"}, reason)


NO_ADVICE = left_out(order(ADVICE, DAY))
ADVISED, REFERRED = procedure(ADVICE, DAY), order(REFERRAL, DAY)
NO_BMI = cancelled("LOINC 39156-5", DAY, "patient_declined")
CMS69: list[Row] = [
    ("18 on the day of the visit", weighed(born="2008-05-01"), OPEN),
    ("18 the day after", weighed(born="2008-05-02"), OUTSIDE),
    ("18 at the second visit", weighed(seen("2026-06-01"), born="2008-05-02"), OPEN),
    ("born on 29 February, visit on the 28th", weighed(born="2008-02-29", visit=seen("2026-02-28")), OUTSIDE),
    ("born on 29 February, visit on 1 March", weighed(born="2008-02-29", visit=seen("2026-03-01")), OPEN),
    ("virtual visit", weighed(visit=seen(DAY, "VR")), OUTSIDE),
    ("visit of another kind", weighed(visit=VIRTUAL), OUTSIDE),
    ("visit not finished", weighed(visit=encounter("HCPCS G0438", DAY, status="in-progress")), OUTSIDE),
    ("visit before", weighed(visit=seen(BEFORE)), OUTSIDE),
    ("visit in the last moment", weighed(visit=seen(LAST_MOMENT)), OPEN),
    # ---- normal
    ("18.5", weighed(bmi(18.5)), NUMERATOR),
    ("18.4", weighed(bmi(18.4)), OPEN),
    ("24.9", weighed(bmi(24.9)), NUMERATOR),
    ("25", weighed(bmi(25)), OPEN),
    ("0", weighed(bmi(0)), OPEN),
    ("no BMI", weighed(), OPEN),
    ("BMI without a value", weighed(bmi(None)), OPEN),
    ("in another unit", weighed(bmi(22, unit="%")), OPEN),
    ("preliminary", weighed(bmi(22, status="preliminary")), OPEN),
    ("corrected", weighed(bmi(22, status="corrected")), NUMERATOR),
    ("on the first day", weighed(bmi(22, FIRST)), NUMERATOR),
    ("in the last moment", weighed(bmi(22, LAST_MOMENT)), NUMERATOR),
    ("before the period", weighed(bmi(22, BEFORE)), OPEN),
    ("after the period", weighed(bmi(22, AFTER)), OPEN),
    ("normal and high", weighed(bmi(22), bmi(25, "2026-02-01")), OPEN),
    ("normal and low", weighed(bmi(22), bmi(18.4, "2026-02-01")), OPEN),
    ("normal, high in the year before", weighed(bmi(22), bmi(25, BEFORE)), NUMERATOR),
    # ---- high, and care for that reason
    ("high, advised for it", heavy(procedure(ADVICE, DAY, reason=HEAVY)), NUMERATOR),
    ("high, advised on the last day", heavy(procedure(ADVICE, LAST_MOMENT, reason=HEAVY)), NUMERATOR),
    ("high, advised before", heavy(procedure(ADVICE, BEFORE, reason=HEAVY)), OPEN),
    ("high, advised for no reason", heavy(procedure(ADVICE, DAY)), OPEN),
    ("high, advised for another reason", heavy(procedure(ADVICE, DAY, reason=LIGHT)), OPEN),
    ("high, advice ordered", heavy(order(ADVICE, DAY, reason=HEAVY)), NUMERATOR),
    ("high, referred", heavy(order(REFERRAL, "2026-01-01", reason=HEAVY)), NUMERATOR),
    ("high, referred after", heavy(order(REFERRAL, AFTER, reason=HEAVY)), OPEN),
    ("high, referred for another reason", heavy(order(REFERRAL, DAY, reason="another_reason")), OPEN),
    ("high, medicine", heavy(medicine(FAT_PILL, DAY, reason=HEAVY)), NUMERATOR),
    ("high, medicine for the thin", heavy(medicine(THIN_PILL, DAY, reason=HEAVY)), OPEN),
    ("high, referred, overweight known", heavy(known(HEAVY), order(REFERRAL, DAY)), NUMERATOR),
    ("high, referred, overweight known that day", heavy(known(HEAVY, DAY), order(REFERRAL, DAY)), NUMERATOR),
    ("high, referred, overweight known later", heavy(known(HEAVY, "2026-05-02"), order(REFERRAL, DAY)), OPEN),
    ("high, referred, underweight known", heavy(known(LIGHT), order(REFERRAL, DAY)), OPEN),
    ("high, advised, overweight known", heavy(known(HEAVY), procedure(ADVICE, DAY)), NUMERATOR),
    ("high, advised, overweight no more", heavy(known(HEAVY, abated="2026-04-30"), procedure(ADVICE, DAY)), OPEN),
    ("high in the year before, referred", weighed(bmi(30, BEFORE), order(REFERRAL, DAY, reason=HEAVY)), OPEN),
    ("normal and high, referred", weighed(bmi(22), bmi(25, FIRST), order(REFERRAL, DAY, reason=HEAVY)), NUMERATOR),
    # ---- low, and care for that reason
    ("low, advised for it", light(procedure(ADVICE, DAY, reason=LIGHT)), NUMERATOR),
    ("low, advice not done", light(procedure(ADVICE, DAY, reason=LIGHT, status="not-done")), OPEN),
    ("low, advised for overweight", light(procedure(ADVICE, DAY, reason=HEAVY)), OPEN),
    ("low, referred", light(order(REFERRAL, DAY, reason=LIGHT)), NUMERATOR),
    ("low, medicine", light(medicine(THIN_PILL, DAY, reason=LIGHT)), NUMERATOR),
    ("low, medicine for the heavy", light(medicine(FAT_PILL, DAY, reason=LIGHT)), OPEN),
    ("low, referred, underweight known", light(known(LIGHT), order(REFERRAL, DAY)), NUMERATOR),
    ("low, advised, a concern", light(known(LIGHT, category="health-concern"), procedure(ADVICE, DAY)), NUMERATOR),
    # ---- pregnant
    ("pregnant on the first day", weighed(condition("ICD10CM O09.00", "2025-06-01", abated=FIRST)), EXCLUDED),
    ("pregnant before", weighed(condition("ICD10CM O09.00", "2025-03-01", abated=BEFORE)), OPEN),
    ("pregnant after", weighed(condition("ICD10CM Z33.1", AFTER)), OPEN),
    ("said to be pregnant", weighed(said_pregnant("2026-03-01")), EXCLUDED),
    ("said to be pregnant before", weighed(said_pregnant(BEFORE)), OPEN),
    ("said to be pregnant, in error", weighed(said_pregnant(FIRST, status="entered-in-error")), OPEN),
    ("said not to be pregnant", weighed(said_pregnant(FIRST, "not_pregnant")), OPEN),
    # ---- exceptions
    ("high, no care for a medical reason", heavy(NO_ADVICE), EXCEPTED),
    ("low, no care for a medical reason", light(NO_ADVICE), EXCEPTED),
    ("high, no care, on another day", heavy({**NO_ADVICE, "authoredOn": "2026-05-02"}), OPEN),
    ("high, no care, another reason", heavy(left_out(order(ADVICE, DAY), "patient_declined")), OPEN),
    ("high, no referral for a medical reason", heavy(left_out(order(REFERRAL, DAY))), EXCEPTED),
    ("high, no medicine for a medical reason", heavy(left_out(medicine(FAT_PILL, DAY))), EXCEPTED),
    ("high, no medicine, another reason", heavy(left_out(medicine(FAT_PILL, DAY), "another_reason")), OPEN),
    ("high, no care, referred all the same", heavy(NO_ADVICE, order(REFERRAL, DAY, reason=HEAVY)), NUMERATOR),
    ("an order not to advise is no advice", heavy(left_out(order(ADVICE, DAY, reason=HEAVY), "another_reason")), OPEN),
    ("declined to be weighed", weighed(NO_BMI), EXCEPTED),
    ("not weighed for a medical reason", weighed(cancelled("LOINC 39156-5", DAY, "medical_reason")), EXCEPTED),
    ("declined on another day", weighed(cancelled("LOINC 39156-5", "2026-05-02", "patient_declined")), OPEN),
    ("not weighed for another reason", weighed(cancelled("LOINC 39156-5", DAY, "another_reason")), OPEN),
    ("declined, weighed later", weighed(NO_BMI, bmi(22, "2026-07-01")), NUMERATOR),
]


# ---- CMS138: tobacco. Three rates: screened; users who got help; either ---------------------------------------------
def three(first: str, second: str, third: str) -> str:
    return ", ".join((first, second, third))


OUT = three(OUTSIDE, OUTSIDE, OUTSIDE)
NOT_ASKED = three(OPEN, INITIAL, OPEN)
NO_USER = three(NUMERATOR, INITIAL, NUMERATOR)
USER = three(NUMERATOR, OPEN, OPEN)
HELPED = three(NUMERATOR, NUMERATOR, NUMERATOR)
YES, NO = "tobacco_user", "tobacco_non_user"
IN_HOSPICE = three(EXCLUDED, EXCLUDED, EXCLUDED)
COUNSEL, Z716, PATCH = "tobacco_counseling", "ICD10CM Z71.6", "RXNORM 198029"


def smoking(on: str, answer: str | None = YES, *, status: str = "final") -> Resource:
    return observation("LOINC 72166-2", on, answer, status=status, category="social-history")


def somebody(*more: Resource, born: str = "1986-06-15") -> Chart:
    return chart(WELLNESS, *more, born=born)


def smoker(*more: Resource) -> Chart:
    return somebody(smoking(DAY), *more)


OFFICE_AGAIN = encounter("HCPCS T1015", "2026-05-01T15:00:00Z", own_id="again")
CMS138: list[Row] = [
    ("12 on the first day", somebody(born="2014-01-01"), NOT_ASKED),
    ("12 the day after", somebody(born="2014-01-02"), OUT),
    ("one office visit", chart(OFFICE, born="1986-06-15"), OUT),
    ("two office visits on one day", chart(OFFICE, OFFICE_AGAIN, born="1986-06-15"), NOT_ASKED),
    ("two office visits, one before", chart(OFFICE, encounter("HCPCS G0463", BEFORE), born="1986-06-15"), OUT),
    ("two office visits, one planned", chart(OFFICE, {**OFFICE_AGAIN, "status": "planned"}, born="1986-06-15"), OUT),
    ("two visits of different kinds", chart(OFFICE, VIRTUAL, born="1986-06-15"), NOT_ASKED),
    ("preventive visit", chart(encounter("preventive_visit_adult", DAY), born="1986-06-15"), NOT_ASKED),
    ("preventive counseling", chart(encounter("preventive_counseling", DAY), born="1986-06-15"), NOT_ASKED),
    ("no visit", chart(born="1986-06-15"), OUT),
    # ---- the last status
    ("user", smoker(), USER),
    ("non-user", somebody(smoking(DAY, NO)), NO_USER),
    ("another answer", somebody(smoking(DAY, "another_answer")), NOT_ASKED),
    ("no answer", somebody(smoking(DAY, None)), NOT_ASKED),
    ("asked in the first moment", somebody(smoking("2026-01-01T00:00:00Z")), USER),
    ("asked in the last moment", somebody(smoking(LAST_MOMENT)), USER),
    ("asked before", somebody(smoking(BEFORE)), NOT_ASKED),
    ("asked after", somebody(smoking(AFTER)), NOT_ASKED),
    ("asked, amended", somebody(smoking(DAY, status="amended")), NOT_ASKED),
    ("gave it up", somebody(smoking(DAY), smoking("2026-06-01", NO)), NO_USER),
    ("began", somebody(smoking("2026-06-01"), smoking(DAY, NO)), USER),
    ("gave it up, amended", somebody(smoking(DAY), smoking("2026-06-01", NO, status="amended")), USER),
    ("gave it up after the period", somebody(smoking(DAY), smoking(AFTER, NO)), USER),
    ("a later answer that says neither", somebody(smoking(DAY), smoking("2026-06-01", "another_answer")), NOT_ASKED),
    # ---- help in the period or six months before
    ("counseled", smoker(procedure(COUNSEL, DAY)), HELPED),
    ("counseled six months before", smoker(procedure(COUNSEL, "2025-07-01")), HELPED),
    ("counseled a day earlier", smoker(procedure(COUNSEL, "2025-06-30T23:59:59Z")), USER),
    ("counseled in the last moment", smoker(procedure(COUNSEL, LAST_MOMENT)), HELPED),
    ("counseled after", smoker(procedure(COUNSEL, AFTER)), USER),
    ("counseling not done", smoker(procedure(COUNSEL, DAY, status="not-done")), USER),
    ("counseled as a diagnosis", smoker(condition(Z716, DAY)), HELPED),
    ("as a diagnosis six months before", smoker(condition(Z716, "2025-07-01", clinical="inactive")), HELPED),
    ("as a diagnosis a day earlier", smoker(condition(Z716, "2025-06-30")), USER),
    ("as a diagnosis after", smoker(condition(Z716, AFTER)), USER),
    ("as a diagnosis refuted", smoker(condition(Z716, DAY, verification="refuted")), USER),
    ("medicine ordered", smoker(medicine(PATCH, DAY)), HELPED),
    ("medicine ordered six months before", smoker(medicine(PATCH, "2025-07-01", status="completed")), HELPED),
    ("medicine ordered a day earlier", smoker(medicine(PATCH, "2025-06-30T23:59:59Z", status="completed")), USER),
    ("medicine ordered in the last moment", smoker(medicine(PATCH, LAST_MOMENT)), HELPED),
    ("medicine ordered after", smoker(medicine(PATCH, AFTER)), USER),
    ("medicine cancelled", smoker(medicine(PATCH, DAY, status="cancelled")), USER),
    ("medicine proposed", smoker(medicine(PATCH, DAY, intent="proposal")), USER),
    ("another medicine", smoker(medicine(FAT_PILL, DAY)), USER),
    ("medicine not to be given", smoker(not_ordered(medicine(PATCH, DAY), "medical_reason")), USER),
    ("medicine active, order undated", smoker(medicine(PATCH, None, supply(30), taken_from(FIRST))), HELPED),
    ("non-user, counseled", somebody(smoking(DAY, NO), procedure(COUNSEL, DAY)), NO_USER),
    ("not asked, counseled", somebody(procedure(COUNSEL, DAY)), NOT_ASKED),
    ("in hospice, helped", smoker(procedure(COUNSEL, DAY), asked_for_hospice(FIRST)), IN_HOSPICE),
    ("in hospice, not asked", somebody(asked_for_hospice(FIRST)), three(EXCLUDED, INITIAL, EXCLUDED)),
]


# ---- what only the logic for 2025 asks for -------------------------------------------------------------------------
SEEN_25, DAY_25 = encounter("HCPCS G0438", "2025-05-01"), "2025-05-01"
BMI_25 = {kind: bmi(value, DAY_25) for kind, value in (("heavy", 30), ("light", 17))}
OVER, CAME_BACK = known(HEAVY, clinical="inactive"), known(HEAVY, clinical="relapse")
CONCERN = known(LIGHT, category="health-concern")
NO_CONCERN = known(LIGHT, category="health-concern", clinical="remission")


def in_25(*more: Resource) -> Chart:
    return chart(SEEN_25, *more, born="1986-06-15")


CMS69_IN_2025: list[Row] = [
    ("high, referred, overweight no more", in_25(BMI_25["heavy"], OVER, order(REFERRAL, DAY_25)), OPEN),
    ("high, referred, overweight again", in_25(BMI_25["heavy"], CAME_BACK, order(REFERRAL, DAY_25)), NUMERATOR),
    ("low, referred, a concern", in_25(BMI_25["light"], CONCERN, order(REFERRAL, DAY_25)), NUMERATOR),
    ("low, referred, a concern no more", in_25(BMI_25["light"], NO_CONCERN, order(REFERRAL, DAY_25)), OPEN),
    ("low, advised, a concern", in_25(BMI_25["light"], CONCERN, procedure(ADVICE, DAY_25)), NUMERATOR),
    ("low, advised, a concern no more", in_25(BMI_25["light"], NO_CONCERN, procedure(ADVICE, DAY_25)), OPEN),
    ("pregnant", in_25(condition("ICD10CM O09.00", "2025-03-01")), EXCLUDED),
    ("pregnant, came back", in_25(condition("ICD10CM O09.00", "2025-03-01", clinical="recurrence")), OPEN),
]
KIDNEYS_25 = chart(SEEN_25, DIABETES, born="1966-06-15")
CMS951_IN_2025: list[Row] = [
    ("diabetes known on the last day", in_25(condition("ICD10CM E11.9", "2025-12-31")), OPEN),
    ("diabetes known after", in_25(condition("ICD10CM E11.9", FIRST)), OUTSIDE),
    ("diabetes came back", in_25(condition("ICD10CM E11.9", LONG_AGO, clinical="recurrence")), OUTSIDE),
    ("stage 5", [*KIDNEYS_25, condition("ICD10CM N18.5", "2025-12-31")], EXCLUDED),
    ("stage 5, said to be over", [*KIDNEYS_25, condition("ICD10CM N18.5", FIRST, clinical="resolved")], OPEN),
]
CMS122_UNDER_WAY: list[Row] = [
    (status, chart({**WELLNESS_25, "status": status}, DIABETES, A1C_25, born="1966-06-15"), stands)
    for status, stands in {
        **dict.fromkeys(("arrived", "triaged", "in-progress", "onleave"), OPEN),
        **dict.fromkeys(("planned", "cancelled", "entered-in-error", "unknown"), OUTSIDE),
    }.items()
]


# ---- every table ---------------------------------------------------------------------------------------------------
TABLES: dict[tuple[str, int], list[Row]] = {
    ("CMS2", 2026): CMS2,
    ("CMS69", 2026): CMS69,
    ("CMS117", 2026): CMS117,
    ("CMS69", 2025): CMS69_IN_2025,
    ("CMS951", 2025): CMS951_IN_2025,
    ("CMS122", 2025): [*CMS122_IN_2025, *CMS122_UNDER_WAY],
    ("CMS122", 2026): CMS122,
    ("CMS124", 2025): CMS124_IN_2025,
    ("CMS124", 2026): CMS124,
    ("CMS125", 2025): CMS125_IN_2025,
    ("CMS125", 2026): CMS125,
    ("CMS130", 2026): CMS130,
    ("CMS131", 2025): CMS131_IN_2025,
    ("CMS131", 2026): CMS131,
    ("CMS138", 2026): CMS138,
    ("CMS165", 2026): CMS165,
    ("CMS951", 2026): CMS951,
}


@cache
def table_standing(measure: str, year: int) -> dict[str, str]:
    return standing(measure, {name: patient for name, patient, _ in TABLES[measure, year]}, year=year)


@pytest.mark.parametrize(
    ("measure", "year", "name", "stands"),
    [(measure, year, name, stands) for (measure, year), rows in TABLES.items() for name, _, stands in rows],
    ids=[f"{measure} {year}: {name}" for (measure, year), rows in TABLES.items() for name, *_ in rows],
)
def test_a_patient_stands_where_the_measure_says(measure: str, year: int, name: str, stands: str) -> None:
    assert table_standing(measure, year)[name] == stands


def test_the_names_in_a_table_are_different() -> None:
    tables = [*TABLES.values(), SHARED]

    assert [len({row[0] for row in rows}) for rows in tables] == [len(rows) for rows in tables]


# ---- where one could think otherwise -------------------------------------------------------------------------------
# Each row is what the public logic says where one would expect otherwise.
TALK_25 = talk("2025-05-01")
VISIT = "encounter-diagnosis"
NO_PANEL = [observation("LOINC 8480-6", FIRST, 120, "mm[Hg]"), observation("LOINC 8462-4", FIRST, 80, "mm[Hg]")]
EARLY_BLOOD = observation(EGFR, "2025-12-30", 70, until=FIRST)


def without_category(resource: Resource) -> Resource:
    return {**resource, "category": []}


SURPRISING: dict[tuple[str, int], list[Row]] = {
    ("CMS2", 2025): [
        # Only the problem list counts, in both years.
        ("bipolar as a visit diagnosis", adult(bipolar(LONG_AGO, VISIT), visit=TALK_25), OPEN)
    ],
    ("CMS2", 2026): [
        # Ordered within two days of the visit, and lasting past it.
        ("medicine from before, lasts past the visit", positive(medicine(PILL, "2026-04-01", supply(90))), OPEN),
        ("medicine ordered on the day, how long not said", positive(medicine(PILL, DAY)), OPEN),
        ("medicine ordered two days later", positive(medicine(PILL, "2026-05-03", supply(30))), OPEN),
        # Neither what an order is meant as nor whether a diagnosis was verified is asked for.
        ("referral only planned", positive(order(REFERRAL_ADULT, DAY, intent="plan")), NUMERATOR),
        ("bipolar refuted", adult(bipolar(LONG_AGO, verification="refuted")), EXCLUDED),
    ],
    ("CMS69", 2026): [
        # Statuses are asked for after a low BMI, for procedures with a reason, and nowhere else.
        ("high, referral revoked", heavy(order(REFERRAL, DAY, reason=HEAVY, status="revoked")), NUMERATOR),
        ("high, medicine proposed", heavy(medicine(FAT_PILL, DAY, reason=HEAVY, intent="proposal")), NUMERATOR),
        ("high, advice not done", heavy(procedure(ADVICE, DAY, reason=HEAVY, status="not-done")), NUMERATOR),
        # Verification is not asked for. A procedure needs the problem list, an order any diagnosis.
        ("pregnancy refuted", weighed(condition("ICD10CM O09.00", FIRST, verification="refuted")), EXCLUDED),
        ("high, referred, refuted", heavy(known(HEAVY, verification="refuted"), order(REFERRAL, DAY)), NUMERATOR),
        ("high, advised, diagnosed at a visit", heavy(known(HEAVY, category=VISIT), procedure(ADVICE, DAY)), OPEN),
        ("low, advised, on the problem list", light(known(LIGHT), procedure(ADVICE, DAY)), OPEN),
    ],
    ("CMS117", 2026): [
        # The two doses come after the newborn procedure.
        ("newborn after the first dose", child(hep_b=newborn("2024-06-16") + shots("CVX 08", BORN, D1)), OPEN)
    ],
    ("CMS130", 2026): [
        # Only images and eye exams need a category.
        ("yes to hospice, no category", person(without_category(asked_for_hospice(FIRST))), EXCLUDED),
        ("palliative care assessed, no category", person(observation("LOINC 71007-9", FIRST)), EXCLUDED),
        ("nursing home, no category", old(without_category(lives(FIRST))), EXCLUDED),
        ("device used, no category", old(ILL, without_category(uses(FIRST))), EXCLUDED),
        # Each list of codes is for one kind of entry.
        ("a visit coded as the palliative diagnosis", person(encounter("ICD10CM Z51.5", FIRST)), OPEN),
    ],
    ("CMS131", 2026): [
        # 'No apparent retinopathy' is one of the grades of the value set.
        ("both eyes clear in the period", diabetic(left(FIRST, CLEAR), right(FIRST, CLEAR)), NUMERATOR)
    ],
    ("CMS138", 2026): [
        # What is being taken counts when all of it lies in the window.
        ("medicine since before the six months", smoker(medicine(PATCH, "2025-05-01", supply(360))), USER)
    ],
    ("CMS165", 2026): [
        # A blood pressure is a panel of both.
        ("pressures that are no panel", hypertensive(*NO_PANEL), OPEN)
    ],
    ("CMS951", 2026): [
        # A laboratory test lies in the period as a whole.
        ("blood known on the first day", with_kidneys(URINE, EARLY_BLOOD), OPEN)
    ],
}


@cache
def standing_surprisingly(measure: str, year: int) -> dict[str, str]:
    return standing(measure, {name: patient for name, patient, _ in SURPRISING[measure, year]}, year=year)


@pytest.mark.parametrize(
    ("measure", "year", "name", "stands"),
    [(measure, year, name, stands) for (measure, year), rows in SURPRISING.items() for name, _, stands in rows],
    ids=[f"{measure} {year}: {name}" for (measure, year), rows in SURPRISING.items() for name, *_ in rows],
)
def test_a_rule_keeps_its_reading_where_one_could_read_the_measure_otherwise(
    measure: str, year: int, name: str, stands: str
) -> None:
    assert standing_surprisingly(measure, year)[name] == stands


# ---- the same charts a year earlier, for 2025 ----------------------------------------------------------------------
# What the logic for 2025 decides otherwise. Every other row of the tables stands where it stands in 2026.
DIFFERENT_IN_2025: dict[str, dict[str, str]] = {
    "CMS2": {
        # an order for a medicine is enough, but only an order proper; a screening is final
        "negative, amended": OPEN,
        "medicine from an original order": OPEN,
        "medicine ordered on the day, how long not said": NUMERATOR,
        "medicine ordered two days later": NUMERATOR,
    },
    "CMS69": {
        # an order needs the problem list and a diagnosis that is active, a procedure any diagnosis; pregnancy is active
        "low, referred, underweight known": OPEN,
        "pregnant on the first day": OPEN,
        "said to be pregnant": OPEN,
        "high, advised, diagnosed at a visit": NUMERATOR,
    },
    "CMS122": {
        # any entry of diabetes counts, also a refuted one; visits are those of most measures
        "nutrition visit": OUTSIDE,
        "medical nutrition therapy": OUTSIDE,
        "virtual visit": OPEN,
        "refuted": OPEN,
        "in error": OPEN,
        "without a category": OPEN,
        "on the problem list only": OPEN,
    },
    "CMS124": {
        # by the registered sex; a refuted diagnosis counts
        "a woman registered as male": OUTSIDE,
        "registered as female, sex not said": OPEN,
        "no cervix refuted": EXCLUDED,
    },
    "CMS125": {
        # from 52 on; by the registered sex; visits under way count, images of any category, refuted diagnoses
        "42 on the last day": OUTSIDE,
        "a woman registered as male": OUTSIDE,
        "registered as female, sex not said": OPEN,
        "visit begun, not finished": OPEN,
        "no category": NUMERATOR,
        "another category": NUMERATOR,
        "history refuted": EXCLUDED,
    },
    "CMS130": {
        # images of any category and refuted diagnoses count
        "CT colonography without a category": NUMERATOR,
        "cancer refuted": EXCLUDED,
    },
    "CMS131": {
        # any entry of diabetes counts; only exams of the retina do, whoever has no eyes
        "refuted": OPEN,
        "in error": OPEN,
        "without a category": OPEN,
        "on the problem list only": OPEN,
        "retinopathy refuted, exam before": OPEN,
        "machine finds nothing": OPEN,
        "machine finds something": OPEN,
        "both eyes graded": OPEN,
        "left graded, right clear the year before": OPEN,
        "right graded, left clear the year before": OPEN,
        "both clear the year before": OPEN,
        "both graded, retinopathy known": OPEN,
        "no eyes": OPEN,
        "no eyes on the last day": OPEN,
        "both eyes clear in the period": OPEN,
    },
    "CMS138": {
        # a corrected answer counts, and a refuted diagnosis
        "asked, amended": USER,
        "gave it up, amended": NO_USER,
        "as a diagnosis refuted": HELPED,
    },
    "CMS165": {
        # the kind of the encounter that a reading belongs to decides, whatever went on around it
        "refuted": OPEN,
        "kidney failure refuted": EXCLUDED,
        "good in a cancelled emergency": OPEN,
        "good the day after, linked to the stay": OPEN,
        "good during a stay, linked to nothing": NUMERATOR,
    },
    "CMS951": {
        # diabetes and kidney failure are active in the period; any ratio counts, and nothing in its place
        "known on the first day": OPEN,
        "over on the first day": OUTSIDE,
        "refuted": OPEN,
        "stage 5 on the first day": OPEN,
        "kidney failure refuted": EXCLUDED,
        "ratio in other words": NUMERATOR,
        "albumin and creatinine on one day": OPEN,
        "albumin 4 days later": OPEN,
        "creatinine 4 days later": OPEN,
        "albumin near one of two": OPEN,
    },
}
ROWS_OF_2026 = {
    measure: [*rows, *SURPRISING.get((measure, 2026), [])] for (measure, year), rows in TABLES.items() if year == 2026
}
_YEAR = re.compile(r"\b(\d{4})(?=-\d\d-\d\d)")


def a_year_earlier(patient: Chart) -> Chart:
    moved: Chart = json.loads(_YEAR.sub(lambda year: str(int(year[1]) - 1), json.dumps(patient)))
    return moved


@pytest.mark.parametrize("measure", ROWS_OF_2026)
def test_a_chart_of_2025_stands_as_one_of_2026_but_for_what_the_logic_says_otherwise(measure: str) -> None:
    rows = [row for row in ROWS_OF_2026[measure] if "-02-29" not in json.dumps(row[1])]  # no such day a year earlier
    expected = {name: stands for name, _, stands in rows} | DIFFERENT_IN_2025.get(measure, {})

    found = standing(measure, {name: a_year_earlier(patient) for name, patient, _ in rows}, year=2025)

    assert found == expected


def test_every_difference_is_one() -> None:
    for measure, differences in DIFFERENT_IN_2025.items():
        in_2026 = {name: stands for name, _, stands in ROWS_OF_2026[measure]}
        assert [name for name, stands in differences.items() if in_2026[name] == stands] == []


# ---- generated dates against plain Python --------------------------------------------------------------------------
START, END = date(2026, 1, 1), date(2026, 12, 31)
EDGES = [date(year, month, day) for year in range(2016, 2028) for month, day in ((1, 1), (6, 30), (10, 1), (12, 31))]
TIMES = ("", "T00:00:00Z", "T23:59:59.999+00:00", "T22:30:00-08:00", "T01:30:00+05:00")


def days(first: date = date(2015, 1, 1), last: date = date(2028, 12, 31)) -> st.SearchStrategy[date]:
    """Any day, and more often one near the first or last day of a window."""
    edges = [edge for edge in EDGES if first < edge < last]
    near = st.builds(lambda edge, off: edge + timedelta(days=off), st.sampled_from(edges), st.integers(-1, 1))
    return st.dates(first, last) | near


@dataclass(frozen=True)
class Entry:
    """Something of a chart: how it is written on a day, beside what, on which days it counts.

    stands   where the patient is if it counts, and if it does not
    needs    what it must have beside what its kind always needs: 'category', 'value'
    allowed  statuses, if others than those of its kind
    unless   what surprises (SURPRISING), or does not matter: 'code', 'status', 'intent', 'verification'
    """

    name: str
    written: Callable[[str], Resource]
    beside: Callable[[Resource], Chart]
    counts: Callable[[date], bool]
    stands: tuple[str, str] = (NUMERATOR, OPEN)
    needs: str = ""
    allowed: tuple[str, ...] = ()
    unless: str = ""


def since(first: date) -> Callable[[date], bool]:
    return lambda day: first <= day <= END


def by_the_end(day: date) -> bool:
    return day <= END


def around(first: int, last: int) -> Callable[[date], bool]:
    """So many days from 1 May."""
    return lambda day: first <= (day - date(2026, 5, 1)).days <= last


BIRTH, DAY_7, SECOND_BIRTHDAY = date(2024, 6, 15), date(2024, 6, 22), date(2026, 6, 15)


def from_age(first: date, last: date = SECOND_BIRTHDAY) -> Callable[[date], bool]:
    return lambda day: first <= day <= last


in_period = since(START)
YEARS_BEFORE = {years: since(date(2026 - years, 1, 1)) for years in (1, 2, 4, 9)}
HALF_A_YEAR_BEFORE = since(date(2025, 7, 1))
BEFORE_DAY, UNTIL_DAY, THAT_DAY, FROM_DAY = around(-9999, -1), around(-9999, 0), around(0, 0), around(0, 9999)
COUNTED, NOT_COUNTED, REASONED = (OPEN, OUTSIDE), (EXCLUDED, OPEN), (EXCEPTED, OPEN)
ANSWERED, HELPS = (OPEN, NUMERATOR), (HELPED, USER)
UNVERIFIED, ANY_ORDER, BOTH = "verification", "status intent", "category value"
CANCELLED, ACTIVE, SYMPTOM = ("cancelled",), ("active",), ("preliminary", "final", "amended", "corrected")


def visit(code: str) -> Callable[[str], Resource]:
    return lambda on: encounter(code, on)


def entry(kind: Callable[..., Resource], code: str, **more: Any) -> Callable[[str], Resource]:
    return lambda on: kind(code, on, **more)


def alone(*holds: Resource, born: str = "1966-06-15") -> Callable[[Resource], Chart]:
    return lambda it: chart(it, *holds, born=born)


def beside(holding: Callable[..., Chart], *others: Resource) -> Callable[[Resource], Chart]:
    return lambda it: holding(*others, it)


def not_given(kind: Callable[..., Resource], code: str) -> Callable[[str], Resource]:
    return lambda on: left_out(kind(code, on))


def no_bmi(on: str) -> Resource:
    return cancelled("LOINC 39156-5", on[:10], "medical_reason")


def by_june(day: date) -> bool:
    return day <= date(2026, 6, 30)


def at_the_visit(care: str) -> Callable[[str], Resource]:
    return lambda on: procedure(care, f"{on[:10]}T09:30:00Z")


DEPRESSION = [
    Entry("visit", visit("HCPCS G0444"), alone(), in_period, COUNTED),
    Entry("asked", asked, adult, around(-14, 0), needs="value"),
    Entry("positive", lambda on: asked(on, POSITIVE), beside(adult, AT_VISIT), around(-14, 0), needs="value"),
    Entry("care", at_the_visit(CARE_ADULT), positive, THAT_DAY),
    Entry("referral", entry(order, REFERRAL_ADULT), positive, around(0, 2), unless="intent"),
    Entry("bipolar", bipolar, adult, BEFORE_DAY, NOT_COUNTED, needs="category", unless=UNVERIFIED),
    Entry("declined", lambda on: no_talk(on[:10]), adult, THAT_DAY, REASONED, allowed=CANCELLED),
    # adolescents
    Entry("teen asked", teen_asked, young, around(-14, 0), needs="value"),
    Entry("teen positive", lambda on: teen_asked(on, POSITIVE), beside(young, TEEN_AT_VISIT), around(-14, 0)),
    Entry("teen care", at_the_visit(CARE_TEEN), teen, THAT_DAY),
    Entry("teen referral", entry(order, REFERRAL_TEEN), teen, around(0, 2), unless="intent"),
    Entry("teen declined", lambda on: no_teen_talk(on=on[:10]), young, THAT_DAY, REASONED, allowed=CANCELLED),
]
BMI = [
    Entry("visit", visit("HCPCS G0447"), alone(), in_period, COUNTED),
    Entry("BMI", lambda on: bmi(22, on), weighed, in_period, needs="value"),
    Entry("pregnant", entry(condition, "ICD10CM O09.00"), weighed, by_the_end, NOT_COUNTED, unless=UNVERIFIED),
    Entry("said to be pregnant", said_pregnant, weighed, in_period, NOT_COUNTED, needs="value", unless="code"),
    # high
    Entry("advice", entry(procedure, ADVICE, reason=HEAVY), heavy, in_period, unless="status"),
    Entry("advice ordered", entry(order, ADVICE, reason=HEAVY), heavy, in_period, unless=ANY_ORDER),
    Entry("referral", entry(order, REFERRAL, reason=HEAVY), heavy, in_period, unless=ANY_ORDER),
    Entry("medicine", entry(medicine, FAT_PILL, reason=HEAVY), heavy, in_period, unless=ANY_ORDER),
    Entry("known", entry(known, HEAVY), beside(heavy, REFERRED), UNTIL_DAY, unless=UNVERIFIED),
    Entry("known, medicine", entry(known, HEAVY), beside(heavy, medicine(FAT_PILL, DAY)), UNTIL_DAY, unless=UNVERIFIED),
    Entry("known, advised", entry(known, HEAVY), beside(heavy, ADVISED), UNTIL_DAY, unless=UNVERIFIED),
    Entry("known until", lambda on: known(HEAVY, abated=on), beside(heavy, ADVISED), FROM_DAY, unless=UNVERIFIED),
    # low
    Entry("low advice", entry(procedure, ADVICE, reason=LIGHT), light, in_period),
    Entry("low advice ordered", entry(order, ADVICE, reason=LIGHT), light, in_period, unless=ANY_ORDER),
    Entry("low referral", entry(order, REFERRAL, reason=LIGHT), light, in_period, unless=ANY_ORDER),
    Entry("low medicine", entry(medicine, THIN_PILL, reason=LIGHT), light, in_period, unless=ANY_ORDER),
    Entry("low known", entry(known, LIGHT), beside(light, REFERRED), UNTIL_DAY, unless=UNVERIFIED),
    Entry(
        "low known, pill", entry(known, LIGHT), beside(light, medicine(THIN_PILL, DAY)), UNTIL_DAY, unless=UNVERIFIED
    ),
    Entry(
        "low a concern",
        entry(known, LIGHT, category="health-concern"),
        beside(light, ADVISED),
        UNTIL_DAY,
        unless=UNVERIFIED,
    ),
    Entry(
        "low a concern until",
        lambda on: known(LIGHT, abated=on, category="health-concern"),
        beside(light, ADVISED),
        FROM_DAY,
        unless=UNVERIFIED,
    ),
    # why not
    Entry("no advice", not_given(order, "HCPCS G0447"), heavy, THAT_DAY, REASONED, unless=ANY_ORDER),
    Entry("no low advice", not_given(order, ADVICE), light, THAT_DAY, REASONED, unless=ANY_ORDER),
    Entry("no referral", not_given(order, REFERRAL), heavy, THAT_DAY, REASONED, unless=ANY_ORDER),
    Entry("no medicine", not_given(medicine, FAT_PILL), heavy, THAT_DAY, REASONED, unless=ANY_ORDER),
    Entry("no low medicine", not_given(medicine, THIN_PILL), light, THAT_DAY, REASONED, unless=ANY_ORDER),
    Entry("no BMI", no_bmi, weighed, THAT_DAY, REASONED, allowed=CANCELLED),
]

# vaccine or procedure, antigen, how many, from which day
GIVEN = [
    ("CVX 20", "dtap", 4, date(2024, 7, 27)),
    ("dtap_given", "dtap", 4, date(2024, 7, 27)),
    ("CVX 89", "polio", 3, date(2024, 7, 27)),
    ("polio_given", "polio", 3, date(2024, 7, 27)),
    ("CVX 03", "mmr", 1, date(2025, 6, 15)),
    ("mmr_given", "mmr", 1, date(2025, 6, 15)),
    ("CVX 49", "hib", 3, date(2024, 7, 27)),
    ("hib_given_3", "hib", 3, date(2024, 7, 27)),
    ("CVX 48", "hib", 4, date(2024, 7, 27)),
    ("hib_given_4", "hib", 4, date(2024, 7, 27)),
    ("CVX 45", "hep_b", 3, date(2024, 6, 15)),
    ("hepatitis_b_given", "hep_b", 3, date(2024, 6, 15)),
    ("CVX 21", "vzv", 1, date(2025, 6, 15)),
    ("varicella_given", "vzv", 1, date(2025, 6, 15)),
    ("CVX 215", "pcv", 4, date(2024, 7, 27)),
    ("pneumococcal_given", "pcv", 4, date(2024, 7, 27)),
    ("CVX 31", "hep_a", 1, date(2025, 6, 15)),
    ("hepatitis_a_given", "hep_a", 1, date(2025, 6, 15)),
    ("CVX 119", "rota", 2, date(2024, 7, 27)),
    ("rotavirus_given_2", "rota", 2, date(2024, 7, 27)),
    ("CVX 116", "rota", 3, date(2024, 7, 27)),
    ("rotavirus_given_3", "rota", 3, date(2024, 7, 27)),
    ("CVX 140", "flu", 2, date(2024, 12, 12)),
    ("influenza_given_child", "flu", 2, date(2024, 12, 12)),
]
# the illness, or what forbids the vaccine, in the first two years
INSTEAD = [
    ("anaphylaxis_dtap", "dtap"),
    ("encephalitis_dtap", "dtap"),
    ("SNOMED 471321000124106", "polio"),
    ("SNOMED 471331000124109", "mmr"),
    ("SNOMED 433621000124101", "hib"),
    ("SNOMED 428321000124101", "hep_b"),
    ("ICD10CM B16.9", "hep_b"),
    ("SNOMED 471341000124104", "vzv"),
    ("ICD10CM B01.9", "vzv"),
    ("SNOMED 471141000124102", "pcv"),
    ("SNOMED 471311000124103", "hep_a"),
    ("ICD10CM B15.9", "hep_a"),
    ("SNOMED 428331000124103", "rota"),
    ("SNOMED 471361000124100", "flu"),
]
WEAK = ["ICD10CM D81.0", "ICD10CM D80.0", "ICD10CM B20", "ICD10CM C91.00", "ICD10CM K56.1"]


def dose(code: str) -> Callable[[str], Resource]:
    return entry(immunization if code.startswith("CVX") else procedure, code)


def last_of(code: str, antigen: str, needed: int) -> Callable[[Resource], Chart]:
    """Every vaccine, of this antigen all but one."""
    others = [dose(code)(day) for day in ("2025-09-15", "2025-10-20", "2025-11-20")[: needed - 1]]
    return lambda it: vaccinated({antigen: [*others, it]})


def beside_two(antigen: str, code: str, *days: str) -> Callable[[Resource], Chart]:
    return lambda it: vaccinated({antigen: [it, *shots(code, *days)]})


VACCINES = [
    Entry("visit", visit("HCPCS G0071"), alone(born=BORN), in_period, COUNTED),
    *[Entry(code, dose(code), last_of(code, which, needed), from_age(day)) for code, which, needed, day in GIVEN],
    *[Entry(code, entry(condition, code), last_of(code, which, 1), from_age(BIRTH)) for code, which in INSTEAD],
    *[Entry(code, entry(condition, code), child, from_age(BIRTH), (EXCLUDED, NUMERATOR)) for code in WEAK],
    Entry("measles", entry(condition, "ICD10CM B05.9"), lambda it: child(mmr=[it, *MUMPS, *RUBELLA]), from_age(BIRTH)),
    Entry("mumps", entry(condition, "ICD10CM B26.9"), lambda it: child(mmr=[it, *MEASLES, *RUBELLA]), from_age(BIRTH)),
    Entry("rubella", entry(condition, "ICD10CM B06.9"), lambda it: child(mmr=[it, *MEASLES, *MUMPS]), from_age(BIRTH)),
    Entry(
        "newborn", entry(procedure, "ICD10PCS 3E0234Z"), beside_two("hep_b", "CVX 08", D1, D3), from_age(BIRTH, DAY_7)
    ),
    Entry("spray", entry(immunization, "CVX 149"), beside_two("flu", "CVX 141", D3), from_age(SECOND_BIRTHDAY)),
    Entry(
        "spray given",
        entry(procedure, "influenza_given_nasal"),
        beside_two("flu", "CVX 141", D3),
        from_age(SECOND_BIRTHDAY),
    ),
]
GLYCEMIC = [
    Entry("visit", visit("HCPCS G0438"), alone(DIABETES, FAIR_A1C), in_period, COUNTED),
    Entry("nutrition therapy", visit("HCPCS G0270"), alone(DIABETES, FAIR_A1C), in_period, COUNTED),
    Entry("diabetes", entry(condition, "ICD10CM E11.9"), with_diagnosis, by_the_end, COUNTED, needs="category"),
    Entry("A1c", lambda on: a1c(on, 7), diabetic, in_period, ANSWERED, needs="value"),
    Entry("sensor", lambda on: gmi(on, 7), diabetic, in_period, ANSWERED, needs="value"),
    Entry("bad A1c", lambda on: a1c(on, 10), beside(diabetic, a1c(FIRST, 7)), lambda day: START < day <= END),
]
CERVICAL = [
    Entry("visit", visit("HCPCS G0071"), alone(), in_period, COUNTED),
    Entry("Pap test", lambda on: smear(PAP, on), patient, YEARS_BEFORE[2], needs="value"),
    Entry("HPV test", lambda on: smear(HPV, on), patient, YEARS_BEFORE[4], needs="value"),
    Entry("HPV test from 30", lambda on: smear(HPV, on), alone(VIRTUAL, born="1993-10-01"), since(date(2023, 10, 1))),
    Entry("womb removed", entry(procedure, "ICD10PCS 0UTC0ZZ"), patient, by_the_end, NOT_COUNTED),
    Entry("no cervix", entry(condition, "ICD10CM Z90.710"), patient, by_the_end, NOT_COUNTED),
]
WITHOUT_RIGHT, WITHOUT_LEFT = alone(WELLNESS, procedure(NO_RIGHT, "2010-01-01")), alone(WELLNESS, GONE_LEFT)
BREAST = [
    Entry("visit", visit("HCPCS G0438"), alone(), in_period, COUNTED),
    Entry("mammogram", mammogram, woman, since(date(2024, 10, 1)), needs="category"),
    Entry("both removed", entry(procedure, NO_BREASTS), woman, by_the_end, NOT_COUNTED),
    Entry("both as history", entry(condition, "ICD10CM Z90.13"), woman, by_the_end, NOT_COUNTED),
    Entry("left removed", entry(procedure, NO_LEFT), WITHOUT_RIGHT, by_the_end, NOT_COUNTED),
    Entry("left as history", entry(condition, "ICD10CM Z90.12"), WITHOUT_RIGHT, by_the_end, NOT_COUNTED),
    Entry("left by its site", lambda on: one_side(LEFT, on=on), WITHOUT_RIGHT, by_the_end, NOT_COUNTED),
    Entry("right removed", entry(procedure, NO_RIGHT), WITHOUT_LEFT, by_the_end, NOT_COUNTED),
    Entry("right as history", entry(condition, "ICD10CM Z90.11"), WITHOUT_LEFT, by_the_end, NOT_COUNTED),
    Entry("right by its site", lambda on: one_side(RIGHT, on=on), WITHOUT_LEFT, by_the_end, NOT_COUNTED),
]
COLORECTAL = [
    Entry("visit", visit("HCPCS G0438"), alone(), in_period, COUNTED),
    Entry("stool blood test", lambda on: stool_test(FIT, on), person, in_period, needs="value"),
    Entry("stool DNA test", lambda on: stool_test(DNA, on), person, YEARS_BEFORE[2], needs="value"),
    Entry("sigmoidoscopy", entry(procedure, SHORT_SCOPE), person, YEARS_BEFORE[4]),
    Entry("CT colonography", entry(observation, CT, category="imaging"), person, YEARS_BEFORE[4], needs="category"),
    Entry("colonoscopy", entry(procedure, SCOPE), person, YEARS_BEFORE[9]),
    Entry("cancer", entry(condition, "ICD10CM C18.7"), person, by_the_end, NOT_COUNTED),
    Entry("colon removed", entry(procedure, "ICD10PCS 0DTE0ZZ"), person, by_the_end, NOT_COUNTED),
    # hospice and palliative care
    Entry("left for hospice", lambda on: stay("2010-01-01", on), person, in_period, NOT_COUNTED),
    Entry("hospice visit", visit("HCPCS Q5003"), person, in_period, NOT_COUNTED),
    Entry("hospice answer", asked_for_hospice, person, in_period, NOT_COUNTED, needs="value"),
    Entry("hospice order", entry(order, "HCPCS G0182"), person, in_period, NOT_COUNTED),
    Entry("hospice care", entry(procedure, "HCPCS G0182"), person, in_period, NOT_COUNTED),
    Entry("hospice diagnosis", in_hospice, person, by_the_end, NOT_COUNTED),
    Entry("palliative assessment", assessed, person, in_period, NOT_COUNTED),
    Entry("palliative diagnosis", entry(condition, "ICD10CM Z51.5"), person, by_the_end, NOT_COUNTED),
    Entry("palliative visit", visit("HCPCS G9054"), person, in_period, NOT_COUNTED),
    Entry("palliative treatment", entry(procedure, "palliative_intervention"), person, in_period, NOT_COUNTED),
    # frailty and illness
    Entry("device ordered", entry(device, "frailty_device"), beside(old, ILL), in_period, NOT_COUNTED),
    Entry("device used", uses, beside(old, ILL), in_period, NOT_COUNTED, needs="value"),
    Entry("frail", entry(condition, "ICD10CM M62.84"), beside(old, ILL), by_the_end, NOT_COUNTED),
    Entry("frailty visit", visit("HCPCS G0162"), beside(old, ILL), in_period, NOT_COUNTED),
    Entry("symptom", entry(observation, "ICD10CM R54"), beside(old, ILL), in_period, NOT_COUNTED, allowed=SYMPTOM),
    Entry("ill", entry(condition, "ICD10CM C25.0"), beside(old, FRAIL), YEARS_BEFORE[1], NOT_COUNTED),
    Entry(
        "dementia medicine",
        lambda on: drug(on, supply(1)),
        beside(old, FRAIL),
        YEARS_BEFORE[1],
        NOT_COUNTED,
        allowed=ACTIVE,
    ),
    Entry("nursing home", lives, old, by_the_end, NOT_COUNTED, needs="value"),
]
EYES = [
    Entry("visit", visit("eye_visit"), alone(DIABETES), in_period, COUNTED),
    Entry("diabetes", entry(condition, "ICD10CM E11.9"), alone(WELLNESS), by_the_end, COUNTED, needs="category"),
    Entry("no eyes", entry(condition, "SNOMED 15665641000119103"), diabetic, by_the_end, NOT_COUNTED),
    Entry("exam", exam, diabetic, YEARS_BEFORE[1], needs="category"),
    Entry("exam, retinopathy", exam, beside(diabetic, RETINOPATHY), in_period, needs="category"),
    Entry("retinopathy", entry(condition, "ICD10CM E11.319"), beside(diabetic, exam(BEFORE)), by_the_end, ANSWERED),
    Entry("machine", machine, diabetic, in_period, needs=BOTH),
    Entry("left eye", left, beside(diabetic, right(FIRST)), in_period, needs=BOTH),
    Entry("right eye", right, beside(diabetic, left(FIRST)), in_period, needs=BOTH),
    Entry("left eye, right clear", left, beside(diabetic, right(BEFORE, CLEAR)), in_period, needs=BOTH),
    Entry("right eye, left clear", right, beside(diabetic, left(BEFORE, CLEAR)), in_period, needs=BOTH),
]
TOBACCO = [
    Entry("visit", visit("HCPCS G0438"), alone(SMOKES), in_period, (USER, OUT)),
    Entry("second visit", visit("HCPCS G0463"), alone(SMOKES, OFFICE), in_period, (USER, OUT)),
    Entry("asked", smoking, somebody, in_period, (USER, NOT_ASKED), needs="value", allowed=("final",)),
    Entry("counseled", entry(procedure, COUNSEL), smoker, HALF_A_YEAR_BEFORE, HELPS),
    Entry("counseled as a diagnosis", entry(condition, Z716), smoker, HALF_A_YEAR_BEFORE, HELPS),
    Entry("medicine ordered", entry(medicine, PATCH), smoker, HALF_A_YEAR_BEFORE, HELPS),
    Entry(
        "medicine active",
        lambda on: medicine(PATCH, None, supply(1), taken_from(on[:10])),
        smoker,
        HALF_A_YEAR_BEFORE,
        HELPS,
        allowed=ACTIVE,
    ),
]
PRESSURE = [
    Entry("visit", visit("HCPCS G0438"), alone(HYPERTENSION), in_period, COUNTED),
    Entry("hypertension", entry(condition, "ICD10CM I10"), alone(WELLNESS), by_june, COUNTED),
    Entry("reading", lambda on: pressure(on, 120, 80), hypertensive, in_period),
    Entry("dialysis", entry(procedure, "HCPCS G0257"), hypertensive, by_the_end, NOT_COUNTED),
    Entry("transplant", entry(procedure, "HCPCS S2065"), hypertensive, by_the_end, NOT_COUNTED),
    Entry("monthly care", visit("kidney_failure_visit"), hypertensive, by_the_end, NOT_COUNTED),
    Entry("pregnant", entry(condition, "ICD10CM O09.00"), hypertensive, by_the_end, NOT_COUNTED),
    Entry("kidney failure", entry(condition, "ICD10CM N18.6"), hypertensive, by_the_end, NOT_COUNTED),
    Entry("stage 5", entry(condition, "ICD10CM N18.5"), hypertensive, by_the_end, NOT_COUNTED),
    Entry("another's kidney", entry(condition, "ICD10CM Z94.0"), hypertensive, by_the_end, NOT_COUNTED),
]
ALBUMIN_ALONE, CREATININE_ALONE = lab(ALBUMIN, DAY, 20), lab(CREATININE, DAY, 90)
KIDNEYS = [
    Entry("visit", visit("HCPCS G0438"), alone(DIABETES), in_period, COUNTED),
    Entry("diabetes", entry(condition, "ICD10CM E11.9"), alone(WELLNESS), lambda day: day < START, COUNTED),
    Entry("kidney failure", entry(condition, "ICD10CM N18.6"), with_kidneys, by_the_end, NOT_COUNTED),
    Entry("stage 5", entry(condition, "ICD10CM N18.5"), with_kidneys, by_the_end, NOT_COUNTED),
    Entry("blood", lambda on: lab(EGFR, on, 70), beside(with_kidneys, URINE), in_period, needs="value"),
    Entry("ratio", lambda on: lab(RATIO, on, 20), beside(with_kidneys, BLOOD), in_period, needs="value"),
    Entry(
        "ratio too small",
        lambda on: lab(RATIO, on, "undetectable_result"),
        beside(with_kidneys, BLOOD),
        in_period,
        needs="value",
    ),
    Entry(
        "albumin",
        lambda on: lab(ALBUMIN, on[:10], 20),
        beside(with_kidneys, BLOOD, CREATININE_ALONE),
        around(-4, 4),
        needs="value",
    ),
    Entry(
        "creatinine",
        lambda on: lab(CREATININE, on[:10], 90),
        beside(with_kidneys, BLOOD, ALBUMIN_ALONE),
        around(-4, 4),
        needs="value",
    ),
]
ENTRIES = {
    "CMS2": DEPRESSION,
    "CMS69": BMI,
    "CMS117": VACCINES,
    "CMS122": GLYCEMIC,
    "CMS124": CERVICAL,
    "CMS125": BREAST,
    "CMS130": COLORECTAL,
    "CMS131": EYES,
    "CMS138": TOBACCO,
    "CMS165": PRESSURE,
    "CMS951": KIDNEYS,
}
CALENDAR = [date(2013, 1, 1) + timedelta(days=number) for number in range(5_600)]


def edges_of(counts: Callable[[date], bool]) -> list[str]:
    """The first day that counts and the moment before it, the last moment that counts and the day after it."""
    counted = [day for day in CALENDAR if counts(day)]
    day_before, day_after = counted[0] - timedelta(days=1), counted[-1] + timedelta(days=1)
    edges = [f"{day_before}T23:59:59.999Z", f"{counted[0]}T00:00:00Z"] if counted[0] > CALENDAR[0] else []
    return edges + ([f"{counted[-1]}T23:59:59+00:00", f"{day_after}"] if counted[-1] < CALENDAR[-1] else [])


@pytest.mark.parametrize("measure", ENTRIES)
def test_an_entry_counts_from_its_first_to_its_last_moment(measure: str) -> None:
    charts: dict[str, Chart] = {}
    expected: dict[str, str] = {}
    for each in ENTRIES[measure]:
        for on in edges_of(each.counts):
            charts[f"{each.name} on {on}"] = each.beside(each.written(on))
            expected[f"{each.name} on {on}"] = each.stands[not each.counts(date.fromisoformat(on[:10]))]

    assert standing(measure, charts) == expected


# ---- what every kind of entry needs --------------------------------------------------------------------------------
_ORDERED = (
    ("active", "completed"),
    ("draft", "on-hold", "revoked", "cancelled", "stopped", "entered-in-error", "unknown"),
)
# type: statuses that count, statuses that do not
KINDS = {
    "Encounter": (("finished",), ("planned", "arrived", "in-progress", "cancelled", "entered-in-error")),
    "Observation": (
        ("final", "amended", "corrected"),
        ("registered", "preliminary", "cancelled", "entered-in-error", "unknown"),
    ),
    "Procedure": (("completed",), ("preparation", "in-progress", "not-done", "stopped", "entered-in-error")),
    "Immunization": (("completed",), ("not-done", "entered-in-error")),
    "ServiceRequest": _ORDERED,
    "DeviceRequest": _ORDERED,
    "MedicationRequest": _ORDERED,
}
CODED_IN = {
    "Encounter": "type",
    "Immunization": "vaccineCode",
    "MedicationRequest": "medicationCodeableConcept",
    "DeviceRequest": "codeCodeableConcept",
}
INTENTS = (
    ("order", "original-order", "reflex-order", "filler-order", "instance-order"),
    ("proposal", "plan", "directive", "option"),
)
VERIFIED = (("confirmed", "unconfirmed", "provisional", "differential"), ("refuted", "entered-in-error"))


def variants(each: Entry, it: Resource) -> Iterator[tuple[str, Resource, bool]]:
    """The entry with one thing changed, and whether it still counts."""
    kind = it["resourceType"]
    yield "as it is", it, True
    if "code" not in each.unless:
        yield "another code", {**it, CODED_IN.get(kind, "code"): coded("another_code")}, False
    if kind in KINDS and "status" not in each.unless:
        allowed = each.allowed or KINDS[kind][0]
        for status in (*KINDS[kind][0], *KINDS[kind][1]):
            yield status, {**it, "status": status}, status in allowed
    if "intent" in it and "intent" not in each.unless:
        for intent in (*INTENTS[0], *INTENTS[1]):
            yield intent, {**it, "intent": intent}, intent in INTENTS[0]
    if kind == "Condition" and "verification" not in each.unless:
        for word in (*VERIFIED[0], *VERIFIED[1]):
            yield word, {**it, "verificationStatus": {"coding": [{"code": word}]}}, word in VERIFIED[0]
        yield (
            "not said to be verified",
            {name: value for name, value in it.items() if name != "verificationStatus"},
            True,
        )
    if "category" in each.needs:
        yield "no category", {**it, "category": []}, False
        yield "another category", {**it, "category": [coded("another_category")]}, False
    if "value" in each.needs:
        yield "no value", {name: value for name, value in it.items() if not name.startswith("value")}, False


@pytest.mark.parametrize("measure", ENTRIES)
def test_an_entry_counts_with_its_code_and_with_what_its_kind_needs(measure: str) -> None:
    charts: dict[str, Chart] = {}
    expected: dict[str, str] = {}
    for each in ENTRIES[measure]:
        day = next(day for day in reversed(CALENDAR) if each.counts(day) and day <= END)
        for change, changed, counts in variants(each, each.written(day.isoformat())):
            charts[f"{each.name}, {change}"] = each.beside(changed)
            expected[f"{each.name}, {change}"] = each.stands[not counts]

    assert standing(measure, charts) == expected


# ---- generated days ------------------------------------------------------------------------------------------------
MOMENTS = st.lists(st.tuples(days(), st.sampled_from(TIMES)), min_size=4, max_size=4, unique=True)


@pytest.mark.parametrize("measure", ENTRIES)
@drawn(daily=2, many=5, moments=MOMENTS)
def test_an_entry_counts_in_its_window_only(measure: str, moments: list[tuple[date, str]]) -> None:
    charts: dict[str, Chart] = {}
    expected: dict[str, str] = {}
    for each in ENTRIES[measure]:
        for day, time in moments:
            name = f"{each.name} on {day.isoformat()}{time}"
            charts[name] = each.beside(each.written(day.isoformat() + time))
            expected[name] = each.stands[not each.counts(day)]

    assert standing(measure, charts) == expected


@dataclass(frozen=True)
class Diagnosis:
    """From onset to abatement; without one for ever while it is active, else until nobody knows when."""

    onset: date
    abated: date | None
    clinical: str

    def overlaps(self, first: date, last: date) -> bool:
        if self.onset > last:
            return False
        if self.abated:
            return self.abated >= first
        return self.clinical in ("active", "recurrence", "relapse") or self.onset >= first

    def entry(self, code: str, **more: Any) -> Resource:
        abated = self.abated.isoformat() if self.abated else None
        return condition(code, self.onset.isoformat(), abated=abated, clinical=self.clinical, **more)


STATUSES = ("active", "recurrence", "relapse", "inactive", "remission", "resolved", "")
DIAGNOSES = st.lists(
    st.builds(
        lambda onset, lasts, clinical: Diagnosis(
            onset, None if lasts is None else onset + timedelta(days=lasts), clinical
        ),
        days(date(2022, 1, 1), date(2027, 6, 30)),
        st.none() | st.integers(0, 1500),
        st.sampled_from(STATUSES),
    ),
    min_size=15,
    max_size=15,
    unique=True,
)


@drawn(daily=2, many=8, diagnoses=DIAGNOSES)
def test_a_diagnosis_overlaps_a_period_as_far_as_it_is_known(diagnoses: list[Diagnosis]) -> None:
    def stands(measure: str, charts: dict[Diagnosis, Chart]) -> list[str]:
        return list(standing(measure, {str(each): holds for each, holds in charts.items()}).values())

    diabetes = stands("CMS122", {each: with_diagnosis(each.entry("ICD10CM E11.9")) for each in diagnoses})
    pregnancy = stands("CMS165", {each: hypertensive(each.entry("ICD10CM O09.00")) for each in diagnoses})
    half_year = stands("CMS165", {each: hypertensive(diagnosis=each.entry("ICD10CM I10")) for each in diagnoses})
    before = stands("CMS951", {each: with_kidneys(diagnosis=each.entry("ICD10CM E11.9")) for each in diagnoses})

    assert diabetes == [OPEN if each.overlaps(START, END) else OUTSIDE for each in diagnoses]
    assert pregnancy == [EXCLUDED if each.overlaps(START, END) else OPEN for each in diagnoses]
    assert half_year == [OPEN if each.overlaps(START, date(2026, 6, 30)) else OUTSIDE for each in diagnoses]
    assert before == [OPEN if each.onset < START and each.overlaps(START, END) else OUTSIDE for each in diagnoses]


ORDERS = st.lists(
    st.tuples(
        days(date(2024, 1, 1), date(2027, 3, 1)),
        st.integers(1, 200),  # days supplied
        st.integers(0, 4),  # refills
        st.integers(1, 3),  # pills at a time
        st.integers(1, 4),  # times a day
    ),
    min_size=15,
    max_size=15,
    unique=True,
)


@drawn(daily=2, many=10, orders=ORDERS)
def test_a_medicine_covers_the_days_supplied_and_as_many_again_for_each_refill(
    orders: list[tuple[date, int, int, int, int]],
) -> None:
    charts: dict[str, Chart] = {}
    expected: dict[str, str] = {}
    for on, lasts, refills, pills, times in orders:
        last = on + timedelta(days=lasts * (1 + refills) - 1)
        is_covered = on <= END and last >= date(2025, 1, 1)
        name = f"{on}, {lasts} days, {refills} refills, {pills} {times} times"
        by_days = drug(on.isoformat(), supply(lasts, refills=refills))
        by_pills = drug(
            on.isoformat(), supply(pills=lasts * pills * times, refills=refills), dosage(pills, times=times)
        )
        for how, medication in (("days", by_days), ("pills", by_pills)):
            charts[f"{name}, by {how}"] = old(FRAIL, medication)
            expected[f"{name}, by {how}"] = EXCLUDED if is_covered else OPEN

    assert standing("CMS130", charts) == expected


TIMES_OF_CARE = st.lists(st.tuples(days(date(2024, 1, 1)), st.integers(0, 900)), min_size=15, max_size=15, unique=True)


@drawn(daily=2, many=10, stays=TIMES_OF_CARE)
def test_a_time_of_hospice_care_excludes_when_a_day_of_it_is_in_the_period(stays: list[tuple[date, int]]) -> None:
    charts: dict[str, Chart] = {}
    expected: dict[str, str] = {}
    for first, lasts in stays:
        last = first + timedelta(days=lasts)
        stands = EXCLUDED if first <= END and last >= START else OPEN
        for how, entry in {
            "visit": encounter("HCPCS Q5003", first.isoformat(), last.isoformat()),
            "care": procedure("HCPCS G0182", first.isoformat(), last.isoformat()),
            "answer": asked_for_hospice(first.isoformat(), until=last.isoformat()),
        }.items():
            charts[f"{how} {first} to {last}"] = person(entry)
            expected[f"{how} {first} to {last}"] = stands

    assert standing("CMS130", charts) == expected


NEAR_DAYS = st.integers(0, 6).map(lambda day: date(2025, 12, 29) + timedelta(days=day)) | st.integers(0, 4).map(
    lambda day: date(2026, 12, 28) + timedelta(days=day)
)
RESULTS = st.lists(st.tuples(NEAR_DAYS, st.sampled_from([6.5, 8.9, 9.0, 9.1, 12.0])), max_size=5)


@drawn(daily=2, many=10, patients=st.lists(RESULTS, min_size=15, max_size=15))
def test_the_lowest_glycemic_result_of_the_latest_day_counts(patients: list[list[tuple[date, float]]]) -> None:
    def stands(results: list[tuple[date, float]]) -> str:
        known = [(day, value) for day, value in results if START <= day <= END]
        latest = max((day for day, _ in known), default=None)
        return NUMERATOR if not known or min(value for day, value in known if day == latest) > 9 else OPEN

    found = standing(
        "CMS122",
        {
            str(number): diabetic(*(a1c(day.isoformat(), value) for day, value in results))
            for number, results in enumerate(patients)
        },
    )

    assert list(found.values()) == [stands(results) for results in patients]


READINGS = st.lists(
    st.tuples(NEAR_DAYS, st.sampled_from([120, 139, 140, 160]), st.sampled_from([70, 89, 90, 100])), max_size=5
)


@drawn(daily=2, many=10, patients=st.lists(READINGS, min_size=15, max_size=15))
def test_the_lowest_pressures_of_the_latest_day_count(patients: list[list[tuple[date, int, int]]]) -> None:
    def stands(readings: list[tuple[date, int, int]]) -> str:
        known = [each for each in readings if START <= each[0] <= END]
        last = [each for each in known if each[0] == max(day for day, *_ in known)]
        return NUMERATOR if last and min(s for _, s, _ in last) < 140 and min(d for *_, d in last) < 90 else OPEN

    found = standing(
        "CMS165",
        {
            str(number): hypertensive(*(pressure(day.isoformat(), high, low) for day, high, low in readings))
            for number, readings in enumerate(patients)
        },
    )

    assert list(found.values()) == [stands(readings) for readings in patients]


# vaccine: code, doses, days after birth or birthday from which it counts
DOSED = {
    "dtap": ("CVX 20", 4, 42),
    "polio": ("CVX 10", 3, 42),
    "pcv": ("CVX 133", 4, 42),
    "hib": ("CVX 17", 3, 42),
    "hep_b": ("CVX 08", 3, 0),
    "flu": ("CVX 141", 2, 180),
}
BIRTHS = st.dates(date(2024, 1, 1), date(2024, 12, 31)).filter(lambda day: (day.month, day.day) != (2, 29))
AGES = st.integers(-3, 760) | st.sampled_from([-1, 0, 41, 42, 43, 179, 180, 181, 364, 365, 366, 729, 730, 731, 732])


@drawn(
    daily=2,
    many=10,
    children=st.lists(
        st.tuples(BIRTHS, st.sampled_from(sorted(DOSED)), st.lists(AGES, min_size=1, max_size=6)),
        min_size=15,
        max_size=15,
    ),
)
def test_doses_count_on_different_days_from_their_age_to_the_second_birthday(
    children: list[tuple[date, str, list[int]]],
) -> None:
    charts: dict[str, Chart] = {}
    expected: dict[str, str] = {}
    for number, (born, antigen, ages) in enumerate(children):
        code, needed, least = DOSED[antigen]
        given_days = [born + timedelta(days=age) for age in ages]
        second_birthday = born.replace(year=born.year + 2)
        counted = {day for day in given_days if born + timedelta(days=least) <= day <= second_birthday}
        name = f"{number}: {antigen} of {born} on {ages}"
        others = {other: every_dose(other, born) for other in ALL_VACCINES}
        doses = shots(code, *(day.isoformat() for day in given_days))
        charts[name] = vaccinated({**others, antigen: doses}, born=born.isoformat())
        expected[name] = NUMERATOR if len(counted) >= needed else OPEN

    assert standing("CMS117", charts) == expected


def every_dose(antigen: str, born: date) -> list[Resource]:
    """The doses of ALL_VACCINES, as far from birth as there."""
    moved = born - date.fromisoformat(BORN)
    return [
        {**dose, "occurrenceDateTime": (date.fromisoformat(dose["occurrenceDateTime"]) + moved).isoformat()}
        for dose in ALL_VACCINES[antigen]
    ]
