"""What staff record and take back: for whom it counts, under which keys it lasts, and on which days it counted."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update

from core import corrections, loads, opt_out_topics, opt_outs, patient_search, reachable
from core.domain.eligibility import Mailing, eligibility
from core.domain.opt_out import OptOut
from core.domain.opt_out_words import sentence
from core.domain.user import Scope, User
from core.domain.wish import Wish
from core.errors import NotAllowed, NotFound
from core.store import accounts, live_fields
from core.store import opt_outs as opt_out_rows
from core.store.contacts import eligibility_inputs
from core.store.database import reading, writing
from core.store.schema import audit, patients
from core.store.schema import opt_outs as table
from core.workbench import Workbench
from tests.conftest import TUESDAY_NOON, Clock
from tests.drawn import drawn
from tests.feeds import without_rules, write_feed
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.texts import take

pytestmark = pytest.mark.long

TODAY = date(2026, 11, 24)
OWN, FAMILY, LANDLINE = "+13125550101", "+13125550102", "+13125550103"
PEOPLE: dict[str, dict[str, Any]] = {
    "ada": {"email": "ada@example.org", "phone_mobile": OWN, "phone_home": LANDLINE},
    "bob": {"email": "family@example.org", "phone_mobile": FAMILY},
    "cy": {"email": "family@example.org", "phone_mobile": FAMILY},
    "gone": {"phone_mobile": OWN, "status": "deceased"},
}


def fill(wb: Workbench) -> Workbench:
    with writing(wb.engine) as connection:
        for patient_id, values in PEOPLE.items():
            known = {"status": "active", "group_id": "g1", "first": patient_id.title(), "birth_date": date(1970, 1, 1)}
            connection.execute(insert(patients).values(patient_id=patient_id, **(known | values)))
    return wb


@pytest.fixture
def clinic(bench: Workbench) -> Workbench:  # noqa: F811
    return fill(bench)


@pytest.fixture
def lite(wb: Workbench) -> Workbench:
    return fill(wb)


def rows(wb: Workbench) -> list[Any]:
    with reading(wb.engine) as connection:
        return list(connection.execute(select(table).order_by(table.c.opt_out_id)))


def keys(wb: Workbench) -> list[tuple[str | None, str | None]]:
    return [(row.patient_id, row.address) for row in rows(wb) if row.removed_at is None]


def reason(wb: Workbench, patient_id: str, channel: str, *, on: date = TODAY, product: str = "campaign") -> str:
    """Why sending would not send, '' when it would."""
    with reading(wb.engine) as connection:
        contact = eligibility_inputs(connection, [patient_id], channel=channel, at=wb.now(), on=on, zone=wb.zone())[
            patient_id
        ]
    found = eligibility(contact, Mailing(channel=channel, product=product), on=on, cap=None)
    return found.key if found else ""


def lines(wb: Workbench) -> list[tuple[str, str, dict[str, Any]]]:
    with reading(wb.engine) as connection:
        question = select(audit).where(audit.c.action.like("opt_out.%")).order_by(audit.c.audit_id)
        return [(row.action, row.user_id, row.details) for row in connection.execute(question)]


# ---- keys ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("patient_id", "type_key", "also_for", "expected"),
    [
        ("ada", "health_email", [], {"ada@example.org"}),
        ("ada", "all_text", [], {OWN}),
        ("ada", "appt_phone", [], {OWN, LANDLINE}),
        ("ada", "global", [], {"ada@example.org", OWN, LANDLINE}),
        ("bob", "global", [], {None}),
        ("bob", "global", ["mobile"], {FAMILY}),
        ("bob", "global", ["mobile", "email", "home"], {FAMILY, "family@example.org"}),
        ("bob", "health_email", ["mobile"], {None}),
    ],
)
def test_a_wish_counts_for_the_patient_and_for_addresses_that_are_not_shared(
    lite: Workbench, patient_id: str, type_key: str, also_for: list[str], expected: set[str | None]
) -> None:
    kind = {"appt_phone": "Privacy", "global": "Complaint"}.get(type_key, "Privacy")

    opt_outs.add(lite, patient_id, type_key, reason=kind, also_for=also_for)

    assert keys(lite) == [(patient_id, address) for address in sorted(expected, key=keys_of)]
    assert len({row.wish_id for row in rows(lite)}) == 1
    [one] = opt_outs.of_patient(lite, patient_id)
    assert set(one.reaches) == expected - {None}


def keys_of(address: str | None) -> int:
    return ["ada@example.org", "family@example.org", OWN, FAMILY, LANDLINE, None].index(address)


@pytest.mark.parametrize("also_for", [[], ["mobile"]])
def test_who_shares_a_number_is_stopped_only_when_that_was_asked(clinic: Workbench, also_for: list[str]) -> None:
    opt_outs.add(clinic, "bob", "all_text", reason="Privacy", also_for=also_for)

    assert reason(clinic, "bob", "text") == "opted_out:all_text"
    assert reason(clinic, "cy", "text") == ("opted_out:all_text" if also_for else "")
    assert reason(clinic, "bob", "phone") == reason(clinic, "ada", "text") == ""
    with reading(clinic.engine) as connection:
        named = live_fields.opt_out_names(connection, list(PEOPLE), on=TODAY)
    assert named == {"bob": ["All Text"]} | ({"cy": ["All Text"]} if also_for else {})


def test_staff_see_who_shares_an_address_also_minors_whose_texts_go_there(lite: Workbench) -> None:
    with writing(lite.engine) as connection:
        kid = {"first": "Kim", "status": "active", "group_id": "g2", "birth_date": date(2020, 1, 1)}
        connection.execute(insert(patients).values(patient_id="kid", guarantor_id="ada", **kid))
    accounts.add_user(
        lite.engine, User("gus", "Gus", scope=Scope(groups=frozenset({"g1"}))), at=lite.now(), by="command-line"
    )

    found = {each.name: ([p.first for p in each.people], each.count) for each in opt_outs.shared(lite, "ada")}
    hidden = opt_outs.shared(lite.as_user("gus"), "ada")

    assert found == {"mobile": (["Kim"], 1), "home": (["Kim"], 1)}
    assert [(each.people, each.hidden_count) for each in hidden] == [((), 1), ((), 1)]
    assert [(each.name, each.people[0].first) for each in opt_outs.shared(lite, "bob")] == [
        ("email", "Cy"),
        ("mobile", "Cy"),
    ]
    assert [each.name for each in opt_outs.shared(lite, "kid")] == ["adult"]


def test_a_wish_lasts_when_the_patient_comes_under_another_id(clinic: Workbench) -> None:
    opt_outs.add(clinic, "ada", "global", reason="Complaint")
    with writing(clinic.engine) as connection:
        connection.execute(delete(patients).where(patients.c.patient_id == "ada"))
        new = {"status": "active", "email": "Ada@Example.ORG ", "phone_mobile": OWN, "birth_date": date(1970, 1, 1)}
        connection.execute(insert(patients).values(patient_id="a-2", **new))

    assert {reason(clinic, "a-2", channel) for channel in ("email", "text", "phone")} == {"opted_out:global"}
    assert [each.name for each in opt_outs.of_patient(clinic, "a-2")] == ["Global"]


def test_a_wish_lasts_when_the_patients_address_changes(clinic: Workbench) -> None:
    opt_outs.add(clinic, "ada", "all_text", reason="Privacy")
    with writing(clinic.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "ada").values(phone_mobile="+13125550177"))

    assert reason(clinic, "ada", "text") == "opted_out:all_text"


# ---- several at once -----------------------------------------------------------------------------------------------
def test_several_types_are_recorded_at_once_and_all_taken_back(clinic: Workbench) -> None:
    wishes = [
        Wish("health_phone", "Privacy", duration="days", days=7),
        Wish("all_text", "Privacy", comment=" at work "),
        Wish("protocol", "Privacy", protocol=" Blood  Pressure "),
    ]

    ids = opt_outs.add_many(clinic, "ada", wishes)

    found = {each.name: each for each in opt_outs.of_patient(clinic, "ada")}
    assert set(found) == {"Health Reminders - Phone", "All Text", "Health topic: Blood Pressure"}
    assert found["Health Reminders - Phone"].until == date(2026, 11, 30)
    assert sorted(each.opt_out_id or 0 for each in found.values()) == sorted(ids)
    assert opt_outs.remove(clinic, ids) == 3 and opt_outs.remove(clinic, ids) == 0
    assert opt_outs.of_patient(clinic, "ada") == [] and keys(clinic) == []
    actions = [(action, details["type"], details.get("addresses")) for action, _, details in lines(clinic)]
    assert actions[:3] == [
        ("opt_out.added", "health_phone", 2),
        ("opt_out.added", "all_text", 1),
        ("opt_out.added", "protocol", 3),
    ]
    assert len(actions) == 6


def test_when_one_does_not_fit_nothing_is_recorded(clinic: Workbench) -> None:
    for wrong in (
        Wish("global", "Complaint", duration="days", days=3),
        Wish("health_phone", "Privacy"),  # lasts through a date unless said otherwise, and none was given
        Wish("all_text", "just because"),
        Wish("protocol", "Privacy", protocol="x" * 65),
    ):
        with pytest.raises(NotAllowed):
            opt_outs.add_many(clinic, "ada", [Wish("all_text", "Privacy"), wrong])
    with pytest.raises(NotAllowed):
        opt_outs.add_many(clinic, "ada", [])

    assert rows(clinic) == [] and lines(clinic) == []


def test_the_same_wish_twice_at_once_is_one(clinic: Workbench) -> None:
    wish = Wish("global", "Complaint")

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: opt_outs.add_many(clinic, "ada", [wish, wish]), range(4)))

    assert len({each for ids in found for each in ids}) == 1
    assert len(rows(clinic)) == 3 and len(lines(clinic)) == 1


def test_the_same_wish_for_more_people_is_more(lite: Workbench) -> None:
    first = opt_outs.add(lite, "bob", "all_text", reason="Privacy")
    more = opt_outs.add(lite, "bob", "all_text", reason="Privacy", also_for=["mobile"])

    assert first != more and opt_outs.add(lite, "bob", "all_text", reason="Privacy") == first
    opt_outs.remove(lite, [more])
    assert (reason(lite, "bob", "text"), reason(lite, "cy", "text")) == ("opted_out:all_text", "")


def test_a_topic_is_the_same_in_any_case(lite: Workbench) -> None:
    first = opt_outs.add(lite, "ada", "protocol", protocol="Diabetes", reason="Privacy")

    assert opt_outs.add(lite, "ada", "protocol", protocol="DIABETES", reason="Privacy") == first


def test_topics_come_from_rules_templates_and_the_organisation(lite: Workbench) -> None:
    accounts.change_organisation(lite.engine, {"opt_out_topics": ("Asthma", "diabetes")}, at=lite.now(), by="ana")

    found = opt_out_topics.topics(lite)

    assert {"Asthma", "Influenza", "Mammogram"} <= set(found)
    assert "diabetes" in found and "Diabetes" not in found and found == sorted(found, key=str.casefold)


@pytest.mark.parametrize("letter", ["\x00", "\ud800"], ids=["NUL", "half of a pair"])
def test_what_no_database_takes_is_left_out_or_refused(clinic: Workbench, letter: str) -> None:
    one = opt_outs.add(
        clinic, "ada", "protocol", reason="Privacy", protocol=f"Dia{letter} betes", comment=f"a{letter}b\nc"
    )
    corrections.correct(
        clinic,
        "ada",
        "address",
        {"address1": f"1{letter}Elm St", "zip": "61601", "city": "Peoria", "state": "IL"},
        reason=f"by{letter} phone",
    )

    [kept] = opt_outs.of_patient(clinic, "ada")
    assert (kept.protocol, kept.comment) == ("Dia betes", "ab\nc")
    assert corrections.of_patient(clinic, "ada")[0].reason == "by phone"
    opt_outs.remove(clinic, [one], note=f"a{letter}")
    assert patient_search.find(clinic, f"Ada{letter}", everybody=True).problem == ""
    for ask in (opt_outs.of_patient, corrections.of_patient):
        with pytest.raises(NotFound):
            ask(clinic, f"ada{letter}")
    with pytest.raises(NotFound):
        opt_outs.add(clinic, f"ada{letter}", "global", reason="Complaint")


# ---- permission and scope ------------------------------------------------------------------------------------------
def test_without_the_permission_nothing_is_changed_and_it_is_said_whom_to_ask(lite: Workbench) -> None:
    accounts.add_user(lite.engine, User("mia", "Mia", roles=frozenset({"manager"})), at=lite.now(), by="command-line")
    opt_out_id, mia = opt_outs.add(lite, "ada", "all_text", reason="Privacy"), lite.as_user("mia")

    with pytest.raises(NotAllowed, match="clerk"):
        opt_outs.add(mia, "ada", "global", reason="Complaint")
    with pytest.raises(NotAllowed, match="clerk"):
        opt_outs.remove(mia, [opt_out_id])

    assert [each.name for each in opt_outs.of_patient(mia, "ada")] == ["All Text"]


def test_outside_the_scope_nothing_is_seen_or_changed(lite: Workbench) -> None:
    limited = User("lu", "Lu", scope=Scope(groups=frozenset({"g9"})))
    accounts.add_user(lite.engine, limited, at=lite.now(), by="command-line")
    opt_out_id, lu = opt_outs.add(lite, "ada", "all_text", reason="Privacy"), lite.as_user("lu")

    for act in (
        lambda: opt_outs.add(lu, "ada", "global", reason="Complaint"),
        lambda: opt_outs.remove(lu, [opt_out_id]),
        lambda: opt_outs.on_date(lu, "ada", on=TODAY),
        lambda: opt_outs.shared(lu, "ada"),
        lambda: reachable.reach(lu, "ada"),
    ):
        with pytest.raises(NotFound):
            act()


def test_of_an_opt_out_of_somebody_outside_the_scope_only_that_it_counts_is_told(lite: Workbench) -> None:
    with writing(lite.engine) as connection:
        connection.execute(
            update(patients).where(patients.c.patient_id == "bob").values(group_id="g9", phone_home="+13125550177")
        )
    limited = User("lu", "Lu", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(lite.engine, limited, at=lite.now(), by="command-line")
    secret: dict[str, Any] = {
        "reason": "Complaint",
        "comment": "Lives apart from Cy now",
        "also_for": ["email", "mobile"],
    }
    opt_out_id = opt_outs.add(lite, "bob", "global", **secret)
    with writing(lite.engine) as connection:
        opt_out_rows.add(
            connection, OptOut("all_text", TODAY, address=FAMILY, source="stop"), at=lite.now(), by="system"
        )
        connection.execute(update(patients).where(patients.c.patient_id == "cy").values(email=None))
    lu = lite.as_user("lu")

    for found in (
        opt_outs.of_patient(lu, "cy"),
        opt_outs.on_date(lu, "cy", on=TODAY),
        opt_outs.of_address(lu, FAMILY),
    ):
        told = next(each for each in found if each.type == "global")
        assert told.is_of_other and told.reaches == (FAMILY,) and told.until is None
        assert not any((told.patient_id, told.reason, told.comment, told.made_by, told.removed_note, told.opt_out_id))
        assert sentence(told) == (
            "No emails, texts or calls of any kind to (312) 555-0102, for good, since Tue 24 Nov 2026: "
            "made for somebody else who has the same address"
        )
        stop = next(each for each in found if each.type == "all_text")
        assert not stop.is_of_other and stop.made_by == "system"
    opt_outs.remove(lite, [opt_out_id], has_agreed=True, note="secret")
    gone = next(each for each in opt_outs.of_patient(lu, "cy", with_removed=True) if each.type == "global")
    assert (gone.removed_note, gone.removed_by, gone.removed_on) == (None, None, TODAY)
    seen = next(each for each in opt_outs.of_patient(lite, "cy", with_removed=True) if each.type == "global")
    assert (seen.patient_id, seen.comment, len(seen.reaches)) == ("bob", secret["comment"], 3)


# ---- what patients stopped themselves ------------------------------------------------------------------------------
def test_a_stop_comes_back_only_when_the_patient_agreed_again(clinic: Workbench) -> None:
    take(clinic, 1, "STOP", sender=FAMILY)
    [stop] = opt_outs.of_patient(clinic, "cy")

    for agreement in ({}, {"has_agreed": True}, {"note": "by phone"}, {"has_agreed": True, "note": " "}):
        with pytest.raises(NotAllowed, match="agreed again"):
            opt_outs.remove(clinic, [stop.opt_out_id or 0], **agreement)
    assert reason(clinic, "bob", "text") == "opted_out:all_text"

    assert opt_outs.remove(clinic, [stop.opt_out_id or 0], has_agreed=True, note="Called us, wants texts again") == 1

    assert reason(clinic, "bob", "text") == reason(clinic, "cy", "text") == ""
    [kept] = opt_outs.of_patient(clinic, "cy", with_removed=True)
    assert (kept.removed_how, kept.removed_by, kept.removed_note) == ("agreed", "ana", "Called us, wants texts again")
    assert lines(clinic)[-1] == ("opt_out.removed", "ana", {"type": "all_text", "source": "stop", "how": "agreed"})


# ---- on a day ------------------------------------------------------------------------------------------------------
def test_the_state_on_a_day_can_be_asked_also_of_what_was_taken_back(clinic: Workbench, clock: Clock) -> None:
    short = opt_outs.add(clinic, "ada", "health_text", reason="Privacy", duration="days", days=3)
    clock.forward(days=1)
    opt_outs.add(clinic, "ada", "health_email", reason="Privacy")
    clock.forward(days=4)
    opt_outs.remove(clinic, [each.opt_out_id or 0 for each in opt_outs.on_date(clinic, "ada", on=clinic.today())])

    states = {
        offset: [each.type for each in opt_outs.on_date(clinic, "ada", on=TODAY + timedelta(offset))]
        for offset in range(-1, 7)
    }

    both = ["health_email", "health_text"]
    assert states == {
        -1: [], 0: ["health_text"], 1: both, 2: both, 3: ["health_email"], 4: ["health_email"], 5: [], 6: []
    }  # fmt: skip
    was = reachable.reach(clinic, "ada", on=TODAY + timedelta(1)).reasons
    assert [key for key, why in was.items() if why] == [
        ("campaign", "email"), ("health_reminder", "email"), ("campaign", "text"), ("health_reminder", "text")
    ]  # fmt: skip
    assert not any(reachable.reach(clinic, "ada").reasons.values())
    assert short in [each.opt_out_id for each in opt_outs.of_patient(clinic, "ada")]


def test_it_is_taken_back_on_the_organisations_day(lite: Workbench, clock: Clock) -> None:
    opt_out_id = opt_outs.add(lite, "ada", "all_text", reason="Privacy")
    clock.forward(hours=10)  # 22:00 in Chicago, the next day in UTC
    opt_outs.remove(lite, [opt_out_id])

    [one] = opt_outs.of_patient(lite, "ada", with_removed=True)
    assert one.removed_on == TODAY and opt_outs.on_date(lite, "ada", on=TODAY) == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "wait", "stop"]),
        st.sampled_from(["ada", "bob", "cy"]),
        st.sampled_from(["all_text", "health_text", "health_email", "appt_email"]),
        st.sampled_from([None, 1, 2, 5]),
    ),
    max_size=8,
)


@pytest.fixture
def drawing(wb: Workbench) -> Iterator[Workbench]:
    yield fill(wb)


NUMBERS = count(100)  # each text has an id of its own, over all examples


@drawn(daily=4, many=200, steps=STEPS)
def test_every_day_is_answered_as_it_was_then(
    steps: list[tuple[str, str, str, int | None]], drawing: Workbench, clock: Clock
) -> None:
    """Whatever is added, taken back or stopped meanwhile: what sending asked on a day is what is told of it later."""
    clock.at = TUESDAY_NOON
    with writing(drawing.engine) as connection:
        connection.execute(delete(table))
    asked: dict[tuple[date, str, str], bool] = {}
    for what, patient_id, type_key, days in steps:
        if what == "add":
            duration = "days" if days else "permanent"
            opt_outs.add(drawing, patient_id, type_key, reason="Privacy", duration=duration, days=days)
        elif what == "remove":
            ids = [each.opt_out_id or 0 for each in opt_outs.of_patient(drawing, patient_id)]
            opt_outs.remove(drawing, ids[:1], has_agreed=True, note="by phone")
        elif what == "stop":
            take(drawing, next(NUMBERS), "STOP", sender=PEOPLE[patient_id]["phone_mobile"])
        clock.forward(days=1 if what == "wait" else 0)
        for patient in ("ada", "bob", "cy"):
            for channel in ("email", "text"):
                asked[clock.at.date(), patient, channel] = bool(reason(drawing, patient, channel, on=drawing.today()))
    clock.forward(days=3)
    for (day, patient, channel), was_stopped in asked.items():
        told = reachable.reach(drawing, patient, on=day).reasons["campaign", channel]
        assert bool(told) == was_stopped, (day, patient, channel)


# ---- words ---------------------------------------------------------------------------------------------------------
def test_a_stop_is_told_in_plain_words(lite: Workbench) -> None:
    take(lite, 1, "STOP", sender=OWN)
    opt_outs.add(lite, "bob", "health_phone", reason="Privacy", duration="days", days=7)

    assert [sentence(each) for each in opt_outs.of_patient(lite, "ada")] == [
        "No texts of any kind to (312) 555-0101, for good, since Tue 24 Nov 2026: answered STOP"
    ]
    assert [sentence(each) for each in opt_outs.of_patient(lite, "bob")] == [
        "No calls about health, through Mon 30 Nov 2026, since Tue 24 Nov 2026: Privacy"
    ]


# ---- feeds ---------------------------------------------------------------------------------------------------------
HEADER = "opt_out_id,patient_id,phone,email,type,until,reason,made_on"
FOLKS = "patient_id,first,last,birth_date,sex,status,email,phone_mobile,sms_consent"
EVE = "E1,Eve,Example,1960-05-01,F,active,eve@example.org,312-555-0142,"


def feed(wb: Workbench, folder: Path, people: list[str], wishes: list[str]) -> None:
    without_rules(wb)
    tables = {"patients": [FOLKS, *people], "opt_outs": [HEADER, *wishes]}
    loads.load(wb, write_feed(folder, manifest={"full": True}, **tables))


def test_a_feeds_opt_out_lasts_under_a_new_id_another_spelling_and_when_the_feed_forgets_it(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
) -> None:
    feed(bench, tmp_path / "1", [EVE], ["O1,E1,,,global,,Privacy,2026-05-01"])
    assert reason(bench, "E1", "email") == "opted_out:global"

    renamed = "NEW-9,Eve,Exampel,1960-05-01,F,active,EVE@Example.Org,(312) 555 0142,yes"
    feed(bench, tmp_path / "2", [renamed], [])

    assert {reason(bench, "NEW-9", channel) for channel in ("email", "text", "phone")} == {"opted_out:global"}
    assert [each.name for each in opt_outs.of_patient(bench, "NEW-9")] == ["Global"]


@pytest.mark.parametrize(
    ("second", "types", "email"),
    [
        ("O1,E1,,,health_email,2026-06-01,Privacy,2026-05-01", {"health_email"}, "opted_out:health_email"),
        ("O1,E1,,,all_text,,Privacy,2026-05-01", {"health_email", "all_text"}, "opted_out:health_email"),
        ("O1,E2,,,health_email,,Privacy,2026-05-01", {"health_email"}, "opted_out:health_email"),
        ("O1,E1,,,health_email,,Other,2026-08-01", {"health_email"}, "opted_out:health_email"),
    ],
    ids=["has ended", "another type", "another patient", "begins later"],
)
def test_what_a_feed_says_otherwise_adds_and_takes_nothing_back(
    wb: Workbench, tmp_path: Path, second: str, types: set[str], email: str
) -> None:
    feed(wb, tmp_path / "1", [EVE], ["O1,E1,,,health_email,,Privacy,2026-05-01"])
    before = rows(wb)
    other = "E2,Fay,Example,1961-05-01,F,active,fay@example.org,312-555-0143,"

    feed(wb, tmp_path / "2", [EVE, other], [second])

    assert rows(wb)[: len(before)] == before
    assert {row.type for row in rows(wb)} == types
    assert reason(wb, "E1", "email") == email
    assert bool(reason(wb, "E2", "email")) == ("E2" in second)
    had = len(rows(wb))
    feed(wb, tmp_path / "3", [EVE, other, "E3,Gil,Example,1961-05-01,M,active,,,"], [second])
    assert len(rows(wb)) == had


def test_a_feed_that_says_longer_counts_longer(wb: Workbench, tmp_path: Path) -> None:
    feed(wb, tmp_path / "1", [EVE], ["O1,E1,,,health_email,2026-11-25,Privacy,2026-05-01"])
    assert reason(wb, "E1", "email", on=date(2026, 11, 26)) == ""

    feed(wb, tmp_path / "2", [EVE], ["O1,E1,,,health_email,2026-12-25,Privacy,2026-05-01"])

    assert reason(wb, "E1", "email", on=date(2026, 11, 26)) == "opted_out:health_email"


def test_what_staff_took_back_stays_so_when_the_feed_repeats_it_or_the_address_changes(
    wb: Workbench, tmp_path: Path
) -> None:
    line = "O1,E1,,,health_email,,Privacy,2026-05-01"
    feed(wb, tmp_path / "1", [EVE], [line])
    opt_outs.remove(wb, [each.opt_out_id or 0 for each in opt_outs.of_patient(wb, "E1")])

    feed(wb, tmp_path / "2", [EVE.replace("eve@", "eve.new@")], [line])

    assert reason(wb, "E1", "email") == ""


def test_a_feeds_opt_out_that_is_dated_after_staff_took_it_back_is_a_new_wish(
    wb: Workbench, tmp_path: Path, clock: Clock
) -> None:
    def line(made_on: str) -> str:
        return f"O1,E1,,,health_email,,Privacy,{made_on}"

    def load(number: int, made_on: str) -> str:
        feed(wb, tmp_path / str(number), [EVE.replace("Example", f"Example{number}")], [line(made_on)])
        return reason(wb, "E1", "email", on=date(2026, 12, 31))

    def remove() -> None:
        ids = [each.opt_out_id or 0 for each in opt_outs.of_patient(wb, "E1")]
        assert opt_outs.remove(wb, ids) == 1

    assert load(1, "2026-05-01") == "opted_out:health_email"
    remove()  # on 24 November
    clock.forward(days=3)
    assert load(2, "2026-05-01") == load(3, "2026-11-24") == load(4, "") == ""
    assert load(5, "2026-11-26") == "opted_out:health_email"
    had = len(rows(wb))
    assert load(6, "2026-11-26") == "opted_out:health_email" and len(rows(wb)) == had
    [one] = opt_outs.of_patient(wb, "E1")
    assert (one.starts_on, one.removed_on, len(one.reaches)) == (date(2026, 11, 26), None, 1)
    assert [each.starts_on for each in opt_outs.on_date(wb, "E1", on=date(2026, 11, 26))] == [date(2026, 11, 26)]
    remove()
    assert load(7, "2026-11-26") == ""


def test_a_feeds_opt_out_that_ends_before_it_begins_counts_for_good_and_is_told(wb: Workbench, tmp_path: Path) -> None:
    feed(
        wb, tmp_path / "1", [EVE], ["O1,E1,,,health_email,2026-05-01,Privacy,2026-05-02", "O2,E1,,,global,2026-05-01,,"]
    )

    assert {row.until for row in rows(wb) if row.type == "health_email"} == {None}
    assert {row.until for row in rows(wb) if row.type == "global"} == {date(2026, 5, 1)}
    assert "1 row of opt_outs: the until is before the day it was made, so that it counts for good." in [
        each.sentence for each in loads.defects(wb)
    ]


def test_opt_outs_of_staff_and_of_the_feed_follow_a_corrected_number_and_a_stop_does_not(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
) -> None:
    wb, new = bench, "+13125550177"
    wishes = ["O1,E1,,,health_text,,Privacy,2026-05-01"]
    other = "E2,Fay,Example,1961-05-01,F,active,fay@example.org,312-555-0143,"
    feed(wb, tmp_path / "1", [EVE, other], wishes)
    opt_outs.add(wb, "E1", "appt_text", reason="Privacy")
    take(wb, 1, "STOP", sender="+13125550142")

    corrections.correct(wb, "E1", "mobile", {"phone_mobile": new})

    assert sorted(row.type for row in rows(wb) if row.address == new) == ["appt_text", "health_text"]
    assert {each.type: len(each.reaches) for each in opt_outs.of_patient(wb, "E1")} == {
        "appt_text": 2,
        "health_text": 2,
    }
    had = len(rows(wb))
    feed(wb, tmp_path / "2", [EVE.replace("Example", "Married"), other], wishes)
    assert len(rows(wb)) == had
    corrections.correct(wb, "E1", "mobile", {"phone_mobile": "+13125550143"})  # which Fay has
    assert len(rows(wb)) == had and reason(wb, "E2", "text") == ""
    renamed = f"NEW-9,Eve,Married,1960-05-01,F,active,eve@example.org,{new},yes"
    feed(wb, tmp_path / "3", [renamed, other], [])
    assert reason(wb, "NEW-9", "text") == "opted_out:health_text"


def test_what_others_share_is_not_stopped_by_a_feeds_opt_out_of_one(wb: Workbench, tmp_path: Path) -> None:
    other = "E2,Fay,Example,1961-05-01,F,active,eve@example.org,312-555-0143,"

    feed(wb, tmp_path / "1", [EVE, other], ["O1,E1,,,global,,Privacy,2026-05-01"])

    assert {row.address for row in rows(wb)} == {None, "+13125550142"}
    assert (reason(wb, "E1", "email"), reason(wb, "E2", "email")) == ("opted_out:global", "")
    assert len(opt_outs.of_patient(wb, "E1")) == 1


@pytest.mark.parametrize(
    ("said", "name", "is_stopped"),
    [
        (" diabetes", "Health topic: Diabetes", False),
        ("All Text", "All Text", False),
        ("HEALTH_EMAIL", "Health Reminders - Email", True),
        ("no spam", "Global", True),
    ],
)
def test_a_feed_names_a_type_by_its_key_its_name_or_a_health_topic(
    wb: Workbench, tmp_path: Path, said: str, name: str, is_stopped: bool
) -> None:
    feed(wb, tmp_path / "1", [EVE], [f"O1,E1,,,{said},,Privacy,2026-05-01"])

    assert [each.name for each in opt_outs.of_patient(wb, "E1")] == [name]
    assert bool(reason(wb, "E1", "email")) is is_stopped


def test_rows_of_earlier_loads_become_one_wish_and_are_not_added_again(wb: Workbench, tmp_path: Path) -> None:
    wishes = ["O1,,312-555-0142,eve@example.org,global,,,2026-05-01", "O#2~x,E1,,,all_text,,,2026-05-01"]
    feed(wb, tmp_path / "1", [EVE], wishes)
    with writing(wb.engine) as connection:
        connection.execute(update(table).values(wish_id=None))
        old = table.c.type == "all_text"
        connection.execute(delete(table).where(old, table.c.address.is_not(None)))
        connection.execute(update(table).where(old).values(source_key="O#2~x"))

    feed(wb, tmp_path / "2", [EVE, "E3,Gil,Example,1961-05-01,M,active,,,"], wishes)

    assert [(row.type, row.patient_id, row.address) for row in rows(wb)] == [
        ("global", None, "eve@example.org"),
        ("global", None, "+13125550142"),
        ("all_text", "E1", None),
        ("all_text", "E1", "+13125550142"),
    ]
    assert {each.type: len(each.reaches) for each in opt_outs.of_patient(wb, "E1")} == {"global": 2, "all_text": 1}


def test_a_feeds_yes_after_a_stop_leaves_the_stop(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    feed(bench, tmp_path / "1", [EVE], [])
    take(bench, 1, "STOP", sender="+13125550142")

    feed(bench, tmp_path / "2", [EVE + "yes"], ["O7,E1,312-555-0142,,all_text,2026-01-01,,2025-05-01"])

    assert reason(bench, "E1", "text") == reason(bench, "E1", "text", product="appointment_reminder")
    assert reason(bench, "E1", "text") == "opted_out:all_text"
    with reading(bench.engine) as connection:
        assert connection.scalar(select(func.count()).where(table.c.removed_at.is_not(None))) == 0
