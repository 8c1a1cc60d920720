"""The days that a medication order covers, as official measures count them.

Source: the public library on cumulative medication duration of the electronic measures. Start: bounds of the dosage,
else the day of the order, else the validity period. Length: days supplied, or quantity / (dose x doses a day), times
one more than the refills; without these, the end of the bounds.
"""

from datetime import timedelta

from core.feeds.fhir_values import Resource, number_of, part, parts, text
from core.feeds.stated import Stated, stated, whole_days

_DAYS = {"d": 1.0, "day": 1.0, "days": 1.0, "wk": 7.0, "week": 7.0, "weeks": 7.0, "mo": 30.0, "month": 30.0,
         "months": 30.0, "a": 365.0, "year": 365.0, "years": 365.0, "h": 1 / 24, "hour": 1 / 24, "hours": 1 / 24,
         "min": 1 / 1440, "minute": 1 / 1440, "minutes": 1 / 1440, "s": 1 / 86400, "second": 1 / 86400,
         "seconds": 1 / 86400}  # fmt: skip
_NEVER_SO_LONG = 36525  # days: a hundred years


def medication_period(order: Resource) -> tuple[Stated, Stated] | None:
    """First and last day covered, or None when the order does not say."""
    dosages = parts(order, "dosageInstruction")
    dosage: Resource = dosages[0] if dosages else {}
    repeat = part(part(dosage, "timing"), "repeat")
    bounds, supply = part(repeat, "boundsPeriod"), part(order, "dispenseRequest")
    valid = part(supply, "validityPeriod")
    start = _day(bounds, "start") or _day(order, "authoredOn") or _day(valid, "start")
    if start is None:
        return None
    days = _days_supplied(supply, dosage, repeat)
    if days is None:
        end = _day(bounds, "end")
    else:
        whole = days * (1 + (number_of(supply, "numberOfRepeatsAllowed") or 0))
        end = start.moved(lambda day: day + timedelta(days=int(whole) - 1)) if 1 <= whole < _NEVER_SO_LONG else None
    return (start, end) if end else None


def _days_supplied(supply: Resource, dosage: Resource, repeat: Resource) -> float | None:
    expected = part(supply, "expectedSupplyDuration")
    count = number_of(expected, "value")
    if count is not None:
        return count * _DAYS.get(str(expected.get("code") or expected.get("unit") or "d"), 1.0)
    rates = parts(dosage, "doseAndRate")
    rate: Resource = rates[0] if rates else {}
    dose = number_of(part(part(rate, "doseRange"), "high"), "value") or number_of(part(rate, "doseQuantity"), "value")
    quantity = number_of(part(supply, "quantity"), "value")
    daily = (dose or 0) * _doses_a_day(repeat)
    return quantity / daily if daily and quantity is not None else None


def _doses_a_day(repeat: Resource) -> float:
    often = number_of(repeat, "frequencyMax") or number_of(repeat, "frequency")
    length, unit = number_of(repeat, "period"), str(repeat.get("periodUnit", ""))
    span = (length or 0) * _DAYS.get(unit, 0)
    if often and span:
        return often / span
    times = repeat.get("timeOfDay")
    return float(len(times)) if isinstance(times, list) and times else 1.0


def _day(holder: Resource, key: str) -> Stated | None:
    at = stated(text(holder.get(key)))
    return whole_days(at.least.date(), at.most.date()) if at else None
