"""Every page in a real browser, on a laptop and a phone, light and dark: silent, within the screen, asking nobody."""

from typing import Literal

import pytest

from core import campaign_list
from tests.browser import COUNT_RUNS, NARROW, READY, WIDE, Browser, Page, Server, Watch, expect, open_page, settle

pytestmark = pytest.mark.browser

Look = Literal["light", "dark"]
PAGES = (
    "",
    "work_list",
    "care_gaps",
    "measures",
    "measures?id=imm-child",
    "campaigns",
    "library",
    "replies",
    "outbox",
    "data",
    "introductions",
    "overview",
    "downloads",
    "settings",
    "going_live",
    "users",
    "audit",
    "help",
    "campaign_editor",
    "report",
)
EVERY_DAY = ("work_list",)  # the others with the long tests
TITLES = (
    "Good", "Work list", "Care gaps", "Measures", "Imm: Childhood Series", "Campaigns", "Library", "Replies", "Outbox",
    "Data", "Introductory emails", "Overview", "Downloads", "Settings", "Going live", "Users", "Audit log", "Help",
    "Mammogram reminder", "Diabetes care gaps",
)  # fmt: skip
COLOURS = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 25, 26)"}
_TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll('[data-testid=stMain]')]
  .map((part) => part.scrollWidth - part.clientWidth).filter((excess) => excess > 1)"""


@pytest.mark.parametrize(
    ("width", "first", "then"),
    [(WIDE, "light", "dark"), pytest.param(NARROW, "dark", "light", marks=pytest.mark.long)],
)
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[] if path in EVERY_DAY else pytest.mark.long) for path in PAGES],
    ids=lambda path: path or "home",
)
def test_a_page_is_silent_fits_the_screen_and_asks_only_this_machine(
    demo: Server, chrome: Browser, path: str, width: int, first: Look, then: Look
) -> None:
    watch = Watch()
    with chrome.new_context(viewport={"width": width, "height": 850}, color_scheme=first) as context:
        context.add_init_script(COUNT_RUNS)
        page = context.new_page()
        watch.on(page)
        open_page(page, address(demo, path))
        expect(page.get_by_role("heading", level=1)).to_contain_text(TITLES[PAGES.index(path)])
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", COLOURS[first])
        excess = page.evaluate(_TOO_WIDE)
        page.emulate_media(color_scheme=then)
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", COLOURS[then])
        page.wait_for_selector(READY)

    assert (watch.errors, watch.elsewhere, excess) == ([], [], [])


def test_help_texts_and_dialogs_ask_only_this_machine_too(demo: Server, page: Page) -> None:
    watch = Watch()
    watch.on(page)
    open_page(page, f"{demo.address}/library")

    page.get_by_role("radio", name="Email").or_(page.get_by_role("button", name="Email")).first.click()
    settle(page)
    page.get_by_role("button", name="Preview").first.click()
    settle(page)
    expect(page.get_by_role("dialog").get_by_text("Shown with example values")).to_be_visible()
    expect(page.frame_locator("iframe").first.locator("body")).to_contain_text("Example Health Group")

    assert (watch.errors, watch.elsewhere) == ([], [])


def address(demo: Server, path: str) -> str:
    """The page's address; of the editor and the report, that of the campaign which the demo made for it."""
    if path not in ("campaign_editor", "report"):
        return f"{demo.address}/{path}"
    start = TITLES[PAGES.index(path)]
    with demo.workbench() as wb:
        made = [one for one in campaign_list.campaigns(wb) if one.campaign.name.startswith(start)]
        one = min(made, key=lambda listed: listed.campaign.created_at)
    return f"{demo.address}/{path}?id={one.campaign.campaign_id}"
