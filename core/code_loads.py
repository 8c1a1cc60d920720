"""Loading code lists under the user's own licence: value sets, code maps and concept maps, from a folder or a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from core.code_changes import CodeChange, GapChange, change, change_sentence
from core.domain.role import PUBLISH_RULES
from core.feeds.code_folder import CodeFolder, code_counts, read_code_folder
from core.feeds.value_sets import in_order
from core.measures import concepts, fact_concepts
from core.store import code_rows
from core.store.code_rows import CODE_KEY, OWN_CODES, SET_CODES, LoadedSet
from core.workbench import Workbench, needs


@dataclass(frozen=True)
class CodesReport:
    """How loading codes ended.

    is_changed        whether it said anything new
    mapped_count      rows of code maps and concept maps
    code_counts       codes of value sets by system, most first; value_sets: identifier to title of those read
    concepts          ids of the concepts that these value sets stand for
    replaced          value sets that held something else before
    unused            identifier and title of value sets that no concept uses
    missing           concept id to the identifiers of its value sets that are not loaded, of all concepts
    gap_changes       measures whose number of open care gaps changed; notes: what was passed over
    """

    is_changed: bool
    mapped_count: int
    code_counts: Mapping[str, int]
    value_sets: Mapping[str, str]
    concepts: tuple[str, ...]
    replaced: tuple[str, ...] = ()
    unused: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gap_changes: tuple[GapChange, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """'1,204 codes of 3 value sets for 2 concepts: SNOMED 1,100, CPT 104.', and how many codes were mapped."""
        mapped = f"{_count(self.mapped_count, 'code')} mapped" if self.mapped_count or not self.value_sets else ""
        if not self.value_sets:
            return mapped
        codes, systems = sum(self.code_counts.values()), ", ".join(f"{k} {v:,}" for k, v in self.code_counts.items())
        sets, meant = _count(len(self.value_sets), "value set"), _count(len(self.concepts), "concept")
        return f"{_count(codes, 'code')} of {sets} for {meant}: {systems}" + f"; {mapped}" * bool(mapped)

    @property
    def lines(self) -> list[str]:
        """What else is worth knowing, a sentence each."""
        said = ["Nothing new: this was known already. Nothing was changed."] * (not self.is_changed)
        if self.replaced:
            said.append(f"{_count(len(self.replaced), 'value set')} took the place of what was loaded before.")
        said += [f"  {change_sentence(each)}" for each in self.gap_changes]
        if self.unused:
            named = "; ".join(f"{title or 'without a title'} ({name})" for name, title in self.unused.items())
            said.append(f"{_count(len(self.unused), 'value set')} no concept uses: {named}")
        said += self.notes
        if self.value_sets and self.missing:
            first = ", ".join(concepts()[name].name for name in list(self.missing)[:_NAMED])
            more = " and more; careloop codes status lists them" * (len(self.missing) > _NAMED)
            said.append(f"Value sets of {_count(len(self.missing), 'concept')} are not loaded: {first}{more}")
        return said


_NAMED = 8  # concepts in the report; all are in `missing`


@needs(PUBLISH_RULES)
def load_codes(wb: Workbench, path: Path) -> CodesReport:
    """Load code lists from a folder and the folders in it, or from one file, and find facts and care gaps again.

    Read are FHIR ValueSets (alone or in bundles) and tables of value sets whose identifier one of our concepts has,
    code_map*.csv, and FHIR ConceptMaps that lead to our concepts. A value set replaces what was loaded of it before;
    what the practice mapped itself stays. All of it counts, or nothing. Raises DataError for a file that cannot be
    used and NotAllowed while another load runs.
    """
    read = read_code_folder(Path(path), wanted=_users().keys(), concepts=fact_concepts().keys())
    before = code_rows.loaded_sets(wb.engine)
    news = _news(wb, read, before)
    gap_changes: list[GapChange] = []
    if news is not None:
        counts = {"codes": news.codes.height, "value_sets": len(news.value_sets), "mapped": news.mapped.height}
        gap_changes = change(wb, news, "codes.loaded", **counts)
    replaced = [name for name in (news.value_sets if news else ()) if name in before]
    users = _users()
    return CodesReport(
        is_changed=news is not None,
        mapped_count=read.code_map.height,
        code_counts=code_counts(read.codes),
        value_sets={name: title for name, (title, _) in read.value_sets.items()},
        concepts=tuple(sorted({concept for name in read.value_sets for concept in users[name]})),
        replaced=tuple(replaced),
        unused=read.unused,
        missing=missing_sets(code_rows.loaded_sets(wb.engine)),
        gap_changes=tuple(gap_changes),
        notes=(*read.notes, *_older(read, before)),
    )


def missing_sets(loaded: Mapping[str, LoadedSet]) -> dict[str, tuple[str, ...]]:
    """Of each concept with value sets, those that are not loaded."""
    missing = {
        concept.concept_id: tuple(name for name in concept.value_sets if name not in loaded)
        for concept in concepts().values()
    }
    return {concept: names for concept, names in missing.items() if names}


def _users() -> dict[str, list[str]]:
    """The concepts that stand for each value set; reporting rules use some of them alone."""
    users: dict[str, list[str]] = {}
    for concept in concepts().values():
        for identifier in concept.value_sets:
            users.setdefault(identifier, []).append(concept.concept_id)
    return users


def _news(wb: Workbench, read: CodeFolder, before: Mapping[str, LoadedSet]) -> CodeChange | None:
    """What a folder says that is not known already; None when there is nothing."""
    known = code_rows.loaded_codes(wb.engine) if before else SET_CODES.to_frame()
    known = known.filter(pl.col("value_set").is_in(list(read.value_sets)))
    alike = [*SET_CODES]
    differing = pl.concat([known.join(read.codes, on=alike, how="anti"), read.codes.join(known, on=alike, how="anti")])
    named = {name: (each.title, each.version) for name, each in before.items()}
    changed = set(differing["value_set"]) | {name for name, said in read.value_sets.items() if named.get(name) != said}
    sets = {name: said for name, said in read.value_sets.items() if name in changed}
    mapped = _new_mappings(wb, read.code_map)
    if not sets and mapped.is_empty():
        return None
    return CodeChange(mapped=mapped, value_sets=sets, codes=read.codes.filter(pl.col("value_set").is_in(list(sets))))


def _new_mappings(wb: Workbench, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of codes that mean something else, or are called something else, than before."""
    known, alike = code_rows.mapped_codes(wb.engine), [*OWN_CODES, "text"]
    of_these, said = known.join(rows, on=list(CODE_KEY), how="semi").select(alike), rows.select(alike)
    differing = pl.concat([said.join(of_these, on=alike, how="anti"), of_these.join(said, on=alike, how="anti")])
    return rows.join(differing, on=list(CODE_KEY), how="semi")


def _older(read: CodeFolder, before: Mapping[str, LoadedSet]) -> list[str]:
    return [
        f"{name}: the version {version or '(none)'} took the place of the newer {before[name].version}."
        for name, (_, version) in read.value_sets.items()
        if name in before and in_order(version) < in_order(before[name].version)
    ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + "s" * (number != 1)
