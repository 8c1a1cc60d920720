"""Vaccines: influenza season by season, the adult series, and what children and teenagers get by age."""

from collections.abc import Iterator
from datetime import date

from core.sample.days import DAY, YEAR, iso, workday
from core.sample.defects import has
from core.sample.draw import Draw, Weighted
from core.sample.person import Person
from core.sample.rows import Immunization

NAMES = {
    "140": "Influenza, trivalent, preservative free",
    "135": "Influenza, high dose",
    "150": "Influenza, quadrivalent, preservative free",
    "115": "Tdap",
    "139": "Td, adult",
    "187": "Zoster, recombinant",
    "216": "Pneumococcal conjugate PCV20",
    "33": "Pneumococcal polysaccharide PPSV23",
    "309": "COVID-19, mRNA, 30 mcg/0.3 mL",
    "312": "COVID-19, mRNA, 50 mcg/0.5 mL",
    "305": "RSV, adult, bivalent",
    "20": "DTaP",
    "10": "IPV",
    "03": "MMR",
    "21": "Varicella",
    "08": "Hepatitis B, pediatric",
    "49": "Hib (PRP-OMP)",
    "133": "Pneumococcal conjugate PCV13",
    "116": "Rotavirus, pentavalent",
    "83": "Hepatitis A, pediatric",
    "114": "Meningococcal ACWY",
    "165": "HPV 9-valent",
}
# Vaccine and age in days: what a child has got who was brought to every visit.
_CHILD = (
    *(("08", age) for age in (1, 62, 190)),
    *(("20", age) for age in (62, 124, 188, 480, 1650)),
    *(("10", age) for age in (62, 124, 190, 1650)),
    *(("49", age) for age in (62, 124, 375)),
    *(("133", age) for age in (62, 124, 188, 400)),
    *(("116", age) for age in (62, 124, 188)),
    *(("03", age) for age in (380, 1650)),
    *(("21", age) for age in (380, 1650)),
    *(("83", age) for age in (400, 600)),
    *((cvx, age) for cvx, age in (("115", 4090), ("114", 4090), ("165", 4090), ("165", 4290), ("114", 5900))),
)
# The share of the doses of the first two years that children get; what is due after so many days is counted apart.
_KEPT = Weighted({1.0: 0.69, 0.93: 0.12, 0.45: 0.19})
_FIRST_YEARS = 800
# From this age on influenza vaccines come as for everybody.
_SECOND_SEASON = 450
_HABIT = Weighted({0.93: 0.38, 0.5: 0.3, 0.06: 0.32})
_SOURCE = Weighted({"administered": 0.72, "registry": 0.2, "historical": 0.08})
_REFUSED = ("patient declined", "parent declined", "medical reason", "out of stock")


def doses(person: Person, *, as_of: int) -> Iterator[Immunization]:
    """Every dose of a patient, and some that were refused or written down twice."""
    yield from _influenza(person, as_of=as_of)
    yield from _childhood(person) if person.age < 18 else _adult(person)
    if has("event before birth", person.number):
        yield _dose(person, "140", person.born - 30)


def _influenza(person: Person, *, as_of: int) -> Iterator[Immunization]:
    """Three seasons. Who goes at all goes from September on; by early November most have been."""
    draw, today = person.draw, DAY(as_of)
    season = today.year if today.month >= 7 else today.year - 1
    habit = min(0.95, draw.one_of(_HABIT) + (0.12 if person.age >= 65 else 0.0))
    for year in (season, season - 1, season - 2):
        day = workday(date(year, 8, 29).toordinal() + int(82 * _middling(draw)))
        if not person.born + _SECOND_SEASON <= day <= person.until:
            continue
        cvx = "135" if person.age >= 65 else "150" if year < 2024 else "140"
        if draw.chance(habit):
            yield (dose := _dose(person, cvx, day))
            if draw.chance(0.025):
                yield _again(person, dose, min(day + 1, person.until))
        elif draw.chance(0.06):
            yield _dose(person, cvx, day)._replace(
                status="not-done", refusal_reason=draw.pick(_REFUSED), source="", lot=""
            )


def _middling(draw: Draw) -> float:
    """Between 0 and 1, mostly about a half."""
    return (draw.random() + draw.random()) / 2


def _again(person: Person, dose: Immunization, day: int) -> Immunization:
    """The same dose as the state's registry has it: another id, perhaps the next day."""
    return dose._replace(
        immunization_id=person.next_id("I"), administered_on=iso(day), source="registry", lot="", name=""
    )


def _childhood(person: Person) -> Iterator[Immunization]:
    """The series by age. Most children get all of the first two years, and most teenagers nearly all of theirs."""
    draw = person.draw
    kept, kept_later = draw.one_of(_KEPT), 0.97 if draw.chance(0.8) else 0.45
    taken: dict[str, int] = {}
    for cvx, age in _CHILD:
        day = person.born + age + draw.between(0, 40)
        if day > person.until or not draw.chance(kept if age < _FIRST_YEARS else kept_later):
            continue
        taken[cvx] = taken.get(cvx, 0) + 1
        yield _dose(person, cvx, day)._replace(dose_no=str(taken[cvx]))
    yield from _first_influenza(person, kept)


def _first_influenza(person: Person, kept: float) -> Iterator[Immunization]:
    """Two doses a month apart in the first season after six months of age, from September to March."""
    draw = person.draw
    day = person.born + 185 + draw.between(0, 30)
    if 4 <= DAY(day).month <= 8:
        day = date(DAY(day).year, 9, draw.between(1, 28)).toordinal()
    cvx = "150" if DAY(day).year < 2024 else "140"
    for number, given in enumerate((day, day + draw.between(28, 45)), start=1):
        if given <= person.until and draw.chance(kept):
            yield _dose(person, cvx, given)._replace(dose_no=str(number))


def _adult(person: Person) -> Iterator[Immunization]:
    draw, age = person.draw, person.age
    if draw.chance(0.75):
        yield _dose(person, "115" if draw.chance(0.65) else "139", person.until - draw.between(20, 4300))
    if age >= 50 and draw.chance(0.5):
        first = person.until - draw.between(20, int(min(8.0, age - 49.0) * YEAR))
        yield _dose(person, "187", first)._replace(dose_no="1")
        second = first + draw.between(60, 190)
        if second <= person.until and draw.chance(0.8):
            yield _dose(person, "187", second)._replace(dose_no="2")
    if draw.chance(0.72 if age >= 65 else 0.25 if age >= 50 else 0.0):
        yield _dose(person, "216" if draw.chance(0.75) else "33", person.until - draw.between(20, 1500))
    if age >= 75 and draw.chance(0.4):
        yield _dose(person, "305", person.until - draw.between(20, 800))
    for _ in range(draw.between(0, 2)):
        yield _dose(person, "309" if draw.chance(0.6) else "312", person.until - draw.between(20, 1100))


def _dose(person: Person, cvx: str, day: int) -> Immunization:
    draw = person.draw
    source = draw.one_of(_SOURCE)
    return Immunization(
        person.next_id("I"),
        person.patient_id,
        cvx,
        NAMES[cvx],
        iso(day),
        "completed",
        source,
        f"LOT{draw.between(1000, 9999)}" if source == "administered" else "",
    )
