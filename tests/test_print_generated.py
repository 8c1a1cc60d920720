"""Letters over drawn patients: pre-flight and printing agree on everyone, and every result adds up in every state."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from sqlalchemy import delete

from core import campaigns, downloads, mailings, preflight, print_runs, reports
from core.domain.campaign import Campaign
from core.domain.user import User
from core.errors import CareloopError
from core.settings import Settings
from core.store import accounts
from core.store.database import writing
from core.store.schema import patients
from core.workbench import Workbench, open_workbench
from tests.conftest import Clock
from tests.drawn import drawn
from tests.homes import Homes
from tests.letters import add_people, ask, clinic_that_prints, letter_campaign, make, move, states, words_of

_FIRST = ["Ada", "", "Éva", "李", "محمد", "Ada\nBo", "A" * 60]
_LAST = ["Example", "Nguyễn", " ", "O'Neil-Smith", "Ex\U00012345", "e\u0301xample"]
_BORN = [None, date(2008, 11, 24), date(2008, 11, 26), date(2020, 1, 1), date(1950, 2, 28)]
_STREETS = ["5 Shore Road", "5 Shore Rd.", "5 Shore Road Apt 11", "General Delivery", "homeless", "", None, "W" * 200]
_PERSON = st.fixed_dictionaries(
    {},
    optional={
        "first": st.sampled_from(_FIRST),
        "last": st.sampled_from(_LAST),
        "status": st.sampled_from(["active", "inactive", "deceased", "test"]),
        "language": st.sampled_from(["en", "es", "vi", None, "EN"]),
        "birth_date": st.sampled_from(_BORN),
        "address1": st.sampled_from(_STREETS),
        "address2": st.sampled_from([None, "N/A", "Apt 1", "bad address", "#11"]),
        "zip": st.sampled_from(["62701", "62701-", "62701-1234", None, "00000", "K1A 0B1"]),
        "state": st.sampled_from(["IL", "il", "ZZ", None]),
        "city": st.sampled_from(["Springfield", "SPRINGFIELD", None]),
        "deceased_on": st.sampled_from([None, date(2026, 11, 1)]),
    },
)
_PEOPLE = st.lists(_PERSON, min_size=1, max_size=8)
NewHome = Callable[[], tuple[Workbench, Clock]]


@pytest.fixture
def new_home(settings: Settings, homes: Homes, clock: Clock, tmp_path: Path) -> NewHome:
    """A workbench of its own for each example."""
    numbers = itertools.count()

    def new() -> tuple[Workbench, Clock]:
        home = tmp_path / f"home{next(numbers)}"
        here = replace(settings, home=home, database_url=f"sqlite:///{home}/careloop.db")
        homes.new(here)
        own = Clock(clock.at)
        wb = open_workbench(here, clock=own)
        accounts.add_user(wb.engine, User("ana", "Ana Lyst"), at=own(), by="command-line")
        wb = wb.as_user("ana")
        clinic_that_prints(wb)
        return wb, own

    return new


# ---- what may happen -----------------------------------------------------------------------------------------------
def _returned(wb: Workbench, campaign: Campaign, patient_id: str) -> None:
    reason = sorted(mailings.RETURN_REASONS)[len(patient_id + campaign.campaign_id) % len(mailings.RETURN_REASONS)]
    mailings.mark_returned(wb, campaign.campaign_id, patient_ids=[patient_id], reason=reason, on=wb.today())


def _gone(wb: Workbench, _campaign: Campaign, patient_id: str) -> None:
    with writing(wb.engine) as connection:
        connection.execute(delete(patients).where(patients.c.patient_id == patient_id))


def _again(wb: Workbench, campaign: Campaign, _patient_id: str) -> None:
    run = print_runs.run_of(wb, campaign.campaign_id)
    if run is not None:
        print_runs.make_again(wb, run.run_id)


def _delete(wb: Workbench, _campaign: Campaign, _patient_id: str) -> None:
    for each in downloads.files(wb)[:1]:
        downloads.delete(wb, each.file_id)


def _save(wb: Workbench, campaign: Campaign, patient_id: str) -> None:
    kept = campaigns.campaign(wb, campaign.campaign_id)
    fields = {**kept.fields, "per_household": "yes" if patient_id == "p1" else "no"}
    campaigns.save(wb, campaign.campaign_id, {"fields": fields}, version=kept.version)


_STEPS: dict[str, Callable[[Workbench, Campaign, str], Any]] = {
    "labels": lambda wb, campaign, _: ask(wb, campaign, letters=False),
    "letters": lambda wb, campaign, who: ask(wb, campaign, labels=who == "p1"),
    "make": lambda wb, _, __: make(wb),
    "stop": lambda wb, campaign, _: campaigns.stop(wb, campaign.campaign_id),
    "mailed": lambda wb, campaign, who: mailings.mark_mailed(
        wb, campaign.campaign_id, on=wb.today(), patient_ids=[who]
    ),
    "returned": _returned,
    "take back": lambda wb, campaign, who: mailings.take_back_returned(wb, campaign.campaign_id, patient_ids=[who]),
    "die": lambda wb, _, who: move(wb, who, status="deceased"),
    "move": lambda wb, _, who: move(wb, who, address1=f"{who[1:]} New Road", zip="62701", state="IL", city="Ash"),
    "gone": _gone,
    "again": _again,
    "delete": _delete,
    "save": _save,
    "day": lambda wb, _, __: None,
}


@drawn(
    daily=1,
    many=150,
    people=_PEOPLE,
    steps=st.lists(st.tuples(st.sampled_from(sorted(_STEPS)), st.integers(0, 7)), max_size=12),
    household=st.sampled_from(["yes", "no"]),
    order=st.sampled_from(["zip", "name"]),
)
def test_whatever_happens_everybody_has_one_result_and_at_most_one_letter(
    new_home: NewHome, people: list[dict[str, Any]], steps: list[tuple[str, int]], household: str, order: str
) -> None:
    wb, clock = new_home()
    ids = add_people(wb, people)
    campaign = letter_campaign(wb, ids, per_household=household, order=order)
    digests: dict[tuple[str, str, int], str] = {}
    for step, who in [*steps, ("letters", 0), ("make", 0)]:
        with suppress(CareloopError):
            _STEPS[step](wb, campaign, ids[who % len(ids)])
        clock.forward(days=1) if step == "day" else None
        assert reports.report(wb, campaign.campaign_id).ledger["count"].sum() == len(ids)
        for each in downloads.files(wb):
            key = (str(each.run_id), each.kind, each.part)
            assert digests.setdefault(key, each.digest) == each.digest, "made again the pages are the same"
    _check_letters(wb, campaign)


def _check_letters(wb: Workbench, campaign: Campaign) -> None:
    run = print_runs.run_of(wb, campaign.campaign_id)
    if run is None or run.state != "ready" or run.missing_file_count or not run.has_letters:
        return
    own = [each for each in run.files if each.kind == "letters"]
    pages = [page for each in own for page in words_of(downloads.content(wb, each.file_id).content)]
    has_one = [each for each, (state, _) in states(wb, campaign).items() if state in ("printed", "mailed", "returned")]
    assert (len(pages), len(has_one)) == (run.letter_count, run.patient_count)


@drawn(
    daily=1,
    many=200,
    people=_PEOPLE,
    days=st.integers(0, 20),
    written=st.integers(0, 4),
    left_out=st.sampled_from(["yes", "no"]),
)
def test_preflight_and_printing_agree_on_everyone(
    new_home: NewHome, people: list[dict[str, Any]], days: int, written: int, left_out: str
) -> None:
    wb, _ = new_home()
    ids = add_people(wb, people)
    for _number in range(written):
        before = letter_campaign(wb, ids[:1])
        with suppress(CareloopError):
            ask(wb, before)
            make(wb)
            mailings.mark_mailed(wb, before.campaign_id, on=wb.today())
    campaign = letter_campaign(wb, ids, leave_out_global=left_out)
    changes = {"start_on": wb.today() + timedelta(days)}
    campaign = campaigns.save(wb, campaign.campaign_id, changes, version=campaign.version)
    reach = preflight.of_campaign(wb, campaign, ids)
    with suppress(CareloopError):
        ask(wb, campaign)
    make(wb)
    found = states(wb, campaign)
    if not any(state == "printed" for state, _ in found.values()):
        return
    expected = {each: group.reason.key for group in reach.not_reached for each in group.patient_ids}
    assert {each: found[each] for each in expected} == {each: ("not_sent", why) for each, why in expected.items()}
    others = {reason for each, (_, reason) in found.items() if each not in expected}
    assert others <= {"", "no_glyph", "address_too_long", "missing_field:patient.full_name"}
