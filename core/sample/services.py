"""What surrounds care: care teams, programs, the portal, and wishes not to be written to."""

from collections.abc import Iterator

from core.sample.days import iso
from core.sample.draw import Weighted
from core.sample.person import Person
from core.sample.practice import Practice
from core.sample.rows import CareTeam, OptOut, Patient, PortalAccount, Program

_TYPES = Weighted(
    {"health_email": 0.4, "all_text": 0.25, "global": 0.1, "health_text": 0.1, "health_phone": 0.07, "protocol": 0.08}
)
_PROTOCOLS = ("Diabetes", "Mammogram", "Colorectal Screening", "Influenza")
_REASONS = ("Too many messages", "Not useful to me", "Privacy", "Prefers another way")
_SOURCES = ("front desk", "portal", "email link", "STOP reply")


def services(person: Person, row: Patient, practice: Practice, *, as_of: int) -> Iterator[tuple[str, ...]]:
    """Programs and care team of the chronically ill, portal accounts, opt-outs."""
    yield from _programs(person, practice)
    draw = person.draw
    share = 0.2 if person.age < 18 else 0.56 if person.age < 75 else 0.33
    if draw.chance(share):
        yield PortalAccount(person.patient_id, iso(max(as_of - draw.between(10, 2200), person.born)))
    if draw.chance(0.016):
        yield _opt_out(person, row, as_of=as_of)


def _programs(person: Person, practice: Practice) -> Iterator[Program | CareTeam]:
    draw = person.draw
    chronic = sum(name in person.conditions for name in ("diabetes", "heart failure", "copd", "ckd", "depression"))
    if not chronic:
        return
    if draw.chance(0.07 * chronic + (0.05 if person.age >= 65 else 0.0)):
        since = person.until - draw.between(2, 700)
        yield CareTeam(person.patient_id, "care manager", practice.care_managers[person.location_id], iso(since))
        yield _program(person, "care management", since)
        if draw.chance(0.45):
            yield _program(person, "action plan", min(since + draw.between(5, 60), person.until))
    if "diabetes" in person.conditions:
        if draw.chance(0.09):
            yield _program(person, "diabetes group visit", person.until - draw.between(1, 300))
        if draw.chance(0.14):
            seen = iso(person.until - draw.between(30, 1500))
            yield CareTeam(person.patient_id, "endocrinologist", practice.specialists["Endocrinology"], seen)


def _program(person: Person, program: str, since: int) -> Program:
    ended = since + person.draw.between(30, 365)
    is_over = ended <= person.until and person.draw.chance(0.6)
    return Program(
        person.patient_id, program, iso(since), iso(ended) if is_over else "", "completed" if is_over else "active"
    )


def _opt_out(person: Person, row: Patient, *, as_of: int) -> OptOut:
    """Mostly for good; some count for an address, and so for everybody who shares it."""
    draw = person.draw
    kind, made = draw.one_of(_TYPES), as_of - draw.between(1, 900)
    is_permanent = kind != "health_phone" and draw.chance(0.8)
    return OptOut(
        opt_out_id=person.next_id("O"),
        patient_id=person.patient_id,
        phone=row.phone_mobile if kind in ("all_text", "health_text") else "",
        email=row.email if kind == "health_email" else "",
        type=kind,
        protocol=draw.pick(_PROTOCOLS) if kind == "protocol" else "",
        made_on=iso(made),
        until="" if is_permanent else iso(made + draw.between(30, 1200)),
        reason=draw.pick(_REASONS),
        source=draw.pick(_SOURCES),
    )
