"""Whoever is held out, or comes later, is left out of all that comes of a campaign: copies, follow-ups, other modes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from core import campaigns, coming, designs, dispatcher, new_campaigns, printing, roll_ups
from core.domain.campaign import Campaign
from core.errors import NotAllowed
from core.send_time import decide
from core.store.accounts import change_organisation
from core.store.database import writing
from core.store.messages import claim
from core.store.print_rows import Run
from core.store.schema import recipients
from core.workbench import Workbench
from tests.clinic import clinic_that_sends, states
from tests.conftest import Clock
from tests.designed import DELAYED, HOLD_OUT, activated, add_couples, draft, people
from tests.letters import SENDER, add_people, printed
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_merges import combine

TEXT, EMAIL = "check-up-reminder-text", "mammogram-reminder"
NEVER = "were chosen at random not to be contacted"


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def mailed(server: Recorder) -> set[str]:
    return {address.partition("@")[0] for address, _ in server.mails}


def started(wb: Workbench, campaign_id: str) -> Campaign:
    """The draft goes out today."""
    kept = campaigns.campaign(wb, campaign_id)
    saved = campaigns.save(wb, campaign_id, {"start_on": wb.today()}, version=kept.version)
    return campaigns.activate(wb, campaign_id, version=saved.version)


def delete(wb: Workbench, campaign_id: str) -> None:
    campaigns.delete(wb, campaign_id, version=campaigns.campaign(wb, campaign_id).version)


# ---- held out --------------------------------------------------------------------------------------------------------
def test_a_sister_that_was_stopped_as_a_draft_hands_nobody_on_who_is_held_out(wb: Workbench, server: Recorder) -> None:
    ids = add_couples(wb, 10)
    activated(wb, ids, **HOLD_OUT)
    held = people(wb)["hold_out"]
    dispatcher.drain(wb)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, sister)

    planned = new_campaigns.plan_copy(wb, sister)
    made = new_campaigns.follow_by(wb, sister, EMAIL, patient_ids=ids)
    started(wb, made)
    dispatcher.drain(wb)

    assert planned.left_out == {NEVER: 10} and set(planned.patient_ids) == set(ids) - held
    assert not held & mailed(server) and not held & states(wb, made).keys()


def test_a_lead_that_was_stopped_hands_nobody_on_whom_its_sister_holds_out(wb: Workbench) -> None:
    draft(wb, add_couples(wb, 10), start_on=wb.today() + timedelta(days=2), **HOLD_OUT)
    campaigns.activate(wb, "c1")
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.activate(wb, sister)

    campaigns.stop(wb, "c1")

    assert people(wb)["hold_out"] == set()
    assert set(new_campaigns.plan_copy(wb, "c1").patient_ids) == people(wb, sister)["contact"]


def test_a_copy_of_a_copy_leaves_out_whom_a_sister_of_the_first_holds_out(wb: Workbench) -> None:
    ids = add_couples(wb, 10)
    draft(wb, ids, **HOLD_OUT)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    first = new_campaigns.copy(wb, "c1")
    campaigns.stop(wb, first)
    campaigns.activate(wb, sister)

    second = new_campaigns.copy(wb, first)
    third = new_campaigns.follow_by(wb, first, EMAIL, patient_ids=ids)

    assert states(wb, second).keys() == states(wb, third).keys() == people(wb, sister)["contact"]
    delete(wb, first)
    campaigns.stop(wb, second)
    assert set(new_campaigns.plan_copy(wb, second).patient_ids) == people(wb, sister)["contact"]


@pytest.mark.parametrize("is_survivor", [True, False])
def test_a_patient_merged_with_one_who_is_held_out_is_left_out_of_copies(wb: Workbench, is_survivor: bool) -> None:
    activated(wb, add_couples(wb, 10), **HOLD_OUT)
    held, contacted = (min(people(wb)[arm]) for arm in ("hold_out", "contact"))
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(state="not_sent", reason="no_address"))
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    campaigns.stop(wb, sister)

    combine(wb, **({contacted: held} if is_survivor else {held: contacted}))

    for source in ("c1", sister):
        assert not {held, contacted} & set(new_campaigns.plan_copy(wb, source).patient_ids)


def test_whom_a_deleted_campaign_holds_out_no_sister_contacts(wb: Workbench) -> None:
    activated(wb, add_couples(wb, 10), **HOLD_OUT)
    held = people(wb)["hold_out"]
    dispatcher.drain(wb)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    delete(wb, "c1")

    kept = campaigns.save(wb, sister, {"design": "everyone", "holdout_share": 0}, version=1)
    with pytest.raises(NotAllowed, match="choose the same here"):
        campaigns.activate(wb, sister)
    campaigns.save(wb, sister, HOLD_OUT, version=kept.version)
    campaigns.activate(wb, sister)
    assert people(wb, sister)["hold_out"] == held

    third = new_campaigns.also_by(wb, sister, "check-up-reminder-call")
    assert campaigns.campaign(wb, third).design == "hold_out"


def test_sending_asks_once_more_whether_somebody_is_held_out_by_what_a_campaign_comes_from(
    wb: Workbench, server: Recorder
) -> None:
    """The copy was made before its source's sister drew the arms."""
    ids = add_couples(wb, 10)
    draft(wb, ids, **HOLD_OUT)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    made = new_campaigns.copy(wb, "c1")
    campaigns.activate(wb, sister)
    held = people(wb, sister)["hold_out"]
    assert held < states(wb, made).keys()

    started(wb, made)
    dispatcher.drain(wb)

    assert mailed(server) == people(wb, sister)["contact"]
    assert {states(wb, made)[each] for each in held} == {("hold_out", "hold_out")}


# ---- later -----------------------------------------------------------------------------------------------------------
def test_a_copy_of_a_stopped_campaign_leaves_out_who_comes_later_until_their_day(wb: Workbench, clock: Clock) -> None:
    activated(wb, add_couples(wb, 10), **DELAYED)
    dispatcher.drain(wb)
    later = people(wb)["later"]
    campaigns.stop(wb, "c1")

    planned = new_campaigns.plan_copy(wb, "c1")
    assert planned.patient_ids == ()
    assert planned.left_out == {"were chosen at random to be contacted only from Tue 19 Jan 2027": 10}

    with pytest.raises(
        NotAllowed, match="10 left out: they were chosen at random to be contacted only from Tue 19 Jan"
    ):
        new_campaigns.copy(wb, "c1")

    clock.forward(days=56)
    assert set(new_campaigns.plan_copy(wb, "c1").patient_ids) == later


def test_a_campaign_waits_for_those_who_come_later_by_what_it_comes_from_and_is_not_too_late_then(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    draft(wb, add_couples(wb, 10), **DELAYED)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    made = new_campaigns.copy(wb, "c1")
    active = campaigns.activate(wb, sister)
    later = people(wb, sister)["later"]

    started(wb, made)
    dispatcher.drain(wb)
    assert mailed(server) == people(wb, sister)["contact"]

    first = active.later_on(wb.organisation())
    clock.forward(days=(first - wb.today()).days, hours=3)
    dispatcher.drain(wb)
    assert later <= mailed(server)


def test_whoever_comes_later_by_an_origin_too_waits_for_the_last_of_the_days(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    """The copy has a later start of its own, which is sooner than that of its source's sister."""
    draft(wb, add_couples(wb, 10), **DELAYED | {"delay_weeks": 20})
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    made = new_campaigns.copy(wb, "c1")
    campaigns.save(wb, made, DELAYED | {"delay_weeks": 2}, version=campaigns.campaign(wb, made).version)
    first = campaigns.activate(wb, sister).later_on(wb.organisation())
    own = started(wb, made).later_on(wb.organisation())
    of_both = people(wb, sister)["later"] & people(wb, made)["later"]

    dispatcher.drain(wb)
    clock.forward(days=(own - wb.today()).days, hours=3)
    dispatcher.drain(wb)
    assert own < first and not mailed(server) & people(wb, sister)["later"]
    clock.forward(days=(first - wb.today()).days)
    dispatcher.drain(wb)
    assert of_both < mailed(server)


def copy_of_a_draft_whose_sister_is_active(wb: Workbench, design: dict[str, Any]) -> tuple[str, Campaign]:
    """Its patients are those of the sister, whose arms were drawn after the copy was made."""
    draft(wb, add_couples(wb, 10), **design)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    made = new_campaigns.copy(wb, "c1")
    return made, campaigns.activate(wb, sister)


def test_whoever_comes_later_by_an_origin_is_announced_on_their_day(wb: Workbench, server: Recorder) -> None:
    made, sister = copy_of_a_draft_whose_sister_is_active(wb, DELAYED)
    first = sister.later_on(wb.organisation())
    held_back = designs.held_back(wb, campaigns.campaign(wb, made), campaigns.patients(wb, made))
    assert (held_back.held_out, held_back.later) == (0, {first: 10})

    for waits_for_others in (True, False):
        active = started(wb, made) if waits_for_others else campaigns.campaign(wb, made)
        roll_ups.refresh(wb)
        listed = next(each for each in campaigns.campaigns(wb) if each.campaign.campaign_id == made)
        schedule, found = campaigns.schedule(wb, active), coming.coming(wb, "email")
        assert listed.schedule == schedule
        assert found.beyond.select("campaign_id", "on", "waiting").rows() == [(made, first, 10)]
        assert found.campaigns["waiting"].to_list() == ([10] if waits_for_others else [])
        if waits_for_others:
            assert schedule == "Going out now, done today about 12:05, 10 more from Wed 20 Jan 2027"
            assert listed.size == "10 patients to contact, 10 from Wed 20 Jan 2027"
            dispatcher.drain(wb)
        else:
            assert schedule.startswith("Goes out Wed 20 Jan 2027, from 9:00")
            assert listed.size == "10 patients to contact from Wed 20 Jan 2027"


def test_of_a_delayed_copy_whoever_is_held_out_by_an_origin_is_not_said_to_come_later(wb: Workbench) -> None:
    made, sister = copy_of_a_draft_whose_sister_is_active(wb, HOLD_OUT)
    kept = campaigns.save(wb, made, DELAYED | {"delay_weeks": 2}, version=1)

    found = designs.held_back(wb, kept, campaigns.patients(wb, made))

    campaigns.activate(wb, made)
    later = people(wb, made)["later"] - people(wb, sister.campaign_id)["hold_out"]
    assert (found.held_out, found.later) == (10, {kept.later_on(wb.organisation()): len(later)} if later else {})


def test_deciding_costs_no_more_however_long_the_chain_of_copies_is(wb: Workbench) -> None:
    draft(wb, add_couples(wb, 5), **HOLD_OUT)
    new_campaigns.also_by(wb, "c1", TEXT)
    counts, last = [], "c1"
    asked: list[str] = []
    event.listen(wb.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for _ in range(4):
        campaigns.stop(wb, last)
        last = new_campaigns.copy(wb, last)
        shown = started(wb, last)
        with writing(wb.engine) as connection:
            lease = timedelta(minutes=5)
            claimed = claim(connection, last, worker="w", at=wb.now(), lease=lease, limit=100)
            asked.clear()
            assert {one.may_go for one in decide(wb, connection, shown, claimed, at=wb.now()).values()} == {True}
            counts.append(len(asked))
            connection.execute(update(recipients).values(state="waiting", claimed_by=None, lease_until=None))
    assert len(set(counts)) == 1 and counts[0] <= 20


# ---- letters ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("design", "reason"), [(HOLD_OUT, ("hold_out", "hold_out")), (DELAYED, ("not_sent", "comes_later"))]
)
def test_letters_are_not_printed_for_whom_their_origins_keep_out(
    wb: Workbench, design: dict[str, Any], reason: tuple[str, str]
) -> None:
    """The letters were made before the sister of their source drew the arms."""
    change_organisation(wb.engine, {"return_addresses": (SENDER,)}, at=wb.now(), by="ana")
    ids = add_people(wb, [{"email": f"p{number}@example.org"} for number in range(1, 21)])
    draft(wb, ids, **design)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    letters = new_campaigns.follow_by(wb, "c1", "check-up-reminder-letter", patient_ids=ids)
    campaigns.activate(wb, sister)

    printed(wb, campaigns.campaign(wb, letters))

    kept_out = people(wb, sister)["hold_out"] | people(wb, sister)["later"]
    assert {each for each, found in states(wb, letters).items() if found == reason} == kept_out
    assert {found for each, found in states(wb, letters).items() if each not in kept_out} == {("printed", "")}


@pytest.mark.parametrize("design", [HOLD_OUT, DELAYED], ids=["held out", "delayed"])
def test_arms_that_a_sister_of_their_source_draws_at_the_last_moment_hold_for_letters_too(
    wb: Workbench, monkeypatch: pytest.MonkeyPatch, design: dict[str, Any]
) -> None:
    """After the plan was compared with what holds by now, and before the campaign is locked."""
    change_organisation(wb.engine, {"return_addresses": (SENDER,)}, at=wb.now(), by="ana")
    ids = add_people(wb, [{"email": f"p{number}@example.org"} for number in range(1, 21)])
    draft(wb, ids, **design)
    sister = new_campaigns.also_by(wb, "c1", TEXT)
    campaigns.stop(wb, "c1")
    letters = new_campaigns.follow_by(wb, "c1", "check-up-reminder-letter", patient_ids=ids)
    still_holds = printing._still_holds

    def drawn_meanwhile(own: Workbench, run: Run) -> bool:
        found = still_holds(own, run)
        if campaigns.campaign(wb, sister).status == "inactive":
            campaigns.activate(wb, sister)
        return found

    monkeypatch.setattr(printing, "_still_holds", drawn_meanwhile)
    printed(wb, campaigns.campaign(wb, letters))

    kept_out = people(wb, sister)["hold_out"] | people(wb, sister)["later"]
    assert kept_out
    assert {each for each, (state, _) in states(wb, letters).items() if state == "printed"} == set(ids) - kept_out
