"""The tab Unmapped codes of the Data page: what a practice's own codes mean, chosen code by code, and taken back."""

from collections.abc import Iterable

import polars as pl
import streamlit as st

from core import loads
from core import local_codes as own_codes
from core.domain.role import PUBLISH_RULES, refusal
from core.local_codes import Mapping, UnmappedCode
from core.workbench import Workbench
from pages._code_mapping import AGAIN, confirm, finish
from pages._shared import count, download, guarded, moment, plain

SIZE = 8  # codes on one page


def local_codes(wb: Workbench) -> None:
    """Unmapped codes with suggestions, then the mappings that exist."""
    generation = loads.current(wb)
    found = _unmapped_codes(wb, generation.name if generation else "")
    if found:
        _unmapped(wb, found)
    else:
        st.success("Every code of the feed means something to Careloop.", icon=":material/check_circle:")
    _mapped(wb)


@st.cache_resource(max_entries=2, show_spinner=False)
def _unmapped_codes(_wb: Workbench, generation: str) -> list[UnmappedCode]:  # noqa: ARG001 - what codes mean goes with it
    return own_codes.unmapped(_wb)


@guarded
def _unmapped(wb: Workbench, found: list[UnmappedCode]) -> None:
    st.caption(
        "Codes that no concept knows, most used first. Choose what a code means; leave it when nothing fits. Orders, "
        "refusals and family history mean nothing here."
    )
    found = _asked_for(found)
    if not found:
        st.info("No code is like this. Clear the search to see all.", icon=":material/search_off:")
        return
    pages = -(-len(found) // SIZE)
    number = min(int(st.session_state.get("codes_page") or 1), pages)
    names = own_codes.concept_choices()
    chosen = [mapping for each in found[(number - 1) * SIZE : number * SIZE] for mapping in _row(each, names)]
    coded = len({(mapping.system, mapping.code) for mapping in chosen})
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if pages > 1:
            st.pagination(pages, key="codes_page")
        st.caption(f"{count(len(found), 'code')} {'means' if len(found) == 1 else 'mean'} nothing yet", width="content")
    with st.container(horizontal=True, gap="small"):
        label = f"Map {count(coded, 'code')}" if chosen else "Map"
        if not wb.user.may(PUBLISH_RULES):
            st.caption(refusal(PUBLISH_RULES))
        elif st.button(label, key="codes_map", type="primary", disabled=not chosen, icon=":material/link:"):
            confirm(wb, chosen)
        download(loads.unmapped_codes(wb), "unmapped-codes.csv", key="data_unmapped")
    with st.expander("Many codes, or licensed lists"):
        st.caption("Say it in a file code_map.csv (system, code, concept), or name a folder with value sets:")
        st.code(f"CARELOOP_HOME={wb.settings.home} careloop codes load PATH", language=None)


def _asked_for(found: list[UnmappedCode]) -> list[UnmappedCode]:
    """Those that the search and the switch leave."""
    suggested = [each for each in found if each.suggestions]
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        words = st.text_input(
            "Search codes",
            key="codes_search",
            type="search",
            placeholder="Search codes, words and suggestions",
            live=True,
            label_visibility="collapsed",
            icon=":material/search:",
            width=360,
        )
        if suggested and st.toggle(f"Only the {len(suggested):,} with a suggestion", key="codes_suggested"):
            found = suggested
    return own_codes.searched(found, words or "")


def _row(each: UnmappedCode, names: dict[str, str]) -> list[Mapping]:
    """A code with its choice: a mapping for each concept that is chosen."""
    why = {suggestion.concept_id: suggestion.why for suggestion in each.suggestions}
    with st.container(border=True):
        left, right = st.columns([1, 1], vertical_alignment="center")
        left.markdown(f"**{plain(each.text or each.code)}**")
        used = f"{count(each.events, 'event')} of {count(each.patients, 'patient')}"
        named = "Words without a code" if each.system == "TEXT" else f"{each.system} {plain(each.code)}"
        left.caption(f"{named} · {used}")
        concepts = right.multiselect(
            plain(f"Meaning of {each.system} {each.code}"),
            [*why, *(name for name in names if name not in why)],
            key=f"code {each.system} {each.code}",
            format_func=lambda name: f"{names[name]} (suggested)" if name in why else names[name],
            placeholder=f"Choose: {len(why)} suggested" if why else "Choose a concept",
            max_selections=3,
            select_all=False,
            label_visibility="collapsed",
        )
        right.caption(plain(_reason(concepts or list(why), why, names)))
    return [Mapping(each.system, each.code, concept, each.text) for concept in concepts]


def _reason(concepts: Iterable[str], why: dict[str, str], names: dict[str, str]) -> str:
    said = [f"{names[name]}: {why.get(name, 'your own choice.')}" for name in concepts]
    return " ".join(said) or "No concept fits its words."


@guarded
def _mapped(wb: Workbench) -> None:
    rows = own_codes.mappings(wb)
    st.subheader("Mapped codes", anchor=False)
    if rows.is_empty():
        st.caption("None yet.")
        return
    said = pl.DataFrame(
        {
            "System": rows["system"],
            "Code": rows["code"],
            "Text": rows["text"],
            "Means": rows["name"],
            "By": rows["loaded_by"],
            "When": [moment(each, wb) for each in rows["loaded_at"]],
        }
    )
    event = st.dataframe(
        said,
        hide_index=True,
        alt="Codes that were mapped, the latest first",
        on_select="rerun",
        selection_mode="multi-row",
        key=f"codes_mapped_{rows.height}_{said['When'][0]}",
    )
    if not wb.user.may(PUBLISH_RULES):
        return
    marked = [row for row in event.selection.rows if row < rows.height]
    st.caption(f"Mark mappings to take them back. {AGAIN}" if not marked else AGAIN)
    label = f"Remove {count(len(marked), 'mapping')}" if marked else "Remove"
    if st.button(label, key="codes_remove", disabled=not marked, icon=":material/link_off:"):
        with st.spinner("Finding facts and care gaps again ..."):
            changes = own_codes.remove_mappings(wb, rows[marked])
        finish(f"{count(len(marked), 'mapping')} removed.", changes)
