"""The small test patients inside a measure's file: what the rule finds for each, and what it must find."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from core.domain.clinical import FACTS
from core.domain.measure import Case, Measure
from core.domain.measure_evaluation import evaluate_shard
from core.domain.measurement_year import last_day, rule_of_year

_PATIENT = pl.Schema(
    {
        "patient_id": pl.String,
        "birth_date": pl.Date,
        "sex": pl.String,
        "sex_at_birth": pl.String,
        "status": pl.String,
        "deceased_on": pl.Date,
        "payer": pl.String,
        "race": pl.String,
    }
)


@dataclass(frozen=True)
class Finding:
    """What a case says of a test patient, or what a rule found."""

    state: str
    reason: str
    due_on: date | None
    missing: str | None

    def __str__(self) -> str:
        due = [f"due on {self.due_on.isoformat()}"] if self.due_on else []
        missing = [f"missing {self.missing}"] if self.missing else []
        return ", ".join([f"{self.state} ({self.reason})", *due, *missing])


@dataclass(frozen=True)
class CaseResult:
    """How a test patient came out."""

    case: Case
    expected: Finding
    found: Finding

    @property
    def is_right(self) -> bool:
        """Whether the rule found what it must find."""
        return self.expected == self.found

    def __str__(self) -> str:
        if self.is_right:
            return f"{self.case.name}: {self.found}"
        return f"{self.case.name} (line {self.case.line}): expected {self.expected}, but the rule finds {self.found}"


def run_cases(measure: Measure) -> list[CaseResult]:
    """Evaluate a measure for each of its test patients, in the order of the file: those of one day together."""
    together: dict[tuple[bool, date], list[int]] = defaultdict(list)
    for place, case in enumerate(measure.cases):
        together[case.year is not None, asked(measure, case)[1]].append(place)
    found: dict[int, Finding] = {}
    for places in together.values():
        cases = [measure.cases[place] for place in places]
        rule, day = asked(measure, cases[0])
        gaps = evaluate_shard([rule], _patients(cases), _facts(cases), as_of=day)
        rows = gaps.select("state", "reason", "due_on", "missing").rows()
        found |= {place: Finding(*row) for place, row in zip(places, rows, strict=True)}
    return [
        CaseResult(case, Finding(case.state, case.reason, case.due_on, case.missing), found[place])
        for place, case in enumerate(measure.cases)
    ]


def asked(measure: Measure, case: Case) -> tuple[Measure, date]:
    """The rule that a case asks, and the day: those of its measurement year, when it has one."""
    if case.as_of is not None:
        return measure, case.as_of
    assert case.year is not None
    return rule_of_year(measure), last_day(measure, case.year)


def _patients(cases: Sequence[Case]) -> pl.DataFrame:
    rows = [
        (_id(place), case.born, case.sex, None, case.status, case.deceased_on, case.payer, case.race)
        for place, case in enumerate(cases)
    ]
    return pl.DataFrame(rows, schema=_PATIENT, orient="row")


def _facts(cases: Sequence[Case]) -> pl.DataFrame:
    rows = [
        {
            "patient_id": _id(place),
            "concept": fact.concept,
            "kind": fact.kind or "procedure",
            "on": fact.on,
            "end_on": fact.end_on,
            "value": fact.value,
            "value_text": fact.value_text,
        }
        for place, case in enumerate(cases)
        for fact in case.facts
    ]
    return pl.DataFrame(rows, schema=FACTS)


def _id(place: int) -> str:
    return f"test-{place}"
