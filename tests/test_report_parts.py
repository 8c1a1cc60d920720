"""The parts of a report: what a campaign changed, whom it did not reach, what to do, and follow-ups from any slice."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from core import campaigns as public
from core import effects, new_campaigns, report_parts
from core.domain.campaign import Message
from core.domain.failures import advice
from core.domain.message import REASONS as MESSAGE_REASONS
from core.domain.role import READ_PATIENTS
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.report_parts import FAILURE, STEP, Slice
from core.store import accounts
from core.store.database import writing
from core.store.schema import campaigns, follow_ups, groups, outcomes, providers, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.followed import SENT, followed, split
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    """A mammogram campaign by email for forty women."""
    add_clinic(bench)
    add_campaign(bench, add_patients(bench, 40), status="completed")
    return bench


def test_the_report_says_what_the_campaign_changed(wb: Workbench) -> None:
    followed(wb, split(20, 12, 4), design="hold_out", holdout_share=50)

    parts = report_parts.parts(wb, public.campaign(wb, "c1"))

    assert parts.achieved == (
        "20 reached; 12 of the 20 to contact closed a gap within 90 days, 8 patients more than without it (2 to 12)."
    )
    effect = effects.effect(wb, "c1")
    assert effect is not None and effect.is_estimate
    assert effect.last.comparisons[0].difference.estimate == pytest.approx(0.4)
    assert dict(parts.funnel.select("key", "count").iter_rows()) == {
        "selected": 40,
        "eligible": 20,
        "sent": 20,
        "delivered": 20,
        "booked": 0,
        "kept": 0,
        "closed": 12,
    }


def test_without_arms_or_without_a_feed_nothing_is_claimed(wb: Workbench) -> None:
    campaign = public.campaign(wb, "c1")
    assert report_parts.parts(wb, campaign).achieved == ""
    assert effects.effect(wb, "c1") is None and effects.frame(wb, "c1").is_empty()

    followed(wb, {"p1": {"closed": 3}})

    assert report_parts.parts(wb, campaign).achieved.endswith("not an effect estimate.")


def test_of_nobody_nothing_was_achieved(wb: Workbench) -> None:
    followed(wb, split(20, 12, 4), design="hold_out")
    with writing(wb.engine) as connection:
        for table in (outcomes, recipients):
            connection.execute(delete(table))

    assert report_parts.parts(wb, public.campaign(wb, "c1")).achieved == ""


def test_a_follow_up_of_a_step_is_for_nobody_who_still_waits(wb: Workbench) -> None:
    waits = {"arm": "later", "state": "waiting", "handed_over_at": None}
    printed, failed = {"state": "printed", "handed_over_at": None}, {"state": "unsuccessful", "handed_over_at": None}
    followed(wb, {f"p{n}": waits for n in range(1, 21)} | {"p21": printed, "p22": failed}, design="delayed")

    funnel = report_parts.parts(wb, public.campaign(wb, "c1")).funnel
    found = report_parts.patient_ids(wb, "c1", Slice(STEP, "sent"))

    assert dict(funnel.select("key", "missed").iter_rows())["sent"] == len(found)
    assert found == list(new_campaigns.plan_copy(wb, "c1", found).patient_ids)


def test_two_providers_or_groups_with_the_same_name_are_told_apart(wb: Workbench) -> None:
    add_campaign(wb, ["p1", "p2", *add_patients(wb, 3, start=60, group=2)], campaign_id="c2", name="Second")
    with writing(wb.engine) as connection:
        connection.execute(update(providers).values(display_name="Dr. Lee"))
        connection.execute(update(groups).values(name="Main Street"))

    parts = report_parts.parts(wb, public.campaign(wb, "c2"))

    for by, names in (
        ("provider", ("Dr. Lee (dr2)", "Dr. Lee (dr1)")),
        ("group", ("Main Street (g2)", "Main Street (g1)")),
    ):
        assert parts.slices[by].select("slice", "selected").rows() == list(zip(names, (3, 2), strict=True))
        assert report_parts.patient_ids(wb, "c2", Slice(by, names[1])) == ["p1", "p2"]


def test_the_frame_has_a_row_for_each_patient_whom_the_user_may_see(wb: Workbench) -> None:
    add_campaign(wb, ["p1", *add_patients(wb, 1, start=60, group=2)], campaign_id="c2", name="Second")
    followed(wb, {"p60": {"closed": 7}}, campaign_id="c2")
    person = User("otto", "Otto", scope=Scope(groups=frozenset({"g2"})))
    accounts.add_user(wb.engine, person, at=wb.now(), by="ana")

    rows = effects.frame(wb.as_user("otto"), "c2")

    assert rows.select("patient_id", "delivered", "closed", "days", "is_censored").rows() == [
        ("p60", True, True, 7, False)
    ]
    assert effects.frame(wb, "c2")["days"].to_list() == [90, 7]


def test_runs_of_the_same_campaign_are_taken_together(wb: Workbench) -> None:
    followed(wb, split(20, 12, 4), design="hold_out")
    for name, measures in (("c2", ("scr-mammogram",)), ("c3", ("scr-cervical",))):
        add_campaign(wb, [f"p{n}" for n in range(1, 41)], campaign_id=name, name=name, measures=measures)
        followed(wb, split(20, 10, 4), campaign_id=name, design="hold_out")

    runs = [one.campaign_id for one in effects.repeats(wb, "c1")]
    found = effects.pooled(wb, runs)

    assert set(runs) == {"c1", "c2"}
    assert found is not None and found.runs == 2
    assert 0.3 < found.difference.estimate < 0.4


def test_a_run_whose_arms_were_never_drawn_is_no_run_of_the_same(wb: Workbench) -> None:
    followed(wb, split(20, 12, 4), design="hold_out")
    add_campaign(wb, ["p1"], campaign_id="c2", name="c2", design="hold_out")

    assert [one.campaign_id for one in effects.repeats(wb, "c1")] == ["c1"]


def test_whoever_was_never_looked_at_is_followed_no_day(wb: Workbench) -> None:
    followed(wb, {})
    with writing(wb.engine) as connection:
        mine = select(recipients.c.recipient_id).where(recipients.c.patient_id == "p7")
        connection.execute(delete(outcomes).where(outcomes.c.recipient_id.in_(mine)))

    found = dict(effects.frame(wb, "c1").select("patient_id", "days").iter_rows())

    assert (found["p6"], found["p7"]) == (90, 0)


@pytest.mark.parametrize(("days", "is_compared"), [(0, True), (60, False)])
def test_arms_counted_from_a_day_on_which_another_mode_had_begun_are_not_compared(
    wb: Workbench, days: int, is_compared: bool
) -> None:
    add_campaign(wb, [f"p{n}" for n in range(1, 41)], campaign_id="c2", name="By text", family_id="f")
    at = datetime.combine(SENT, time(18), UTC)
    for name, start in (("c1", SENT), ("c2", SENT + timedelta(days=days))):
        followed(wb, split(20, 12, 4), campaign_id=name, design="hold_out", family_id="f", start_on=start)
        with writing(wb.engine) as connection:
            connection.execute(update(campaigns).where(campaigns.c.campaign_id == name).values(allocated_at=at))
            mine = follow_ups.c.campaign_id == name
            connection.execute(update(follow_ups).where(mine).values(allocated_on=start))

    first, second = effects.effect(wb, "c1"), effects.effect(wb, "c2")

    assert first is not None and second is not None
    assert first.last.comparisons and bool(second.windows[0].comparisons) == is_compared
    assert ("too late a day" in second.windows[0].untold) != is_compared


def test_campaigns_that_say_something_else_are_no_runs_of_the_same(wb: Workbench) -> None:
    versions = ("messages", Message("Come", "<p>Come</p>")), ("variant", Message("Do come", "<p>Do come</p>"))
    followed(wb, split(20, 12, 4), design="ab")
    for number, changes in enumerate(({}, *({name: {"en": text}} for name, text in versions)), 2):
        ids = [f"p{n}" for n in range(1, 41)]
        add_campaign(wb, ids, campaign_id=f"c{number}", name=f"Run {number}", **changes)
        followed(wb, split(20, 10, 4), campaign_id=f"c{number}", design="ab")

    assert {one.campaign_id for one in effects.repeats(wb, "c1")} == {"c1", "c2"}


SLICES = [
    (Slice(STEP, "closed"), ["p2", "p3"]),
    (Slice(STEP, "delivered"), ["p4"]),
    (Slice(FAILURE, "Returned", "returned"), ["p4"]),
    (Slice(FAILURE, "Not sent", "hold_out"), []),
    (Slice("language", "es"), ["p2"]),
    (Slice("provider", "Dr. 1 Sample"), ["p1", "p2", "p3", "p4"]),
    (Slice("group", None), []),
]


@pytest.mark.parametrize(("wanted", "expected"), SLICES)
def test_a_slice_names_its_patients_and_never_who_was_held_out(
    bench: Workbench,  # noqa: F811
    wanted: Slice,
    expected: list[str],
) -> None:
    add_clinic(bench)
    ids = [*add_patients(bench, 1), *add_patients(bench, 1, start=2, language="es"), *add_patients(bench, 4, start=3)]
    add_campaign(bench, ids, status="completed")
    rows: dict[str, dict[str, Any]] = {
        "p1": {"closed": 9},
        "p4": {"state": "returned", "reason": "returned"},
        "p5": {"arm": "hold_out", "state": "hold_out", "reason": "hold_out", "handed_over_at": None},
        "p6": {"arm": "hold_out", "state": "stopped", "reason": "stopped", "handed_over_at": None},
    }
    followed(bench, rows, design="hold_out")

    assert report_parts.patient_ids(bench, "c1", wanted) == expected


def test_a_follow_up_by_another_mode_is_about_the_same_and_leaves_out_who_cannot_be_in_it(wb: Workbench) -> None:
    followed(wb, split(20, 0, 0) | {"p2": {"state": "unknown"}}, design="hold_out")

    made = new_campaigns.follow_by(wb, "c1", "check-up-reminder-letter", patient_ids=["p1", "p2", "p3", "p30"])

    kept = public.campaign(wb, made)
    assert (kept.channel, kept.measures, kept.status, kept.design) == (
        "letter",
        ("scr-mammogram",),
        "inactive",
        "everyone",
    )
    assert public.patients(wb, made) == ["p1", "p3"]
    with pytest.raises(NotAllowed):
        new_campaigns.follow_by(wb, "c1", "check-up-reminder-letter", patient_ids=["p30"])
    with pytest.raises(NotFound):
        new_campaigns.follow_by(wb, "c1", "check-up-reminder-letter", patient_ids=["p99"])


def test_whoever_may_not_see_the_patients_reads_no_small_cell(wb: Workbench) -> None:
    followed(wb, split(20, 12, 4), design="hold_out")
    scientist = replace(wb, user=User("sam", "Sam", roles=frozenset({"data_scientist"})))
    assert not scientist.user.may(READ_PATIENTS)

    parts = report_parts.parts(scientist, public.campaign(scientist, "c1"))

    assert parts.slices["group"].rows() == [("Group 1", 40, 20, None, 15, False)]
    assert dict(parts.funnel.select("key", "count").iter_rows())["closed"] == 15  # 12 of them
    assert parts.effect is None and parts.achieved == "" and parts.is_effect_hidden
    assert effects.effect(scientist, "c1") is None
    with pytest.raises(NotAllowed):
        report_parts.patient_ids(scientist, "c1", Slice(STEP, "closed"))


def test_who_is_limited_to_a_group_cannot_work_out_what_became_of_a_patient_of_another(wb: Workbench) -> None:
    add_campaign(wb, [*(f"p{n}" for n in range(1, 20)), *add_patients(wb, 1, start=60, group=2)], campaign_id="c2",
                 name="Second", status="completed")  # fmt: skip
    outside = {"p60": {"closed": 10, "state": "returned", "reason": "returned"}}
    followed(wb, {"p1": {"closed": 10}} | outside, campaign_id="c2", design="everyone")
    limited = User("gil", "Gil", scope=Scope(groups=frozenset({"g1"})), roles=frozenset({"manager"}))
    gil = replace(wb, user=limited)

    parts = report_parts.parts(gil, public.campaign(gil, "c2"))

    own = effects.frame(gil, "c2")
    counts = dict(parts.funnel.select("key", "count").iter_rows())
    assert (counts["selected"], counts["delivered"], counts["closed"]) == (19, 19, 1)
    assert own.height == 19 and own["closed"].sum() == 1
    assert parts.failures.is_empty()
    assert parts.slices["group"].select("slice", "selected").rows() == [("Group 1", 19)]
    assert parts.effect is not None and [arm.counts.size for arm in parts.effect.last.arms] == [19]


ADVICE = [
    # mode, result, reason; by which mode a follow-up helps
    ("text", "Unsuccessful", "landline", "letter"),
    ("text", "Unsuccessful", "delivery_failed", "letter"),
    ("text", "Returned", "handset_unreachable", "letter"),
    ("text", "Not sent", "no_mobile", "letter"),
    ("text", "Not sent", "opted_out:health_text", ""),
    ("text", "Not sent", "contacted_often:3", "text"),
    ("email", "Introductory Email", "", "email"),
    ("email", "Returned", "returned", "letter"),
    ("email", "Unsuccessful", "server_busy", "email"),
    ("email", "Not sent", "gap_closed", ""),
    ("email", "Not sent", "hold_out", ""),
    ("email", "Unknown", "connection_lost", ""),
    ("phone", "Unsuccessful", "retries_exceeded", "letter"),
    ("letter", "Returned", "mail_moved", "phone"),
    ("letter", "Not sent", "postal_missing", "phone"),
]


@pytest.mark.parametrize(("channel", "result", "reason", "mode"), ADVICE)
def test_what_helps_those_who_were_not_reached(channel: str, result: str, reason: str, mode: str) -> None:
    found = advice(channel, result, reason)
    assert found.mode == mode and found.words


@pytest.mark.parametrize("key", sorted(MESSAGE_REASONS))
def test_every_reason_of_a_message_has_its_advice(key: str) -> None:
    for channel in ("email", "text", "phone", "letter"):
        assert advice(channel, "Unsuccessful", key).words
        assert advice(channel, "Returned", key).mode != channel
