"""Opt-Out Settings: what a patient no longer gets, on any day, and changing that."""

from datetime import date

import streamlit as st

from core import opt_outs
from core.domain.opt_out import OptOut, in_force
from core.domain.opt_out_words import address_text
from core.domain.person import Person
from core.domain.role import CHANGE_OPT_OUTS, refusal
from core.domain.wish import ADDRESS_NAMES, Shared
from core.domain.wording import day_text
from core.workbench import Workbench
from pages import _opt_out_form, _opt_out_history, _opt_out_list, _opt_out_reach
from pages._opt_out_removal import others_text
from pages._paper_forms import opt_out_form_button
from pages._shared import guarded, plain


@guarded
def show(wb: Workbench, person: Person) -> None:
    """What counts, what may still reach the patient, the form to add to it, and what is over."""
    found = opt_outs.of_patient(wb, person.patient_id, with_removed=True)
    sharing = opt_outs.shared(wb, person.patient_id)
    left, right = st.columns([3, 2], gap="large")
    with left:
        on = _day(wb, person)
        _in_force(wb, person, found, sharing, on=on)
    with right:
        _opt_out_reach.show(wb, person, on=on)
        _sharing(sharing)
    if on != wb.today():
        st.caption("Go back to today to change anything.")
    elif wb.user.may(CHANGE_OPT_OUTS):
        _opt_out_form.show(wb, person, sharing)
    else:
        st.info(f"{refusal(CHANGE_OPT_OUTS)} Or have the form filled in and hand it to them.", icon=":material/lock:")
        opt_out_form_button(wb, person)
    _opt_out_history.show(wb, found)


def _day(wb: Workbench, person: Person) -> date:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.subheader("What the patient no longer gets", anchor=False, width="content")
        chosen = st.date_input(
            "As it was on",
            value=wb.today(),
            min_value=date(2000, 1, 1),
            key=f"oo_{person.patient_id}_on",
            format="YYYY-MM-DD",
            width=160,
        )
    return chosen if isinstance(chosen, date) else wb.today()


def _in_force(wb: Workbench, person: Person, found: list[OptOut], sharing: list[Shared], *, on: date) -> None:
    counting = in_force(found, on=on)
    is_today = on == wb.today()
    if not counting:
        when = "" if is_today else f" on {day_text(on)}"
        st.success(f"Nothing is stopped{when}.", icon=":material/check_circle:")
    elif not is_today:
        st.caption(f"As it {'was' if on < wb.today() else 'will be'} on {day_text(on)}, as far as we know today.")
    may_remove = is_today and wb.user.may(CHANGE_OPT_OUTS)
    _opt_out_list.lines(wb, person, counting, sharing, may_remove=may_remove)
    later = [each for each in found if is_today and each.starts_on > on and each.removed_on is None]
    for each in later:
        st.caption(f":material/schedule: From {day_text(each.starts_on)}: {plain(each.name)}")


def _sharing(sharing: list[Shared]) -> None:
    """Whom it concerns when something is stopped for an address."""
    if not sharing:
        return
    lines = (
        f"- {ADDRESS_NAMES[each.name].capitalize()}, {plain(address_text(each.address))}: {others_text(each)}"
        for each in sharing
    )
    st.markdown(":material/group: **Shared with**")
    st.caption("\n".join(lines))
    st.caption(
        "An opt-out that you add counts for the others only when you tick them. What a patient stops by text, link or "
        "key counts for everybody who has the number or address."
    )
