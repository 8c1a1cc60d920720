"""The accounts outside: where each is set, never a secret, and a test with what it found."""

import streamlit as st

from core import account_tests, sending_accounts
from core.account_tests import AccountTest
from core.domain.address import is_email
from core.errors import CareloopError
from core.sending_accounts import SMTP, Account
from core.workbench import Workbench
from pages._shared import moment, plain

_ICONS = {"smtp": ":material/mail:", "mailbox": ":material/inbox:", "twilio": ":material/sms:"}


def accounts(wb: Workbench) -> None:
    """Draw the three of them."""
    st.caption(
        "They are set in the environment of the program, by whoever runs it, so that no secret lies in the database. "
        "A secret can also lie in a file or in the system's keyring."
    )
    known = account_tests.last_tests(wb)
    for each in sending_accounts.accounts(wb):
        with st.container(border=True):
            _account(wb, each, known.get(each.kind))


def _account(wb: Workbench, each: Account, tested: AccountTest | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{_ICONS[each.kind]} {plain(each.name)}**", width="content")
        if each.is_sandbox:
            st.badge("SANDBOX", icon=":material/science:", color="orange", help="Everything stays in the Outbox.")
        if each.is_set:
            _badge(tested)
    lines = [f"{plain(label)}: {_exact(value)} :small[{plain(variable)}]" for label, value, variable in each.rows]
    st.markdown("  \n".join(lines))
    for problem in each.problems:
        st.error(plain(problem), icon=":material/lock_open:")
    if not each.is_set:
        return
    _found(wb, tested)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        is_asked = st.button("Test", key=f"se_test_{each.kind}", icon=":material/network_check:")
        with_mail = each.kind == SMTP and is_email(wb.user.email or "") and st.checkbox(
            "Also send a test mail to my own address", key="se_test_mail"
        )  # fmt: skip
    if is_asked:
        _test(wb, each.kind, with_mail=bool(with_mail))


def _exact(value: str) -> str:
    """As it is, and no link even where it is an address."""
    return f"`{value.replace('`', '')}`"


def _badge(tested: AccountTest | None) -> None:
    if tested is None or not tested.is_current:
        st.badge("Not tested", icon=":material/help:", color="gray")
    elif tested.is_good:
        st.badge("Works", icon=":material/check_circle:", color="green")
    else:
        st.badge("Does not work", icon=":material/error:", color="red")


def _found(wb: Workbench, tested: AccountTest | None) -> None:
    """What the last test found, step by step."""
    if tested is None:
        return
    late = "" if tested.is_current else " · with other settings than now"
    st.caption(f"Tested {plain(moment(tested.at, wb))}{late}")
    for step in tested.steps:
        mark = ":green[:material/check:]" if step.is_good else ":red[:material/close:]"
        advice = f"  \n{plain(step.advice)}" if step.advice else ""
        st.markdown(f"{mark} {plain(step.words)}{advice}")


def _test(wb: Workbench, kind: str, *, with_mail: bool) -> None:
    try:
        with st.spinner("Asking ..."):
            account_tests.try_account(wb, kind, with_mail=with_mail)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.rerun()
