"""When FHIR resources were true or took place, as official measures count it."""

from datetime import date, datetime, timedelta

from core.domain.calendar_months import shift
from core.feeds.fhir_values import Resource, part, text
from core.feeds.medication_period import medication_period
from core.feeds.stated import Stated, at_age, stated

_BEGAN_UNKNOWN = Stated(datetime(1, 1, 1), datetime(1, 1, 1))  # noqa: DTZ001 - moments of records have no zone
_ACTIVE = ("active", "recurrence", "relapse")
_When = tuple[Stated | None, Stated | None, str]


def period_of(resource: Resource, kind: str, key: str, *, born: Stated | None, clinical: str | None) -> _When:
    """Start, end, and how the end is known (core.domain.records.ENDS), of a kind of record.

    key   the name of the choice that holds it; '' = an order
    born  the patient's birth, for ages; clinical: the clinical status, for conditions
    """
    if kind == "condition":
        return _prevalence(resource, born, clinical)
    if kind == "encounter":
        return _of_period(part(resource, "period"))
    if kind == "medication_request":
        covered = medication_period(resource)
        return (*covered, "known") if covered else (None, None, "unknown")
    if not key:  # an order counts on the day it was written
        at = stated(text(resource.get("authoredOn")))
        return at, at, "known"
    return _choice(resource, key, born)


def _prevalence(resource: Resource, born: Stated | None, clinical: str | None) -> _When:
    """From onset to abatement. Without an abatement an active condition goes on; of any other the end is unknown. An
    onset that cannot be read is not known, which is not the same as none: without one it has always been there."""
    start = _choice(resource, "onset", born)[0]
    if start is None and not any(f"onset{ending}" in resource for ending in ("DateTime", "Age", "Range")):
        start = _BEGAN_UNKNOWN
    _, end, how = _choice(resource, "abatement", born)
    if end is not None and how == "known":
        return start, end, "known"
    return start, None, "ongoing" if clinical in _ACTIVE else "unknown"


def _choice(resource: Resource, key: str, born: Stated | None) -> _When:
    """The period of a choice such as effective[x] or onset[x]: a moment, a period, or an age."""
    for ending in ("DateTime", "Instant", "Date", ""):
        if at := stated(text(resource.get(key + ending))):
            return at, at, "known"
    if period := part(resource, f"{key}Period"):
        return _of_period(period)
    ages = [part(resource, f"{key}Age")] if f"{key}Age" in resource else []
    if aged := part(resource, f"{key}Range"):
        ages = [part(aged, "low"), part(aged, "high")]
    if ages:
        first, last = (at_age(born, age) for age in (ages[0], ages[-1]))
        return first, last.moved(_last_of_the_year) if last else None, "known"
    return None, None, "unknown"


def _last_of_the_year(birthday: date) -> date:
    """The last day of the year of life that begins on a birthday."""
    return shift(birthday, months=12) - timedelta(days=1)


def _of_period(period: Resource) -> _When:
    start, end = stated(text(period.get("start"))), stated(text(period.get("end")))
    if end is None:
        return start, None, "ongoing" if start else "unknown"
    return start, end, "known"
