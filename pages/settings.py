"""Settings: everything the organisation decides, section by section, with its history; accounts and the check."""

import streamlit as st

from core.domain.role import CHANGE_ORGANISATION
from core.domain.setting import SECTION_HELP, SECTIONS
from core.workbench import Workbench
from pages._settings_accounts import accounts
from pages._settings_check import check
from pages._settings_form import form, is_changed
from pages._settings_history import history
from pages._settings_letterhead import letterhead
from pages._shared import page_head, plain, workbench

_OTHERS = {"accounts": "Accounts", "check": "Check"}
_HELP = {
    "accounts": "The mail server, the mailbox and Twilio: where they are set, and whether they work.",
    "check": "The same as 'careloop check' prints: what is set, what is missing, and what to do.",
}
_NAMES = SECTIONS | _OTHERS
# The list of sections is a list at the left, and on a phone a few lines of words.
_STYLE = """<style>
.st-key-se_sections [role="radiogroup"] { gap: 1px; }
.st-key-se_sections [role="radiogroup"], .st-key-se_sections [role="radiogroup"] > div { width: 100%; }
.st-key-se_sections label { padding: 4px 10px; border-radius: 8px; width: 100%; cursor: pointer; }
.st-key-se_sections label > div > div:not([data-testid]) { display: none; }
.st-key-se_sections label:hover { background: color-mix(in srgb, currentColor 5%, transparent); }
.st-key-se_sections label[data-selected] { background: color-mix(in srgb, currentColor 10%, transparent); }
.st-key-se_sections label[data-selected] p { font-weight: 600; }
@media (max-width: 640px) {
  .st-key-se_sections [role="radiogroup"] { flex-direction: row; flex-wrap: wrap; }
  .st-key-se_sections [role="radiogroup"] > div, .st-key-se_sections label { width: auto; }
  [class*="st-key-se_row_"] [data-testid="stHorizontalBlock"] { row-gap: 0.25rem !important; }
}
</style>"""


def show() -> None:
    wb = workbench()
    page_head("Settings", "What the organisation decides. Every change is kept, with who made it and why.")
    wb.require(CHANGE_ORGANISATION)
    st.html(_STYLE)
    left, right = st.columns([1, 3.4], gap="large")
    with left, st.container(key="se_sections"):
        section = _section()
    with right:
        st.subheader(_NAMES[section], anchor=False)
        st.caption(plain((SECTION_HELP | _HELP)[section]))
        _draw(wb, section)
    late = [name for key, name in SECTIONS.items() if is_changed(key)]
    if late:
        left.caption(f":material/edit: Not saved yet: {', '.join(late)}")


def _section() -> str:
    names = list(_NAMES)
    asked = st.query_params.get("section", "")
    chosen = st.radio(
        "Section",
        names,
        index=names.index(asked) if asked in names else 0,
        format_func=_NAMES.__getitem__,
        key="se_section",
        label_visibility="collapsed",
        width="stretch",
    )
    return str(chosen or names[0])


def _draw(wb: Workbench, section: str) -> None:
    if section == "accounts":
        accounts(wb)
    elif section == "check":
        check(wb)
    else:
        (letterhead if section == "letterhead" else form)(wb, section)
        history(wb, section)


show()
