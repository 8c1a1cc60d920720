"""Feeds of FHIR R4 resources: bundles (*.json) or NDJSON (*.ndjson, *.ndjson.gz), in the folder or below it."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import polars as pl

from core.errors import DataError
from core.feeds.csv_file import FILE, LINE
from core.feeds.feed import COUNTED, MANIFEST, Batch, Feed, not_read, read_manifest
from core.feeds.fhir_bundle import entries_of, read_bundle
from core.feeds.fhir_people import Row
from core.feeds.fhir_rows import ROWS
from core.feeds.fhir_values import References, Resource, code_word, parts, text, words_of
from core.feeds.layout import TABLE

BATCH_ROWS = 20_000
# Read before the others: they are looked up by what refers to them.
_FIRST = ("Organization", "Practitioner", "PractitionerRole", "Location", "Medication", "Coverage")
_ORDER = {kind: place for place, kind in enumerate((*_FIRST, "Patient"))}
_BROKEN = (EOFError, OSError, zlib.error)  # what reading a damaged file may end in
_TABLES = {"groups", "locations", "providers", "patients", "appointments", "visits", "problems", "labs", "vitals"} | {
    "immunizations",
    "procedures",
    "medications",
    "merges",
}


ENDINGS = (".json", ".ndjson", ".ndjson.gz", ".jsonl")


def fhir_files(folder: Path) -> list[Path]:
    """The files that may hold FHIR resources, in order."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST]
    return [path for path in found if path.name.lower().endswith(ENDINGS)]


def open_fhir(folder: Path) -> Feed:
    """A feed of the resources below the folder. Raises DataError when a file cannot be read at all."""
    files = sorted(fhir_files(folder), key=_place)
    feed = Feed(
        folder=folder,
        format="fhir",
        manifest=read_manifest(folder),
        tables=frozenset(_TABLES),
        files=tuple(files),
        batches=lambda advance: _Reader(folder, feed).batches(files, advance),
        notes=not_read(folder, files, endings=ENDINGS, is_below=True),
    )
    return feed


def _place(path: Path) -> tuple[int, str]:
    """Where a file stands in the order of reading, by the type of its first resource."""
    if _is_json(path):
        name = path.name.lower()
        return (0 if name.startswith(("hospital", "practitioner", "organization", "location")) else 8), str(path)
    try:
        with _opened(path) as stream:
            kind = _parsed(stream.readline()) or {}
    except _BROKEN:  # said when it is read
        kind = {}
    return _ORDER.get(str(kind.get("resourceType")), 9), str(path)


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _opened(path: Path):  # type: ignore[no-untyped-def]
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def _parsed(line: bytes) -> Resource | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


@dataclass
class _Reader:
    """Collects rows until there are enough for a batch."""

    folder: Path
    feed: Feed
    refs: References = field(default_factory=References)
    payers: dict[str, Row] = field(default_factory=dict)
    roles: dict[str, Row] = field(default_factory=dict)
    providers: dict[str, Row] = field(default_factory=dict)
    waiting: dict[tuple[str, str], list[tuple[Row, str, int, bool]]] = field(default_factory=dict)
    broken: list[tuple[str, int, str]] = field(default_factory=list)

    def batches(self, files: Iterable[Path], advance: Callable[[int], None]) -> Iterator[Batch]:
        for path in files:
            name = str(path.relative_to(self.folder))
            if _is_json(path):
                yield from self._bundle(path, name)
            else:
                yield from self._lines(path, name)
            advance(path.stat().st_size)
        yield from self._provider_details()
        for key in list(self.waiting):
            yield self._flush(key)
        if self.broken:
            yield self._broken_batch()

    def _bundle(self, path: Path, name: str) -> Iterator[Batch]:
        if _is_ndjson(path):
            yield from self._lines(path, name)
            return
        entries = list(entries_of(read_bundle(path, name)))
        if not entries:
            self.feed.notes.append(f"{name} holds no FHIR resource.")
        for url, resource in entries:
            self.refs.learn(url, resource)
        numbered = list(enumerate((resource for _, resource in entries), 1))
        numbered.sort(key=lambda pair: _ORDER.get(str(pair[1].get("resourceType")), 9))
        for number, resource in numbered:
            yield from self._take(resource, name, number)
        self.refs.by_url.clear()

    def _lines(self, path: Path, name: str) -> Iterator[Batch]:
        with _opened(path) as stream:
            try:
                for number, line in enumerate(stream, 1):
                    if not line.strip():
                        continue
                    resource = _parsed(line.removeprefix(b"\xef\xbb\xbf"))
                    if resource is None:
                        self.broken.append((name, number, "the line is not readable JSON"))
                        continue
                    self.refs.learn(None, resource)
                    yield from self._take(resource, name, number)
            except _BROKEN:
                raise DataError(f"{name} cannot be read to its end. Fetch the file again.") from None

    def _take(self, resource: Resource, name: str, number: int) -> Iterator[Batch]:
        kind = str(resource.get("resourceType"))
        if kind == "Coverage":
            self._cover(resource)
        elif kind == "PractitionerRole":
            self._role(resource)
        if kind in ("Coverage", "PractitionerRole", "Medication") or (
            kind == "DiagnosticReport" and resource.get("result")
        ):
            self.feed.merged[kind] = self.feed.merged.get(kind, 0) + 1
        elif kind in ROWS:
            yield from self._rows(kind, resource, name, number)
        else:
            self.feed.skipped[kind] = self.feed.skipped.get(kind, 0) + 1

    def _rows(self, kind: str, resource: Resource, name: str, number: int) -> Iterator[Batch]:
        try:
            rows = list(ROWS[kind](resource, self.refs))
        except (AttributeError, TypeError, KeyError, IndexError):
            # A resource whose parts have other shapes than FHIR gives them.
            self.broken.append((name, number, f"the {kind} is not written as FHIR R4 has it"))
            return
        for place, (table, row) in enumerate(rows):
            if kind == "Patient":
                row |= self.payers.get(row["patient_id"] or "", {})
            elif kind == "Practitioner":
                self.providers[row["provider_id"] or ""] = row
            waiting = self.waiting.setdefault((table, kind), [])
            waiting.append((row, name, number, place == 0))
            if len(waiting) >= BATCH_ROWS:
                yield self._flush((table, kind))

    def _cover(self, resource: Resource) -> None:
        patient_id = self.refs.id_of(resource.get("beneficiary"))
        payor = next(iter(parts(resource, "payor")), {})
        contained = next((c for c in parts(resource, "contained") if f"#{c.get('id')}" == payor.get("reference")), {})
        payer = text(payor.get("display")) or text(contained.get("name")) or words_of(resource.get("type"))
        if patient_id and payer and (code_word(resource.get("status")) == "active" or patient_id not in self.payers):
            plan = next((text(c.get("name")) for c in parts(resource, "class")), None)
            self.payers[patient_id] = {"payer": payer, "plan": plan, "member_id": text(resource.get("subscriberId"))}

    def _role(self, resource: Resource) -> None:
        provider_id = self.refs.id_of(resource.get("practitioner"))
        specialty = next((words_of(s) for s in parts(resource, "specialty")), None)
        if provider_id:
            place = next((self.refs.id_of(p) for p in parts(resource, "location")), None)
            group = self.refs.id_of(resource.get("organization"))
            self.roles[provider_id] = {"specialty": specialty, "group_id": group, "location_id": place}

    def _provider_details(self) -> Iterator[Batch]:
        """The providers again with what their roles say: the last row of a key counts."""
        detailed = [
            (self.providers[key] | role, "", 0, False) for key, role in self.roles.items() if key in self.providers
        ]
        if detailed:
            self.waiting.setdefault(("providers", "Practitioner"), []).extend(detailed)
        return iter(())

    def _flush(self, key: tuple[str, str]) -> Batch:
        table, kind = key
        waiting = self.waiting.pop(key)
        columns = TABLE[table].column_names
        rows = pl.DataFrame(
            [[row.get(c) for c in columns] for row, *_ in waiting],
            schema=dict.fromkeys(columns, pl.String),
            orient="row",
        ).with_columns(
            pl.Series(FILE, [name for _, name, _, _ in waiting], dtype=pl.Categorical),
            pl.Series(LINE, [number for _, _, number, _ in waiting], dtype=pl.UInt32),
            pl.Series(COUNTED, [is_counted for *_, is_counted in waiting], dtype=pl.Boolean),
        )
        return Batch(table, kind, rows)

    def _broken_batch(self) -> Batch:
        columns = TABLE["patients"].column_names
        nothing = pl.DataFrame(schema=dict.fromkeys(columns, pl.String) | {FILE: pl.Categorical, LINE: pl.UInt32})
        return Batch("patients", "unreadable", nothing, tuple(self.broken))


def _is_ndjson(path: Path) -> bool:
    """Whether a file that is named .json holds a resource in each line: its first line is whole and not the last."""
    with path.open("rb") as stream:
        first, second = stream.readline(1 << 24), stream.readline(1 << 16)
    return bool(second.strip()) and _parsed(first.removeprefix(b"\xef\xbb\xbf")) is not None
