"""Pre-flight: who of the selected can be reached, and for everybody else exactly why not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from core.domain.user import Scope, User
from core.errors import NotFound
from core.patients import patient, people, visible
from core.preflight import Reach, of_campaign, reach
from core.store import accounts
from core.store.database import writing
from core.store.schema import address_states, groups, open_gaps, opt_outs, patients, recipients
from core.workbench import Workbench
from tests.clinic import CAMPAIGN, add_campaign, add_patients

AT = datetime(2026, 11, 1, tzinfo=UTC)
PEOPLE: dict[str, dict[str, Any]] = {
    "ok": {"email": "ok@example.org"},
    "no-address": {},
    "bounced": {"email": "gone@example.org"},
    "opted-out": {"email": "stop@example.org"},
    "by-address": {"email": "shared-stop@example.org"},
    "said-no": {"email": "no@example.org", "email_consent": "no"},
    "dead": {"email": "dead@example.org", "status": "deceased"},
    "left": {"email": "left@example.org", "status": "inactive"},
    "wife": {"email": "couple@example.org", "household_id": "h1"},
    "husband": {"email": "couple@example.org", "household_id": "h1"},
    "son": {"email": "son@example.org", "household_id": "h2"},
    "daughter": {"email": "daughter@example.org", "household_id": "h2"},
    "elsewhere": {"email": "e@example.org", "group_id": "g2"},
}


@pytest.fixture
def bench(wb: Workbench) -> Workbench:
    """A workbench with the drawn patients; analysts who see all groups, one group and nothing."""
    plain = {
        "first": "F",
        "last": "L",
        "birth_date": date(1970, 1, 1),
        "status": "active",
        "group_id": "g1",
        "email": None,
        "email_consent": None,
        "household_id": None,
    }
    opt_out = {"type": "health_email", "starts_on": date(2026, 1, 1), "source": "staff", "reason": "Privacy"}
    kept = {"comment": "", "made_at": AT, "made_by": "ana"}
    with writing(wb.engine) as connection:
        connection.execute(insert(groups), [{"group_id": "g1", "name": "Lakeside"}])
        connection.execute(insert(patients), [plain | row | {"patient_id": key} for key, row in PEOPLE.items()])
        connection.execute(insert(opt_outs), [{**opt_out, **kept, "patient_id": "opted-out"}])
        connection.execute(insert(opt_outs), [{**opt_out, **kept, "address": "shared-stop@example.org"}])
        connection.execute(
            insert(address_states),
            [{"channel": "email", "address": "gone@example.org", "state": "bounced", "since": AT}],
        )
        connection.execute(insert(open_gaps), [{"patient_id": "ok", "measures": "imm-flu"}])
    accounts.add_user(wb.engine, User("one", "One Group", scope=Scope(groups=frozenset({"g1"}))), at=AT, by="ana")
    accounts.add_user(wb.engine, User("none", "Nothing", scope=Scope(groups=frozenset())), at=AT, by="ana")
    return wb


def email(reaches: tuple[Reach, ...]) -> Reach:
    (found,) = (one for one in reaches if one.channel == "email")
    return found


def test_everybody_selected_is_either_reached_or_has_one_reason(bench: Workbench) -> None:
    found = email(reach(bench, list(PEOPLE)))

    assert found.reached == ("ok", "husband", "son", "daughter", "elsewhere")
    assert {group.reason.key: group.patient_ids for group in found.not_reached} == {
        "deceased": ("dead",),
        "inactive": ("left",),
        "no_address": ("no-address",),
        "opted_out:health_email": ("opted-out", "by-address"),
        "no_consent": ("said-no",),
        "bounced": ("bounced",),
        "same_address": ("wife",),
    }
    assert found.count + sum(group.count for group in found.not_reached) == len(PEOPLE)


def test_who_was_written_to_today_is_told_and_may_be_reached_again_by_what_goes_out_tomorrow(wb: Workbench) -> None:
    ids = add_patients(wb, 2)
    sent = add_campaign(wb, [])
    with writing(wb.engine) as connection:
        row = {"campaign_id": sent, "patient_id": "p1", "state": "handed_over", "handed_over_at": wb.now()}
        connection.execute(insert(recipients).values(row))
    today = replace(CAMPAIGN, campaign_id="c2", start_on=wb.today())
    wednesday = replace(today, start_on=wb.today() + timedelta(days=1))

    found = email(reach(wb, ids))

    assert [(one.reason.sentence, one.patient_ids) for one in found.not_reached] == [
        ("the patient was written to today already", ("p1",))
    ]
    assert of_campaign(wb, today, ids).reached == ("p2",)
    assert of_campaign(wb, wednesday, ids).reached == ("p1", "p2")
    assert of_campaign(wb, replace(today, campaign_id=sent), ids).reached == ("p1", "p2")


def test_reasons_stand_in_the_order_in_which_they_are_checked(bench: Workbench) -> None:
    keys = [group.reason.key for group in email(reach(bench, list(PEOPLE))).not_reached]

    assert keys == [
        "deceased", "inactive", "no_address", "opted_out:health_email", "no_consent", "bounced", "same_address",
    ]  # fmt: skip


def test_patients_of_one_address_and_of_one_household_are_shown(bench: Workbench) -> None:
    found = email(reach(bench, list(PEOPLE)))

    assert [group.patient_ids for group in found.not_reached if group.reason.key == "same_address"] == [("wife",)]
    assert "husband" in found.reached
    assert found.same_household == (("son", "daughter"),)


def test_a_care_gap_mailing_leaves_out_those_whose_gap_is_closed(bench: Workbench) -> None:
    found = email(reach(bench, ["ok", "son"], purpose="care_gap", measures=["imm-flu"]))

    assert found.reached == ("ok",)
    assert [(group.reason.key, group.patient_ids) for group in found.not_reached] == [("gap_closed", ("son",))]


def test_a_patient_chosen_twice_counts_once(bench: Workbench) -> None:
    assert email(reach(bench, ["ok", "ok"])).reached == ("ok",)


def test_patients_outside_the_users_scope_are_not_looked_at(bench: Workbench) -> None:
    found = email(reach(bench.as_user("one"), ["ok", "elsewhere"]))
    nothing = email(reach(bench.as_user("none"), ["ok", "elsewhere"]))

    assert found.reached == ("ok",)
    assert [(group.reason.key, group.patient_ids) for group in found.not_reached] == [
        ("unknown_patient", ("elsewhere",))
    ]
    assert nothing.reached == ()


def test_nobody_selected_is_nobody_reached(bench: Workbench) -> None:
    found = email(reach(bench, []))

    assert (found.reached, found.not_reached, found.same_household, found.introductory) == ((), (), (), ())


def test_people_come_in_the_order_asked_for_and_within_the_scope_only(bench: Workbench) -> None:
    asked = ["son", "elsewhere", "nobody", "ok"]

    assert [person.patient_id for person in people(bench, asked)] == ["son", "elsewhere", "ok"]
    assert [person.patient_id for person in people(bench.as_user("one"), asked)] == ["son", "ok"]
    assert people(bench.as_user("none"), asked) == []
    assert visible(bench.as_user("one"), asked) == {"son", "ok"}


def test_a_patient_is_shown_with_the_names_of_group_and_contact(bench: Workbench) -> None:
    person = patient(bench, "ok")

    assert (person.name, person.group, person.email) == ("F L", "Lakeside", "ok@example.org")


def test_a_patient_outside_the_scope_and_an_unknown_one_are_the_same(bench: Workbench) -> None:
    for patient_id in ("elsewhere", "nobody"):
        with pytest.raises(NotFound):
            patient(bench.as_user("one"), patient_id)
