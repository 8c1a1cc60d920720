"""Corrections of contact data: they count at once, stay over later feeds, and newer values are asked about."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from core import corrections, patient_search, preflight, work_lists
from core.corrections import Conflict
from core.domain.user import Scope
from core.domain.work_list import Filter, WorkList
from core.errors import CareloopError, NotAllowed, NotFound
from core.store import feed_rows
from core.store.database import reading, writing
from core.store.schema import audit, patients
from core.store.schema import corrections as correction_table
from core.store.schema import feed_conflicts as conflict_table
from core.workbench import Workbench
from tests.conftest import Clock
from tests.feeds import without_rules
from tests.later_feeds import Feeds
from tests.postgres import bench, bench_by_day, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

HEAD = "patient_id,first,last,birth_date,sex,status,group_id,pcp_id,phone_mobile,email,language,zip,sms_consent"
OLD, OURS, NEW, NEWEST = "+13125550101", "+13125550102", "+13125550103", "+13125550104"


def row(
    mobile: str = OLD,
    *,
    email: str = "ann@example.org",
    consent: str = "",
    patient_id: str = "P1",
    last: str = "Example",
) -> str:
    return f"{patient_id},Ann,{last},1960-05-01,F,active,g1,d1,{mobile},{email},en,60601,{consent}"


OTHER = row("+13125550199", email="bob@example.org", patient_id="P2")


@pytest.fixture
def feeds(bench_by_day: Workbench, clock: Clock, tmp_path: Path) -> Iterator[Feeds]:  # noqa: F811
    without_rules(bench_by_day)
    loaded = Feeds(bench_by_day, clock, tmp_path, HEAD)
    loaded.load(row(), OTHER)
    yield loaded


def on_file(wb: Workbench, patient_id: str = "P1") -> dict[str, Any]:
    with reading(wb.engine) as connection:
        return dict(connection.execute(select(patients).where(patients.c.patient_id == patient_id)).mappings().one())


def only(wb: Workbench) -> Conflict:
    (conflict,) = corrections.conflicts(wb)
    assert corrections.waiting_count(wb) == 1
    return conflict


def _in_list(wb: Workbench, number: str) -> list[str]:
    return work_lists.run(wb, WorkList(filters=((Filter("phone_mobile", "contains", number[2:]),),))).ids


def test_a_correction_counts_at_once_for_sending_work_lists_preflight_and_export(feeds: Feeds) -> None:
    wb = feeds.wb
    assert _in_list(wb, OLD) == ["P1"]

    corrections.correct(wb, "P1", "mobile", {"phone_mobile": "(312) 555-0102"}, reason="called")
    corrections.correct(wb, "P1", "email", {"email": ""})
    corrections.correct(wb, "P1", "language", {"language": "Korean"})
    corrections.correct(wb, "P1", "address", {"address1": "1 Elm St", "city": "Peoria", "state": "IL", "zip": "61601"})

    assert (on_file(wb)["phone_mobile"], on_file(wb)["email"], on_file(wb)["zip"]) == (OURS, None, "61601")
    assert _in_list(wb, OLD) == [] and _in_list(wb, OURS) == ["P1"]
    for number, who in (("555-0101", []), ("555-0102", ["P1"])):
        assert [each.patient_id for each in patient_search.find(wb, number, everybody=True).people] == who
    shown = work_lists.patients_shown(wb, ["P1", "P2"], ["phone_mobile", "email", "language", "zip3"])
    assert shown.rows() == [
        ("P1", OURS, None, "Korean", "616"),
        ("P2", "+13125550199", "bob@example.org", "English", "606"),
    ]
    (email,) = preflight.reach(wb, ["P1"], channels=["email"])
    assert [each.reason.key for each in email.not_reached] == ["no_address"]
    corrections.withdraw(wb, "P1", "mobile")
    assert on_file(wb)["phone_mobile"] == OLD and _in_list(wb, OLD) == ["P1"]


def test_a_feed_that_repeats_the_old_value_changes_nothing_and_asks_nothing(feeds: Feeds) -> None:
    corrections.correct(feeds.wb, "P1", "mobile", {"phone_mobile": OURS})

    feeds.load(row(OLD, last="Married"), OTHER)

    assert (on_file(feeds.wb)["phone_mobile"], on_file(feeds.wb)["last"]) == (OURS, "Married")
    assert corrections.conflicts(feeds.wb) == [] and _in_list(feeds.wb, OURS) == ["P1"]


def test_a_newer_value_is_asked_about_while_ours_stays_and_kept_ours_is_never_asked_again(feeds: Feeds) -> None:
    wb = feeds.wb
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": OURS})
    feeds.load(row(NEW), OTHER)

    asked = only(wb)
    assert (asked.feed, asked.person.patient_id) == ({"phone_mobile": NEW}, "P1")
    assert asked.correction is not None and asked.correction.values == {"phone_mobile": OURS}
    assert on_file(wb)["phone_mobile"] == OURS and _in_list(wb, NEW) == []
    corrections.settle(wb, asked.conflict_id, "kept")
    feeds.load(row(NEW, last="Other"), OTHER)
    feeds.load(row(OLD, last="Other"), OTHER)
    feeds.load(row(NEW, last="Again"), OTHER)

    assert corrections.conflicts(wb) == [] and on_file(wb)["phone_mobile"] == OURS


def test_taking_the_feeds_value_ends_the_correction_and_later_feeds_go_through(feeds: Feeds) -> None:
    wb = feeds.wb
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": OURS})
    feeds.load(row(NEW), OTHER)

    corrections.settle(wb, only(wb).conflict_id, "feed")

    assert on_file(wb)["phone_mobile"] == NEW and _in_list(wb, NEW) == ["P1"]
    (ended,) = corrections.of_patient(wb, "P1")
    assert (ended.counts, ended.ended_how, ended.ended_by) == (False, "feed", "ana")
    feeds.load(row(NEWEST), OTHER)
    assert on_file(wb)["phone_mobile"] == NEWEST and corrections.conflicts(wb) == []


def test_a_newer_no_to_a_channel_stops_at_once_until_somebody_keeps_the_yes_of_staff(feeds: Feeds) -> None:
    wb = feeds.wb
    feeds.load(row(consent="no"), OTHER)
    corrections.correct(wb, "P1", "text_consent", {"text_consent": "yes", "text_consent_source": "Signed a form"})
    feeds.load(row(consent="no", last="Married"), OTHER)  # repeats what it said
    assert on_file(wb)["text_consent"] == "yes" and corrections.conflicts(wb) == []
    corrections.correct(wb, "P2", "text_consent", {"text_consent": "yes", "text_consent_source": "Signed a form"})
    feeds.load(row(consent="no"), OTHER + "no")

    asked = only(wb)
    assert asked.is_stopped and asked.person.patient_id == "P2" and on_file(wb, "P2")["text_consent"] == "no"
    (text,) = preflight.reach(wb, ["P2"], channels=["text"])
    assert [each.reason.key for each in text.not_reached] == ["no_text_consent"]
    assert corrections.on_file(wb, "P2")["text_consent"].is_stopped
    corrections.settle(wb, asked.conflict_id, "kept")
    assert on_file(wb, "P2")["text_consent"] == "yes"
    feeds.load(row(consent="no"), OTHER.replace("Example", "Married") + "no")

    assert on_file(wb, "P2")["text_consent"] == "yes" and corrections.conflicts(wb) == []
    assert not corrections.on_file(wb, "P2")["text_consent"].is_stopped


def test_a_question_follows_the_feed_until_somebody_decides(feeds: Feeds) -> None:
    wb = feeds.wb
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": OURS})
    feeds.load(row(NEW), OTHER)
    first = only(wb)

    feeds.load(row(NEWEST), OTHER)
    assert only(wb).feed == {"phone_mobile": NEWEST} and only(wb).conflict_id == first.conflict_id
    feeds.load(row(OURS), OTHER)  # the source has caught up
    assert corrections.conflicts(wb) == []

    with pytest.raises(NotAllowed, match="not open any more"):
        corrections.settle(wb, first.conflict_id, "feed")
    feeds.load(row(OLD), OTHER)  # and forgets it again
    assert on_file(wb)["phone_mobile"] == OURS and corrections.conflicts(wb) == []


def test_a_feed_that_blanks_the_value_or_leaves_the_patient_out_keeps_the_correction(feeds: Feeds) -> None:
    wb = feeds.wb
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": OURS})

    feeds.load(row(""), OTHER)
    assert on_file(wb)["phone_mobile"] == OURS
    feeds.load(OTHER.replace("Ann", "Anna"))  # an incremental feed without the patient
    assert on_file(wb)["phone_mobile"] == OURS
    feeds.load(OTHER, full=["patients"])
    with reading(wb.engine) as connection:
        assert feed_rows.patient_count(connection) == 1
    assert corrections.conflicts(wb) == []
    with pytest.raises(NotFound):
        corrections.correct(wb, "P1", "mobile", {"phone_mobile": NEW})
    feeds.load(row(OLD), OTHER, full=["patients"])  # comes back

    assert on_file(wb)["phone_mobile"] == OURS and corrections.conflicts(wb) == []


def test_a_second_correction_replaces_the_first_and_its_question_and_both_stay_in_the_history(feeds: Feeds) -> None:
    wb = feeds.wb
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": OURS}, reason="called in")
    feeds.load(row(NEW), OTHER)
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": NEWEST})

    assert corrections.conflicts(wb) == [] and on_file(wb)["phone_mobile"] == NEWEST
    last, first = corrections.of_patient(wb, "P1")
    assert (first.ended_how, first.reason, last.counts) == ("replaced", "called in", True)
    feeds.load(row(OLD), OTHER)  # both are old by now
    feeds.load(row(NEW), OTHER)
    assert corrections.conflicts(wb) == []
    here = corrections.on_file(wb, "P1")["mobile"]
    assert (here.values, here.feed) == ({"phone_mobile": NEWEST}, {"phone_mobile": NEW})
    assert here.correction is not None and here.correction.made_by == "ana"


def test_a_yes_to_texts_in_the_feed_is_not_taken_along_to_another_number(feeds: Feeds) -> None:
    wb = feeds.wb
    feeds.load(row(OLD, consent="yes"), OTHER)
    assert on_file(wb)["text_consent"] == "yes"

    corrections.correct(wb, "P1", "mobile", {"phone_mobile": OURS})
    assert on_file(wb)["text_consent"] is None
    corrections.correct(wb, "P1", "text_consent", {"text_consent": "yes", "text_consent_source": "Said so by phone"})

    columns = ("phone_mobile", "text_consent", "text_consent_on", "text_consent_source")
    kept = {name: on_file(wb)[name] for name in columns}
    assert (kept["text_consent"], kept["text_consent_on"], kept["text_consent_source"]) == (
        "yes",
        wb.today(),
        "Said so by phone",
    )
    feeds.load(row(OLD, consent="yes", last="Later"), OTHER)
    assert {name: on_file(wb)[name] for name in columns} == kept and on_file(wb)["last"] == "Later"


def test_a_load_that_fails_at_its_end_keeps_corrections_and_asks_nothing(
    wb: Workbench, clock: Clock, tmp_path: Path
) -> None:
    without_rules(wb)
    feeds = Feeds(wb, clock, tmp_path, HEAD)
    feeds.load(row())
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": OURS})
    with writing(wb.engine) as connection:
        full = "SELECT RAISE(ABORT, 'no space'); END"
        connection.execute(text(f"CREATE TRIGGER full BEFORE INSERT ON loads WHEN NEW.status = 'loaded' BEGIN {full}"))

    with pytest.raises(SQLAlchemyError):
        feeds.load(row(NEW))

    assert on_file(wb)["phone_mobile"] == OURS and corrections.conflicts(wb) == []
    with writing(wb.engine) as connection:
        connection.execute(text("DROP TRIGGER full"))
    feeds.load(row(NEW))
    assert only(wb).feed == {"phone_mobile": NEW} and on_file(wb)["phone_mobile"] == OURS


def test_what_is_wrong_or_on_file_already_is_refused_and_changes_nothing(feeds: Feeds) -> None:
    wb, before = feeds.wb, on_file(feeds.wb)
    for values, why in (
        ({"phone_mobile": "12"}, "fewer than ten"),
        ({"phone_mobile": "312-555-0101"}, "on file already"),
    ):
        with pytest.raises(CareloopError, match=why):
            corrections.correct(wb, "P1", "mobile", values)
    with pytest.raises(NotAllowed, match="no correction to withdraw"):
        corrections.withdraw(wb, "P1", "mobile")
    with pytest.raises(CareloopError, match="at most 500"):
        corrections.correct(wb, "P1", "mobile", {"phone_mobile": NEW}, reason="x" * 501)

    assert on_file(wb) == before and corrections.of_patient(wb, "P1") == []


def test_who_may_not_or_may_not_see_the_patient_is_refused(feeds: Feeds) -> None:
    wb = feeds.wb
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": OURS})
    feeds.load(row(NEW), OTHER)
    asked = only(wb)
    analyst = replace(wb, user=replace(wb.user, roles=frozenset({"analyst"})))
    elsewhere = replace(wb, user=replace(wb.user, scope=Scope(groups=frozenset({"g2"}))))

    for refused, error in ((analyst, NotAllowed), (elsewhere, NotFound)):
        with pytest.raises(error):
            corrections.correct(refused, "P1", "mobile", {"phone_mobile": NEWEST})
        with pytest.raises(error):
            corrections.withdraw(refused, "P1", "mobile")
        with pytest.raises(error):
            corrections.settle(refused, asked.conflict_id, "kept")
    clerk = replace(wb, user=replace(wb.user, roles=frozenset({"opt_out_clerk"})))
    with pytest.raises(NotAllowed):
        corrections.settle(clerk, asked.conflict_id, "feed")
    assert corrections.conflicts(elsewhere) == [] and corrections.waiting_count(elsewhere) == 0
    with pytest.raises(NotFound):
        corrections.on_file(elsewhere, "P1")
    with pytest.raises(NotFound):
        corrections.of_patient(elsewhere, "P1")
    assert on_file(wb)["phone_mobile"] == OURS and only(wb) == asked


def test_every_change_is_audited_without_a_value(feeds: Feeds) -> None:
    wb = feeds.wb
    corrections.correct(wb, "P1", "mobile", {"phone_mobile": OURS})
    feeds.load(row(NEW), OTHER)
    corrections.settle(wb, only(wb).conflict_id, "kept")
    corrections.withdraw(wb, "P1", "mobile")

    with reading(wb.engine) as connection:
        lines = [(row.action, str(row.details)) for row in connection.execute(select(audit).order_by(audit.c.audit_id))]
    actions = [action for action, _ in lines]
    for action in ("contact.corrected", "feed_conflict.found", "feed_conflict.settled", "contact.correction_withdrawn"):
        assert actions.count(action) == 1
    assert not any("555" in details for _, details in lines)


def test_corrections_work_without_any_feed_in_the_clinical_store(bench: Workbench) -> None:  # noqa: F811
    with writing(bench.engine) as connection:
        _add(connection, patient_id="P1", status="active", phone_mobile=OLD, text_consent="no")

    corrections.correct(bench, "P1", "mobile", {"phone_mobile": OURS})
    corrections.correct(bench, "P1", "mobile", {"phone_mobile": NEW})
    assert on_file(bench)["phone_mobile"] == NEW and on_file(bench)["text_consent"] == "no"
    corrections.withdraw(bench, "P1", "mobile")

    assert on_file(bench)["phone_mobile"] == OLD
    with reading(bench.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(correction_table)) == 2
        assert connection.scalar(select(func.count()).select_from(conflict_table)) == 0


def _add(connection: Connection, **values: Any) -> None:
    connection.execute(patients.insert().values(**values))
