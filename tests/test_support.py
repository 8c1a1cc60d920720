"""Support requests: what is taken, what is refused without a trace, and the mails that follow."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import insert, text
from starlette.testclient import TestClient
from typer.testing import CliRunner

from core import dispatcher, support, support_mail, users
from core.__main__ import app
from core.domain.role import OPERATE
from core.domain.support import MOST, Request
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import audit, patients, support_cases
from core.support import HoldsPatientInformation, Incomplete, TooManyRequests
from core.web import support as route
from core.web.headers import _PAGES
from core.workbench import VISITOR, Workbench
from tests.at_once import at_once
from tests.conftest import Clock
from tests.mail_servers import Recorder
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)
from tests.test_openid import caller_of

GOOD = Request(
    "Lee Chen-Example",
    "lee@clinic.example.org",
    "North Clinic",
    "The campaign of 11/24/2026 stays Pending.\nWindows are open.",
    "3f9a0c1d2e4b5a67",
)


@pytest.fixture
def door(wb: Workbench) -> Workbench:
    """Somebody who is not signed in."""
    return wb.as_user(VISITOR)


def add_patients(wb: Workbench, *people: dict[str, str]) -> None:
    """Invented patients on file."""
    with writing(wb.engine) as connection:
        for number, person in enumerate(people):
            names = {"patient_id": f"zz{number}", "status": "active", **person}
            connection.execute(insert(patients).values(names))


def kept(wb: Workbench) -> int:
    with reading(wb.engine) as connection:
        return len(connection.execute(support_cases.select()).all())


def mails_of(server: Recorder) -> list[EmailMessage]:
    return [message_from_bytes(content, policy=policy.default) for content in server.contents]


def sending(wb: Workbench, server: Recorder) -> Workbench:
    return replace(wb, settings=replace(wb.settings, smtp_port=server.port))


def test_a_request_becomes_a_case_with_a_number_that_does_not_count(door: Workbench, wb: Workbench) -> None:
    first, second = support.ask(door, GOOD, client="a"), support.ask(wb, GOOD, client="b")

    assert re.fullmatch(r"2026-\d{6}", first.case_number) and first.case_number != second.case_number
    found = support.case(wb, first.case_number)
    assert (found.name, found.email, found.practice, found.message_id) == (
        GOOD.name,
        GOOD.email,
        GOOD.practice,
        GOOD.message_id,
    )
    assert (found.opened_by, found.state, found.synopsis) == ("visitor", "open", GOOD.synopsis)
    assert support.case(wb, second.case_number).opened_by == "ana"
    assert support.open_count(wb) == 2


def test_it_works_on_postgresql_as_well(bench: Workbench) -> None:  # noqa: F811
    add_patients(bench, {"sort_name": "example\tnora\t"})
    case = support.ask(bench.as_user(VISITOR), GOOD, client="a")
    with pytest.raises(HoldsPatientInformation):
        support.ask(bench, replace(GOOD, synopsis="Nora Example got it twice"), client="a")

    assert support.resolve(bench, case.case_number, "It was the window.").state == "resolved"
    assert [one.case_number for one in support.cases(bench)] == [case.case_number]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": " "}, "name is missing"),
        ({"email": "lee"}, "email address"),
        ({"email": "lee@example.org\r\nBcc: all@example.org"}, "email address"),
        ({"email": "lee@example.org, all@example.org"}, "email address"),
        ({"synopsis": "\n \n"}, "what happened"),
        ({"synopsis": "x" * 4001}, "4,001 characters"),
        ({"name": "x" * 101}, "100 characters"),
        ({"message_id": "the one of yesterday"}, "no message id"),
        ({"message_id": "555-010-0134"}, "no message id"),
        ({"message_id": "123456789"}, "no message id"),
        ({"message_id": "ann@example.org"}, "no message id"),
    ],
)
def test_what_is_missing_or_cannot_be_is_said(
    door: Workbench, wb: Workbench, changes: dict[str, str], why: str
) -> None:
    with pytest.raises(Incomplete) as refused:
        support.ask(door, replace(GOOD, **changes), client="a")

    assert why in " ".join(refused.value.found)
    assert kept(wb) == 0


@pytest.mark.parametrize(
    "message_id",
    [
        "",
        "<3f9a0c1d2e4b5a67.120.0123456789abcdef0123@example.org>",
        "3f9a0c1d2e4b5a67.120.0123456789abcdef0123@example.org",
        "SM0123456789abcdef0123456789abcdef",
        "CA0123456789abcdef0123456789abcdef",
        "3f9a0c1d2e4b5a67",
    ],
)
def test_a_message_id_is_taken_whether_there_is_such_a_message_or_not(door: Workbench, message_id: str) -> None:
    assert support.ask(door, replace(GOOD, message_id=message_id), client="a").message_id == message_id


@pytest.mark.parametrize("field", ["synopsis", "practice", "name"])
def test_a_text_with_a_number_in_it_is_refused_and_nothing_of_it_is_kept(
    door: Workbench, wb: Workbench, field: str
) -> None:
    with pytest.raises(HoldsPatientInformation) as refused:
        support.ask(door, replace(GOOD, **{field: "Call 555-010-0134"}), client="a")

    assert "“555-010-0134” on line 1 looks like a telephone number" in refused.value.found[0]
    assert "0134" not in str(refused.value)
    with reading(wb.engine) as connection:
        everything = str([connection.execute(table.select()).all() for table in (support_cases, audit)])
    assert kept(wb) == 0 and "0134" not in everything


ON_FILE = (
    {"sort_name": "zyxwell\tbrunhilde\tann", "mrn": "88123"},
    {"sort_name": "de la quux\tmaria jose\t"},
    {"sort_name": "o'neex".replace("'", "") + "\tjoss\t"},
    {"sort_name": "smith quill\tada\t"},
    {"sort_name": "call\twill\t", "group_id": "g2"},
)


@pytest.mark.parametrize(
    "name",
    [
        "Brunhilde Zyxwell",
        "brunhilde zyxwell",
        "BRUNHILDE ZYXWELL",
        "Zyxwell, Brunhilde",
        "Zyxwell Brunhilde",
        "Brunhilde Ann Zyxwell",
        "B. Zyxwell",
        "Zyxwell, B",
        "Brunhilde\nZyxwell",
        "Brünhilde Zyxwell",
        "Maria Jose de la Quux",
        "Maria de la Quux",
        "de la Quux, Maria José",
        "Joss O'Neex",
        "Joss O’Neex",
        "Ada Smith-Quill",
        "ada smith quill",
        "record 88123",
        "zz0 is her id".replace("zz0", "zz03"),
    ],
)
def test_the_name_of_a_patient_on_file_is_found_for_who_may_see_patients(wb: Workbench, name: str) -> None:
    add_patients(wb, *ON_FILE, {"patient_id": "zz03", "sort_name": "x\ty\t"})

    with pytest.raises(HoldsPatientInformation) as refused:
        support.ask(wb, replace(GOOD, synopsis=f"The text to {name} failed."), client="a")

    assert len(refused.value.found) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "The campaign to patients of Zyxwell failed",
        "Dr. Brunhilde Zyxwell is missing in the list of providers",
        "We will. Call the office",
        "Lee Chen-Example asked",
        "Brunhilde left; Zyxwell stayed",
    ],
)
def test_what_is_no_patients_name_may_stand_there(wb: Workbench, sentence: str) -> None:
    add_patients(wb, ON_FILE[0])

    assert support.ask(wb, replace(GOOD, synopsis=sentence), client="a").case_number


def test_a_visitor_does_not_learn_who_is_a_patient(door: Workbench, wb: Workbench) -> None:
    add_patients(wb, *ON_FILE)

    taken = support.ask(
        door, replace(GOOD, synopsis="The text to Brunhilde Zyxwell (record 88123) failed."), client="a"
    )

    assert taken.case_number, "refusing it would say that there is such a patient"


def test_nobody_learns_who_is_a_patient_outside_what_they_may_see(wb: Workbench) -> None:
    add_patients(wb, {"sort_name": "zyxwell\tbrunhilde\t", "group_id": "g2"})
    accounts.add_user(wb.engine, User("tim", "Tim", scope=Scope(groups=frozenset({"g1"}))), at=wb.now(), by="ana")
    users.invite(wb, "sam", "Sam", roles=["data_scientist"], password=False)
    named = replace(GOOD, synopsis="The text to Brunhilde Zyxwell failed.")

    for user in ("tim", "sam"):
        assert support.ask(wb.as_user(user), named, client=user).case_number


@pytest.mark.parametrize("name", ["Mary Johnson", "Johnson, Mary", "Mrs. Zyxwell", "Sr. Quux", "Maria Garcia",
    "maria gonzalez", "MARIA GONZALEZ",
    "Maria gonzalez", "gonzalez, maria", "maria l. gonzalez", "maria elena gonzalez",
    "mary young", "mark johnson", "mrs. zyxwell", "mr zyxwell",
])  # fmt: skip
def test_a_usual_name_and_a_title_are_refused_at_the_door_whoever_is_on_file(door: Workbench, name: str) -> None:
    with pytest.raises(HoldsPatientInformation):
        support.ask(door, replace(GOOD, synopsis=f"The text to {name} failed."), client="a")


@pytest.mark.parametrize(
    "sentence",
    [
        "Diabetics with Care Gaps, Pre-Visit Lab Work, Medicare Wellness Eligibility and Patient Portal Announcement",
        "Mark Complete does nothing and Grace Period is not explained.",
        "I am Mary Johnson and my name may stand here.",
        "On Monday the Report of April shows a Hold Out of May Day.",
        "dr. maria gonzalez is missing in the list of providers, and so is nurse mary young",
        "please mark young patients; grant the page more time, and will long texts do?",
        "a rose bush, an olive branch, a ray of hope, bill gates with long wood, green stone walls and a chase price",
        "the manual page shows null fields, the angle marks and the long numbers wrong; max rounds, min bounds",
        "maria asked whether we reach mary, and peter told maria about the smith campaign",
        "the ms office export and the sr manager; we miss calls",
        "grace period, mark complete, sterling page, drew cash, jack white paper, frank words, art park, pat answer",
    ],
)
def test_ordinary_sentences_are_taken_at_the_door(door: Workbench, sentence: str) -> None:
    assert support.ask(door, replace(GOOD, name="Mary Johnson", synopsis=sentence), client="a").case_number


def test_requests_are_slowed_down_by_client_by_address_and_in_all(
    door: Workbench, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_client, by_email, _ = MOST
    for number in range(by_client):
        support.ask(door, replace(GOOD, email=f"p{number}@example.org"), client="192.0.2.1")
    with pytest.raises(TooManyRequests):
        support.ask(door, replace(GOOD, email="other@example.org"), client="192.0.2.1")
    for number in range(by_email):
        support.ask(door, replace(GOOD, email="Same@example.org"), client=f"192.0.2.{10 + number}")
    with pytest.raises(TooManyRequests):
        support.ask(door, replace(GOOD, email="same@EXAMPLE.org"), client="192.0.2.99")
    monkeypatch.setattr(support, "MOST", (5, 3, by_client + by_email))
    with pytest.raises(TooManyRequests):
        support.ask(door, replace(GOOD, email="new@example.org"), client="192.0.2.100")

    clock.forward(hours=1)

    assert support.ask(door, GOOD, client="192.0.2.1").case_number


def test_requests_that_come_at_the_same_moment_are_slowed_down_like_others(bench: Workbench) -> None:  # noqa: F811
    visitor = bench.as_user(VISITOR)

    by_email = at_once(12, lambda which: support.ask(visitor, GOOD, client=f"client {which}"))
    by_client = at_once(
        12, lambda which: support.ask(visitor, replace(GOOD, email=f"p{which}@example.org"), client="one")
    )

    assert by_email == {"done": MOST[1], "TooManyRequests": 12 - MOST[1]}
    assert by_client == {"done": MOST[0], "TooManyRequests": 12 - MOST[0]}
    assert kept(bench) == MOST[0] + MOST[1]


def test_a_number_that_is_in_use_is_drawn_again(door: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr(secrets, "randbelow", lambda _most: next(drawn))

    numbers = [support.ask(door, GOOD, client="a").case_number for _ in range(2)]

    assert numbers == ["2026-000007", "2026-000008"]


def test_only_who_looks_after_the_system_sees_and_resolves_cases(door: Workbench, wb: Workbench) -> None:
    case = support.ask(door, GOOD, client="a")
    users.invite(wb, "mo", "Mo", roles=["manager"], password=False)
    for bench in (door, wb.as_user("mo")):  # noqa: F402
        for forbidden in (
            lambda: support.cases(bench),  # noqa: B023
            lambda: support.case(bench, case.case_number),  # noqa: B023
            lambda: support.resolve(bench, case.case_number, "Done."),  # noqa: B023
        ):
            with pytest.raises(NotAllowed):
                forbidden()
    assert wb.user.may(OPERATE)
    with pytest.raises(NotFound):
        support.case(wb, "2026-000000x")


def test_who_asked_gets_the_number_and_later_the_resolution_and_support_is_told(
    door: Workbench, wb: Workbench, server: Recorder
) -> None:
    changes = {"support_email": "support@example.org", "support_hours": "Weekdays 7:00 to 19:00"}
    accounts.change_organisation(wb.engine, changes, at=wb.now(), by="ana")
    case = support.ask(sending(door, server), GOOD, client="a")
    assert support_mail.send_due(sending(wb, server)) == 2
    support.resolve(wb, case.case_number, "The window was closed.\nIt opens at 9:00.")
    assert support_mail.send_due(sending(wb, server)) == 1
    assert support_mail.send_due(sending(wb, server)) == 0

    told, arrived, resolved = mails_of(server)
    assert (told["To"], told["Subject"]) == (GOOD.email, f"Support case {case.case_number}")
    assert told["Reply-To"] == "support@example.org" and "Weekdays 7:00 to 19:00" in told.get_content()
    assert (arrived["To"], arrived["Subject"]) == ("support@example.org", f"Support case {case.case_number} came in")
    assert (resolved["To"], resolved["Subject"]) == (GOOD.email, f"Support case {case.case_number} is resolved")
    assert "The window was closed.\nIt opens at 9:00." in resolved.get_content().replace("\r\n", "\n")
    for mail in (told, arrived):
        assert not any(part in mail.as_string() for part in ("Pending", "Lee", "North Clinic", GOOD.message_id)), (
            "what a visitor has typed goes into nobody's mailbox"
        )
    assert support.mails(wb, case.case_number) == [("opened", "sent"), ("arrived", "sent"), ("resolved", "sent")]


def test_the_dispatcher_sends_them(door: Workbench, wb: Workbench, server: Recorder) -> None:
    support.ask(sending(door, server), GOOD, client="a")

    dispatcher.run(sending(wb, server), once=True)

    assert [mail["To"] for mail in mails_of(server)] == [GOOD.email]


def test_a_mail_server_that_is_away_is_asked_again_and_an_address_that_is_refused_is_not(
    door: Workbench, wb: Workbench, server: Recorder, clock: Clock
) -> None:
    case = support.ask(door, GOOD, client="a")
    away = replace(wb, settings=replace(wb.settings, smtp_port=9))
    assert support_mail.send_due(away) == 0
    assert support_mail.send_due(sending(wb, server)) == 0, "not at once"
    clock.forward(minutes=3)
    assert support_mail.send_due(sending(wb, server)) == 1
    other = support.ask(door, replace(GOOD, email="gone@example.org"), client="a")
    for _ in range(3):
        support_mail.send_due(sending(wb, server))
        clock.forward(minutes=3)
    assert support.mails(wb, other.case_number) == [("opened", "failed")]
    assert support.mails(wb, case.case_number) == [("opened", "sent")]


def test_a_name_of_the_organisation_begins_no_header(door: Workbench, wb: Workbench, server: Recorder) -> None:
    with writing(wb.engine) as connection:
        put = text("INSERT INTO organisation_settings VALUES ('name', :name, '2026-01-01 00:00:00', 'ana')")
        connection.execute(put, {"name": '"Clinic\\r\\nBcc: all@example.org"'})
    support.ask(door, GOOD, client="a")

    support_mail.send_due(sending(wb, server))

    assert all(b"Bcc: all@example.org" not in content.splitlines() for content in server.contents)


def test_a_resolution_is_looked_through_as_well_and_given_once(door: Workbench, wb: Workbench) -> None:
    add_patients(wb, ON_FILE[0])
    case = support.ask(door, GOOD, client="a")
    for resolution in ("We called 555-010-0134.", "Brunhilde Zyxwell had opted out."):
        with pytest.raises(HoldsPatientInformation):
            support.resolve(wb, case.case_number, resolution)
    assert support.case(wb, case.case_number).state == "open"

    support.resolve(wb, case.case_number, "Done, Lee. Write to lee@clinic.example.org if not.")

    with pytest.raises(NotAllowed):
        support.resolve(wb, case.case_number, "Done again.")
    with reading(wb.engine) as connection:
        lines = [(row.user_id, row.action, row.details) for row in connection.execute(audit.select()).all()[-2:]]
    assert lines == [("visitor", "support.opened", {}), ("ana", "support.resolved", {})]


# ---- the page --------------------------------------------------------------------------------------------------------
@pytest.fixture
def caller(wb: Workbench) -> Iterator[TestClient]:
    with caller_of(wb, route.routes) as client:
        yield client


FORM = dict(vars(GOOD))


def test_a_visitor_asks_for_support_without_signing_in(caller: TestClient, wb: Workbench) -> None:
    accounts.change_organisation(wb.engine, {"support_phone": "+15550100177"}, at=wb.now(), by="ana")
    shown = caller.get("/support")
    assert shown.status_code == 200 and "(555) 010-0177" in shown.text and "no name, initials" in shown.text
    assert "form-action 'self'" in shown.headers["content-security-policy"]
    assert shown.headers["content-security-policy"] != _PAGES

    answer = caller.post("/support", data=FORM)

    (case,) = support.cases(wb)
    assert answer.status_code == 200 and f">{case.case_number}<" in answer.text and case.opened_by == "visitor"


def test_a_refused_text_stays_in_the_form_escaped_and_can_be_put_right(caller: TestClient, wb: Workbench) -> None:
    wrong = {**FORM, "synopsis": "<b>It</b> went to 555-010-0134."}

    answer = caller.post("/support", data=wrong)

    assert answer.status_code == 422 and "looks like a telephone number" in answer.text
    assert "&lt;b&gt;It&lt;/b&gt; went to 555-010-0134." in answer.text and "<b>It" not in answer.text
    assert f'value="{GOOD.name}"' in answer.text and kept(wb) == 0
    assert caller.post("/support", data={**wrong, "synopsis": "It went wrong."}).status_code == 200


def test_a_known_and_an_unknown_message_id_and_address_get_the_same_answer(caller: TestClient, wb: Workbench) -> None:
    users.invite(wb, "cleo", "Cleo", email="cleo@example.org", roles=["manager"], password=False)
    texts = set()
    for email in ("cleo@example.org", "nobody@example.org"):
        answer = caller.post("/support", data={**FORM, "email": email})
        texts.add(re.sub(r"2026-\d{6}", "N", answer.text))

    assert len(texts) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"a=1&" * 30, 413),
        (b"x" * 40_000, 413),
        (b"name=%ff%fe", 422),
        (b"\xff\xfe", 413),
        (b"name=a%00b", 422),
    ],
)
def test_a_form_that_is_none_is_refused(caller: TestClient, wb: Workbench, body: bytes, status: int) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert caller.post("/support", content=body, headers=headers).status_code == status
    assert kept(wb) == 0


def test_refused_posts_are_slowed_down_too(caller: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "MOST_TRIES", 3)
    answers = [caller.post("/support", data={**FORM, "name": ""}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert GOOD.synopsis.split("\n")[0] in answers[-1].text and "retry-after" in answers[-1].headers


def test_another_sites_page_asks_for_nothing_in_somebodys_name(caller: TestClient, wb: Workbench) -> None:
    answer = caller.post("/support", data=FORM, headers={"origin": "http://evil.example"})

    assert answer.status_code == 403 and kept(wb) == 0


def test_the_door_shows_how_support_is_reached(caller: TestClient, wb: Workbench) -> None:
    changes = {"support_hours": "Weekdays <7:00> to 19:00", "support_phone": "+15550100177"}
    accounts.change_organisation(wb.engine, changes, at=wb.now(), by="ana")

    shown = caller.get("/sign-in").text

    assert 'href="/support"' in shown and "Weekdays &lt;7:00&gt; to 19:00" in shown and "(555) 010-0177" in shown


def test_the_command_line_lists_shows_and_resolves(
    door: Workbench, wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = support.ask(door, GOOD, client="a")
    monkeypatch.setenv("CARELOOP_HOME", str(wb.settings.home))
    run = CliRunner().invoke

    assert case.case_number in run(app, ["support", "list"]).stdout
    assert "not signed in" in run(app, ["support", "show", case.case_number]).stdout
    refused = run(app, ["support", "resolve", case.case_number, "--resolution", "We called 555-010-0134."])
    assert refused.exit_code == 1 and "telephone number" in str(refused.exception)
    assert run(app, ["support", "resolve", case.case_number, "--resolution", "Done."]).exit_code == 0
    assert "No case waits." in run(app, ["support", "list"]).stdout
    assert "Done." in run(app, ["support", "show", case.case_number]).stdout
