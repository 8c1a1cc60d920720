"""Remarks on a care gap as staff see, make and remove them, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from core import campaigns, remarks
from core.domain.remark import in_force
from core.domain.user import User
from core.store import accounts
from core.workbench import Workbench
from tests.pages import opened, sign_in, words
from tests.signed_in import PERSON
from tests.test_pages import ODD, campaign, kept, loaded  # noqa: F401 (fixtures)

MAMMOGRAM = "scr-mammogram"
KEY = f"ann_{MAMMOGRAM}"


def piece() -> AppTest:
    """The remarks of one care gap, alone on a page."""

    def script() -> None:
        from core import patients
        from pages._patient_remarks import remarks_of
        from pages._shared import workbench

        wb = workbench()
        remarks_of(wb, patients.patient(wb, "ann"), "scr-mammogram")

    sign_in(PERSON)
    return AppTest.from_function(script, default_timeout=60).run()


def form(app: AppTest, number: int = 0, **chosen: str) -> AppTest:
    """The form open, with what was chosen."""
    app.session_state[f"rm_add_{number}_{KEY}"] = True
    app.run()
    if chosen:
        app.selectbox(key=f"rm_kind_{number}_{KEY}").set_value(chosen["kind"]).run()
    return app


def test_a_remark_is_made_shown_removed_and_put_back(loaded: Workbench) -> None:  # noqa: F811
    app = form(piece(), kind="patient_refused")
    assert app.number_input(key=f"rm_days_patient_refused_0_{KEY}").value == 365
    assert "The patient has said no to it. No outreach about it meanwhile." in words(app)

    app.text_area(key=f"rm_comment_0_{KEY}").set_value(f"By telephone\n{ODD}").run()
    app.button(key=f"rm_save_0_{KEY}").click().run()

    assert not app.exception
    [remark] = remarks.of_patient(loaded, "ann")
    assert (remark.kind, remark.made_by) == ("patient_refused", "analyst")
    shown = words(app)
    assert "violet-badge[:material/notifications_off: Patient refused] until " in shown
    assert "Ana Lyst\\: By telephone \\*\\*Ann\\*\\*" in shown
    assert "No outreach about this meanwhile; the measure still counts the gap as it is." in shown
    assert not app.text_area  # the form is closed

    app.button(key=f"rm_remove_{remark.remark_id}_{KEY}").click().run()
    assert not in_force(remarks.of_patient(loaded, "ann")[0], loaded.today())
    assert "Removed: Patient refused" in words(app) and "removed on" in words(app)
    app.button(key=f"rm_undo_{KEY}").click().run()

    assert not app.exception
    assert in_force(remarks.of_patient(loaded, "ann")[0], loaded.today())
    assert "Removed: Patient refused" not in words(app)


def test_what_is_wrong_is_said_in_the_form_and_nothing_is_lost(loaded: Workbench) -> None:  # noqa: F811
    app = form(piece(), kind="rejected")
    app.segmented_control(key=f"rm_way_rejected_0_{KEY}").set_value("Until it is removed").run()
    app.button(key=f"rm_save_0_{KEY}").click().run()
    assert "needs a comment" in app.error[0].value
    assert remarks.of_patient(loaded, "ann") == []

    app.text_area(key=f"rm_comment_0_{KEY}").set_value("Frail").run()
    app.button(key=f"rm_save_0_{KEY}").click().run()

    assert not app.exception and not app.error
    assert [(each.until, each.comment) for each in remarks.of_patient(loaded, "ann")] == [(None, "Frail")]
    assert "until it is removed" in words(app)


@pytest.mark.parametrize(("kind", "has_no_end"), [("order_placed", False), ("patient_refused", True)])
def test_only_kinds_that_may_stay_offer_no_end(loaded: Workbench, kind: str, has_no_end: bool) -> None:  # noqa: F811
    app = form(piece(), kind=kind)

    ways = app.segmented_control(key=f"rm_way_{kind}_0_{KEY}").options
    assert any("removed" in str(way) for way in ways) is has_no_end


def test_who_may_not_remark_reads_it_and_whom_to_ask(loaded: Workbench) -> None:  # noqa: F811
    remarks.add(loaded, "ann", MAMMOGRAM, "order_placed", comment="Ordered")
    manager = User("analyst", "Ana Lyst", roles=frozenset({"manager"}))
    accounts.add_user(loaded.engine, manager, at=loaded.now(), by="command-line")

    app = piece()

    assert "Order placed] until" in words(app)
    assert "You may not remark on care gaps. Ask somebody who may" in words(app)
    assert not app.button


def test_the_evidence_of_a_work_list_shows_the_remark_beside_the_gap(loaded: Workbench) -> None:  # noqa: F811
    remarks.add(loaded, "ann", MAMMOGRAM, "patient_refused")
    app = opened("work_list")

    app.session_state["wl_evidence_of"] = "ann"
    app.run()

    assert not app.exception
    assert "Patient refused] until" in words(app)


def test_editor_and_report_say_that_a_remark_leaves_patients_out(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    remarks.add(loaded, "ann", MAMMOGRAM, "patient_refused")

    delivery = words(opened("campaign_editor", id=campaign_id, step="delivery"))
    summary = opened("campaign_editor", id=campaign_id, step="summary")

    assert "1 patient left out as of today because of a remark on the care gap" in delivery
    assert "nobody is skipped for that" in delivery
    assert any("Remark against outreach" in str(table.value) for table in summary.table)
    assert campaigns.campaign(loaded, campaign_id).skip_closed_gaps
