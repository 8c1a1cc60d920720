"""Reminders of appointments and of programmes, as another system sent them and tells of them, attempt by attempt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from core.sample.days import iso, workday
from core.sample.draw import Draw, Weighted
from core.sample.person import Person
from core.sample.rows import Appointment, Patient, Reminder

_LOOK_BACK = 200  # days
_BEFORE = (7, 3, 1)  # days before an appointment on which it is reminded of
_STANDS = {
    "completed": Weighted({"confirmed": 0.78, "unconfirmed": 0.22}),
    "confirmed": Weighted({"confirmed": 1.0}),
    "scheduled": Weighted({"unconfirmed": 1.0}),
    "no-show": Weighted({"no-show": 1.0}),
    "cancelled": Weighted({"canceled": 1.0}),
    "rescheduled": Weighted({"rescheduled": 1.0}),
}
_OUTCOMES = {
    "text": Weighted({"delivered": 0.94, "undelivered": 0.06}),
    "email": Weighted({"delivered": 0.97, "bounced": 0.03}),
    "phone": Weighted(
        {"live response": 0.38, "answering machine": 0.36, "no answer": 0.15, "busy": 0.07, "dial error": 0.04}
    ),
}
_PROTOCOLS = ("Diabetes", "Mammogram", "Colorectal Screening", "Influenza")
_NOT_REACHED = ("undelivered", "no answer", "busy", "dial error", "bounced")


@dataclass(frozen=True, slots=True)
class _About:
    """What is reminded of."""

    reminder_id: str
    kind: str
    appointment_id: str = ""
    protocol: str = ""


def reminders(person: Person, row: Patient, appointments: Sequence[Appointment], *, as_of: int) -> Iterator[Reminder]:
    """One row for each attempt, all of them before today. Their chance is their own, so that nothing else changes."""
    draw = Draw("reminders", person.number, person.born)
    channels = [
        name for name, value in (("text", row.phone_mobile), ("phone", _number(row)), ("email", row.email)) if value
    ]
    if not channels:
        return
    for number, one in enumerate(appointments, start=1):
        day = date.fromisoformat(one.start_at[:10]).toordinal()
        if as_of - _LOOK_BACK <= day <= as_of + _BEFORE[0] and draw.chance(0.85):
            about = _About(f"R{person.number}-{number}", "appointment", one.appointment_id)
            yield from _of_appointment(person, draw, about, one, channels, day=day, as_of=as_of)
    if person.age >= 18 and draw.chance(0.09):
        about = _About(f"R{person.number}-H", "health", protocol=draw.pick(_PROTOCOLS))
        yield from _of_protocol(person, draw, about, channels, as_of=as_of)


def _number(row: Patient) -> str:
    return row.phone_home or row.phone_mobile


def _of_appointment(
    person: Person, draw: Draw, about: _About, one: Appointment, channels: Sequence[str], *, day: int, as_of: int
) -> Iterator[Reminder]:
    """Until somebody answers, at most three times."""
    status = draw.one_of(_STANDS.get(one.status, _STANDS["scheduled"]))
    made = date.fromisoformat(one.made_at[:10]).toordinal()
    days = [when for when in (workday(day - before) for before in _BEFORE) if made <= when < as_of]
    answered = draw.between(1, 3) if status in ("confirmed", "canceled", "rescheduled") else 3
    for attempt, when in enumerate(sorted(set(days))[:answered], start=1):
        channel = channels[min(attempt - 1, len(channels) - 1)]
        yield _row(person, draw, about, status, channel, attempt, when)


def _of_protocol(
    person: Person, draw: Draw, about: _About, channels: Sequence[str], *, as_of: int
) -> Iterator[Reminder]:
    """Until it arrives, once to three times."""
    first, channel, most = workday(as_of - draw.between(2, 150)), draw.pick(channels), draw.between(1, 3)
    tries = [_row(person, draw, about, "", channel, 1, first)]
    while tries[-1].outcome in _NOT_REACHED and len(tries) < most and first + 2 * len(tries) < as_of:
        tries.append(_row(person, draw, about, "", channel, len(tries) + 1, first + 2 * len(tries)))
    status = "unsuccessful" if tries[-1].outcome in _NOT_REACHED else "successful"
    yield from (each._replace(status=status) for each in tries)


def _row(person: Person, draw: Draw, about: _About, status: str, channel: str, attempt: int, day: int) -> Reminder:
    minute = draw.between(0, 149)  # from 11:00 to 18:27
    return Reminder(
        reminder_id=about.reminder_id,
        patient_id=person.patient_id,
        kind=about.kind,
        status=status,
        type=channel,
        date=f"{iso(day)}T{11 + minute * 3 // 60:02d}:{minute * 3 % 60:02d}",
        attempt=str(attempt),
        outcome=draw.one_of(_OUTCOMES[channel]),
        appointment_id=about.appointment_id,
        protocol=about.protocol,
    )
