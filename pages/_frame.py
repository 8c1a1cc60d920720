"""The frame around every page: navigation, the sandbox badge, the demo clock, and who acts."""

import re
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.domain.role import (
    ANSWER_REPLIES,
    CHANGE_ORGANISATION,
    MAKE_CAMPAIGNS,
    MANAGE_USERS,
    OPERATE,
    READ_AUDIT,
    READ_PATIENTS,
    refusal,
)
from core.errors import CareloopError
from core.sessions import Session
from core.workbench import Workbench
from pages import _width
from pages._account import account
from pages._demo_clock import demo_clock
from pages._shared import HERE, OPENED_PATIENT, current_session, page_head, plain, show_notice, workbench

st.set_page_config(page_title="Careloop", page_icon=str(HERE / "icon.svg"), layout="wide", initial_sidebar_state=252)
# What the theme cannot set: less empty space at the sides of wide tables, and what is shown at which width.
st.html(
    "<style>[data-testid='stMainBlockContainer'], [data-testid='stBottomBlockContainer'] "
    "{ padding-left: clamp(1rem, 2.6vw, 2.2rem); padding-right: clamp(1rem, 2.6vw, 2.2rem); }"
    # Who is signed in, and the way out, stay in sight however long the list of pages is.
    "[data-testid='stSidebarUserContent'] { position: sticky; bottom: 0; z-index: 1; padding: 0.4rem 0 0.8rem; "
    "background: light-dark(#f3f6f6, #162021); }"
    # On a phone columns stand below each other, so what kept them apart sideways would be a hole.
    "@media (max-width: 640px) { [data-testid='stHorizontalBlock'] { row-gap: 0.75rem !important; } }"
    f"{_width.style()}</style>"
)
st.logo(str(HERE / "logo.svg"), size="large", icon_image=str(HERE / "icon.svg"))

_NO_PAGE = "no_page"  # in the session: the address at which there is no page
_ADDRESS = re.compile(r"[\w-]{1,80}")


@dataclass(frozen=True)
class _Entry:
    """One page: its file and name, whom it is for, and where it stands."""

    file: str
    title: str
    icon: str
    about: str = ""
    needs: str = ""  # a permission of core.domain.role; empty: whoever is signed in

    def page(self, *, hidden: bool = False) -> st.Page:
        return st.Page(
            self.file,
            title=self.title,
            icon=f":material/{self.icon}:",
            default=self.file == "home.py",
            help=self.about or None,
            visibility="hidden" if hidden else "visible",
        )


_ENTRIES: dict[str, tuple[_Entry, ...]] = {
    "": (_Entry("home.py", "Home", "home", "What needs you today."),),
    "Find": (
        _Entry(
            "work_list.py",
            "Work list",
            "filter_list",
            "Find patients by filters, look at the evidence for their care gaps, and start a campaign.",
            READ_PATIENTS,
        ),
        _Entry(
            "care_gaps.py",
            "Care gaps",
            "donut_large",
            "How many are up to date for each measure, by group, provider and more, and over a year.",
        ),
        _Entry(
            "measures.py",
            "Measures",
            "rule",
            "The rules that find care gaps: what each says, its versions, trying and publishing an edit.",
        ),
    ),
    "Reach": (
        _Entry("campaigns.py", "Campaigns", "campaign", "All campaigns with their status and results."),
        _Entry("library.py", "Library", "library_books", "The templates that campaigns start from.", MAKE_CAMPAIGNS),
        _Entry(
            "replies.py",
            "Replies",
            "forum",
            "What patients answered to texts, and what may be a wish to stop.",
            ANSWER_REPLIES,
        ),
        _Entry(
            "outbox.py",
            "Outbox",
            "outbox",
            "The mails, texts and calls that were sent, as patients would get them.",
            READ_PATIENTS,
        ),
    ),
    "Learn": (
        _Entry(
            "overview.py",
            "Overview",
            "monitoring",
            "All campaigns together: how many were reached, at what cost, and which care gaps were closed.",
        ),
        _Entry(
            "downloads.py",
            "Downloads",
            "download",
            "Letters and labels that were made, reports for meetings, and the organisation's own documents.",
        ),
    ),
    "Set up": (
        _Entry(
            "data.py",
            "Data",
            "database",
            "Feeds, what was wrong in them, rejected rows, and codes that mean nothing yet.",
            READ_PATIENTS,
        ),
        _Entry(
            "introductions.py",
            "Introductory emails",
            "waving_hand",
            "The first email to each patient, whose patients get it, and what became of it.",
            CHANGE_ORGANISATION,
        ),
        _Entry(
            "settings.py",
            "Settings",
            "settings",
            "Everything the organisation decides, its accounts, and whether all is in order.",
            CHANGE_ORGANISATION,
        ),
        _Entry(
            "going_live.py",
            "Going live",
            "cell_tower",
            "Whether messages leave for patients, and what must be right before they do.",
            OPERATE,
        ),
        _Entry("users.py", "Users", "group", "Who may sign in, as what, and whose patients they see.", MANAGE_USERS),
        _Entry("audit.py", "Audit log", "history", "Who did what, and whether the log is whole.", READ_AUDIT),
    ),
    "Help": (_Entry("help.py", "Help", "help", "Documentation, walk-throughs, and whom to ask."),),
}
_HIDDEN = (
    _Entry("patient.py", "Patient", "person", needs=READ_PATIENTS),
    _Entry("campaign_editor.py", "Campaign", "edit", needs=READ_PATIENTS),
    _Entry("report.py", "Report", "monitoring"),
)


def _pages(wb: Workbench) -> dict[str, list[st.Page]]:
    """The pages of this user. What is not allowed is not shown; a link to it says whom to ask."""
    shown = {
        section: [one.page() for one in entries if not one.needs or wb.user.may(one.needs)]
        for section, entries in _ENTRIES.items()
    }
    closed = [one for entries in _ENTRIES.values() for one in entries if one.needs and not wb.user.may(one.needs)]
    hidden = [one.page(hidden=True) for one in (*_HIDDEN, *closed)]
    return {section: pages for section, pages in shown.items() if pages} | {"Hidden": hidden}


def _asked_for(pages: dict[str, list[st.Page]]) -> list[st.Page]:
    """A page that says so for an address at which there is none, in place of Streamlit's own words. It stays while
    something is done on it."""
    context = get_script_run_ctx()
    asked = (context.pages_manager.intended_page_name if context else None) or st.session_state.get(_NO_PAGE, "")
    known = {page.url_path for section in pages.values() for page in section}
    if asked in known or not _ADDRESS.fullmatch(asked):
        return []
    st.session_state[_NO_PAGE] = asked
    return [st.Page(_no_page, title="No such page", url_path=asked, visibility="hidden")]


def _no_page() -> None:
    page_head("No such page")
    st.info(
        "There is nothing at this address. It may have been typed with a slip, or the link is an old one.",
        icon=":material/link_off:",
    )
    st.page_link("home.py", label="Go to Home", icon=":material/home:")


def _why_not(wb: Workbench, page: st.Page) -> str:
    """Why this user may not see the page; empty for who may."""
    entries = (*_HIDDEN, *(one for section in _ENTRIES.values() for one in section))
    needed = next((one.needs for one in entries if one.file.removesuffix(".py") == (page.url_path or "home")), "")
    return refusal(needed) if needed and not wb.user.may(needed) else ""


def _bottom(wb: Workbench, session: Session) -> None:
    """The bottom of the side bar: the demo's clock, who is signed in, and the way out."""
    with st.sidebar:
        if wb.settings.demo:
            demo_clock(wb)
        account(wb, session)


def _show() -> None:
    wb, session = workbench(), current_session()
    pages = _pages(wb)
    pages["Hidden"] += _asked_for(pages)
    page = st.navigation(pages, expanded=True)
    if page.url_path != "patient":
        st.session_state.pop(OPENED_PATIENT, None)
    if session is not None:
        _bottom(wb, session)
    show_notice()
    if why := _why_not(wb, page):
        page_head(page.title)
        st.error(why, icon=":material/lock:")
    else:
        page.run()


try:
    _show()
except CareloopError as error:
    st.error(plain(str(error)), icon=":material/error:")
