"""Who may be written to: one drawn table for the rule, and the live inputs from the database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from core.domain.eligibility import (
    REASONS,
    Contact,
    FrequencyCap,
    Mailing,
    Reason,
    age,
    missing_field,
    place,
    sentence,
)
from core.domain.eligibility import eligibility as _eligibility
from core.domain.merge_field import FIELDS
from core.domain.opt_out import TYPES, OptOut
from core.store.contacts import BATCH, eligibility_inputs
from core.store.database import reading, writing
from core.store.schema import address_states, open_gaps, opt_outs, patients, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_patients

TODAY = date(2026, 11, 24)
WELL = Contact(
    "p1",
    status="active",
    birth_date=date(1960, 5, 1),
    address="ada@example.org",
    open_gaps=frozenset({"scr-mammogram"}),
)
MAMMOGRAM = Mailing(purpose="care_gap", measures=frozenset({"scr-mammogram"}), protocols=frozenset({"Screening"}))


CHICAGO = ZoneInfo("America/Chicago")
CAP = FrequencyCap(per_day=1, per_week=3)


def eligibility(contact: Contact, mailing: Mailing, *, on: date, cap: FrequencyCap = CAP, **more: Any) -> Reason | None:
    """The rule with the cap that an organisation has unless it sets another."""
    return _eligibility(contact, mailing, on=on, cap=cap, **more)


def opted(kind: str, **more: Any) -> tuple[OptOut, ...]:
    return (OptOut(type=kind, starts_on=TODAY, **more),)


def test_an_active_patient_with_an_address_and_an_open_gap_may_be_written_to() -> None:
    assert eligibility(WELL, MAMMOGRAM, on=TODAY) is None


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"status": None}, "unknown_patient"),
        ({"status": "deceased"}, "deceased"),
        ({"is_deceased": True}, "deceased"),
        ({"status": "test"}, "test_patient"),
        ({"status": "inactive"}, "inactive"),
        ({"status": "moved away"}, "inactive"),
        ({"address": None}, "no_address"),
        ({"address": ""}, "no_address"),
        ({"address": "ada@example"}, "invalid_address"),
        ({"address": "ada@example.org, bob@example.org"}, "invalid_address"),
        ({"address": "ada@example.org\r\nBcc: x@example.org"}, "invalid_address"),
        ({"address": "ada@example.org\n"}, "invalid_address"),
        ({"birth_date": date(2010, 1, 1)}, "minor"),
        ({"birth_date": date(2010, 1, 1), "guarantor_address": "bob@example.org"}, "minor"),
        ({"birth_date": date(2010, 1, 1), "guarantor_address": "ada@example.org"}, None),
        ({"birth_date": None}, None),
        ({"opt_outs": opted("global")}, "opted_out:global"),
        ({"opt_outs": opted("health_email")}, "opted_out:health_email"),
        ({"opt_outs": opted("health_email") + opted("global")}, "opted_out:global"),
        ({"opt_outs": opted("protocol", protocol="screening")}, "opted_out:protocol"),
        ({"opt_outs": opted("protocol", protocol="Asthma")}, None),
        ({"opt_outs": opted("all_text")}, None),
        ({"opt_outs": opted("appt_email")}, None),
        ({"opt_outs": opted("a word of another system")}, "opted_out:global"),
        ({"consent": "no"}, "no_consent"),
        ({"consent": "yes"}, None),
        ({"is_bounced": True}, "bounced"),
        ({"open_gaps": frozenset({"imm-flu"})}, "gap_closed"),
        ({"contacted_on": (TODAY,)}, "contacted_today"),
        ({"contacted_on": (TODAY - timedelta(1),)}, None),
        ({"contacted_on": (TODAY - timedelta(1), TODAY - timedelta(2), TODAY - timedelta(6))}, "contacted_often:3"),
        ({"contacted_on": (TODAY - timedelta(1), TODAY - timedelta(2), TODAY - timedelta(7))}, None),
        ({"contacted_on": (TODAY + timedelta(1),) * 3}, None),
        ({"open_gaps": frozenset(), "contacted_on": (TODAY,)}, "gap_closed"),
    ],
)
def test_the_first_check_that_fails_is_the_reason(change: dict[str, Any], key: str | None) -> None:
    found = eligibility(replace(WELL, **change), MAMMOGRAM, on=TODAY)

    assert (found.key if found else None) == key


@pytest.mark.parametrize(
    "mailing",
    [
        replace(MAMMOGRAM, purpose="education"),
        replace(MAMMOGRAM, skip_closed_gaps=False),
        replace(MAMMOGRAM, measures=frozenset()),
        replace(MAMMOGRAM, measures=frozenset({"scr-mammogram", "imm-flu"})),
    ],
)
def test_a_closed_gap_stops_only_care_gap_campaigns_all_of_whose_gaps_are_closed(mailing: Mailing) -> None:
    one_open = replace(WELL, open_gaps=frozenset({"imm-flu"} if "imm-flu" in mailing.measures else ()))

    assert eligibility(one_open, mailing, on=TODAY) is None


def test_the_hold_out_is_asked_last_so_that_it_holds_only_patients_who_could_be_reached() -> None:
    assert (held := eligibility(WELL, MAMMOGRAM, on=TODAY, arm="hold_out")) and held.key == "hold_out"
    unreachable = eligibility(replace(WELL, address=None), MAMMOGRAM, on=TODAY, arm="hold_out")
    assert unreachable and unreachable.key == "no_address"


@pytest.mark.parametrize(
    ("cap", "key", "words"),
    [
        (FrequencyCap(per_day=2, per_week=3), None, ""),
        (FrequencyCap(per_day=1, per_week=2), "contacted_today", "the patient was written to today already"),
        (FrequencyCap(2, 2), "contacted_often:2", "the patient was written to twice in the last seven days"),
        (FrequencyCap(2, 1), "contacted_often:1", "the patient was written to once in the last seven days"),
    ],
)
def test_how_often_is_too_often_is_a_setting_and_the_sentence_says_it(
    cap: FrequencyCap, key: str | None, words: str
) -> None:
    found = eligibility(replace(WELL, contacted_on=(TODAY, TODAY - timedelta(3))), MAMMOGRAM, on=TODAY, cap=cap)

    assert (found.key if found else None, found.sentence if found else "") == (key, words)


def test_a_hold_out_who_was_written_to_today_could_not_have_been_reached() -> None:
    found = eligibility(replace(WELL, contacted_on=(TODAY,)), MAMMOGRAM, on=TODAY, arm="hold_out")

    assert found is not None and found.key == "contacted_today"


def test_a_reason_with_a_number_stands_where_its_check_does() -> None:
    assert place("contacted_today") < place("contacted_often:3") < place("hold_out") < place("something_else")


CONTACTS = st.builds(
    Contact,
    patient_id=st.just("p1"),
    status=st.sampled_from(["active", "inactive", "deceased", "test", None]),
    birth_date=st.none() | st.dates(date(1920, 1, 1), TODAY),
    is_deceased=st.booleans(),
    address=st.sampled_from([None, "ada@example.org", "not an address"]),
    consent=st.sampled_from(["yes", "no", None]),
    guarantor_address=st.sampled_from([None, "ada@example.org"]),
    opt_outs=st.lists(
        st.builds(
            OptOut,
            type=st.sampled_from(sorted(TYPES)),
            starts_on=st.dates(TODAY - timedelta(10), TODAY + timedelta(10)),
            until=st.none() | st.dates(TODAY - timedelta(10), TODAY + timedelta(10)),
            protocol=st.sampled_from([None, "Screening", "Asthma"]),
        ),
        max_size=3,
    ).map(tuple),
    is_bounced=st.booleans(),
    open_gaps=st.frozensets(st.sampled_from(["scr-mammogram", "imm-flu"])),
    contacted_on=st.lists(st.dates(TODAY - timedelta(8), TODAY), max_size=4).map(tuple),
)


@settings(deadline=None)  # a busy machine is not a failure
@given(CONTACTS, st.sampled_from(["contact", "hold_out"]))
def test_every_answer_is_yes_or_a_reason_that_is_in_the_table(contact: Contact, arm: str) -> None:
    found = eligibility(contact, MAMMOGRAM, on=TODAY, arm=arm)

    assert found is None or found.sentence == sentence(found.key)
    assert found is None or place(found.key) < len(REASONS)
    if found is None:
        assert contact.status == "active"
        assert contact.address == "ada@example.org"
        assert contact.consent != "no"


@settings(deadline=None)  # a busy machine is not a failure
@given(CONTACTS, st.sampled_from(sorted(TYPES)))
def test_one_more_opt_out_never_makes_somebody_reachable(contact: Contact, kind: str) -> None:
    more = replace(contact, opt_outs=(*contact.opt_outs, OptOut(type=kind, starts_on=TODAY)))

    if eligibility(contact, MAMMOGRAM, on=TODAY) is not None:
        assert eligibility(more, MAMMOGRAM, on=TODAY) is not None


def test_keys_fit_the_recipients_column_and_every_key_has_a_sentence() -> None:
    assert all(0 < len(key) <= 64 for key in REASONS)
    assert all("not on file" in missing_field(name).sentence for name, of in FIELDS.items() if of.source != "author")
    assert sentence("something_else") == "something else"
    assert sentence("contacted_often:9") == "the patient was written to 9 times in the last seven days"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            "missing_field:provider.name",
            "the message needs the patient's primary care provider, which is not on file",
        ),
        (
            "missing_field:gaps",
            "the message needs the patient's open care gaps that the campaign is about, which are not on file",
        ),
        ("missing_field:class_date", "the message needs 'class_date', which is not filled in"),
        ("missing_field:gone.field", "the message needs 'gone.field', which is not filled in"),
        ("gap_closed", "no care gap that the message is about is open"),
    ],
)
def test_a_reason_is_told_in_plain_words(key: str, words: str) -> None:
    assert sentence(key) == words


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(2008, 11, 24), date(2026, 11, 23), 17),
        (date(2008, 11, 24), date(2026, 11, 24), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_is_counted_in_full_years(born: date, on: date, years: int) -> None:
    assert age(born, on=on) == years


def add_patient(wb: Workbench, patient_id: str, **values: Any) -> None:
    with writing(wb.engine) as connection:
        connection.execute(insert(patients).values(patient_id=patient_id, status="active", **values))


def add_opt_out(wb: Workbench, **values: Any) -> None:
    row = {"type": "health_email", "starts_on": TODAY, "reason": "Privacy", "source": "staff", "made_by": "ana"}
    with writing(wb.engine) as connection:
        connection.execute(insert(opt_outs).values(**row, **values, made_at=wb.now()))


def inputs(wb: Workbench, *ids: str, campaign_id: str | None = None) -> dict[str, Contact]:
    with reading(wb.engine) as connection:
        return eligibility_inputs(
            connection, ids, channel="email", at=wb.now(), on=TODAY, zone=CHICAGO, campaign_id=campaign_id
        )


def test_an_id_that_is_not_in_the_records_is_unknown_and_the_order_is_kept(wb: Workbench) -> None:
    add_patient(wb, "p1", email="ada@example.org")

    found = inputs(wb, "gone", "p1")

    assert list(found) == ["gone", "p1"]
    assert [contact.status for contact in found.values()] == [None, "active"]


def test_an_opt_out_of_an_address_counts_for_everybody_who_shares_it(wb: Workbench) -> None:
    for patient_id, email in [("p1", "family@example.org"), ("p2", "Family@Example.org"), ("p3", "ada@example.org")]:
        add_patient(wb, patient_id, email=email)
    add_opt_out(wb, patient_id="p1", address="family@example.org")

    found = inputs(wb, "p1", "p2", "p3")

    assert [len(contact.opt_outs) for contact in found.values()] == [1, 1, 0]


def test_an_opt_out_of_a_patient_follows_the_patient_to_a_new_address(wb: Workbench) -> None:
    add_patient(wb, "p1", email="old@example.org")
    add_opt_out(wb, patient_id="p1", address="old@example.org")
    with writing(wb.engine) as connection:
        connection.execute(update(patients).values(email="new@example.org"))

    assert len(inputs(wb, "p1")["p1"].opt_outs) == 1


def test_a_removed_opt_out_does_not_count(wb: Workbench) -> None:
    add_patient(wb, "p1", email="ada@example.org")
    add_opt_out(wb, patient_id="p1", removed_at=wb.now(), removed_by="ana")

    assert inputs(wb, "p1")["p1"].opt_outs == ()


def test_a_recorded_death_stops_everything_whatever_its_date(wb: Workbench) -> None:
    add_patient(wb, "p1", email="ada@example.org", deceased_on=date(2027, 1, 9))  # a typing error in the year

    found = eligibility(inputs(wb, "p1")["p1"], Mailing(), on=TODAY)

    assert found is not None and found.key == "deceased"


def test_the_open_gaps_of_a_patient_are_found(wb: Workbench) -> None:
    add_patient(wb, "p1")
    with writing(wb.engine) as connection:
        connection.execute(insert(open_gaps).values(patient_id="p1", measures="dm-a1c-high scr-mammogram"))

    assert inputs(wb, "p1")["p1"].open_gaps == {"scr-mammogram", "dm-a1c-high"}


def test_a_bounced_address_is_found_whatever_its_case_in_the_records(wb: Workbench) -> None:
    add_patient(wb, "p1", email="Ada@example.org")
    with writing(wb.engine) as connection:
        connection.execute(
            insert(address_states).values(channel="email", address="ada@example.org", state="bounced", since=wb.now())
        )

    assert inputs(wb, "p1")["p1"].is_bounced


@pytest.mark.parametrize(
    ("guarantor", "may_write"),
    [
        ({"birth_date": date(1985, 1, 1)}, True),
        ({"birth_date": date(2009, 1, 1)}, False),
        ({"birth_date": date(1985, 1, 1), "deceased_on": date(2026, 1, 1)}, False),
        ({}, False),
    ],
)
def test_a_child_is_written_to_only_at_the_address_of_an_adult_who_answers_for_it(
    wb: Workbench, guarantor: dict[str, Any], may_write: bool
) -> None:
    add_patient(wb, "parent", email="parent@example.org", **guarantor)
    add_patient(wb, "child", email="parent@example.org", birth_date=date(2015, 1, 1), guarantor_id="parent")

    found = eligibility(inputs(wb, "child")["child"], Mailing(), on=TODAY)

    assert (found is None) == may_write


AT_NIGHT = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)  # Tuesday 22:30 in Chicago


@pytest.mark.parametrize(
    ("row", "days"),
    [
        ({"state": "handed_over", "handed_over_at": AT_NIGHT}, (TODAY,)),
        ({"state": "returned", "handed_over_at": AT_NIGHT}, (TODAY,)),
        ({"state": "handed_over", "handed_over_at": AT_NIGHT - timedelta(days=6)}, (TODAY - timedelta(6),)),
        ({"state": "handed_over", "handed_over_at": AT_NIGHT - timedelta(days=9)}, ()),
        ({"state": "unknown", "finished_at": AT_NIGHT}, (TODAY,)),
        ({"state": "claimed"}, (TODAY,)),
        ({"state": "waiting", "attempt_count": 2}, ()),
        ({"state": "unsuccessful", "finished_at": AT_NIGHT}, ()),
        ({"state": "not_sent", "arm": "hold_out", "finished_at": AT_NIGHT}, ()),
    ],
)
def test_only_messages_that_left_or_may_have_left_count_on_the_organisations_day(
    wb: Workbench, row: dict[str, Any], days: tuple[date, ...]
) -> None:
    add_patients(wb, 1)
    add_campaign(wb, [])
    with writing(wb.engine) as connection:
        connection.execute(insert(recipients).values(campaign_id="c1", patient_id="p1", **row))

    assert inputs(wb, "p1")["p1"].contacted_on == days
    assert inputs(wb, "p1", campaign_id="c1")["p1"].contacted_on == ()


def test_more_patients_than_fit_one_question_are_all_answered(wb: Workbench) -> None:
    ids = [f"p{number}" for number in range(BATCH + 7)]
    with writing(wb.engine) as connection:
        connection.execute(insert(patients), [{"patient_id": patient_id, "status": "active"} for patient_id in ids])

    assert list(inputs(wb, *ids)) == ids
