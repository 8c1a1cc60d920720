"""What staff see of one patient: who it is, whom else it concerns, appointments, chart and time"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st

from core import loads, patient_records
from core.domain.appointment import APPOINTMENTS
from core.domain.clinical import EVENTS
from core.domain.entry import ENTRIES, LEFT_OUT, MARKS, entries
from core.domain.patient_summary import age_words, dead_words
from core.domain.timeline import TIMELINE
from core.domain.user import Scope, User
from core.errors import NotFound
from core.store import accounts
from core.workbench import Workbench
from tests.drawn import drawn
from tests.homes import Homes
from tests.one_patient import ANN, ANNS_EMAIL, ANNS_MOBILE, BOB, DEE, HOME, KIT, SAM, change, mark_dead, sent
from tests.one_patient import one_patient_feed as feed

TODAY = date(2026, 11, 24)


@pytest.fixture
def known(wb: Workbench, homes: Homes, tmp_path: Path) -> Workbench:
    return homes.fill(wb, "one-patient", lambda: loads.load(wb, feed(tmp_path / "feed", wb.today())))


def limited(wb: Workbench, *groups: str) -> Workbench:
    """Somebody who sees only these groups."""
    person = User("lim", "Li Mited", scope=Scope(groups=frozenset(groups)))
    accounts.add_user(wb.engine, person, at=wb.now(), by="command-line")
    return wb.as_user("lim")


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


# ---- who it is -----------------------------------------------------------------------------------------------------
def test_a_caller_can_be_verified(known: Workbench) -> None:
    shown = patient_records.summary(known, ANN)

    assert (shown.person.name, shown.preferred_name, shown.person.mrn) == ("Ann Example", "Annie", "0042")
    assert shown.address == ("1 Sample St", "Unit 2", "Exampleton, IL 60601")
    assert (shown.person.phone_mobile, shown.person.phone_home, shown.phone_work) == (ANNS_MOBILE, HOME, "+13125550103")
    assert (shown.preferred_channel, shown.person.language) == ("text", "es")
    assert (shown.person.pcp, shown.person.group, shown.clinic) == ("Dr. Ada Hill", "Hill Group", "Hill Clinic")
    assert (shown.care_manager, shown.next_provider) == ("Nia Care, RN", "Dr. Ada Hill")
    assert (shown.has_portal, shown.portal_since) == (True, date(2021, 6, 19))
    said = {each.channel: (each.answer, each.on, each.source) for each in shown.consents}
    assert said == {
        "text": ("yes", date(2025, 3, 12), "portal"),
        "email": (None, None, None),
        "phone": (None, None, None),
    }


def test_what_is_not_known_is_empty(known: Workbench) -> None:
    shown = patient_records.summary(known, SAM)

    assert (shown.address, shown.dead, shown.tied, shown.tied_hidden) == ((), (), (), 0)
    assert (shown.has_portal, shown.care_manager, shown.has_guarantor, shown.clinic) == (False, None, False, None)


def test_the_dead_are_known_by_status_or_day(known: Workbench) -> None:
    assert patient_records.summary(known, DEE).is_deceased
    change(known, SAM, deceased_on=ago(1))
    assert patient_records.summary(known, SAM).is_deceased
    assert not patient_records.summary(known, ANN).is_deceased


def test_who_shares_a_number_a_household_or_is_answered_for_is_named(known: Workbench) -> None:
    ties = {each.person.patient_id: set(each.ties) for each in patient_records.summary(known, ANN).tied}
    assert ties == {KIT: {"household", "ward"}, BOB: {"number"}}

    child = patient_records.summary(known, KIT)
    assert child.guarantor is not None and child.guarantor.patient_id == ANN
    assert {each.person.patient_id for each in child.tied} == {ANN}


def test_whoever_may_not_be_seen_is_counted_and_not_named(known: Workbench) -> None:
    shown = patient_records.summary(limited(known, "g1"), ANN)

    assert [each.person.patient_id for each in shown.tied] == [KIT]
    assert shown.tied_hidden == 1
    change(known, ANN, group_id="g2")
    child = patient_records.summary(limited(known, "g1"), KIT)
    assert (child.guarantor, child.has_guarantor) == (None, True)


def test_a_dead_address_is_told_with_why_and_since_when_and_only_while_it_is_the_patients(known: Workbench) -> None:
    mark_dead(known, "email", ANNS_EMAIL, "no_mailbox")
    mark_dead(known, "text", ANNS_MOBILE, "landline")
    mark_dead(known, "email", "other@example.org", "closed")

    shown = patient_records.summary(known, ANN)

    assert shown.bounced is not None
    assert (shown.bounced.reason, shown.bounced.since) == ("there is no such mailbox", known.now())
    assert [(each.channel, each.address) for each in shown.dead if each is not shown.bounced] == [("text", ANNS_MOBILE)]
    change(known, ANN, email="ann.new@example.org")
    assert patient_records.summary(known, ANN).bounced is None


DEAD = [
    ("email", "no_mailbox", "there is no such mailbox"),
    ("email", "no_domain", "there is no such mail domain"),
    ("email", "address_refused", "the mail server refused the address"),
    ("email", "", "it was refused for good"),
    ("text", "", "it was refused for good"),
    ("text", "landline", "the number is a landline or cannot get texts"),
]


@pytest.mark.parametrize(("channel", "reason", "words"), DEAD)
def test_why_nothing_goes_there_is_said_in_words(channel: str, reason: str, words: str) -> None:
    assert dead_words(channel, reason) == words


AGES = [
    (date(1966, 11, 24), "60 years"),
    (date(1966, 11, 25), "59 years"),
    (date(2024, 11, 24), "2 years"),
    (date(2024, 11, 25), "23 months"),
    (date(2026, 10, 24), "1 month"),
    (date(2026, 10, 25), "30 days"),
    (date(2026, 11, 23), "1 day"),
    (date(2026, 11, 24), "0 days"),
    (date(2026, 11, 25), ""),
    (None, ""),
]


@pytest.mark.parametrize(("born", "words"), AGES)
def test_an_age_is_told_in_years_and_of_the_smallest_in_months_and_days(born: date | None, words: str) -> None:
    assert age_words(born, on=TODAY) == words


# ---- appointments and chart ----------------------------------------------------------------------------------------
def test_appointments_past_and_coming_are_told_with_what_became_of_them(known: Workbench) -> None:
    found = patient_records.appointments(known, ANN)

    assert found.schema == APPOINTMENTS
    listed = found.select("appointment_id", "status", "is_coming", "is_off", "has_no_outcome", "provider").rows()
    assert listed == [
        ("a2", "cancelled", True, True, False, "Dr. Ada Hill"),
        ("a1", "confirmed", True, False, False, "Dr. Ada Hill"),
        ("a3", "completed", False, False, False, "Dr. Ada Hill"),
        ("a4", "no-show", False, True, False, "Dr. Ada Hill"),
        ("a5", "scheduled", False, False, True, None),
    ]
    assert found["start_at"][1] == datetime(2026, 12, 14, 15, 30, tzinfo=UTC)  # 9:30 in Chicago
    assert found["clinic"].to_list() == ["Hill Clinic", "Hill Clinic", "Hill Clinic", None, None]


def test_active_conditions_and_medicines_come_first_and_mistakes_are_not_there(known: Workbench) -> None:
    chart = patient_records.chart(known, ANN)

    conditions = chart.conditions.select("name", "code", "is_active", "mark").rows()
    assert conditions == [
        ("Type 2 diabetes", "ICD-10-CM E11.9", True, ""),
        ("Common cold", "ICD-10-CM J06.9", False, ""),
        ("Suspected", "ICD-10-CM C50.9", False, "Ruled out"),
    ]
    assert chart.medications.select("name", "is_active").rows() == [("atorvastatin", True), ("metformin", False)]
    assert chart.visits["event_id"].to_list() == ["v1", "v2"]


def test_what_did_not_happen_is_marked(known: Workbench) -> None:
    chart = patient_records.chart(known, ANN)

    assert chart.immunizations.select("name", "mark").rows() == [("Flu shot", ""), ("Shingles", "Not done")]
    assert chart.procedures.select("name", "mark").rows() == [("Colonoscopy", "Cancelled"), ("Mammogram", "")]
    marks = dict(chart.results.select("event_id", "mark").iter_rows())
    assert marks == {"b1": "", "b2": "", "b3": "Preliminary", "b5": "Ordered", "t1": ""}


def test_the_latest_value_is_one_that_counts_whatever_its_code(known: Workbench) -> None:
    found = patient_records.latest(patient_records.chart(known, ANN).results)

    columns = ("name", "value", "on", "earlier", "newer_mark", "mark")
    assert found.select(columns).rows() == [
        ("HbA1c", "7.4 %", ago(100), 2, "Preliminary", ""),
        ("Vitamin test", "", None, 0, "", "Ordered"),
        ("Systolic blood pressure", "131 mmHg", ago(100), 0, "", ""),
    ]


def test_a_patient_without_entries_and_a_home_without_a_feed_have_empty_frames(wb: Workbench, known: Workbench) -> None:
    assert patient_records.chart(known, SAM).is_empty
    assert patient_records.appointments(known, SAM).schema == APPOINTMENTS
    assert patient_records.latest(patient_records.chart(known, SAM).results).is_empty()
    assert patient_records.timeline(known, SAM).schema == TIMELINE


_STATUSES = [*LEFT_OUT, *MARKS, "final", "", "some-new-word"]


def events(rows: Sequence[tuple[str, str, str, int, bool]]) -> pl.DataFrame:
    listed = [
        {"patient_id": "x", "event_id": str(number), "source_system": "s", "system": "LOCAL", "code": name}
        | {"kind": kind, "text": name, "status": status, "on": ago(day), "is_done": is_done, "value_text": str(day)}
        for number, (kind, name, status, day, is_done) in enumerate(rows)
    ]
    missing = dict.fromkeys(EVENTS)
    return pl.DataFrame([{**missing, **row} for row in listed], schema=EVENTS)


_ROW = st.tuples(
    st.sampled_from(["lab", "vital"]),
    st.sampled_from(["a", "A", "b"]),
    st.sampled_from(_STATUSES),
    st.integers(0, 3),
    st.booleans(),
)


@drawn(daily=15, many=300, rows=st.lists(_ROW, max_size=8))
def test_of_each_name_one_value_is_the_latest_and_no_mistake_is_ever_shown(
    rows: list[tuple[str, str, str, int, bool]],
) -> None:
    names = pl.DataFrame(schema=dict.fromkeys(("event_id", "source_system", "kind", "concept_name"), pl.String))
    providers = pl.DataFrame(schema={"provider_id": pl.String, "provider": pl.String})
    shown = entries(events(rows), names, providers, as_of=TODAY)

    kept = [row for row in rows if row[2] not in LEFT_OUT]
    assert shown.schema == ENTRIES and shown.height == len(kept)
    assert all((mark == "") == done for mark, done in shown.select("mark", "is_done").iter_rows())
    found = patient_records.latest(shown)
    series = {(kind, name.lower()) for kind, name, *_ in kept}
    assert {(row["kind"], row["name"].lower()) for row in found.iter_rows(named=True)} == series
    assert found.height == len(series)
    for row in found.iter_rows(named=True):
        same = [each for each in kept if (each[0], each[1].lower()) == (row["kind"], row["name"].lower())]
        counting = [each for each in same if each[4]] or same
        assert row["on"] == max(ago(each[3]) for each in counting)
        assert row["earlier"] == len(same) - 1


# ---- the picture's rows --------------------------------------------------------------------------------------------
def test_time_holds_appointments_visits_messages_and_closed_gaps(known: Workbench) -> None:
    sent(known, ANN, channel="text", name="A text")
    sent(known, ANN, campaign_id="c2", name="No answer", channel="phone", state="unsuccessful", reason="no_answer")
    sent(known, ANN, campaign_id="c3", name="Came back", state="returned", reason="returned")
    sent(known, ANN, campaign_id="c4", name="Under way", state="waiting")

    found = patient_records.timeline(known, ANN)

    assert found.schema == TIMELINE
    lanes = found.partition_by("lane", as_dict=True, maintain_order=True)
    visits = lanes[("Appointments",)].select("on", "tone", "what").rows()
    assert visits == [
        (ago(-40), "bad", "Office visit"),
        (ago(-20), "coming", "Office visit"),
        (ago(100), "good", "Wellness visit"),  # once, though appointment and chart both have it
        (ago(200), "bad", "Appointment"),
        (ago(300), "quiet", "Office visit"),
        (ago(400), "good", "New patient"),
    ]
    said = lanes[("Communications",)].select("on", "tone", "what").rows()
    assert sorted(said) == [  # an email that came back is no communication (F4)
        (ago(105), "good", "Call: Wellness visit"),
        (ago(2), "quiet", "Text: Office visit"),
        (TODAY, "bad", "Call: No answer"),
        (TODAY, "good", "Text: A text"),
        (TODAY, "quiet", "Email: Under way"),
    ]
    closed = {what: (on, tone) for on, tone, what in lanes[("Care gaps closed",)].select("on", "tone", "what").rows()}
    assert closed["Scr: Mammogram Overdue"] == (ago(120), "good")
    assert closed["DM: HbA1c Overdue"] == (ago(100), "good")
    assert "Imm: Missing Shingles Vaccine" not in closed


# ---- who may ask, and what is kept of it ---------------------------------------------------------------------------
ASK: list[Callable[[Workbench, str], Any]] = [
    patient_records.summary,
    patient_records.appointments,
    patient_records.chart,
    patient_records.timeline,
    patient_records.opened,
]


@pytest.mark.parametrize("ask", ASK, ids=lambda ask: ask.__name__)
def test_nobody_is_told_of_patients_they_may_not_see(known: Workbench, ask: Callable[[Workbench, str], Any]) -> None:
    ask(limited(known, "g2"), BOB)
    for patient_id in (ANN, "nobody"):
        with pytest.raises(NotFound):
            ask(limited(known, "g2"), patient_id)


def test_an_address_leads_to_whom_its_messages_are_for_within_the_scope(known: Workbench) -> None:
    def at(wb: Workbench, address: str) -> list[str]:
        return [person.patient_id for person in patient_records.at_address(wb, address)]

    assert at(known, ANNS_EMAIL) == [ANN, KIT]
    assert at(known, HOME) == [ANN, BOB, KIT]
    assert at(limited(known, "g2"), HOME) == [BOB]
    assert at(known, "+13125559999") == []


def test_an_opening_is_audited_with_the_id_alone_and_leads_back(known: Workbench) -> None:
    for patient_id in (ANN, BOB, ANN):
        patient_records.opened(known, patient_id)

    assert accounts.recorded(known.engine, "patient.opened", ANN) == [{}, {}]
    assert [person.patient_id for person in patient_records.lately_opened(known)] == [ANN, BOB]
    assert patient_records.lately_opened(limited(known, "g1")) == []
