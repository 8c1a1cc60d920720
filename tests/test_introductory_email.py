"""The introductory email's text: the organisation's own, in each language, with versions (E8)."""

import email
import email.policy
from dataclasses import replace

import pytest
from sqlalchemy import select

from core import dispatcher, introductions, introductory_email
from core.domain.campaign import Message
from core.domain.user import Scope, User
from core.errors import NotAllowed
from core.store import accounts
from core.store.database import reading
from core.store.schema import audit
from core.workbench import Workbench
from tests.clinic import add_patients, clinic_that_sends
from tests.conftest import Clock
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

HELLO = Message(
    "Hello from {{ practice.name }}",
    "<p>{{ practice.name }} will write. To stop, press the link. {{ call_back_number }}</p>",
)
HOLA = Message(
    "Saludos de {{ practice.name }}",
    "<p>{{ practice.name }} le escribirá. Para cancelar, pulse. {{ call_back_number }}</p>",
)


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def subjects(server: Recorder) -> dict[str, str]:
    """The subject of what has arrived, by recipient."""
    parsed = [email.message_from_bytes(content, policy=email.policy.default) for content in server.contents]
    return {str(message["To"]): str(message["Subject"]) for message in parsed}


def test_as_it_comes_it_has_no_problems_in_any_language(wb: Workbench) -> None:
    for language, text in introductory_email.texts(wb).items():
        assert (language, text.version, introductory_email.problems(wb, text.message)) == (language, 0, [])


def test_the_edited_text_goes_out_in_the_language_of_the_patient(wb: Workbench, server: Recorder) -> None:
    add_patients(wb, 1)
    add_patients(wb, 1, start=2, language="es")
    add_patients(wb, 1, start=3, language="vi")
    introductory_email.save(wb, "en", HELLO, seen=0)
    introductory_email.save(wb, "es", HOLA, seen=0)

    introductions.turn_on(wb, "dr1", seen=3)
    dispatcher.drain(wb)

    assert subjects(server) == {
        "p1@example.org": "Hello from Group 1",
        "p2@example.org": "Saludos de Group 1",
        "p3@example.org": "Hello from Group 1",
    }


def test_a_text_edited_after_the_stream_of_the_day_began_counts_for_who_still_waits(
    wb: Workbench, server: Recorder
) -> None:
    add_patients(wb, 2)
    introductions.turn_on(wb, "dr1", seen=2)
    dispatcher.drain(wb, limit=1)

    introductory_email.save(wb, "en", HELLO, seen=0)
    dispatcher.drain(wb)

    assert sorted(subjects(server).values()) == ["Emails from Group 1", "Hello from Group 1"]


def test_every_version_is_kept_with_who_saved_it_and_the_shipped_one_last(wb: Workbench, clock: Clock) -> None:
    first = introductory_email.texts(wb)["en"]
    introductory_email.save(wb, "en", HELLO, seen=0)
    clock.forward(days=1)
    again = introductory_email.save(wb, "en", first.message, seen=1)

    kept = introductory_email.versions(wb)

    assert [(text.version, text.saved_by) for text in kept["en"]] == [(2, "ana"), (1, "ana"), (0, "")]
    assert [text.version for text in kept["es"]] == [0]
    assert (again.message.subject, kept["en"][0].saved_at) == (first.message.subject, wb.now())
    with reading(wb.engine) as connection:
        rows = connection.execute(
            select(audit.c.subject, audit.c.details).where(audit.c.action == "introductions.text")
        )
        assert [(row.subject, row.details) for row in rows] == [("en", {"version": 1}), ("en", {"version": 2})]


def test_saving_the_same_text_again_makes_no_version(wb: Workbench) -> None:
    introductory_email.save(wb, "en", HELLO, seen=0)

    assert introductory_email.save(wb, "en", HELLO, seen=1).version == 1


def test_who_edited_an_older_version_is_told_and_nothing_is_saved(wb: Workbench) -> None:
    introductory_email.save(wb, "en", HELLO, seen=0)

    with pytest.raises(NotAllowed, match="Somebody else has changed this text meanwhile"):
        introductory_email.save(wb, "en", HOLA, seen=0)

    assert introductory_email.texts(wb)["en"].message.subject == HELLO.subject


def test_who_may_not_see_all_patients_changes_nothing(wb: Workbench) -> None:
    limited = User("nora", "Nora", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(wb.engine, limited, at=wb.now(), by="command-line")

    with pytest.raises(NotAllowed, match="Ask somebody who may see all of them"):
        introductory_email.save(wb.as_user("nora"), "en", HELLO, seen=0)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (replace(HELLO, subject=" "), "no subject"),
        (replace(HELLO, body="<p> </p>"), "no text"),
        (replace(HELLO, body="<p>{{ gaps | listed }}</p>"), "'gaps' has no place here"),
        (replace(HELLO, body="<p>See you on {{ appointment.date }}.</p>"), "'appointment.date' has no place here"),
        (replace(HELLO, subject="Seen on {{ last_visit.date }}"), "'last_visit.date' has no place here"),
        (replace(HELLO, body="<p>Come to {{ class_name }}.</p>"), "'class_name' has no place here"),
        (replace(HELLO, body="<p>Dear {{ patient.first_name }}, hello.</p>"), "would get no introductory email"),
        (replace(HELLO, subject="{{ patient.first_name }}, hello"), "would get no introductory email"),
        (replace(HELLO, body="{% if provider.name %}<p>Hello.</p>{% endif %}"), "nothing is left of the text"),
        (replace(HELLO, body="<p>{{ patient.frist_name }}</p>"), "patient.first_name"),
        (replace(HELLO, body="<p>{{ patient.first_name </p>"), "not written correctly"),
    ],
)
def test_a_text_that_cannot_go_to_everybody_is_refused_with_the_reason(
    wb: Workbench, message: Message, words: str
) -> None:
    assert any(words in problem for problem in introductory_email.problems(wb, message))
    with pytest.raises(NotAllowed, match="The text was not saved"):
        introductory_email.save(wb, "en", message, seen=0)
    assert introductory_email.texts(wb)["en"].version == 0


def test_a_field_that_may_be_missing_is_allowed_with_a_default_or_a_condition(wb: Workbench) -> None:
    body = (
        "<p>{% if patient.first_name %}Hi {{ patient.first_name }},{% else %}Hello,{% endif %} "
        "{{ provider.name | default('we') }} write. {{ call_back_number }}</p>"
    )

    assert introductory_email.problems(wb, replace(HELLO, body=body)) == []


def test_an_edited_text_can_be_looked_at_before_it_is_saved(wb: Workbench) -> None:
    mail = introductory_email.preview(wb, "es", HOLA)

    assert "Saludos" in mail.subject and "le escribirá" in mail.html
    assert introductory_email.texts(wb)["es"].version == 0


def test_a_body_is_kept_clean(wb: Workbench) -> None:
    dirty = replace(HELLO, body=HELLO.body + "<script>alert(1)</script>")

    assert "script" not in introductory_email.save(wb, "en", dirty, seen=0).message.body
