"""Who of a campaign is put into which arm, when, and that nobody changes it afterwards."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from core import campaigns, designs, new_campaigns
from core.domain.approval import content_digest
from core.domain.campaign import Message
from core.errors import NotAllowed
from core.store.database import reading, writing
from core.store.schema import audit, merges, open_gaps, patients, recipients
from core.workbench import Workbench
from tests.clinic import add_clinic, add_patients
from tests.designed import DELAYED, HOLD_OUT, activated, add_couples, arms, draft, people
from tests.letters import add_people as add_people_with_homes
from tests.letters import clinic_that_prints, letter_campaign, printed
from tests.letters import states as letter_states
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

TOMORROW = date(2026, 11, 25)


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    add_clinic(bench)
    return bench


def rows_of(wb: Workbench, campaign_id: str = "c1") -> list[Any]:
    with reading(wb.engine) as connection:
        question = select(recipients).where(recipients.c.campaign_id == campaign_id)
        return list(connection.execute(question.order_by(recipients.c.recipient_id)))


def test_activation_draws_the_arms_by_household_and_keeps_where_everybody_was_put(wb: Workbench) -> None:
    made = activated(wb, add_couples(wb, 20), **HOLD_OUT)

    found = rows_of(wb)
    assert made.allocated_at == wb.now()
    assert [one.household for one in found] == [min(f"p{n}", f"p{n + 1}") for n in range(1, 41, 2) for _ in "ab"]
    assert all(found[n].arm == found[n + 1].arm for n in range(0, 40, 2))
    assert {arm: len(ids) for arm, ids in people(wb).items()} == {"contact": 20, "hold_out": 20}
    assert {one.stratum for one in found} == {"dr1 · 1 gap"}
    with reading(wb.engine) as connection:
        line = connection.execute(select(audit).where(audit.c.action == "campaign.allocated")).one()
    assert line.details == {"design": "hold_out", "contact": 20, "hold_out": 20}


SHARED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # what two patients have in common: the one, the other
    ("household", {"household_id": "h1"}, {"household_id": "h1"}),
    ("email", {"email": "both@example.org"}, {"email": "both@example.org"}),
    ("mobile and home number", {"phone_mobile": "+13125550101"}, {"phone_home": "+13125550101"}),
    ("the parent's number", {"phone_mobile": "+13125550101"}, {"guarantor_id": "p90"}),
    ("whoever answers for them", {"guarantor_id": "p3"}, {}),
    (
        "home",
        {"address1": "12 Shore Road", "city": "Springfield", "zip": "62701"},
        {"address1": "12 SHORE RD.", "city": "Springfield", "zip": "62701"},
    ),
]


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in SHARED], ids=[row[0] for row in SHARED])
def test_whoever_shares_an_address_is_of_one_household(
    wb: Workbench, one: dict[str, Any], other: dict[str, Any]
) -> None:
    ids = add_patients(wb, 4, state="IL")
    add_patients(wb, 1, start=90, phone_mobile="+13125550101", state="IL")  # not in the campaign
    with writing(wb.engine) as connection:
        for each, own in (("p2", one), ("p3", other)):
            if own:
                connection.execute(update(patients).where(patients.c.patient_id == each).values(own))

    activated(wb, ids, **HOLD_OUT)

    assert [row.household for row in rows_of(wb)] == ["p1", "p2", "p2", "p4"]


def test_only_gaps_the_campaign_is_about_are_counted(wb: Workbench) -> None:
    ids = add_patients(wb, 12)
    with writing(wb.engine) as connection:
        connection.execute(update(open_gaps).values(measures="scr-mammogram eye-exam flu"))

    activated(wb, ids, **HOLD_OUT)

    assert {row.stratum for row in rows_of(wb)} == {"dr1 · 1 gap"}


def test_a_campaign_about_no_care_gap_leaves_nobody_out_for_nothing(wb: Workbench) -> None:
    campaign_id = draft(wb, add_patients(wb, 12), measures=(), purpose="announcement", **HOLD_OUT)

    with pytest.raises(NotAllowed, match="it could not be told whether it worked"):
        campaigns.activate(wb, campaign_id)


def test_an_id_that_was_merged_is_put_where_its_survivor_is(wb: Workbench) -> None:
    ids = add_patients(wb, 10)
    draft(wb, ids, **HOLD_OUT)
    with writing(wb.engine) as connection:
        row = {"merged_id": "p2", "patient_id": "p9", "source": "feed", "merged_on": TOMORROW}
        connection.execute(insert(merges), row | {"made_at": wb.now(), "made_by": "ana"})

    campaigns.activate(wb, "c1")

    found = {row.patient_id: row for row in rows_of(wb)}
    assert (
        (found["p2"].arm, found["p2"].household) == (found["p9"].arm, found["p9"].household) == (found["p9"].arm, "p9")
    )


@pytest.mark.parametrize("held_out", ["p2", "p9"])
def test_of_two_ids_that_became_one_held_out_counts(wb: Workbench, held_out: str) -> None:
    ids = add_patients(wb, 10)
    activated(wb, ids, **HOLD_OUT)
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(arm="contact"))
        connection.execute(update(recipients).where(recipients.c.patient_id == held_out).values(arm="hold_out"))
        reached = {"state": "delivered", "handed_over_at": wb.now()}
        connection.execute(update(recipients).where(recipients.c.patient_id == "p1").values(**reached))
        row = {"merged_id": "p2", "patient_id": "p9", "source": "feed", "merged_on": TOMORROW}
        connection.execute(insert(merges), row | {"made_at": wb.now(), "made_by": "ana"})
    campaigns.stop(wb, "c1")

    planned = new_campaigns.plan_copy(wb, "c1", ["p9"])
    assert planned.patient_ids == () and sum(planned.left_out.values()) == 1


def test_taken_back_nobody_has_an_arm_and_activated_again_everybody_has_the_same(wb: Workbench) -> None:
    activated(wb, add_couples(wb, 10), start_on=TOMORROW, **DELAYED)
    before = rows_of(wb)
    assert {row.next_at is not None for row in before if row.arm == "later"} == {True}

    taken_back = campaigns.inactivate(wb, "c1")
    between = rows_of(wb)
    campaigns.activate(wb, "c1")

    assert taken_back.allocated_at is None
    assert {(row.arm, row.stratum, row.household, row.next_at) for row in between} == {("contact", "", "", None)}
    assert rows_of(wb) == before


def test_an_edit_of_an_active_campaign_draws_anew_what_it_changes(wb: Workbench) -> None:
    active = activated(wb, add_couples(wb, 10), start_on=TOMORROW, **DELAYED)
    was = arms(wb)

    edited = campaigns.save(wb, "c1", {"start_on": date(2026, 11, 30)}, version=active.version)
    assert arms(wb) == was
    assert {row.next_at.isoformat() for row in rows_of(wb) if row.next_at} == {"2027-01-25T06:00:00+00:00"}

    everybody = {"design": "everyone", "holdout_share": 0, "delay_weeks": 0}
    edited = campaigns.save(wb, "c1", everybody, version=edited.version)
    assert edited.allocated_at is None
    assert {(row.arm, row.next_at) for row in rows_of(wb)} == {("contact", None)}


def test_nobody_changes_arm_once_somebody_was_decided_about(wb: Workbench) -> None:
    active = activated(wb, add_patients(wb, 20), start_on=TOMORROW, **HOLD_OUT)
    before = arms(wb)
    with writing(wb.engine) as connection:
        statement = update(recipients).where(recipients.c.patient_id == "p1")
        connection.execute(statement.values(state="not_sent", reason="no_address"))
        designs.draw(wb, connection, replace(active, seed=8))
        designs.undo(connection, active)

    assert arms(wb) == before


def test_a_campaign_stopped_before_it_began_has_held_nobody_out(wb: Workbench) -> None:
    activated(wb, add_patients(wb, 20), start_on=TOMORROW, **HOLD_OUT)
    campaigns.stop(wb, "c1")

    assert len(new_campaigns.plan_copy(wb, "c1").patient_ids) == 20


def test_a_copy_of_one_that_began_leaves_out_who_was_held_out_whatever_became_of_them(wb: Workbench) -> None:
    activated(wb, add_patients(wb, 20), **HOLD_OUT)
    held = sorted(people(wb)["hold_out"])
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(state="handed_over"))
        for each, state in zip(held, ["stopped", "not_sent", "hold_out"], strict=False):
            connection.execute(update(recipients).where(recipients.c.patient_id == each).values(state=state))
    campaigns.stop(wb, "c1")

    with pytest.raises(NotAllowed, match="Nobody would be in the copy"):
        new_campaigns.copy(wb, "c1")
    planned = new_campaigns.plan_copy(wb, "c1", list(arms(wb)))
    assert set(planned.patient_ids) == people(wb)["contact"]
    assert planned.left_out == {"were chosen at random not to be contacted": 10}


def test_a_campaign_activated_long_before_its_day_contacts_the_later_ones_weeks_after_that_day(wb: Workbench) -> None:
    start_on = wb.today() + timedelta(days=120)
    active = activated(wb, add_couples(wb, 10), start_on=start_on, **(DELAYED | {"delay_weeks": 4}))

    first = start_on + timedelta(weeks=4)
    assert active.later_on(wb.organisation()) == first
    waits = {row.next_at.astimezone(wb.zone()).date() for row in rows_of(wb) if row.arm == "later"}
    assert waits == {first}


# ---- other modes -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("design", [HOLD_OUT, DELAYED], ids=["held out", "delayed"])
def test_by_another_mode_the_same_patients_are_not_contacted_or_later(wb: Workbench, design: dict[str, Any]) -> None:
    activated(wb, add_couples(wb, 10), **design)
    with writing(wb.engine) as connection:  # since then somebody has no gap any more: the arms hold all the same
        connection.execute(open_gaps.delete().where(open_gaps.c.patient_id == "p1"))

    sister = new_campaigns.also_by(wb, "c1", "check-up-reminder-text")
    active = campaigns.activate(wb, sister)

    assert active.design == design["design"]
    assert arms(wb, sister) == arms(wb)
    first = [row.next_at for row in rows_of(wb) if row.next_at]
    assert all(row.next_at >= max(first) for row in rows_of(wb, sister) if row.arm == "later")


def test_a_mode_that_would_contact_who_is_held_out_by_another_is_not_activated(wb: Workbench) -> None:
    activated(wb, add_couples(wb, 10), **HOLD_OUT)
    sister = new_campaigns.also_by(wb, "c1", "check-up-reminder-text")
    kept = campaigns.save(wb, sister, {"design": "everyone", "holdout_share": 0}, version=1)

    with pytest.raises(NotAllowed, match="choose the same here"):
        campaigns.activate(wb, sister)
    assert campaigns.problems_of(wb, replace(kept, **HOLD_OUT)).get("design") is None


def test_nobody_is_held_out_of_a_mode_while_another_that_contacts_everybody_is_under_way(wb: Workbench) -> None:
    activated(wb, add_couples(wb, 10))
    sister = new_campaigns.also_by(wb, "c1", "check-up-reminder-text")
    campaigns.save(wb, sister, HOLD_OUT, version=1)

    with pytest.raises(NotAllowed, match="choose the same here"):
        campaigns.activate(wb, sister)


# ---- letters ---------------------------------------------------------------------------------------------------------
def test_of_letters_the_arms_are_drawn_when_they_are_planned_and_nobody_held_out_gets_one(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    shared = {"address1": "1 Shore Road"}
    ids = add_people_with_homes(bench, [shared, shared, *({} for _ in range(14))])
    made = letter_campaign(bench, ids)
    about = {"measures": ("scr-mammogram",), "skip_closed_gaps": False}
    campaigns.save(bench, made.campaign_id, HOLD_OUT | about, version=made.version)

    run = printed(bench, made)

    held = people(bench, made.campaign_id)["hold_out"]
    states = letter_states(bench, made)
    assert len(held) in (7, 8, 9) and {"p1", "p2"} & held in ({"p1", "p2"}, set())
    assert {each for each, state in states.items() if state == ("hold_out", "hold_out")} == held
    assert {state for each, (state, _) in states.items() if each not in held} == {"printed"}
    assert run.letter_count == 16 - len(held) or {"p1", "p2"} & held == set()


# ---- what is foreseen ------------------------------------------------------------------------------------------------
def test_what_is_foreseen_of_a_draft_is_what_activation_draws(wb: Workbench) -> None:
    draft(wb, add_couples(wb, 30), **HOLD_OUT)

    shown = designs.foreseen(wb, campaigns.campaign(wb, "c1"), base=0.2, wanted=0.05)
    campaigns.activate(wb, "c1")

    assert shown.patients == {arm: len(ids) for arm, ids in people(wb).items()}
    assert (shown.households, shown.design_effect) == ({"contact": 15, "hold_out": 15}, 1.5)


def test_version_b_is_checked_like_version_a(wb: Workbench) -> None:
    two = {"design": "ab", "holdout_share": 50}
    draft(
        wb, add_patients(wb, 4), **two, variant={"en": Message("Hello", "<p>Please call {{ call_back_number }}.</p>")}
    )
    kept = campaigns.campaign(wb, "c1")
    assert campaigns.problems_of(wb, kept).get("variant") is None

    for message, problem in (
        (Message("Hello", "<p>{{ patient.nonsense }}</p>"), "In version B's body"),
        (Message("Your mammogram", "<p>Please call {{ call_back_number }}.</p>"), "Version B: "),
        (Message("", "<p>Please call {{ call_back_number }}.</p>"), "Version B: The subject is missing"),
    ):
        broken = replace(kept, variant={"en": message})
        assert problem in campaigns.problems_of(wb, broken)["variant"]


def test_nobody_may_draw_twice_what_an_approval_has_seen(wb: Workbench) -> None:
    draft(wb, add_patients(wb, 4), **HOLD_OUT)
    kept = campaigns.campaign(wb, "c1")
    digests = {content_digest(each, [1], {}) for each in (kept, replace(kept, seed=8), replace(kept, holdout_share=20))}
    assert len(digests) == 3
    plain = replace(kept, design="everyone")
    assert content_digest(plain, [1], {}) == content_digest(replace(plain, seed=8), [1], {})
