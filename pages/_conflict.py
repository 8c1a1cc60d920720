"""Two people changed one campaign: what differs, side by side, and putting both together. Nothing typed is lost."""

from collections.abc import Sequence

import streamlit as st

from core import users
from core.domain.campaign import Campaign
from core.domain.difference import Difference, Part, differences, merged
from core.workbench import Workbench
from pages._draft import adopt, discard, opened
from pages._shared import count, moment, plain

_MINE, _THEIRS = "Keep mine", "Take theirs"
_LONG = 60  # characters; what is longer stands in lines of its own


def conflict(wb: Workbench, campaign: Campaign, draft: Campaign) -> None:
    """The panel above the form while the draft was made on an older version than the one that is kept."""
    by, when = plain(users.name_of(wb, campaign.changed_by)), moment(campaign.changed_at, wb)
    found = differences(draft, campaign, opened(campaign))
    with st.container(border=True, key="ce_conflict"):
        st.markdown(f":material/sync_problem: **{by} changed this campaign, {when}, after you opened it.**")
        if not found:
            st.caption("What it says and when it goes out is as you have it. Go on with the newer version.")
        else:
            st.caption("Nothing of yours is saved or lost. Choose what counts; then look at it once more and save.")
        both = [one for one in found if one.is_conflict]
        chosen = {one.part: _choice(campaign, one, by=by) for one in both}
        chosen |= _only_one(campaign, [one for one in found if not one.is_conflict], by=by)
        missing = sum(choice is None for choice in chosen.values())
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            keep = [part for part, choice in chosen.items() if choice == _MINE]
            st.button(
                "Go on with this", key="cf_go", type="primary", icon=":material/merge:", disabled=missing > 0,
                on_click=_adopt, args=(campaign, draft, keep),
            )  # fmt: skip
            st.button(
                "Throw mine away", key="cf_discard", type="tertiary", on_click=discard, args=(campaign,),
                help="Shows the newer version as it is kept.",
            )  # fmt: skip
            if missing:
                st.caption(f"{count(missing, 'part')} to choose")


def show_differences(found: Sequence[Difference]) -> None:
    """What somebody else changed, to read before it is done all the same."""
    for one in found:
        st.markdown(f"**{plain(one.label)}**")
        _texts(one, "As you saw it", "Now")


def _adopt(campaign: Campaign, draft: Campaign, keep: Sequence[Part]) -> None:
    adopt(campaign, merged(draft, campaign, keep))


def _choice(campaign: Campaign, one: Difference, *, by: str) -> str | None:
    """Both changed it: the person says whose counts."""
    st.markdown(f"**{plain(one.label)}** :gray[– changed by you both]")
    _texts(one, "Yours", by)
    return _control(campaign, one, default=None)


def _only_one(campaign: Campaign, found: Sequence[Difference], *, by: str) -> dict[Part, str | None]:
    """What only one of the two changed is taken over, unless the person says otherwise."""
    if not found:
        return {}
    chosen = {}
    mine = sum(one.is_mine for one in found)
    label = f"Changed by one of you only: {mine} by you, {len(found) - mine} by {by}"
    with st.expander(label, icon=":material/done_all:"):
        for one in found:
            st.markdown(f"**{plain(one.label)}**")
            _texts(one, "Yours", by)
            chosen[one.part] = _control(campaign, one, default=_MINE if one.is_mine else _THEIRS)
    return chosen


def _control(campaign: Campaign, one: Difference, *, default: str | None) -> str | None:
    key = f"cf_{campaign.version}_{'_'.join(one.part)}"
    found = st.segmented_control(
        one.label,
        (_MINE, _THEIRS),
        default=default,
        key=key,
        label_visibility="collapsed",
        required=default is not None,
    )
    return str(found) if found else None


def _texts(one: Difference, mine: str, theirs: str) -> None:
    if one.is_long:
        st.caption(f"Lines with – are of {theirs}, lines with + are {mine.lower()}.")
        st.code(one.lines, language="diff", wrap_lines=True, height=220 if one.lines.count("\n") > 9 else "content")
        return
    left, right = st.columns(2, gap="small")
    for column, whose, text in ((left, mine, one.mine), (right, theirs, one.theirs)):
        column.caption(whose)
        column.text(text or "(empty)")
    if one.was is not None and one.is_conflict:
        st.caption(f"As it was: {plain(one.was) or '(empty)'}")
