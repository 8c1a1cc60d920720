"""Opening a feed of any format."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from core.domain.header_map import HeaderMap
from core.errors import DataError
from core.feeds.careloop_csv import mapped_files, open_careloop, table_files
from core.feeds.feed import FORMATS, Feed, read_manifest
from core.feeds.fhir import fhir_files, open_fhir
from core.feeds.synthea import open_synthea, synthea_files

_ONLY_SYNTHEA = {"encounters", "conditions", "observations", "organizations"}


def open_feed(folder: Path, *, format: str = "auto", maps: Sequence[HeaderMap] = ()) -> Feed:
    """The feed in a folder, its headers read; `maps` say how files with headers of their own are read.

    Raises DataError when there is none or a header is wrong.
    """
    if format not in FORMATS:
        raise DataError(f"The format '{format}' is not known. Formats: {', '.join(FORMATS)}.")
    if not folder.is_dir():
        raise DataError(f"{folder.name} is not a folder. Name the folder that holds the files of the feed.")
    folder, format = _chosen(folder, format, maps)
    readers: dict[str, Callable[[Path], Feed]] = {
        "careloop": partial(open_careloop, maps=maps),
        "synthea": open_synthea,
        "fhir": open_fhir,
    }
    feed = readers[format](folder)
    if not feed.files:
        raise DataError(f"{folder.name} holds no file of the format {format}. Expected {_EXPECTED[format]}.")
    return feed


def source_of(folder: Path, *, format: str = "auto", maps: Sequence[HeaderMap] = ()) -> str:
    """The source system of a feed, also of one that cannot be opened; '' when its files do not say it."""
    try:
        folder, format = _chosen(folder, format, maps)
        return read_manifest(folder).source_system or format
    except (DataError, OSError):
        return ""


def _chosen(folder: Path, format: str, maps: Sequence[HeaderMap]) -> tuple[Path, str]:
    """Where the files lie, and of which format they are."""
    if format in ("auto", "synthea") and _is_output_of_synthea(folder):
        folder = folder / "csv"
    if format == "auto":
        format = "careloop" if mapped_files(folder, maps) else _format_of(folder)
    return folder, format


_EXPECTED = {
    "careloop": "files named after the tables, such as patients.csv",
    "synthea": "Synthea's patients.csv, conditions.csv ...",
    "fhir": "FHIR R4 bundles (*.json) or NDJSON (*.ndjson)",
}


def _format_of(folder: Path) -> str:
    """The format, by the names of the files; patients.csv alone is told apart by its header."""
    if set(synthea_files(folder)) & _ONLY_SYNTHEA:
        return "synthea"
    ours = table_files(folder)
    if ours:
        return "synthea" if _is_synthea_header(ours.get("patients")) else "careloop"
    if fhir_files(folder):
        return "fhir"
    raise DataError(
        f"{folder.name} holds no feed. Expected one of: {'; '.join(_EXPECTED[name] for name in sorted(_EXPECTED))}."
    )


def _is_output_of_synthea(folder: Path) -> bool:
    """Synthea writes its tables below csv, beside other formats of the same patients."""
    return (folder / "csv" / "patients.csv").is_file() and not list(folder.glob("*.csv"))


def _is_synthea_header(path: Path | None) -> bool:
    if path is None:
        return False
    with path.open("rb") as stream:
        header = stream.readline().decode("utf-8", errors="replace").lower().replace(" ", "")
    return "birthdate" in header and "birth_date" not in header
