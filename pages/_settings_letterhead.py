"""Logos and return addresses: added, looked at, chosen, removed. Each is saved at once and stands in the history."""

from collections.abc import Callable

import streamlit as st

from core import logos, return_addresses
from core.domain.organisation import ReturnAddress
from core.errors import CareloopError
from core.logos import Logo
from core.workbench import Workbench
from pages._logo_picture import logo_picture
from pages._shared import notice, plain

_ADDED = "se_added"  # empty boxes after each that was added


def letterhead(wb: Workbench, section: str) -> None:  # noqa: ARG001
    """Draw both lists."""
    st.markdown("**Logos**")
    known, own = logos.logos(wb), logos.organisation_logo(wb)
    if not known:
        st.caption("No logo yet. Emails, letters and forms show the name alone.")
    for each in known:
        _logo(wb, each, is_own=own is not None and own.logo_id == each.logo_id)
    _add_logo(wb)
    st.space("small")
    st.markdown("**Return addresses of letters**")
    st.caption("Those of clinics come with the feed; the organisation's own is its postal address.")
    for address in wb.organisation().return_addresses:
        _address(wb, address)
    _add_address(wb)


def _logo(wb: Workbench, each: Logo, *, is_own: bool) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        logo_picture(logos.logo(wb, each.logo_id))
        st.markdown(plain(each.name), width="stretch")
        if is_own:
            st.badge("Chosen", icon=":material/check:", color="green")
        elif st.button("Choose", key=f"se_choose_{each.logo_id}"):
            _do(lambda: logos.choose(wb, each.logo_id), f"'{each.name}' is the organisation's logo now")
        with st.popover("Remove", icon=":material/delete:", type="tertiary"):
            st.markdown("Letters that are made keep it. Campaigns that had chosen it show the organisation's logo.")
            if st.button("Remove it", key=f"se_drop_{each.logo_id}", type="primary"):
                _do(lambda: logos.remove(wb, each.logo_id), f"'{each.name}' was removed")


def _add_logo(wb: Workbench) -> None:
    with st.popover("Add a logo", icon=":material/add_photo_alternate:", type="tertiary"):
        added = st.session_state.get(_ADDED, 0)
        file = st.file_uploader(
            "PNG, JPEG or SVG, at most 2 MB", ["png", "jpg", "jpeg", "svg"], key=f"se_file_{added}", max_upload_size=2
        )
        name = st.text_input("Name", key=f"se_logo_name_{added}", placeholder="Such as the name of the clinic") or ""
        if st.button("Add", key="se_logo_add", type="primary", disabled=file is None):
            assert file is not None
            content = file.getvalue()
            _do(lambda: logos.add(wb, name, content), "The logo was added", is_new=True)


def _address(wb: Workbench, address: ReturnAddress) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        lines = "  \n".join(map(plain, address.lines))
        st.markdown(f"**{plain(address.name)}**  \n{lines}", width="stretch")
        if st.button("Remove", key=f"se_drop_{address.key}", icon=":material/delete:", type="tertiary"):
            _do(lambda: return_addresses.remove(wb, address.key), f"'{address.name}' was removed")


def _add_address(wb: Workbench) -> None:
    with st.popover("Add a return address", icon=":material/add_location_alt:", type="tertiary"):
        added = st.session_state.get(_ADDED, 0)
        name = st.text_input("Name in the list", key=f"se_address_name_{added}", max_chars=80) or ""
        lines = st.text_area(
            "Address, the sender's name first",
            key=f"se_address_{added}",
            placeholder="Sender\nStreet\nTown",
            height=120,
        )
        if st.button("Add", key="se_address_add", type="primary"):
            _do(
                lambda: return_addresses.add(wb, name, (lines or "").splitlines()),
                "The return address was added",
                is_new=True,
            )


def _do(action: Callable[[], object], done: str, *, is_new: bool = False) -> None:
    try:
        action()
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state[_ADDED] = st.session_state.get(_ADDED, 0) + is_new
    notice(done)
    st.rerun()
