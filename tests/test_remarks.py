"""Remarks on care gaps: their kinds and days, who is no longer written to, and that no measure changes."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from sqlalchemy import event, select

from core import care_gaps, dispatcher, preflight, remarks, reports, work_lists
from core.domain.eligibility import Contact, Mailing, eligibility, is_remark, place, sentence, what_to_do
from core.domain.field_values import gap_words
from core.domain.gap_codes import REMARK_SYSTEM, gap_remark
from core.domain.opt_out import OptOut
from core.domain.remark import (
    KINDS,
    LONGEST_COMMENT,
    MOST_DAYS,
    Remark,
    checked_comment,
    consequence,
    how_long,
    in_force,
    last_day,
    stopping,
)
from core.domain.user import Scope, User
from core.domain.work_list import Filter, WorkList
from core.errors import NotAllowed, NotFound
from core.sending import send_batch
from core.store import accounts
from core.store.contacts import eligibility_inputs
from core.store.database import reading, writing
from core.store.schema import audit, open_gaps
from core.store.schema import remarks as table
from core.workbench import Workbench
from tests.clinic import CAMPAIGN, MAMMOGRAM, add_campaign, add_patients, clinic_that_sends, states
from tests.conftest import Clock
from tests.dispatchers import taken
from tests.drawn import drawn
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_pages import kept, loaded  # noqa: F401 (fixtures)

TODAY = date(2026, 11, 24)
DAY = timedelta(1)
FLU = "imm-flu"


# ---- the table of kinds ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "code", "stops", "days", "longest", "needs_comment"),
    [
        ("order_placed", "order-placed", True, 90, 365, False),
        ("patient_refused", "patient-refused", True, 365, None, False),
        ("documented_elsewhere", "satisfied-in-EHR", True, 365, 3650, True),
        ("rejected", "rejected", True, 365, None, True),
        ("suppressed", "suppressed", True, 90, 365, True),
        ("out_of_range", "out-of-range", False, 90, None, False),
        ("not_assessed", "not-assessed", False, 90, None, False),
        ("not_ingested", "not-ingested", False, 90, None, False),
    ],
)
def test_each_kind_has_its_code_and_says_whether_it_stops_outreach(
    key: str, code: str, stops: bool, days: int, longest: int | None, needs_comment: bool
) -> None:
    kind = KINDS[key]

    found = (kind.code, kind.stops_outreach, kind.days, kind.longest, kind.needs_comment)
    assert found == (code, stops, days, longest, needs_comment)
    assert bool(kind.why_not) == stops
    assert gap_remark(key) == code


def test_the_kinds_are_the_eight_of_the_exchange_guide_each_once() -> None:
    assert REMARK_SYSTEM.endswith("/davinci-deqm/CodeSystem/care-gap-remark")
    assert len({kind.code for kind in KINDS.values()}) == len(KINDS) == 8
    assert all(len(key) <= 32 for key in KINDS)


# ---- which days ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "day", "counts"),
    [
        ({}, TODAY - DAY, False),
        ({}, TODAY, True),
        ({}, TODAY + 9 * DAY, True),
        ({}, TODAY + 10 * DAY, True),
        ({}, TODAY + 11 * DAY, False),
        ({"until": TODAY}, TODAY, True),
        ({"until": TODAY}, TODAY + DAY, False),
        ({"until": None}, TODAY + 5000 * DAY, True),
        ({"removed_on": TODAY + 3 * DAY}, TODAY + 2 * DAY, True),
        ({"removed_on": TODAY + 3 * DAY}, TODAY + 3 * DAY, False),
        ({"removed_on": TODAY + 3 * DAY}, TODAY + 4 * DAY, False),
        ({"removed_on": TODAY}, TODAY, False),
    ],
)
def test_a_remark_counts_from_its_first_through_its_last_day_unless_it_was_removed(
    change: dict[str, Any], day: date, counts: bool
) -> None:
    remark = replace(Remark(MAMMOGRAM, "order_placed", TODAY, TODAY + 10 * DAY), **change)

    assert in_force(remark, day) is counts


@pytest.mark.parametrize(
    ("kind", "asked", "last"),
    [
        ("order_placed", {}, TODAY + 89 * DAY),
        ("patient_refused", {}, TODAY + 364 * DAY),
        ("order_placed", {"days": 1}, TODAY),
        ("order_placed", {"days": 365}, TODAY + 364 * DAY),
        ("order_placed", {"days": 366}, NotAllowed),
        ("order_placed", {"days": 0}, NotAllowed),
        ("order_placed", {"until": TODAY}, TODAY),
        ("order_placed", {"until": TODAY - DAY}, NotAllowed),
        ("order_placed", {"until": TODAY + 364 * DAY}, TODAY + 364 * DAY),
        ("order_placed", {"until": TODAY + 365 * DAY}, NotAllowed),
        ("order_placed", {"is_endless": True}, NotAllowed),
        ("suppressed", {"is_endless": True}, NotAllowed),
        ("documented_elsewhere", {"is_endless": True}, NotAllowed),
        ("documented_elsewhere", {"days": MOST_DAYS}, TODAY + 3649 * DAY),
        ("patient_refused", {"is_endless": True}, None),
        ("patient_refused", {"days": MOST_DAYS + 1}, NotAllowed),
        ("not_assessed", {"is_endless": True}, None),
        ("patient_refused", {"is_endless": True, "days": 5}, NotAllowed),
        ("patient_refused", {"until": TODAY, "days": 5}, NotAllowed),
    ],
)
def test_how_long_a_remark_counts_is_preset_by_its_kind_and_may_be_changed(
    kind: str, asked: dict[str, Any], last: date | type[NotAllowed] | None
) -> None:
    if last is NotAllowed:
        with pytest.raises(NotAllowed, match="last day"):
            last_day(kind, on=TODAY, **asked)
    else:
        assert last_day(kind, on=TODAY, **asked) == last


def test_a_comment_is_needed_where_the_kind_alone_says_too_little_and_has_a_limit() -> None:
    assert checked_comment("patient_refused", "  ") == ""
    assert checked_comment("rejected", " Frail\x00\nand 90 ") == "Frail\nand 90"
    with pytest.raises(NotAllowed, match="'Rejected by the provider' needs a comment"):
        checked_comment("rejected", " \n\x00")
    with pytest.raises(NotAllowed, match="2,001 characters"):
        checked_comment("patient_refused", "x" * (LONGEST_COMMENT + 1))


def test_what_a_remark_says_and_what_follows_is_told_in_words() -> None:
    assert how_long(Remark(FLU, "order_placed", TODAY, date(2027, 6, 6))) == "until Sun 6 Jun 2027"
    assert how_long(Remark(FLU, "patient_refused", TODAY)) == "until it is removed"
    assert consequence(Remark(FLU, "patient_refused", TODAY)).startswith("No outreach about this meanwhile")
    assert consequence(Remark(FLU, "not_assessed", TODAY)).startswith("Outreach about this goes on")


# ---- who is written to -----------------------------------------------------------------------------------------------
WELL = Contact(
    "p1",
    status="active",
    birth_date=date(1960, 5, 1),
    address="ada@example.org",
    open_gaps=frozenset({MAMMOGRAM, FLU, "dm-eye"}),
)
ABOUT = Mailing(purpose="care_gap", measures=frozenset({MAMMOGRAM}))
BOTH = replace(ABOUT, measures=frozenset({MAMMOGRAM, FLU}))
REFUSED = Remark(MAMMOGRAM, "patient_refused", TODAY)
ORDERED = Remark(MAMMOGRAM, "order_placed", TODAY, TODAY + 3 * DAY)
NO_FLU = Remark(FLU, "rejected", TODAY)


@pytest.mark.parametrize(
    ("remarks_now", "mailing", "open_now", "on", "key"),
    [
        ((), ABOUT, None, TODAY, None),
        ((REFUSED,), ABOUT, None, TODAY, "remark:patient_refused"),
        ((REFUSED,), ABOUT, None, TODAY - DAY, None),
        ((ORDERED,), ABOUT, None, TODAY + 3 * DAY, "remark:order_placed"),
        ((ORDERED,), ABOUT, None, TODAY + 4 * DAY, None),
        ((REFUSED, ORDERED), ABOUT, None, TODAY, "remark:order_placed"),
        ((REFUSED, ORDERED), ABOUT, None, TODAY + 4 * DAY, "remark:patient_refused"),
        ((NO_FLU,), ABOUT, None, TODAY, None),
        ((Remark(MAMMOGRAM, "not_assessed", TODAY),), ABOUT, None, TODAY, None),
        ((Remark(MAMMOGRAM, "out_of_range", TODAY),), ABOUT, None, TODAY, None),
        ((Remark(MAMMOGRAM, "a word of a newer version", TODAY),), ABOUT, None, TODAY, "remark:suppressed"),
        # of two gaps
        ((REFUSED,), BOTH, None, TODAY, None),
        ((REFUSED, NO_FLU), BOTH, None, TODAY, "remark:patient_refused"),
        ((REFUSED,), BOTH, {MAMMOGRAM}, TODAY, "remark:patient_refused"),
        ((REFUSED,), BOTH, {FLU}, TODAY, None),
        # nothing open: closed, or contacted all the same
        ((REFUSED,), ABOUT, set(), TODAY, "gap_closed"),
        ((REFUSED,), replace(ABOUT, skip_closed_gaps=False), None, TODAY, "remark:patient_refused"),
        ((REFUSED,), replace(ABOUT, skip_closed_gaps=False), set(), TODAY, "remark:patient_refused"),
        ((REFUSED,), replace(BOTH, skip_closed_gaps=False), set(), TODAY, None),
        ((), replace(ABOUT, skip_closed_gaps=False), set(), TODAY, None),
        # about any gap
        ((REFUSED,), replace(ABOUT, measures=frozenset()), None, TODAY, None),
        ((REFUSED,), replace(ABOUT, measures=frozenset()), {MAMMOGRAM}, TODAY, "remark:patient_refused"),
        ((REFUSED,), replace(ABOUT, measures=frozenset()), set(), TODAY, None),
        # other purposes
        ((REFUSED,), replace(ABOUT, purpose="education"), None, TODAY, None),
        ((REFUSED,), replace(ABOUT, purpose="appointment"), None, TODAY, None),
    ],
)
def test_nobody_is_written_to_about_gaps_that_all_have_a_remark_against_it(
    remarks_now: tuple[Remark, ...], mailing: Mailing, open_now: set[str] | None, on: date, key: str | None
) -> None:
    gaps = WELL.open_gaps if open_now is None else frozenset(open_now)

    found = eligibility(replace(WELL, remarks=remarks_now, open_gaps=gaps), mailing, on=on, cap=None)

    assert (found.key if found else None) == key


def test_the_remark_is_asked_after_whether_the_gap_is_open_and_before_appointments() -> None:
    refused = replace(WELL, remarks=(REFUSED,), is_booked=True)
    opted = replace(refused, opt_outs=(OptOut("global", TODAY),))

    assert [getattr(eligibility(each, ABOUT, on=TODAY, cap=None), "key", "") for each in (refused, opted)] == [
        "remark:patient_refused",
        "opted_out:global",
    ]
    assert place("gap_closed") < place("remark:order_placed") < place("remark:suppressed") < place("booked")


def test_each_kind_that_stops_has_a_sentence_of_its_own_and_advice() -> None:
    keys = [f"remark:{key}" for key, kind in KINDS.items() if kind.stops_outreach]

    assert len({sentence(key) for key in keys}) == len(keys) == 5
    assert sentence("remark:patient_refused") == "the patient refused what the message is about"
    assert all(is_remark(key) and "can be removed" in what_to_do(key) for key in keys)
    assert not is_remark("gap_closed") and what_to_do("gap_closed") == ""


MEASURES = [MAMMOGRAM, FLU, "dm-eye"]
SOON = st.dates(TODAY - 3 * DAY, TODAY + 3 * DAY)
REMARKS = st.lists(
    st.builds(
        Remark, st.sampled_from(MEASURES), st.sampled_from([*KINDS, "newer"]), SOON, st.none() | SOON, st.none() | SOON
    ),
    max_size=5,
)


def _is_stopped(found: list[Remark], measure: str, on: date) -> bool:
    """The rule said slowly: some remark on the measure, of a kind that is not one of three, has that day among its
    days."""
    for remark in found:
        end = min(filter(None, [remark.until, remark.removed_on and remark.removed_on - DAY]), default=date.max)
        days = [day for day in (TODAY + n * DAY for n in range(-5, 6)) if remark.starts_on <= day <= end]
        if (
            remark.measure_id == measure
            and remark.kind not in ("out_of_range", "not_assessed", "not_ingested")
            and on in days
        ):
            return True
    return False


@drawn(daily=60, many=2000, found=REMARKS, asked=st.sets(st.sampled_from(MEASURES)), on=SOON)
def test_the_measures_that_are_stopped_are_those_of_the_slow_rule(
    found: list[Remark], asked: set[str], on: date
) -> None:
    assert set(stopping(found, asked, on)) == {measure for measure in asked if _is_stopped(found, measure, on)}


@drawn(
    daily=60,
    many=2000,
    found=REMARKS,
    about=st.sets(st.sampled_from(MEASURES)),
    open_now=st.sets(st.sampled_from(MEASURES)),
    skip=st.booleans(),
    on=SOON,
)
def test_somebody_is_written_to_when_one_gap_without_a_remark_is_left(
    found: list[Remark], about: set[str], open_now: set[str], skip: bool, on: date
) -> None:
    mailing = replace(ABOUT, measures=frozenset(about), skip_closed_gaps=skip)
    contact = replace(WELL, remarks=tuple(found), open_gaps=frozenset(open_now))
    said = [measure for measure in MEASURES if measure in open_now and (not about or measure in about)]
    left = [measure for measure in said or sorted(about) if not _is_stopped(found, measure, on)]

    why = eligibility(contact, mailing, on=on, cap=None)

    if about and skip and not said:
        assert why and why.key == "gap_closed"
    elif said or about:
        assert (why is None) == bool(left)
        assert why is None or is_remark(why.key)
    else:
        assert why is None  # a campaign about no gap in particular, to somebody without one


# ---- what a message says ---------------------------------------------------------------------------------------------
def test_a_message_names_only_gaps_without_a_remark_nor_others_of_the_same_words() -> None:
    called = {MAMMOGRAM: "mammogram", "own-mammogram": "mammogram", FLU: "flu vaccine", "x": ""}
    everything = [MAMMOGRAM, "own-mammogram", FLU, "x"]

    assert gap_words(everything, measures=[], called=called) == ("mammogram", "flu vaccine")
    assert gap_words(everything, measures=[], called=called, remarked=[MAMMOGRAM]) == ("flu vaccine",)
    assert gap_words(everything, measures=[MAMMOGRAM], called=called, remarked=[MAMMOGRAM]) == ()
    assert gap_words([FLU], measures=[], called=called, remarked=["x", "gone"]) == ("flu vaccine",)


# ---- kept on record --------------------------------------------------------------------------------------------------
def contact(wb: Workbench, patient_id: str = "p1") -> Contact:
    with reading(wb.engine) as connection:
        found = eligibility_inputs(
            connection, [patient_id], channel="email", at=wb.now(), on=wb.today(), zone=wb.zone()
        )
    return found[patient_id]


def test_a_remark_is_kept_read_removed_and_put_back(bench: Workbench, clock: Clock) -> None:  # noqa: F811
    add_patients(bench, 2)
    remark_id = remarks.add(bench, "p1", MAMMOGRAM, "patient_refused", comment="By telephone")

    assert remarks.add(bench, "p1", MAMMOGRAM, "patient_refused", comment="By telephone") == remark_id
    [found] = remarks.of_patient(bench, "p1")
    assert (found.kind, found.comment, found.starts_on, found.until) == (
        "patient_refused",
        "By telephone",
        TODAY,
        TODAY + 364 * DAY,
    )
    assert (found.made_by, found.made_by_name, found.made_at) == ("ana", "Ana Lyst", bench.now())
    assert contact(bench).remarks == (Remark(MAMMOGRAM, "patient_refused", TODAY, TODAY + 364 * DAY),)
    assert contact(bench, "p2").remarks == ()

    clock.forward(days=2)
    assert remarks.remove(bench, [remark_id]) == 1
    assert remarks.remove(bench, [remark_id]) == 0
    [found] = remarks.of_patient(bench, "p1", measure_id=MAMMOGRAM)
    assert (found.removed_on, found.removed_by_name) == (TODAY + 2 * DAY, "Ana Lyst")
    assert [in_force(found, day) for day in (TODAY + DAY, TODAY + 2 * DAY)] == [True, False]
    assert contact(bench).remarks == ()
    assert remarks.of_patient(bench, "p1", measure_id=FLU) == []

    remarks.put_back(bench, remark_id)
    assert contact(bench).remarks != ()
    remarks.remove(bench, [remark_id])
    clock.forward(days=1)
    with pytest.raises(NotAllowed, match="Add a new one"):
        remarks.put_back(bench, remark_id)
    with reading(bench.engine) as connection:
        done = connection.execute(select(audit).where(audit.c.action.startswith("remark."))).all()
    assert [row.action for row in done] == ["remark.added", "remark.removed", "remark.put_back", "remark.removed"]
    assert done[0].details == {"measure": MAMMOGRAM, "kind": "patient_refused"}
    assert "telephone" not in str(done)


def test_a_remark_of_another_day_or_wording_is_another_one_and_the_newest_stands_first(
    bench: Workbench,  # noqa: F811
    clock: Clock,
) -> None:
    add_patients(bench, 1)
    remarks.add(bench, "p1", MAMMOGRAM, "order_placed")
    clock.forward(days=91)
    remarks.add(bench, "p1", MAMMOGRAM, "order_placed")
    remarks.add(bench, "p1", FLU, "rejected", comment="Allergic", is_endless=True)

    assert [(each.measure_id, in_force(each, bench.today())) for each in remarks.of_patient(bench, "p1")] == [
        (FLU, True),
        (MAMMOGRAM, True),
        (MAMMOGRAM, False),
    ]


@pytest.mark.parametrize(
    ("kind", "measure", "asked", "error"),
    [
        ("unknown", MAMMOGRAM, {}, "no such kind"),
        ("order_placed", "no-such-measure", {}, "no such measure"),
        ("order_placed", MAMMOGRAM, {"is_endless": True}, "must end"),
        ("documented_elsewhere", MAMMOGRAM, {}, "needs a comment"),
    ],
)
def test_what_does_not_fit_together_is_refused_and_nothing_is_kept(
    wb: Workbench, kind: str, measure: str, asked: dict[str, Any], error: str
) -> None:
    add_patients(wb, 1)

    with pytest.raises((NotAllowed, NotFound), match=error):
        remarks.add(wb, "p1", measure, kind, **asked)
    assert remarks.of_patient(wb, "p1") == []


def test_who_may_not_remark_may_read_and_is_told_whom_to_ask(wb: Workbench) -> None:
    add_patients(wb, 1)
    remark_id = remarks.add(wb, "p1", MAMMOGRAM, "order_placed")
    accounts.add_user(wb.engine, User("mia", "Mia", roles=frozenset({"manager"})), at=wb.now(), by="ana")
    mia = wb.as_user("mia")

    assert len(remarks.of_patient(mia, "p1")) == 1
    for change in (
        lambda: remarks.add(mia, "p1", MAMMOGRAM, "patient_refused"),
        lambda: remarks.remove(mia, [remark_id]),
        lambda: remarks.put_back(mia, remark_id),
    ):
        with pytest.raises(NotAllowed, match=r"remark on care gaps\. Ask somebody who may: analyst"):
            change()


def test_patients_outside_the_scope_are_as_if_they_did_not_exist(wb: Workbench) -> None:
    add_patients(wb, 1)
    remark_id = remarks.add(wb, "p1", MAMMOGRAM, "order_placed")
    other = User("two", "Group Two", scope=Scope(groups=frozenset({"g2"})))
    accounts.add_user(wb.engine, other, at=wb.now(), by="ana")
    two = wb.as_user("two")

    for question in (
        lambda: remarks.of_patient(two, "p1"),
        lambda: remarks.add(two, "p1", MAMMOGRAM, "order_placed"),
        lambda: remarks.remove(two, [remark_id]),
        lambda: remarks.put_back(two, remark_id),
        lambda: remarks.of_patient(wb, "nobody"),
    ):
        with pytest.raises(NotFound):
            question()
    assert remarks.of_patient(wb, "p1")[0].removed_at is None
    assert work_lists.choices(two, "remarks") == []
    assert work_lists.choices(wb, "remarks") == ["Order placed: Scr: Mammogram Overdue"]


# ---- sending ---------------------------------------------------------------------------------------------------------
def gaps_of(wb: Workbench, *measures: str) -> None:
    with writing(wb.engine) as connection:
        connection.execute(open_gaps.update().values(measures=" ".join(measures)))


GAPS = {"en": replace(CAMPAIGN.message, body="<p>Due: {{ gaps | listed }}.</p>")}


def test_a_remark_made_after_the_activation_stops_the_message_and_report_and_preflight_say_why(
    bench: Workbench,  # noqa: F811
    server: Recorder,
) -> None:
    wb = clinic_that_sends(bench, server.port)
    add_campaign(wb, add_patients(wb, 2))
    remarks.add(wb, "p1", MAMMOGRAM, "patient_refused")
    sees = preflight.of_campaign(wb, replace(CAMPAIGN, start_on=wb.today()), ["p1", "p2"])

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("not_sent", "remark:patient_refused"), "p2": ("handed_over", "")}
    assert [address for address, _ in server.mails] == ["p2@example.org"]
    assert [(each.reason.key, each.patient_ids) for each in sees.not_reached] == [("remark:patient_refused", ("p1",))]
    shown = reports.report(wb, "c1")
    assert ("Not sent", "the patient refused what the message is about", 1) in list(
        shown.ledger.select("result", "reason", "count").iter_rows()
    )
    assert ["can be removed" in advice for advice in shown.advice] == [True]


def test_a_remark_that_ends_before_the_campaign_goes_out_is_no_reason(wb: Workbench) -> None:
    add_patients(wb, 1)
    remarks.add(wb, "p1", MAMMOGRAM, "order_placed", days=2)
    today = replace(CAMPAIGN, start_on=wb.today())

    found = {
        days: preflight.of_campaign(wb, replace(today, start_on=TODAY + days * DAY), ["p1"]).reached
        for days in (0, 1, 3)  # Thursday is Thanksgiving
    }

    assert found == {0: (), 1: (), 3: ("p1",)}


def test_a_message_about_two_gaps_names_the_one_without_a_remark(wb: Workbench, server: Recorder) -> None:
    wb = clinic_that_sends(wb, server.port)
    ids = add_patients(wb, 2)
    gaps_of(wb, MAMMOGRAM, FLU)
    remarks.add(wb, "p1", MAMMOGRAM, "patient_refused")
    add_campaign(wb, ids, measures=(MAMMOGRAM, FLU), messages=GAPS)

    batch = taken(wb, "c1", worker="w")
    texts = [str(one.outgoing) for one in batch.ready]

    assert ["mammogram" in text for text in texts] == [False, True]
    assert ["flu vaccine" in text for text in texts] == [True, True]


def test_a_gap_remarked_while_a_batch_goes_out_is_not_named_by_what_was_made_ready_before(
    wb: Workbench, server: Recorder
) -> None:
    wb = clinic_that_sends(wb, server.port)
    ids = add_patients(wb, 2)
    gaps_of(wb, MAMMOGRAM, FLU)
    add_campaign(wb, ids, measures=(MAMMOGRAM, FLU), messages=GAPS)
    batch = taken(wb, "c1", worker="w")
    remarks.add(wb, "p1", MAMMOGRAM, "patient_refused")
    remarks.add(wb, "p2", "dm-eye", "patient_refused")
    batch.checked_at -= 60

    sent: list[str] = []

    class Channel:
        def hand_over(self, outgoing: Any, *, before_end: Any = None) -> Any:
            from core.channels.handing_over import Receipt

            sent.append(outgoing.to)
            return Receipt("250", "ok")

    send_batch(batch, Channel(), may_go_on=lambda: True)  # type: ignore[arg-type]

    assert sent == ["p2@example.org"]
    assert states(wb)["p1"] == ("waiting", "")
    dispatcher.drain(wb)
    assert states(wb)["p1"] == ("handed_over", "")


def test_campaigns_of_another_purpose_go_out_all_the_same(wb: Workbench, server: Recorder) -> None:
    wb = clinic_that_sends(wb, server.port)
    ids = add_patients(wb, 1)
    remarks.add(wb, "p1", MAMMOGRAM, "patient_refused")
    add_campaign(wb, ids, purpose="announcement", measures=())

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("handed_over", "")}


def test_a_batch_asks_the_database_one_question_for_its_remarks(wb: Workbench) -> None:
    add_patients(wb, 30)
    remarks.add(wb, "p1", MAMMOGRAM, "patient_refused")
    asked: list[str] = []

    def note(*args: Any) -> None:
        asked.append(args[2])

    event.listen(wb.engine, "before_cursor_execute", note)
    with reading(wb.engine) as connection:
        ids = [f"p{number}" for number in range(1, 31)]
        eligibility_inputs(connection, ids, channel="email", at=wb.now(), on=TODAY, zone=wb.zone())

    assert sum(" remarks" in question for question in asked) == 1


# ---- never the measure -----------------------------------------------------------------------------------------------
def test_states_rates_and_lists_stay_what_they_are_and_the_list_can_show_and_leave_out_the_remarked(
    loaded: Workbench,  # noqa: F811
) -> None:
    gaps = care_gaps.gaps(loaded, states=["overdue"]).collect()
    patient_id, measure_id = gaps.sort("patient_id", "measure_id").select("patient_id", "measure_id").row(0)
    name = care_gaps.measure_names(loaded)[str(measure_id)]
    before = (
        care_gaps.rates(loaded),
        care_gaps.gaps(loaded).collect(),
        care_gaps.explain(loaded, patient_id, measure_id),
    )
    with reading(loaded.engine) as connection:
        opened = connection.execute(select(open_gaps).order_by(open_gaps.c.patient_id)).all()
    shown = work_lists.run(loaded, WorkList(columns=("name", "alerts", "alert_count"))).page(0, 100)

    remarks.add(loaded, patient_id, str(measure_id), "patient_refused")

    after = (
        care_gaps.rates(loaded),
        care_gaps.gaps(loaded).collect(),
        care_gaps.explain(loaded, patient_id, measure_id),
    )
    assert [left.equals(right) for left, right in zip(before[:2], after[:2], strict=True)] == [True, True]
    assert before[2] == after[2]
    with reading(loaded.engine) as connection:
        assert connection.execute(select(open_gaps).order_by(open_gaps.c.patient_id)).all() == opened
    assert work_lists.run(loaded, WorkList(columns=("name", "alerts", "alert_count"))).page(0, 100).equals(shown)

    text = f"Patient refused: {name}"
    assert work_lists.choices(loaded, "remarks") == [text]
    with_remark = work_lists.run(
        loaded, WorkList(filters=((Filter("remarks", "contains", "refused"),),), columns=("name", "remarks"))
    )
    without = work_lists.run(loaded, WorkList(filters=((Filter("remarks", "not_equals", text),),)))
    assert with_remark.page(0, 10).select("patient_id", "remarks").rows() == [(patient_id, [text])]
    assert without.count == work_lists.run(loaded, WorkList()).count - 1
    assert patient_id not in without.page(0, 100)["patient_id"].to_list()


def test_a_load_and_a_removal_by_nobody_leave_remarks_alone(loaded: Workbench) -> None:  # noqa: F811
    from core import loads

    remarks.add(loaded, "ann", FLU, "patient_refused")

    loads.refresh(loaded)

    with reading(loaded.engine) as connection:
        assert connection.execute(select(table.c.patient_id, table.c.removed_at)).all() == [("ann", None)]
