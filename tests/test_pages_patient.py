"""The patient's summary as staff see it, without a browser: who it is, each part, and the ways that lead there."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from core import loads
from core.domain.user import Scope, User
from core.domain.wording import day_text
from core.store import accounts
from core.store.database import writing
from core.store.schema import replies
from core.workbench import Workbench
from tests.homes import Homes
from tests.one_patient import (
    ANN,
    ANNS_EMAIL,
    ANNS_MOBILE,
    BOB,
    DEE,
    HOME,
    KIT,
    SAM,
    change,
    mark_dead,
    one_patient_feed,
)
from tests.pages import opened, title, words
from tests.test_pages import ODD, kept, loaded  # noqa: F401 (fixtures)
from tests.texts import sid

pytestmark = pytest.mark.long

PARTS = ("gaps", "communications", "opt-outs", "appointments", "clinical", "replies", "timeline")


@pytest.fixture
def known(kept: Workbench, homes: Homes, tmp_path: Path) -> Iterator[Workbench]:  # noqa: F811
    yield homes.fill(kept, "one-patient", lambda: loads.load(kept, one_patient_feed(tmp_path / "feed", kept.today())))


def said(app: AppTest) -> str:
    """Sentences, tables and headings, as they read."""
    tables = "\n".join(str(table.value.to_csv()) for table in app.table)
    heads = "\n".join(str(each.value) for each in app.subheader)
    folded = "\n".join(each.label for each in app.expander)
    return "\n".join([words(app), tables, heads, folded]).replace("\\", "").replace("\u00a0", " ")


def links(app: AppTest) -> list[str]:
    return [str(each.proto.label).replace("\\", "") for each in app.get("page_link")]


def reply(wb: Workbench, number: int, body: str, *, sender: str, kind: str = "other") -> None:
    values = {"provider_id": sid(number), "from_number": sender, "to_number": "+15550100200", "body": body}
    with writing(wb.engine) as connection:
        connection.execute(insert(replies).values(**values, kind=kind, received_at=wb.now(), status="new"))


# ---- who it is -----------------------------------------------------------------------------------------------------
def test_a_caller_is_verified_at_a_glance(known: Workbench) -> None:
    app = opened("patient", id=ANN)

    assert title(app) == "Patient Summary" and not app.exception and not app.error
    text = said(app)
    for part in ("Ann Example", "likes to be called **Annie**", "Wed 4 May 1966", "Female", "1 Sample St", "0042"):
        assert part in text
    for part in ("(312) 555-0101", "(312) 555-0102", "(312) 555-0103", ANNS_EMAIL, "Spanish", "yes (Wed 12 Mar 2025"):
        assert part in text
    for part in ("Dr. Ada Hill", "Hill Group", "Hill Clinic", "Nia Care, RN", "Medicare Part B", "account since"):
        assert part in text
    assert {"Kit Example", "Bob Lodger"} <= set(links(app))
    assert "same number" in text and "this patient answers for them" in text


def test_a_bounced_email_stands_under_the_name_with_why(known: Workbench) -> None:
    assert "Bounced" not in said(opened("patient", id=ANN))
    mark_dead(known, "email", ANNS_EMAIL, "no_mailbox")
    mark_dead(known, "text", ANNS_MOBILE, "landline")

    text = said(opened("patient", id=ANN))

    assert "No Communication: Email Bounced" in text and "there is no such mailbox." in text
    assert day_text(known.today()) in text
    assert "No texts to (312) 555-0101 since" in text


def badges(app: AppTest) -> str:
    return "\n".join(str(each.value) for each in app.markdown if "-badge[" in str(each.value)).replace("\\", "")


def test_the_dead_the_inactive_test_patients_and_minors_are_marked(known: Workbench) -> None:
    assert "Deceased" in badges(opened("patient", id=DEE))
    assert "Inactive" in badges(opened("patient", id=BOB))
    assert "Under 18" in badges(opened("patient", id=KIT))
    change(known, SAM, status="test")
    assert "Test patient" in badges(opened("patient", id=SAM))


def test_a_minor_names_the_adult_who_answers(known: Workbench) -> None:
    app = opened("patient", id=KIT)

    assert "Ann Example" in links(app)
    assert "answers for the patient" in said(app)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("patient_id", [SAM, DEE])
def test_every_part_of_a_patient_of_whom_little_is_known_says_so(known: Workbench, part: str, patient_id: str) -> None:
    app = opened("patient", id=patient_id, part=part)

    assert not app.exception and not app.error
    assert words(app)


@pytest.mark.parametrize("part", PARTS)
def test_odd_names_break_nothing(loaded: Workbench, part: str) -> None:  # noqa: F811
    app = opened("patient", id="ann", part=part)

    assert not app.exception and not app.error
    assert not any(ODD in str(each.value) for each in [*app.markdown, *app.caption, *app.subheader])


# ---- the parts -----------------------------------------------------------------------------------------------------
def test_open_gaps_come_first_unfolded_and_lead_to_everybody_with_the_gap(known: Workbench) -> None:
    app = opened("patient", id=ANN)

    folds = [each for each in app.expander if "-badge[" in each.label]
    opens = [each for each in folds if "Overdue]" in each.label or "Out of range]" in each.label]
    assert opens and folds[: len(opens)] == opens
    assert all(each.proto.expanded for each in opens) and not any(each.proto.expanded for each in folds[len(opens) :])
    assert "What would close it" in opens[0].info[0].value
    assert any("not about this patient" in each.label for each in app.expander)
    shingles = app.button(key="pa_list_imm-zoster").click().run()
    assert title(shingles) == "Work list" and not shingles.exception


def test_appointments_are_shown_past_and_coming(known: Workbench) -> None:
    text = said(opened("patient", id=ANN, part="appointments"))

    for part in ("Confirmed", "Cancelled", "patient is away", "No-show", "Completed", "does not say whether"):
        assert part in text
    assert "1 visit in the chart without an appointment" in text
    assert "No appointment is booked." in said(opened("patient", id=SAM, part="appointments"))


def test_the_chart_shows_what_counts_marks_what_does_not_and_leaves_out_mistakes(known: Workbench) -> None:
    app = opened("patient", id=ANN, part="clinical")

    text = said(app)
    for part in ("Type 2 diabetes", "Ruled out", "7.4 %", "a newer one is preliminary", "131 mmHg", "atorvastatin"):
        assert part in text or part.capitalize() in text
    assert "Entered by mistake" not in text and "5.0" not in text
    assert "6.9 %" not in text  # the preliminary one, until earlier values are asked for
    assert "6.9 %" in said(app.selectbox(key="pa_earlier").set_value("HbA1c").run())
    assert "no clinical data of this patient" in said(opened("patient", id=SAM, part="clinical"))


def test_replies_from_the_patients_number_are_shown_and_dealt_with(known: Workbench) -> None:
    reply(known, 1, "Can I come on Friday?", sender=ANNS_MOBILE)
    reply(known, 2, "Not hers", sender="+13125559999")

    app = opened("patient", id=ANN, part="replies")

    assert [each.value for each in app.text] == ["Can I come on Friday?"]
    assert "1 reply, newest first · 1 waits for a person" in said(app)
    assert not app.button(key="re_done_1").click().run().exception
    assert "No text has come" in said(opened("patient", id=SAM, part="replies"))


def test_time_is_one_picture_and_a_list(known: Workbench) -> None:
    app = opened("patient", id=ANN, part="timeline")

    assert len(app.get("plotly_chart")) == 1
    assert "Wellness visit" in said(app)
    app.segmented_control(key="pa_span").set_value("All").run()
    assert not app.exception and "New patient" in said(app)
    assert "Nothing has happened yet" in said(opened("patient", id=SAM, part="timeline"))


def test_the_part_stands_in_the_address_without_anything_of_the_patient(known: Workbench) -> None:
    app = opened("patient", id=ANN, part="clinical")
    assert app.segmented_control(key="pa_tab").value == "Clinical"

    app.segmented_control(key="pa_tab").set_value("Opt-Out Settings").run()

    assert dict(app.query_params) == {"id": ANN, "part": "opt-outs"}
    assert opened("patient", id=ANN, part="nonsense").segmented_control(key="pa_tab").value == "Care gaps"


# ---- who may, and what is kept -------------------------------------------------------------------------------------
def test_an_unknown_patient_and_one_out_of_scope_are_told_alike_and_not_audited(known: Workbench) -> None:
    person = User("analyst", "Lake Only", scope=Scope(groups=frozenset({"g2"})))
    accounts.add_user(known.engine, person, at=known.now(), by="command-line")

    shown = [opened("patient", id=patient_id) for patient_id in (ANN, "nobody")]

    assert len({said(app) for app in shown}) == 1 and all(len(app.error) == 1 for app in shown)
    assert "Example" not in str(shown[0].main)
    assert "Go to the work list" in links(shown[0])
    assert accounts.recorded(known.engine, "patient.opened", ANN) == []
    assert not opened("patient", id=BOB).error


def test_an_opening_is_audited_once_and_again_after_another_page(known: Workbench) -> None:
    app = opened("patient", id=ANN)
    app.segmented_control(key="pa_tab").set_value("Clinical").run()
    app.run()
    assert len(accounts.recorded(known.engine, "patient.opened", ANN)) == 1

    app.switch_page("home.py")
    app.run()
    assert "Ann Example" in links(app)
    app.query_params["id"] = ANN
    app.switch_page("patient.py")
    app.run()
    assert len(accounts.recorded(known.engine, "patient.opened", ANN)) == 2


def test_a_reply_leads_to_the_summary_of_everybody_it_may_concern(known: Workbench) -> None:
    change(known, BOB, phone_mobile=ANNS_MOBILE)
    reply(known, 1, "Hello", sender=ANNS_MOBILE)

    found = [each for each in opened("replies").get("page_link") if "born" in each.proto.label]

    born = {ANN: date(1966, 5, 4), BOB: date(1970, 1, 2)}
    for patient_id, day in born.items():
        [link] = [each for each in found if day_text(day) in each.proto.label]
        assert f"id={patient_id}" in link.proto.query_string and "part=replies" in link.proto.query_string
    assert HOME not in str([each.proto.query_string for each in found])
