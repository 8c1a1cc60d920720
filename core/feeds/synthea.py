"""Feeds in the CSV tables of the Synthea generator, in the variants of its versions.

Synthea gives its conditions, results, doses and prescriptions no ids of their own. They get one made of patient, moment
and code, and a number where the same stands more than once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from core.errors import DataError
from core.feeds.csv_file import FILE, LINE, CsvFile, blocks, open_csv
from core.feeds.feed import Batch, Feed, not_read, read_manifest, refuse_packed

NUMBERED = "_numbered"  # the row's id must be made unique by counting equal ones


@dataclass(frozen=True)
class SyntheaTable:
    """needs: columns without which the file is useless; columns: ours from theirs, by lower-case names."""

    file: str
    table: str
    needs: tuple[str, ...]
    columns: dict[str, pl.Expr]
    is_numbered: bool = False
    where: pl.Expr | None = None


def _named(name: str) -> pl.Expr:
    """Synthea numbers its invented names (Maynard46); patients do not."""
    return pl.col(name).str.replace_all(r"\d+", "").str.strip_chars()


def _composed(*names: str) -> pl.Expr:
    return pl.concat_str([pl.col(name).fill_null("") for name in names], separator="|")


_IS_VITAL = pl.col("category").fill_null("laboratory").str.to_lowercase() != "laboratory"
_OBSERVATION = {
    "patient_id": pl.col("patient"),
    "value": pl.col("value"),
    "unit": pl.col("units"),
    "status": pl.lit("final"),
}

SYNTHEA_TABLES = (
    SyntheaTable(
        "organizations", "groups", ("id", "name"),
        {"group_id": pl.col("id"), "name": pl.col("name"), "phone": pl.col("phone").str.extract(r"^([^/;]+)", 1)},
    ),
    SyntheaTable(
        "organizations", "locations", ("id", "name"),
        {"location_id": pl.col("id"), "group_id": pl.col("id"), "name": pl.col("name"), "address1": pl.col("address"),
         "city": pl.col("city"), "state": pl.col("state"), "zip": pl.col("zip"),
         "phone": pl.col("phone").str.extract(r"^([^/;]+)", 1)},
    ),
    SyntheaTable(
        "providers", "providers", ("id", "name"),
        {"provider_id": pl.col("id"), "first": _named("name").str.extract(r"^(.*)\s+\S+$", 1),
         "last": _named("name").str.extract(r"(\S+)$", 1), "specialty": pl.col("speciality"),
         "group_id": pl.col("organization"), "location_id": pl.col("organization"),
         "is_pcp": pl.when(pl.col("speciality").str.contains(r"(?i)general|family|internal")).then(pl.lit("yes")),
         "active": pl.lit("yes")},
    ),
    SyntheaTable(
        "patients", "patients", ("id", "birthdate"),
        {"patient_id": pl.col("id"), "mrn": pl.col("id"), "first": _named("first"), "middle": _named("middle"),
         "last": _named("last"), "suffix": pl.col("suffix"), "birth_date": pl.col("birthdate"), "sex": pl.col("gender"),
         "race": pl.col("race"), "ethnicity": pl.col("ethnicity"), "address1": pl.col("address"),
         "city": pl.col("city"), "state": pl.col("state"), "zip": pl.col("zip"), "deceased_on": pl.col("deathdate"),
         "status": pl.when(pl.col("deathdate").fill_null("") != "").then(pl.lit("deceased"))},
    ),
    SyntheaTable(
        "encounters", "visits", ("id", "start", "patient"),
        {"visit_id": pl.col("id"), "patient_id": pl.col("patient"), "provider_id": pl.col("provider"),
         "location_id": pl.col("organization"), "visit_on": pl.col("start"), "ended_on": pl.col("stop"),
         "type": pl.coalesce("description", "encounterclass"), "code_system": pl.coalesce("system", pl.lit("SNOMED")),
         "code": pl.col("code"), "status": pl.lit("finished")},
    ),
    SyntheaTable(
        "conditions", "problems", ("start", "patient", "code"),
        {"problem_id": _composed("patient", "start", "code"), "patient_id": pl.col("patient"),
         "code_system": pl.coalesce("system", pl.lit("SNOMED")), "code": pl.col("code"),
         "text": pl.col("description"), "onset_on": pl.col("start"), "resolved_on": pl.col("stop"),
         "status": pl.when(pl.col("stop").fill_null("") == "").then(pl.lit("active")).otherwise(pl.lit("resolved"))},
        is_numbered=True,
    ),
    SyntheaTable(
        "observations", "labs", ("date", "patient", "code"),
        {"lab_id": _composed("patient", "date", "code"), "loinc": pl.col("code"), "local_name": pl.col("description"),
         "collected_on": pl.col("date"), "resulted_on": pl.col("date"), **_OBSERVATION},
        is_numbered=True, where=~_IS_VITAL,
    ),
    SyntheaTable(
        "observations", "vitals", ("date", "patient", "code"),
        {"vital_id": _composed("patient", "date", "code"), "code": pl.col("code"), "name": pl.col("description"),
         "taken_on": pl.col("date"), **_OBSERVATION},
        is_numbered=True, where=_IS_VITAL,
    ),
    SyntheaTable(
        "immunizations", "immunizations", ("date", "patient", "code"),
        {"immunization_id": _composed("patient", "date", "code"), "patient_id": pl.col("patient"),
         "cvx": pl.col("code"), "name": pl.col("description"), "administered_on": pl.col("date"),
         "status": pl.lit("completed")},
        is_numbered=True,
    ),
    SyntheaTable(
        "procedures", "procedures", ("patient", "code"),
        {"procedure_id": _composed("patient", "start", "date", "code"), "patient_id": pl.col("patient"),
         "code_system": pl.coalesce("system", pl.lit("SNOMED")), "code": pl.col("code"),
         "text": pl.col("description"), "performed_on": pl.coalesce("start", "date"),
         "status": pl.lit("completed")},
        is_numbered=True,
    ),
    SyntheaTable(
        "medications", "medications", ("start", "patient", "code"),
        {"medication_id": _composed("patient", "start", "code"), "patient_id": pl.col("patient"),
         "rxnorm": pl.col("code"), "name": pl.col("description"), "start_on": pl.col("start"),
         "stop_on": pl.col("stop"),
         "status": pl.when(pl.col("stop").fill_null("") == "").then(pl.lit("active")).otherwise(pl.lit("stopped"))},
        is_numbered=True,
    ),
)  # fmt: skip


def synthea_files(folder: Path) -> dict[str, Path]:
    """The files of the folder that have the name of a Synthea table, by that name. Raises DataError if packed."""
    names = {table.file for table in SYNTHEA_TABLES}
    refuse_packed(folder, names, endings=(".csv",))
    return {
        p.stem.lower(): p for p in sorted(folder.iterdir()) if p.suffix.lower() == ".csv" and p.stem.lower() in names
    }


def open_synthea(folder: Path) -> Feed:
    """Read all headers. Raises DataError naming the file and the column that is missing."""
    files = synthea_files(folder)
    opened: dict[str, CsvFile] = {}
    for table in SYNTHEA_TABLES:
        if table.file in files:
            opened.setdefault(table.file, open_csv(files[table.file], [*table.needs, *_needed(table)]))
            _check_columns(table, opened[table.file])
    others = [p for p in sorted(folder.glob("*.csv")) if p not in files.values()]
    return Feed(
        folder=folder,
        format="synthea",
        manifest=read_manifest(folder),
        tables=frozenset(table.table for table in SYNTHEA_TABLES if table.file in files),
        files=tuple(file.path for file in opened.values()),
        batches=lambda advance: _batches(opened, advance),
        notes=[
            *(f"{path.name} is not used: Careloop keeps nothing of this kind yet." for path in others),
            *not_read(folder, [*files.values(), *others], endings=(".csv",)),
        ],
    )


def _needed(table: SyntheaTable) -> list[str]:
    expressions = [*table.columns.values(), *([table.where] if table.where is not None else [])]
    return list(dict.fromkeys(name for expression in expressions for name in expression.meta.root_names()))


def _check_columns(table: SyntheaTable, file: CsvFile) -> None:
    missing = [name for name in table.needs if name not in file.columns]
    if table.file == "procedures" and not {"start", "date"} & set(file.columns):
        missing.append("start")
    if missing:
        raise DataError(
            f"{file.path.name}, line 1: the column {missing[0].upper()} is missing. Expected Synthea's header with at "
            f"least {', '.join(name.upper() for name in table.needs)}."
        )


def _batches(opened: dict[str, CsvFile], advance: Callable[[int], None]) -> Iterator[Batch]:
    for name, file in opened.items():
        tables = [table for table in SYNTHEA_TABLES if table.file == name]
        needed = list(dict.fromkeys(column for table in tables for column in _needed(table)))
        for block in blocks(file, [column for column in file.columns if column in needed]):
            rows = block.rows.with_columns(
                pl.lit(None, pl.String).alias(column) for column in needed if column not in block.rows.columns
            )
            broken = tuple((file.path.name, *each) for each in block.broken)
            for table in tables:
                source = f"{name}.csv" if table.table != "locations" else "organizations.csv as locations"
                yield Batch(table.table, source, _ours(table, rows), broken)
                broken = ()
            advance(block.bytes_read)


def _ours(table: SyntheaTable, rows: pl.DataFrame) -> pl.DataFrame:
    chosen = rows if table.where is None else rows.filter(table.where)
    ours = chosen.select(FILE, LINE, **table.columns)
    return ours.with_columns(pl.lit(True).alias(NUMBERED)) if table.is_numbered else ours
