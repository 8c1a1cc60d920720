"""The measures, exclusions and concepts that ship with the product, read once from the YAML files in this folder."""

from functools import cache
from importlib import resources

import polars as pl

from core.domain import concept as concept_rules
from core.domain.concept import Concept, read_concepts
from core.domain.measure import Exclusion, Measure
from core.domain.measure_file import read_exclusions, read_measure
from core.domain.phrases import phrase
from core.domain.reporting_file import read_reporting_rule, read_shared
from core.domain.reporting_rule import ReportingRule
from core.domain.rule_file import read_part
from core.domain.suggestion import Named, Suggester
from core.errors import DataError

_FOLDER = resources.files(__package__)
_EXCLUSIONS = "exclusions.yaml"
_WORDS = "words.yaml"
_REPORTING = "reporting"
_ALTERNATIVES = "alternatives"
_COMMON = "common.yaml"
RULE_YEARS = (2025, 2026)  # the reporting years that have rules of their own
PLAUSIBLE_YEARS = range(2015, 2036)  # electronic measures of this form began about then; nobody can know later ones
_CASES = "\ncases:\n"  # the last key of a measure's file


@cache
def concepts() -> dict[str, Concept]:
    """Every shipped concept by its id."""
    found: dict[str, Concept] = {}
    for name, text in _files("concepts"):
        for concept in read_concepts(text, name):
            if concept.concept_id in found:
                raise DataError(f"{name}: the concept '{concept.concept_id}' stands in another file too. Keep one.")
            found[concept.concept_id] = concept
    return found


@cache
def fact_concepts() -> dict[str, Concept]:
    """The concepts that facts are made of and measures may ask for."""
    return {name: concept for name, concept in concepts().items() if not concept.is_reporting_only}


@cache
def concept_names() -> pl.DataFrame:
    """The concepts as a frame: concept, kind, name."""
    rows = [(concept.concept_id, concept.kind, concept.name) for concept in fact_concepts().values()]
    return pl.DataFrame(rows, schema={"concept": pl.String, "kind": pl.String, "name": pl.String}, orient="row")


@cache
def suggester() -> Suggester:
    """Suggests concepts by the words of words.yaml."""
    whole = read_part((_FOLDER / _WORDS).read_text(encoding="utf-8"), _WORDS)
    said, same = whole.part("phrases"), whole.part("same")
    for unknown in sorted(set(said.names()) - fact_concepts().keys()):
        said.refuse(unknown, "is no concept that facts are made of")
    named = [
        Named(each.concept_id, each.name, each.kind, tuple(map(phrase, said.texts(each.concept_id))))
        for each in fact_concepts().values()
        if said.has(each.concept_id)
    ]
    return Suggester(named, same={word: means for means in same.names() for word in same.texts(means)})


@cache
def medicine_words() -> tuple[str, ...]:
    """Words by which medicines of our concepts are known in a text."""
    whole = read_part((_FOLDER / _WORDS).read_text(encoding="utf-8"), _WORDS).part("phrases")
    kinds = {name: concept.kind for name, concept in fact_concepts().items()}
    return tuple(text for name in whole.names() if kinds.get(name) == "medication" for text in whole.texts(name))


def mapping(distinct_codes: pl.DataFrame, extra: pl.DataFrame) -> pl.DataFrame:
    """What codes mean by the shipped concepts and the practice's own `extra` rows: see core.domain.concept.mapping."""
    return concept_rules.mapping(distinct_codes, extra, concepts=fact_concepts().values())


@cache
def exclusions() -> dict[str, Exclusion]:
    """What may take a patient out of a measure, by id."""
    return {
        each.exclusion_id: each for each in read_exclusions(exclusions_text(), _EXCLUSIONS, concepts=fact_concepts())
    }


@cache
def exclusions_text() -> str:
    """The file of exclusions."""
    return (_FOLDER / _EXCLUSIONS).read_text(encoding="utf-8")


@cache
def texts() -> dict[str, str]:
    """The file of every measure, by its id."""
    return {measure_id: _measure_files()[measure_id][1] for measure_id in measures()}


@cache
def measures() -> dict[str, Measure]:
    """Every shipped measure by its id, in the order of the ids, also those that are off unless turned on."""
    return {measure_id: measure for measure_id, (measure, _) in _measure_files().items()}


def with_cases() -> list[Measure]:
    """Every shipped measure, also those of other schedules, with the test patients inside their files, which are most
    of the text and of use to tests only."""
    every = [*_measure_files().values(), *_alternatives().values()]
    return [_read(text, f"{measure.measure_id}.yaml") for measure, text in every]


def schedules() -> tuple[str, ...]:
    """The authorities whose schedules ship, that of the measures themselves first."""
    own = {measure.schedule for measure in measures().values()} - {""}
    return (*sorted(own), *sorted({schedule for _, schedule in _alternatives()} - own))


def by_schedule(schedule: str) -> tuple[dict[str, Measure], dict[str, str]]:
    """Measures and texts by id where the schedule of this authority counts; where it says nothing else, the others'."""
    files = _measure_files() | {name: each for (name, of), each in _alternatives().items() if of == schedule}
    return {name: measure for name, (measure, _) in files.items()}, {name: text for name, (_, text) in files.items()}


@cache
def _alternatives() -> dict[tuple[str, str], tuple[Measure, str]]:
    """The files of other schedules by measure and schedule."""
    read = [(_read(text.partition(_CASES)[0], name), text) for name, text in _files(_ALTERNATIVES)]
    return {(measure.measure_id, measure.schedule): (measure, text) for measure, text in read}


@cache
def _measure_files() -> dict[str, tuple[Measure, str]]:
    files = [(name, text) for name, text in _files("") if name not in (_EXCLUSIONS, _WORDS)]
    read = [(_read(text.partition(_CASES)[0], name), text) for name, text in files]
    return {measure.measure_id: (measure, text) for measure, text in sorted(read, key=lambda each: each[0].measure_id)}


def _read(text: str, file: str) -> Measure:
    return read_measure(text, file, concepts=fact_concepts(), exclusions=exclusions())


def _files(folder: str) -> list[tuple[str, str]]:
    """(name, text) of the YAML files of a folder, in the order of their names."""
    place = _FOLDER / folder if folder else _FOLDER
    files = [each for each in place.iterdir() if each.name.endswith(".yaml")]
    return [(each.name, each.read_text(encoding="utf-8")) for each in sorted(files, key=lambda each: each.name)]


@cache
def reporting_rules(year: int) -> dict[str, ReportingRule]:
    """The rules of official measures as they are for a reporting year, by their id."""
    known = concepts().keys()
    files = dict(_files(_REPORTING))
    shared = read_shared(files.pop(_COMMON), _COMMON, concepts=known, year=year)
    rules = [read_reporting_rule(text, name, shared=shared, concepts=known, year=year) for name, text in files.items()]
    return {rule.rule_id: rule for rule in sorted(rules, key=lambda rule: int(rule.rule_id.removeprefix("CMS")))}


def nearest_rule_year(year: int) -> int:
    """The year whose rules a reporting year has: its own, or else those of the nearest year."""
    return min(max(year, RULE_YEARS[0]), RULE_YEARS[-1])
