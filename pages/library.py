"""The Library: the templates that campaigns start from."""

import streamlit as st

from core import templates
from core.domain.campaign import PURPOSES
from core.domain.merge_field import EXAMPLES
from core.domain.template import Template
from core.domain.work_list import WorkList
from core.workbench import Workbench
from pages import _views
from pages._mail import mail_frame, width_choice
from pages._shared import MODE_ICONS, page_head, plain, workbench


def show() -> None:
    wb = workbench()
    page_head(
        "Library",
        "Start from a template. Begin with one to three campaigns that mirror what the practice already does.",
    )
    shown = _chosen()
    if not shown:
        st.info("No template has this purpose or word. Clear the search to see all.", icon=":material/search_off:")
    with st.grid(min_column_width=320, gap="medium"):
        for template in shown:
            _card(template)
    if "lib_open" in st.session_state:
        _look(wb, templates.template(st.session_state.pop("lib_open")))


def _chosen() -> list[Template]:
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    purposes = ["all", *dict.fromkeys(template.purpose for template in templates.library())]
    purpose = left.segmented_control(
        "Purpose",
        purposes,
        default="all",
        required=True,
        key="lib_purpose",
        label_visibility="collapsed",
        format_func=lambda key: PURPOSES.get(key, "All"),
    )
    word = right.text_input(
        "Search",
        key="lib_search",
        type="search",
        placeholder="Search templates",
        live=True,
        label_visibility="collapsed",
        icon=":material/search:",
    )
    return [
        template
        for template in templates.library()
        if purpose in ("all", template.purpose)
        and (word or "").casefold() in (template.name + template.about).casefold()
    ]


def _card(template: Template) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"#### {MODE_ICONS[template.channel]} {plain(template.name)}")
        st.badge(PURPOSES[template.purpose], color="primary")
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


@st.dialog("Template", width="large", icon=":material/mail:")
def _look(wb: Workbench, template: Template) -> None:
    st.markdown(f"**{plain(template.name)}**")
    body = template.body
    if len(template.versions) > 1:
        names = [version.name for version in template.versions]
        chosen = st.segmented_control("Version", names, default=names[0], required=True, key="lib_version")
        body = next(version.body for version in template.versions if version.name == chosen)
    mail = templates.example(wb, template, body)
    st.markdown(f"**{plain(mail.subject)}**")
    mail_frame(mail.html, width=width_choice("lib_width"), height=560)
    st.caption(
        "Shown with example values: "
        + ", ".join(str(EXAMPLES[name]) for name in ("patient.full_name", "provider.name"))
    )


show()
