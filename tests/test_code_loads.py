"""Loading code lists: facts and gaps follow, again changes nothing, newer replaces, a failure leaves all as it was.

All codes of licensed systems are invented.
"""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select

from core import code_loads, codes, loads, local_codes
from core.code_changes import change_sentence
from core.conformance import codes_of, run_deck
from core.errors import DataError, NotAllowed, NotFound
from core.local_codes import Mapping
from core.store import code_rows, schema
from core.store.clinical import Generation
from core.store.database import reading
from core.workbench import Workbench
from tests.code_lists import COLONOSCOPY, CPT, ONLY_REPORTED, RETINAL, SNOMED, UNUSED, value_set, write_json
from tests.conftest import Clock
from tests.feeds import ANN, BOB, PATIENT, write_feed
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

PROCEDURE = "procedure_id,patient_id,code_system,code,text,status,performed_on"
DONE = [
    PROCEDURE,
    "X1,P1,SNOMED,999000001,Eye looked at,completed,2026-05-01",
    "X2,P1,CPT,00002,Bowel looked at,completed,2026-05-02",
    "X3,P2,SNOMED,999000009,Something else,completed,2026-05-02",
    "X4,P1,LOCAL,MAMMO-B,Mammo bilat screening,completed,2026-05-03",
    "X5,P2,LOCAL,MAMMO-R,Mammogram refused,completed,2026-05-03",
]


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A folder with one value set of a concept, one that no concept uses, and a code map."""
    folder = tmp_path / "lists"
    write_json(
        folder / "retinal.json", value_set(RETINAL, (SNOMED, "999000001"), (SNOMED, "999000002"), (CPT, "00001"))
    )
    write_json(folder / "unused.json", value_set(UNUSED, (SNOMED, "999000009")))
    (folder / "code_map.csv").write_text("system,code,concept,text\nlocal,MAMMO-B,mammogram,Mammo\n")
    return folder


def load_feed(wb: Workbench, tmp_path: Path) -> None:
    loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, ANN, BOB], procedures=DONE))


def test_codes_of_value_sets_make_facts_and_the_report_says_what_was_loaded(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    lists: Path,
) -> None:
    load_feed(bench, tmp_path)
    assert facts(bench) == []

    report = code_loads.load_codes(bench, lists)

    assert facts(bench) == [("P1", "mammogram"), ("P1", "retinal_exam")]
    assert report.headline == "3 codes of 1 value set for 1 concept: SNOMED 2, CPT 1; 1 code mapped"
    assert report.concepts == ("retinal_exam",)
    assert report.unused == {UNUSED: f"Invented {UNUSED[-6:]}"}
    assert report.missing["colonoscopy"] == (COLONOSCOPY,)
    assert "retinal_exam" not in report.missing
    assert [change_sentence(each) for each in report.gap_changes] == [
        "Scr: Mammogram Overdue: 0 care gaps open, 1 fewer than before."
    ]
    assert any("no concept uses" in line and UNUSED in line for line in report.lines)


def test_lists_that_were_loaded_first_count_from_the_first_feed_on(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    lists: Path,
) -> None:
    code_loads.load_codes(bench, lists)
    load_feed(bench, tmp_path)

    assert facts(bench) == [("P1", "mammogram"), ("P1", "retinal_exam")]


def test_the_same_folder_twice_changes_nothing(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    lists: Path,
    clock: Clock,
) -> None:
    load_feed(bench, tmp_path)
    code_loads.load_codes(bench, lists)
    before, name = kept(bench), generation(bench).name

    clock.forward(days=1)
    report = code_loads.load_codes(bench, lists)

    assert not report.is_changed
    assert report.lines[0] == "Nothing new: this was known already. Nothing was changed."
    assert (kept(bench), generation(bench).name) == (before, name)


def test_a_newer_version_takes_the_place_of_the_codes_and_own_mappings_stay(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    lists: Path,
) -> None:
    load_feed(bench, tmp_path)
    code_loads.load_codes(bench, lists)
    newer = write_json(tmp_path / "newer.json", value_set(RETINAL, (CPT, "00002"), version="20260101"))

    report = code_loads.load_codes(bench, newer)

    assert report.replaced == (RETINAL,)
    assert facts(bench) == [("P1", "mammogram"), ("P1", "retinal_exam")]
    assert on_days(bench, "retinal_exam") == ["2026-05-02"]
    assert list(code_rows.loaded_sets(bench.engine)[RETINAL].code_counts.items()) == [("CPT", 1)]

    older = code_loads.load_codes(bench, lists)
    assert older.notes[-1] == f"{RETINAL}: the version 20250101 took the place of the newer 20260101."
    assert on_days(bench, "retinal_exam") == ["2026-05-01"]


@pytest.mark.parametrize("wrong", ["code_map_z.csv", "z.json"])
def test_a_file_that_cannot_be_used_leaves_everything_as_it_was(
    wb: Workbench, tmp_path: Path, lists: Path, wrong: str
) -> None:
    load_feed(wb, tmp_path)
    code_loads.load_codes(wb, lists)
    before, name = kept(wb), generation(wb).name
    write_json(lists / "colonoscopy.json", value_set(COLONOSCOPY, (CPT, "00002")))
    (lists / wrong).write_text("{ system,code\n")

    with pytest.raises(DataError):
        code_loads.load_codes(wb, lists)

    assert (kept(wb), generation(wb).name, facts(wb)) == (before, name, [("P1", "mammogram"), ("P1", "retinal_exam")])


def test_an_error_in_the_database_leaves_everything_as_it_was(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    lists: Path,
) -> None:
    load_feed(bench, tmp_path)
    before, name = kept(bench), generation(bench).name
    with bench.engine.begin() as connection:  # the last thing that a change writes is now refused
        connection.exec_driver_sql("ALTER TABLE value_set_codes RENAME TO elsewhere")

    with pytest.raises(Exception, match="value_set_codes"):
        code_loads.load_codes(bench, lists)

    with bench.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO value_set_codes")
    assert (kept(bench), generation(bench).name, facts(bench)) == (before, name, [])
    assert [path.name for path in bench.clinical.folder.iterdir() if path.is_dir()] == [name]


def test_value_sets_of_reporting_rules_are_kept_and_make_no_facts(wb: Workbench, tmp_path: Path) -> None:
    load_feed(wb, tmp_path)
    shared = write_json(tmp_path / "lists" / "one.json", value_set(ONLY_REPORTED, (SNOMED, "999000009")))

    report = code_loads.load_codes(wb, shared)

    # The set belongs to a reporting-only concept and to palliative care, of which facts are made.
    assert report.concepts == ("palliative_care", "palliative_treatment")
    assert facts(wb) == [("P2", "palliative_care")]


def test_another_load_is_told_to_wait(wb: Workbench, lists: Path) -> None:
    with wb.clinical.loading(), pytest.raises(NotAllowed, match="Another load is running"):
        code_loads.load_codes(wb, lists)


# ---- mapping by hand -------------------------------------------------------------------------------------------------
def test_unmapped_codes_come_with_what_they_may_mean(wb: Workbench, tmp_path: Path) -> None:
    load_feed(wb, tmp_path)

    found = {each.code: [one.concept_id for one in each.suggestions] for each in local_codes.unmapped(wb)}

    assert found == {"MAMMO-B": ["mammogram"], "MAMMO-R": [], "999000001": [], "00002": [], "999000009": []}


def test_a_code_is_mapped_and_taken_back_with_who_and_when(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    clock: Clock,
) -> None:
    load_feed(bench, tmp_path)
    clock.forward(hours=1)

    local_codes.map_codes(bench, [Mapping("LOCAL", "MAMMO-B", "mammogram", "Mammo bilat screening")])

    assert facts(bench) == [("P1", "mammogram")]
    row = local_codes.mappings(bench).row(0, named=True)
    assert (row["code"], row["name"], row["loaded_by"], row["loaded_at"]) == ("MAMMO-B", "Mammogram", "ana", clock())
    assert "MAMMO-B" not in [each.code for each in local_codes.unmapped(bench)]

    local_codes.remove_mappings(bench, local_codes.mappings(bench))
    assert (facts(bench), local_codes.mappings(bench).height) == ([], 0)
    said = {"count": 1, "codes": ["LOCAL MAMMO-B mammogram"]}
    assert audited(bench)[-2:] == [("codes.mapped", said), ("codes.unmapped", said)]


def test_a_code_may_mean_two_concepts_and_a_later_mapping_replaces_both(wb: Workbench, tmp_path: Path) -> None:
    load_feed(wb, tmp_path)
    both = [Mapping("LOCAL", "MAMMO-B", concept) for concept in ("mammogram", "office_visit")]
    local_codes.map_codes(wb, both)
    assert facts(wb) == [("P1", "mammogram"), ("P1", "office_visit")]

    local_codes.map_codes(wb, [Mapping("LOCAL", "MAMMO-B", "bone_density")])
    assert facts(wb) == [("P1", "bone_density")]


@pytest.mark.parametrize("concept", ["palliative_treatment", "nothing", ""])
def test_a_code_is_mapped_only_to_a_concept_that_facts_are_made_of(wb: Workbench, concept: str) -> None:
    with pytest.raises(NotFound, match="No facts are made of"):
        local_codes.map_codes(wb, [Mapping("LOCAL", "MAMMO-B", concept)])

    assert local_codes.mappings(wb).is_empty()


def test_nothing_chosen_and_mappings_that_are_gone_are_said(wb: Workbench) -> None:
    with pytest.raises(NotAllowed, match="no concept is chosen"):
        local_codes.map_codes(wb, [])
    with pytest.raises(NotFound, match="not there any more"):
        local_codes.remove_mappings(wb, local_codes.mappings(wb))


def test_a_medicine_is_unmapped_only_when_its_name_is_one_of_ours(wb: Workbench, tmp_path: Path) -> None:
    header = "medication_id,patient_id,rxnorm,name,status,start_on"
    given = [header, "M1,P1,,Atorvastatin 20 mg,active,2026-01-01", "M2,P1,,Amoxicillin,active,2026-01-01"]
    loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, ANN], medications=given))

    found = [(each.text, [one.concept_id for one in each.suggestions]) for each in local_codes.unmapped(wb)]

    assert found == [("Atorvastatin 20 mg", ["statin"])]


# ---- what is loaded --------------------------------------------------------------------------------------------------
def test_it_is_said_which_codes_a_measure_knows_and_what_it_cannot_see(wb: Workbench, lists: Path) -> None:
    [before] = codes.status(wb, measure_id="dm-eye")
    retinal = next(each for each in before.concepts if each.concept_id == "retinal_exam")
    assert (retinal.not_loaded, retinal.unseen) == ((RETINAL,), ("CPT", "SNOMED"))
    assert (
        "Retinal exam: CPT and SNOMED CT lists are not loaded, and no other code is known: no entry is seen."
        in before.warnings
    )

    code_loads.load_codes(wb, lists)

    [after] = codes.status(wb, measure_id="dm-eye")
    retinal = next(each for each in after.concepts if each.concept_id == "retinal_exam")
    assert (retinal.not_loaded, retinal.unseen, retinal.warning) == ((), (), "")
    assert (retinal.loaded, retinal.value_sets[0].loaded_by) == ({"SNOMED": 2, "CPT": 1}, "ana")
    mammogram = codes.concept_codes(wb)["mammogram"]
    assert mammogram.mapped == {"LOCAL": 1}
    assert mammogram.warning == (
        "Mammogram: CPT and SNOMED CT lists are not loaded: an entry with only such a code is not seen."
    )


def test_every_measure_that_is_on_says_its_codes_and_no_other_is_asked_for(wb: Workbench) -> None:
    found = codes.status(wb)

    assert all(each.is_on and each.concepts and str(each) for each in found)
    assert not any(each.measure_id for each in found if not each.is_on)
    with pytest.raises(NotFound, match="There is no measure 'nothing'"):
        codes.status(wb, measure_id="nothing")


# ---- conformance -----------------------------------------------------------------------------------------------------
def test_a_deck_that_brings_no_value_set_is_judged_by_the_loaded_one(wb: Workbench, tmp_path: Path) -> None:
    deck = colonoscopy_deck(tmp_path / "deck")
    assert run_deck(deck).right_count == 0

    code_loads.load_codes(wb, write_json(tmp_path / "lists" / "one.json", value_set(COLONOSCOPY, (CPT, "00002"))))
    assert run_deck(deck, known=codes_of(wb)).right_count == 1

    write_json(deck / "value_sets" / "own.json", value_set(COLONOSCOPY, (CPT, "00003")))
    assert run_deck(deck, known=codes_of(wb)).right_count == 0  # the deck's own codes, exactly


def colonoscopy_deck(folder: Path) -> Path:
    """A woman of 60 with a wellness visit and a colonoscopy, who must be in the numerator of CMS130."""
    about = {"resourceType": "Patient", "id": "one", "gender": "female", "birthDate": "1966-05-04"}
    hcpcs = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
    visit = {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "finished",
        "subject": {"reference": "Patient/one"},
        "type": [{"coding": [{"system": hcpcs, "code": "G0438"}]}],
        "period": {"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:00:00Z"},
    }
    scope = {
        "resourceType": "Procedure",
        "id": "scope",
        "status": "completed",
        "subject": {"reference": "Patient/one"},
        "code": {"coding": [{"system": CPT, "code": "00002"}]},
        "performedPeriod": {"start": "2024-03-02T09:00:00Z", "end": "2024-03-02T10:00:00Z"},
    }
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in (about, visit, scope)]}
    write_json(folder / "patients" / "one.json", bundle)
    write_json(folder / "deck.json", {"measure": "CMS130", "year": 2026})
    (folder / "value_sets").mkdir()
    populations = "initial_population,denominator,denominator_exclusion,denominator_exception,numerator"
    header = f"case,group,period_start,period_end,{populations}"
    (folder / "expected.csv").write_text(f"{header}\none,1,2026-01-01,2026-12-31,1,1,0,0,1\n")
    return folder


# ---- what is there now -----------------------------------------------------------------------------------------------
def generation(wb: Workbench) -> Generation:
    found = loads.current(wb)
    assert found is not None
    return found


def facts(wb: Workbench) -> list[tuple[str, str]]:
    rows = generation(wb).facts().select("patient_id", pl.col("concept").cast(pl.String)).collect()
    return sorted(rows.rows())


def on_days(wb: Workbench, concept: str) -> list[str]:
    rows = generation(wb).facts().filter(pl.col("concept").cast(pl.String) == concept).collect()
    return sorted(map(str, rows["on"]))


def kept(wb: Workbench) -> dict[str, list[str]]:
    tables = (schema.code_map, schema.value_sets, schema.value_set_codes, schema.audit, schema.open_gaps)
    with reading(wb.engine) as connection:
        return {each.name: sorted(str(row) for row in connection.execute(select(each))) for each in tables}


def audited(wb: Workbench) -> list[tuple[str, dict[str, Any]]]:
    with reading(wb.engine) as connection:
        rows = connection.execute(
            select(schema.audit.c.action, schema.audit.c.details).order_by(schema.audit.c.audit_id)
        )
        return [(row.action, row.details) for row in rows]
