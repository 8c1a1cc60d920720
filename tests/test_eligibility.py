"""Who may be written to: one drawn table for the rule, and the live inputs from the database."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from core.domain.eligibility import REASONS, Contact, Mailing, age, eligibility, missing_field, sentence
from core.domain.opt_out import TYPES, OptOut
from core.store.contacts import BATCH, eligibility_inputs
from core.store.database import reading, writing
from core.store.schema import address_states, open_gaps, opt_outs, patients
from core.workbench import Workbench

TODAY = date(2026, 11, 24)
WELL = Contact(
    "p1",
    status="active",
    birth_date=date(1960, 5, 1),
    address="ada@example.org",
    open_gaps=frozenset({"scr-mammogram"}),
)
MAMMOGRAM = Mailing(purpose="care_gap", measures=frozenset({"scr-mammogram"}), protocols=frozenset({"Screening"}))


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
)


@settings(deadline=None)  # a busy machine is not a failure
@given(CONTACTS, st.sampled_from(["contact", "hold_out"]))
def test_every_answer_is_yes_or_a_reason_that_is_in_the_table(contact: Contact, arm: str) -> None:
    found = eligibility(contact, MAMMOGRAM, on=TODAY, arm=arm)

    assert found is None or REASONS[found.key] == found.sentence
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
    assert "appointment.date" in missing_field("appointment.date").sentence
    assert sentence("something_else") == "something else"


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


def inputs(wb: Workbench, *ids: str) -> dict[str, Contact]:
    with reading(wb.engine) as connection:
        return eligibility_inputs(connection, ids, channel="email", on=TODAY)


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


def test_only_overdue_and_out_of_range_gaps_are_open(wb: Workbench) -> None:
    add_patient(wb, "p1")
    states = {"scr-mammogram": "overdue", "dm-a1c-high": "out_of_range", "imm-flu": "due_soon"}
    with writing(wb.engine) as connection:
        for measure_id, state in states.items():
            connection.execute(insert(open_gaps).values(patient_id="p1", measure_id=measure_id, state=state))

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


def test_more_patients_than_fit_one_question_are_all_answered(wb: Workbench) -> None:
    ids = [f"p{number}" for number in range(BATCH + 7)]
    with writing(wb.engine) as connection:
        connection.execute(insert(patients), [{"patient_id": patient_id, "status": "active"} for patient_id in ids])

    assert list(inputs(wb, *ids)) == ids
