"""The days that a medication order covers, as official measures count them.

Source: the public library on cumulative medication duration of the electronic measures. Start: bounds of the dosage,
else the day of the order, else the validity period. Length: days supplied, or quantity / (dose x doses a day), times
one more than the refills; without these, the end of the bounds.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any

from core.feeds.fhir_values import Resource, part, parts, text

_DAYS = {"d": 1.0, "day": 1.0, "days": 1.0, "wk": 7.0, "week": 7.0, "weeks": 7.0, "mo": 30.0, "month": 30.0,
         "months": 30.0, "a": 365.0, "year": 365.0, "years": 365.0, "h": 1 / 24, "hour": 1 / 24, "hours": 1 / 24,
         "min": 1 / 1440, "minute": 1 / 1440, "minutes": 1 / 1440, "s": 1 / 86400, "second": 1 / 86400,
         "seconds": 1 / 86400}  # fmt: skip
_MONTH = re.compile(r"\d{4}-\d{2}")
_NEVER_SO_LONG = 36525  # days: a hundred years


def medication_period(order: Resource) -> tuple[date, date] | None:
    """First and last day covered, or None when the order does not say."""
    dosages = parts(order, "dosageInstruction")
    dosage: Resource = dosages[0] if dosages else {}
    repeat = part(part(dosage, "timing"), "repeat")
    bounds, supply = part(repeat, "boundsPeriod"), part(order, "dispenseRequest")
    start = (
        _day(bounds.get("start")) or _day(order.get("authoredOn")) or _day(part(supply, "validityPeriod").get("start"))
    )
    if start is None:
        return None
    days = _days_supplied(supply, dosage, repeat)
    if days is not None:
        whole = days * (1 + (_number(supply, "numberOfRepeatsAllowed") or 0))
        return (start, start + timedelta(days=int(whole) - 1)) if 1 <= whole < _NEVER_SO_LONG else None
    end = _day(bounds.get("end"))
    return (start, end) if end else None


def _days_supplied(supply: Resource, dosage: Resource, repeat: Resource) -> float | None:
    expected = part(supply, "expectedSupplyDuration")
    count = _number(expected, "value")
    if count is not None:
        return count * _DAYS.get(str(expected.get("code") or expected.get("unit") or "d"), 1.0)
    rates = parts(dosage, "doseAndRate")
    rate: Resource = rates[0] if rates else {}
    dose = _number(part(part(rate, "doseRange"), "high"), "value") or _number(part(rate, "doseQuantity"), "value")
    quantity = _number(part(supply, "quantity"), "value")
    if not dose or quantity is None:
        return None
    return quantity / (dose * _doses_a_day(repeat))


def _doses_a_day(repeat: Resource) -> float:
    often = _number(repeat, "frequencyMax") or _number(repeat, "frequency")
    length, unit = _number(repeat, "period"), str(repeat.get("periodUnit", ""))
    if often and length and unit in _DAYS:
        return often / (length * _DAYS[unit])
    times = repeat.get("timeOfDay")
    return float(len(times)) if isinstance(times, list) and times else 1.0


def _number(holder: Resource, key: str) -> float | None:
    value: Any = holder.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _day(value: Any) -> date | None:
    written = text(value)
    if not written:
        return None
    if _MONTH.fullmatch(written):
        written += "-01"
    try:
        return datetime.fromisoformat(written).date()
    except ValueError:
        return None
