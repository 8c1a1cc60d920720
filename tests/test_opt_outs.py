"""Opt-outs: what each type stops and for how long, and what staff may do with them."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from core import opt_outs
from core.domain.opt_out import PRODUCTS, TYPES, OptOut, covers, last_day
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import audit, patients
from core.workbench import Workbench

TODAY = date(2026, 11, 24)
CHANNELS = ("email", "text", "phone", "letter")
ALL = ("campaign", "health_reminder", "appointment_reminder")
HEALTH = ("campaign", "health_reminder")

# type, products, channels, durations: as the rule has it
TABLE = [
    ("global", ALL, ("email", "text", "phone"), ("permanent",)),
    ("health_phone", HEALTH, ("phone",), ("until", "days")),
    ("health_email", HEALTH, ("email",), ("permanent", "until", "days")),
    ("health_text", HEALTH, ("text",), ("permanent", "until", "days")),
    ("protocol", HEALTH, ("phone", "text", "email"), ("permanent", "until", "days")),
    ("all_text", ALL, ("text",), ("permanent", "until", "days")),
    ("appt_email", ("appointment_reminder",), ("email",), ("permanent", "until", "days")),
    ("appt_text", ("appointment_reminder",), ("text",), ("permanent", "until", "days")),
    ("appt_phone", ("appointment_reminder",), ("phone",), ("permanent", "until", "days")),
    ("do_not_call", ALL, ("phone",), ("permanent",)),
]


@pytest.mark.parametrize(("key", "products", "channels", "durations"), TABLE)
def test_each_type_stops_its_products_by_its_channels_and_nothing_else(
    key: str, products: tuple[str, ...], channels: tuple[str, ...], durations: tuple[str, ...]
) -> None:
    opt_out = OptOut(type=key, starts_on=TODAY, protocol="Diabetes" if key == "protocol" else None)

    stopped = {
        (what, how)
        for what, how in product(PRODUCTS, CHANNELS)
        if covers(opt_out, product=what, channel=how, on=TODAY, protocols={"Diabetes"})
    }

    assert stopped == set(product(products, channels))
    assert TYPES[key].durations == durations
    assert TYPES[key].reasons


def test_the_table_is_complete() -> None:
    assert set(TYPES) == {row[0] for row in TABLE}


def test_letters_go_on_whatever_was_opted_out_of() -> None:
    for key in TYPES:
        opt_out = OptOut(type=key, starts_on=TODAY, protocol="x")
        assert not covers(opt_out, product="campaign", channel="letter", on=TODAY, protocols={"x"})


@pytest.mark.parametrize(
    ("protocols", "is_covered"),
    [({"Diabetes"}, True), ({"diabetes", "Asthma"}, True), ({"Asthma"}, False), (set(), False), ({""}, False)],
)
def test_a_topic_stops_the_campaigns_that_are_tagged_with_it(protocols: set[str], is_covered: bool) -> None:
    opt_out = OptOut(type="protocol", starts_on=TODAY, protocol="Diabetes")

    assert covers(opt_out, product="campaign", channel="email", on=TODAY, protocols=protocols) == is_covered


@pytest.mark.parametrize(
    ("duration", "more", "last"),
    [
        ("permanent", {}, None),
        ("until", {"until": TODAY}, TODAY),
        ("until", {"until": date(2026, 12, 31)}, date(2026, 12, 31)),
        ("days", {"days": 1}, TODAY),
        ("days", {"days": 30}, date(2026, 12, 23)),
    ],
)
def test_a_date_counts_through_that_day_and_days_are_today_and_the_next(
    duration: str, more: dict[str, Any], last: date | None
) -> None:
    until = last_day("health_email", on=TODAY, duration=duration, **more)
    opt_out = OptOut(type="health_email", starts_on=TODAY, until=until)

    def counts(on: date) -> bool:
        return covers(opt_out, product="campaign", channel="email", on=on)

    assert until == last
    assert counts(TODAY) and not counts(TODAY - timedelta(1))
    assert counts(last or date(2099, 1, 1))
    assert last is None or not counts(last + timedelta(1))


@settings(deadline=None)  # a busy machine is not a failure
@given(st.integers(1, 3650), st.dates(date(2000, 1, 1), date(2060, 1, 1)))
def test_n_days_are_n_days(days: int, on: date) -> None:
    until = last_day("health_phone", on=on, duration="days", days=days)
    opt_out = OptOut(type="health_phone", starts_on=on, until=until)
    span = [on + timedelta(offset) for offset in range(-2, days + 3)]

    assert sum(covers(opt_out, product="campaign", channel="phone", on=day) for day in span) == days


@pytest.mark.parametrize(
    ("key", "duration", "more"),
    [
        ("global", "until", {"until": TODAY}),
        ("global", "days", {"days": 3}),
        ("health_phone", "permanent", {}),
        ("health_email", "for ever", {}),
        ("health_email", "until", {}),
        ("health_email", "until", {"until": TODAY - timedelta(1)}),
        ("health_email", "days", {}),
        ("health_email", "days", {"days": 0}),
        ("health_email", "days", {"days": 10**9}),
    ],
)
def test_a_duration_the_type_does_not_have_is_refused(key: str, duration: str, more: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        last_day(key, on=TODAY, duration=duration, **more)


@pytest.fixture
def clinic(wb: Workbench) -> Iterator[Workbench]:
    """Two patients of group g1 who share an address, one of g2 with its own."""
    people = [("p1", "g1", "family@example.org"), ("p2", "g1", "family@example.org"), ("p3", "g2", "eve@example.org")]
    with writing(wb.engine) as connection:
        for patient_id, group_id, email in people:
            connection.execute(
                insert(patients).values(
                    patient_id=patient_id, status="active", group_id=group_id, email=email, phone_mobile="+15550100111"
                )
            )
    limited = User("gus", "Gus", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(wb.engine, limited, at=wb.now(), by="command-line")
    yield wb


def test_staff_record_an_opt_out_with_reason_and_comment(clinic: Workbench) -> None:
    opt_out_id = opt_outs.add(
        clinic, "p1", "health_text", reason="Privacy", duration="days", days=7, comment=" asked on the phone "
    )

    [found] = opt_outs.of_patient(clinic, "p1")
    assert found == OptOut(
        type="health_text", starts_on=TODAY, until=date(2026, 11, 30), patient_id="p1", opt_out_id=opt_out_id,
        reason="Privacy", comment="asked on the phone", source="staff", made_at=clinic.now(), made_by="ana",
    )  # fmt: skip
    assert opt_outs.of_patient(clinic, "p2") == []


def test_with_the_address_it_counts_for_everybody_who_shares_it(clinic: Workbench) -> None:
    opt_outs.add(clinic, "p1", "health_email", reason="Privacy", also_for=["email"])

    counts = {patient_id: len(opt_outs.of_patient(clinic, patient_id)) for patient_id in ("p1", "p2", "p3")}
    assert counts == {"p1": 1, "p2": 1, "p3": 0}


def test_the_same_opt_out_twice_is_one_and_another_one_is_another(clinic: Workbench) -> None:
    first = opt_outs.add(clinic, "p1", "health_email", reason="Privacy")

    assert opt_outs.add(clinic, "p1", "health_email", reason="Other") == first
    assert opt_outs.add(clinic, "p1", "health_email", reason="Privacy", duration="days", days=3) != first
    assert opt_outs.add(clinic, "p1", "protocol", protocol="Diabetes", reason="Privacy") != first
    assert opt_outs.add(clinic, "p1", "protocol", protocol="Asthma", reason="Privacy") != first
    assert len(opt_outs.of_patient(clinic, "p1")) == 4


def test_removing_keeps_the_row_and_counts_once(clinic: Workbench) -> None:
    first = opt_outs.add(clinic, "p1", "health_email", reason="Privacy")
    second = opt_outs.add(clinic, "p1", "global", reason="Complaint")

    assert opt_outs.remove(clinic, [first, second]) == 2
    assert opt_outs.remove(clinic, [first, second, 999]) == 0
    assert opt_outs.of_patient(clinic, "p1") == []


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("no such type", {"reason": "Privacy"}),
        ("health_email", {"reason": "  "}),
        ("protocol", {"reason": "Privacy"}),
        ("global", {"reason": "Privacy", "duration": "days", "days": 3}),
        ("health_email", {"reason": "Privacy", "comment": "x" * 2001}),
    ],
)
def test_what_does_not_fit_together_is_refused(clinic: Workbench, key: str, more: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        opt_outs.add(clinic, "p1", key, **more)


def test_a_user_sees_and_changes_only_patients_within_the_scope(clinic: Workbench) -> None:
    theirs = opt_outs.add(clinic, "p3", "health_email", reason="Privacy")
    gus = clinic.as_user("gus")

    for act in (
        lambda: opt_outs.add(gus, "p3", "global", reason="Complaint"),
        lambda: opt_outs.of_patient(gus, "p3"),
        lambda: opt_outs.remove(gus, [theirs]),
    ):
        with pytest.raises(NotFound):
            act()
    assert opt_outs.add(gus, "p1", "global", reason="Complaint") != theirs


def test_every_change_is_in_the_audit_log(clinic: Workbench) -> None:
    opt_out_id = opt_outs.add(clinic, "p1", "health_email", reason="Privacy")
    opt_outs.remove(clinic, [opt_out_id])

    with reading(clinic.engine) as connection:
        rows = connection.execute(select(audit).where(audit.c.action.like("opt_out.%")).order_by(audit.c.audit_id))
        lines = [(row.action, row.subject, row.user_id, row.details) for row in rows]
    assert lines == [
        ("opt_out.added", str(opt_out_id), "ana", {"type": "health_email", "source": "staff", "addresses": 0}),
        ("opt_out.removed", str(opt_out_id), "ana", {"type": "health_email", "source": "staff", "how": "staff"}),
    ]
