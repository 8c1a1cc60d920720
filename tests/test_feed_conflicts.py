"""A yes in the feed after a stop: the opt-out stays, and somebody is asked once (T6, T8)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core import corrections, opt_outs, preflight, text_stops
from core.corrections import Conflict
from core.domain.consent_conflict import OWN_SOURCES, Statement, contradicted, stopping, types_stopping
from core.domain.opt_out import CAMPAIGN, TYPES, OptOut, covers
from core.domain.organisation import CHANNELS
from core.domain.user import Scope
from core.errors import NotAllowed
from core.store import accounts
from core.store import opt_outs as opt_out_rows
from core.store.database import reading, writing
from core.store.schema import opt_outs as opt_out_table
from core.workbench import Workbench
from tests.conftest import Clock
from tests.feeds import without_rules
from tests.later_feeds import Feeds
from tests.postgres import bench, bench_by_day, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

HEAD = (
    "patient_id,first,last,birth_date,sex,status,group_id,pcp_id,phone_mobile,email,"
    "sms_consent,sms_consent_on,email_consent,voice_consent"
)
MOBILE = "+13125550101"
TODAY = date(2026, 11, 24)


def row(
    sms: str = "", on: str = "", email: str = "", voice: str = "", *, patient_id: str = "P1", last: str = "Example"
) -> str:
    number = MOBILE if patient_id == "P1" else "+13125550102"
    person = f"{patient_id},Ann,{last},1960-05-01,F,active,g1,d1,{number},{patient_id.lower()}@example.org"
    return f"{person},{sms},{on},{email},{voice}"


@pytest.fixture
def feeds(bench_by_day: Workbench, clock: Clock, tmp_path: Path) -> Iterator[Feeds]:  # noqa: F811
    without_rules(bench_by_day)
    loaded = Feeds(bench_by_day, clock, tmp_path, HEAD, timedelta(minutes=1))
    loaded.load(row(), row(patient_id="P2"))
    clock.forward(minutes=1)
    yield loaded


def stop(wb: Workbench, number: str = MOBILE) -> None:
    with writing(wb.engine) as connection:
        text_stops.stop_number(wb, connection, number)


def _stops_texts(wb: Workbench) -> bool:
    (text,) = preflight.reach(wb, ["P1"], channels=["text"])
    return bool(text.not_reached) and text.not_reached[0].reason.key.startswith("opted_out")


def only(wb: Workbench) -> Conflict:
    (conflict,) = corrections.conflicts(wb)
    assert corrections.waiting_count(wb) == 1
    return conflict


def test_a_feed_with_consent_after_a_stop_leaves_the_opt_out_and_asks(feeds: Feeds) -> None:
    wb = feeds.wb
    stop(wb)

    feeds.load(row("yes"), row(patient_id="P2"))

    asked = only(wb)
    assert (asked.kind, asked.field.channel, asked.person.patient_id) == ("consent", "text", "P1")
    assert [each.source for each in asked.opt_outs] == ["stop"]
    assert _stops_texts(wb)


def test_it_is_asked_too_when_the_feed_was_made_before_the_stop_and_came_after_it(feeds: Feeds) -> None:
    stop(feeds.wb)

    feeds.load(row("yes"), received_at="2026-11-24T12:01:30-06:00")

    assert only(feeds.wb).feed["text_consent"] == "yes"


@pytest.mark.parametrize(
    ("statement", "is_asked"),
    [
        (row("yes"), True),
        (row("yes", "2026-11-24"), True),
        (row("yes", "2026-11-23"), False),  # said before the stop
        (row("no"), False),
        (row(""), False),
        (row(email="yes"), False),  # about another channel
        (row(voice="yes"), False),
    ],
)
def test_only_a_yes_that_may_be_later_than_the_stop_is_asked_about(
    feeds: Feeds, statement: str, is_asked: bool
) -> None:
    stop(feeds.wb)

    feeds.load(statement)

    assert bool(corrections.conflicts(feeds.wb)) == is_asked and _stops_texts(feeds.wb)


@pytest.mark.parametrize(
    ("type_key", "statement", "field"),
    [
        ("health_email", row(email="yes"), "email_consent"),
        ("health_phone", row(voice="yes"), "call_consent"),
        ("health_text", row("yes"), "text_consent"),
        ("appt_text", row("yes"), None),  # the patient never stopped campaigns
        ("global", row(email="yes"), "email_consent"),
    ],
)
def test_what_staff_have_recorded_counts_like_a_stop(
    feeds: Feeds, type_key: str, statement: str, field: str | None
) -> None:
    duration: dict[str, Any] = {"duration": "days", "days": 30} if type_key == "health_phone" else {}
    opt_outs.add(feeds.wb, "P1", type_key, reason="Other", **duration)

    feeds.load(statement)

    assert [each.field.key for each in corrections.conflicts(feeds.wb)] == ([field] if field else [])


def test_keeping_the_opt_out_is_asked_once_for_a_statement(feeds: Feeds) -> None:
    wb = feeds.wb
    stop(wb)
    feeds.load(row("yes"))
    corrections.settle(wb, only(wb).conflict_id, "kept")
    assert _stops_texts(wb)

    feeds.load(row("yes", last="Married"))
    assert corrections.conflicts(wb) == []
    feeds.load(row("yes", "2026-11-24", last="Married"))  # another statement

    assert only(wb).feed["text_consent_on"] == "2026-11-24"


def test_a_patient_who_agreed_again_is_free_and_may_stop_again(feeds: Feeds) -> None:
    wb = feeds.wb
    stop(wb)
    feeds.load(row("yes"))

    with pytest.raises(NotAllowed, match="when and how"):
        corrections.settle(wb, only(wb).conflict_id, "feed")
    corrections.settle(wb, only(wb).conflict_id, "feed", note="by phone today")

    assert not _stops_texts(wb) and corrections.conflicts(wb) == []
    feeds.clock.forward(minutes=1)
    stop(wb)
    feeds.load(row("yes", last="Married"))
    assert only(wb).kind == "consent" and _stops_texts(wb)


def test_only_who_may_change_opt_outs_says_that_the_patient_agreed_again(feeds: Feeds) -> None:
    wb = feeds.wb
    stop(wb)
    feeds.load(row("yes"))
    asked = only(wb)
    limited = replace(wb, user=replace(wb.user, scope=Scope(groups=frozenset({"g1"}))))
    clerk = replace(wb, user=replace(wb.user, roles=frozenset({"opt_out_clerk"})))

    with pytest.raises(NotAllowed, match="others may share"):
        corrections.settle(limited, asked.conflict_id, "feed", note="by phone")
    with pytest.raises(NotAllowed, match="decide between"):
        corrections.settle(clerk, asked.conflict_id, "feed")
    with pytest.raises(NotAllowed, match="Decide either"):
        corrections.settle(wb, asked.conflict_id, "perhaps")

    assert only(wb) == asked and _stops_texts(wb)


def test_a_consent_to_one_channel_lifts_no_global_opt_out(feeds: Feeds) -> None:
    wb = feeds.wb
    opt_outs.add(wb, "P1", "global", reason="Complaint")
    feeds.load(row("yes"))
    asked = only(wb)
    assert asked.is_wider

    with pytest.raises(NotAllowed, match="Global"):
        corrections.settle(wb, asked.conflict_id, "feed", note="by phone")

    assert only(wb) == asked and _stops_texts(wb)


def _stop_for(wb: Workbench, patient_id: str, reason: str) -> None:
    wish = OptOut("all_text", wb.today(), patient_id=patient_id, address=MOBILE, reason=reason, comment="at the clinic")
    with writing(wb.engine) as connection:
        opt_out_rows.add(connection, replace(wish, source="staff"), at=wb.now(), by="ana")


def test_one_who_agreed_again_lifts_nothing_of_somebody_else_on_the_shared_number(feeds: Feeds) -> None:
    wb, shared = feeds.wb, row(patient_id="P2").replace("+13125550102", MOBILE)
    feeds.load(row(), shared)
    _stop_for(wb, "P1", "Privacy")
    _stop_for(wb, "P2", "Complaint")
    feeds.clock.forward(minutes=1)
    feeds.load(row("yes"), shared)
    asked = only(wb)
    assert asked.is_of_others and asked.person.patient_id == "P1"
    told = {each.patient_id: (each.reason, each.comment, bool(each.opt_out_id)) for each in asked.opt_outs}
    assert told == {"P1": ("Privacy", "", True), None: ("", "", False)}

    with pytest.raises(NotAllowed, match=r"Somebody else.*Opt-Out Settings"):
        corrections.settle(wb, asked.conflict_id, "feed", note="by phone")
    assert {each.patient_id for each in opt_outs.of_patient(wb, "P1")} == {"P1", "P2"} and only(wb) == asked

    opt_outs.remove(wb, [each.opt_out_id or 0 for each in opt_outs.of_patient(wb, "P2") if each.patient_id == "P2"])
    corrections.settle(wb, asked.conflict_id, "feed", note="by phone")
    assert opt_outs.of_patient(wb, "P1") == []


def test_a_question_is_gone_with_its_opt_out_and_when_the_feed_takes_the_yes_back(feeds: Feeds) -> None:
    wb = feeds.wb
    stop(wb)
    feeds.load(row("yes"))
    with writing(wb.engine) as connection:
        text_stops.restore_number(wb, connection, MOBILE)
    assert corrections.conflicts(wb) == [] and corrections.waiting_count(wb) == 0

    stop(wb)
    feeds.load(row("yes", "2026-11-24"))
    assert only(wb)
    feeds.load(row("no", "2026-11-24"))
    assert corrections.conflicts(wb) == [] and _stops_texts(wb)


def test_a_feeds_own_opt_out_and_consents_that_were_there_before_ask_nothing(feeds: Feeds) -> None:
    wb = feeds.wb
    feeds.load(row("yes"), row("yes", patient_id="P2"))
    feeds.clock.forward(minutes=5)
    stop(wb)
    with writing(wb.engine) as connection:
        theirs = OptOut("all_text", wb.today(), patient_id="P2", reason="Other", source="feed")
        opt_out_rows.add(connection, theirs, at=wb.now(), by="ana")

    feeds.load(row("yes"), row("yes", patient_id="P2", last="Married"))

    assert corrections.conflicts(wb) == []


def test_staff_cannot_record_a_yes_against_an_opt_out_but_after_it_was_removed(feeds: Feeds) -> None:
    wb = feeds.wb
    stop(wb)
    said = {"text_consent": "yes", "text_consent_source": "Said so by phone"}

    with pytest.raises(NotAllowed, match=r"All Text.*removed first"):
        corrections.correct(wb, "P1", "text_consent", said)
    with reading(wb.engine) as connection:
        (opt_out_id,) = connection.scalars(select(opt_out_table.c.opt_out_id))
    opt_outs.remove(wb, [opt_out_id], has_agreed=True, note="by phone today")
    corrections.correct(wb, "P1", "text_consent", said)

    assert corrections.on_file(wb, "P1")["text_consent"].values["text_consent"] == "yes"


def test_only_recorded_consents_lets_those_of_staff_through_for_their_number_alone(feeds: Feeds) -> None:
    wb = feeds.wb
    accounts.change_organisation(wb.engine, {"text_needs_consent": True}, at=wb.now(), by="ana")

    def why_not() -> list[str]:
        (text,) = preflight.reach(wb, ["P1"], channels=["text"])
        return [each.reason.key for each in text.not_reached]

    assert why_not() == ["consent_missing"]
    corrections.correct(wb, "P1", "text_consent", {"text_consent": "yes", "text_consent_source": "Signed a form"})
    assert why_not() == []
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": "312-555-0177"})
    assert why_not() == ["consent_missing"]
    corrections.correct(wb, "P1", "text_consent", {"text_consent": "no", "text_consent_source": "Said so by phone"})
    assert why_not() == ["no_text_consent"]


AT = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.mark.parametrize("type_key", TYPES)
def test_the_rule_is_that_of_opt_outs_for_campaigns_by_the_channel(type_key: str) -> None:
    for channel, source in product(CHANNELS, (*OWN_SOURCES, "feed")):
        opt_out = OptOut(type_key, TODAY, source=source, made_at=AT)

        stops = covers(opt_out, product=CAMPAIGN, channel=channel, on=TODAY) and type_key != "protocol"

        assert bool(stopping([opt_out], channel=channel, on=TODAY)) == (stops and source != "feed")
        assert (type_key in types_stopping(channel)) == stops


@pytest.mark.parametrize(
    ("answer", "said", "received", "is_news", "expected"),
    [
        ("yes", None, 1, False, True),
        ("yes", None, -1, False, False),  # it stood in the feed before the stop
        ("yes", None, -1, True, True),  # the feed is older, but says something that it did not say before
        ("yes", 0, 1, False, True),
        ("yes", -1, 1, True, False),
        ("no", None, 1, True, False),
        (None, None, 1, True, False),
    ],
)
def test_a_yes_contradicts_a_stop_unless_it_is_surely_older(
    answer: str | None, said: int | None, received: int, is_news: bool, expected: bool
) -> None:
    on = None if said is None else TODAY + timedelta(days=said)
    statement = Statement(answer, on, AT + timedelta(hours=received), is_news=is_news)

    assert bool(contradicted(statement, [OptOut("all_text", TODAY, source="stop", made_at=AT)])) == expected
