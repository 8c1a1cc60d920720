"""Sentences about care gaps for staff."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from core.domain.measure import Measure
from core.domain.wording import day_text

STATE_NAMES = {
    "not_applicable": "Not applicable",
    "excluded": "Excluded",
    "satisfied": "Up to date",
    "due_soon": "Due soon",
    "overdue": "Overdue",
    "out_of_range": "Out of range",
    "cannot_determine": "Cannot tell",
}
# The reasons that every measure may have, beside the ids of exclusions.
_HEADLINES = {
    "age": "The patient's age is outside the rule.",
    "sex": "The rule is for the other sex.",
    "condition": "The patient does not have the condition that the rule is about.",
    "out_of_season": "Not the season: patients are written to again from {due}.",
    "season_soon": "Not done this season; patients are written to from {due}.",
    "test_patient": "Not counted: a test patient.",
    "deceased": "Not counted: the patient has died.",
    "inactive": "Not counted: no longer a patient here.",
    "birth_date": "We cannot tell: our data has no birth date.",
    "no_result": "We cannot tell: no result in our data from {start} to {until}.",
    "no_value": "We cannot tell: the result of {last} is not a number that can be compared.",
    "never": "Overdue: no record in our data up to {until}.",
    "lapsed": "Overdue since {since}: last done on {last}.",
    "done": "Last done on {last}; due again by {due}.",
    "above": "The result of {last} is too high: {value}.",
    "incomplete": "Not complete. {missing}.",
    "on_track": "Not complete yet, and not due before {due}. {missing}.",
}


def as_day(on: date | None) -> str:
    """A day as staff read it: Wed 4 Nov 2026."""
    return day_text(on) if on else "an unknown day"


def as_interval(start: date | None, end: date) -> str:
    """The days of a window, both inside it."""
    return f"from {as_day(start)} through {as_day(end)}" if start else f"at any time up to {as_day(end)}"


def headline(measure: Measure, gap: Mapping[str, Any], *, data_until: date) -> str:
    """One sentence that says how it stands, from a row of GAPS. `data_until`: the last day our data can know of."""
    excluded = {each.exclusion_id: f"Not counted: {each.name}." for each in measure.exclusions}
    words = excluded.get(gap["reason"]) or _HEADLINES[gap["reason"]]
    if gap["reason"] == "sex" and gap["state"] == "cannot_determine":
        words = "We cannot tell: our data does not say clearly whether the patient is female or male."
    if gap["reason"] == "lapsed" and gap["due_on"] is None:
        words = "Overdue: last done on {last}, before {start}."
    if gap["reason"] == "done" and gap["due_on"] is None:
        words = "In range: {value} on {last}." if measure.latest else "Done on {last}."
    due = gap["due_on"]
    # The due day is the last on which what was done counts; for a season it is the first of outreach.
    since = due + timedelta(days=1) if due and not measure.season else due
    return words.format(
        since=as_day(since),
        due=as_day(gap["due_on"]),
        last=as_day(gap["last_on"]),
        start=as_day(gap["window_start"]),
        until=as_day(data_until),
        value=f"{gap['last_value']:.4g}" if gap["last_value"] is not None else "no number",
        missing=f"Missing: {gap['missing']}" if gap["missing"] else f"The last one was on {as_day(gap['last_on'])}",
    )
