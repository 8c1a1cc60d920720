"""Campaigns by several modes for the same patients: one draw of arms holds for all, whichever comes first."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core import campaigns, designs, dispatcher, effects, new_campaigns
from core.domain.campaign import Message
from core.domain.user import Scope, User
from core.errors import NotAllowed
from core.store import outcome_rows
from core.store.database import reading, writing
from core.store.schema import patients, recipients
from core.workbench import Workbench
from tests.clinic import add_patients, clinic_that_sends
from tests.conftest import Clock
from tests.designed import DELAYED, HOLD_OUT, activated, add_couples, arms, draft, people
from tests.followed import SENT, followed
from tests.letters import BODY, ask, clinic_that_prints, letter_campaign, make, printed, run_of
from tests.letters import add_people as add_people_with_homes
from tests.letters import states as letter_states
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

pytestmark = pytest.mark.long

TEXT = "check-up-reminder-text"
EVERYONE: dict[str, Any] = {"design": "everyone", "holdout_share": 0, "delay_weeks": 0}


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def limited(wb: Workbench) -> Workbench:
    """Whoever may see and activate for the first group alone."""
    return replace(wb, user=User("lim", "Lim", roles=frozenset({"approver"}), scope=Scope(groups=frozenset({"g1"}))))


def in_days(wb: Workbench, days: int) -> dict[str, Any]:
    return {"start_on": wb.today() + timedelta(days=days)}


# ---- when the arms were drawn ----------------------------------------------------------------------------------------
def test_arms_that_a_sister_takes_were_allocated_when_they_were_drawn(wb: Workbench, clock: Clock) -> None:
    first = activated(wb, add_couples(wb, 10), **HOLD_OUT)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    clock.forward(days=60)
    kept = campaigns.save(wb, sister, in_days(wb, 0), version=1)

    active = campaigns.activate(wb, sister, version=kept.version)

    assert first.allocated_at is not None and active.allocated_at == first.allocated_at
    assert arms(wb, sister) == arms(wb)


@pytest.mark.parametrize("design", [HOLD_OUT, {"design": "everyone"}], ids=["with arms", "without"])
def test_what_became_of_a_sister_is_counted_from_the_first_start_date_of_those_with_its_arms(
    wb: Workbench, clock: Clock, design: dict[str, Any]
) -> None:
    first = activated(wb, add_couples(wb, 10), **design)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    clock.forward(days=60)
    campaigns.save(wb, sister, in_days(wb, 0), version=1)
    own = campaigns.activate(wb, sister).start_on

    with reading(wb.engine) as connection:
        found = {each.campaign_id: each.start_on for each in outcome_rows.due(connection, "another")}

    assert found == {"c1": first.start_on, sister: first.start_on if design == HOLD_OUT else own}


def test_a_comparison_ends_when_the_first_of_a_family_contacts_who_comes_later(wb: Workbench, clock: Clock) -> None:
    first = activated(wb, add_couples(wb, 10), **DELAYED)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    clock.forward(days=40)
    campaigns.save(wb, sister, in_days(wb, 0), version=1)
    active = campaigns.activate(wb, sister)
    days = {each.channel: each.later_on(wb.organisation()).isoformat() for each in (first, active)}
    assert days == {"email": "2027-01-19", "text": "2027-03-01"}

    with reading(wb.engine) as connection:
        weeks = {
            since: designs.weeks_compared(wb, connection, active, since=wb.today() - timedelta(days=since))
            for since in (40, 0, -30)
        }

    assert weeks == {40: 8, 0: 2, -30: 0}  # 19 January is 56 days after the arms were drawn, and 16 from today


def test_a_lead_that_was_stopped_before_its_later_day_ends_no_comparison_of_its_sister(
    wb: Workbench, clock: Clock
) -> None:
    activated(wb, add_couples(wb, 10), **DELAYED)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    clock.forward(days=1)
    active = campaigns.activate(wb, sister)
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(attempt_count=1))
    campaigns.stop(wb, "c1")

    with reading(wb.engine) as connection:
        assert designs.weeks_compared(wb, connection, active, since=wb.today()) == active.delay_weeks


def test_the_effect_of_a_sister_is_shown_for_no_longer_than_nobody_of_the_later_arm_is_contacted(
    wb: Workbench,
) -> None:
    activated(wb, add_couples(wb, 10), **DELAYED)
    sister = campaigns.activate(wb, new_campaigns.also_by(wb, "c1", TEXT)).campaign_id
    first_on = campaigns.campaign(wb, "c1").later_on(wb.organisation())
    followed(wb, {}, campaign_id=sister, start_on=SENT, delay_weeks=40)
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).where(recipients.c.patient_id == "p1").values(arm="later"))

    found = effects.effect(wb, sister)

    assert found is not None
    assert found.plan.delay_weeks == (first_on - SENT).days // 7 == 33


def test_sisters_contact_those_who_come_later_each_on_a_day_of_its_own(
    wb: Workbench, clock: Clock, server: Recorder
) -> None:
    first = activated(wb, add_couples(wb, 10), **DELAYED).later_on(wb.organisation())
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.save(wb, sister, DELAYED | {"delay_weeks": 12}, version=1)
    second = campaigns.activate(wb, sister)
    dispatcher.drain(wb)

    clock.forward(days=(first - wb.today()).days)
    dispatcher.drain(wb)

    assert wb.today() < second.later_on(wb.organisation())
    assert people(wb)["later"] <= {address.partition("@")[0] for address, _ in server.mails}


def test_the_first_mode_can_be_edited_and_activated_again_whatever_later_day_a_sister_has(wb: Workbench) -> None:
    draft(wb, add_couples(wb, 10), **in_days(wb, 3), **DELAYED)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.save(wb, sister, in_days(wb, 10), version=1)
    campaigns.activate(wb, "c1")
    campaigns.activate(wb, sister)

    kept = campaigns.save(wb, "c1", {"description": "typo"}, version=campaigns.campaign(wb, "c1").version)
    campaigns.inactivate(wb, "c1", version=kept.version)
    assert campaigns.activate(wb, "c1").status == "active"

    campaigns.inactivate(wb, sister)
    campaigns.save(wb, sister, {"delay_weeks": 1}, version=campaigns.campaign(wb, sister).version)
    with pytest.raises(NotAllowed, match="those of the same patients who come later are contacted from"):
        campaigns.activate(wb, sister)


def test_the_outlook_of_a_sister_is_for_the_days_that_its_report_will_compare(wb: Workbench) -> None:
    """The first mode began long before the sister and contacts the later ones on the day after the sister starts."""
    first = activated(wb, add_couples(wb, 30), **DELAYED)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    kept = campaigns.save(wb, sister, in_days(wb, 55) | {"delay_weeks": 3}, version=1)
    foreseen = designs.foreseen(wb, kept, base=0.3, wanted=0.05)

    active = campaigns.activate(wb, sister)

    with reading(wb.engine) as connection:
        assert designs.weeks_compared(wb, connection, active, since=first.start_on) == 8
    assert foreseen.days == designs.foreseen(wb, active, base=0.3, wanted=0.05).days == 56


# ---- who is drawn ----------------------------------------------------------------------------------------------------
def test_who_was_not_in_the_sister_that_was_activated_first_is_drawn_too(wb: Workbench) -> None:
    ids = add_patients(wb, 20) + add_patients(wb, 20, start=21, group=2)
    with writing(wb.engine) as connection:  # p20 of the first group and p21 of the second live together
        connection.execute(update(patients).where(patients.c.patient_id.in_(["p20", "p21"])).values(household_id="h"))
    draft(wb, ids, **in_days(wb, 2), **HOLD_OUT)
    sister = new_campaigns.also_by(limited(wb), "c1", TEXT)
    first = campaigns.activate(limited(wb), sister)

    lead = campaigns.activate(wb, "c1")

    found = arms(wb)
    assert {each: found[each] for each in ids[:20]} == arms(wb, sister)
    assert Counter(found[each] for each in ids[21:]) in ({"contact": 10, "hold_out": 9}, {"contact": 9, "hold_out": 10})
    assert found["p21"] == found["p20"]
    assert lead.allocated_at == first.allocated_at
    with reading(wb.engine) as connection:
        strata = dict(connection.execute(select(recipients.c.patient_id, recipients.c.stratum)).all())
    assert (strata["p21"], strata["p22"]) == ("dr1 · 1 gap", "dr2 · 1 gap")


def test_what_is_foreseen_of_a_sister_counts_its_own_patients(wb: Workbench) -> None:
    activated(wb, add_patients(wb, 20) + add_patients(wb, 20, start=21, group=2), **HOLD_OUT)
    sister = new_campaigns.also_by(limited(wb), "c1", TEXT)

    shown = designs.foreseen(wb, campaigns.campaign(wb, sister), base=0.2, wanted=0.1)

    assert sum(shown.patients.values()) == 20


# ---- what is refused -------------------------------------------------------------------------------------------------
def test_once_a_sister_has_the_arms_nobody_changes_their_share(wb: Workbench) -> None:
    draft(wb, add_couples(wb, 10), **in_days(wb, 3), **HOLD_OUT)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    lead = campaigns.activate(wb, "c1")
    campaigns.activate(wb, sister)

    with pytest.raises(NotAllowed, match="choose 50 % instead of 5 %"):
        campaigns.save(wb, "c1", {"holdout_share": 5}, version=lead.version)
    with pytest.raises(NotAllowed, match="choose the same here"):
        campaigns.save(wb, "c1", EVERYONE, version=lead.version)

    campaigns.inactivate(wb, sister)
    campaigns.save(wb, "c1", {"holdout_share": 20}, version=lead.version)
    assert len(people(wb)["hold_out"]) == 4


@pytest.mark.parametrize("design", [HOLD_OUT, DELAYED], ids=["held out", "delayed"])
def test_nobody_is_held_out_any_more_once_a_sister_contacted_everybody(wb: Workbench, design: dict[str, Any]) -> None:
    draft(wb, add_couples(wb, 10))
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.activate(wb, "c1")
    dispatcher.drain(wb)
    assert campaigns.campaign(wb, "c1").status == "completed"
    kept = campaigns.save(wb, sister, design, version=1)

    with pytest.raises(NotAllowed, match="By email some of these patients were contacted already"):
        campaigns.activate(wb, sister)
    campaigns.delete(wb, "c1", version=campaigns.campaign(wb, "c1").version)
    with pytest.raises(NotAllowed, match="contacted already"):
        campaigns.activate(wb, sister)
    campaigns.save(wb, sister, EVERYONE, version=kept.version)
    assert campaigns.activate(wb, sister).status == "active"


def test_nobody_is_held_out_any_more_once_a_copy_of_a_sister_contacted_some(wb: Workbench) -> None:
    draft(wb, add_couples(wb, 10))
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    made = new_campaigns.copy(wb, "c1")
    campaigns.save(wb, made, in_days(wb, 0), version=1)
    campaigns.activate(wb, made)
    dispatcher.drain(wb)
    campaigns.save(wb, sister, HOLD_OUT, version=1)

    assert "contacted already" in campaigns.problems_of(wb, campaigns.campaign(wb, sister))["design"]


def test_a_sister_that_was_only_a_draft_keeps_nobody_from_a_design(wb: Workbench) -> None:
    draft(wb, add_couples(wb, 10))
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    campaigns.save(wb, sister, HOLD_OUT, version=1)

    assert campaigns.activate(wb, sister).design == "hold_out"


def test_of_two_sisters_activated_at_once_only_one_is_when_their_designs_do_not_fit(
    wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked before the transaction has not seen the other one yet."""
    draft(wb, add_couples(wb, 10), **HOLD_OUT)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.save(wb, sister, EVERYONE, version=1)
    monkeypatch.setattr(campaigns, "problems_of", lambda *_, **__: {})
    campaigns.activate(wb, "c1")

    with pytest.raises(NotAllowed, match="choose the same here"):
        campaigns.activate(wb, sister)

    assert campaigns.campaign(wb, sister).status == "inactive"


# ---- arms in which nobody would be -----------------------------------------------------------------------------------
def test_a_campaign_for_one_household_has_no_arms(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    draft(wb, add_patients(wb, 3, phone_home="+13125550199"), **HOLD_OUT)

    assert "3 patients of one household" in campaigns.problems_of(wb, campaigns.campaign(wb, "c1"))["design"]
    monkeypatch.setattr(campaigns, "problems_of", lambda *_, **__: {})
    with pytest.raises(NotAllowed, match="3 patients of one household"):
        campaigns.activate(wb, "c1")


def test_how_many_are_in_an_arm_is_told_only_to_who_sees_all_of_them(wb: Workbench) -> None:
    few = add_couples(wb, 4) + add_patients(wb, 2, start=500, group=2)
    draft(wb, few, measures=["scr-mammogram"], work_list={"definition": None, "selected": 10})
    scientist = replace(wb, user=User("ds", "Ds", roles=frozenset({"data_scientist"})))
    wanted = replace(campaigns.campaign(wb, "c1"), design="hold_out", holdout_share=5)

    said = {each.user.name: campaigns.problems_of(each, wanted).get("design", "") for each in (limited(wb), scientist)}

    assert "10 patients of 6 households" in campaigns.problems_of(wb, wanted)["design"]
    assert said == {"Lim": "", "Ds": ""}
    assert campaigns.campaign(scientist, "c1").work_list == {"definition": None}


def test_a_sister_with_patients_of_one_arm_alone_goes_out(wb: Workbench) -> None:
    activated(wb, add_patients(wb, 2) + add_patients(wb, 20, start=3, group=2), **HOLD_OUT)
    with writing(wb.engine) as connection:  # the two of the first group are both contacted
        connection.execute(update(recipients).where(recipients.c.patient_id.in_(["p1", "p2"])).values(arm="contact"))
    sister = new_campaigns.also_by(limited(wb), "c1", TEXT)

    assert campaigns.activate(limited(wb), sister).status == "active"


# ---- letters ---------------------------------------------------------------------------------------------------------
def test_a_deleted_draft_of_letters_of_which_only_labels_were_printed_holds_nobody_out(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    made = letter_campaign(bench, add_people_with_homes(bench, [{} for _ in range(12)]))
    about = {"measures": ("scr-mammogram",), "skip_closed_gaps": False}
    campaigns.save(bench, made.campaign_id, HOLD_OUT | about, version=made.version)
    sister = new_campaigns.also_by(bench, made.campaign_id, TEXT)
    printed(bench, campaigns.campaign(bench, made.campaign_id), letters=False)
    assert people(bench, made.campaign_id)["hold_out"]

    version = campaigns.campaign(bench, made.campaign_id).version
    campaigns.delete(bench, made.campaign_id, version=version)

    assert not people(bench, made.campaign_id)["hold_out"]
    assert campaigns.campaign(bench, sister).design == "hold_out"


def test_the_letter_of_a_delayed_campaign_is_printed_for_who_is_contacted_now_and_copied_for_the_others_on_their_day(
    bench: Workbench,  # noqa: F811
    clock: Clock,
) -> None:
    clinic_that_prints(bench)
    emailed = {"state": "IL", "email": "ada@example.org"}
    ids = add_people_with_homes(bench, [emailed | {"email": f"ada{n}@example.org"} for n in range(24)])
    activated(bench, ids, **DELAYED)
    letter = campaigns.campaign(bench, new_campaigns.also_by(bench, "c1", "ad-hoc-letter"))
    assert (letter.design, letter.holdout_share) == ("delayed", 50)
    assert "design" not in campaigns.problems_of(bench, letter)
    about = {"messages": {"en": Message("", BODY)}, "skip_closed_gaps": False}
    campaigns.save(bench, letter.campaign_id, about, version=letter.version)
    printed(bench, letter)

    later = people(bench)["later"]
    assert later == people(bench, letter.campaign_id)["later"]
    found = letter_states(bench, letter)
    assert {each for each, state in found.items() if state == ("not_sent", "comes_later")} == later
    assert {state for each, (state, _) in found.items() if each not in later} == {"printed"}
    planned = new_campaigns.plan_copy(bench, letter.campaign_id)
    assert not planned.patient_ids and sum(planned.left_out.values()) == len(later)
    clock.forward(days=90)
    assert set(new_campaigns.plan_copy(bench, letter.campaign_id).patient_ids) == later


@pytest.mark.parametrize("is_asked", [False, True], ids=["asked for late", "made late"])
def test_letters_are_not_printed_for_everybody_when_their_mail_date_lies_as_far_back_as_the_delay(
    bench: Workbench,  # noqa: F811
    clock: Clock,
    is_asked: bool,
) -> None:
    clinic_that_prints(bench)
    draft(bench, add_people_with_homes(bench, [{"email": f"ada{n}@example.org"} for n in range(24)]), **DELAYED)
    letter = campaigns.campaign(bench, new_campaigns.also_by(bench, "c1", "ad-hoc-letter"))
    about = {"messages": {"en": Message("", BODY)}, "skip_closed_gaps": False}
    letter = campaigns.save(bench, letter.campaign_id, about, version=letter.version)
    if is_asked:
        ask(bench, letter)
    clock.forward(days=60)

    if is_asked:
        make(bench)
        assert "choose a new mail date" in run_of(bench, letter).problem
    else:
        with pytest.raises(NotAllowed, match="choose a new mail date"):
            ask(bench, letter)
    assert {state for state, _ in letter_states(bench, letter).values()} == {"waiting"}

    letter = campaigns.save(bench, letter.campaign_id, in_days(bench, 0), version=letter.version)
    printed(bench, letter)
    found = letter_states(bench, letter)
    later = people(bench, letter.campaign_id)["later"]
    assert later == {each for each, state in found.items() if state == ("not_sent", "comes_later")}


def test_what_became_of_patients_is_awaited_only_once_their_letters_are_made(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    made = letter_campaign(bench, add_people_with_homes(bench, [{} for _ in range(12)]))
    about = {"measures": ("scr-mammogram",), "skip_closed_gaps": False, "start_on": bench.today()}
    campaigns.save(bench, made.campaign_id, HOLD_OUT | about, version=made.version)

    def seen() -> tuple[bool, bool]:
        with reading(bench.engine) as connection:
            is_due = made.campaign_id in {each.campaign_id for each in outcome_rows.due(connection, "g")}
        return effects.is_awaited(bench, campaigns.campaign(bench, made.campaign_id)), is_due

    ask(bench, made)
    assert people(bench, made.campaign_id)["hold_out"] and seen() == (False, False)
    make(bench)
    assert seen() == (True, True)


def test_a_letter_alone_has_no_later_start(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    made = letter_campaign(bench, add_people_with_homes(bench, [{} for _ in range(12)]))

    assert "not possible for letters" in campaigns.problems_of(bench, replace(made, **DELAYED))["design"]
