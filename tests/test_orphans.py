"""Codes near a list and not in it. All licensed codes here are invented."""

import polars as pl
import pytest

from core.domain.concept import MAPPING, listed_codes
from core.domain.orphan import MOST_ORPHANS, ORPHANS, orphans
from core.measures import fact_concepts, suggester

NAMES = {name: concept.name for name, concept in fact_concepts().items()}
LISTED = listed_codes(fact_concepts().values())


UNMAPPED = {"system": pl.String, "code": pl.String, "text": pl.String, "events": pl.UInt32, "patients": pl.UInt32}


def near(*codes: tuple[str, str, str | None], listed: pl.DataFrame = LISTED) -> list[tuple[str, str]]:
    rows = [(*code, 1000 - place, 1) for place, code in enumerate(codes)]
    unmapped = pl.DataFrame(rows, schema=UNMAPPED, orient="row")
    found = orphans(unmapped, listed, NAMES, suggester())
    assert found.schema == ORPHANS
    return found.select("code", "concept").rows()


@pytest.mark.parametrize(
    ("code", "concept"),
    [
        ("F32.81", "depression"),  # nine codes of F32 are listed
        ("f3281", "depression"),
        ("E78.6", "hyperlipidemia"),
        ("R73.09", "prediabetes"),  # three codes of R73.0
        ("R73.9", None),  # of R73 no more than these three
        ("R53.83", None),  # fatigue: of R53 two codes are listed, for frailty
        ("M62.838", None),  # muscle spasm
        ("Z90.711", None),  # the cervix is still there
        ("J18.9", None),
        ("Z00.00", None),
        ("X", None),
        ("", None),
    ],
)
def test_a_code_of_icd_10_is_near_when_its_category_is_mostly_ours(code: str, concept: str | None) -> None:
    assert near(("ICD10CM", code, None)) == ([(code, concept)] if concept else [])


@pytest.mark.parametrize(
    ("system", "text", "concept"),
    [
        ("CPT", "Mammogram screening", "mammogram"),
        ("SNOMED", "Colonoscopy with biopsy", "colonoscopy"),
        ("LOINC", "Hemoglobin A1c", "hba1c"),
        ("CVX", "Influenza vaccine, new kind", "influenza_vaccine"),
        ("SNOMED", "Colonoscopy refused", None),
        ("SNOMED", None, None),
        ("SNOMED", "Dilated retinal exam", None),  # no code of it is listed anywhere
        ("LOCAL", "Mammogram screening", None),  # a practice's own: in no list by nature
        ("TEXT", "mammogram", None),
        ("OTHER", "mammogram", None),
    ],
)
def test_a_code_is_near_when_its_text_resembles_a_concept_that_has_a_list(
    system: str, text: str | None, concept: str | None
) -> None:
    assert near((system, "999000001", text)) == ([("999000001", concept)] if concept else [])


def test_a_loaded_list_makes_codes_near_too_and_says_why() -> None:
    loaded = pl.DataFrame([("SNOMED", "999000002", "retinal_exam")], schema=MAPPING, orient="row")
    unmapped = pl.DataFrame(
        [("SNOMED", "999000001", "Dilated retinal exam", 4, 2)],
        schema=["system", "code", "text", "events", "patients"],
        orient="row",
    )

    found = orphans(unmapped, pl.concat([LISTED, loaded]), NAMES, suggester()).row(0, named=True)

    assert (found["name"], found["events"]) == ("Retinal exam", 4)
    assert found["why"] == "It says ‘retinal’ and ‘exam’. Other codes of it are listed."


def test_the_most_used_come_first_and_no_more_than_can_be_read() -> None:
    codes = [("CPT", f"{number:05}", "Mammogram") for number in range(300)]

    found = near(*codes)

    assert found == [(f"{number:05}", "mammogram") for number in range(MOST_ORPHANS)]
    assert near() == []
