"""The mails of the Outbox: those that the sandbox kept instead of sending, as patients would see them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from core import outbox
from core.outbox import KeptMail, MailPage
from core.workbench import Workbench
from pages._mail import mail_frame, width_choice
from pages._patient_links import whose
from pages._shared import count, moment, plain


def show(wb: Workbench, search: str) -> None:
    """The list of mails, and the one chosen."""
    number = st.session_state.get("outbox_page", 1)
    found = outbox.mails(wb, search=search, page=number - 1)
    if found.count and not found.mails:  # fewer pages than before the search
        found = outbox.mails(wb, search=search)
    if not found.count:
        _empty(search)
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        chosen = _list(found, wb.zone())
    with right:
        _mail(wb, outbox.mail(wb, chosen))


def _empty(search: str) -> None:
    if search:
        st.info(
            "No mail has this in its address or subject. Clear the search to see all.", icon=":material/search_off:"
        )
        return
    st.info(
        "No mail yet. Activate a campaign: in the next email window its mails arrive here.", icon=":material/outbox:"
    )
    st.page_link("campaigns.py", label="Go to Campaigns", icon=":material/campaign:")


def _list(found: MailPage, zone: ZoneInfo) -> str:
    """The list; returns the name of the mail chosen, the newest unless another was."""
    st.caption(count(found.count, "mail") + ", newest first")
    rows = pl.DataFrame(
        {
            "Sent": [datetime.fromisoformat(mail.at).astimezone(zone) for mail in found.mails],
            "To": [mail.recipient for mail in found.mails],
            "Subject": [mail.subject for mail in found.mails],
        }
    )
    event = st.dataframe(
        rows,
        key="outbox_list",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=560,
        alt="Mails in the outbox",
        column_config={
            "To": st.column_config.TextColumn(width=170),
            "Subject": st.column_config.TextColumn(width="medium"),
            "Sent": st.column_config.DatetimeColumn(format="D MMM, HH:mm", width=105),
        },
    )
    if found.count > outbox.PAGE_SIZE:
        st.pagination(-(-found.count // outbox.PAGE_SIZE), key="outbox_page")
    chosen = [row for row in event.selection.rows if row < len(found.mails)]
    return found.mails[chosen[0] if chosen else 0].name


def _mail(wb: Workbench, mail: KeptMail) -> None:
    st.subheader(plain(mail.subject), anchor=False)
    at = moment(datetime.fromisoformat(mail.at), wb)
    st.caption(f"From {plain(mail.sender)}  \nTo {plain(mail.recipient)}  \nSent {at}")
    whose(wb, mail.recipient, part="communications")
    for number, (name, content) in enumerate(mail.attachments.items()):
        key = f"outbox_file_{mail.name}_{number}"
        icon, mime = ":material/attach_file:", "application/pdf"
        st.download_button(plain(name), content, name, mime, key=key, icon=icon, on_click="ignore")
    seen, text = st.tabs(["As seen", "Plain text"])
    with seen:
        if mail.html:
            mail_frame(mail.html, width=width_choice("outbox_width"))
        else:
            st.text(mail.text)  # as a mail program shows a mail without formatting
    with text:
        st.text(mail.text)
