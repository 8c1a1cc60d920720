"""Two records become one: what either said against being contacted holds, and so does a death."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select

from core import corrections, feed_conflicts, loads, merges, opt_outs
from core.errors import NotAllowed
from core.store import schema
from core.store.database import reading
from core.workbench import Workbench
from tests.feeds import without_rules, write_feed

pytestmark = pytest.mark.long

MERGE = ["merged_id,patient_id,merged_on", "P1,P2,"]
HEAD = (
    "patient_id,first,last,birth_date,sex,status,deceased_on,phone_mobile,email,sms_consent,email_consent,voice_consent"
)
MOBILE, EMAIL = "+13125550101", "ann@example.org"
NO, BLANK = "no,no,no", ",,"
STOPPED = {"all_text", "health_email", "do_not_call"}


def row(
    patient_id: str,
    consents: str = BLANK,
    *,
    status: str = "active",
    died: str = "",
    mobile: str = MOBILE,
    email: str = EMAIL,
) -> str:
    return f"{patient_id},Ann,Example,1960-05-01,F,{status},{died},{mobile},{email},{consents}"


class Feeds:
    def __init__(self, wb: Workbench, folder: Path) -> None:
        self.wb, self.folder, self.number = wb, folder, 0

    def load(self, *rows: str, manifest: dict[str, Any] | None = None, **tables: list[str]) -> loads.LoadReport:
        self.number += 1
        patients: dict[str, list[str]] = {"patients": [HEAD, *rows]} if rows else {}
        return loads.load(self.wb, write_feed(self.folder / f"f{self.number}", manifest=manifest, **patients, **tables))

    def stopped(self, patient_id: str = "P2") -> set[str]:
        return {each.type for each in opt_outs.of_patient(self.wb, patient_id)}

    def sql(self, *columns: str, patient_id: str = "P2") -> tuple[Any, ...]:
        with reading(self.wb.engine) as connection:
            question = select(*(schema.patients.c[name] for name in columns))
            return tuple(connection.execute(question.where(schema.patients.c.patient_id == patient_id)).one())

    def status(self) -> list[tuple[str, str, str | None]]:
        generation = loads.current(self.wb)
        assert generation is not None
        columns = generation.table("patients").select("patient_id", "status", pl.col("deceased_on").cast(pl.String))
        return sorted(columns.collect().rows())


@pytest.fixture
def feeds(wb: Workbench, tmp_path: Path) -> Feeds:
    without_rules(wb)
    return Feeds(wb, tmp_path)


def merge(feeds: Feeds, how: str) -> None:
    if how == "feed":
        feeds.load(merges=MERGE)
    elif how == "feed with both":
        feeds.load(row("P1", NO), row("P2"), merges=MERGE)
    else:
        merges.merge(feeds.wb, "P1", into="P2")


@pytest.mark.parametrize("how", ["feed", "feed with both", "by hand"])
def test_a_no_of_the_merged_record_holds_for_the_survivor(feeds: Feeds, how: str) -> None:
    feeds.load(row("P1", NO), row("P2"))

    merge(feeds, how)

    assert feeds.stopped() == STOPPED
    with reading(feeds.wb.engine) as connection:
        rows = connection.execute(select(schema.opt_outs)).all()
    assert {(each.patient_id, each.source, each.until) for each in rows} == {("P2", "feed", None)}
    # nobody else has the addresses any more
    assert {each.address for each in rows} == {None, MOBILE, EMAIL}


def test_a_no_in_the_feed_that_brings_the_merge_and_both(feeds: Feeds) -> None:
    feeds.load(row("P1", "no,,"), row("P2"), merges=MERGE)

    assert feeds.stopped() == {"all_text"}


def test_a_no_that_staff_recorded_of_the_merged_record_holds(feeds: Feeds) -> None:
    feeds.load(row("P1"), row("P2", ",yes,"))
    corrections.correct(feeds.wb, "P1", "email_consent", {"email_consent": "no"})

    merge(feeds, "feed")

    assert feeds.sql("email_consent") == ("no",) or "health_email" in feeds.stopped()


def test_a_no_of_both_needs_no_opt_out(feeds: Feeds) -> None:
    feeds.load(row("P1", NO), row("P2", NO))

    merge(feeds, "feed")

    assert feeds.stopped() == set()


def test_what_staff_took_back_stays_so(feeds: Feeds) -> None:
    feeds.load(row("P1", "no,,"), row("P2"), merges=MERGE)
    opt_outs.remove(feeds.wb, [each.opt_out_id or 0 for each in opt_outs.of_patient(feeds.wb, "P2")])

    feeds.load(row("P1", "no,,"), row("P2", ",yes,"))

    assert feeds.stopped() == set()


def test_a_later_no_under_the_merged_id_alone_holds(feeds: Feeds) -> None:
    feeds.load(row("P1"), row("P2"), merges=MERGE)

    report = feeds.load(row("P1", "no,,"))

    assert report.status == "loaded"
    assert feeds.stopped() == {"all_text"}
    assert feeds.load(row("P1", "no,,"), manifest={"source_system": "careloop"}).status == "unchanged"


@pytest.mark.parametrize("how", ["feed", "by hand"])
def test_a_death_of_the_merged_record_is_the_survivors(feeds: Feeds, how: str) -> None:
    feeds.load(row("P1", died="2026-10-01"), row("P2"))

    merge(feeds, how)

    dead = [("P2", "deceased", "2026-10-01")]
    assert (feeds.status(), feeds.sql("status")) == (dead, ("deceased",))
    feeds.load(row("P2", email="new@example.org"))  # whose own row does not know of it
    assert (feeds.status(), feeds.sql("status", "email")) == (dead, ("deceased", "new@example.org"))


def test_a_later_death_under_the_merged_id_alone_holds_until_both_live_again(feeds: Feeds) -> None:
    feeds.load(row("P1"), row("P2"), merges=MERGE)

    assert feeds.load(row("P1", status="deceased")).status == "loaded"
    assert feeds.status() == [("P2", "deceased", None)]
    assert feeds.load(row("P2")).status == "unchanged"
    assert feeds.load(row("P1", status="inactive"), row("P2")).status == "unchanged"
    assert feeds.status() == [("P2", "deceased", None)]

    feeds.load(row("P1"), row("P2"))
    assert feeds.status() == [("P2", "active", None)]


def test_another_number_under_the_merged_id_alone_is_told(feeds: Feeds) -> None:
    feeds.load(row("P1"), row("P2"), merges=MERGE)

    report = feeds.load(row("P1", mobile="+13125550199"))

    assert [each.patients for each in report.defects if each.defect == "merged_contact"] == [1]
    assert feeds.sql("phone_mobile") == (MOBILE,)
    report = feeds.load(row("P1", mobile="+13125550199"), row("P2", ",yes,"))
    assert "merged_contact" not in {each.defect for each in report.defects}


def test_nobody_contacts_the_survivor_of_a_merge_without_clinical_data(feeds: Feeds) -> None:
    feeds.load(row("P1", NO, died="2026-10-01"), row("P2"))
    for about in feeds.wb.clinical.folder.glob("*/about.json"):
        about.unlink()

    merge(feeds, "by hand")

    assert feeds.sql("status") == ("deceased",)
    assert feeds.stopped() == STOPPED


# ---- corrections
@pytest.mark.parametrize(
    ("field", "merged", "survivor", "counts"),
    [
        ("email", "other@example.org", EMAIL, EMAIL),
        ("email", "other@example.org", "", "other@example.org"),
        ("email_consent", "yes", "no", "no"),
        ("email_consent", "no", "yes", "no"),
        ("email_consent", "yes", "", "yes"),
    ],
)
def test_a_correction_that_comes_with_a_merge(
    feeds: Feeds, field: str, merged: str, survivor: str, counts: str
) -> None:
    own = row("P2", email=survivor) if field == "email" else row("P2", f",{survivor},")
    feeds.load(row("P1"), own)
    corrections.correct(feeds.wb, "P1", field, {field: merged})

    merge(feeds, "feed")

    assert feeds.sql(field) == (counts,)


@pytest.mark.parametrize(("merged", "own", "counts"), [("no", "yes", "no"), ("yes", "no", "no")])
def test_of_two_corrections_the_no_counts(feeds: Feeds, merged: str, own: str, counts: str) -> None:
    feeds.load(row("P1"), row("P2"))
    corrections.correct(feeds.wb, "P1", "email_consent", {"email_consent": merged})
    corrections.correct(feeds.wb, "P2", "email_consent", {"email_consent": own})

    merge(feeds, "feed")

    assert feeds.sql("email_consent") == (counts,)


def test_what_was_asked_of_the_merged_id_is_asked_no_more(feeds: Feeds) -> None:
    feeds.load(row("P1"), row("P2"))
    for patient_id in ("P1", "P2"):
        corrections.correct(feeds.wb, patient_id, "email", {"email": f"{patient_id.lower()}@example.org"})
    feeds.load(row("P1", email="x1@example.org"), row("P2", email="x2@example.org"))
    stale = next(each for each in feed_conflicts.conflicts(feeds.wb) if each.person.patient_id == "P1")

    merge(feeds, "feed")

    left = feed_conflicts.conflicts(feeds.wb)
    assert [each.feed["email"] for each in left] == ["x2@example.org"]
    with pytest.raises(NotAllowed):
        feed_conflicts.settle(feeds.wb, stale.conflict_id, "feed")
    assert feeds.sql("email") == ("p2@example.org",)


def test_a_question_about_what_the_feed_does_not_say_now_is_refused(feeds: Feeds) -> None:
    feeds.load(row("P2"))
    corrections.correct(feeds.wb, "P2", "email", {"email": "p2@example.org"})
    feeds.load(row("P2", email="x2@example.org"))
    asked = feed_conflicts.conflicts(feeds.wb)[0]
    with feeds.wb.engine.begin() as connection:
        connection.execute(schema.feed_conflicts.update().values(details={"email": "stale@example.org"}))

    with pytest.raises(NotAllowed):
        feed_conflicts.settle(feeds.wb, asked.conflict_id, "feed")
    assert feeds.sql("email") == ("p2@example.org",)


# ---- rejects
def test_rejects_of_a_feed_that_says_nothing_new_are_kept_and_told(feeds: Feeds) -> None:
    feeds.load(row("P1"), row("P2"))

    report = feeds.load(merges=["merged_id,patient_id,merged_on", "P1,P9,"])

    assert (report.status, report.reject_count) == ("loaded", 1)
    assert loads.rejects(feeds.wb)["table"].to_list() == ["merges"]
