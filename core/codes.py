"""What is loaded: which codes each measure knows, where they come from, and which entries it therefore cannot see."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from core import rules
from core.domain.concept import Concept
from core.domain.measure import Measure
from core.errors import NotFound
from core.measures import fact_concepts
from core.store import code_rows
from core.store.code_rows import LoadedSet as LoadedSet
from core.workbench import Workbench

_WORDS = {"CPT": "CPT", "SNOMED": "SNOMED CT"}  # systems whose lists never ship
_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "condition": ("SNOMED",),
    "finding": ("SNOMED",),
    "vital": ("SNOMED",),
    "medication": (),
}
_OTHERS = ("CPT", "SNOMED")  # of labs, procedures, vaccines and visits


@dataclass(frozen=True)
class ConceptCodes:
    """The codes of one concept.

    shipped        number of codes and prefixes by system that ship with the product
    loaded         number of codes by system that came with value sets; value_sets: these
    not_loaded     identifiers of its value sets that are not loaded
    mapped         number of codes by system that the practice mapped itself
    unseen         licensed systems (CPT, SNOMED) of which no code is known: an entry with only such a code is not seen
    """

    concept_id: str
    name: str
    kind: str
    shipped: Mapping[str, int]
    loaded: Mapping[str, int]
    value_sets: tuple[LoadedSet, ...]
    not_loaded: tuple[str, ...]
    mapped: Mapping[str, int]

    @property
    def unseen(self) -> tuple[str, ...]:
        """The licensed systems whose entries are not seen. A question is asked by its LOINC code alone."""
        if self.kind == "finding" and "LOINC" in self.shipped:
            return ()
        known = {*self.shipped, *self.loaded, *self.mapped}
        return tuple(system for system in _BY_KIND.get(self.kind, _OTHERS) if system not in known)

    @property
    def warning(self) -> str:
        """What cannot be seen, as a sentence; '' when nothing is known to be missing."""
        if not self.unseen:
            return "" if self.shipped or self.loaded or self.mapped else f"{self.name}: no code is known."
        systems = " and ".join(_WORDS[system] for system in self.unseen)
        lists, are = ("lists", "are") if len(self.unseen) > 1 else ("list", "is")
        start = f"{self.name}: {systems} {lists} {are} not loaded"
        if not (self.shipped or self.loaded or self.mapped):
            return f"{start}, and no other code is known: no entry is seen."
        return f"{start}: an entry with only such a code is not seen."

    def __str__(self) -> str:
        parts = [f"{system} {count:,}" for system, count in self.shipped.items()]
        parts += [f"{system} {count:,} loaded" for system, count in self.loaded.items()]
        parts += [f"{system} {count:,} mapped" for system, count in self.mapped.items()]
        return f"{self.name}: {', '.join(parts) or 'no codes'}"


@dataclass(frozen=True)
class MeasureCodes:
    """The codes of one measure: of what satisfies it or makes its population (concepts), and of what excludes."""

    measure_id: str
    name: str
    is_on: bool
    concepts: tuple[ConceptCodes, ...]
    excluding: tuple[ConceptCodes, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What cannot be seen, a sentence for each concept, those of exclusions last."""
        return tuple(each.warning for each in (*self.concepts, *self.excluding) if each.warning)

    def __str__(self) -> str:
        lines = [f"{self.name} ({self.measure_id})" + " - off" * (not self.is_on)]
        lines += [f"  {each}" for each in self.concepts]
        lines += [f"  ! {each.warning}" for each in self.concepts if each.warning]
        lines += [f"  excludes: {each}" for each in self.excluding]
        unseen = [each.name for each in self.excluding if each.warning]
        lines += [f"  ! with licensed codes alone these exclusions are not seen: {'; '.join(unseen)}"] * bool(unseen)
        missing = sorted({name for each in (*self.concepts, *self.excluding) for name in each.not_loaded})
        lines += [f"  value sets not loaded: {', '.join(missing)}"] * bool(missing)
        return "\n".join(lines)


def status(wb: Workbench, *, measure_id: str | None = None) -> list[MeasureCodes]:
    """What each measure knows, by id: those that are on, or the one named, also when it is off. Raises NotFound."""
    on, every = rules.in_force(wb).measures, rules.every(wb)
    if measure_id is not None and measure_id not in every:
        raise NotFound(f"There is no measure '{measure_id}'. There are {', '.join(every)}.")
    by_concept = concept_codes(wb)
    wanted = on if measure_id is None else [measure_id]
    return [_of_measure(every[name], by_concept, is_on=name in on) for name in wanted]


def concept_codes(wb: Workbench) -> dict[str, ConceptCodes]:
    """The codes of every concept that facts are made of, by id."""
    sets = code_rows.loaded_sets(wb.engine)
    own = code_rows.own_codes(wb.engine).select("system", "code", "concept").unique()
    mapped: dict[str, dict[str, int]] = {}
    for concept, system, count in own.group_by("concept", "system").len().sort("concept", "system").iter_rows():
        mapped.setdefault(concept, {})[system] = count
    return {name: _of_concept(each, sets, mapped.get(name, {})) for name, each in fact_concepts().items()}


def _of_concept(concept: Concept, sets: Mapping[str, LoadedSet], mapped: Mapping[str, int]) -> ConceptCodes:
    mine = tuple(sets[name] for name in concept.value_sets if name in sets)
    loaded: dict[str, int] = {}
    for each in mine:
        for system, count in each.code_counts.items():
            loaded[system] = loaded.get(system, 0) + count
    return ConceptCodes(
        concept.concept_id,
        concept.name,
        concept.kind,
        shipped={system: len(codes) for system, codes in concept.codes.items()},
        loaded=loaded,
        value_sets=mine,
        not_loaded=tuple(name for name in concept.value_sets if name not in sets),
        mapped=mapped,
    )


def _of_measure(measure: Measure, by_concept: Mapping[str, ConceptCodes], *, is_on: bool) -> MeasureCodes:
    asked = list(dict.fromkeys(_named_in((measure.population, measure.needs, measure.latest))))
    excluding = _named_in(measure.exclusions)
    return MeasureCodes(
        measure.measure_id,
        measure.name,
        is_on,
        tuple(by_concept[name] for name in asked),
        tuple(by_concept[name] for name in dict.fromkeys(excluding) if name not in asked),
    )


def _named_in(part: Any) -> Iterator[str]:
    """The concepts that a part of a rule asks for, in its order: they stand under 'concepts' everywhere."""
    if isinstance(part, tuple):
        for each in part:
            yield from _named_in(each)
    elif is_dataclass(part):
        for each in fields(part):
            value = getattr(part, each.name)
            yield from value if each.name == "concepts" else _named_in(value)
