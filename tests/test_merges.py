"""Two ids become one in the database: who has which message of a campaign, and whose wishes count."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, update

from core import communications, merged_corrections, merges, opt_outs, reports
from core.domain.merge import of_two
from core.domain.message import STATES
from core.domain.role import MERGE
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts, schema
from core.store import merges as rows
from core.store.database import reading, writing
from core.store.merges import Merge
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients, states
from tests.postgres import bench, bench_by_day, postgres_folder  # noqa: F401 (fixtures)

PAIRS = [(merged, survivor) for merged in STATES for survivor in STATES]


@pytest.fixture
def clinic(wb: Workbench) -> Workbench:
    add_clinic(wb)
    return wb


def combine(wb: Workbench, **into: str) -> None:
    """Merges as a load keeps them: combine(wb, p1="p2")."""
    with writing(wb.engine) as connection:
        made = [Merge(merged, survivor, "feed", wb.today()) for merged, survivor in into.items()]
        known = rows.known(connection)
        led_on = {each: into[survivor] for each, survivor in known.items() if survivor in into}
        rows.keep(connection, made, led_on=led_on, at=wb.now(), by="ana")
        rows.follow(connection, into, at=wb.now())


def put(wb: Workbench, patient_id: str, campaign_id: str, **values: Any) -> None:
    with writing(wb.engine) as connection:
        mine = (schema.recipients.c.patient_id == patient_id) & (schema.recipients.c.campaign_id == campaign_id)
        connection.execute(update(schema.recipients).where(mine).values(**values))


def every(wb: Workbench, table: Table, *columns: str) -> list[tuple[Any, ...]]:
    with reading(wb.engine) as connection:
        return [tuple(row) for row in connection.execute(select(*(table.c[name] for name in columns)))]


def test_each_pair_of_states_of_one_campaign(bench: Workbench) -> None:  # noqa: F811
    add_clinic(bench)
    ids = add_patients(bench, 2 * len(PAIRS))
    add_campaign(bench, ids)
    pairs = list(zip(ids[::2], ids[1::2], PAIRS, strict=True))
    for merged, survivor, (a, b) in pairs:
        put(bench, merged, "c1", state=a)
        put(bench, survivor, "c1", state=b)

    combine(bench, **{merged: survivor for merged, survivor, _ in pairs})

    found = states(bench)
    assert len(found) == 2 * len(PAIRS)
    for merged, survivor, (a, b) in pairs:
        kept = of_two(a, b)
        mine, other = (a, b) if kept.swaps else (b, a)
        waits = (other, "") if other != "waiting" else ("not_sent", "merged")
        assert (found[survivor], found[merged]) == ((mine, ""), waits), (a, b)


def test_recipients_of_a_merged_id_alone_are_the_survivors(bench_by_day: Workbench) -> None:  # noqa: F811
    add_clinic(bench_by_day)
    add_patients(bench_by_day, 3)
    add_campaign(bench_by_day, ["p1", "p3"])

    combine(bench_by_day, p1="p2")

    assert states(bench_by_day) == {"p2": ("waiting", ""), "p3": ("waiting", "")}
    assert sorted(every(bench_by_day, schema.patients, "patient_id")) == [("p2",), ("p3",)]


@pytest.mark.parametrize("order", [["p1", "p2"], ["p2", "p1"]])
def test_of_three_records_of_one_person_one_message_counts(clinic: Workbench, order: list[str]) -> None:
    add_patients(clinic, 3)
    add_campaign(clinic, ["p1", "p2", "p3"])
    put(clinic, "p1", "c1", state="delivered")

    combine(clinic, **dict.fromkeys(order, "p3"))

    found = states(clinic)
    assert found["p3"] == ("delivered", "")
    assert sorted(found.values()) == [("delivered", ""), ("not_sent", "merged"), ("not_sent", "merged")]


def test_a_chain_over_two_loads_ends_with_the_last_survivor(clinic: Workbench) -> None:
    add_patients(clinic, 3)
    add_campaign(clinic, ["p1"])

    combine(clinic, p1="p2")
    combine(clinic, p2="p3")

    assert states(clinic) == {"p3": ("waiting", "")}
    assert merges.survivor(clinic, "p1") == "p3"
    assert [each.merged_id for each in merges.of_patient(clinic, "p3")] == ["p1", "p2"]


def test_opt_outs_of_either_id_count_for_the_survivor(bench_by_day: Workbench) -> None:  # noqa: F811
    wb = bench_by_day
    add_clinic(wb)
    add_patients(wb, 3)
    opt_outs.add(wb, "p1", "health_email", reason="Other")
    opt_outs.add(wb, "p2", "all_text", reason="Other")

    combine(wb, p1="p2")

    assert {each.type for each in opt_outs.of_patient(wb, "p2")} == {"health_email", "all_text"}


def test_what_is_the_survivors_own_correction_wins(clinic: Workbench) -> None:
    add_patients(clinic, 2)
    known = {"values": {}, "feed_values": {}, "reason": "", "made_at": clinic.now(), "made_by": "ana"}
    made = [("p1", "email"), ("p1", "mobile"), ("p2", "email")]
    with writing(clinic.engine) as connection:
        for patient_id, field in made:
            connection.execute(insert(schema.corrections).values(patient_id=patient_id, field=field, **known))
        merged_corrections.settle(connection, {"p1": "p2"}, {}, at=clinic.now(), by="ana")

    combine(clinic, p1="p2")

    assert every(clinic, schema.corrections, "patient_id", "field", "ended_how") == [
        ("p2", "email", "replaced"),
        ("p2", "mobile", ""),
        ("p2", "email", ""),
    ]


def test_every_table_that_names_a_patient_follows_a_merge() -> None:
    naming = {table.name for table in schema.metadata.tables.values() if "patient_id" in table.c}

    follows = {table.name for table in rows.FOLLOW} | {"recipients", "corrections"}
    made_by_a_load = {"patients", "open_gaps", "search_keys"}
    assert naming == follows | made_by_a_load | {"merges"}


def test_a_child_keeps_the_adult_who_answers_for_it(clinic: Workbench) -> None:
    add_patients(clinic, 2)
    add_patients(clinic, 1, start=3, guarantor_id="p1")

    combine(clinic, p1="p2")

    assert ("p3", "p2") in every(clinic, schema.patients, "patient_id", "guarantor_id")


def test_a_stop_link_in_a_mail_to_the_merged_id_stops_mails_to_the_survivor(clinic: Workbench) -> None:
    add_patients(clinic, 2)
    add_campaign(clinic, ["p1", "p2"])
    for patient_id in ("p1", "p2"):
        put(clinic, patient_id, "c1", state="handed_over", address=f"{patient_id}@example.org")
    combine(clinic, p1="p2")
    with reading(clinic.engine) as connection:
        mine = select(schema.recipients.c.recipient_id).where(schema.recipients.c.patient_id == "p1")
        recipient_id = connection.scalar(mine)
    assert recipient_id is not None

    with writing(clinic.engine) as connection:
        opt_outs.stop_by_complaint(clinic, connection, recipient_id)

    assert [each.patient_id for each in opt_outs.of_patient(clinic, "p2")] == ["p2"]


def test_reports_and_histories_of_both_messages_can_still_be_read(bench_by_day: Workbench) -> None:  # noqa: F811
    wb = bench_by_day
    add_clinic(wb)
    add_patients(wb, 2)
    add_campaign(wb, ["p1", "p2"])
    for patient_id in ("p1", "p2"):
        put(wb, patient_id, "c1", state="unknown")
    accounts.add_user(wb.engine, User("gil", "Gil", scope=Scope(groups=frozenset({"g1"}))), at=wb.now(), by="ana")
    combine(wb, p1="p2")

    for each in (wb, wb.as_user("gil")):
        found = reports.report(each, "c1")
        names = found.patients.select("patient_id", "name").rows()
        assert (names, found.progress.selected) == ([("p1", "Example, Ada"), ("p2", "Example, Ada")], 2)
        assert communications.history(each, "c1", "p1").state == "unknown"
        assert communications.unknown(each, "c1") == ["p1", "p2"]


# ---- by hand
def test_staff_make_two_records_one(bench_by_day: Workbench) -> None:  # noqa: F811
    wb = bench_by_day
    add_clinic(wb)
    add_patients(wb, 2)

    merges.merge(wb, "p1", into="p2")

    assert merges.survivor(wb, "p1") == "p2"
    assert every(wb, schema.merges, "merged_id", "patient_id", "source", "merged_on") == [
        ("p1", "p2", "staff", date(2026, 11, 24))
    ]
    with pytest.raises(NotFound):
        merges.merge(wb, "p1", into="p2")


def test_who_may_not_or_does_not_see_both_changes_nothing(clinic: Workbench) -> None:
    add_patients(clinic, 1)
    add_patients(clinic, 1, start=2, group=2)
    users = {
        "opi": User("opi", "Opi", roles=frozenset({"opt_out_clerk"})),
        "gil": User("gil", "Gil", scope=Scope(groups=frozenset({"g1"}))),
    }
    for user in users.values():
        accounts.add_user(clinic.engine, user, at=clinic.now(), by="ana")

    assert not clinic.as_user("opi").user.may(MERGE)
    with pytest.raises(NotAllowed, match="administrator"):
        merges.merge(clinic.as_user("opi"), "p1", into="p2")
    with pytest.raises(NotFound):
        merges.merge(clinic.as_user("gil"), "p1", into="p2")
    with pytest.raises(NotAllowed):
        merges.merge(clinic, "p1", into="p1")
    assert every(clinic, schema.merges, "merged_id") == []


def test_whose_an_id_has_become_is_not_told_to_who_may_not_see_it(clinic: Workbench) -> None:
    add_patients(clinic, 1)
    add_patients(clinic, 1, start=2, group=2)
    accounts.add_user(
        clinic.engine, User("gil", "Gil", scope=Scope(groups=frozenset({"g1"}))), at=clinic.now(), by="ana"
    )
    combine(clinic, p1="p2")

    assert merges.survivor(clinic.as_user("gil"), "p1") == "p1"
    with pytest.raises(NotFound):
        merges.of_patient(clinic.as_user("gil"), "p2")
