"""Whether somebody has invented the patients of a feed: such a feed never gets into a live home."""

from pathlib import Path

import polars as pl

from core.domain.invented import is_invented
from core.feeds.feed import Feed

_SYNTHEA = b"synthetichealth"  # in an identifier's system, an extension's address or the text of what it writes
_LOOKED_AT = 1 << 20  # bytes of each file: Synthea says so of every patient
_SAMPLE = "sample"  # the source system of samples that were written before their manifest said who had
_LEAST = 5  # addresses and numbers from which on it is no chance that all of them are invented


def generator_of(feed: Feed) -> str:
    """Who generated the feed, by its manifest, format or files; '' when nothing says that anybody has."""
    if feed.manifest.generator:
        return feed.manifest.generator
    if feed.manifest.source_system == _SAMPLE:
        return _SAMPLE
    if feed.format == "synthea" or (feed.format == "fhir" and any(_is_of_synthea(path) for path in feed.files)):
        return "synthea"
    return ""


def is_all_invented(patients: pl.DataFrame) -> bool:
    """Whether the patients have email addresses and numbers, and every one is set aside for examples."""
    names = ("email", "phone_home", "phone_mobile", "phone_work")
    found = pl.concat([patients[name].drop_nulls() for name in names if name in patients.columns])
    return found.len() >= _LEAST and all(is_invented(each) for each in found)


def _is_of_synthea(path: Path) -> bool:
    with path.open("rb") as stream:
        return _SYNTHEA in stream.read(_LOOKED_AT).lower()
