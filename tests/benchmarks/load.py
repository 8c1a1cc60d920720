"""How much a load costs: 100,000 patients with 60 events each, against Polars merely reading the same files.

    python tests/benchmarks/load.py [--patients 100000]

The files have the columns of the layout that feeds fill. Prints one JSON object a line: {"name", "value", "unit",
"target"}. CPU seconds are those of all threads of a process of its own; memory is the most it had. The ratio is of
the medians of three rounds.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import polars as pl

from core import ALLOCATOR, loads
from core.settings import Settings
from core.workbench import open_workbench

EVENTS = {"visits": 12, "problems": 6, "labs": 20, "vitals": 12, "immunizations": 5, "procedures": 3, "medications": 2}
TODAY = date(2026, 11, 23)
PIECE = 200_000
ROUNDS = 3


def main() -> None:
    """Write the feed, run both measurements and print the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="keep the feed here and use it again")
    parser.add_argument("--child", choices=("read", "load"))
    arguments = parser.parse_args()
    if arguments.child:
        _child(arguments.child, arguments.folder, arguments.patients)
        return
    with tempfile.TemporaryDirectory(prefix="careloop-bench-") as temporary:
        folder = arguments.folder or Path(temporary) / "feed"
        if not (folder / "patients.csv").exists():
            write_feed(folder, arguments.patients)
        # By turns, and the median of each: machines are shared and their pace changes.
        rounds = [[_measured(what, folder, arguments.patients) for what in ("read", "load")] for _ in range(ROUNDS)]
        megabytes = sum(path.stat().st_size for path in folder.glob("*.csv")) / 1e6
    _print("load_feed_mb", round(megabytes), "MB", None)
    read, load = ({key: median(one[key] for one in runs) for key in runs[0]} for runs in zip(*rounds, strict=True))
    _print("read_csv_cpu_s", round(read["cpu_s"], 2), "s", None)
    _print("load_cpu_s", round(load["cpu_s"], 2), "s", None)
    _print("load_wall_s", round(load["wall_s"], 2), "s", None)
    _print("load_peak_mb", round(load["peak_mb"]), "MB", 1500)
    _print("load_vs_read_csv", round(load["cpu_s"] / read["cpu_s"], 2), "x", 8)


def write_feed(folder: Path, patients: int) -> None:
    """The feed, the same on every machine. Written in pieces, so that the benchmark itself needs little memory."""
    folder.mkdir(parents=True, exist_ok=True)
    groups = pl.DataFrame({"group_id": [f"G{n}" for n in range(8)], "name": [f"Group {n}" for n in range(8)]})
    groups.write_csv(folder / "groups.csv")
    providers = pl.DataFrame({"number": range(400)}).select(
        provider_id=pl.format("PR{}", "number"),
        npi=pl.col("number") + 1_000_000_000,
        first=pl.lit("Alex"),
        last=pl.format("Example{}", "number"),
        credential=pl.lit("MD"),
        group_id=pl.format("G{}", pl.col("number") % 8),
        is_pcp=pl.lit("yes"),
        active=pl.lit("yes"),
    )
    providers.write_csv(folder / "providers.csv")
    _write(folder / "patients.csv", patients, _patients)
    _write(folder / "appointments.csv", patients, _appointments)
    for table, per_patient in EVENTS.items():
        _write(folder / f"{table}.csv", patients * per_patient, _EVENT_TABLES[table])


def _write(path: Path, count: int, rows_of: Callable[[pl.DataFrame, int], pl.DataFrame]) -> None:
    with path.open("wb") as stream:
        for start in range(0, count, PIECE):
            numbers = pl.DataFrame({"n": pl.int_range(start, min(start + PIECE, count), eager=True)})
            rows_of(numbers, count).write_csv(stream, include_header=start == 0)


def _random(below: int, seed: int) -> pl.Expr:
    """Numbers that look random and are the same everywhere: a multiplication, no library's generator."""
    mixed = (pl.col("n").cast(pl.UInt64) * 0x9E3779B97F4A7C15 + seed * 0x85EBCA6B) & 0x7FFFFFFFFFFFFFFF
    return ((mixed // 65_536) * 2_654_435_761 & 0x7FFFFFFF) % below


def _day(back: int, seed: int) -> pl.Expr:
    return pl.lit(TODAY - timedelta(days=1)) - pl.duration(days=_random(back, seed).cast(pl.Int64))


def _one_of(words: list[str], seed: int) -> pl.Expr:
    return _random(len(words), seed).replace_strict(range(len(words)), words, return_dtype=pl.String)


def _patient(count: int, table: str) -> pl.Expr:
    """Events of all patients are mixed, as extracts by date are."""
    del table
    return pl.format("P{}", (pl.col("n") * 7_919) % count)


_FIRST = "Ana Ben Chi Dana Eli Fatima Grace Hugo Ines Juan Kim Lena Minh Nora Omar Priya Quinn Rosa Tara".split()  # noqa: SIM905
_LAST = "Adams Brown Chen Diaz Evans Flores Garcia Hughes Ito Jones Khan Lopez Miller Nguyen Patel Reyes".split()  # noqa: SIM905


def _patients(numbers: pl.DataFrame, count: int) -> pl.DataFrame:
    return numbers.select(
        patient_id=pl.format("P{}", "n"),
        mrn=pl.col("n").cast(pl.String).str.zfill(9),
        first=_one_of(_FIRST, 1),
        last=pl.format("{}{}", _one_of(_LAST, 2), _random(997, 3)),
        birth_date=pl.date(2010, 1, 1) - pl.duration(days=_random(29_000, 4).cast(pl.Int64)),
        middle=_one_of(_FIRST, 101).str.slice(0, 1),
        sex=_one_of(["F", "M"], 5),
        sex_at_birth=_one_of(["F", "M"], 5),
        gender_identity=_one_of(["Female", "Male"], 5),
        ethnicity=_one_of(["Hispanic or Latino", "Not Hispanic or Latino"], 102),
        preferred_channel=_one_of(["email", "text", "phone", "letter"], 103),
        sms_consent=_one_of(["yes", "yes", "no"], 104),
        sms_consent_on=_day(2_000, 105),
        sms_consent_source=pl.lit("registration"),
        email_consent=_one_of(["yes", "yes", "no"], 106),
        voice_consent=_one_of(["yes", "yes", "no"], 107),
        household_id=pl.format("H{}", pl.col("n") // 3),
        plan=_one_of(["PPO", "HMO", "Medicare Advantage"], 108),
        member_id=pl.format("W{}", pl.col("n") + 100_000_000),
        race=_one_of(["White", "Black or African American", "Asian", "Other"], 6),
        language=_one_of(["en", "en", "en", "es", "vi"], 7),
        address1=pl.format("{} Main Street", _random(9_000, 8)),
        city=_one_of(["Springfield", "Riverside", "Franklin"], 9),
        state=pl.lit("IL"),
        zip=pl.format("6{}", _random(9_000, 10) + 1_000),
        phone_home=pl.format("312-{}-{}", _random(700, 11) + 200, _random(9_000, 12) + 1_000),
        phone_mobile=pl.format("(773) {}-{}", _random(700, 13) + 200, _random(9_000, 14) + 1_000),
        email=pl.format("patient{}@example.org", "n"),
        pcp_id=pl.format("PR{}", _random(400, 15)),
        group_id=pl.format("G{}", _random(8, 16)),
        payer=_one_of(["Medicare Part B", "Medicaid", "Aetna", "Cigna", "Self-pay"], 17),
        status=pl.lit("active"),
    )


def _appointments(numbers: pl.DataFrame, count: int) -> pl.DataFrame:
    return numbers.select(
        appointment_id=pl.format("A{}", "n"),
        patient_id=_patient(count, "appointments"),
        provider_id=pl.format("PR{}", _random(400, 21)),
        location_id=pl.format("LOC{}", _random(20, 24)),
        made_at=pl.format("{}T09:15", _day(400, 25)),
        start_at=pl.format("{}T{}:30", _day(400, 22) + pl.duration(days=200), _random(8, 23) + 10),
        type=pl.lit("office visit"),
        status=pl.lit("scheduled"),
    )  # fmt: skip


def _visits(numbers: pl.DataFrame, count: int) -> pl.DataFrame:
    return numbers.select(
        visit_id=pl.format("V{}", "n"),
        patient_id=_patient(count // EVENTS["visits"], "visits"),
        provider_id=pl.format("PR{}", _random(400, 31)),
        location_id=pl.format("LOC{}", _random(20, 35)),
        visit_on=_day(1_800, 32),
        ended_on=_day(1_800, 32),
        type=_one_of(["office visit", "telehealth", "annual wellness"], 33),
        code_system=pl.lit("HCPCS"),
        code=_one_of(["G0438", "G0439", "G0402"], 34),
        status=pl.lit("completed"),
    )


def _problems(numbers: pl.DataFrame, count: int) -> pl.DataFrame:
    return numbers.select(
        problem_id=pl.format("D{}", "n"),
        patient_id=_patient(count // EVENTS["problems"], "problems"),
        code_system=pl.lit("ICD-10-CM"),
        code=_one_of(["E11.9", "I10", "E78.5", "J45.909", "M54.5", "F32.9", "N18.3"], 41),
        text=_one_of(
            ["Type 2 diabetes", "Hypertension", "Hyperlipidemia", "Asthma", "Back pain", "Depression", "CKD"], 41
        ),
        onset_on=_day(6_000, 42),
        resolved_on=pl.when(_random(3, 43) == 2).then(_day(900, 45)),
        status=_one_of(["active", "active", "resolved"], 43),
        recorded_on=_day(1_000, 44),
    )


def _labs(numbers: pl.DataFrame, count: int) -> pl.DataFrame:
    day = _day(1_800, 51)
    return numbers.select(
        lab_id=pl.format("L{}", "n"),
        patient_id=_patient(count // EVENTS["labs"], "labs"),
        loinc=_one_of(["4548-4", "2093-3", "2571-8", "718-7", "2160-0", "33914-3", "57905-2", "24606-6"], 52),
        local_code=_one_of(["A1C", "CHOL", "TRIG", "HGB", "CREA", "EGFR", "FIT", "MAMMO"], 52),
        local_name=_one_of(
            ["HbA1c", "Cholesterol", "Triglycerides", "Hemoglobin", "Creatinine", "eGFR", "FIT", "MG"], 52
        ),
        value=(_random(1_200, 53) + 40) / 10,
        unit=_one_of(["%", "mg/dL", "mg/dL", "g/dL", "mg/dL", "mL/min", "ng/mL", "1"], 52),
        ref_low=(_random(40, 55) + 10) / 10,
        ref_high=(_random(40, 56) + 60) / 10,
        abnormal=_one_of(["H", "L", "N"], 57),
        status=_one_of(["final", "final", "final", "corrected", "preliminary"], 54),
        ordered_on=day - pl.duration(days=2),
        collected_on=day,
        resulted_on=day,
    )


def _vitals(numbers: pl.DataFrame, count: int) -> pl.DataFrame:
    return numbers.select(
        vital_id=pl.format("T{}", "n"),
        patient_id=_patient(count // EVENTS["vitals"], "vitals"),
        code_system=pl.lit("LOINC"),
        code=_one_of(["8480-6", "8462-4", "39156-5", "29463-7"], 61),
        name=_one_of(["Systolic", "Diastolic", "BMI", "Weight"], 61),
        value=_random(800, 62) / 10 + 60,
        unit=_one_of(["mm[Hg]", "mm[Hg]", "kg/m2", "kg"], 61),
        taken_on=_day(1_800, 63),
        status=pl.lit("final"),
    )


def _immunizations(numbers: pl.DataFrame, count: int) -> pl.DataFrame:
    return numbers.select(
        immunization_id=pl.format("I{}", "n"),
        patient_id=_patient(count // EVENTS["immunizations"], "immunizations"),
        cvx=_one_of(["141", "150", "158", "115", "133", "187"], 71),
        name=_one_of(["Influenza", "Influenza", "Influenza", "Tdap", "PCV13", "Zoster"], 71),
        administered_on=_day(3_000, 72),
        status=_one_of(["completed", "completed", "completed", "not-done"], 73),
        source=pl.lit("administered"),
        lot=pl.format("LOT{}", _random(90_000, 74) + 10_000),
        dose_no=_random(4, 75) + 1,
    )


def _procedures(numbers: pl.DataFrame, count: int) -> pl.DataFrame:
    return numbers.select(
        procedure_id=pl.format("C{}", "n"),
        patient_id=_patient(count // EVENTS["procedures"], "procedures"),
        code_system=pl.lit("HCPCS"),
        code=_one_of(["G0121", "G0105", "G0104", "G0202"], 81),
        text=_one_of(["Colonoscopy", "Colonoscopy", "Sigmoidoscopy", "Mammogram"], 81),
        ordered_on=_day(3_600, 82) - pl.duration(days=14),
        performed_on=_day(3_600, 82),
        status=_one_of(["completed", "completed", "ordered"], 83),
    )


def _medications(numbers: pl.DataFrame, count: int) -> pl.DataFrame:
    return numbers.select(
        medication_id=pl.format("M{}", "n"),
        patient_id=_patient(count // EVENTS["medications"], "medications"),
        rxnorm=_one_of(["860975", "314076", "617312"], 91),
        name=_one_of(["metformin 500 MG", "lisinopril 10 MG", "atorvastatin 20 MG"], 91),
        start_on=_day(2_000, 92),
        stop_on=pl.when(_random(2, 93) == 1).then(_day(300, 94)),
        status=pl.lit("active"),
    )


_EVENT_TABLES = {
    "visits": _visits,
    "problems": _problems,
    "labs": _labs,
    "vitals": _vitals,
    "immunizations": _immunizations,
    "procedures": _procedures,
    "medications": _medications,
}


def _measured(what: str, folder: Path, patients: int) -> dict[str, float]:
    """CPU seconds, wall seconds and peak memory of one child process."""
    command = [sys.executable, __file__, "--child", what, "--folder", str(folder)]
    environment = {**os.environ, "_RJEM_MALLOC_CONF": ALLOCATOR}  # as for everything that imports core first
    answer = subprocess.run(
        [*command, "--patients", str(patients)], capture_output=True, text=True, check=False, env=environment
    )
    if answer.returncode:
        raise SystemExit(answer.stderr)
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _child(what: str, folder: Path, patients: int) -> None:
    """Measure reading, or loading into a home that was opened before. What was loaded is checked afterwards."""
    if what == "read":
        cpu_s, wall_s = _timed(lambda: _read(folder))
    else:
        cpu_s, wall_s = _load(folder, patients)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": cpu_s, "wall_s": wall_s, "peak_mb": peak_mb}))


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    begun_cpu, begun = _cpu(), time.monotonic()
    work()
    return _cpu() - begun_cpu, time.monotonic() - begun


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _read(folder: Path) -> None:
    for path in sorted(folder.glob("*.csv")):
        pl.read_csv(path)


def _load(folder: Path, patients: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="careloop-bench-", dir=folder.parent) as temporary:
        home = Path(temporary)
        wb = open_workbench(Settings(home=home, database_url=f"sqlite:///{home / 'careloop.db'}"))
        reports: list[loads.LoadReport] = []
        timed = _timed(lambda: reports.append(loads.load(wb, folder)))
        [report] = reports
        kept = {source: counts.kept for source, counts in report.counts.items()}
        for table, per_patient in EVENTS.items():
            assert report.counts[f"{table}.csv"].read == patients * per_patient, table
        assert kept["patients.csv"] == patients, kept
        generation = loads.current(wb)
        assert generation is not None
        stored = generation.events().select(pl.len()).collect(engine="streaming").item()
        assert stored == sum(kept[f"{table}.csv"] for table in EVENTS), (stored, kept)
        assert generation.panel(loads.today(wb).evaluation).select(pl.len()).collect().item() == patients
        return timed


def _print(name: str, value: float, unit: str, target: float | None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target}), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("POLARS_VERBOSE", "0")
    main()
