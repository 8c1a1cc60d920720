"""One day at a clinic, with what goes wrong on it: of no patient a name, number, address or birth date stands in what
the server writes, in an address that the browser asks, in the audit log, or in the name of a file."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_plus
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from core import (
    bounces,
    campaign_list,
    campaigns,
    corrections,
    dispatcher,
    new_campaigns,
    opt_outs,
    remarks,
    work_lists,
)
from core.domain.address import phone_text
from core.domain.wish import Wish
from core.domain.work_list import WorkList
from core.errors import CareloopError
from core.store.database import reading
from core.store.schema import audit, patients
from core.workbench import DISPATCHER, Workbench
from tests.browser import Page, Server, chromium, demo_server, open_page, settle
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    chromium()
    with demo_server(tmp_path_factory.mktemp("leaks"), patients=200) as server:
        yield server


def what_tells(wb: Workbench) -> set[str]:
    """Everything that would tell who a patient is, in the ways it is written."""
    columns = patients.c
    wanted = (columns.first, columns.last, columns.email, columns.phone_mobile, columns.phone_home, columns.address1)
    with reading(wb.engine) as connection:
        rows = connection.execute(select(*wanted, columns.mrn, columns.birth_date)).all()
    told: set[str] = set()
    for first, last, email, mobile, home, street, mrn, born in rows:
        told |= {f"{first} {last}", f"{last}, {first}", str(email), str(street), str(mrn), str(born)}
        told |= {f"'{last}'", f'"{last}"', f"={last}"}
        for number in (mobile, home):
            if number:
                told |= {number, number.removeprefix("+1"), phone_text(number)}
    return {each.casefold() for each in told if each and "None" not in each and len(each) > 5}


def told_in(text: str, needles: set[str]) -> list[str]:
    """The kinds of what was found, without saying what: this is shown when the test fails."""
    text = text.casefold()
    return [f"{len(each)} letters at {text.index(each)}" for each in needles if each in text]


def some_people(wb: Workbench) -> list[dict[str, str]]:
    columns = patients.c
    query = select(columns.patient_id, columns.last, columns.email, columns.phone_mobile).where(
        columns.email.is_not(None), columns.phone_mobile.is_not(None)
    )
    with reading(wb.engine) as connection:
        return [dict(row) for row in connection.execute(query.limit(5)).mappings()]


def a_day_in_the_browser(page: Page, clinic: Server, people: list[dict[str, str]]) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("framenavigated", lambda frame: asked.append(frame.url))
    open_page(page, f"{clinic.address}/work_list")
    for typed in (people[0]["last"], people[1]["phone_mobile"][2:], people[2]["email"], "nobody of that name"):
        page.get_by_label("Find a patient").fill(typed)
        page.keyboard.press("Enter")
        settle(page)
    for path in ("patient?id={0}", "patient?id={0}&part=communications", "outbox", "replies", "downloads", "data"):
        open_page(page, f"{clinic.address}/{path.format(people[0]['patient_id'])}")
    open_page(page, f"{clinic.address}/outbox?mode=text")
    for button in page.get_by_role("button", name="Download").all()[:2]:
        with suppress(Exception), page.expect_download(timeout=5_000):
            button.click()
    return asked


def a_day_with_mistakes(wb: Workbench, people: list[dict[str, str]]) -> list[str]:
    """What staff and servers do, each of it wrong in some way as well. Returns the sentences that were shown."""
    shown: list[str] = []
    one, two = people[0], people[1]
    ids = [each["patient_id"] for each in people]

    def made() -> str:
        return new_campaigns.create(wb, template_id="mammogram-reminder", patient_ids=ids, work_list=WorkList())

    def sent(port: int) -> object:
        away = replace(wb, settings=replace(wb.settings, smtp_port=port))
        return dispatcher.drain(away.as_user(DISPATCHER), limit=5)

    works: tuple[Callable[[], object], ...] = (
        lambda: opt_outs.add_many(
            wb, one["patient_id"], [Wish("health_email", "Other", comment=f"{one['last']} said")]
        ),
        lambda: opt_outs.add_many(wb, "nobody", [Wish("health_email", one["last"])]),
        lambda: corrections.correct(
            wb, one["patient_id"], "mobile", {"phone_mobile": two["phone_mobile"]}, one["last"]
        ),
        lambda: corrections.correct(wb, one["patient_id"], "email", {"email": f"{one['last']} at home"}),
        lambda: corrections.correct(wb, two["patient_id"], one["last"], {"email": two["email"]}),
        lambda: remarks.add(wb, one["patient_id"], "scr-mammogram", "patient_refused", comment=one["email"]),
        lambda: remarks.add(wb, one["patient_id"], one["last"], one["email"]),
        lambda: campaigns.campaign(wb, one["email"]),
        lambda: work_lists.run(wb, WorkList.from_json({"filters": [[{"field": one["last"], "action": "x"}]]})),
        lambda: campaigns.activate(wb, made()),
        lambda: campaigns.send_test(wb, campaign_list.campaigns(wb)[0].campaign.campaign_id, one["email"]),
        lambda: bounces.take(wb.as_user(DISPATCHER), returned(one), source="test"),
        lambda: bounces.take(wb.as_user(DISPATCHER), f"{one['last']}\x00 <{one['email']}".encode(), source="test"),
        lambda: sent(9),
    )
    for work in works:
        try:
            work()
        except CareloopError as error:
            shown.append(str(error))
        except (TypeError, KeyError, ValueError) as error:  # a mistake of this test or of ours; its words go nowhere
            shown.append(type(error).__name__)
    return shown


def returned(person: dict[str, str]) -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example\r\nTo: clinic@example.org\r\nSubject: Undelivered\r\n\r\n"
        f"<{person['email']}>: host mx.example said: 550 5.1.1 no such user {person['last']}\r\n"
    ).encode()


def a_wrong_feed(folder: Path, people: list[dict[str, str]], home: Path) -> str:
    """A feed whose rows are broken in many ways, read by the command line, with what that wrote."""
    folder.mkdir()
    one = people[0]
    lines = [
        "patient_id,first,last,birth_date,sex,phone_mobile,email,status",
        f'Q1,{one["last"]},"{one["last"]},31/31/1960,{one["last"]},{one["phone_mobile"]},{one["email"]},x',
        f"Q2,{one['last']},{one['last']},{one['email']},F,{one['email']},{one['phone_mobile']},active",
        f",{one['last']},,,,,,",
        f"Q3,{one['last']}\x00,{one['last']},1960-01-01,F,{'9' * 400},{one['email']},active,{one['last']},more",
    ]
    (folder / "patients.csv").write_text("\n".join(lines), "utf-8")
    (folder / f"{one['last']}.csv").write_text("x", "utf-8")
    env = {**os.environ, "CARELOOP_HOME": str(home)}
    ended = subprocess.run(
        [sys.executable, "-m", "core", "load", str(folder)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return (ended.stdout + ended.stderr).replace(f"{one['last']}.csv", "FILE")  # a name that somebody gave a file


def malformed_calls(clinic: Server, people: list[dict[str, str]]) -> None:
    for path in ("/twilio/text", "/twilio/status", f"/u/{people[0]['phone_mobile']}", "/bounces", "/sign-in"):
        body = f"From={people[0]['phone_mobile']}&Body={people[0]['last']}&name={people[0]['email']}".encode()
        with suppress(OSError):
            urlopen(Request(clinic.address + path, data=body), timeout=20).read()


def test_nothing_that_is_written_on_a_day_with_mistakes_tells_who_a_patient_is(
    clinic: Server, page: Page, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with clinic.workbench() as wb:
        needles, people = what_tells(wb), some_people(wb)
        urls = a_day_in_the_browser(page, clinic, people)
        shown = a_day_with_mistakes(wb, people)
        malformed_calls(clinic, people)
        feed = a_wrong_feed(tmp_path / "feed", people, tmp_path / "other-home")
        with wb.engine.connect() as connection:
            audited = "\n".join(str(row) for row in connection.execute(select(audit)).all())
    files = "\n".join(str(path.relative_to(clinic.home)) for path in clinic.home.rglob("*"))

    assert len(needles) > 500 and len(urls) > 20 and len(shown) > 3 and audited.count("\n") > 10
    written = {
        "the terminal": clinic.written(),
        "a log": "\n".join(record.getMessage() for record in caplog.records if record.name != "sqlalchemy"),
        "the loading of a wrong feed": feed,
        "an address": unquote_plus("\n".join(urls)),
        "an error": "\n".join(shown),
        "the audit log": audited,
        "the name of a file": files,
    }
    assert {place: told_in(text, needles) for place, text in written.items() if told_in(text, needles)} == {}
