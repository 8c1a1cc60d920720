"""Whom a campaign did not reach, by reason, and what can be done about each: often a follow-up by another mode."""

from dataclasses import dataclass

import polars as pl

from core.domain.clinical import schema
from core.domain.contact_steps import is_held_out
from core.domain.message import RESULTS, STATES, reason_sentence, words_of
from core.domain.organisation import EMAIL, LETTER, PHONE, TEXT

FAILURES = schema(
    {
        "result": pl.String,
        "reason": pl.String,  # the sentence people read
        "key": pl.String,  # as it is kept
        "count": pl.Int64,
        "advice": pl.String,
        "mode": pl.String,  # of the follow-up that helps; '' for none
    }
)
_TOLD = ("Returned", "Unsuccessful", "Introductory Email", "Not sent", "Unknown")


@dataclass(frozen=True)
class Advice:
    """What to do, and by which mode a follow-up helps ('' for none, SAME for that of the campaign)."""

    words: str
    mode: str = ""


SAME = "same"
_WISH = Advice("Their wish, which counts. Nothing to do.")
_NOTHING = Advice("Nothing to do.")
_ADDRESS = Advice("Ask for the right one: they are on the data repair list. Meanwhile a letter reaches them.", LETTER)
_CALL = Advice("Ask for the right address. Meanwhile a call reaches them.", PHONE)
_AGAIN = Advice("They can be tried again.", SAME)
_ACCOUNT = Advice("Put the account right under Settings, then send again.", SAME)
_RECORD = Advice("Complete the record, then send again.", SAME)
_BY_LETTER = Advice("A letter reaches them.", LETTER)
_INTRODUCED = Advice("They got the introductory email in its place: from two days later on the campaign email.", SAME)
_DECIDE = Advice("Decide about each of them above.")
_ADULT = Advice("Say in the record who answers for them. A letter goes to the parents.", LETTER)

# Why somebody was not sent the message, or it failed; keys without the part after a colon.
_BY_REASON: dict[str, Advice] = {
    **dict.fromkeys(("opted_out", "no_consent", "no_text_consent", "no_phone_consent", "stopped_at_provider"), _WISH),
    **dict.fromkeys(("unknown_patient", "merged", "deceased", "test_patient", "inactive", "hold_out"), _NOTHING),
    **dict.fromkeys(("introduced", "gap_closed", "remark", "booked", "same_address", "same_number"), _NOTHING),
    **dict.fromkeys(("no_address", "no_mobile", "no_number", "invalid_address", "invalid_number"), _ADDRESS),
    **dict.fromkeys(("bounced", "number_unusable", "address_refused", "number_invalid", "handset_unknown"), _ADDRESS),
    **dict.fromkeys(("landline", "not_a_mobile", "texts_blocked", "shared_number"), _BY_LETTER),
    "consent_missing": Advice("Ask for the consent at the next visit. A letter needs none.", LETTER),
    **dict.fromkeys(("minor", "minor_number"), _ADULT),
    "minor_alone": _NOTHING,
    **dict.fromkeys(("missing_field", "cannot_be_written", "no_glyph", "address_too_long"), _RECORD),
    **dict.fromkeys(("too_late", "contacted_today", "contacted_often", "stopped", "too_late_to_arrive"), _AGAIN),
    **dict.fromkeys(("no_connection", "connection_broke", "server_busy", "no_tls", "login_refused"), _ACCOUNT),
    **dict.fromkeys(("account_suspended", "sender_number_refused", "no_server_set", "sender_refused"), _ACCOUNT),
    **dict.fromkeys(("unregistered_sender", "country_not_allowed", "no_ledger", "no_journal"), _ACCOUNT),
    "comes_later": Advice("From their day on a copy of the campaign is for them.", SAME),
    "filtered": Advice("Carriers took the text for spam: write another text, or a letter.", LETTER),
    "message_refused": Advice("The server did not take the message: change it, then send again.", SAME),
    **dict.fromkeys(("queue_full", "too_fast", "not_at_provider", "worker_lost"), _AGAIN),
}
_BY_RESULT: dict[tuple[str, str], Advice] = {
    ("Returned", EMAIL): _ADDRESS,
    ("Returned", LETTER): _CALL,
    ("Unsuccessful", EMAIL): _AGAIN,
    ("Unsuccessful", TEXT): _BY_LETTER,
    ("Unsuccessful", PHONE): _BY_LETTER,
    ("Not sent", LETTER): _CALL,
}


def advice(channel: str, result: str, key: str) -> Advice:
    """What to do about patients with this result and reason of a campaign by `channel`; `mode` is a mode or ''."""
    found = _advice(channel, result, key.partition(":")[0])
    if found.mode == SAME:
        return Advice(found.words, channel)
    return _CALL if found.mode == channel == LETTER else found


def _advice(channel: str, result: str, kind: str) -> Advice:
    if result == "Unknown":
        return _DECIDE
    if result == "Introductory Email":
        return _INTRODUCED
    if result == "Returned":
        return _BY_RESULT.get((result, channel), _BY_LETTER)
    return _BY_REASON.get(kind) or _BY_RESULT.get((result, channel), _NOTHING)


def failures(people: pl.DataFrame, channel: str) -> pl.DataFrame:
    """FAILURES of the recipients (state, reason and arm), by result in the order of RESULTS, the most frequent first.
    Whoever was reached, still waits or was held out is not among them."""
    results = {state: meaning.result for state, meaning in STATES.items()}
    rows = (
        people.filter(~is_held_out())
        .group_by("state", key="reason")
        .agg(count=pl.len().cast(pl.Int64))
        .with_columns(result=pl.col("state").replace_strict(results, return_dtype=pl.String))
        .filter(pl.col("result").is_in(_TOLD))
    )
    told = [
        (row["result"], _sentence(row, channel), row["key"], row["count"], found.words, found.mode)
        for row in rows.iter_rows(named=True)
        for found in [advice(channel, row["result"], row["key"])]
    ]
    frame = pl.DataFrame(told, schema=FAILURES, orient="row")
    frame = frame.group_by(pl.exclude("count"), maintain_order=True).agg(pl.sum("count")).select(*FAILURES)
    order = pl.Enum(RESULTS)
    return frame.sort(pl.col("result").cast(order), "count", "reason", descending=[False, True, False])


def _sentence(row: dict[str, str], channel: str) -> str:
    return reason_sentence(row["key"], channel) or words_of(row["state"], row["key"], channel)
