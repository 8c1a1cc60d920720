"""A folder of code lists that a practice brings under its own licence: value sets, code maps and concept maps."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from core.errors import DataError
from core.feeds.code_map import COLUMNS, read_code_map
from core.feeds.concept_map import concept_map_rows
from core.feeds.value_set_table import SUFFIXES, value_sets_of_table
from core.feeds.value_sets import ValueSet, json_resources, newest_of, value_sets_in

LISTED_CODES = pl.Schema({"value_set": pl.String, "system": pl.String, "code": pl.String, "display": pl.String})
_SHOWN = 5  # names of files in a sentence
_LONGEST = 128
_NO_MAP = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))


@dataclass(frozen=True)
class CodeFolder:
    """What a folder holds.

    value_sets    the sets that were wanted: identifier to (title, version)
    codes         LISTED_CODES of these
    code_map      rows of core.feeds.code_map.COLUMNS
    unused        identifier and title of the sets that were not wanted
    notes         files and versions that were passed over, as sentences
    """

    value_sets: Mapping[str, tuple[str, str]]
    codes: pl.DataFrame
    code_map: pl.DataFrame
    unused: Mapping[str, str]
    notes: tuple[str, ...] = ()


def read_code_folder(path: Path, *, wanted: Collection[str], concepts: Collection[str]) -> CodeFolder:
    """Everything useful in a folder and the folders in it, or in one file.

    wanted     identifiers of value sets; concepts: ids that a code map may name
    Of a value set in several versions the newest counts. Raises DataError naming the file that cannot be used.
    """
    if not path.exists():
        raise DataError(f"{path.name} is not there. Name a code_map.csv, or a folder with value sets and code maps.")
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    found: list[ValueSet] = []
    maps: list[pl.DataFrame] = []
    passed: list[str] = []
    for file in files:
        sets, rows = _read(file, concepts, is_named=not path.is_dir())
        found += sets
        maps += [rows] * (not rows.is_empty())
        passed += [file.name] * (not sets and rows.is_empty())
    used = [each for each in found if each.value_set in wanted]
    unused = {each.value_set: each.title for each in found if each.value_set not in wanted}
    newest, notes = newest_of(used)
    _refuse_empty(newest)
    notes += _passed_over(passed)
    code_map = pl.concat(maps).unique(COLUMNS[:4], keep="last", maintain_order=True) if maps else _NO_MAP
    titles = {each.value_set: (each.title, each.version[:64]) for each in reversed(newest)}
    return CodeFolder(titles, _codes(newest), code_map, dict(sorted(unused.items())), tuple(notes))


def _read(file: Path, concepts: Collection[str], *, is_named: bool) -> tuple[list[ValueSet], pl.DataFrame]:
    suffix = file.suffix.lower()
    if suffix == ".json":
        resources = json_resources(file)
        return list(value_sets_in(resources, file.name)), concept_map_rows(resources, file.name, concepts=concepts)
    if suffix not in SUFFIXES or file.stat().st_size == 0:
        return [], _NO_MAP
    is_map = suffix == ".csv" and file.name.lower().startswith("code_map")
    if not is_map and (sets := value_sets_of_table(file)):
        return sets, _NO_MAP
    return [], read_code_map(file, concepts=concepts) if is_map or is_named else _NO_MAP


def _refuse_empty(sets: Iterable[ValueSet]) -> None:
    by_set: dict[str, list[ValueSet]] = defaultdict(list)
    for each in sets:
        by_set[each.value_set].append(each)
    for parts in by_set.values():
        if not any(each.codes for each in parts):
            raise DataError(
                f"{parts[0].file}: the value set holds no codes. Ask its server for $expand and save the answer."
            )


def _passed_over(names: list[str]) -> list[str]:
    shown = ", ".join(names[:_SHOWN]) + f" and {len(names) - _SHOWN:,} more" * (len(names) > _SHOWN)
    return [f"Passed over, because neither value sets nor code maps are in it: {shown}."] * bool(names)


def _codes(parts: Iterable[ValueSet]) -> pl.DataFrame:
    rows: list[tuple[str, str, str, str]] = []
    for each in parts:
        if not all(_is_plain(system) and _is_plain(code) for system, code, _ in each.codes):
            raise DataError(f"{each.file}: a code or its code system is too long or no plain text. Correct the file.")
        rows += [(each.value_set, *code) for code in each.codes]
    frame = pl.DataFrame(rows, schema=LISTED_CODES, orient="row")
    frame = frame.with_columns(pl.col("display").str.replace_all("\x00", "", literal=True))
    return frame.unique(["value_set", "system", "code"], keep="first", maintain_order=True)


def _is_plain(text: str) -> bool:
    return len(text) <= _LONGEST and text.isprintable()


def code_counts(codes: pl.DataFrame) -> dict[str, int]:
    """How many different codes of each system, most first."""
    counted = Counter(codes.select("system", "code").unique()["system"].to_list())
    return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))
