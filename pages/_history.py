"""The history of one patient's message: every attempt, what the server or Twilio said, and what was heard later."""

import streamlit as st

from core import communications, merges, patients
from core.communications import DECISIONS
from core.domain.address import phone_text
from core.domain.call_words import CONNECT, REPEAT, STOP
from core.domain.communication import EVENTS, OUTCOMES, Attempt, Communication, Event
from core.domain.message import STATES, reason_sentence, words_of
from core.domain.organisation import EMAIL, LETTER
from core.domain.wording import LANGUAGES
from core.errors import CareloopError
from core.workbench import Workbench
from pages._letter_words import letter_words
from pages._shared import moment, plain, result_badge, summary_link

_MARKS = {
    "accepted": ":green[:material/check_circle:]",
    "temporary": ":orange[:material/update:]",
    "permanent": ":red[:material/error:]",
    "unknown": ":violet[:material/help:]",
    None: ":gray[:material/hourglass_top:]",
}
_HEARD = {
    "delivered": ":green[:material/mark_email_read:]",
    "bounced": ":red[:material/undo:]",
    "delayed": ":orange[:material/hourglass_top:]",
    "complained": ":red[:material/report:]",
    "opted_out": ":gray[:material/block:]",
    "resolved": ":blue[:material/how_to_reg:]",
    "sent": ":gray[:material/send:]",
    "undelivered": ":red[:material/error:]",
    "failed": ":red[:material/error:]",
    "busy": ":orange[:material/phone_missed:]",
    "no_answer": ":orange[:material/phone_missed:]",
    "ringing": ":gray[:material/ring_volume:]",
    "answered": ":green[:material/person:]",
    "machine": ":blue[:material/voicemail:]",
    "key": ":blue[:material/dialpad:]",
    "completed": ":gray[:material/call_end:]",
}
_KEYS = {
    REPEAT: "to hear it again",
    CONNECT: "to be connected with the office",
    STOP: "for no more calls",
}


@st.dialog("History of the message", width="medium", icon=":material/history:")
def show_history(wb: Workbench, campaign_id: str, patient_id: str) -> None:
    """The dialog."""
    draw_history(wb, campaign_id, patient_id)


def draw_history(wb: Workbench, campaign_id: str, patient_id: str) -> None:
    """What became of a message, its attempts, then everything heard of it, oldest first."""
    try:
        channel = communications.campaign_of(wb, campaign_id, patient_id).channel
        found = communications.history(wb, campaign_id, patient_id)
        name = patients.patient(wb, merges.survivor(wb, patient_id)).name
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    badge, why = result_badge(STATES[found.state].result), plain(words_of(found.state, found.reason, channel))
    st.markdown(f"**{plain(name or patient_id)}**  \n{badge} {why}")
    summary_link(patient_id, "Open the summary")
    if channel == LETTER:
        _letter(wb, campaign_id, patient_id)
        return
    st.table(_facts(wb, found, channel), border="horizontal", hide_header=True, alt="Where the message went")
    st.markdown("**Attempts**")
    if not found.attempts:
        st.caption(f"None: it was never handed to {'the mail server' if channel == EMAIL else 'Twilio'}.")
    for attempt in found.attempts:
        st.markdown(_attempt(wb, attempt, channel))
    if found.events:
        st.markdown("**Afterwards**")
    for event in found.events:
        st.markdown(_event(wb, event, channel))


def _letter(wb: Workbench, campaign_id: str, patient_id: str) -> None:
    """What is known of a letter: nobody tells whether it arrived."""
    for one in communications.letters_of(wb, merges.survivor(wb, patient_id)):
        if one.campaign_id == campaign_id:
            st.caption(plain(letter_words(wb, one)))


def _facts(wb: Workbench, found: Communication, channel: str) -> dict[str, str]:
    language = plain(LANGUAGES.get(found.language or "", found.language or ""))
    facts = {
        "Message": "Introductory email" if found.message == "introductory" else "The campaign's",
        **_went_to(found, channel),
        "Language": language,
        "Message-ID" if channel == EMAIL else "Twilio's id": _exactly(found.message_id),
        "Not before": moment(found.next_at, wb) if found.next_at else None,
        "Held by": _exactly(found.claimed_by) if found.state == "claimed" else None,
    }
    return {name: text for name, text in facts.items() if text}


def _went_to(found: Communication, channel: str) -> dict[str, str]:
    if channel == EMAIL:
        return {"Address": _exactly(found.address)}
    return {"Number": _exactly(phone_text(found.address or ""))}


def _exactly(text: str | None) -> str:
    """As code, so that it can be copied, and an address is no link."""
    return f"`{text.replace('`', ' ')}`" if text else ""


def _attempt(wb: Workbench, attempt: Attempt, channel: str) -> str:
    """'1. Tue 24 Nov 2026, 12:00:03 · taken over', below it the words of the server or Twilio, and who tried."""
    at = moment(attempt.started_at, wb, seconds=True)
    head = f"{_MARKS[attempt.outcome]} **{attempt.number}.** {at} · {OUTCOMES[attempt.outcome]}"
    said = " ".join(part for part in (attempt.code, attempt.reply) if part)
    words = [_said(said, channel) if said else "", f"Sent by {attempt.worker}"]
    return "  \n".join([head, *(f":gray[:small[{plain(each)}]]" for each in words if each)])


def _event(wb: Workbench, event: Event, channel: str) -> str:
    kind, details = EVENTS.get(event.kind, event.kind.replace("_", " ").capitalize()), event.details
    head = f"{_HEARD.get(event.kind, ':gray[:material/info:]')} {moment(event.at, wb, seconds=True)} · {plain(kind)}"
    if event.kind == "resolved":
        head += f" by {plain(event.by)}: {DECISIONS.get(details.get('decision', ''), '')}"
    elif event.kind == "key":
        head += f" {plain(_key(str(details.get('key') or '')))}"
    elif details.get("reason"):
        head += f": {plain(reason_sentence(details['reason'], channel))}"
    said = " ".join(str(details[part]) for part in ("error", "code", "reply") if details.get(part))
    return f"{head}  \n:gray[:small[{plain(_said(said, channel))}]]" if said else head


def _key(key: str) -> str:
    """'(1 to hear it again)', after 'Pressed a key'."""
    return f"({key} {_KEYS[key]})" if key in _KEYS else f"({key or 'none'})"


def _said(words: str, channel: str) -> str:
    return f"{'The server' if channel == EMAIL else 'Twilio'} said: {words}"
