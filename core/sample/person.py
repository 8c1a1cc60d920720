"""Who is there: households of invented people, with what decides their care later on."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core.sample.days import YEAR, age_on
from core.sample.defects import has
from core.sample.draw import Draw, Weighted
from core.sample.names import ORIGIN, Origin
from core.sample.places import APARTMENTS, STREETS, TOWNS
from core.sample.practice import LOCATIONS, Practice


@dataclass(slots=True)
class Person:
    """One patient. Days are ordinals; `until` is the last day with care (death, moved away, else yesterday)."""

    number: int
    draw: Draw
    first: str
    middle: str
    last: str
    sex: str
    born: int
    age: int
    origin: Origin
    language: str
    until: int
    engaged: float
    status: str = "active"
    died: int = 0
    bmi: float = 0.0
    conditions: dict[str, int] = field(default_factory=dict)
    location_id: str = ""
    pcp_id: str = ""
    guarantor: int = 0
    twin_of: int = 0
    serial: int = 0

    @property
    def patient_id(self) -> str:
        return f"P{self.number:06d}"

    def next_id(self, letter: str) -> str:
        """An id for one more row of this patient, whatever other patients have."""
        self.serial += 1
        return f"{letter}{self.number}-{self.serial}"


@dataclass(frozen=True, slots=True)
class Household:
    """People at one address. `number` is the first member's patient number."""

    number: int
    draw: Draw
    address1: str
    address2: str
    town: tuple[str, str, str]
    kind: str
    location_id: str
    origin: Origin
    race: str
    people: list[Person]


KINDS = Weighted(
    {"single": 0.4, "couple": 0.29, "family": 0.12, "one parent": 0.06, "generations": 0.03, "group home": 0.005}
)
_SINGLE = Weighted({(18, 34): 0.27, (35, 64): 0.45, (65, 79): 0.2, (80, 97): 0.08})
_COUPLE = Weighted({(24, 44): 0.22, (45, 64): 0.46, (65, 79): 0.25, (80, 93): 0.07})
_CLINICS = Weighted({place.location_id: share for place, share in zip(LOCATIONS, (5, 3, 4, 4, 2, 3, 2), strict=True)})
_TOWN_OF = {place.location_id: (place.city, place.state, place.zip[:5]) for place in LOCATIONS}
_STATUS = Weighted({"active": 0.945, "": 0.015, "inactive": 0.04})


def household(seed: int, number: int, *, as_of: int, practice: Practice) -> Household:
    """The household whose first member is patient `number`; it does not depend on how many patients are made."""
    draw = Draw(seed, "household", number)
    kind, origin, clinic = draw.one_of(KINDS), draw.one_of(ORIGIN), draw.one_of(_CLINICS)
    home = Household(
        number=number,
        draw=draw,
        address1=f"{draw.between(1, 9899)} {draw.pick(STREETS)}",
        address2=draw.pick(APARTMENTS) if draw.chance(0.28) else "",
        town=_TOWN_OF[clinic] if draw.chance(0.7) else draw.one_of(TOWNS),
        kind=kind,
        location_id=clinic,
        origin=origin,
        race=draw.one_of(origin.races),
        people=[],
    )
    last = _last_name(draw, origin)
    for age, sex, is_child in _members(draw, kind):
        person = _person(seed, number + len(home.people), age, sex, origin, last, as_of=as_of)
        person.guarantor = number if is_child else 0
        _attribute(person, home, practice)
        home.people.append(person)
        if has("duplicate patient", person.number + 1):
            home.people.append(_twin(person, seed))
    return home


def _twin(person: Person, seed: int) -> Person:
    """The same person registered once more."""
    number = person.number + 1
    return replace(person, number=number, draw=Draw(seed, number), twin_of=person.number, conditions={}, serial=0)


def _members(draw: Draw, kind: str) -> Iterator[tuple[int, str, bool]]:
    """Age, sex and whether a child, first the one who answers for the others."""
    woman = "F" if draw.chance(0.54) else "M"
    if kind == "single":
        yield draw.between(*draw.one_of(_SINGLE)), woman, False
    elif kind == "group home":
        for _ in range(draw.between(4, 6)):
            yield draw.between(58, 95), "F" if draw.chance(0.6) else "M", False
    elif kind == "couple":
        age = draw.between(*draw.one_of(_COUPLE))
        yield age, woman, False
        yield max(19, age + draw.between(-4, 4)), "M" if woman == "F" else "F", False
    else:
        yield from _family(draw, kind)


def _family(draw: Draw, kind: str) -> Iterator[tuple[int, str, bool]]:
    age = draw.between(24, 52)
    yield age, "F", False
    if kind != "one parent":
        yield age + draw.between(-3, 6), "M", False
    if kind == "generations":
        yield age + draw.between(22, 34), "F" if draw.chance(0.7) else "M", False
    for _ in range(draw.between(1, 3)):
        child = draw.between(max(0, age - 40), min(17, age - 20)) if age < 57 else 17
        yield child, "F" if draw.chance(0.49) else "M", True


def _last_name(draw: Draw, origin: Origin) -> str:
    last = draw.pick(origin.last)
    if origin.name == "Spanish" and draw.chance(0.25):
        last = f"{last} {draw.pick(origin.last)}"
    elif draw.chance(0.02):
        last = f"{last}-{draw.pick(origin.last)}"
    return last.replace("·", " ")


def _person(seed: int, number: int, age: int, sex: str, origin: Origin, last: str, *, as_of: int) -> Person:
    draw = Draw(seed, number)
    own = origin if draw.chance(0.93) else draw.one_of(ORIGIN)
    born = as_of - int((age + draw.random() * 0.998) * YEAR) - 1
    born = min(born, as_of - 1)
    status = draw.one_of(_STATUS)
    died = as_of - draw.between(5, 900) if draw.chance(_mortality(age)) else 0
    if has("care after death", number) and age >= 18:
        died = as_of - 200
    left = as_of - draw.between(400, 1100) if status == "inactive" else as_of - 1
    return Person(
        number=number,
        draw=draw,
        first=draw.pick(own.women if sex == "F" else own.men).replace("·", " "),
        middle=_middle(draw, own, sex),
        last=last if own is origin else _last_name(draw, own),
        sex=sex,
        born=born,
        age=age_on(born, as_of),
        origin=own,
        language=draw.one_of(own.languages),
        until=max(born, min(died or left, left)),
        engaged=0.25 + 1.3 * draw.random(),
        status="deceased" if died else status,
        died=max(died, born) if died else 0,
    )


def _middle(draw: Draw, origin: Origin, sex: str) -> str:
    if draw.chance(0.35):
        return ""
    name = draw.pick(origin.women if sex == "F" else origin.men).replace("·", " ")
    return name if draw.chance(0.3) else name[0]


def _mortality(age: int) -> float:
    """Share that died in the last two and a half years and still is in the extract."""
    return 0.0005 if age < 50 else 0.006 if age < 70 else 0.035


def _attribute(person: Person, home: Household, practice: Practice) -> None:
    """The clinic of the household, mostly; a primary care provider there, mostly."""
    draw = person.draw
    person.location_id = home.location_id if draw.chance(0.92) else draw.one_of(_CLINICS)
    person.pcp_id = draw.pick(practice.pcps[person.location_id])
    if draw.chance(0.03):
        person.pcp_id = ""
    elif draw.chance(0.02):
        person.pcp_id = practice.retired.get(person.location_id, person.pcp_id)
    elif draw.chance(0.005):
        person.pcp_id = "OUTSIDE-PCP"
