"""What codes mean: the shipped lists, and how a feed's codes are compared with them."""

import csv
from collections import defaultdict
from importlib import resources
from pathlib import Path

import polars as pl
import pytest

from core.domain.concept import MAPPING, Concept, mapping, read_concepts
from core.errors import DataError
from core.measures import concepts
from core.measures import mapping as shipped_mapping

NO_EXTRA = MAPPING.to_frame()

# our concepts, and a code by which to find each public list that the concept must hold completely: the smallest with it
LISTED = [concept for concept in concepts().values() if concept.value_sets]


@pytest.fixture(scope="session")
def public_lists(shared_data: Path) -> dict[str, set[tuple[str, str]]]:
    """The codes of free systems, by the identifier of the value set."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    with (shared_data / "reference" / "free-codes.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found[row["oid"]].add((row["system"].replace("-", "").upper(), row["code"]))
    return found


@pytest.mark.parametrize("concept", LISTED, ids=[concept.concept_id for concept in LISTED])
def test_a_concept_means_every_code_of_the_public_lists(
    concept: Concept, public_lists: dict[str, set[tuple[str, str]]]
) -> None:
    wanted = {pair for value_set in concept.value_sets for pair in public_lists.get(value_set, ())}
    asked = pl.DataFrame(sorted(wanted), schema={"system": pl.String, "code": pl.String}, orient="row")

    found = mapping(asked, NO_EXTRA, concepts=[concept])

    assert set(found.select("system", "code").rows()) == wanted


def test_no_two_concepts_of_facts_stand_for_the_same_value_set() -> None:
    named = [value_set for concept in LISTED if not concept.is_reporting_only for value_set in concept.value_sets]

    assert len(named) == len(set(named)) > 70


@pytest.mark.parametrize(
    ("system", "code", "meant"),
    [
        ("ICD10CM", "E11.9", ["diabetes"]),
        ("ICD10CM", "e119", ["diabetes"]),
        ("ICD10CM", "E11", ["diabetes"]),
        ("ICD10CM", "O24.410", ["pregnancy"]),
        ("ICD10CM", "E66.3", ["overweight"]),
        ("ICD10CM", "E66.813", ["obesity", "overweight"]),
        ("ICD10CM", "I11.0", ["advanced_illness", "heart_failure", "hypertension"]),
        ("ICD10CM", "Z90.13", ["bilateral_mastectomy"]),
        ("CVX", "141", ["influenza_vaccine", "influenza_vaccine_child"]),
        ("CVX", "0141", ["influenza_vaccine", "influenza_vaccine_child"]),
        ("CVX", "14", []),
        ("LOINC", "4548-4", ["hba1c"]),
        ("LOINC", " 4548-4 ", ["hba1c"]),
        ("LOCAL", "4548-4", []),
        ("HCPCS", "g0121", ["colonoscopy"]),
    ],
)
def test_a_code_means_what_it_means_however_it_is_written(system: str, code: str, meant: list[str]) -> None:
    asked = pl.DataFrame({"system": [system], "code": [code]})

    found = shipped_mapping(asked, NO_EXTRA)

    assert found["concept"].to_list() == meant
    assert found.select("system", "code").rows() == [(system, code)] * len(meant)


def test_a_practice_maps_its_own_codes_beside_the_shipped_ones() -> None:
    asked = pl.DataFrame({"system": ["LOCAL", "LOCAL", "LOINC"], "code": ["EYE", "OTHER", "4548-4"]})
    extra = pl.DataFrame(
        {"system": ["LOCAL", "LOINC"], "code": ["eye", "4548-4"], "concept": ["retinal_exam", "office_visit"]}
    )

    found = shipped_mapping(asked, extra)

    assert found.rows() == [
        ("LOCAL", "EYE", "retinal_exam"),
        ("LOINC", "4548-4", "hba1c"),
        ("LOINC", "4548-4", "office_visit"),
    ]


def test_events_without_a_code_mean_nothing() -> None:
    asked = pl.DataFrame({"system": ["LOINC", None], "code": [None, "4548-4"]}, schema=["system", "code"])

    assert shipped_mapping(asked, NO_EXTRA).is_empty()
    assert shipped_mapping(asked.clear().cast(pl.String), NO_EXTRA).schema == MAPPING


def test_a_code_that_begins_like_a_prefix_of_another_system_means_nothing() -> None:
    diabetes = Concept("diabetes", "Diabetes", "condition", {"ICD10CM": ("E11.*",)})
    asked = pl.DataFrame({"system": ["ICD10PCS", "ICD10CM"], "code": ["E11.9", "XE11.9"]})

    assert mapping(asked, NO_EXTRA, concepts=[diabetes]).is_empty()


def test_the_notice_of_loinc_ships_with_the_lists() -> None:
    notice = (resources.files("core.measures") / "NOTICE").read_text(encoding="utf-8")

    assert "This material contains content from LOINC (http://loinc.org)." in notice


def test_no_list_of_a_system_that_may_not_be_shipped_is_here() -> None:
    free = {"LOINC", "ICD10CM", "ICD10PCS", "CVX", "HCPCS", "RXNORM"}
    others = [codes for concept in concepts().values() for system, codes in concept.codes.items() if system not in free]
    folder = resources.files("core.measures") / "concepts"
    naming = [file.name for file in folder.iterdir() if "single:" in file.read_text(encoding="utf-8")]

    assert naming == ["single_codes.yaml"]
    assert max(len(codes) for codes in others) <= 3  # codes that a public rule names one by one, no lists


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a:\n  name: A\n  kind: lab\n  codes:\n    CVX: [03]\n", "line 5, key 'CVX': must be text"),
        ('a:\n  name: A\n  kind: lab\n  codes:\n    RXNORM: ["1", 1e5]\n    CVX: [1.0]\n', "line 6, key 'CVX'"),
        ('a:\n  name: A\n  kind: lab\n  codes:\n    SNOMED: ["1"]\n', "line 5, key 'SNOMED': must be one of"),
        ("a:\n  name: A\n  kind: thing\n  codes: {}\n", "line 3, key 'kind': must be one of"),
        ("a:\n  kind: lab\n  codes: {}\n", "line 2, key 'name': is missing in a"),
        ("a:\n  name: A\n  kind: lab\n  colour: red\n  codes: {}\n", "line 4, key 'colour': is not known here"),
        ("a:\n  name: A\n  name: B\n  kind: lab\n  codes: {}\n", "line 3, key 'name': stands here twice"),
        ("a: [1\n", "line 2: this is not YAML"),
        ("- a\n", "line 1: must hold keys and values"),
        ("", "line 1: the file is empty"),
    ],
)
def test_a_mistake_is_refused_with_file_line_and_key(text: str, place: str) -> None:
    with pytest.raises(DataError, match=r"^mine\.yaml") as refused:
        read_concepts(text, "mine.yaml")

    assert place in str(refused.value)
