"""Reading folders of code lists: every form that servers and spreadsheets write, and what is refused."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.feeds.code_folder import CodeFolder, code_counts, read_code_folder
from core.feeds.value_sets import in_order
from tests.code_lists import COLONOSCOPY, CPT, RETINAL, SNOMED, UNUSED, concept_map, value_set, write_json
from tests.feeds import write_bundle

WANTED, CONCEPTS = {RETINAL, COLONOSCOPY}, {"retinal_exam", "hba1c", "mammogram"}
HEAD = "Value Set Name,OID,Definition Version,Expansion Version,Code,Description,Code System,Code System Version"


def read(folder: Path) -> CodeFolder:
    return read_code_folder(folder, wanted=WANTED, concepts=CONCEPTS)


def codes(folder: CodeFolder) -> set[tuple[str, str, str]]:
    return set(folder.codes.select("value_set", "system", "code").rows())


def test_value_sets_are_read_alone_in_bundles_and_in_folders_below(tmp_path: Path) -> None:
    write_json(tmp_path / "a" / "b" / "one.json", value_set(RETINAL, (SNOMED, "999000001"), (CPT, "00001")))
    write_bundle(tmp_path / "two.json", value_set(COLONOSCOPY, (CPT, "00002")), value_set(UNUSED, (CPT, "00003")))

    found = read(tmp_path)

    assert codes(found) == {
        (RETINAL, "SNOMED", "999000001"),
        (RETINAL, "CPT", "00001"),
        (COLONOSCOPY, "CPT", "00002"),
    }
    assert found.value_sets[RETINAL] == (f"Invented {RETINAL[-6:]}", "20250101")
    assert list(found.unused) == [UNUSED]
    assert code_counts(found.codes) == {"CPT": 2, "SNOMED": 1}


@pytest.mark.parametrize("separator", [",", "\t", "|", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_of_value_sets_is_read_however_a_spreadsheet_saved_it(
    tmp_path: Path, separator: str, encoding: str
) -> None:
    rows = [
        ["Exported for", "Example Health Group"],
        [],
        HEAD.split(","),
        ["Retinal", RETINAL, "20240101", "20250101", "999000001", "Café, with a comma", "SNOMEDCT", "2025"],
        ["Retinal", RETINAL, "20240101", "20250101", "00001", "", "CPT", "2025"],
        [],
        ["Other", UNUSED, "", "", "00009", "", "CPT", ""],
    ]
    written = io.StringIO()
    csv.writer(written, delimiter=separator).writerows(rows)
    (tmp_path / "export.txt").write_bytes(written.getvalue().encode(encoding))

    found = read(tmp_path)

    assert codes(found) == {(RETINAL, "SNOMED", "999000001"), (RETINAL, "CPT", "00001")}
    assert found.value_sets == {RETINAL: ("Retinal", "20250101")}
    assert found.unused == {UNUSED: "Other"}


def test_a_table_of_one_value_set_may_name_it_above_the_header(tmp_path: Path) -> None:
    lines = ["Value Set Name,Retinal", f"OID,{RETINAL}", "", "Code,Description,Code System", "00001,x,CPT"]
    (tmp_path / "one.csv").write_text("\n".join(lines))

    found = read(tmp_path)

    assert codes(found) == {(RETINAL, "CPT", "00001")}
    assert found.value_sets == {RETINAL: ("Retinal", "")}


def test_codes_listed_in_a_definition_count_when_they_are_all_of_it(tmp_path: Path) -> None:
    listed = {"system": CPT, "concept": [{"code": "00001"}, {"code": "00002"}]}
    without = {"system": CPT, "concept": [{"code": "00002"}]}
    compose = {"include": [listed], "exclude": [without]}
    write_json(tmp_path / "one.json", value_set(RETINAL, expansion={}, compose=compose))

    assert codes(read(tmp_path)) == {(RETINAL, "CPT", "00001")}


@pytest.mark.parametrize(
    "include",
    [
        {"system": SNOMED, "filter": [{"property": "concept", "op": "is-a", "value": "999"}]},
        {"valueSet": ["http://example.org/other"]},
        {"system": SNOMED},
    ],
)
def test_a_value_set_without_expansion_is_refused_only_when_it_is_used(tmp_path: Path, include: object) -> None:
    listed = {"system": CPT, "concept": [{"code": "00001"}]}
    without: dict[str, Any] = {"expansion": {}, "compose": {"include": [listed, include]}}
    write_json(tmp_path / "unused.json", value_set(UNUSED, **without))
    assert list(read(tmp_path).unused) == [UNUSED]

    write_json(tmp_path / "used.json", value_set(RETINAL, **without))
    with pytest.raises(DataError, match=r"used\.json: the value set has no expansion\. Ask its server for \$expand"):
        read(tmp_path)


def test_pages_of_one_expansion_are_one_value_set_and_a_missing_page_is_refused(tmp_path: Path) -> None:
    def page(*numbers: int) -> dict[str, object]:
        contains = [{"system": CPT, "code": f"{number:05}"} for number in numbers]
        return value_set(RETINAL, expansion={"total": 5, "offset": min(numbers), "contains": contains})

    write_json(tmp_path / "one.json", page(0, 1, 2))
    with pytest.raises(DataError, match=r"one\.json: the value set has 5 codes, of which 3 are here"):
        read(tmp_path)

    write_json(tmp_path / "two.json", page(3, 4))
    assert read(tmp_path).codes.height == 5


@pytest.mark.parametrize("odd", [None, 5, [], {}, [None], [[]]])
@pytest.mark.parametrize("key", ["system", "concept", "code"])
@pytest.mark.parametrize("part", ["include", "exclude"])
def test_a_definition_of_another_shape_is_no_error_of_the_program(
    tmp_path: Path, part: str, key: str, odd: Any
) -> None:
    whole: dict[str, Any] = {"system": CPT, "concept": [{"code": "00001"}]}
    changed = {**whole, "concept": [{"code": odd}]} if key == "code" else {**whole, key: odd}
    compose = {"include": [whole], "exclude": [], part: [changed]}
    write_json(tmp_path / "one.json", value_set(RETINAL, compose=compose, expansion=None))

    try:
        assert codes(read(tmp_path)) <= {
            (RETINAL, *each) for each in (("CPT", "00001"), ("CPT", "5"), ("", "00001"), ("5", "00001"))
        }
    except DataError as refused:
        assert str(refused).startswith("one.json: the value set ")


def test_groups_of_an_expansion_that_cannot_be_chosen_are_no_codes(tmp_path: Path) -> None:
    inside = [{"system": CPT, "code": "00001"}]
    contains = [{"system": CPT, "code": "00009", "abstract": True, "contains": inside}, {"display": "a heading"}]
    write_json(tmp_path / "one.json", value_set(RETINAL, expansion={"total": 3, "contains": contains}))

    assert codes(read(tmp_path)) == {(RETINAL, "CPT", "00001")}


def test_of_several_versions_the_newest_counts(tmp_path: Path) -> None:
    for version, code in (("20240101", "00001"), ("20250108", "00002"), ("", "00003")):
        write_json(tmp_path / f"v{version}.json", value_set(RETINAL, (CPT, code), version=version))

    found = read(tmp_path)

    assert codes(found) == {(RETINAL, "CPT", "00002")}
    assert any("20250108 counts, not 20240101, without a version" in note for note in found.notes)


@given(st.lists(st.integers(0, 10**8), min_size=2, max_size=4), st.lists(st.integers(0, 10**8), min_size=2, max_size=4))
def test_versions_are_compared_number_by_number(one: list[int], other: list[int]) -> None:
    def version(numbers: list[int]) -> str:
        return ".".join(map(str, numbers))

    assert (in_order(version(one)) < in_order(version(other))) == (one < other)
    assert in_order("") < in_order(version(one))


def test_code_maps_and_concept_maps_are_read_beside_value_sets(tmp_path: Path) -> None:
    (tmp_path / "code_map.csv").write_text("system,code,concept,text\nlocal,EYE,retinal_exam,Eye\n")
    (tmp_path / "code_map_lab.csv").write_text("source_system,system,code,concept\nlab,local,A1,hba1c\n")
    maps = [concept_map(("M1", "mammogram")), concept_map(("x", "y")), concept_map(("M2", "hba1c"), source="")]
    write_bundle(tmp_path / "maps.json", *maps, concept_map(("M3", "hba1c"), equivalence="inexact"))
    (tmp_path / "readme.pdf").write_bytes(b"%PDF")
    (tmp_path / "prices.csv").write_text("item,price\na,1\n")

    found = read(tmp_path)

    assert sorted(found.code_map.rows()) == [
        ("", "LOCAL", "EYE", "retinal_exam", "Eye"),
        ("", "LOCAL", "M2", "hba1c", ""),
        ("", "OTHER", "M1", "mammogram", ""),
        ("lab", "LOCAL", "A1", "hba1c", ""),
    ]
    assert found.notes == ("Passed over, because neither value sets nor code maps are in it: prices.csv, readme.pdf.",)


def test_a_concept_map_to_a_concept_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "map.json", concept_map(("M1", "mammogram"), ("M2", "mamogram")))

    with pytest.raises(DataError, match=r"map\.json, group 1 of the concept map: a target is none of our concepts"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("bad.json", "{", r"bad\.json, line 1: this is not readable JSON"),
        ("t.csv", f"{HEAD}\nRetinal,,1,1,00001,,CPT,\n", r"t\.csv, line 2: the OID of a value set is missing"),
        ("t.csv", f"{HEAD}\nRetinal,{RETINAL},1,1,,,CPT,\n", r"t\.csv, line 2: the code or its code system is missing"),
        ("t.csv", f'{HEAD}\n"a\nb",{RETINAL},1,1,1,,CPT,\nx,{RETINAL}\n', r"t\.csv, line 4: the code or its code"),
        ("code_map.csv", "system,code\nlocal,x\n", r"code_map\.csv, line 1: the column concept is missing"),
        ("code_map.csv", "system,code,concept\nlocal,x,nothing\n", r"code_map\.csv, line 2, column concept"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name_and_line(
    tmp_path: Path, name: str, content: str, what: str
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(DataError, match=what):
        read(tmp_path)


@pytest.mark.parametrize("code", ["0" * 129, "0\x000", "1\n2"])
def test_a_code_that_is_no_plain_text_is_refused(tmp_path: Path, code: str) -> None:
    write_json(tmp_path / "one.json", value_set(RETINAL, (CPT, code)))

    with pytest.raises(DataError, match=r"one\.json: a code or its code system is too long or no plain text"):
        read(tmp_path)


def test_a_used_value_set_without_codes_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "one.json", value_set(RETINAL))
    with pytest.raises(DataError, match="the value set holds no codes"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"nowhere is not there\. Name a code_map\.csv, or a folder"):
        read(tmp_path / "nowhere")
