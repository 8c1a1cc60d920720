"""Users: who may sign in, as what, and whose patients they see."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
import streamlit as st

from core import openid, users
from core.domain.role import ROLES, names
from core.domain.user import Scope, User
from core.domain.wording import day_text
from core.errors import NotAllowed
from core.users import Person
from core.workbench import Workbench
from pages._shared import count, guarded, notice, page_head, plain, workbench

_LINKED = "Forget who this person is at the OpenID Connect provider, and sign out everywhere."
ALL, ONLY, NOBODY = "all", "only", "nobody"
WHOSE = {ALL: "All patients", ONLY: "Only patients of …", NOBODY: "No patients"}


@dataclass(frozen=True)
class Chosen:
    """Whose patients somebody is to see as the form has it: one of WHOSE, or None when nothing was chosen."""

    sees: str | None
    groups: list[str]
    providers: list[str]


def show() -> None:
    wb = workbench()
    page_head("Users", "Who may sign in, as what, and whose patients they see.")
    _given(wb)
    people = users.persons(wb)
    left, right = st.columns([9, 4], gap="medium")
    with left:
        chosen = _list(wb, people)
    with right:
        if chosen is None:
            _invite(wb)
        else:
            _person(wb, chosen)
    with st.expander("What each role may do", icon=":material/help:"):
        st.markdown("\n".join(f"- **{role.name}**: {role.about}" for role in ROLES.values()))


def _list(wb: Workbench, people: list[Person]) -> Person | None:
    rows = pl.DataFrame(
        {
            "Name": [one.user.name for one in people],
            "Sees": [_sees(one.user.scope) for one in people],
            "State": [_state(one) for one in people],
            "Roles": [names(one.user.roles) for one in people],
            "Signs in as": [one.user.user_id for one in people],
            "Last here": [_day(wb, one.seen_at) for one in people],
        }
    )
    st.caption(f"{count(len(people), 'user')}. Choose one to change it.")
    event = st.dataframe(
        rows,
        hide_index=True,
        key="us_list",
        on_select="rerun",
        selection_mode="single-row",
        height="content",
    )
    picked = event.selection.rows
    return people[picked[0]] if picked and picked[0] < len(people) else None


def _sees(scope: Scope) -> str:
    if scope.groups is None and scope.providers is None:
        return WHOSE[ALL]
    if scope.groups == frozenset() or scope.providers == frozenset():
        return WHOSE[NOBODY]
    parts = []
    if scope.groups is not None:
        parts.append(count(len(scope.groups), "group"))
    if scope.providers is not None:
        parts.append(count(len(scope.providers), "provider"))
    return ", ".join(parts)


def _day(wb: Workbench, at: datetime | None) -> str:
    return day_text(at.astimezone(wb.zone()).date()) if at else "–"


def _state(one: Person) -> str:
    return "Inactive" if not one.is_active else "Active" if one.has_way_in else "Has no way in yet"


def _invite(wb: Workbench) -> None:
    st.subheader("Add a user", anchor=False)
    with st.form("us_add", border=True):
        name = st.text_input("Name", key="us_add_name")
        user_id = st.text_input("Name for signing in", key="us_add_id", help="Such as ana.reyes.")
        email = st.text_input("Email address", key="us_add_email", help="With which the person can sign in as well.")
        roles, chosen = _rights(wb, None)
        if st.form_submit_button("Add", type="primary", key="us_add_button"):
            _add(wb, user_id, name, email, roles, chosen)


@guarded
def _add(wb: Workbench, user_id: str, name: str, email: str, roles: list[str], chosen: Chosen) -> None:
    given = users.invite(wb, user_id, name, email=email, roles=roles, scope=_scope(chosen, None))
    st.session_state["us_given"] = (name, given)
    st.rerun()


def _given(wb: Workbench) -> None:
    """The password for the first sign-in, shown once; where no password counts, that the person was added."""
    if "us_given" in st.session_state:
        name, password = st.session_state.pop("us_given")
        if not password:
            way_in = plain(wb.settings.oidc_name)
            st.success(f"{plain(name)} was added and signs in with {way_in}.", icon=":material/person_add:")
            return
        st.success(
            f"The first password of {plain(name)}, good for seven days and shown only now:", icon=":material/key:"
        )
        st.code(password, language=None)


def _person(wb: Workbench, one: Person) -> None:
    user = one.user
    st.subheader(plain(user.name), anchor=False)
    with st.form(f"us_edit_{user.user_id}", border=True):
        name = st.text_input("Name", value=user.name, key=f"us_name_{user.user_id}")
        email = st.text_input("Email address", value=user.email or "", key=f"us_email_{user.user_id}")
        roles, chosen = _rights(wb, user)
        if st.form_submit_button("Save", type="primary", key=f"us_save_{user.user_id}"):
            _change(wb, user, name, email, roles, chosen)
    with st.container(horizontal=True):
        if wb.settings.local_accounts:
            st.button("New password", key="us_reset", icon=":material/key:", on_click=_reset, args=(wb, user))
        st.button("Sign out everywhere", key="us_end", icon=":material/logout:", on_click=_end, args=(wb, user))
        label, icon = ("Make inactive", "person_off") if one.is_active else ("Make active", "person_check")
        if user.user_id in openid.linked(wb):
            st.button(
                "Unlink", key="us_unlink", icon=":material/link_off:", on_click=_unlink, args=(wb, user), help=_LINKED
            )
        st.button(
            label, key="us_active", icon=f":material/{icon}:", on_click=_switch, args=(wb, user, not one.is_active)
        )


def _rights(wb: Workbench, user: User | None) -> tuple[list[str], Chosen]:
    """What somebody may, and whose patients are seen, which has to be chosen."""
    key = user.user_id if user else "new"
    groups, providers = users.scopes(wb)
    has = user.scope if user else Scope()
    roles = st.multiselect(
        "Roles",
        list(ROLES),
        default=[role for role in ROLES if user and role in user.roles],
        format_func=lambda role: ROLES[role].name,
        key=f"us_roles_{key}",
    )
    whose = _whose(user)
    offered = [ALL, ONLY, *[NOBODY] * (whose == NOBODY)]
    sees = st.radio(
        "Sees",
        offered,
        index=offered.index(whose) if whose else None,
        format_func=WHOSE.__getitem__,
        key=f"us_sees_{key}",
        help="Only patients of …: those in one of the groups chosen below. Where providers are chosen too, those of "
        "them whose PCP is one of these.",
    )
    in_groups = _limit("Groups", groups, has.groups, key=f"us_groups_{key}")
    of_providers = _limit("Providers", providers, has.providers, key=f"us_providers_{key}")
    return roles, Chosen(sees, in_groups, of_providers)


def _limit(label: str, offered: dict[str, str], has: frozenset[str] | None, *, key: str) -> list[str]:
    """What of the offered groups or providers is chosen. Those somebody is limited to are offered in any case."""
    gone = sorted((has or frozenset()) - offered.keys())
    return st.multiselect(
        label,
        [*offered, *gone],
        default=[each for each in (*offered, *gone) if each in (has or ())],
        format_func=lambda each: offered.get(each, f"{each} (not in the feed)"),
        placeholder=f"Choose {label.lower()}",
        key=key,
    )


def _whose(user: User | None) -> str | None:
    if user is None:
        return None
    limits = [each for each in (user.scope.groups, user.scope.providers) if each is not None]
    return ALL if not limits else ONLY if all(limits) else NOBODY


def _scope(chosen: Chosen, user: User | None) -> Scope:
    """The limits that were chosen. Raises NotAllowed for a choice that contradicts itself: nothing is opened by what
    was left out."""
    limits = chosen.groups + chosen.providers
    if chosen.sees == NOBODY and user is not None:
        return user.scope
    if chosen.sees == ALL and not limits:
        return Scope()
    if chosen.sees == ONLY and limits:
        return Scope(frozenset(chosen.groups) or None, frozenset(chosen.providers) or None)
    raise NotAllowed(
        {
            ALL: "Groups or providers are chosen beside all patients. Take them away, or choose 'Only patients of …'.",
            ONLY: "Choose a group or a provider whose patients are seen, or choose 'All patients'.",
        }.get(chosen.sees or "", "Choose whose patients this person sees.")
    )


@guarded
def _change(wb: Workbench, user: User, name: str, email: str, roles: list[str], chosen: Chosen) -> None:
    users.change(wb, user.user_id, name=name, email=email, roles=roles, scope=_scope(chosen, user))
    notice("Saved")
    st.rerun()


@guarded
def _reset(wb: Workbench, user: User) -> None:
    st.session_state["us_given"] = (user.name, users.reset_password(wb, user.user_id))


@guarded
def _end(wb: Workbench, user: User) -> None:
    notice(f"{count(users.end_sessions(wb, user.user_id), 'session')} ended")


@guarded
def _unlink(wb: Workbench, user: User) -> None:
    openid.unlink(wb, user.user_id)
    notice("Unlinked")


@guarded
def _switch(wb: Workbench, user: User, is_active: bool) -> None:
    users.change(wb, user.user_id, is_active=is_active)


show()
