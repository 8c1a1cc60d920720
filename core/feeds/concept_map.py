"""FHIR ConceptMap: what a practice's own codes mean in our concepts, as its terminology server says it."""

from collections.abc import Collection, Iterator

import polars as pl

from core.errors import DataError
from core.feeds.code_map import COLUMNS
from core.feeds.fhir_values import Resource, part, parts, system_of, text

# The code means the concept, or something that is one: R4 and R5.
_MEANS = {"", "equal", "equivalent", "equals", "wider", "subsumes", "source-is-narrower-than-target"}


def concept_map_rows(resources: list[Resource], file: str, *, concepts: Collection[str]) -> pl.DataFrame:
    """The rows of a code map (core.feeds.code_map.COLUMNS) in the ConceptMaps of a file that lead to our concepts.

    A group none of whose targets is a concept is about something else and passed over. Raises DataError naming file
    and group when only some of its targets are concepts.
    """
    maps = [each for each in resources if each.get("resourceType") == "ConceptMap"]
    rows = [row for each in maps for row in _rows(each, file, frozenset(concepts))]
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def _rows(concept_map: Resource, file: str, concepts: frozenset[str]) -> Iterator[tuple[str, ...]]:
    for number, group in enumerate(parts(concept_map, "group"), 1):
        found = [
            (code, text(target.get("code")) or "", text(element.get("display")) or "")
            for element in parts(group, "element")
            for target in parts(element, "target")
            if (code := text(element.get("code"))) and _is_meant(target)
        ]
        if not any(target in concepts for _, target, _ in found):
            continue
        if not all(target in concepts for _, target, _ in found):
            raise DataError(
                f"{file}, group {number} of the concept map: a target is none of our concepts. "
                f"Concepts: {', '.join(sorted(concepts))}"
            )
        system = system_of({"system": _source(group)})
        yield from (("", system, code, concept, words) for code, concept, words in found)


def _source(group: Resource) -> str:
    """R4 gives the address as text, sometimes with a version."""
    return (text(group.get("source")) or text(part(group, "source").get("value")) or "").partition("|")[0]


def _is_meant(target: Resource) -> bool:
    says = text(target.get("equivalence")) or text(target.get("relationship")) or ""
    return says.lower() in _MEANS
