"""The feed that follows a sample: the same people some weeks later, with a known answer to 'did the contact help?'.

Everybody whose gap is open closes it by chance, more often when contacted: by how much is the table below, and nobody
else is lifted. So what a method finds can be compared with the truth. The base rates and lifts are ours, within what
trials of reminders have found (Cochrane CD003941.pub3; Eaker 2004; Derose 2009; Jager 2019 for reminders alone).
"""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shutil import copyfile

import polars as pl

from core.domain.clinical import schema
from core.domain.organisation import EMAIL, LETTER, PHONE, TEXT
from core.errors import CareloopError
from core.feeds.feed import MANIFEST
from core.feeds.layout import TABLE
from core.sample.days import iso, workday
from core.sample.draw import Draw
from core.sample.labs import A1C, EGFR, FIT, GLUCOSE, HCV, HIV, PAP, UACR, Test
from core.sample.rows import ROWS, Appointment, Immunization, Lab, Procedure, Visit
from core.sample.visits import OFFICE, WELLNESS

FOLLOW_UP = 90  # days after the allocation within which base and lift close a gap
ASKED = schema(
    {
        "patient_id": pl.String,
        "measure_id": pl.String,
        "channel": pl.String,  # by which the patient was contacted about it; null: not contacted
        "from_on": pl.Date,  # the day of the allocation; null: in no campaign, followed from the feed before
    }
)
ANSWER = schema(
    {
        **ASKED,
        "chance": pl.Float64,  # of closing the gap within FOLLOW_UP days, 0 to 1
        "closed_on": pl.Date,  # null: not within this feed
    }
)


@dataclass(frozen=True)
class Truth:
    """Of a measure: the share who close the gap in 90 days without contact, and what a contact adds, 0 to 1."""

    base: float
    lift: Mapping[str, float]


def _truth(base: float, text: float, letter: float, phone: float) -> Truth:
    return Truth(base, {TEXT: text, EMAIL: text, LETTER: letter, PHONE: phone})


TRUTH: dict[str, Truth] = {
    "imm-flu": _truth(0.25, 0.02, 0.04, 0.08),
    "scr-mammogram": _truth(0.12, 0.03, 0.05, 0.09),
    "scr-colorectal": _truth(0.06, 0.015, 0.03, 0.05),
    "scr-cervical": _truth(0.06, 0.02, 0.06, 0.10),
    "dm-a1c": _truth(0.18, 0.02, 0.03, 0.06),
    "dm-eye": _truth(0.12, 0.0, 0.01, 0.02),
    "dm-kidney": _truth(0.15, 0.02, 0.03, 0.05),
    "visit-awv": _truth(0.15, 0.03, 0.04, 0.08),
    "scr-osteo": _truth(0.08, 0.02, 0.03, 0.05),
    "scr-hcv": _truth(0.08, 0.01, 0.02, 0.03),
    "scr-hiv": _truth(0.06, 0.01, 0.02, 0.03),
    "scr-prediabetes": _truth(0.10, 0.02, 0.03, 0.04),
    "imm-tdap": _truth(0.07, 0.02, 0.03, 0.05),
}

_Row = Appointment | Immunization | Lab | Procedure | Visit


def write_next(
    previous: Path, out: Path, *, as_of: date, asked: pl.DataFrame, seed: int = 1, since: date | None = None
) -> pl.DataFrame:
    """Write the feed of the people of `previous`, a sample, as it is on `as_of`; ANSWER comes back.

    asked   ASKED: the gaps that were open when they were asked for; a measure without a TRUTH stays as it is
    since   from which day on gaps close; None: from that of the feed before. An earlier one tells that feed anew, as it
            would have been had these gaps closed
    What was to come and is past was kept, or not; a closed gap has the event that closes it and the appointment that
    led there. The same arguments give the same bytes. Raises CareloopError for a folder that holds no sample, one that
    is not empty, and a day that is not after the previous feed's.
    """
    before = since or feed_day(previous)
    if as_of <= before or as_of < feed_day(previous):
        raise CareloopError(f"The feed before is of {before}. The following one must be of a later day.")
    if out.exists() and any(out.iterdir()):
        raise CareloopError(f"{out} is not empty. Choose an empty folder or a new one.")
    out.mkdir(parents=True, exist_ok=True)
    people = {row["patient_id"]: row for row in _rows(previous / "patients.csv")}
    answer = _answered(asked, before=before, as_of=as_of, seed=seed)
    added: dict[str, list[_Row]] = defaultdict(list)
    names = {kind: name for name, kind in ROWS.items()}
    for number, (patient_id, measure_id, closed_on) in enumerate(
        answer.drop_nulls("closed_on").select("patient_id", "measure_id", "closed_on").iter_rows()
    ):
        for row in _events(people[patient_id], measure_id, closed_on, key=f"N{as_of:%y%m%d}-{number}", seed=seed):
            added[names[type(row)]].append(row)
    for name in ROWS:
        _copy(previous, out, name, added[name], as_of=as_of, seed=seed)
    copyfile(previous / "code_map.csv", out / "code_map.csv")
    manifest = json.loads((previous / MANIFEST).read_text("utf-8"))
    manifest["received_at"] = f"{as_of.isoformat()}T06:00:00+00:00"
    (out / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    return answer


def feed_day(folder: Path) -> date:
    """The day of a sample's feed. Raises CareloopError for a folder that holds none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if manifest["generator"] != "sample":
            raise KeyError
        return date.fromisoformat(manifest["received_at"][:10])
    except (OSError, ValueError, KeyError, TypeError):
        raise CareloopError(f"{folder} holds no sample. Make one with 'careloop sample {folder}'.") from None


def _answered(asked: pl.DataFrame, *, before: date, as_of: date, seed: int) -> pl.DataFrame:
    """ANSWER: each patient's own chance, and the day of the closure if it lies in the time of this feed."""
    rows = []
    for patient_id, measure_id, channel, from_on in (
        asked.select(ASKED.names()).sort("patient_id", "measure_id").iter_rows()
    ):
        truth = TRUTH.get(measure_id)
        if truth is None:
            continue
        chance = truth.base + (truth.lift[channel] if channel else 0.0)
        start = from_on or before
        draw = Draw(seed, "following", patient_id, measure_id, start)
        day = workday(start.toordinal() + draw.between(1, FOLLOW_UP))
        if day <= start.toordinal():  # the Friday before
            day += 3
        closes = draw.chance(chance) and before.toordinal() <= day < as_of.toordinal()
        rows.append((patient_id, measure_id, channel, from_on, chance, date.fromordinal(day) if closes else None))
    return pl.DataFrame(rows, schema=ANSWER, orient="row")


# ---- what closes a gap -----------------------------------------------------------------------------------------------
def _events(patient: Mapping[str, str], measure_id: str, day: date, *, key: str, seed: int) -> Iterator[_Row]:
    draw = Draw(seed, "events", key)
    place = Place(patient["patient_id"], patient["pcp_id"], key, day, draw)
    yield from _CLOSING[measure_id](place)
    yield place.appointment()


@dataclass
class Place:
    """One patient on the day on which a gap closes; ids are made from `key`."""

    patient_id: str
    provider_id: str
    key: str
    day: date
    draw: Draw
    serial: int = 0

    def next_id(self) -> str:
        """An id for one more row."""
        self.serial += 1
        return f"{self.key}-{self.serial}"

    def appointment(self) -> Appointment:
        """The kept appointment, made some days before."""
        made = self.day.toordinal() - self.draw.between(1, 12)
        hour = self.draw.between(8, 16)
        return Appointment(
            appointment_id=self.next_id(),
            patient_id=self.patient_id,
            provider_id=self.provider_id,
            start_at=f"{self.day}T{hour:02d}:00",
            made_at=f"{iso(made)}T{self.draw.between(8, 16):02d}:30",
            type=OFFICE.type,
            status="completed",
        )

    def lab(self, test: Test, value: str) -> Lab:
        """A final result of that day."""
        return Lab(
            lab_id=self.next_id(),
            patient_id=self.patient_id,
            loinc=test.loinc,
            local_code=test.code,
            local_name=test.name,
            value=value,
            unit=test.unit,
            ref_low=test.low,
            ref_high=test.high,
            status="final",
            ordered_on=str(self.day),
            collected_on=str(self.day),
            resulted_on=str(self.day),
        )

    def procedure(self, system: str, code: str, text: str) -> Procedure:
        """Something done on that day."""
        return Procedure(self.next_id(), self.patient_id, system, code, text, str(self.day), str(self.day), "completed")

    def dose(self, cvx: str, name: str) -> Immunization:
        """A dose given that day."""
        return Immunization(self.next_id(), self.patient_id, cvx, name, str(self.day), "completed", "administered")


def _kidney(place: Place) -> Iterator[_Row]:
    yield place.lab(EGFR, str(place.draw.between(62, 98)))
    yield place.lab(UACR, str(place.draw.between(4, 27)))


def _wellness(place: Place) -> Iterator[_Row]:
    yield Visit(
        visit_id=place.next_id(),
        patient_id=place.patient_id,
        provider_id=place.provider_id,
        visit_on=str(place.day),
        type=WELLNESS.type,
        code_system=WELLNESS.system,
        code=WELLNESS.code,
        status="finished",
    )


_CLOSING: dict[str, Callable[[Place], Iterator[_Row]]] = {
    "imm-flu": lambda place: iter([place.dose("140", "Influenza, trivalent, preservative free")]),
    "scr-mammogram": lambda place: iter([place.procedure("LOINC", "24606-6", "Screening mammogram")]),
    "scr-colorectal": lambda place: iter([place.lab(FIT, "Negative")]),
    "scr-cervical": lambda place: iter([place.lab(PAP, "Negative for intraepithelial lesion")]),
    "dm-a1c": lambda place: iter([place.lab(A1C, f"{6.4 + 0.1 * place.draw.between(0, 20):.1f}")]),
    "dm-eye": lambda place: iter([place.procedure("LOCAL", "RETINAL", "Dilated retinal exam")]),
    "dm-kidney": _kidney,
    "visit-awv": _wellness,
    "scr-osteo": lambda place: iter([place.procedure("LOINC", "24966-4", "DXA bone density, lumbar spine")]),
    "scr-hcv": lambda place: iter([place.lab(HCV, "Non-reactive")]),
    "scr-hiv": lambda place: iter([place.lab(HIV, "Non-reactive")]),
    "scr-prediabetes": lambda place: iter([place.lab(GLUCOSE, str(place.draw.between(82, 98)))]),
    "imm-tdap": lambda place: iter([place.dose("115", "Tdap")]),
}


# ---- files -----------------------------------------------------------------------------------------------------------
def _copy(previous: Path, out: Path, name: str, added: list[_Row], *, as_of: date, seed: int) -> None:
    """A table as it was, with what has come since."""
    with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        columns = TABLE[name].column_names
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        for row in _rows(previous / f"{name}.csv"):
            writer.writerow(_kept_or_not(row, as_of=as_of, seed=seed) if name == "appointments" else row)
        writer.writerows(dict(zip(columns, row, strict=True)) for row in added)


def _kept_or_not(row: dict[str, str], *, as_of: date, seed: int) -> dict[str, str]:
    """An appointment that was to come and is past."""
    if row["status"] not in ("scheduled", "confirmed") or row["start_at"][:10] >= as_of.isoformat():
        return row
    is_kept = Draw(seed, "kept", row["appointment_id"]).chance(0.9)
    return row | {"status": "completed" if is_kept else "no-show"}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
