"""What is decided at the last moment, over a campaign of several patients: one mail an address, nobody who has booked,
nothing that comes too late; every patient is counted once."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from core import campaigns, dispatcher, reports
from core.channels.email import EmailChannel
from core.domain.eligibility import first_of_address
from core.sending import send_batch
from core.store import accounts
from core.store.database import writing
from core.store.schema import address_states, opt_outs, patients, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients, clinic_that_sends, states, states_only, tries
from tests.conftest import TUESDAY_NOON, Clock
from tests.dispatchers import taken
from tests.drawn import drawn
from tests.mail_servers import Recorder, recording
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

FAMILY = "family@example.org"
NEXT_WEEK = TUESDAY_NOON + timedelta(days=7)


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def change(wb: Workbench, patient_id: str, **values: object) -> None:
    with writing(wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == patient_id).values(values))


# ---- one address ---------------------------------------------------------------------------------------------------
def test_of_those_who_share_an_address_the_lowest_id_gets_the_mail_and_the_others_are_told_apart(
    wb: Workbench, server: Recorder
) -> None:
    ids = add_patients(wb, 12, email=FAMILY)
    add_campaign(wb, ids[::-1])  # p12 comes first in the campaign

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("handed_over", "")} | dict.fromkeys(ids[1:], ("not_sent", "same_address"))
    assert len(server.mails) == 1
    ledger = reports.report(wb, "c1").ledger
    assert ledger["count"].sum() == 12
    assert "somebody else in the campaign gets the message at the same address" in ledger["reason"].to_list()


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_that_holds_over_batches_in_any_order(wb: Workbench, server: Recorder, limit: int) -> None:
    others = add_patients(wb, 4)
    family = add_patients(wb, 3, start=5, email=FAMILY)
    add_campaign(wb, [family[2], others[0], family[0], others[1], others[2], family[1], others[3]])

    while dispatcher.drain(wb, limit=limit):
        pass

    assert states(wb)["p5"] == ("handed_over", "")
    assert {states(wb)[each] for each in family[1:]} == {("not_sent", "same_address")}
    assert len(server.mails) == 5


def test_when_the_lowest_may_not_be_written_to_the_next_one_is(wb: Workbench, server: Recorder) -> None:
    add_campaign(wb, add_patients(wb, 3, email=FAMILY))
    change(wb, "p1", status="deceased")

    dispatcher.drain(wb)

    assert states(wb) == {
        "p1": ("not_sent", "deceased"),
        "p2": ("handed_over", ""),
        "p3": ("not_sent", "same_address"),
    }


def test_a_second_try_keeps_its_address(wb: Workbench, server: Recorder, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 2, email="later@example.org"))
    dispatcher.drain(wb)
    assert states(wb) == {"p1": ("waiting", "message_refused"), "p2": ("not_sent", "same_address")}
    server.refusals.clear()

    clock.forward(minutes=2)
    dispatcher.drain(wb)

    assert states_only(wb) == ["handed_over", "not_sent"]


@given(ids=st.lists(st.text("p019-", min_size=1, max_size=5), unique=True, min_size=1, max_size=8))
def test_exactly_one_of_those_who_share_an_address_is_first_whatever_the_order(ids: list[str]) -> None:
    forward = first_of_address(dict.fromkeys(ids, FAMILY))

    assert forward == first_of_address(dict.fromkeys(reversed(ids), FAMILY))
    assert forward[FAMILY] in ids


def test_numbers_in_ids_count_as_numbers() -> None:
    assert first_of_address({"p10": FAMILY, "p9": FAMILY, "q1": "q@example.org", "none": None}) == {
        FAMILY: "p9",
        "q@example.org": "q1",
    }


# ---- booked meanwhile ----------------------------------------------------------------------------------------------
BOOKED = [
    # when the campaign was made, when it is sent, changes of the campaign, outcome of p1
    pytest.param(None, NEXT_WEEK, {}, ("not_sent", "booked"), id="booked meanwhile"),
    pytest.param(NEXT_WEEK, NEXT_WEEK, {}, ("handed_over", ""), id="had one before"),
    pytest.param(None, TUESDAY_NOON - timedelta(hours=1), {}, ("handed_over", ""), id="it is over already"),
    pytest.param(None, NEXT_WEEK, {"skip_booked": False}, ("handed_over", ""), id="the switch is off"),
    pytest.param(None, NEXT_WEEK, {"purpose": "announcement"}, ("handed_over", ""), id="not about a care gap"),
]


@pytest.mark.parametrize(("before", "then", "changes", "outcome"), BOOKED)
def test_who_has_booked_since_the_campaign_was_made_is_not_asked_to(
    wb: Workbench, before: datetime | None, then: datetime, changes: dict[str, object], outcome: tuple[str, str]
) -> None:
    ids = add_patients(wb, 2)
    change(wb, "p1", next_appointment_at=before)
    add_campaign(wb, ids, **changes)
    change(wb, "p1", next_appointment_at=then)

    dispatcher.drain(wb)

    assert states(wb) == {"p1": outcome, "p2": ("handed_over", "")}


# ---- too late ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days", "outcome"), [(0, "handed_over"), (7, "handed_over"), (8, "not_sent"), (60, "not_sent")]
)
def test_after_a_long_downtime_nothing_is_blasted(wb: Workbench, clock: Clock, days: int, outcome: str) -> None:
    add_campaign(wb, add_patients(wb, 2))

    clock.forward(days=days)
    dispatcher.drain(wb)

    assert set(states_only(wb)) == {outcome}
    assert campaigns.campaign(wb, "c1").status == "completed"


def test_three_days_of_downtime_go_out_in_the_next_window(wb: Workbench, server: Recorder, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 2))

    clock.at = datetime.fromisoformat("2026-11-27T09:00:00-06:00")  # Friday after the holiday, when the window opens
    dispatcher.drain(wb)

    assert len(server.mails) == 2


# ---- windows -------------------------------------------------------------------------------------------------------
def test_a_try_that_is_due_at_night_waits_for_the_morning(wb: Workbench, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 1, email="later@example.org"), start_on=date(2026, 11, 24))
    clock.at = datetime.fromisoformat("2026-11-24T22:44:30-06:00")

    dispatcher.drain(wb)

    with wb.engine.connect() as connection:
        next_at = connection.scalar(recipients.select().with_only_columns(recipients.c.next_at))
    assert next_at is not None
    local = next_at.astimezone(wb.zone())
    assert (local.date(), local.hour) == (date(2026, 11, 25), 9)
    assert local.minute <= 2


def test_the_next_window_begins_with_exactly_the_next_patient(wb: Workbench, server: Recorder, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 9), start_on=date(2026, 11, 24))
    clock.at = datetime.fromisoformat("2026-11-24T22:44:59-06:00")
    batch = taken(wb, "c1", worker="w")

    def may_go_on() -> bool:
        if len(server.mails) == 4:
            clock.at = datetime.fromisoformat("2026-11-24T22:45:00-06:00")
        return len(server.mails) < 4

    with EmailChannel("127.0.0.1", server.port) as channel:
        send_batch(batch, channel, may_go_on=may_go_on)
    assert dispatcher.drain(wb) == 0

    clock.at = datetime.fromisoformat("2026-11-25T09:00:00-06:00")
    assert dispatcher.drain(wb, limit=1) == 1
    assert [address for address, _ in server.mails] == [f"p{number}@example.org" for number in range(1, 6)]


# ---- odd records ---------------------------------------------------------------------------------------------------
ODD = ["Ann\r\nBcc: all@example.org", "Ann\x00Lee", "Ann\u2028Lee", "A" * 10_000, "=?utf-8?q?=0d=0aBcc:x@example.org?="]


@pytest.mark.parametrize("name", ODD)
def test_one_patient_with_an_odd_name_holds_up_nobody_and_adds_no_header(
    wb: Workbench, server: Recorder, name: str
) -> None:
    if "\x00" in name and wb.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL keeps no NUL in a text, so no such name can be on file")
    ids = add_patients(wb, 1) + add_patients(wb, 1, start=2, first=name) + add_patients(wb, 1, start=3)
    add_campaign(wb, ids)

    dispatcher.drain(wb)

    found = states(wb)
    assert (found["p1"], found["p3"]) == (("handed_over", ""), ("handed_over", ""))
    assert found["p2"][0] in ("handed_over", "not_sent")
    assert all(b"\nBcc:" not in content for content in server.contents)
    assert all(address.endswith("@example.org") and "all@" not in address for address, _ in server.mails)


# ---- everything together -------------------------------------------------------------------------------------------
KINDS = ("fine", "no address", "dead", "left", "opted out", "bounced", "shares", "refused", "for now", "booked")


@drawn(daily=4, many=16, kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=12), seed=st.integers(0, 3))
def test_whatever_the_patients_are_the_ledger_adds_up_and_nobody_gets_two_mails(
    kinds: list[str], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from core.settings import Settings
    from core.workbench import open_workbench

    home = tmp_path_factory.mktemp("home")
    clock = Clock()
    with recording() as server:
        made = Settings(home=home, database_url=f"sqlite:///{home / 'careloop.db'}", smtp_port=server.port)
        wb = open_workbench(made, clock=clock)
        add_clinic(wb)
        ids = [_add(wb, number, kind) for number, kind in enumerate(kinds, start=1)]
        add_campaign(wb, ids)
        for number, kind in enumerate(kinds, start=1):
            if kind == "booked":
                change(wb, f"p{number}", next_appointment_at=NEXT_WEEK)
        for _ in range(8):
            dispatcher.drain(wb, limit=seed or None)
            clock.forward(minutes=40)
        while dispatcher.drain(wb):
            pass
        report = reports.report(wb, "c1")
        found = states(wb)
        wb.engine.dispose()

    addresses = [address for address, _ in server.mails]
    assert len(addresses) == len(set(addresses)) == sum(state == "handed_over" for state, _ in found.values())
    assert report.ledger["count"].sum() == report.progress.selected == len(kinds)
    if "shares" in kinds:
        assert addresses.count(FAMILY) == 1
    assert len(tries(wb, "p1")) <= 5


def _add(wb: Workbench, number: int, kind: str) -> str:
    emails = {"no address": None, "shares": FAMILY, "refused": f"gone{number}@example.org"}
    emails["for now"] = f"later{number}@example.org"
    status = {"dead": "deceased", "left": "inactive"}.get(kind, "active")
    (patient_id,) = add_patients(wb, 1, start=number, status=status)
    if kind in emails:
        change(wb, patient_id, email=emails[kind])
    with writing(wb.engine) as connection:
        if kind == "opted out":
            row = {"type": "global", "starts_on": wb.today(), "reason": "asked", "source": "staff", "made_by": "ana"}
            connection.execute(insert(opt_outs).values(patient_id=patient_id, made_at=wb.now(), **row))
        if kind == "bounced":
            row = {"channel": "email", "state": "bounced", "address": f"{patient_id}@example.org"}
            connection.execute(insert(address_states).values(since=wb.now(), **row))
    return patient_id


def test_a_bad_setting_of_days_is_refused(wb: Workbench) -> None:
    from core.errors import SettingsError

    with pytest.raises(SettingsError, match="days_to_send"):
        accounts.change_organisation(wb.engine, {"days_to_send": -1}, at=wb.now(), by="ana")
