"""What mapping codes would touch: events, patients, measures, and events of another kind."""

from pathlib import Path

import pytest

from core import loads, local_codes, touched_codes
from core.domain.usual_kinds import doubt
from core.local_codes import Mapping
from core.workbench import Workbench
from tests.feeds import PATIENT, write_feed
from tests.homes import Homes

PEOPLE = [f"{one},Ann,Example,1970-02-01,F,active" for one in ("ann", "bea", "cy")]
LABS = [
    "lab_id,patient_id,local_code,local_name,value,unit,status,collected_on",
    "L1,ann,A1C-QK,Quick kit,7.1,%,final,2026-05-01",
    "L2,ann,A1C-QK,Quick kit,7.2,%,final,2026-08-01",
    "L3,bea,A1C-QK,Quick kit,7.3,%,final,2026-08-01",
    "L4,cy,OTHER,Something,1,%,final,2026-08-01",
]
KINDS = """
lab            hba1c      lab            -
lab            mmr        immunization   MMR stands in lab results, but MMR is a vaccine.
procedure      mmr        immunization   -
lab            mammogram  procedure      -
medication     mammogram  procedure      MMR stands in medicines, but mammogram is a procedure.
problem        visit      visit          MMR stands in problems, but visit is a visit.
lab            anything   finding        -
"""


@pytest.fixture
def practice(wb: Workbench, homes: Homes, tmp_path: Path) -> Workbench:
    feed = write_feed(tmp_path / "feed", patients=[PATIENT, *PEOPLE], labs=LABS)
    return homes.fill(wb, "touched-codes", lambda: loads.load(wb, feed))


def test_a_mapping_touches_the_events_with_its_code_and_the_measures_that_look_at_the_concept(
    practice: Workbench,
) -> None:
    found = touched_codes.touched(practice, [Mapping("LOCAL", "A1C-QK", "hba1c")])

    assert (found.events, found.patients) == (3, 2)
    assert str(found) == "3 events of 2 patients"
    assert {"DM: HbA1c Overdue", "DM: HbA1c Above 9"} <= set(found.measures)
    assert "Scr: Mammogram Overdue" not in found.measures
    assert found.doubts == ()


def test_a_patient_with_two_of_the_codes_is_counted_once(practice: Workbench) -> None:
    both = [Mapping("LOCAL", code, "hba1c") for code in ("A1C-QK", "OTHER")]

    assert str(touched_codes.touched(practice, [*both, *both])) == "4 events of 3 patients"


def test_events_of_another_kind_than_the_concept_are_named_and_nothing_is_changed(practice: Workbench) -> None:
    found = touched_codes.touched(practice, [Mapping("LOCAL", "A1C-QK", "mmr_vaccine", "Quick kit")])

    assert found.doubts == ("Quick kit stands in lab results, but MMR vaccine is a vaccine.",)
    assert local_codes.mappings(practice).is_empty()


def test_nothing_is_touched_without_a_load(wb: Workbench) -> None:
    assert str(touched_codes.touched(wb, [Mapping("LOCAL", "X", "hba1c")])) == "0 events of 0 patients"


@pytest.mark.parametrize("line", KINDS.strip().splitlines())
def test_a_code_is_doubted_where_its_events_are_not_of_the_kind_of_the_concept(line: str) -> None:
    event, name, concept = line[:41].split()
    said = line[41:].strip()

    named = {"mmr": "MMR"}.get(name, name)
    assert doubt("MMR", [event], named, concept) == ("" if said == "-" else said)


def test_codes_are_searched_by_code_words_and_suggestion(practice: Workbench) -> None:
    found = local_codes.unmapped(practice)

    assert {each.code for each in found} == {"A1C-QK", "OTHER"}
    for words in ("a1c", "QUICK kit", "hba1c", "local hba1c"):
        assert [each.code for each in local_codes.searched(found, words)] == ["A1C-QK"], words
    assert local_codes.searched(found, "nothing like it") == []
    assert local_codes.searched(found, " ") == found


def test_a_code_of_the_practice_says_what_its_words_do_not(practice: Workbench) -> None:
    [kit] = [each for each in local_codes.unmapped(practice) if each.code == "A1C-QK"]

    assert [each.concept_id for each in kit.suggestions] == ["hba1c"]
