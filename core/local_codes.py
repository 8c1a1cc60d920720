"""A practice's own codes: which mean nothing yet, what they may mean, mapping them and taking a mapping back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from core import loads
from core.code_changes import CodeChange, GapChange, change
from core.code_meanings import codes_of_sets
from core.domain.concept import listed_codes
from core.domain.orphan import orphans as near_lists
from core.domain.role import PUBLISH_RULES
from core.domain.suggestion import Suggester, Suggestion
from core.domain.wording import folded
from core.errors import NotAllowed, NotFound
from core.measures import fact_concepts, suggester
from core.store import code_rows
from core.store.code_rows import OWN_CODES
from core.workbench import Workbench, needs

_AUDITED = 100  # codes named in one line of the audit log


@dataclass(frozen=True)
class UnmappedCode:
    """A code of the feed that means none of our concepts, and the concepts that its words resemble."""

    system: str
    code: str
    text: str
    events: int
    patients: int
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True)
class Mapping:
    """One code and the concept that it means from now on. text: the feed's words, kept for whoever reads the list."""

    system: str
    code: str
    concept: str
    text: str = ""
    source_system: str = ""


def unmapped(wb: Workbench) -> list[UnmappedCode]:
    """The unmapped codes, those with most events first, each with at most three suggestions."""
    rows, suggest = loads.unmapped_codes(wb), suggester()
    return [
        UnmappedCode(system, code, text or "", events, patients, tuple(_suggested(suggest, system, code, text)))
        for system, code, text, events, patients in rows.iter_rows()
    ]


def searched(found: Sequence[UnmappedCode], words: str) -> list[UnmappedCode]:
    """Those in whose system, code, text or suggested concepts every one of the words stands."""
    asked = folded(words).split()
    return [each for each in found if all(word in _text_of(each) for word in asked)]


def _text_of(each: UnmappedCode) -> str:
    return folded(" ".join((each.system, each.code, each.text, *(one.name for one in each.suggestions))))


def _suggested(suggest: Suggester, system: str, code: str, text: str | None) -> list[Suggestion]:
    """By the text; where that says nothing, by the code of the practice's own as well, such as A1C-POC."""
    found = suggest.suggestions(text or code)
    return found or (suggest.suggestions(f"{code} {text}") if system == "LOCAL" and text else [])


def mappings(wb: Workbench) -> pl.DataFrame:
    """What the practice mapped, the latest first: source_system ('' = every feed), system, code, concept, text,
    loaded_at, loaded_by, name (of the concept)."""
    names = {name: concept.name for name, concept in fact_concepts().items()}
    rows = code_rows.mapped_codes(wb.engine)
    return rows.with_columns(pl.col("concept").replace(names).alias("name"))


@needs(PUBLISH_RULES)
def map_codes(wb: Workbench, chosen: Sequence[Mapping]) -> list[GapChange]:
    """Map codes, each to one or several concepts, and find facts and care gaps again; one transaction.

    They replace what these codes meant by the practice's word before. Gives the measures whose number of open care
    gaps changed. Raises NotFound for a concept that facts are not made of, NotAllowed when nothing is chosen or another
    load runs.
    """
    if not chosen:
        raise NotAllowed("Nothing was mapped: no concept is chosen. Choose one for at least one code.")
    unknown = sorted({each.concept for each in chosen} - fact_concepts().keys())
    if unknown:
        raise NotFound(f"No facts are made of '{unknown[0]}', so no code can be mapped to it. Choose another concept.")
    rows = pl.DataFrame(
        [(each.source_system, each.system, each.code, each.concept, each.text) for each in chosen],
        schema=dict.fromkeys((*OWN_CODES, "text"), pl.String),
        orient="row",
    ).unique([*OWN_CODES], keep="last", maintain_order=True)
    return change(wb, CodeChange(mapped=rows), "codes.mapped", **_said(rows))


@needs(PUBLISH_RULES)
def remove_mappings(wb: Workbench, rows: pl.DataFrame) -> list[GapChange]:
    """Take mappings back (rows of `mappings`, or their source_system, system, code and concept), and find facts and
    care gaps again. Gives the measures whose number of open care gaps changed. Raises NotFound when none is there."""
    known = code_rows.own_codes(wb.engine)
    there = rows.select(*OWN_CODES).unique().join(known, on=list(OWN_CODES), how="semi")
    if there.is_empty():
        raise NotFound("These mappings are not there any more. Look at the list again.")
    return change(wb, CodeChange(unmapped=there), "codes.unmapped", **_said(there))


def _said(rows: pl.DataFrame) -> dict[str, Any]:
    """For the audit log: how many, and which codes meant what. Words without a code may say anything of a patient."""
    coded = rows.filter(pl.col("system") != "TEXT").select("system", "code", "concept")
    return {"count": rows.height, "codes": [" ".join(row) for row in coded.head(_AUDITED).iter_rows()]}


def concept_choices() -> dict[str, str]:
    """The concepts that a code may be mapped to: id to name, in the order of the names."""
    names = {name: concept.name for name, concept in fact_concepts().items()}
    return dict(sorted(names.items(), key=lambda each: each[1].casefold()))


def orphans(wb: Workbench) -> pl.DataFrame:
    """Codes of the feed that are near a list of ours and not in it: core.domain.orphan.ORPHANS, at most 200."""
    of_facts = fact_concepts()
    loaded = codes_of_sets(code_rows.loaded_codes(wb.engine), of_facts.values())
    listed = pl.concat([listed_codes(of_facts.values()), loaded])
    names = {name: concept.name for name, concept in of_facts.items()}
    return near_lists(loads.unmapped_codes(wb), listed, names, suggester())
