"""Orphan codes: codes of a feed that are near a list of ours without being in it, so that a person can look at them.

Near is a code of ICD-10 whose category is mostly ours, and a code of any published system whose text resembles a
concept that has a list. A practice's own codes are no orphans: they are in no list by nature.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from core.domain.concept import code_key
from core.domain.suggestion import Suggester

ORPHANS = pl.Schema(
    {
        "system": pl.String,
        "code": pl.String,
        "text": pl.String,
        "events": pl.UInt32,
        "patients": pl.UInt32,
        "concept": pl.String,
        "name": pl.String,
        "why": pl.String,
    }
)
MOST_ORPHANS = 200
_OWN = ("LOCAL", "TEXT", "OTHER")
_ICD10, _CATEGORY, _NARROW = "ICD10CM", 3, 4  # letters of a code that make its category, and a part of that
_MANY, _SOME = 5, 3  # codes that a concept lists in a category, or in such a part of it, to be mostly ours


@dataclass(frozen=True)
class _Near:
    concept: str
    why: str


class Neighbourhood:
    """Says what is near the lists of concepts. listed: system, code, concept of all that ships or was loaded."""

    def __init__(self, listed: pl.DataFrame) -> None:
        icd10 = listed.filter(pl.col("system") == _ICD10).with_columns(code_key())
        icd10 = icd10.with_columns(pl.col("key").str.strip_chars_end("*"))
        self._parts = _counted(icd10, _CATEGORY) | _counted(icd10, _NARROW)
        self._concepts = set(listed["concept"])

    def orphan(self, system: str, code: str, text: str | None, suggester: Suggester) -> _Near | None:
        """The nearest concept and why; None when there is none. What the text says comes first."""
        if system in _OWN:
            return None
        alike = [each for each in suggester.suggestions(text) if each.concept_id in self._concepts]
        if alike:
            return _Near(alike[0].concept_id, f"{alike[0].why} Other codes of it are listed.")
        return self._in_category(code) if system == _ICD10 else None

    def _in_category(self, code: str) -> _Near | None:
        key = code.strip().upper().replace(".", "")
        for length, least in ((_NARROW, _SOME), (_CATEGORY, _MANY)):
            count, concept = self._parts.get(key[:length], (0, ""))
            if len(key) >= length and count >= least:
                part = f"{key[:3]}.{key[3:length]}".rstrip(".")
                return _Near(concept, f"{count:,} other codes that begin with {part} are listed.")
        return None


def orphans(
    unmapped: pl.DataFrame, listed: pl.DataFrame, names: Mapping[str, str], suggester: Suggester
) -> pl.DataFrame:
    """ORPHANS among the unmapped codes (system, code, text, events, patients), most events first, at most MOST_ORPHANS.

    listed   system, code, concept of all that ships or was loaded; names: of concepts by id
    """
    near = Neighbourhood(listed)
    found = [
        (*row, one.concept, names.get(one.concept, one.concept), one.why)
        for row in unmapped.select("system", "code", "text", "events", "patients").iter_rows()
        if (one := near.orphan(row[0], row[1], row[2], suggester))
    ]
    rows = pl.DataFrame(found, schema=ORPHANS, orient="row")
    return rows.sort(["events", "system", "code"], descending=[True, False, False]).head(MOST_ORPHANS)


def _counted(codes: pl.DataFrame, length: int) -> dict[str, tuple[int, str]]:
    """The beginning of a code to how many codes the concept with most of them lists there, and that concept."""
    long = codes.filter(pl.col("key").str.len_chars() >= length).select("concept", pl.col("key").str.slice(0, length))
    counted = long.group_by("key", "concept").len().sort(["len", "concept"], descending=[False, True])
    return {key: (count, concept) for key, concept, count in counted.select("key", "concept", "len").iter_rows()}
