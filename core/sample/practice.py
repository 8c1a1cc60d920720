"""The medical groups, their clinics and the people who work there: written out, since every feed has the same few."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.sample.draw import Draw
from core.sample.names import ORIGIN
from core.sample.rows import Group, Location, Provider

GROUPS = (
    Group("G1", "Willowmere Family Medicine", "00-0000001", "America/Chicago", "(555) 555-0101"),
    Group("G2", "Harborlight Internal Medicine", "00-0000002", "America/Chicago", "(555) 555-0102"),
    Group("G3", "Prairie Rose Community Health", "00-0000003", "America/Chicago", "(555) 555-0103"),
    Group("G4", "Stonebridge Medical Associates", "00-0000004", "America/Chicago", "(555) 555-0104"),
)

LOCATIONS = (
    Location("L1", "G1", "Willowmere Main Clinic", "1 Sample St", "Exampleton", "IL", "60000", "(555) 555-0111"),
    Location("L2", "G1", "Willowmere North", "200 Specimen St", "Sampleville", "IL", "61999", "(555) 555-0112"),
    Location("L3", "G2", "Harborlight Clinic", "30 Demo Pkwy", "Mockingham", "WI", "53999", "(555) 555-0113"),
    Location("L4", "G3", "Prairie Rose Downtown", "4 Made Up Rd", "Sampleville", "IL", "61999", "(555) 555-0114"),
    Location("L5", "G3", "Prairie Rose Eastside", "55 Nowhere Dr", "Pretend Prairie", "IA", "52999", "(555) 555-0115"),
    Location("L6", "G4", "Stonebridge Clinic", "6 Invented Way", "Invented Hills", "MN", "55999", "(555) 555-0116"),
    Location(
        "L7",
        "G4",
        "Stonebridge Lakeside",
        "70 Mock Orange Ter",
        "Fictional Falls",
        "WI",
        "54999-0007",
        "(555) 555-0117",
    ),
)

_CLINIC_STAFF = (
    "Family Medicine",
    "Family Medicine",
    "Internal Medicine",
    "Family Nurse Practitioner",
    "Care Management",
)
_SPECIALISTS = ("Endocrinology", "Ophthalmology", "Cardiology", "Gastroenterology")
_CREDENTIAL = {"Family Nurse Practitioner": "NP", "Care Management": "RN"}


@dataclass(frozen=True)
class Practice:
    """Who works where: ids by clinic, and the ids that patients should no longer have."""

    providers: tuple[Provider, ...]
    pcps: dict[str, tuple[str, ...]]
    care_managers: dict[str, str]
    specialists: dict[str, str]
    retired: dict[str, str]

    def group_of(self, location_id: str) -> str:
        """The group of a clinic."""
        return _GROUP_OF[location_id]


_GROUP_OF = {location.location_id: location.group_id for location in LOCATIONS}


def practice(seed: int) -> Practice:
    """The same groups and clinics for every seed; the names of about forty providers by the seed."""
    providers = tuple(_providers(Draw(seed, "providers")))
    working = [row for row in providers if row.active == "yes"]
    by_clinic = {
        place.location_id: [row for row in working if row.location_id == place.location_id] for place in LOCATIONS
    }
    return Practice(
        providers=providers,
        pcps={
            place: tuple(row.provider_id for row in rows if row.is_pcp == "yes") for place, rows in by_clinic.items()
        },
        care_managers={row.location_id: row.provider_id for row in working if row.specialty == "Care Management"},
        specialists={row.specialty: row.provider_id for row in working if row.specialty in _SPECIALISTS},
        retired={row.location_id: row.provider_id for row in providers if row.active == "no"},
    )


def _providers(draw: Draw) -> Iterator[Provider]:
    """Five at each clinic, four specialists, and a retired physician for every clinic but the last."""
    posts = [(place, specialty, "yes") for place in LOCATIONS for specialty in _CLINIC_STAFF]
    posts += [(LOCATIONS[2], specialty, "yes") for specialty in _SPECIALISTS]
    posts += [(place, "Family Medicine", "no") for place in LOCATIONS[:3]]
    for number, (place, specialty, active) in enumerate(posts, 1):
        yield _provider(draw, number, place, specialty, active)


def _provider(draw: Draw, number: int, place: Location, specialty: str, active: str) -> Provider:
    origin = draw.one_of(ORIGIN)
    first = draw.pick(origin.women if draw.chance(0.55) else origin.men).replace("·", " ")
    last = draw.pick(origin.last).replace("·", " ")
    credential = _CREDENTIAL.get(specialty) or ("MD" if draw.chance(0.8) else "DO")
    is_pcp = specialty not in (*_SPECIALISTS, "Care Management")
    return Provider(
        provider_id=f"PR{number:02d}",
        npi=f"0000000{number:03d}",
        first=first,
        last=last,
        credential=credential,
        specialty=specialty,
        group_id=place.group_id,
        location_id=place.location_id,
        is_pcp="yes" if is_pcp else "no",
        active=active,
        display_name=f"Dr. {first} {last}" if credential in ("MD", "DO") else f"{first} {last}, {credential}",
    )
