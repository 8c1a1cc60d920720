"""What is said of a measure in few words: marks and its source; and what is said where there is none."""

import streamlit as st

from core.domain.measure import Measure
from core.domain.wording import day_text
from core.rules import Listed
from pages._shared import page_head, plain


def badges(each: Listed) -> str:
    """Its marks as Markdown: sensitive, edited or own, authority, version, from when it counts."""
    measure = each.measure
    parts = [":violet-badge[:material/lock: Sensitive]"] * measure.is_sensitive
    parts += [":blue-badge[:material/edit: Own]"] * each.is_own
    parts += [":blue-badge[:material/edit: Edited]"] * (each.is_edited and not each.is_own)
    parts += [f":gray-badge[{plain(measure.authority)}]"] * bool(measure.authority)
    parts.append(f":gray-badge[Version {measure.version}]")
    if measure.effective_from:
        parts.append(f":gray-badge[In effect since {day_text(measure.effective_from)}]")
    return " ".join(parts)


def source(measure: Measure) -> str:
    """Its source as Markdown, with a link where the guideline can be read."""
    words = plain(measure.source)
    return f"{words} [Read it :material/open_in_new:]({measure.link})" if measure.link else words


def no_such_measure() -> None:
    """A page for a link that leads to no measure, with the way to all of them."""
    page_head("Measures")
    st.error("This measure does not exist. Look for it in the list of measures.", icon=":material/error:")
    st.page_link("measures.py", label="All measures", icon=":material/arrow_back:")


def plain_links() -> None:
    """Links from this page to itself look like links, not like the page that is open."""
    st.html(
        "<style>.stMain [data-testid='stPageLink-NavLink'] { background: transparent; padding-left: 0; }"
        ".stMain [data-testid='stPageLink-NavLink']:hover { text-decoration: underline; }</style>"
    )
