"""An invented population as the CSV tables of a feed: the people of the demo, and something to try Careloop on.

Nobody in it exists. Telephone numbers have area code 555, mail addresses end in example.org, example.com or
example.net, streets and towns are made up. The same arguments give the same bytes on every machine, and the first
thousand of twenty thousand patients are the thousand that one would get alone.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain
from pathlib import Path

from core.errors import CareloopError
from core.sample.code_map import write_code_map
from core.sample.doses import doses
from core.sample.illness import fall_ill, medications, problems
from core.sample.labs import blood_screens, labs
from core.sample.person import Household, Person, household
from core.sample.practice import GROUPS, LOCATIONS, Practice, practice
from core.sample.registration import register
from core.sample.reminders import reminders
from core.sample.rows import Appointment, Patient
from core.sample.screenings import screenings
from core.sample.services import services
from core.sample.tables import Tables, tables
from core.sample.visits import (
    appointments_to_come,
    measurements,
    questionnaires,
    visit_days,
    visit_defects,
    visits,
)

Progress = Callable[[str, float], None]
SOURCE_SYSTEM = "sample"


def write_sample(
    out: Path, *, patients: int, seed: int, as_of: date, progress: Progress | None = None
) -> dict[str, int]:
    """Write every table of a feed, its manifest.json and its code_map.csv into the folder; rows per table come back.

    `as_of` is the day on which the feed was made: nothing but appointments (and mistakes) lies after it. Memory does
    not depend on the number of patients. Raises CareloopError when no patients are asked for, and for a folder that
    holds anything but an earlier sample.
    """
    if patients < 1:
        raise CareloopError("A sample needs at least one patient. Ask for 1 or more.")
    _require_own(out)
    out.mkdir(parents=True, exist_ok=True)
    staff = practice(seed)
    with tables(out) as feed:
        for row in chain(GROUPS, LOCATIONS, staff.providers):
            feed.add(row)
        for home in _households(seed, patients, as_of=as_of.toordinal(), staff=staff):
            _add_household(feed, home, staff, room=patients - home.number + 1, as_of=as_of.toordinal())
            if progress is not None and home.number % 20 == 1:
                progress("Making an invented population", feed.counts["patients"] / patients)
    if progress is not None:
        progress("Making an invented population", 1.0)
    write_code_map(out / "code_map.csv", source_system=SOURCE_SYSTEM)
    _write_manifest(out / "manifest.json", as_of)
    return feed.counts


def _require_own(out: Path) -> None:
    """A wrong folder name must not destroy somebody's feed."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())) or _is_sample(out):
        return
    raise CareloopError(
        f"{out} holds files that are no earlier sample, and a sample would write over them. Choose an empty folder "
        "or a new one."
    )


def _is_sample(out: Path) -> bool:
    try:
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("source_system") == SOURCE_SYSTEM


def _households(seed: int, patients: int, *, as_of: int, staff: Practice) -> Iterator[Household]:
    number = 1
    while number <= patients:
        home = household(seed, number, as_of=as_of, practice=staff)
        number += len(home.people)
        yield home


def _add_household(feed: Tables, home: Household, staff: Practice, *, room: int, as_of: int) -> None:
    """The last household may be larger than the room that is left: its last members stay out."""
    rows = register(home, practice=staff, as_of=as_of)
    for person, row in list(zip(home.people, rows, strict=True))[:room]:
        feed.add(row)
        booked = []
        for event in _history(person, row, staff, as_of=as_of):
            feed.add(event)
            if isinstance(event, Appointment):
                booked.append(event)
        for reminder in reminders(person, row, booked, as_of=as_of):
            feed.add(reminder)


def _history(person: Person, row: Patient, staff: Practice, *, as_of: int) -> Iterator[tuple[str, ...]]:
    """Everything that is known of a patient. Somebody registered twice has nearly all of it under the first number."""
    if person.twin_of:
        return visits(person, visit_days(person)[:1], staff)
    fall_ill(person)
    days = visit_days(person)
    return chain(
        problems(person),
        medications(person),
        visits(person, days, staff),
        measurements(person, days),
        labs(person),
        screenings(person),
        doses(person, as_of=as_of),
        appointments_to_come(person, staff, as_of=as_of),
        services(person, row, staff, as_of=as_of),
        visit_defects(person, staff, as_of=as_of),
        questionnaires(person, days),
        blood_screens(person),
    )


def _write_manifest(path: Path, as_of: date) -> None:
    """The feed is full and was received in the night before `as_of`, so that the day itself is still to come."""
    received_at = f"{as_of.isoformat()}T06:00:00+00:00"
    manifest = {"source_system": SOURCE_SYSTEM, "generator": "sample", "received_at": received_at, "full": True}
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
