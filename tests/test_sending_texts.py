"""Text campaigns end to end: claimed, handed to the stand-in for Twilio with its own client, and told what became."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from core import campaign_list, dispatcher, lookups, opt_outs
from core.channels import twilio_outbox
from core.domain.campaign import Message
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import address_states, audit, campaigns, patients, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, states, tries
from tests.dispatchers import wait_until
from tests.people_with_phones import add_people, number
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.twilio_line import Line, connected

BODY = "{{ practice.name }}: you are due for a check-up. Please call {{ call_back_number }}."
TEXT = {"en": Message("", BODY)}


@pytest.fixture
def line(bench: Workbench) -> Iterator[Line]:  # noqa: F811
    add_clinic(bench)
    with connected(bench) as found:
        yield found


def text_campaign(wb: Workbench, ids: list[str], **changes: Any) -> str:
    return add_campaign(wb, ids, channel="text", messages=TEXT, **changes)


def settled(wb: Workbench, *ids: str, state: str = "delivered") -> None:
    wait_until(lambda: all(states(wb)[each][0] == state for each in ids), seconds=30)


def test_each_patient_gets_one_text_and_what_becomes_of_it_is_told(line: Line) -> None:
    ids = add_people(line.wb, 12)
    text_campaign(line.wb, ids)

    sent = dispatcher.drain(line.wb)

    assert sent == 12
    settled(line.wb, *ids)
    said = "Group 1: you are due for a check-up. Please call (555) 010-0100."
    assert sorted(line.sent()) == [
        (number(n), f"{said}\nReply STOP to end texts, HELP for help.") for n in range(1, 13)
    ]
    dispatcher.drain(line.wb)
    assert len(line.sent()) == 12


BECOMES = [
    # the last four digits of a number that the stand-in knows; state, reason; what follows for the number
    ("0001", "unsuccessful", "number_invalid", "number_invalid"),
    ("0009", "unsuccessful", "not_a_mobile", "not_a_mobile"),
    ("0002", "unsuccessful", "number_unreachable", ""),
    ("0003", "unsuccessful", "country_not_allowed", ""),
    ("0004", "unsuccessful", "stopped_at_provider", "opt-out"),
    ("3003", "returned", "handset_unreachable", "handset_unreachable"),
    ("3004", "returned", "texts_blocked", "texts_blocked"),
    ("3005", "returned", "handset_unknown", "handset_unknown"),
    ("3006", "returned", "landline", "landline"),
    ("3008", "returned", "delivery_failed", ""),
    ("5000", "unknown", "provider_error", ""),
    ("5030", "unknown", "provider_error", ""),
    ("5042", "unknown", "connection_lost", ""),
    ("5041", "delivered", "", ""),  # the answer is lost, and the call-back says that it left
]


def test_what_becomes_of_a_text_by_what_twilio_says(line: Line) -> None:
    wb = line.wb
    ids = add_people(wb, len(BECOMES))
    with writing(wb.engine) as connection:
        for patient_id, (digits, *_) in zip(ids, BECOMES, strict=True):
            statement = update(patients).where(patients.c.patient_id == patient_id)
            connection.execute(statement.values(phone_mobile=f"+1500555{digits}"))
    text_campaign(wb, ids)

    dispatcher.drain(wb)

    expected = {each: (state, reason) for each, (_, state, reason, _) in zip(ids, BECOMES, strict=True)}
    wait_until(lambda: states(wb) == expected or not print(states(wb)), seconds=20)
    for digits, _, _, follows in BECOMES:
        found = opt_outs.of_address(wb, f"+1500555{digits}")
        assert [one.type for one in found] == (["all_text"] if follows == "opt-out" else [])
    with reading(wb.engine) as connection:
        dead = {row.address[-4:]: row.reason for row in connection.execute(select(address_states))}
    assert dead == {digits: follows for digits, _, _, follows in BECOMES if follows not in ("", "opt-out")}
    assert all(len(tries(wb, each)) == 1 for each in ids)


def test_an_unusable_number_gets_no_further_text(line: Line) -> None:
    ids = add_people(line.wb, 1)
    twilio_outbox.behave(line.access, number(1), "undelivered:30006")
    text_campaign(line.wb, ids)
    dispatcher.drain(line.wb)
    settled(line.wb, "p1", state="returned")

    text_campaign(line.wb, ids, campaign_id="c2", name="Another")

    assert dispatcher.drain(line.wb) == 0
    assert states(line.wb, "c2") == {"p1": ("not_sent", "number_unusable")}


@pytest.mark.parametrize(("digits", "reason"), [("3007", "filtered"), ("3034", "unregistered_sender")])
def test_a_campaign_that_carriers_refuse_is_stopped(line: Line, digits: str, reason: str) -> None:
    wb = line.wb
    ids = add_people(wb, 3)
    with writing(wb.engine) as connection:
        connection.execute(
            update(patients).where(patients.c.patient_id == "p1").values(phone_mobile=f"+1500555{digits}")
        )
    text_campaign(wb, ids)

    dispatcher.drain(wb, limit=1)

    settled(wb, "p1", state="returned")
    assert states(wb) == {"p1": ("returned", reason)} | dict.fromkeys(["p2", "p3"], ("stopped", "stopped"))
    assert dispatcher.drain(wb) == 0
    [(refused, what_to_do)] = campaign_list.refused_by_carriers(wb)
    assert refused.campaign_id == "c1" and "so it was stopped" in what_to_do
    with reading(wb.engine) as connection:
        assert connection.scalar(select(campaigns.c.status)) == "stopped"
        assert connection.scalars(select(audit.c.details).where(audit.c.action == "campaign.stopped")).all() == [
            {"not_contacted": 2, "reason": reason}
        ]


def test_too_fast_uses_up_no_attempt(line: Line) -> None:
    wb = line.wb
    ids = add_people(wb, 2)
    with writing(wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p1").values(phone_mobile="+15005554290"))
    text_campaign(wb, ids)

    for _ in range(7):
        assert dispatcher.drain(wb) == 0

    assert states(wb) == dict.fromkeys(ids, ("waiting", ""))
    assert tries(wb, "p1") == []


def test_an_answer_of_stop_ends_texts_to_everybody_with_that_number(line: Line) -> None:
    wb = line.wb
    ids = add_people(wb, 3)
    with writing(wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p2").values(phone_mobile=number(1)))
    text_campaign(wb, ids, status="inactive")

    twilio_outbox.reply(line.access, sender=number(1), body="Stop")
    with writing(wb.engine) as connection:
        connection.execute(update(campaigns).values(status="active"))
    dispatcher.drain(wb)

    settled(wb, "p3")
    assert states(wb)["p1"] == states(wb)["p2"] == ("not_sent", "opted_out:all_text")
    assert [to for to, body in line.sent() if "check-up" in body] == [number(3)]


def test_a_shared_number_gets_one_text_and_nobodys_name(line: Line) -> None:
    wb = line.wb
    ids = add_people(wb, 3)
    with writing(wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p2").values(phone_mobile=number(1)))
    named = {"en": Message("", "Hello {{ patient.first_name | default('there') }}! Call {{ call_back_number }}.")}
    text_campaign(wb, ids)
    with writing(wb.engine) as connection:
        connection.execute(update(campaigns).values(messages={"en": {"subject": "", "body": named["en"].body}}))

    dispatcher.drain(wb)

    settled(wb, "p1", "p3")
    assert states(wb)["p2"] == ("not_sent", "same_number")
    assert [(to, body.split("!")[0]) for to, body in line.sent()] == [
        (number(1), "Hello there"),
        (number(3), "Hello Ada"),
    ]


def test_a_text_that_must_name_the_patient_never_goes_to_a_shared_number(line: Line) -> None:
    wb = line.wb
    ids = add_people(wb, 1)
    with writing(wb.engine) as connection:
        connection.execute(insert(patients).values(patient_id="else", status="active", phone_home=number(1)))
    add_campaign(wb, ids, channel="text", messages={"en": Message("", "{{ patient.first_name }}, call (312) 555-0100")})

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("not_sent", "shared_number")}
    assert line.sent() == []


def test_a_text_about_a_minor_goes_to_the_adult_who_answers_for_the_child(line: Line) -> None:
    wb = line.wb
    [parent, child, alone] = add_people(wb, 3)
    with writing(wb.engine) as connection:
        minor = {"birth_date": date(2015, 3, 1)}
        connection.execute(update(patients).where(patients.c.patient_id == child).values(guarantor_id=parent, **minor))
        connection.execute(update(patients).where(patients.c.patient_id == alone).values(**minor))
    text_campaign(wb, [child, alone])

    dispatcher.drain(wb)

    settled(wb, child)
    assert [to for to, _ in line.sent()] == [number(1)]
    assert states(wb)[alone] == ("not_sent", "minor_number")


CONSENT = [
    # consent of the feed, whether only recorded consent counts, reason
    ("yes", False, ""),
    (None, False, ""),
    ("no", False, "no_text_consent"),
    ("yes", True, ""),
    (None, True, "consent_missing"),
    ("no", True, "no_text_consent"),
]


def test_consent_decides_who_is_texted(line: Line) -> None:
    for only_recorded in (False, True):
        wb = line.wb
        accounts.change_organisation(
            wb.engine, {"text_needs_consent": only_recorded, "contacts_per_day": 9, "contacts_per_week": 9},
            at=wb.now(), by="ana",
        )  # fmt: skip
        rows = [row for row in CONSENT if row[1] is only_recorded]
        ids = add_people(wb, len(rows)) if not only_recorded else ["p1", "p2", "p3"]
        with writing(wb.engine) as connection:
            for each, (consent, _, _) in zip(ids, rows, strict=True):
                connection.execute(update(patients).where(patients.c.patient_id == each).values(text_consent=consent))
        name = f"c-{only_recorded}"
        text_campaign(wb, ids, campaign_id=name, name=name)

        dispatcher.drain(wb)

        found = states(wb, name)
        assert [found[each][1] for each in ids] == [reason for _, _, reason in rows]


def test_a_text_waits_for_the_day_where_the_patient_lives(line: Line) -> None:
    wb = line.wb  # Tuesday 12:00 in Chicago, 8:00 in Honolulu
    ids = add_people(wb, 3)
    with writing(wb.engine) as connection:
        for each, state, zip_code in (("p1", "HI", "96813"), ("p2", "GU", "96910")):
            connection.execute(update(patients).where(patients.c.patient_id == each).values(state=state, zip=zip_code))
    text_campaign(wb, ids)

    dispatcher.drain(wb)

    settled(wb, "p1", "p3")  # it is 8:00 in Honolulu just now, and 4:00 on Wednesday in Guam
    assert states(wb)["p2"] == ("waiting", "")
    with reading(wb.engine) as connection:
        waits = connection.scalar(select(recipients.c.next_at).where(recipients.c.patient_id == "p2"))
    assert waits is not None and waits.isoformat() == "2026-11-24T22:00:00+00:00"


def test_a_text_that_twilio_never_had_is_sent_after_asking_three_times(line: Line) -> None:
    wb = replace(line.wb, settings=replace(line.wb.settings, demo=True))
    ids = add_people(wb, 1)
    with writing(wb.engine) as connection:
        connection.execute(update(patients).values(phone_mobile="+15005555042"))
    text_campaign(wb, ids)
    dispatcher.drain(wb)
    clock = wb.clock
    asked = []

    for _ in range(5):
        clock.forward(minutes=4)  # type: ignore[attr-defined]
        asked.append(lookups.look_up(wb))

    assert asked == [0, 0, 0, 1, 0]
    assert states(wb) == {"p1": ("waiting", "not_at_provider")}


def test_a_text_that_twilio_has_is_never_sent_again(line: Line) -> None:
    wb = replace(line.wb, settings=replace(line.wb.settings, demo=True, public_url="http://127.0.0.1:9"))
    ids = add_people(wb, 1)
    with writing(wb.engine) as connection:
        connection.execute(update(patients).values(phone_mobile="+15005555041"))
    text_campaign(wb, ids)
    dispatcher.drain(wb)
    assert states(wb) == {"p1": ("unknown", "connection_lost")}

    wb.clock.forward(minutes=4)  # type: ignore[attr-defined]
    assert lookups.look_up(wb) == 1

    assert states(wb)["p1"][0] in ("handed_over", "delivered")
    assert dispatcher.drain(wb) == 0


@pytest.mark.parametrize("at_once", [1, 100])
def test_a_parent_and_two_children_at_one_number_get_one_text(line: Line, at_once: int) -> None:
    wb = line.wb
    [parent, first, second, other] = add_people(wb, 4)
    with writing(wb.engine) as connection:
        for child, own in ((first, number(2)), (second, None)):
            values = {"guarantor_id": parent, "birth_date": date(2015, 3, 1), "phone_mobile": own}
            connection.execute(update(patients).where(patients.c.patient_id == child).values(**values))
    text_campaign(wb, [second, first, parent, other])

    while dispatcher.drain(wb, limit=at_once):
        pass

    settled(wb, other)
    assert sorted(to for to, _ in line.sent()) == [number(1), number(4)]
    assert sum(state == "delivered" for state, _ in states(wb).values()) == 2
    assert [states(wb)[each] for each in (first, second, parent)].count(("not_sent", "same_number")) == 2
