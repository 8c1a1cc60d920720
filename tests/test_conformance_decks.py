"""Decks as people bring them: files of every encoding, cases and decks that cannot be used, years without rules."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.conformance import DeckResult, UnusableDeck, run_deck, run_decks, write_cases
from core.errors import DataError
from tests.code_lists import value_set, write_json
from tests.test_reporting_records import DAY, ME, WELLNESS, bundle, deck, mammogram

pytestmark = pytest.mark.long

HEAD = "case,group,period_start,period_end,initial_population,denominator,denominator_exclusion,"
HEAD += "denominator_exception,numerator"
SEEN = bundle(("", ME), ("", WELLNESS), ("", mammogram(DAY)))
IN = "1,1,0,0,1"  # where this patient stands


def expected(folder: Path, content: str | bytes) -> Path:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / "expected.csv").write_bytes(raw)
    return folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A deck of one case, which is right."""
    return expected(deck(tmp_path / "good", me=SEEN), f"{HEAD}\nme,1,2026-01-01,2026-12-31,{IN}\n")


# ---- expected.csv --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_expected_populations_are_read_however_a_spreadsheet_saved_them(tmp_path: Path, encoding: str) -> None:
    folder = deck(tmp_path / "deck", Zoé=SEEN)
    expected(folder, f"{HEAD}\r\nZoé,1,2026-01-01,2026-12-31,{IN}\r\n".encode(encoding))

    assert run_deck(folder).right_count == 1


ROW = f"me,1,2026-01-01,2026-12-31,{IN}\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "expected.csv, line 1: the column case is missing"),
        ("\n\n", "expected.csv, line 1: the column case is missing"),
        (f"{HEAD}\n", "expected.csv names no case"),
        (HEAD.replace("numerator", "nominator") + "\n" + ROW, "line 1: the column numerator is missing"),
        (f"{HEAD}\n{ROW}me,1,2026-01-01\n", "line 3: expected days as YYYY-MM-DD"),
        (f"{HEAD}\n{ROW.replace('2026-12-31', '31.12.2026')}", "line 2: expected days as YYYY-MM-DD"),
        (f"{HEAD}\n{ROW.replace(IN, '1,1,0,0,yes')}", "line 2: expected days as YYYY-MM-DD and populations as 1 or 0"),
        (f"{HEAD}\n{ROW.replace('2026-12-31', '2025-12-31')}", "line 2: the period must begin before it ends"),
        (f"{HEAD}\n{ROW.replace('2026-01-01', '0001-01-01')}", "line 2: the period must begin before it ends and lie"),
        (f'{HEAD}\n{ROW}"{"x" * (1 << 25)}"\n', "line 3: this is no row of values"),
        (b"\x81\x8d\x00\xff" * 10, "line 1: the column case is missing"),
    ],
)
def test_expected_populations_that_cannot_be_used_are_refused_with_their_line(
    good: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(DataError, match=r"^expected\.csv") as refused:
        run_deck(expected(good, content))

    assert said in str(refused.value)


# ---- cases that cannot be used -------------------------------------------------------------------------------------
UNUSABLE = {
    "no JSON": ("{", "patients/bad.json, line 1: this is not readable JSON"),
    "nested without end": ("[" * 100_000 + "]" * 100_000, "this is not readable JSON"),
    "half a letter": (json.dumps(SEEN).replace("finished", "\\ud800"), "this is not readable JSON"),
    "no number": (json.dumps(SEEN).replace('"finished"', "NaN"), "this is not readable JSON"),
    "not even an object": ("7", "There is no Patient in the bundle"),
    "no patient": (json.dumps(bundle(("", WELLNESS))), "There is no Patient in the bundle"),
    "two patients, neither the case": (
        json.dumps(bundle(("", ME), ("", {**ME, "id": "you"}))),
        "There are 2 Patients in the bundle, and none has the case as its id",
    ),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_case_that_cannot_be_used_is_reported_and_loses_no_other(tmp_path: Path, kind: str) -> None:
    content, said = UNUSABLE[kind]
    folder = deck(tmp_path / "deck", me=SEEN, bad=content)
    expected(folder, f"{HEAD}\nbad,1,2026-01-01,2026-12-31,0,0,0,0,0\n{ROW}")

    result = run_deck(folder)

    assert result.cases["matches"].to_list() == [False, True]
    assert str(result) == "CMS125 2026: 1 of 2 right, 1 wrong"
    assert list(result.unusable) == ["bad"]
    assert said in result.unusable["bad"]
    assert result.lines[0].startswith("bad cannot be used: ")


@pytest.mark.parametrize("case", ["gone", "x" * 5000, "no\x00name", "", "../good", "."])
def test_a_case_without_a_file_is_reported(good: Path, case: str) -> None:
    result = run_deck(expected(good, f"{HEAD}\n{ROW}{case},1,2026-01-01,2026-12-31,0,0,0,0,0\n"))

    assert result.right_count == 1
    assert f"patients/{case}.json is missing" in result.unusable[case]


def test_a_deck_of_which_no_case_can_be_used_has_none_right(tmp_path: Path) -> None:
    assert run_deck(deck(tmp_path / "deck", one="{", two="[")).right_count == 0


# What stands in the place of a value somewhere in the chart. Nothing of it is known, and nothing else is lost.
ODD: list[Any] = [10**30, 10**400, -1, 0, 1e308, True, "", "9999", "9999-12-31", "0001-01-01T00:00:00+14:00", {}, [[]]]
PLACES = ("birthDate", "period", "type", "value", "effectiveDateTime", "onsetAge", "code", "category", "count")


@pytest.mark.parametrize("place", PLACES)
def test_odd_values_lose_neither_their_case_nor_another(tmp_path: Path, place: str) -> None:
    aged = {"resourceType": "Condition", "onsetAge": {"value": 40, "unit": "y"}, "abatementAge": {"value": 41}}
    pills = {"resourceType": "MedicationRequest", "authoredOn": DAY, "dosageInstruction": [{"timing": {"repeat": {}}}]}
    reading = {**mammogram(DAY), "valueQuantity": {"value": 7, "code": "%"}}
    whole = bundle(("", ME), ("", WELLNESS), ("", reading), ("", {**aged, "code": {}}), ("", pills))
    cases = {f"c{number}": json.dumps(_with(whole, place, value)) for number, value in enumerate(ODD)}
    folder = deck(tmp_path / "deck", me=SEEN, **cases)

    result = run_deck(folder)

    assert result.cases["found_numerator"][0] is True
    assert set(result.unusable) <= {f"c{ODD.index(10**400)}"}  # no JSON of any other program has such a number


def _with(content: Any, place: str, value: Any) -> Any:
    """The content with this value wherever a key is the place."""
    if isinstance(content, list):
        return [_with(each, place, value) for each in content]
    if not isinstance(content, dict):
        return content
    return {key: value if key == place else _with(each, place, value) for key, each in content.items()}


# ---- decks that cannot be used, and years --------------------------------------------------------------------------
def test_a_deck_that_cannot_be_used_loses_no_other(good: Path, tmp_path: Path) -> None:
    bad = deck(tmp_path / "bad", me=SEEN)
    (bad / "deck.json").write_text('{"measure": "CMS1", "year": 2026}')

    first, second, third = run_decks([bad, tmp_path / "nowhere", good])

    assert isinstance(first, UnusableDeck)
    assert str(first).startswith("bad was not run. bad/deck.json: there is no reporting rule for CMS1.")
    assert str(second) == "nowhere was not run. It is no deck: it has no deck.json, nor has a folder in it."
    assert str(third) == "CMS125 2026: 1 of 1 right"


@pytest.mark.parametrize(
    ("year", "said"),
    [
        (2015, "CMS125 2015 by the rules of 2025: "),
        (2024, "CMS125 2024 by the rules of 2025: "),
        (2025, "CMS125 2025: "),
        (2026, "CMS125 2026: "),
        (2035, "CMS125 2035 by the rules of 2026: "),
    ],
)
def test_a_year_without_rules_of_its_own_has_those_of_the_nearest_and_says_so(good: Path, year: int, said: str) -> None:
    (good / "deck.json").write_text(json.dumps({"measure": "CMS125", "year": year}))

    assert str(run_deck(good)).startswith(said)


@pytest.mark.parametrize("year", [0, -1, 1999, 2014, 2036, 20266, 10**30])
def test_a_year_that_cannot_be_meant_is_refused(good: Path, year: int) -> None:
    (good / "deck.json").write_text(json.dumps({"measure": "CMS125", "year": year}))

    with pytest.raises(DataError, match=r"deck.json: the year must be one from 2015 to 2035"):
        run_deck(good)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "[" * 100_000, '{"measure": 5, "year": 2026}', '{"measure": "CMS125", "year": true}']
)
def test_a_description_of_a_deck_that_says_nothing_is_refused(good: Path, content: str) -> None:
    (good / "deck.json").write_text(content)

    with pytest.raises(DataError, match=r"deck\.json"):
        run_deck(good)


# ---- value sets ----------------------------------------------------------------------------------------------------
MAMMOGRAMS = "2.16.840.1.113883.3.464.1003.108.12.1018"
LOINC = "http://loinc.org"


def test_of_two_versions_of_a_value_set_the_newest_counts(good: Path) -> None:
    for version, code in (("20240101", "24606-6"), ("20250101", "24605-8")):
        write_json(good / "value_sets" / f"{version}.json", value_set(MAMMOGRAMS, (LOINC, code), version=version))

    result = run_deck(good)

    assert result.cases["found_numerator"].to_list() == [False]
    assert result.lines == [f"{MAMMOGRAMS} is there in several versions: 20250101 counts, not 20240101."]


def page(offset: int | None, total: int | None, *codes: str) -> dict[str, Any]:
    said = {"offset": offset, "total": total}
    contains = [{"system": LOINC, "code": code} for code in codes]
    expansion = {key: value for key, value in said.items() if value is not None} | {"contains": contains}
    return value_set(MAMMOGRAMS, expansion=expansion)


def test_pages_of_a_value_set_are_read_together(good: Path) -> None:
    write_json(good / "value_sets" / "a.json", page(0, 2, "24605-8"))
    write_json(good / "value_sets" / "b.json", page(1, 2, "24606-6"))

    assert run_deck(good).right_count == 1


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ([page(0, 5, "24606-6")], "the value set has 5 codes, of which 1 are here"),
        ([page(None, 5, "24606-6")], "the value set has 5 codes, of which 1 are here"),
        ([page(4, 5, "24606-6")], "the value set has 5 codes, of which 1 are here"),
        ([page(1, None, "24606-6")], "it begins after 1 codes of the value set, of which 0 are here"),
        ([page(0, None, "1-1"), page(2, None, "1-2")], "it begins after 2 codes of the value set, of which 1 are here"),
    ],
)
def test_a_value_set_of_which_pages_are_missing_is_refused(good: Path, pages: list[Any], said: str) -> None:
    for number, each in enumerate(pages):
        write_json(good / "value_sets" / f"{number}.json", each)

    with pytest.raises(DataError, match="save the other pages into the folder too") as refused:
        run_deck(good)

    assert said in str(refused.value)


# ---- the command ---------------------------------------------------------------------------------------------------
def command(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "CARELOOP_HOME": str(home)}
    line = [sys.executable, "-m", "core", "conformance", *map(str, words)]
    return subprocess.run(line, env=environ, capture_output=True, text=True, check=False)


def test_the_command_runs_what_it_can_and_ends_with_2(good: Path, tmp_path: Path) -> None:
    done = command(tmp_path / "home", tmp_path / "nowhere", good, "--out", tmp_path / "cases.csv")

    assert done.returncode == 2
    assert done.stderr.startswith("careloop: nowhere was not run.")
    assert done.stdout.splitlines()[0] == "CMS125 2026: 1 of 1 right"
    assert len((tmp_path / "cases.csv").read_text().splitlines()) == 2


def test_the_command_refuses_a_file_in_no_folder_before_it_runs_anything(good: Path, tmp_path: Path) -> None:
    done = command(tmp_path / "home", good, "--out", tmp_path / "nowhere" / "cases.csv")

    said = "careloop: 'cases.csv' is not written: its folder does not exist. Create the folder first.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_results_are_written_as_csv_or_parquet_alone(good: Path, tmp_path: Path) -> None:
    result: DeckResult = run_deck(good)

    assert write_cases([result], tmp_path / "cases.CSV") == 1
    with pytest.raises(DataError, match=r"the name must end with \.csv or \.parquet"):
        write_cases([result], tmp_path / "cases.xlsx")
