"""The life of a campaign: made, edited, tested, activated, stopped; who may do it and until when."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core import campaigns
from core.domain.campaign import CHANGES, Message, name_key, shift_sentence, status_after
from core.domain.organisation import Organisation
from core.domain.user import Scope, User
from core.domain.work_list import Filter, WorkList
from core.errors import NotAllowed, NotFound, TemplateError, TooMany
from core.store import accounts
from core.store.database import reading
from core.store.schema import audit
from core.workbench import Workbench
from tests.clinic import CAMPAIGN, add_campaign, add_clinic, add_patients, states
from tests.conftest import Clock
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

WEDNESDAY = date(2026, 11, 25)  # tests begin on Tuesday the 24th at noon


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    add_clinic(bench)
    return bench


def make(wb: Workbench, count: int = 3, **changes: Any) -> str:
    return campaigns.create(wb, template_id="mammogram-reminder", patient_ids=add_patients(wb, count), **changes)


def actions(wb: Workbench) -> list[str]:
    with reading(wb.engine) as connection:
        return list(connection.scalars(select(audit.c.action).order_by(audit.c.audit_id)))


def limited(wb: Workbench, user_id: str, *groups: str) -> Workbench:
    person = User(user_id, user_id.title(), scope=Scope(groups=frozenset(groups)))
    accounts.add_user(wb.engine, person, at=wb.now(), by="ana")
    return wb.as_user(user_id)


# ---- making one ----------------------------------------------------------------------------------------------------
def test_a_new_campaign_is_inactive_prefilled_and_has_exactly_the_selected_patients(wb: Workbench) -> None:
    campaign_id = make(wb)

    made = campaigns.campaign(wb, campaign_id)
    assert (made.status, made.start_on, made.purpose) == ("inactive", WEDNESDAY, "care_gap")
    assert made.name == "Mammogram reminder Nov 24, 2026"
    assert made.measures == ("scr-mammogram",) and made.protocols == ("Mammogram",)
    assert made.from_email == "do-not-reply@example.org"
    assert campaigns.patients(wb, campaign_id) == ["p1", "p2", "p3"]
    assert campaigns.problems_of(wb, made, was=made) == {}
    assert actions(wb) == ["campaign.created"]


def test_a_patient_selected_twice_is_in_it_once(wb: Workbench) -> None:
    add_patients(wb, 2)

    campaign_id = campaigns.create(wb, template_id="mammogram-reminder", patient_ids=["p2", "p1", "p2"])

    assert campaigns.patients(wb, campaign_id) == ["p2", "p1"]


def test_more_patients_than_the_limit_make_nothing(wb: Workbench) -> None:
    accounts.change_organisation(wb.engine, {"campaign_limit": 3}, at=wb.now(), by="ana")
    ids = add_patients(wb, 4)

    with pytest.raises(TooMany, match="4 patients are selected and a campaign has at most 3: 1 too many"):
        campaigns.create(wb, template_id="mammogram-reminder", patient_ids=ids)

    assert campaigns.campaigns(wb) == []
    assert campaigns.create(wb, template_id="mammogram-reminder", patient_ids=ids[:3])


def test_nobody_selected_makes_nothing(wb: Workbench) -> None:
    with pytest.raises(NotAllowed, match="No patients are selected"):
        campaigns.create(wb, template_id="mammogram-reminder", patient_ids=[])


def test_a_patient_out_of_the_users_scope_makes_nothing(wb: Workbench) -> None:
    ids = add_patients(wb, 1) + add_patients(wb, 1, start=2, group=2)

    with pytest.raises(NotFound, match="1 of the selected patients"):
        campaigns.create(limited(wb, "lim", "g1"), template_id="mammogram-reminder", patient_ids=ids)

    assert campaigns.campaigns(wb) == []


def test_a_proposed_name_that_is_taken_gets_a_number(wb: Workbench) -> None:
    ids = add_patients(wb, 1)
    names = []
    for _ in range(3):
        campaign_id = campaigns.create(wb, template_id="mammogram-reminder", patient_ids=ids)
        names.append(campaigns.campaign(wb, campaign_id).name.removeprefix("Mammogram reminder Nov 24, 2026"))

    assert names == ["", " (2)", " (3)"]


PREFILLED = [
    # filters of the work list                            measures of a diabetes campaign
    ([Filter("alerts", "contains", "above 9")], ("dm-a1c-high",)),
    ([Filter("alerts", "contains", "hba1c")], ("dm-a1c", "dm-a1c-high")),
    ([Filter("alerts", "one_of", ("DM: HbA1c Overdue",))], ("dm-a1c",)),
    ([Filter("alerts", "not_contains", "above 9")], ("dm-a1c", "dm-a1c-high")),
    ([Filter("alerts", "contains", "mammogram")], ("dm-a1c", "dm-a1c-high")),
    ([], ("dm-a1c", "dm-a1c-high")),
]


@pytest.mark.parametrize(("filters", "measures"), PREFILLED)
def test_the_measures_are_those_of_the_template_that_the_work_list_asks_for(
    wb: Workbench, filters: list[Filter], measures: tuple[str, ...]
) -> None:
    work_list = WorkList(filters=(tuple(filters),))
    ids = add_patients(wb, 1)

    campaign_id = campaigns.create(wb, template_id="diabetes-care-gaps", patient_ids=ids, work_list=work_list)

    assert set(campaigns.campaign(wb, campaign_id).measures) == set(measures)


# ---- editing -------------------------------------------------------------------------------------------------------
def test_changes_are_kept_with_who_made_them(wb: Workbench) -> None:
    campaign_id = make(wb)
    accounts.add_user(wb.engine, User("bob", "Bob"), at=wb.now(), by="ana")

    saved = campaigns.save(wb.as_user("bob"), campaign_id, {"name": "Spring", "start_on": date(2027, 3, 1)}, version=1)

    assert (saved.name, saved.start_on, saved.version, saved.changed_by) == ("Spring", date(2027, 3, 1), 2, "bob")
    assert actions(wb)[-1] == "campaign.saved"


def test_the_second_of_two_editors_is_told_and_nothing_is_lost(wb: Workbench) -> None:
    campaign_id = make(wb)
    campaigns.save(wb, campaign_id, {"description": "first"}, version=1)

    with pytest.raises(NotAllowed, match="was changed by Ana Lyst meanwhile"):
        campaigns.save(wb, campaign_id, {"description": "second"}, version=1)

    assert campaigns.campaign(wb, campaign_id).description == "first"


def body(html: str, subject: str = "A reminder") -> dict[str, Any]:
    return {"messages": {"en": Message(subject, html)}}


REFUSED = [
    ({"name": "  "}, "campaign name is missing"),
    ({"name": "OTHER  campaign"}, "Another campaign has this name"),
    ({"from_name": ""}, "From Name is missing"),
    ({"from_name": "Care\r\nBcc: x@example.org"}, "line break"),
    ({"from_name": "Care\u2028team"}, "line break"),
    ({"from_name": "Care \u202emaet"}, "turns the text around"),
    ({"from_name": "\u200b"}, "From Name is missing"),
    ({"from_email": "nobody"}, "not an email address"),
    ({"from_email": "a@example.org\nBcc: b@example.org"}, "not an email address"),
    ({"purpose": "fun"}, "Choose a purpose"),
    ({"start_on": date(2026, 11, 23)}, "start date has passed"),
    (body("<p>x</p>", subject=""), "subject is missing"),
    (body("<p>x</p>", subject="Hello\nBcc: x@example.org"), "line break"),
    (body(" "), "message is empty"),
    (body("<p>{{ patient.shoe_size }}</p>"), "In the body: .*patient.shoe_size"),
    (body("<p>{{ 'x' * 10**9 }}</p>"), "In the body"),
    (body("<table><tr>{% if gaps %}<td>x</td>{% endif %}</tr></table>"), "In the body: .*inside a cell"),
    (body("<p></p><script>x</script>"), "message is empty"),
    ({"messages": {"es": Message("Hola", "<p>x</p>")}}, "message in English is missing"),
]


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_what_cannot_be_saved_says_why(wb: Workbench, changes: dict[str, Any], sentence: str) -> None:
    campaign_id = make(wb)
    add_campaign(wb, [], campaign_id="other", name="Other Campaign")

    with pytest.raises(NotAllowed, match=sentence):
        campaigns.save(wb, campaign_id, changes, version=1)

    assert campaigns.campaign(wb, campaign_id).version == 1


def test_a_draft_that_is_not_ready_can_be_kept_but_not_activated(wb: Workbench) -> None:
    ids = add_patients(wb, 1)
    campaign_id = campaigns.create(wb, template_id="weight-management", patient_ids=ids)

    campaigns.save(wb, campaign_id, {"description": "the date of the class follows"}, version=1)

    with pytest.raises(NotAllowed, match="class_date"):
        campaigns.activate(wb, campaign_id)
    fields = {"class_name": "Eating well", "class_date": "December 10", "class_time": "5:30", "class_place": "Room 2"}
    saved = campaigns.save(wb, campaign_id, {"fields": fields}, version=2)
    assert campaigns.activate(wb, campaign_id, version=saved.version).status == "active"


def test_a_care_gap_may_not_stand_in_a_subject(wb: Workbench) -> None:
    campaign_id = make(wb)
    html = "<p>Call {{ call_back_number }}</p>"
    campaigns.save(wb, campaign_id, body(html, subject="Your mammogram is due"), version=1)

    with pytest.raises(NotAllowed, match="mammogram"):
        campaigns.activate(wb, campaign_id)


_NUMBER = "{{ call_back_number }}"
PASTED = [
    # what an editor's box holds, and what is kept
    (f"<p>{{{{ patient.<b>first_name</b> }}}} {_NUMBER}</p>", f"<p>{{{{ patient.first_name }}}} {_NUMBER}</p>"),
    ("<p>{{&nbsp;call_back_number&nbsp;}}</p>", f"<p>{_NUMBER}</p>"),
    (
        f"<p>{{% if gaps|length &gt; 1 %}}x{{% endif %}} {_NUMBER}</p>",
        f"<p>{{% if gaps|length > 1 %}}x{{% endif %}} {_NUMBER}</p>",
    ),
    (f"<p class=MsoNormal style='mso-x:1'>{_NUMBER}" + "<o:p></o:p>" * 9_000, f"<p>{_NUMBER}</p>"),
    (f"<p onclick=x>{_NUMBER}</p><script>x</script>", f"<p>{_NUMBER}</p>"),
]


@pytest.mark.parametrize(("pasted", "kept"), PASTED)
def test_a_body_is_cleaned_before_it_is_judged_and_kept(wb: Workbench, pasted: str, kept: str) -> None:
    campaign_id = make(wb)
    draft = replace(campaigns.campaign(wb, campaign_id), messages={"en": Message("A reminder", pasted)})

    assert campaigns.problems_of(wb, draft) == {}
    saved = campaigns.save(wb, campaign_id, body(pasted), version=1)

    assert saved.message.body == kept


@pytest.mark.parametrize("subject", ["A note\u00a0from us", "From our nurses 👩\u200d⚕️", "می\u200cخواهیم", "x\u00ady"])
def test_a_subject_may_hold_what_people_write_and_paste(wb: Workbench, subject: str) -> None:
    campaign_id = make(wb)

    saved = campaigns.save(wb, campaign_id, body("<p>{{ call_back_number }}</p>", subject=subject), version=1)

    assert saved.message.subject == subject


BRACES = [
    "{patient.first_name}",
    "{ {patient.first_name} }",
    "{ patient.first_name }",
    "{ % if gaps % }",
    "{gaps | listed}",
]


@pytest.mark.parametrize("written", BRACES)
def test_a_merge_field_with_too_few_braces_is_not_printed_to_patients(wb: Workbench, written: str) -> None:
    campaign_id = make(wb)
    for message in (body(f"<p>{written} {{{{ call_back_number }}}}</p>"), body("<p>x</p>", subject=f"Hello {written}")):
        draft = replace(campaigns.campaign(wb, campaign_id), **message)

        assert "with two braces" in campaigns.problems_of(wb, draft)["messages"]


def test_a_message_that_would_be_too_long_once_it_is_laid_out_is_refused_before_it_is_active(wb: Workbench) -> None:
    campaign_id = make(wb)
    cells = "<p>{{ call_back_number }}</p><table><tr>" + "<td>x</td>" * 4_000 + "</tr></table>"

    with pytest.raises(NotAllowed, match="characters; at most"):
        campaigns.save(wb, campaign_id, body(cells), version=1)


def test_a_link_may_not_tell_who_reads_it_however_it_is_written(wb: Workbench) -> None:
    campaign_id = make(wb)
    link = "<p>{{ call_back_number }} <a href='https://x.example/{{ patient.last_name }}'>more</a></p>"

    with pytest.raises(NotAllowed, match="a merge field or condition stands in a web or mail address"):
        campaigns.save(wb, campaign_id, body(link), version=1)


# ---- status and locks ----------------------------------------------------------------------------------------------
def test_on_its_day_an_active_campaign_can_be_stopped_but_not_edited(wb: Workbench, clock: Clock) -> None:
    campaign_id = make(wb)
    campaigns.activate(wb, campaign_id)
    clock.at = datetime(2026, 11, 25, 6, tzinfo=UTC)  # midnight in Chicago

    with pytest.raises(NotAllowed, match="midnight before that day"):
        campaigns.save(wb, campaign_id, {"name": "Later"}, version=2)
    with pytest.raises(NotAllowed, match="midnight before that day"):
        campaigns.inactivate(wb, campaign_id)
    assert campaigns.stop(wb, campaign_id) == 3


def test_until_then_it_can_be_edited_and_taken_back(wb: Workbench) -> None:
    campaign_id = make(wb)
    active = campaigns.activate(wb, campaign_id)
    assert (active.status, active.activated_by) == ("active", "ana")

    saved = campaigns.save(wb, campaign_id, {"name": "Better"}, version=active.version)
    inactive = campaigns.inactivate(wb, campaign_id)

    assert saved.status == "active"
    assert (inactive.status, inactive.activated_at) == ("inactive", None)
    assert actions(wb)[-3:] == ["campaign.activated", "campaign.saved", "campaign.inactivated"]


def test_a_start_date_that_has_passed_must_be_renewed(wb: Workbench, clock: Clock) -> None:
    campaign_id = make(wb)
    clock.forward(days=6)  # Monday 30 November

    with pytest.raises(NotAllowed, match=r"Wed 25 Nov 2026, has passed\. Set it to Mon 30 Nov 2026 or later"):
        campaigns.activate(wb, campaign_id)
    campaigns.save(wb, campaign_id, {"start_on": date(2026, 11, 29)}, version=1)  # Sunday, which goes out today

    assert campaigns.activate(wb, campaign_id).status == "active"


def test_stopping_is_for_good_and_nobody_waits_any_more(wb: Workbench) -> None:
    campaign_id = make(wb)
    campaigns.activate(wb, campaign_id)

    assert campaigns.stop(wb, campaign_id) == 3

    assert set(states(wb, campaign_id).values()) == {("stopped", "stopped")}
    for action in (campaigns.activate, campaigns.inactivate, campaigns.stop):
        with pytest.raises(NotAllowed, match="stopped for good"):
            action(wb, campaign_id)


@given(
    action=st.sampled_from(sorted(CHANGES)),
    status=st.sampled_from(["inactive", "active", "completed", "stopped"]),
    channel=st.sampled_from(["email", "letter"]),
)
def test_what_is_completed_or_stopped_never_changes_again(action: str, status: str, channel: str) -> None:
    campaign = replace(CAMPAIGN, status=status, channel=channel)
    is_of_other_mode = action == {"email": "print", "letter": "activate"}[channel]
    if is_of_other_mode or status in ("completed", "stopped") or status not in CHANGES[action]:
        with pytest.raises(NotAllowed):
            status_after(action, campaign)
    else:
        assert status_after(action, campaign) != status


def test_the_editor_says_on_which_day_a_sunday_start_goes_out() -> None:
    assert shift_sentence(date(2026, 11, 29), Organisation()) == (
        "Sun 29 Nov 2026 is a Sunday, so the campaign goes out on Mon 30 Nov 2026."
    )
    assert shift_sentence(date(2026, 11, 26), Organisation()) == (
        "Thu 26 Nov 2026 is Thanksgiving Day, so the campaign goes out on Fri 27 Nov 2026."
    )
    assert shift_sentence(date(2026, 11, 27), Organisation()) == ""


def test_names_are_the_same_whatever_their_case_and_spaces() -> None:
    assert name_key("  Flu  Season ") == name_key("FLU SEASON") != name_key("Flu seasons")


# ---- who sees it ---------------------------------------------------------------------------------------------------
def test_a_campaign_is_seen_by_its_author_and_by_who_may_see_a_patient_of_it(wb: Workbench) -> None:
    ids = add_patients(wb, 1) + add_patients(wb, 1, start=2, group=2)
    campaign_id = campaigns.create(wb, template_id="mammogram-reminder", patient_ids=ids)
    inside, outside = limited(wb, "ina", "g1"), limited(wb, "otto", "g9")

    assert [one.campaign.campaign_id for one in campaigns.campaigns(inside)] == [campaign_id]
    assert campaigns.patients(inside, campaign_id) == ["p1"]
    assert campaigns.campaigns(outside) == []
    with pytest.raises(NotFound):
        campaigns.campaign(outside, campaign_id)


def test_a_campaign_with_patients_out_of_scope_is_changed_by_its_author_only(wb: Workbench) -> None:
    ids = add_patients(wb, 1) + add_patients(wb, 1, start=2, group=2)
    campaign_id = campaigns.create(wb, template_id="mammogram-reminder", patient_ids=ids)
    inside = limited(wb, "ina", "g1")

    with pytest.raises(NotAllowed, match="patients you may not see"):
        campaigns.stop(inside, campaign_id)

    assert not campaigns.may_change(inside, campaign_id)
    assert campaigns.may_change(limited(wb, "both", "g1", "g2"), campaign_id)
    assert campaigns.may_change(wb, campaign_id)


# ---- the list ------------------------------------------------------------------------------------------------------
def test_the_list_says_what_is_going_on_and_when_it_goes_on(wb: Workbench, clock: Clock) -> None:
    ids = add_patients(wb, 2)
    add_campaign(wb, ids, campaign_id="a", name="a", status="inactive", start_on=date(2026, 11, 29))
    add_campaign(wb, ids, campaign_id="b", name="b", start_on=date(2026, 11, 26))
    add_campaign(wb, ids, campaign_id="c", name="c")
    campaigns.stop(wb, add_campaign(wb, ids, campaign_id="d", name="d"))

    seen = {one.campaign.name: (one.status, one.schedule) for one in campaigns.campaigns(wb)}

    assert seen == {
        "a": ("Inactive", "Would go out on Mon 30 Nov 2026 if it were active"),
        "b": ("Pending", "Goes out Fri 27 Nov 2026, from 9:00, done about 9:05"),
        "c": ("Pending", "Going out now, done today about 12:05"),
        "d": ("Stopped", "Stopped on Tue 24 Nov 2026"),
    }


# ---- testing -------------------------------------------------------------------------------------------------------
def test_a_test_goes_to_the_typed_address_and_changes_nothing(wb: Workbench, server: Recorder) -> None:
    wb = replace(wb, settings=replace(wb.settings, smtp_port=server.port))
    campaign_id = make(wb)

    campaigns.send_test(wb, campaign_id, " boss@example.org ", patient_id="p2")

    [(address, _)] = server.mails
    assert address == "boss@example.org"
    assert b"Subject: Test: A health reminder" in server.contents[0]
    assert campaigns.campaign(wb, campaign_id).status == "inactive"
    assert set(states(wb, campaign_id).values()) == {("waiting", "")}
    assert actions(wb)[-1] == "campaign.tested"
    with reading(wb.engine) as connection:
        details = connection.scalars(select(audit.c.details)).all()
    assert not any("boss" in str(each) for each in details)


def test_a_test_saves_changes_first(wb: Workbench, server: Recorder) -> None:
    wb = replace(wb, settings=replace(wb.settings, smtp_port=server.port))
    campaign_id = make(wb)
    html = "<p>New words. Call {{ call_back_number }}</p>"

    campaigns.send_test(wb, campaign_id, "boss@example.org", changes=body(html), version=1)

    assert campaigns.campaign(wb, campaign_id).version == 2
    assert b"New words" in server.contents[0]


def test_a_test_that_cannot_be_sent_says_why(wb: Workbench, server: Recorder) -> None:
    campaign_id = make(wb)
    there = replace(wb, settings=replace(wb.settings, smtp_port=server.port))
    nowhere = replace(wb, settings=replace(wb.settings, smtp_port=1))

    with pytest.raises(NotAllowed, match="not one email address"):
        campaigns.send_test(there, campaign_id, "boss@example.org, x@example.org")
    with pytest.raises(NotAllowed, match="cannot be reached"):
        campaigns.send_test(nowhere, campaign_id, "boss@example.org")
    with pytest.raises(NotFound, match="needs a patient"):
        campaigns.send_test(there, campaign_id, "boss@example.org", patient_id="p99")
    campaigns.save(wb, campaign_id, body("<p>{{ appointment.date }} {{ call_back_number }}</p>"), version=1)
    with pytest.raises(TemplateError, match=r"appointment\.date"):
        campaigns.send_test(there, campaign_id, "boss@example.org")
