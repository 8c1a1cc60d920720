"""What a group's own headers may mean: proposals, names of files, the order of dates, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.header_map import AMBIGUOUS, HeaderMap, Proposal, order_of, pattern_of, proposals, require_usable
from core.errors import DataError
from core.feeds.layout import TABLE

PATIENTS = [(column.name, column.kind) for column in TABLE["patients"].columns]
KNOWN = {column.name: column.words for column in TABLE["patients"].columns}


@pytest.mark.parametrize(
    ("header", "column", "how"),
    [
        ("Birth Date", "birth_date", "the same name"),
        ("BIRTH-DATE", "birth_date", "the same name"),
        ("DOB", "birth_date", "a known name"),
        ("Gender", "sex", "a known name"),
        ("PAT GENDER CODE", "sex", "a known name"),
        ("Patient Status", "status", "a known name"),
        ("Pt_First", "first", "a known name"),
        ("Cell Phone", "phone_mobile", "a known name"),
        ("E-Mail", "email", "a known name"),
        ("Prefered Name", "preferred_name", "a similar name"),
        ("patient_id", "patient_id", "the same name"),
    ],
)
def test_a_header_is_proposed_for_what_it_looks_like(header: str, column: str, how: str) -> None:
    assert proposals(PATIENTS, [header]) == {column: Proposal(header, how)}


@pytest.mark.parametrize(
    "header", ["Pat ID", "patientid", "PatientNo", "mrn number", "guarantor", "pcpid", "Account", ""]
)
def test_an_id_is_never_guessed(header: str) -> None:
    ids = {name for name, kind in PATIENTS if kind == "id"}
    assert not ids & proposals(PATIENTS, [header]).keys()


@given(
    headers=st.lists(st.sampled_from(["DOB", "birth_date", "Sex", "gender", "First", "fname", "e-mail", "email", "x"]))
)
def test_no_header_is_proposed_twice(headers: list[str]) -> None:
    headers = list(dict.fromkeys(headers))
    found = [each.header for each in proposals(PATIENTS, headers).values()]
    assert len(set(found)) == len(found) and set(found) <= set(headers)


@pytest.mark.parametrize(
    ("stem", "pattern"),
    [
        ("demographics", "demographics"),
        ("Demographics_20261127", "demographics*"),
        ("PAT-2026-11-27", "pat*"),
        ("20261127_pats", "*_pats"),
        ("export 3 patients", "export * patients"),
    ],
)
def test_the_name_of_a_file_is_known_on_other_nights(stem: str, pattern: str) -> None:
    assert pattern_of(stem) == pattern
    found = HeaderMap("patients", (pattern,), {})
    assert found.is_for(stem) and not found.is_for("labs")


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["03/04/1960", "05/06/1970"], AMBIGUOUS),
        (["03/04/1960", "05/16/1970"], "mdy"),
        (["03/04/1960", "15/06/1970"], "dmy"),
        (["15.06.1970"], "dmy"),
        (["15/06/1970", "06/15/1970"], AMBIGUOUS),  # they contradict each other
        (["1960/04/03"], "ymd"),
        (["1960-04-03"], "ymd"),
        (["3 Apr 1960", ""], ""),
        ([], ""),
    ],
)
def test_the_order_of_dates_is_known_when_one_of_them_shows_it(values: list[str], order: str) -> None:
    assert order_of(values) == order


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"files": ()}, "needs the name of its file"),
        ({"files": ("*",)}, "needs the name of its file"),
        ({"files": ("../demographics",)}, "needs the name of its file"),
        ({"files": ("pat?",)}, "only \\* stands for anything"),
        ({"columns": {"patient_id": "Pat"}}, "needs a header for birth_date"),
        ({"columns": {"patient_id": "", "birth_date": "DOB"}}, "needs a header for patient_id"),
        ({"columns": {"patient_id": "Pat", "birth_date": "DOB", "shoe_size": "Shoe"}}, "no column shoe_size"),
        ({"orders": {"birth_date": "ydm"}}, "are written mdy"),
        ({"words": {"sex": {"1": "female"}}}, "can mean F, M, O, U, or nothing"),
    ],
)
def test_a_map_by_which_nobody_can_read_is_refused(changes: dict[str, object], says: str) -> None:
    right: dict[str, Any] = {"files": ("demographics",), "columns": {"patient_id": "Pat", "birth_date": "DOB"}}
    asked: dict[str, Any] = {"required": ["patient_id", "birth_date"], "known": KNOWN}
    require_usable(HeaderMap("patients", **right), **asked)
    with pytest.raises(DataError, match=says):
        require_usable(HeaderMap("patients", **{**right, **changes}), **asked)
