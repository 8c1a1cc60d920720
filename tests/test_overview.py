"""All campaigns together: what the figures count, whose patients, and what is hidden."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from core import campaign_list, charts, coming, equity, overview, roll_ups
from core.domain.effects.published import PUBLISHED, comparable
from core.domain.followed_words import known_text
from core.domain.organisation import MODES, Organisation
from core.domain.planned import Backlog, planned
from core.domain.roll_up import COUNTS, DIMENSIONS, STEPS, Wanted
from core.domain.small_cells import BASE, LEAST, possible, rounded
from core.domain.small_counts import without_small
from core.domain.user import Scope
from core.errors import NotFound
from core.store.database import writing
from core.store.schema import campaigns, follow_ups, message_events, outcomes, providers, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import TUESDAY_NOON
from tests.designed import DELAYED, HOLD_OUT, activated
from tests.drawn import drawn
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

TODAY = date(2026, 11, 24)
DAYS = Wanted(first_on=TODAY - timedelta(days=89), last_on=TODAY)
EVERYTHING = Wanted()


def filled(wb: Workbench) -> None:
    """A text to 20 patients of group 1 today and a call to 20 of group 2 last week; half of them arrived."""
    add_clinic(wb)
    one, two = add_patients(wb, 20), add_patients(wb, 20, start=21, group=2, language="es")
    add_campaign(wb, one, campaign_id="t", name="Texts", channel="text")
    add_campaign(wb, two, campaign_id="p", name="Calls", channel="phone", start_on=wb.today() - timedelta(days=7))
    with writing(wb.engine) as connection:
        connection.execute(update(providers).values(is_pcp=True))
        for campaign_id, days, ends in (("t", 0, "returned"), ("p", 7, "unsuccessful")):
            mine = select(recipients.c.recipient_id).where(recipients.c.campaign_id == campaign_id)
            ids = list(connection.scalars(mine.order_by(recipients.c.recipient_id)))
            at = wb.now() - timedelta(days=days)
            for place, recipient_id in enumerate(ids):
                values = {"state": "delivered" if place % 2 else ends, "handed_over_at": at, "attempt_count": 1}
                who = recipients.c.recipient_id == recipient_id
                connection.execute(update(recipients).where(who).values(values))
                _follow(connection, recipient_id, campaign_id, is_closed=place == 1)
            if campaign_id == "p":
                called = {"recipient_id": ids[1], "kind": "completed", "at": at, "received_at": at}
                connection.execute(insert(message_events).values(**called, details={"seconds": 61}))
            known(connection, campaign_id, TODAY - timedelta(days=90), TODAY)


def known(connection: object, campaign_id: str, allocated_on: date, known_through: date) -> None:
    """A campaign about a care gap that is followed so far."""
    lag = {"lag_days": 2, "generation": "g", "evaluated_at": TUESDAY_NOON}
    kept = {"campaign_id": campaign_id, "allocated_on": allocated_on, "known_through": known_through, **lag}
    connection.execute(insert(follow_ups).values(kept))  # type: ignore[attr-defined]
    about = update(campaigns).where(campaigns.c.campaign_id == campaign_id)
    connection.execute(about.values(measures=["mammogram"]))  # type: ignore[attr-defined]


def _follow(connection: object, recipient_id: int, campaign_id: str, *, is_closed: bool) -> None:
    counts = {"gap_count": 2, "closed_30": 0, "closed_60": 2 * is_closed, "closed_90": 2 * is_closed}
    known = {"recipient_id": recipient_id, "campaign_id": campaign_id, "followed_through": date(2026, 11, 24)}
    connection.execute(insert(outcomes).values(**known, **counts))  # type: ignore[attr-defined]


def told(wb: Workbench, wanted: Wanted = EVERYTHING) -> dict[str, float | None]:
    roll_ups.refresh(wb)
    return dict(overview.overview(wb, wanted).totals)


def test_an_empty_home_has_no_figures_and_no_fault(bench: Workbench) -> None:  # noqa: F811
    shown = overview.overview(bench, EVERYTHING)

    assert shown.campaigns.is_empty() and shown.volumes.is_empty() and shown.closed.is_empty()
    assert (shown.totals["selected"], shown.totals["delivery_rate"], shown.totals["cost_per_gap"]) == (0, None, None)
    assert equity.equity(bench, EVERYTHING, "language").is_empty()
    assert coming.coming(bench).sends.is_empty()


def test_the_figures_are_those_of_the_messages(bench: Workbench) -> None:  # noqa: F811
    filled(bench)
    roll_ups.refresh(bench)

    shown = overview.overview(bench, DAYS)

    totals = shown.totals
    assert (totals["selected"], totals["handed_over"], totals["delivered"], totals["failed"]) == (40, 40, 20, 20)
    assert totals["delivery_rate"] == 0.5
    assert (totals["gaps_closed"], totals["closed"]) == (4, 2)
    organisation = bench.organisation()
    cost = 20 * organisation.segment_price + 2 * organisation.call_minute_price
    assert totals["cost"] == pytest.approx(cost)
    assert totals["cost_per_gap"] == pytest.approx(cost / 4)
    assert shown.campaigns["campaign_id"].to_list() == ["t", "p"]
    assert shown.volumes.rows() == [(TODAY - timedelta(days=7), "phone", 20), (TODAY, "text", 20)]
    assert shown.closed.select("channel", "eligible", "satisfied").rows() == [("phone", 10, 1), ("text", 10, 1)]
    assert shown.stale == 0


def test_a_rate_and_a_cost_per_gap_are_of_campaigns_of_which_all_days_are_known(bench: Workbench) -> None:  # noqa: F811
    filled(bench)
    with writing(bench.engine) as connection:
        connection.execute(update(follow_ups).where(follow_ups.c.campaign_id == "t").values(allocated_on=TODAY))
    roll_ups.refresh(bench)

    shown = overview.overview(bench, EVERYTHING)

    assert shown.closed.select("channel", "eligible", "satisfied").rows() == [("phone", 10, 1)]
    assert shown.totals["gaps_closed"] == 4 and shown.known.open_count == 1
    assert shown.known.next_on == TODAY + timedelta(days=93)
    assert shown.totals["cost_per_gap"] == pytest.approx(2 * bench.organisation().call_minute_price / 2)
    assert dict(shown.campaigns.select("campaign_id", "cost_per_gap").iter_rows())["t"] is None
    assert "Of 1 campaign the 90 days are not known in full yet" in known_text(shown.known)


def test_a_campaign_about_no_care_gap_is_in_no_cost_per_gap(wb: Workbench) -> None:
    filled(wb)
    with writing(wb.engine) as connection:
        connection.execute(update(campaigns).where(campaigns.c.campaign_id == "t").values(measures=[]))

    assert told(wb)["cost_per_gap"] == pytest.approx(2 * wb.organisation().call_minute_price / 2)


def test_closings_are_known_as_far_as_those_of_the_campaigns_shown_that_are_still_followed(wb: Workbench) -> None:
    filled(wb)
    add_campaign(wb, ["p1"], campaign_id="old", name="old", start_on=date(2024, 1, 1))
    add_campaign(wb, ["p1"], campaign_id="other", name="other", channel="email")
    with writing(wb.engine) as connection:
        long_ago = {"state": "delivered", "handed_over_at": datetime(2024, 1, 1, 18, tzinfo=UTC)}
        connection.execute(update(recipients).where(recipients.c.campaign_id == "old").values(long_ago))
        known(connection, "old", date(2024, 1, 1), date(2024, 6, 5))
        known(connection, "other", TODAY, date(2026, 11, 1))
    roll_ups.refresh(wb)

    assert overview.overview(wb, EVERYTHING).known.through == TODAY
    assert overview.overview(wb, Wanted(last_on=date(2024, 2, 1))).known.through == date(2024, 6, 5)


@pytest.mark.parametrize(
    ("wanted", "contacts"),
    [
        (EVERYTHING, 40),
        (Wanted(first_on=TODAY), 20),
        (Wanted(last_on=TODAY - timedelta(days=1)), 20),
        (Wanted(group_id="g2"), 20),
        (Wanted(provider_id="dr1"), 20),
        (Wanted(group_id="g1", provider_id="dr2"), 0),
        (Wanted(channel="phone"), 20),
        (Wanted(channel="letter"), 0),
        (Wanted(first_on=TODAY, channel="phone"), 0),
    ],
)
def test_a_filter_leaves_what_it_names(wb: Workbench, wanted: Wanted, contacts: int) -> None:
    filled(wb)

    assert told(wb, wanted)["handed_over"] == contacts


@pytest.mark.parametrize(
    ("scope", "contacts"),
    [
        (Scope(), 40),
        (Scope(groups=frozenset({"g1"})), 20),
        (Scope(providers=frozenset({"dr2"})), 20),
        (Scope(groups=frozenset({"g1"}), providers=frozenset({"dr2"})), 0),
        (Scope(groups=frozenset()), 0),
    ],
)
def test_figures_are_of_the_patients_whom_the_user_may_see(wb: Workbench, scope: Scope, contacts: int) -> None:
    filled(wb)
    limited = replace(wb, user=replace(wb.user, scope=scope))

    assert told(limited)["handed_over"] == contacts
    shown = overview.overview(limited, EVERYTHING)
    assert shown.campaigns.height == (2 if contacts == 40 else 1 if contacts else 0)
    groups, pcps = overview.choices(limited)
    assert set(groups) == ({"g1", "g2"} if scope.groups is None else set(scope.groups))
    assert set(pcps) == ({"dr1", "dr2"} if scope.providers is None else set(scope.providers))


def test_drafts_and_deleted_campaigns_are_not_counted(wb: Workbench) -> None:
    filled(wb)
    add_campaign(wb, ["p1"], campaign_id="d", name="Draft", status="inactive")
    add_campaign(wb, ["p1"], campaign_id="x", name="Deleted", status="stopped")
    with writing(wb.engine) as connection:
        deleted = {"deleted_at": wb.now(), "deleted_by": "ana"}
        connection.execute(update(campaigns).where(campaigns.c.campaign_id == "x").values(deleted))
    roll_ups.refresh(wb)

    assert overview.overview(wb, EVERYTHING).campaigns["campaign_id"].to_list() == ["t", "p"]


def test_whoever_may_not_see_patients_reads_no_small_count_and_no_exact_one(wb: Workbench) -> None:
    filled(wb)
    roll_ups.refresh(wb)
    scientist = replace(wb, user=replace(wb.user, roles=frozenset({"data_scientist"})))

    for wanted in (EVERYTHING, Wanted(group_id="g1"), Wanted(first_on=TODAY, last_on=TODAY)):
        shown = overview.overview(scientist, wanted)

        assert shown.is_rough
        assert shown.totals["selected"] == (40 if wanted == EVERYTHING else 20)
        assert (shown.totals["closed"], shown.totals["gaps_closed"], shown.totals["cost_per_gap"]) == (None, None, None)
        assert shown.campaigns["closed"].null_count() == shown.campaigns.height
        assert shown.closed.filter(pl.col("satisfied") < 11).is_empty()
    assert not overview.overview(wb, EVERYTHING).is_rough


def test_costs_tell_no_number_of_contacts_that_is_hidden(wb: Workbench) -> None:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 40), campaign_id="t", name="Texts", channel="text")
    with writing(wb.engine) as connection:
        contacted = recipients.c.patient_id.in_([f"p{number}" for number in range(1, 6)])
        connection.execute(update(recipients).values(state="not_sent"))
        connection.execute(update(recipients).where(contacted).values(state="delivered", handed_over_at=wb.now()))
    roll_ups.refresh(wb)
    scientist = replace(wb, user=replace(wb.user, roles=frozenset({"data_scientist"})))

    shown = overview.overview(scientist, EVERYTHING)

    assert [shown.totals[name] for name in ("handed_over", "segments", "cost")] == [None, None, None]
    assert shown.campaigns.select("handed_over", "segments", "cost").row(0) == (None, None, None)
    assert overview.overview(wb, EVERYTHING).totals["segments"] == 5


def test_what_comes_is_told_of_many_alone_to_whoever_may_not_see_patients(wb: Workbench) -> None:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 3), campaign_id="few", name="Few", channel="text")
    add_campaign(wb, add_patients(wb, 33, start=10), campaign_id="many", name="Many", channel="text")
    roll_ups.refresh(wb)
    scientist = replace(wb, user=replace(wb.user, roles=frozenset({"data_scientist"})))

    found = coming.coming(scientist)

    assert found.campaigns.select("campaign_id", "waiting").rows() == [("many", 35)]
    assert found.sends["count"].sum() == 35
    assert coming.coming(wb).sends["count"].sum() == 36


def test_small_counts_are_hidden_from_everybody_by_language_and_the_like(bench: Workbench) -> None:  # noqa: F811
    filled(bench)
    roll_ups.refresh(bench)

    languages = equity.equity(bench, EVERYTHING, "language")

    assert languages["name"].unique(maintain_order=True).to_list() == ["English", "Spanish"]
    selected = languages.filter(pl.col("step") == "selected")
    assert selected["count"].to_list() == [20, 20]
    assert languages.filter(pl.col("step") == "closed")["count"].to_list() == [None, None]  # one each
    assert languages.filter(pl.col("count").is_null())["rate"].is_null().all()
    for dimension in DIMENSIONS:
        assert set(equity.equity(bench, EVERYTHING, dimension)["step"]) == set(STEPS)
    with pytest.raises(NotFound, match="no figures by 'shoe'"):
        equity.equity(bench, EVERYTHING, "shoe")


def test_shares_by_language_are_of_those_to_contact(wb: Workbench) -> None:
    add_clinic(wb)
    activated(wb, add_patients(wb, 80), **HOLD_OUT)
    with writing(wb.engine) as connection:
        mine = select(recipients.c.recipient_id).where(recipients.c.arm == "contact").limit(20)
        contacted = update(recipients).where(recipients.c.recipient_id.in_(list(connection.scalars(mine))))
        connection.execute(contacted.values(state="delivered", handed_over_at=wb.now()))
    roll_ups.refresh(wb)

    found = equity.equity(wb, EVERYTHING, "language").filter(pl.col("step") == "delivered")

    assert found.select("count", "selected", "rate").rows() == [(20, 40, 0.5)]


def test_single_providers_are_not_broken_down(wb: Workbench) -> None:
    filled(wb)

    assert equity.equity(wb, Wanted(provider_id="dr1"), "age").is_empty()
    limited = replace(wb, user=replace(wb.user, scope=Scope(providers=frozenset({"dr1"}))))
    assert not equity.is_kept(limited, EVERYTHING)
    assert equity.is_kept(wb, Wanted(group_id="g1"))


COUNTED = st.lists(
    st.integers(0, 60).flatmap(lambda whole: st.tuples(st.just(whole), st.integers(0, whole))), min_size=1, max_size=6
)


@drawn(daily=200, many=2_000, whole=st.integers(0, 70), part=st.integers(0, 70))
def test_no_small_count_is_told_by_what_two_filters_show(whole: int, part: int) -> None:
    """A filter leaves `part` of `whole`: both are shown, and the rest is left to be worked out."""
    part = min(whole, part)
    seen, of = rounded(part), rounded(whole)

    rest = {more - less for more in possible(of) for less in possible(seen) if more >= less}

    assert part in possible(seen) and whole in possible(of)
    assert whole - part in rest
    assert len(rest) >= BASE
    assert not (max(rest) < LEAST and min(rest) == max(rest))


SOME_DAYS = [None, *(TODAY + timedelta(days=ahead) for ahead in range(2))]
FILTERS = [
    Wanted(first_on=first, last_on=last, group_id=group)
    for group in ("", "g1", "g2")
    for first in SOME_DAYS
    for last in SOME_DAYS
]


def _holds(whole: Wanted, part: Wanted) -> bool:
    """Whether everybody whom one filter leaves is left by the other."""
    return (
        whole.group_id in ("", part.group_id)
        and (whole.first_on or date.min) <= (part.first_on or date.min)
        and (whole.last_on or date.max) >= (part.last_on or date.max)
    )


@drawn(daily=1, many=60, people=st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=90, max_size=90))
def test_no_two_filters_tell_a_small_count_to_whoever_may_not_see_patients(
    wb: Workbench, people: list[tuple[int, bool]]
) -> None:
    """Of ninety patients of two groups each is written to on one of three days, or not at all, and arrives or not."""
    _send_to(wb, people)
    scientist = replace(wb, user=replace(wb.user, roles=frozenset({"data_scientist"})))
    found = {each: (overview.overview(wb, each).totals, overview.overview(scientist, each).totals) for each in FILTERS}

    for name in ("selected", "handed_over", "delivered", "failed"):
        for exact, shown in found.values():
            assert exact[name] in possible(_whole(shown[name]))
        for whole in FILTERS:
            for part in (each for each in FILTERS if each != whole and _holds(whole, each)):
                of, seen = possible(_whole(found[whole][1][name])), possible(_whole(found[part][1][name]))
                assert max(of) - min(seen) - max(0, min(of) - max(seen)) >= BASE - 1 or max(of) < LEAST
                difference = (found[whole][0][name] or 0) - (found[part][0][name] or 0)
                assert max(0, min(of) - max(seen)) <= difference <= max(of) - min(seen)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _send_to(wb: Workbench, people: list[tuple[int, bool]]) -> None:
    with writing(wb.engine) as connection:
        is_filled = connection.scalar(select(recipients.c.recipient_id).limit(1)) is not None
    if not is_filled:
        add_clinic(wb)
        ids = [*add_patients(wb, 60), *add_patients(wb, 30, start=61, group=2)]
        add_campaign(wb, ids, campaign_id="t", name="Texts", channel="text")
    with writing(wb.engine) as connection:
        for number, (ahead, arrived) in enumerate(people, start=1):
            at = wb.now() + timedelta(days=ahead) if ahead < 3 else None
            state = "not_sent" if at is None else "delivered" if arrived else "returned"
            mine = update(recipients).where(recipients.c.patient_id == f"p{number}")
            connection.execute(mine.values(state=state, handed_over_at=at))
    roll_ups.refresh(wb)


@drawn(daily=40, many=400, rows=COUNTED)
def test_no_count_under_eleven_is_shown_nor_one_alone_that_is_hidden(rows: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame([{**dict.fromkeys(COUNTS, part), "selected": whole} for whole, part in rows])

    shown = without_small(frame)

    for name in COUNTS:
        kept = shown[name].drop_nulls()
        if name in ("segments", "call_minutes", "letters"):
            continue
        assert kept.filter(kept < 11).is_empty()
        assert shown[name].null_count() != 1 or frame.height == 1


# ---- what comes ----------------------------------------------------------------------------------------------------
def test_what_waits_is_planned_through_the_windows_at_the_pace() -> None:
    organisation = Organisation(phone_per_minute=1)
    noon = TUESDAY_NOON  # windows of calls: 11:00 to 20:00 in Chicago

    hours = planned(
        organisation, "phone", [Backlog(TODAY, 500), Backlog(date(2026, 11, 25), 30)], at=noon, per_minute=1, days=7
    )

    assert sum(hour.planned for hour in hours) == 530
    assert all(hour.planned <= hour.most for hour in hours)
    by_day: dict[date, int] = {}
    for hour in hours:
        by_day[hour.at.date()] = by_day.get(hour.at.date(), 0) + hour.planned
    assert by_day == {TODAY: 480, date(2026, 11, 25): 50}  # eight hours are left of Tuesday; Thursday is a holiday


@drawn(
    daily=25,
    many=300,
    counts=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 900)), max_size=5),
    pace=st.sampled_from((0.5, 3.0, 30.0)),
    days=st.integers(1, 14),
)
def test_no_more_is_planned_than_waits_or_fits(counts: list[tuple[int, int]], pace: float, days: int) -> None:
    waiting = [Backlog(TODAY + timedelta(days=ahead), count) for ahead, count in counts]

    hours = planned(Organisation(), "phone", waiting, at=TUESDAY_NOON, per_minute=pace, days=days)

    assert sum(hour.planned for hour in hours) <= sum(each.count for each in waiting)
    assert all(0 < hour.planned <= hour.most for hour in hours)
    moments = [hour.at for hour in hours]
    assert moments == sorted(set(moments))
    for hour in hours:
        started = sum(each.count for each in waiting if each.start_on <= hour.at.date())
        assert sum(other.planned for other in hours if other.at <= hour.at) <= started


def test_coming_sends_are_those_of_active_campaigns_whose_patients_wait(wb: Workbench) -> None:
    filled(wb)
    ids = add_patients(wb, 90, start=41)
    add_campaign(wb, ids, campaign_id="n", name="Next", channel="phone", start_on=date(2026, 11, 27))
    roll_ups.refresh(wb)

    found = coming.coming(wb)

    assert found.campaigns["campaign_id"].to_list() == ["n"]
    assert found.sends.rows() == [(date(2026, 11, 27), "phone", 90)]
    assert found.calls["planned"].sum() == 90
    assert charts.calls(found.calls).layout.title.text == "90 calls planned, lines never full"
    assert coming.coming(wb, "text").sends.is_empty()


def test_whoever_is_contacted_later_comes_on_their_own_day_and_those_beyond_two_weeks_apart(bench: Workbench) -> None:  # noqa: F811
    add_clinic(bench)
    activated(bench, add_patients(bench, 40), **DELAYED)
    activated(bench, add_patients(bench, 30, start=41), campaign_id="c2", name="c2", **DELAYED | {"delay_weeks": 1})
    add_campaign(bench, ["p1"], campaign_id="far", name="far", start_on=TODAY + timedelta(days=90))
    roll_ups.refresh(bench)

    found = coming.coming(bench)

    soon, on = date(2026, 12, 1), TODAY
    assert found.campaigns.select("campaign_id", "on", "waiting").rows() == [
        ("c1", on, 20), ("c2", on, 15), ("c2", soon, 15),
    ]  # fmt: skip
    assert found.beyond.select("campaign_id", "on", "waiting").rows() == [
        ("c1", date(2027, 1, 19), 20), ("far", date(2027, 2, 22), 1),
    ]  # fmt: skip
    assert found.sends.rows() == [(on, "email", 35), (soon, "email", 15)]


def test_what_starts_on_a_sunday_comes_on_monday_in_the_calendar_too(wb: Workbench) -> None:
    add_clinic(wb)
    activated(wb, add_patients(wb, 40), start_on=date(2026, 11, 29), **HOLD_OUT)
    roll_ups.refresh(wb)

    found, listed = coming.coming(wb), campaign_list.by_day(wb, date(2026, 11, 1))

    assert found.campaigns.select("on", "waiting").rows() == [(date(2026, 11, 30), 20)]
    assert [each.size for each in listed[date(2026, 11, 30)]] == ["20 patients to contact"]


# ---- charts and published numbers ----------------------------------------------------------------------------------
def test_charts_say_what_was_found(wb: Workbench) -> None:
    filled(wb)
    roll_ups.refresh(wb)
    shown = overview.overview(wb, DAYS)

    figure = charts.volumes(shown.volumes, is_weekly=False)

    assert figure.layout.title.text == "40 contacts, most on Tue 17 Nov 2026 (20)"
    assert [bar.name for bar in figure.data] == ["Text", "Phone"]
    assert charts.volumes(shown.volumes.clear(), is_weekly=False).layout.title.text == "Nobody was contacted"


@pytest.mark.parametrize(
    ("closed", "title"),
    [((50, 12), "Gap closed: Spanish 12%, English 50%"), ((50, 49), "No difference by language beyond chance")],
)
def test_the_chart_of_steps_names_only_what_chance_does_not_explain(closed: tuple[int, int], title: str) -> None:
    counts = pl.DataFrame(
        [
            {"value": value, **dict.fromkeys(COUNTS, 70), "selected": 100, "closed": number}
            for value, number in zip(("en", "es"), closed, strict=True)
        ]
    )
    rows = equity._steps(equity._named(counts, "language"), is_rough=False)

    assert charts.equity_steps(rows, noun="Language").layout.title.text == title


def test_what_a_feed_calls_a_payer_is_no_markup_in_a_chart() -> None:
    counts = pl.DataFrame(
        [{"value": f"<a href='x'>{name}</a>", **dict.fromkeys(COUNTS, part), "selected": 100, "closed": part}
         for name, part in (("one", 15), ("two", 80))]
    )  # fmt: skip
    rows = equity._steps(equity._named(counts, "payer"), is_rough=False)

    assert "<a" not in str(charts.equity_steps(rows, noun="Payer").to_plotly_json())


def test_ages_stand_in_their_order_and_words_of_different_case_are_one() -> None:
    def named(dimension: str, *values: str) -> list[str]:
        rows = [{"value": each, **dict.fromkeys(COUNTS, 20 + len(each))} for each in values]
        return equity._named(pl.DataFrame(rows), dimension)["name"].to_list()

    assert named("age", "(not recorded)", "85 and over", "0–17", "65–74") == [
        "0–17", "65–74", "85 and over", "(not recorded)",
    ]  # fmt: skip
    assert named("payer", "MEDICAID", "Medicaid", "(not recorded)") == ["MEDICAID", "(not recorded)"]


def test_every_published_number_has_a_source_and_is_a_share() -> None:
    for each in PUBLISHED:
        assert each.source and each.effect and set(each.channels) <= set(MODES)
        assert all(0 < share < 1 for share in (each.control, each.treated) if share is not None)
    assert {each.contact for each in comparable("text")} >= {"Any reminder", "Text"}
    assert "Letter" not in {each.contact for each in comparable("text")}


def test_each_figure_can_be_told_in_words(wb: Workbench) -> None:
    filled(wb)
    add_campaign(wb, add_patients(wb, 9, start=41), campaign_id="n", name="Next", channel="phone")
    roll_ups.refresh(wb)
    shown = overview.overview(wb, DAYS)

    told = [
        charts.alt_text(figure)
        for figure in (
            charts.volumes(shown.volumes, is_weekly=shown.is_weekly),
            charts.equity_steps(equity.equity(wb, EVERYTHING, "language"), noun="Language"),
            charts.calls(coming.coming(wb).calls),
        )
    ]

    assert "Text" in told[0] and "20" in told[0]
    assert "Spanish" in told[1]
    assert told[2].startswith("9 calls planned, lines never full")
