"""Whoever leaves the desk leaves no open page behind: a page warns, then goes to the sign-in, and comes back later."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from core import users
from core.store.database import writing
from core.store.schema import sessions
from core.workbench import COMMAND_LINE
from tests.browser import Server, open_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.long]


def idle_for(server: Server, user_id: str, time: timedelta) -> None:
    """As if the person had done nothing for so long."""
    with server.workbench() as wb, writing(wb.engine) as connection:
        mine = update(sessions).where(sessions.c.user_id == user_id, sessions.c.ended_at.is_(None))
        connection.execute(mine.values(seen_at=datetime.now(UTC) - time))


def test_a_page_that_was_left_warns_and_a_click_keeps_it(demo: Server, page: Page) -> None:
    sign_in(page, demo.address, "analyst")
    open_page(page, f"{demo.address}/work_list")
    idle_for(demo, "analyst", timedelta(minutes=14, seconds=20))

    expect(page.get_by_text("You are signed out in")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Stay").click()

    expect(page.get_by_text("You are signed out in")).to_be_hidden(timeout=10_000)
    expect(page.get_by_role("heading", name="Work list")).to_be_visible()


def test_a_page_that_was_left_goes_to_the_sign_in_and_back(demo: Server, page: Page) -> None:
    sign_in(page, demo.address, "manager")
    open_page(page, f"{demo.address}/work_list")
    expect(page.get_by_text("patients").first).to_be_visible()

    idle_for(demo, "manager", timedelta(minutes=16))

    page.wait_for_url("**/sign-in?next=%2Fwork_list", timeout=40_000)
    expect(page.locator('[data-testid="stApp"]')).to_have_count(0)
    page.get_by_role("button", name="Manager").click()
    page.wait_for_url("**/work_list")


def test_an_administrator_ends_a_session_and_its_page_closes(demo: Server, page: Page) -> None:
    sign_in(page, demo.address, "clerk")
    open_page(page, f"{demo.address}/campaigns")

    with demo.workbench(COMMAND_LINE) as wb:
        users.end_sessions(wb, "clerk")

    page.wait_for_url("**/sign-in?next=%2Fcampaigns", timeout=40_000)


def test_sign_out_ends_at_the_door_and_the_way_back_shows_nothing(demo: Server, page: Page) -> None:
    sign_in(page, demo.address, "approver")
    open_page(page, f"{demo.address}/work_list")

    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.go_back()

    page.wait_for_url("**/sign-in?next=%2Fwork_list", timeout=40_000)
