"""The sandbox's mail server and the list of what it kept."""

import smtplib
from email.message import EmailMessage

import pytest
import streamlit as st

from core import outbox
from core.channels.outbox import INDEX, arrived_at, entries, start_outbox
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.workbench import Workbench
from tests.pages import opened


def mail(number: int, *, subject: str = "Time for your mammogram") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Your care team <do-not-reply@example.org>"
    message["To"] = f"patient{number}@example.org"
    message["Subject"] = subject
    message["List-Unsubscribe"] = "<http://127.0.0.1/u/x>"
    message.set_content(f"Hello {number}")
    message.add_alternative(f"<p>Héllo {number}</p>", subtype="html")
    return message


def deliver(wb: Workbench, *messages: EmailMessage) -> None:
    server = start_outbox(wb.settings.home / "outbox")
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        for message in messages:
            client.send_message(message)
    server.stop()


def test_a_mail_is_read_as_its_reader_would_see_it(wb: Workbench) -> None:
    deliver(wb, mail(1))

    [entry] = outbox.mails(wb).mails
    kept = outbox.mail(wb, entry.name)

    assert (kept.recipient, kept.subject) == ("patient1@example.org", "Time for your mammogram")
    assert kept.sender == "Your care team <do-not-reply@example.org>"
    assert kept.html.strip() == "<p>Héllo 1</p>"
    assert kept.text.strip() == "Hello 1"
    assert kept.unsubscribe == "<http://127.0.0.1/u/x>"


def test_a_pdf_that_came_along_can_be_fetched(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    with_report = mail(1)
    with_report.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="overview.pdf")
    deliver(wb, with_report)

    [entry] = outbox.mails(wb).mails

    assert outbox.mail(wb, entry.name).attachments == {"overview.pdf": b"%PDF-1"}
    monkeypatch.setenv("CARELOOP_HOME", str(wb.settings.home))
    st.cache_resource.clear()
    app = opened("outbox", user=wb.user.user_id)
    st.cache_resource.clear()
    assert [each.proto.label for each in app.get("download_button")] == ["overview.pdf"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Tue, 24 Nov 2026 09:18:37 -0600", "2026-11-24T15:18:37+00:00"),
        ("Tue, 24 Nov 2026 15:18:37 -0000", "2026-11-24T15:18:37+00:00"),
        ("soon", None),
        ("Tue, 99 Nov 2026 09:18:37 -0600", None),
        ("Fri, 31 Dec 9999 23:00:00 -1400", None),
        (None, None),
    ],
)
def test_a_mail_shows_the_time_it_was_sent_at_by_its_own_date_else_its_arrival(
    wb: Workbench, written: str | None, shown: str | None
) -> None:
    message = bytes(mail(1)) if written is None else f"Date: {written}\r\n".encode() + bytes(mail(1))
    server = start_outbox(wb.settings.home / "outbox")
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        client.sendmail("do-not-reply@example.org", ["patient1@example.org"], message)
    server.stop()

    [entry] = outbox.mails(wb).mails

    assert entry.at == outbox.mail(wb, entry.name).at == (shown or arrived_at(entry.name).isoformat())


def test_the_newest_mails_come_first_a_page_at_a_time(wb: Workbench) -> None:
    deliver(wb, *[mail(number) for number in range(5)])

    page = outbox.mails(wb, page=1, size=2)

    assert page.count == 5
    assert [entry.recipient for entry in page.mails] == ["patient2@example.org", "patient1@example.org"]


def test_the_newest_mail_is_the_one_sent_last_whenever_it_arrived(wb: Workbench) -> None:
    dated = [mail(number) for number in range(3)]
    for message, day in zip(dated, (21, 24, 20), strict=True):
        message["Date"] = f"{day} Nov 2026 12:00:00 +0000"
    deliver(wb, *dated)

    assert [entry.at[:10] for entry in outbox.mails(wb).mails] == ["2026-11-24", "2026-11-21", "2026-11-20"]


def test_mails_are_found_by_address_or_subject(wb: Workbench) -> None:
    deliver(wb, mail(1), mail(2, subject="Thank you for your visit"))

    assert [entry.recipient for entry in outbox.mails(wb, search="PATIENT1@").mails] == ["patient1@example.org"]
    assert [entry.recipient for entry in outbox.mails(wb, search="thank you").mails] == ["patient2@example.org"]
    assert outbox.mails(wb, search="nobody").count == 0


def test_a_mail_that_cannot_be_kept_is_refused_for_now_and_leaves_nothing(wb: Workbench) -> None:
    folder = wb.settings.home / "outbox"
    server = start_outbox(folder)
    (folder / INDEX).mkdir()  # stands in for a full disk: nothing can be written there

    with smtplib.SMTP("127.0.0.1", server.port) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.send_message(mail(1))
    server.stop()

    assert refused.value.smtp_code == 452
    assert [path.name for path in folder.iterdir()] == [INDEX]


def test_an_outbox_without_mails_is_empty(wb: Workbench) -> None:
    assert outbox.mails(wb) == outbox.MailPage([], 0)


def test_a_lost_index_is_made_again(wb: Workbench) -> None:
    folder = wb.settings.home / "outbox"
    deliver(wb, mail(1), mail(2))
    before = entries(folder)
    (folder / INDEX).unlink()

    deliver(wb, mail(3))

    assert entries(folder)[:2] == before
    assert [entry.recipient[:8] for entry in entries(folder)] == ["patient1", "patient2", "patient3"]


def test_a_line_that_is_still_being_written_waits(wb: Workbench) -> None:
    folder = wb.settings.home / "outbox"
    deliver(wb, mail(1))
    with (folder / INDEX).open("ab") as index:
        index.write(b'{"name": "2026')

    assert outbox.mails(wb).count == 1

    deliver(wb, mail(2))  # after a crash in the middle of a line

    assert outbox.mails(wb).count == 2


@pytest.mark.parametrize("name", ["../careloop.db", "gone.eml", "index.jsonl", "/etc/passwd"])
def test_only_kept_mails_can_be_read(wb: Workbench, name: str) -> None:
    deliver(wb, mail(1))

    with pytest.raises(NotFound):
        outbox.mail(wb, name)


def test_who_may_not_see_every_patient_may_not_see_the_outbox(wb: Workbench) -> None:
    limited = User("lim", "Limited", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(wb.engine, limited, at=wb.now(), by="ana")

    with pytest.raises(NotAllowed):
        outbox.mails(wb.as_user("lim"))


def test_what_a_mail_says_of_itself_is_not_read_as_markdown(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = "For ![Ada](http://127.0.0.1/pixel) **Example**"
    deliver(wb, mail(1, subject=subject))
    monkeypatch.setenv("CARELOOP_HOME", str(wb.settings.home))
    st.cache_resource.clear()

    app = opened("outbox", user=wb.user.user_id)
    st.cache_resource.clear()

    assert not app.exception
    assert app.subheader[0].value.replace("\\", "").replace("\u2060", "") == subject
    assert all(f"\\{letter}" in app.subheader[0].value for letter in "![]*")
