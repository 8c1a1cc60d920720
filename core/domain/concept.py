"""Concepts: sets of codes with one meaning, such as diabetes or mammogram, and which concepts a feed's codes mean."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from core.domain.clinical import CODE_SYSTEMS
from core.domain.rule_file import Part, read_part

# condition: its name is shown in Conditions; lab and vital: numbers, each a field of work lists; finding: used by
# rules only. The kind says where a concept is shown, not which events may carry its codes.
CONCEPT_KINDS = ("condition", "lab", "vital", "immunization", "procedure", "visit", "medication", "finding")
SHIPPED_SYSTEMS = ("LOINC", "ICD10CM", "ICD10PCS", "CVX", "HCPCS", "RXNORM")
SINGLE_SYSTEMS = ("SNOMED", "CPT")  # no lists: only codes that a public rule names one by one

MAPPING = pl.Schema({"system": pl.String, "code": pl.String, "concept": pl.String})


@dataclass(frozen=True)
class Concept:
    """codes: per code system, exact codes, or 'E10.*' for every code that begins with E10.
    value_sets: identifiers of the published value sets that say the same in full, in every code system.
    is_reporting_only: of use to reporting rules alone; no facts are made of it, its codes mean something else too.

    A concept without codes gets its events from what a practice maps itself or loads under its own licence."""

    concept_id: str
    name: str
    kind: str
    codes: Mapping[str, tuple[str, ...]]
    value_sets: tuple[str, ...] = ()
    is_reporting_only: bool = False


def read_concepts(text: str, file: str) -> list[Concept]:
    """The concepts of one YAML file. Raises DataError naming file, line and key."""
    whole = read_part(text, file)
    return [_concept(concept_id, whole.part(concept_id)) for concept_id in whole.names()]


class LoadedCodes:
    """What the codes of many loaded value sets mean, compared once: only those that a feed has are of interest.

    codes   system, code, concept
    """

    def __init__(self, codes: pl.DataFrame) -> None:
        self._known = codes.select(*MAPPING).cast(MAPPING).with_columns(code_key()).unique()

    def among(self, distinct_codes: pl.DataFrame) -> pl.DataFrame:
        """MAPPING of those that are among the feed's codes (system, code), however they are written."""
        given = distinct_codes.select(pl.col("system").cast(pl.String), pl.col("code").cast(pl.String))
        asked = given.drop_nulls().with_columns(code_key())
        return self._known.join(asked, on=["system", "key"], how="semi").select(*MAPPING)


def mapping(distinct_codes: pl.DataFrame, extra: pl.DataFrame, *, concepts: Iterable[Concept]) -> pl.DataFrame:
    """What codes mean: a row (system, code, concept) for each concept that a code of the feed means.

    distinct_codes   system, code: as they stand in the events; null codes mean nothing
    extra            system, code, concept: what the practice maps itself and what it loaded, beside `concepts`
    One code may mean several concepts. Case, the dot of ICD-10 and leading zeros of CVX do not matter.
    """
    known = pl.concat([listed_codes(concepts), extra.select(*MAPPING).cast(MAPPING)]).with_columns(code_key())
    is_prefix = pl.col("key").str.ends_with("*")
    exact = known.filter(~is_prefix).select("system", "key", "concept")
    prefixes = known.filter(is_prefix).select("system", pl.col("key").str.strip_chars_end("*"), "concept")
    given = distinct_codes.select(pl.col("system").cast(pl.String), pl.col("code").cast(pl.String))
    asked = given.drop_nulls().unique().with_columns(code_key())
    found = [asked.join(exact, on=["system", "key"])]
    for length in prefixes["key"].str.len_chars().unique():
        wanted = prefixes.filter(pl.col("key").str.len_chars() == length)
        found.append(asked.with_columns(pl.col("key").str.slice(0, length)).join(wanted, on=["system", "key"]))
    return pl.concat(found).select(*MAPPING).unique().sort(*MAPPING)


def _concept(concept_id: str, part: Part) -> Concept:
    listed = _codes(part.part("codes"), SHIPPED_SYSTEMS) if part.has("codes") else {}
    single = _codes(part.part("single"), SINGLE_SYSTEMS) if part.has("single") else {}
    if not part.has("codes") and not single:
        part.refuse("codes", f"is missing in {concept_id}")
    concept = Concept(
        concept_id,
        name=part.text("name"),
        kind=part.text("kind", words=CONCEPT_KINDS),
        codes={**listed, **single},
        value_sets=part.texts("value_sets"),
        is_reporting_only=part.flag("reporting_only"),
    )
    part.finish()
    return concept


def _codes(part: Part, systems: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    for system in part.names():
        if system not in systems:
            part.refuse(system, f"must be one of {', '.join(systems)}: lists of others may not be shipped")
    return {system: part.texts(system) for system in part.names()}


def listed_codes(concepts: Iterable[Concept]) -> pl.DataFrame:
    """MAPPING of the codes that ship, 'E10.*' as it stands."""
    rows = [
        (system, code, concept.concept_id)
        for concept in concepts
        for system, codes in concept.codes.items()
        for code in codes
    ]
    return pl.DataFrame(rows, schema=MAPPING, orient="row")


def code_key() -> pl.Expr:
    """The code as it is compared: 'e11.9' as E119, CVX '03' as 3."""
    code = pl.col("code").str.strip_chars().str.to_uppercase()
    return (
        pl.when(pl.col("system").is_in(["ICD10CM", "ICD10PCS"]))
        .then(code.str.replace_all(".", "", literal=True))
        .when(pl.col("system") == "CVX")
        .then(code.str.strip_chars_start("0"))
        .otherwise(code)
        .alias("key")
    )


assert set(SHIPPED_SYSTEMS) <= set(CODE_SYSTEMS)
