"""The stop link in every email: asked through the real routes, as a mail program or a browser would."""

import asyncio
import re
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update
from starlette.applications import Starlette

from core import opt_outs
from core.domain.unsubscribe import ForgedToken, recipient_of, stop_url, token
from core.errors import NotFound, SettingsError
from core.store.database import reading, writing
from core.store.schema import audit, campaigns, patients, recipients
from core.store.schema import opt_outs as table
from core.store.secret import secret_key
from core.web.unsubscribe import LONGEST_BODY, routes
from core.workbench import Workbench
from tests.postgres import bench, postgres_folder  # noqa: F401

KEY = b"k" * 32


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


def ask(wb: Workbench, method: str, path: str, body: bytes = b"", content_type: str = "") -> Answer:
    """One request to the routes, without a network."""
    app = Starlette(routes=routes(lambda: wb.as_user("patient")))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", content_type.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(part.get("body", b"") for part in sent[1:]).decode())


def add_recipient(wb: Workbench, *, address: str | None = "Ada@example.org", email: str = "ada@example.org") -> int:
    with writing(wb.engine) as connection:
        connection.execute(insert(patients).values(patient_id="p1", status="active", email=email))
        connection.execute(
            insert(campaigns).values(
                campaign_id="c1", name="C", name_key="c", channel="email", purpose="education", template_id="t",
                status="active", start_on=wb.today(), messages={}, from_email="a@b.example", from_name="A", fields={},
                measures=[], protocols=[], work_list={}, created_at=wb.now(), created_by="ana", changed_at=wb.now(),
                changed_by="ana",
            )
        )  # fmt: skip
        result = connection.execute(
            insert(recipients)
            .values(campaign_id="c1", patient_id="p1", address=address)
            .returning(recipients.c.recipient_id)
        )
        return int(result.scalar_one())


def link(wb: Workbench, recipient_id: int | None) -> str:
    return stop_url("", token(secret_key(wb.settings.home), recipient_id))


def count(wb: Workbench) -> int:
    with reading(wb.engine) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_opening_the_link_shows_a_button_and_changes_nothing(wb: Workbench) -> None:
    path = link(wb, add_recipient(wb))

    for method in ("GET", "HEAD", "GET"):
        answer = ask(wb, method, path)
        assert answer.status == 200

    assert '<form method="post"><button type="submit">Stop these emails</button>' in answer.text
    assert count(wb) == 0


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", ""),
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (
            b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"\xff\xfe\x00", "nonsense"),
    ],
)
def test_a_post_stops_health_emails_for_address_and_patient_for_good(
    wb: Workbench, body: bytes, content_type: str
) -> None:
    path = link(wb, add_recipient(wb))

    answer = ask(wb, "POST", path, body, content_type)

    assert answer.status == 200
    assert "no more health emails" in answer.text
    found = opt_outs.of_patient(wb, "p1")
    assert [(one.type, one.address, one.patient_id, one.until, one.source, one.made_by) for one in found] == [
        ("health_email", "ada@example.org", "p1", None, "link", "patient")
    ]
    assert opt_outs.of_address(wb, "ADA@example.org") == found


def test_pressing_it_again_changes_nothing(wb: Workbench) -> None:
    path = link(wb, add_recipient(wb))

    answers = [ask(wb, "POST", path) for _ in range(3)]

    assert {answer.status for answer in answers} == {200}
    assert count(wb) == 1


def test_a_link_that_was_used_says_that_emails_are_stopped_until_staff_take_it_back(wb: Workbench) -> None:
    path = link(wb, add_recipient(wb))
    ask(wb, "POST", path)

    used = ask(wb, "GET", path)
    opt_outs.remove(
        wb, [one.opt_out_id or 0 for one in opt_outs.of_patient(wb, "p1")], has_agreed=True, note="by phone"
    )
    again = ask(wb, "GET", path)

    assert used.status == 200 and "You get no more health emails" in used.text
    assert "<button" not in used.text and count(wb) == 1
    assert "<button" in again.text


def test_it_works_again_after_staff_took_the_opt_out_back(wb: Workbench) -> None:
    path = link(wb, add_recipient(wb))
    ask(wb, "POST", path)
    opt_outs.remove(
        wb, [one.opt_out_id or 0 for one in opt_outs.of_patient(wb, "p1")], has_agreed=True, note="by phone"
    )

    ask(wb, "POST", path)

    assert len(opt_outs.of_patient(wb, "p1")) == 1
    assert count(wb) == 2


def test_the_link_stops_the_address_it_was_sent_to_also_when_the_patient_has_a_new_one(wb: Workbench) -> None:
    recipient_id = add_recipient(wb, address="old@example.org")
    with writing(wb.engine) as connection:
        connection.execute(update(patients).values(email="new@example.org"))

    ask(wb, "POST", link(wb, recipient_id))

    assert [one.address for one in opt_outs.of_patient(wb, "p1")] == ["old@example.org"]


def test_the_link_still_works_when_the_patient_is_gone_from_the_records(wb: Workbench) -> None:
    recipient_id = add_recipient(wb)
    with writing(wb.engine) as connection:
        connection.execute(patients.delete())

    assert ask(wb, "POST", link(wb, recipient_id)).status == 200
    assert len(opt_outs.of_address(wb, "ada@example.org")) == 1


def test_the_link_of_a_test_mail_stops_nothing_and_says_so(wb: Workbench) -> None:
    add_recipient(wb)
    path = link(wb, None)

    asked, posted = ask(wb, "GET", path), ask(wb, "POST", path)

    assert (asked.status, posted.status) == (200, 200)
    assert "test email" in asked.text and "nothing was stopped" in posted.text
    assert count(wb) == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "text",
    ["", "1", "1.x", "x" * 10_000, "1.%00", "..", "../../etc/passwd", "1/2/3", "é", "\x00", "-1.abc", "sample.abc"],
)
def test_a_forged_or_garbled_link_is_told_kindly_and_never_breaks(wb: Workbench, method: str, text: str) -> None:
    answer = ask(wb, method, f"/u/{text}")

    assert answer.status == 404
    assert "This link does not work" in answer.text
    assert "(555) 010-0100" in answer.text
    assert count(wb) == 0


@pytest.mark.parametrize("recipient_id", [0, 999_999, 2**63, 10**40])
def test_a_signed_link_to_nobody_is_answered_like_a_forged_one(wb: Workbench, recipient_id: int) -> None:
    for method in ("GET", "POST"):
        assert ask(wb, method, link(wb, recipient_id)).status == 404


def test_a_link_of_another_home_does_not_work(wb: Workbench) -> None:
    recipient_id = add_recipient(wb)

    answer = ask(wb, "POST", stop_url("", token(b"another home's key ..............", recipient_id)))

    assert answer.status == 404
    assert count(wb) == 0


def test_a_huge_body_is_refused(wb: Workbench) -> None:
    path = link(wb, add_recipient(wb))

    assert ask(wb, "POST", path, b"x" * (LONGEST_BODY + 1)).status == 413
    assert count(wb) == 0


def test_other_methods_are_refused(wb: Workbench) -> None:
    assert ask(wb, "DELETE", link(wb, add_recipient(wb))).status == 405


def test_the_page_is_never_kept_framed_or_told_to_others_and_fetches_nothing(wb: Workbench) -> None:
    answer = ask(wb, "GET", link(wb, add_recipient(wb)))

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert not re.search(r"https?://|src=|url\(|<script", answer.text)
    assert 'lang="en"' in answer.text and "prefers-color-scheme: dark" in answer.text
    assert "ada@" not in answer.text.lower()


def test_the_audit_log_tells_who_and_how_without_the_address(wb: Workbench) -> None:
    recipient_id = add_recipient(wb)

    ask(wb, "POST", link(wb, recipient_id))

    with reading(wb.engine) as connection:
        row = connection.execute(select(audit).where(audit.c.action == "opt_out.added")).one()
    assert row.user_id == "patient"
    assert row.details == {"type": "health_email", "source": "link", "recipient": recipient_id}


def test_two_presses_at_once_are_one_opt_out(bench: Workbench) -> None:  # noqa: F811
    text = token(secret_key(bench.settings.home), add_recipient(bench))
    presses = [threading.Thread(target=opt_outs.stop_by_link, args=(bench.as_user("patient"), text)) for _ in range(6)]

    for press in presses:
        press.start()
    for press in presses:
        press.join()

    assert count(bench) == 1


@settings(deadline=None)  # a busy machine is not a failure
@given(st.integers(0, 2**63 - 1))
def test_a_token_names_its_recipient_and_nothing_else(recipient_id: int) -> None:
    text = token(KEY, recipient_id)

    assert recipient_of(KEY, text) == recipient_id
    assert re.fullmatch(r"[0-9]+\.[A-Za-z0-9_-]{43}", text)


@settings(deadline=None)  # a busy machine is not a failure
@given(st.text(max_size=80))
def test_what_was_not_signed_is_forged(text: str) -> None:
    with pytest.raises(ForgedToken):
        recipient_of(KEY, text)


@settings(deadline=None)  # a busy machine is not a failure
@given(st.integers(0, 60), st.characters(min_codepoint=33, max_codepoint=126))
def test_one_changed_letter_makes_a_link_useless(place: int, letter: str) -> None:
    text = token(KEY, 4711)
    place %= len(text) - 1  # the very last letter holds two bits that are not read
    changed = text[:place] + letter + text[place + 1 :]

    if changed != text:
        with pytest.raises(ForgedToken):
            recipient_of(KEY, changed)


def test_the_key_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    keys: list[bytes] = []
    makers = [threading.Thread(target=lambda: keys.append(secret_key(tmp_path))) for _ in range(8)]

    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()

    assert len(set(keys)) == 1 and len(keys) == 8
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]


def test_a_damaged_key_is_not_replaced_because_links_in_old_mails_need_it(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"short")

    with pytest.raises(SettingsError, match="backup"):
        secret_key(tmp_path)

    assert (tmp_path / "secret.key").read_bytes() == b"short"


def test_stopping_by_a_forged_link_is_not_found(wb: Workbench) -> None:
    with pytest.raises(NotFound):
        opt_outs.stop_by_link(wb, "1.x")
