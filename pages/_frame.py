"""The frame around every page: navigation, the sandbox badge, the demo clock, and who acts."""

import streamlit as st

from core.errors import CareloopError
from pages import _width
from pages._demo_clock import demo_clock
from pages._shared import HERE, OPENED_PATIENT, plain, show_notice, workbench

st.set_page_config(page_title="Careloop", page_icon=str(HERE / "icon.svg"), layout="wide", initial_sidebar_state=252)
# What the theme cannot set: less empty space at the sides of wide tables, and what is shown at which width.
st.html(
    "<style>[data-testid='stMainBlockContainer'], [data-testid='stBottomBlockContainer'] "
    "{ padding-left: clamp(1rem, 2.6vw, 2.2rem); padding-right: clamp(1rem, 2.6vw, 2.2rem); }"
    f"{_width.style()}</style>"
)
st.logo(str(HERE / "logo.svg"), size="large", icon_image=str(HERE / "icon.svg"))


def _pages() -> dict[str, list[st.Page]]:
    return {
        "": [st.Page("home.py", title="Home", icon=":material/home:", default=True, help="What needs you today.")],
        "Find": [
            st.Page(
                "work_list.py",
                title="Work list",
                icon=":material/filter_list:",
                help="Find patients by filters, look at the evidence for their care gaps, and start a campaign.",
            ),
            st.Page(
                "care_gaps.py",
                title="Care gaps",
                icon=":material/donut_large:",
                help="How many are up to date for each measure, by group, provider and more, and over a year.",
            ),
            st.Page(
                "measures.py",
                title="Measures",
                icon=":material/rule:",
                help="The rules that find care gaps: what each says, its versions, trying and publishing an edit.",
            ),
        ],
        "Reach": [
            st.Page(
                "campaigns.py",
                title="Campaigns",
                icon=":material/campaign:",
                help="All campaigns with their status and results.",
            ),
            st.Page(
                "library.py",
                title="Library",
                icon=":material/library_books:",
                help="The templates that campaigns start from.",
            ),
            st.Page(
                "replies.py",
                title="Replies",
                icon=":material/forum:",
                help="What patients answered to texts, and what may be a wish to stop.",
            ),
            st.Page(
                "outbox.py",
                title="Outbox",
                icon=":material/outbox:",
                help="The mails, texts and calls that were sent, as patients would get them.",
            ),
        ],
        "Learn": [
            st.Page(
                "downloads.py",
                title="Downloads",
                icon=":material/download:",
                help="Letters and labels that were made, and the organisation's own documents.",
            ),
        ],
        "Set up": [
            st.Page(
                "data.py",
                title="Data",
                icon=":material/database:",
                help="Feeds, what was wrong in them, rejected rows, and codes that mean nothing yet.",
            ),
            st.Page(
                "introductions.py",
                title="Introductory emails",
                icon=":material/waving_hand:",
                help="The first email to each patient, whose patients get it, and what became of it.",
            ),
            st.Page(
                "going_live.py",
                title="Going live",
                icon=":material/cell_tower:",
                help="Whether messages leave for patients, and what must be right before they do.",
            ),
        ],
        "Hidden": [
            st.Page("patient.py", title="Patient", icon=":material/person:", visibility="hidden"),
            st.Page("campaign_editor.py", title="Campaign", icon=":material/edit:", visibility="hidden"),
            st.Page("report.py", title="Report", icon=":material/monitoring:", visibility="hidden"),
        ],
    }


def _who() -> None:
    """The bottom of the side bar: who acts, and the demo's clock."""
    wb = workbench()
    with st.sidebar:
        st.caption(f":material/person: {plain(wb.user.name)}")
        if wb.settings.demo:
            demo_clock(wb)


page = st.navigation(_pages())
if page.url_path != "patient":
    st.session_state.pop(OPENED_PATIENT, None)
try:
    _who()
    show_notice()
    page.run()
except CareloopError as error:
    st.error(str(error), icon=":material/error:")
