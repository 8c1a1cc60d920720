"""The Opt-Out Settings tab as staff see it while a patient is on the phone, without a browser."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from streamlit.testing.v1 import AppTest

from core import opt_outs
from core.domain.user import Scope, User
from core.store import accounts
from core.store.database import writing
from core.store.schema import opt_outs as table
from core.store.schema import patients
from core.workbench import Workbench
from tests.pages import opened, words
from tests.test_pages import ODD, kept, loaded  # noqa: F401 (fixtures)
from tests.texts import take

pytestmark = pytest.mark.long

FORM = "oo_ann_0_"
SHARED = "+13125550142"


def tab(patient_id: str = "ann") -> AppTest:
    app = opened("patient", id=patient_id)
    app.segmented_control(key="pa_tab").set_value("Opt-Out Settings").run()
    assert not app.exception
    return app


def share(wb: Workbench, *patient_ids: str) -> None:
    with writing(wb.engine) as connection:
        who = patients.c.patient_id.in_(patient_ids)
        connection.execute(update(patients).where(who).values(phone_mobile=SHARED))


def types(wb: Workbench, patient_id: str = "ann") -> list[str]:
    return sorted(each.type for each in opt_outs.of_patient(wb, patient_id))


def errors(app: AppTest) -> list[str]:
    return [each.value for each in app.error]


def test_nothing_is_stopped_and_what_may_reach_the_patient_is_shown(loaded: Workbench) -> None:  # noqa: F811
    share(loaded, "ann")

    app = tab()

    said = words(app)
    assert "Nothing is stopped." in said and "Letters are not stopped" in said
    assert said.count(":green") == 9
    assert loaded.organisation().opt_out_policy.split(".")[0] in said


def test_the_answers_of_a_caller_lead_to_types_that_are_added_at_once(loaded: Workbench) -> None:  # noqa: F811
    app = tab()
    app.button_group(key=f"{FORM}kinds").set_value(["Health reminders"]).run()
    app.button_group(key=f"{FORM}forms").set_value(["email", "phone"]).run()
    assert app.multiselect(key=f"{FORM}types").value == ["health_email", "health_phone"]
    assert "No emails about health, for good." in words(app)

    app.segmented_control(key=f"{FORM}health_phone_duration").set_value("days").run()
    app.number_input(key=f"{FORM}health_phone_days").set_value(1).run()
    app.selectbox(key=f"{FORM}health_phone_reason").set_value("Privacy")
    app.selectbox(key=f"{FORM}health_email_reason").set_value("Too many messages")
    app.text_area(key=f"{FORM}comment").set_value("*rang* twice").run()
    app.button(key="oo_add").click().run()

    assert not errors(app)
    found = {each.type: each for each in opt_outs.of_patient(loaded, "ann")}
    assert found["health_phone"].until == loaded.today() and found["health_email"].until is None
    assert {each.comment for each in found.values()} == {"*rang* twice"}
    assert app.multiselect(key="oo_ann_1_types").value == []
    assert r"\*rang\* twice" in words(app) and "Email" in str(app.checkbox)


def test_what_is_missing_is_said_and_nothing_is_recorded(loaded: Workbench) -> None:  # noqa: F811
    app = tab()
    app.multiselect(key=f"{FORM}types").set_value(["all_text", "protocol"]).run()
    assert app.button(key="oo_add").disabled and "Choose a reason for" in app.button(key="oo_add").help
    app.selectbox(key=f"{FORM}all_text_reason").set_value("Privacy").run()

    assert app.button(key="oo_add").disabled and "Choose a health topic" in words(app)
    assert errors(app) == [] and types(loaded) == []


def test_clear_empties_the_form_and_removes_nothing(loaded: Workbench) -> None:  # noqa: F811
    opt_outs.add(loaded, "ann", "appt_email", reason="Privacy")
    app = tab()
    app.multiselect(key=f"{FORM}types").set_value(["all_text"]).run()

    app.button(key="oo_clear").click().run()

    assert app.multiselect(key="oo_ann_1_types").value == []
    assert types(loaded) == ["appt_email"]


def test_health_topics_are_chosen_or_typed(loaded: Workbench) -> None:  # noqa: F811
    app = tab()
    app.multiselect(key=f"{FORM}types").set_value(["protocol"]).run()
    assert "Diabetes" in app.multiselect(key=f"{FORM}protocol_topics").options
    app.multiselect(key=f"{FORM}protocol_topics").set_value(["Diabetes", "Influenza"]).run()
    app.selectbox(key=f"{FORM}protocol_reason").set_value("Gets this care elsewhere").run()
    app.button(key="oo_add").click().run()

    assert sorted(each.name for each in opt_outs.of_patient(loaded, "ann")) == [
        "Health topic: Diabetes",
        "Health topic: Influenza",
    ]


def test_who_shares_the_number_is_named_and_stopped_only_when_asked(loaded: Workbench) -> None:  # noqa: F811
    share(loaded, "ann", "cy")
    app = tab()
    assert "Cy Cole" in words(app)
    app.multiselect(key=f"{FORM}types").set_value(["all_text"]).run()
    box = app.checkbox(key=f"{FORM}also_mobile")
    assert "1 other" in box.label and "Cy Cole" in box.label and not box.value

    box.check().run()
    app.selectbox(key=f"{FORM}all_text_reason").set_value("Privacy").run()
    app.button(key="oo_add").click().run()

    assert "also stopped for Cy Cole" in words(app)
    other = tab("cy")
    assert [link for link in other.get("page_link") if "Made for" in str(getattr(link, "label", ""))]
    assert not [box for box in other.checkbox if "_mark_" in str(box.key)]  # it is taken back where it was made


def test_all_are_chosen_with_one_box_and_taken_back(loaded: Workbench) -> None:  # noqa: F811
    opt_outs.add(loaded, "ann", "appt_email", reason="Privacy")
    opt_outs.add(loaded, "ann", "health_email", reason="Privacy")
    app = tab()
    assert app.button(key="oo_remove").disabled

    app.checkbox(key="oo_ann_all").check().run()
    app.button(key="oo_remove").click().run()
    assert "for good" in words(app) and types(loaded) == ["appt_email", "health_email"]
    app.button(key="oo_remove_yes").click().run()

    assert types(loaded) == [] and not errors(app)
    assert "Nothing is stopped." in words(app)
    assert [each.label for each in app.expander] == ["No longer counts (2)"]
    assert "Taken back on" in words(app)


def test_a_stop_comes_back_with_the_patients_word_only(loaded: Workbench) -> None:  # noqa: F811
    share(loaded, "ann", "cy")
    take(loaded, 1, "STOP", sender=SHARED)
    app = tab()
    assert "answered STOP" in words(app)

    app.checkbox(key="oo_ann_all").check().run()
    app.button(key="oo_remove").click().run()
    assert "The patient stopped this, not we" in words(app) and "no longer counts for Cy Cole either" in words(app)
    assert app.button(key="oo_remove_yes").disabled
    app.checkbox(key="oo_agreed").check().run()
    app.button(key="oo_remove_yes").click().run()
    assert len(errors(app)) == 1 and types(loaded) == ["all_text"]
    app.text_input(key="oo_agreed_note").set_value("Called us on Tuesday").run()
    app.button(key="oo_remove_yes").click().run()

    assert types(loaded) == [] and "Called us on Tuesday" in words(app)


def test_it_is_shown_as_it_was_on_another_day(loaded: Workbench) -> None:  # noqa: F811
    today = loaded.today()
    with writing(loaded.engine) as connection:
        connection.execute(
            insert(table).values(
                patient_id="ann", type="health_email", starts_on=today - timedelta(9), until=today - timedelta(5),
                reason="Privacy", source="feed", source_key="O1", made_at=loaded.now(), made_by="command-line",
            )
        )  # fmt: skip
    app = tab()
    assert "Nothing is stopped." in words(app) and "Over: it counted" in words(app)

    app.date_input(key="oo_ann_on").set_value(today - timedelta(6)).run()

    said = words(app)
    assert "As it was on" in said and "No emails about health, through" in said and ":red[" in said
    assert not [box for box in app.checkbox if "_mark_" in str(box.key)]


def test_without_the_permission_it_is_seen_and_whom_to_ask(loaded: Workbench) -> None:  # noqa: F811
    opt_outs.add(loaded, "ann", "appt_email", reason="Privacy")
    analyst = User("analyst", "Ana Lyst", roles=frozenset({"analyst"}))
    accounts.add_user(loaded.engine, analyst, at=loaded.now(), by="command-line")

    app = tab()

    assert "No emails about appointments" in words(app) and "opt-out clerk" in words(app)
    assert not [each for each in [*app.button, *app.checkbox] if str(each.key).startswith("oo_")]


def test_what_others_share_is_not_named_to_somebody_who_may_not_see_them(loaded: Workbench) -> None:  # noqa: F811
    share(loaded, "ann", "cy")
    limited = User("analyst", "Hill Only", scope=Scope(groups=frozenset({"g2"})))
    accounts.add_user(loaded.engine, limited, at=loaded.now(), by="command-line")

    app = tab("cy")

    assert "1 outside what you may see" in words(app)
    assert "rbol" not in str(app.main)


def test_nothing_a_person_or_feed_wrote_is_read_as_markdown(loaded: Workbench) -> None:  # noqa: F811
    share(loaded, "ann", "bea")
    with writing(loaded.engine) as connection:
        connection.execute(
            insert(table).values(
                patient_id="ann", type="protocol", protocol=ODD[:60], starts_on=loaded.today(), reason=ODD,
                comment=ODD, source="feed", source_key="O1", made_at=loaded.now(), made_by="command-line",
            )
        )  # fmt: skip

    app = tab()

    said = words(app) + str(app.checkbox)
    assert r"\*\*Ann\*\*" in said and "<b>*x*" not in said and ":red[y]" not in said
