"""The door and the support request in a real browser, with a real mail server behind it."""

import re
from email import message_from_bytes, policy

import pytest

from core import support
from tests.browser import Page, Server, Watch, choose, expect, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_a_visitor_of_the_demo_comes_in_by_a_button_and_by_a_password(page: Page, demo: Server) -> None:
    page.goto(f"{demo.address}/sign-in")
    page.get_by_role("button", name="Manager").click()
    page.wait_for_selector('[data-testid="stApp"]')
    expect(page.get_by_test_id("stSidebar").get_by_text("Morgan Manager")).to_be_visible()

    page.context.clear_cookies()
    page.goto(f"{demo.address}/sign-in?next=/care_gaps")
    page.get_by_text("Sign in with a name and a password").click()
    page.get_by_label("Name or email address").fill("clerk")
    page.get_by_label("Password").fill("careloop demo password")
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_test_id("stSidebar").get_by_text("Casey Clerk")).to_be_visible()
    page.wait_for_url(re.compile(rf"^{re.escape(demo.address)}/care_gaps(\?id=[a-z0-9-]+)?$"))


def test_a_request_is_refused_put_right_answered_and_resolved(page: Page, demo: Server) -> None:
    watch = Watch()
    watch.on(page)
    page.goto(f"{demo.address}/sign-in")
    page.get_by_role("link", name="Support request").click()
    page.get_by_label("Your name").fill("Lee Chen")
    page.get_by_label("Your email address").fill("lee@clinic.example.org")
    page.get_by_label("What happened").fill("The text to (555) 010-0134 failed.")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("alert")).to_contain_text("looks like a telephone number")
    expect(page.get_by_label("What happened")).to_have_value("The text to (555) 010-0134 failed.")

    page.get_by_label("What happened").fill("A text failed with error 30007.")
    page.get_by_role("button", name="Send the request").click()
    number = page.locator(".number").inner_text()
    assert _mails(page, demo, f"Support case {number}")
    with demo.workbench() as wb:
        assert support.case(wb, number).opened_by == "visitor"

    open_page(page, f"{demo.address}/help", user="admin")
    page.get_by_role("tab", name="Support cases").click()
    settle(page)
    choose(page, "Open a case", number)
    page.get_by_role("textbox", name="Resolution").fill("The carrier refused it: the template is changed.")
    page.get_by_role("button", name="Resolve").click()
    settle(page)
    (mail,) = _mails(page, demo, f"Support case {number} is resolved")
    assert "The carrier refused it" in mail
    unexpected = [error for error in watch.errors if "422" not in error]
    assert watch.elsewhere == [] and unexpected == []


def _mails(page: Page, demo: Server, subject: str) -> list[str]:
    """The bodies of the mails with this subject in the outbox of the server, once there are any."""
    for _ in range(60):
        mails = [
            message_from_bytes(file.read_bytes(), policy=policy.default)
            for file in sorted((demo.home / "outbox").rglob("*"))
            if file.is_file() and b"Support case" in file.read_bytes()
        ]
        found = [str(mail.get_content()) for mail in mails if mail["Subject"] == subject]
        if found:
            return found
        page.wait_for_timeout(500)
    return []
