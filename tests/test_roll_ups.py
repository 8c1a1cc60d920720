"""What campaigns have come to is kept added up: after whatever changes it is what a scan of the messages finds."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from core import campaigns as public
from core import corrections, equity, receipts, report_parts, roll_ups
from core.domain.campaign import Message
from core.domain.roll_up import COUNTS, DIMENSIONS, STEPS, Wanted
from core.domain.roll_up_counts import ROLL_UPS
from core.store import accounts, roll_up_rows
from core.store.database import reading, writing
from core.store.schema import (
    campaign_changes,
    campaigns,
    loads,
    merges,
    message_events,
    opt_outs,
    outcomes,
    patients,
    print_decisions,
    print_runs,
    recipients,
    replies,
)
from core.store.schema import roll_ups as table
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import TUESDAY_NOON, Clock
from tests.drawn import drawn
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.restores import back_up, restore_in_place

STATES = (
    "waiting", "claimed", "calling", "handed_over", "delivered", "unconfirmed", "returned", "unsuccessful",
    "introductory", "not_sent", "stopped", "hold_out", "printed", "mailed", "unknown",
)  # fmt: skip
ARMS = ("contact", "hold_out", "later", "a", "b")
CHANNELS = ("email", "text", "phone", "letter")
REFUSED = ("not_sent", "hold_out")
DAY = timedelta(days=1)


def filled(wb: Workbench) -> None:
    """Four campaigns, one of each mode, with the same six patients of two groups."""
    add_clinic(wb)
    ids = add_patients(wb, 3) + add_patients(wb, 3, start=4, group=2, language="es", birth_date=None, race="White")
    text_of_two = Message("", "x" * 200)
    for channel in CHANNELS:
        messages = {"en": Message("s", "b"), "es": text_of_two if channel == "text" else Message("s", "b")}
        add_campaign(wb, ids, campaign_id=channel, name=channel, channel=channel, messages=messages)


def totals(wb: Workbench, dimension: str = "") -> dict[tuple[Any, ...], Counter[str]]:
    """What is kept, by campaign, day, group, provider and value."""
    found: dict[tuple[Any, ...], Counter[str]] = {}
    with reading(wb.engine) as connection:
        for row in connection.execute(select(table).where(table.c.dimension == dimension)):
            kept = row._mapping
            key = (kept["campaign_id"], kept["on"], kept["group_id"], kept["provider_id"], kept["value"])
            found[key] = Counter({name: kept[name] for name in COUNTS if kept[name]})
    return found


def scanned(wb: Workbench) -> dict[tuple[Any, ...], Counter[str]]:
    """The same by looking at one message after the other, written down another way."""
    found: dict[tuple[Any, ...], Counter[str]] = {}
    with reading(wb.engine) as connection:
        for one in connection.execute(select(recipients)).all():
            person = connection.execute(select(patients).where(patients.c.patient_id == one.patient_id)).one()
            campaign = connection.execute(select(campaigns).where(campaigns.c.campaign_id == one.campaign_id)).one()
            left = one.handed_over_at
            on = left.astimezone(wb.zone()).date() if left else campaign.start_on
            key = (one.campaign_id, on, person.group_id, person.pcp_id, "")
            found.setdefault(key, Counter()).update(_counted(connection, one, campaign, person))
    return {key: Counter({name: count for name, count in each.items() if count}) for key, each in found.items()}


def _counted(connection: Connection, one: Any, campaign: Any, person: Any) -> dict[str, int]:
    def events(kind: str) -> list[Any]:
        mine = (message_events.c.recipient_id == one.recipient_id) & (message_events.c.kind == kind)
        return list(connection.execute(select(message_events).where(mine)))

    said = [each.received_at for each in connection.execute(select(replies)) if each.recipient_id == one.recipient_id]
    said += [each.at for each in events("key")]
    refused = one.state in REFUSED or one.arm == "hold_out"
    gone = one.state in ("handed_over", "calling", "delivered", "unconfirmed", "returned", "mailed")
    gone = gone or one.handed_over_at is not None
    gone = gone or (campaign.channel == "phone" and one.state == "unsuccessful" and one.attempt_count > 0)
    left = gone and not refused and one.message == "campaign"
    arrived = left and one.state in ("handed_over", "delivered", "unconfirmed", "mailed")
    became = connection.execute(select(outcomes).where(outcomes.c.recipient_id == one.recipient_id)).one_or_none()
    minutes = sum(max(1, -(-each.details.get("seconds", 0) // 60)) for each in events("completed"))
    spanish = (one.language or person.language) == "es"
    return {
        "selected": 1,
        "eligible": not refused,
        "held_out": one.arm == "hold_out" or one.state == "hold_out",
        "followed": bool(arrived and became),
        "waiting": not refused and one.state in ("waiting", "claimed", "printed"),
        "handed_over": left,
        "delivered": arrived,
        "failed": one.message == "campaign" and one.state in ("returned", "unsuccessful"),
        "answered": arrived and any(_soon(one.handed_over_at, at) for at in said),
        "opt_outs": left and _opted_out(connection, one),
        "booked": bool(arrived and became and became.booked_on),
        "kept": bool(arrived and became and became.booked_on and became.kept_on),
        "closed": bool(arrived and became and became.closed_90),
        "gaps_closed": became.closed_90 if arrived and became else 0,
        "segments": (2 if spanish else 1) if left and campaign.channel == "text" else 0,
        "call_minutes": minutes if campaign.channel == "phone" else 0,
        "letters": left and campaign.channel == "letter",
    }


def _soon(left: datetime | None, at: datetime) -> bool:
    return left is None or left <= at <= left + 14 * DAY


def _opted_out(connection: Connection, one: Any) -> bool:
    left = one.handed_over_at
    mine = recipients.c.patient_id == one.patient_id
    lefts = [each for each in connection.scalars(select(recipients.c.handed_over_at).where(mine)) if each]
    wishes = connection.execute(select(opt_outs).where(opt_outs.c.patient_id == one.patient_id))
    return left is not None and any(
        left <= each.made_at <= left + 14 * DAY and not any(left < other <= each.made_at for other in lefts)
        for each in wishes
        if each.source != "feed"
    )


# ---- changes -------------------------------------------------------------------------------------------------------
MOMENTS = st.integers(-40, 40).map(lambda hours: TUESDAY_NOON + timedelta(hours=7 * hours))
NUMBERS = st.integers(1, 24)
CHANGES = st.one_of(
    st.tuples(
        st.just("state"), NUMBERS, st.sampled_from(STATES), st.none() | MOMENTS, st.integers(0, 2), st.booleans()
    ),
    st.tuples(st.just("arm"), NUMBERS, st.sampled_from(ARMS)),
    st.tuples(
        st.just("event"), NUMBERS, st.sampled_from(("key", "completed", "ringing")), MOMENTS, st.integers(0, 200)
    ),
    st.tuples(st.just("reply"), NUMBERS, MOMENTS),
    st.tuples(st.just("opt_out"), st.integers(1, 6), st.sampled_from(("link", "stop", "feed")), MOMENTS),
    st.tuples(st.just("outcome"), NUMBERS, st.integers(0, 3), st.booleans(), st.booleans()),
    st.tuples(st.just("start"), st.sampled_from(CHANNELS), st.dates(date(2026, 11, 1), date(2026, 12, 1))),
    st.tuples(st.just("language"), st.integers(1, 6), st.sampled_from(("en", "es"))),
    st.tuples(st.just("refresh")),
)


def do(wb: Workbench, number: int, kind: str, *given: Any) -> None:
    if kind == "refresh":
        roll_ups.refresh(wb, most=1)
        return
    with writing(wb.engine) as connection:
        for statement in _statements(number, kind, *given):
            connection.execute(statement)


def _statements(number: int, kind: str, *given: Any) -> Iterator[Any]:
    who = given[0]
    mine = update(recipients).where(recipients.c.recipient_id == who)
    if kind == "state":
        _, state, left, count, is_introductory = given
        message = "introductory" if is_introductory else "campaign"
        yield mine.values(state=state, handed_over_at=left, attempt_count=count, message=message)
    elif kind == "arm":
        yield mine.values(arm=given[1])
    elif kind == "event":
        _, what, at, seconds = given
        details = {"seconds": seconds} if seconds > 20 else {}
        yield insert(message_events).values(recipient_id=who, kind=what, at=at, received_at=at, details=details)
    elif kind == "reply":
        about = {"provider_id": f"m{number}", "from_number": "+1", "to_number": "+1", "body": "", "kind": "other"}
        yield insert(replies).values(**about, received_at=given[1], recipient_id=who, status="new")
    elif kind == "opt_out":
        _, source, at = given
        about = {"patient_id": f"p{who}", "type": "all", "reason": "", "made_by": "x", "starts_on": at.date()}
        yield insert(opt_outs).values(**about, source=source, source_key=str(number), made_at=at)
    elif kind == "outcome":
        yield delete(outcomes).where(outcomes.c.recipient_id == who)
        yield insert(outcomes).values(_outcome(who, *given[1:]))
    elif kind == "language":
        yield update(patients).where(patients.c.patient_id == f"p{who}").values(language=given[1])
    elif kind == "claim":
        yield mine.values(state="claimed", claimed_by="w", attempt_count=1)
    else:
        yield update(campaigns).where(campaigns.c.campaign_id == who).values(start_on=given[1])


def _outcome(who: int, gaps: int, is_booked: bool, is_kept: bool) -> dict[str, Any]:
    day = date(2026, 11, 30)
    closed = {f"closed_{days}": gaps for days in (30, 60, 90)}
    booked = {"booked_on": day if is_booked else None, "kept_on": day if is_kept else None}
    known = {"gap_count": 3, "followed_through": day, "campaign_id": CHANNELS[(who - 1) // 6]}
    return {"recipient_id": who, **known, **closed, **booked}


@drawn(daily=8, many=200, changes=st.lists(CHANGES, min_size=1, max_size=25))
def test_whatever_changes_what_is_kept_is_what_a_scan_finds(bench: Workbench, changes: list[Any]) -> None:  # noqa: F811
    _begin(bench)
    in_order = sorted(changes, key=lambda each: each[0] == "opt_out")  # an opt-out follows the messages it is about
    for number, change in enumerate(in_order):
        do(bench, number, *change)

    roll_ups.refresh(bench)

    assert totals(bench) == scanned(bench)
    assert roll_ups.stale_count(bench) == 0
    _check_reports(bench)
    for dimension in DIMENSIONS:  # by language and the like the same people are counted
        assert sum(totals(bench, dimension).values(), Counter()) == sum(totals(bench).values(), Counter())


def _check_reports(wb: Workbench) -> None:
    """The report of each campaign counts every step as the overview does."""
    kept: dict[str, Counter[str]] = {}
    for key, counts in totals(wb).items():
        kept.setdefault(key[0], Counter()).update(counts)
    for channel in CHANNELS:
        funnel = report_parts.parts(wb, public.campaign(wb, channel)).funnel
        told = {
            "handed_over" if key == "sent" else key: count or 0 for key, count in funnel["key", "count"].iter_rows()
        }
        told.pop("stopped", None)
        assert told == {step: kept[channel][step] for step in told}
        assert set(STEPS) - told.keys() <= {"answered"}


def _begin(wb: Workbench) -> None:
    """The clinic as it was filled, for every example."""
    with writing(wb.engine) as connection:
        is_filled = connection.scalar(select(recipients.c.recipient_id).limit(1)) is not None
        for each in (message_events, replies, opt_outs, outcomes, table):
            connection.execute(delete(each))
        values = {"state": "waiting", "arm": "contact", "handed_over_at": None, "attempt_count": 0}
        connection.execute(update(recipients).values(**values, message="campaign"))
        connection.execute(update(campaigns).values(start_on=date(2026, 11, 24)))
        every = select(campaigns.c.campaign_id)
        connection.execute(insert(campaign_changes).from_select(["campaign_id"], every))
    if not is_filled:
        filled(wb)


def changed(wb: Workbench) -> set[str]:
    """The campaigns that are to be counted anew."""
    with reading(wb.engine) as connection:
        return set(connection.scalars(select(campaign_changes.c.campaign_id)))


def test_a_claim_alone_is_no_change_so_that_sending_writes_no_more(bench: Workbench) -> None:  # noqa: F811
    filled(bench)
    roll_ups.refresh(bench)

    do(bench, 1, "claim", 1)
    assert changed(bench) == set()

    do(bench, 1, "state", 1, "handed_over", TUESDAY_NOON, 1, False)
    assert changed(bench) == {"email"}


def test_a_load_lets_every_campaign_be_counted_anew(bench: Workbench) -> None:  # noqa: F811
    filled(bench)
    roll_ups.refresh(bench)
    at = bench.now()
    about = {"source_system": "ehr", "format": "careloop", "started_at": at, "loaded_by": "ana", "counts": {}}

    with writing(bench.engine) as connection:
        connection.execute(insert(loads).values(**about, defects=[], status="unchanged"))
    assert changed(bench) == set()
    with writing(bench.engine) as connection:
        connection.execute(insert(loads).values(**about, defects=[], status="loaded"))
    assert changed(bench) == set(CHANNELS)


FIGURED = {"language": "es", "birth_date": date(1950, 1, 1), "sex": "M", "race": "Asian", "payer": "Aetna",
           "pcp_id": "dr2", "group_id": "g2"}  # fmt: skip


@pytest.mark.parametrize("column", FIGURED)
def test_a_patient_of_another_language_or_group_is_counted_anew_and_of_another_number_is_not(
    bench: Workbench,  # noqa: F811
    column: str,
) -> None:
    filled(bench)
    roll_ups.refresh(bench)
    mine = update(patients).where(patients.c.patient_id == "p1")

    with writing(bench.engine) as connection:
        connection.execute(mine.values(phone_mobile="+15550100199"))
    assert changed(bench) == set()
    with writing(bench.engine) as connection:
        connection.execute(mine.values({column: FIGURED[column]}))
    assert changed(bench) == set(CHANNELS)


def test_a_corrected_language_is_that_of_the_overview_and_the_report(bench: Workbench) -> None:  # noqa: F811
    add_clinic(bench)
    add_campaign(bench, add_patients(bench, 60), status="completed")
    roll_ups.refresh(bench)

    for number in range(1, 31):
        corrections.correct(bench, f"p{number}", "language", {"language": "es"})
    roll_ups.refresh(bench)

    languages = equity.equity(bench, Wanted(), "language").filter(pl.col("step") == "selected")
    slices = report_parts.parts(bench, public.campaign(bench, "c1")).slices["language"]
    assert languages["count"].to_list() == slices["selected"].to_list() == [30, 30]


def test_two_ids_that_become_one_are_counted_as_the_survivor(bench: Workbench) -> None:  # noqa: F811
    filled(bench)
    roll_ups.refresh(bench)
    made = {"merged_id": "p1", "patient_id": "p4", "source": "staff", "merged_on": bench.today()}

    with writing(bench.engine) as connection:
        connection.execute(insert(merges).values(**made, made_at=bench.now(), made_by="ana"))

    assert changed(bench) == set(CHANNELS)


def test_days_are_those_of_the_time_zone_of_now(bench: Workbench) -> None:  # noqa: F811
    filled(bench)
    late = TUESDAY_NOON.replace(hour=6) + DAY  # midnight in Chicago
    do(bench, 1, "state", 1, "handed_over", late, 1, False)
    roll_ups.refresh(bench)

    accounts.change_organisation(bench.engine, {"call_back_number": "+15550100100"}, at=bench.now(), by="ana")
    assert changed(bench) == set()
    accounts.change_organisation(bench.engine, {"time_zone": "America/Los_Angeles"}, at=bench.now(), by="ana")
    assert changed(bench) == set(CHANNELS)
    roll_ups.refresh(bench)

    assert totals(bench) == scanned(bench)


def test_what_changes_while_a_campaign_is_counted_is_counted_with_the_next_change(
    bench: Workbench,  # noqa: F811
) -> None:
    filled(bench)
    with writing(bench.engine) as connection:
        taken = roll_up_rows.take(connection, token="one", at=bench.now())
    assert taken == "email"
    do(bench, 1, "state", 1, "handed_over", TUESDAY_NOON, 1, False)
    with writing(bench.engine) as connection:  # counted by somebody who has not seen the change
        roll_up_rows.put(connection, "email", ROLL_UPS.to_frame(), token="one")

    assert "email" in changed(bench)
    roll_ups.refresh(bench)

    assert totals(bench) == scanned(bench)


def test_whoever_was_overtaken_keeps_nothing_and_whoever_is_gone_is_overtaken(
    bench: Workbench,  # noqa: F811
    clock: Clock,
) -> None:
    filled(bench)
    with writing(bench.engine) as connection:
        roll_up_rows.take(connection, token="slow", at=bench.now())
    roll_ups.refresh(bench)
    assert changed(bench) == {"email"}  # which somebody counts just now

    clock.forward(minutes=2)
    roll_ups.refresh(bench)
    with writing(bench.engine) as connection:
        kept = roll_up_rows.put(connection, "email", ROLL_UPS.to_frame(), token="slow")

    assert not kept
    assert totals(bench) == scanned(bench)


def test_introductory_emails_are_no_campaign(bench: Workbench) -> None:  # noqa: F811
    add_clinic(bench)
    add_campaign(bench, add_patients(bench, 2), kind="introductory")

    roll_ups.refresh(bench)

    assert totals(bench) == {}


def test_a_letter_to_a_household_is_one_letter(bench: Workbench) -> None:  # noqa: F811
    filled(bench)
    with writing(bench.engine) as connection:
        run = {"run_id": "r", "campaign_id": "letter", "number": 1, "state": "ready", "has_letters": True}
        stamps = {"planned_at": bench.now(), "asked_at": bench.now(), "asked_by": "ana", "letter_count": 5}
        others = {"has_labels": False, "frozen": {}, "digest": "", "version": 1, "try_count": 0, "problem": ""}
        mails = {"mail_state": "", "mail_tries": 0}
        connection.execute(insert(print_runs).values(**run, **stamps, **others, **mails))
        for number, position in enumerate((0, 0, 1, 2, 3, 4)):
            about = {"run_id": "r", "recipient_id": 19 + number, "position": position, "reason": ""}
            connection.execute(insert(print_decisions).values(about))
        mine = recipients.c.campaign_id == "letter"
        connection.execute(update(recipients).where(mine).values(state="mailed", handed_over_at=TUESDAY_NOON))

    roll_ups.refresh(bench)

    both = sum((each for key, each in totals(bench).items() if key[0] == "letter"), Counter())
    assert (both["handed_over"], both["letters"]) == (6, 5)


def test_a_campaign_that_cannot_be_counted_does_not_stop_a_dispatcher(
    wb: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    filled(wb)
    with writing(wb.engine) as connection:
        connection.execute(update(campaigns).where(campaigns.c.campaign_id == "text").values(messages={"en": {"x": 1}}))
    rolling = roll_ups.Rolling()

    for _ in CHANNELS:
        rolling.not_before = 0.0
        rolling.roll(wb)

    assert "a campaign could not be added up" in caplog.text
    assert {key[0] for key in totals(wb)} == set(CHANNELS) - {"text"}


def test_a_page_shows_the_others_where_a_campaign_cannot_be_counted(wb: Workbench) -> None:
    filled(wb)
    with writing(wb.engine) as connection:
        connection.execute(update(campaigns).where(campaigns.c.campaign_id == "text").values(messages={"en": {"x": 1}}))

    roll_ups.catch_up(wb, seconds=10)

    assert {key[0] for key in totals(wb)} == set(CHANNELS) - {"text"}
    assert roll_ups.stale_count(wb) == 1


def test_a_page_does_not_wait_for_another_who_writes(bench: Workbench) -> None:  # noqa: F811
    filled(bench)
    holds, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with writing(bench.engine) as connection:
            connection.execute(update(campaign_changes).values(taken_by="other"))
            holds.set()
            is_over.wait(30)

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert holds.wait(10)
        begun = time.monotonic()
        roll_ups.catch_up(bench, seconds=0.3)
        assert time.monotonic() - begun < 3
    finally:
        is_over.set()
        other.join()
    assert roll_ups.stale_count(bench) == len(CHANNELS)
    assert roll_ups.refresh(bench) == len(CHANNELS)  # whoever waits as long as it takes comes to it


@pytest.mark.parametrize(("told", "seconds"), [("61", 61), ("0", 0), ("", None), ("1e3", None), ("-5", None)])
def test_how_long_a_call_took_is_kept_from_what_twilio_tells(wb: Workbench, told: str, seconds: int | None) -> None:
    filled(wb)
    fields = {"CallSid": "CA1", "CallStatus": "completed", "CallDuration": told}
    status = receipts.status_of("phone", fields, attempt="13-1")
    assert status is not None

    receipts.take_all(wb, [status])

    with reading(wb.engine) as connection:
        details = connection.scalars(select(message_events.c.details)).one()
    assert details.get("seconds") == seconds
    assert "phone" in changed(wb)


def test_a_large_campaign_is_counted_in_pieces(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(wb)
    do(wb, 1, "state", 1, "delivered", TUESDAY_NOON, 1, False)
    monkeypatch.setattr(roll_up_rows, "_PIECE", 2)

    roll_ups.refresh(wb)

    assert totals(wb) == scanned(wb)


def test_after_a_restore_the_sums_come_by_themselves(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    clock: Clock,
) -> None:
    filled(bench)
    do(bench, 1, "state", 1, "delivered", TUESDAY_NOON, 1, False)
    roll_ups.refresh(bench)
    before = totals(bench)
    archive = back_up(bench, tmp_path / "a.zip")

    restore_in_place(bench, archive, clock)

    assert totals(bench) == {}
    assert changed(bench) >= set(CHANNELS)
    roll_ups.refresh(bench)
    assert totals(bench) == before
