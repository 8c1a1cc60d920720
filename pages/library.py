"""The Library: the templates that campaigns start from."""

from collections.abc import Mapping

import streamlit as st

from core import templates
from core.domain.campaign import PURPOSES
from core.domain.template import Template
from core.domain.work_list import WorkList
from core.workbench import Workbench
from pages import _views
from pages._paper_forms import show_forms
from pages._shared import MODE_ICONS, MODE_NAMES, page_head, plain, workbench
from pages._template_preview import look_at

_MODES = {mode: f"{MODE_ICONS[mode]} {name}" for mode, name in MODE_NAMES.items()}
_FIXED = "Its words stay as they are; you fill in the numbers."


def show() -> None:
    wb = workbench()
    page_head(
        "Library",
        "Start from a template. Begin with one to three campaigns that mirror what the practice already does.",
    )
    shown = _chosen(templates.offered(wb))
    if not shown:
        st.info(
            "No template has this mode, purpose or word. Choose 'All' and clear the search to see all.",
            icon=":material/search_off:",
        )
    with st.grid(min_column_width=320, gap="medium"):
        for template in shown:
            _card(template)
    show_forms(wb)
    if "lib_open" in st.session_state:
        _look(wb, templates.template(st.session_state.pop("lib_open")))


def _chosen(offered: list[Template]) -> list[Template]:
    modes = ["all", *dict.fromkeys(template.channel for template in offered)]
    purposes = ["all", *dict.fromkeys(template.purpose for template in offered)]
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        mode = _choice("Mode", sorted(modes, key=["all", *MODE_NAMES].index), key="lib_mode", names=_MODES)
        purpose = _choice("Purpose", purposes, key="lib_purpose", names=PURPOSES)
        word = st.text_input(
            "Search",
            key="lib_search",
            type="search",
            placeholder="Search templates",
            live=True,
            label_visibility="collapsed",
            icon=":material/search:",
            width=260,
        )
    return [
        template
        for template in offered
        if mode in ("all", template.channel)
        and purpose in ("all", template.purpose)
        and (word or "").casefold() in (template.name + template.about).casefold()
    ]


def _choice(label: str, options: list[str], *, key: str, names: Mapping[str, str]) -> str:
    chosen = st.segmented_control(
        label,
        options,
        default="all",
        required=True,
        key=key,
        label_visibility="collapsed",
        wrap=True,
        format_func=lambda option: names.get(option, "All"),
    )
    return str(chosen or "all")


def _card(template: Template) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"#### {MODE_ICONS[template.channel]} {plain(template.name)}")
        with st.container(horizontal=True, gap="small"):
            st.badge(MODE_NAMES[template.channel], color="gray")
            st.badge(PURPOSES[template.purpose], color="primary")
            if template.is_locked:
                st.badge("Fixed wording", icon=":material/lock:", color="gray", help=_FIXED)
        st.write(plain(template.about))
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Preview",
                key=f"lib_look_{template.template_id}",
                icon=":material/visibility:",
                on_click=_open,
                args=(template.template_id,),
            )
            if st.button(
                "Find patients",
                key=f"lib_find_{template.template_id}",
                icon=":material/filter_list:",
                help="Opens the work list with the filters that suit this template.",
            ):
                _find(template)


def _open(template_id: str) -> None:
    st.session_state["lib_open"] = template_id


def _find(template: Template) -> None:
    _views.show(WorkList.from_json(dict(template.work_list)), template_id=template.template_id)
    st.switch_page("work_list.py")


@st.dialog("Template", width="large", icon=":material/library_books:")
def _look(wb: Workbench, template: Template) -> None:
    look_at(wb, template)


show()
