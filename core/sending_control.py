"""What holds sending back: 'pause all sending', an account that is paused because it fails, the feed gate
(C9), and a restored backup until it is reconciled."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core import feed_gate
from core.audit import record_in
from core.domain.message import reason_sentence
from core.domain.organisation import CHANNELS, EMAIL, PHONE, TEXT
from core.domain.role import ACTIVATE_CAMPAIGNS, READ_PATIENTS, refusal
from core.domain.sending_account import PROBE_EVERY, Account, after_failure, after_success
from core.domain.wording import day_text, moment_text
from core.errors import NotAllowed, SendError
from core.home_mode import mode, why_held
from core.store import accounts, restore_rows
from core.store import sending as rows
from core.store.database import reading, writing
from core.store.restore_rows import Restored
from core.store.sending import Pause
from core.workbench import DISPATCHER, Workbench, needs

_LONGEST_REASON = 200  # characters
_PAUSED = {EMAIL: "Sending is", TEXT: "Texts are", PHONE: "Calls are"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hold:
    """Why nothing leaves now. kind: 'restore', 'pause' (a person said so), 'account', 'mode' (sandbox, live) or 'gate'.

    short      continues the list of campaigns: 'Waiting: ...'
    sentence   a whole sentence: what happened, since when, and what follows
    """

    kind: str
    since: datetime
    short: str
    sentence: str


@needs(READ_PATIENTS)
def pause_all(wb: Workbench, *, reason: str) -> Pause:
    """Let nothing leave, in any campaign, until somebody resumes. Takes effect before the next message.

    Whoever may see patients may: a pause too many costs an hour, a message too many cannot be taken back. `reason` says
    why to whoever reads it later, without patients' data. Raises NotAllowed without one; a pause that holds already
    stays as it is.
    """
    words = _reason(reason)
    with writing(wb.engine) as connection:
        found = rows.pause(connection)
        if found is None:
            rows.add_pause(connection, reason=words, at=wb.now(), by=wb.user.user_id)
            record_in(wb, connection, "sending.paused", reason=words)
            found = rows.pause(connection)
        assert found is not None
        return found


@needs(ACTIVATE_CAMPAIGNS)
def resume_all(wb: Workbench) -> bool:
    """Let messages leave again; returns False when nothing was paused. Raises NotAllowed for whoever may not."""
    _check_may_resume(wb)
    with writing(wb.engine) as connection:
        ended = rows.end_pauses(connection, at=wb.now(), by=wb.user.user_id)
        if ended:
            record_in(wb, connection, "sending.resumed")
    return ended > 0


def may_resume(wb: Workbench) -> bool:
    """Whether this user may end a pause and let a paused account be tried again."""
    return not _why_not_resume(wb)


@needs(ACTIVATE_CAMPAIGNS)
def try_account_again(wb: Workbench) -> None:
    """Let the dispatcher try a paused account again at once: somebody has looked at what was wrong."""
    _check_may_resume(wb)
    with writing(wb.engine) as connection:
        for channel in CHANNELS:
            account = rows.account_for_change(connection, channel)
            if account.paused_at is not None:
                rows.keep_account(connection, after_success(account))
                record_in(wb, connection, "sending.account_resumed", channel)


def holds(wb: Workbench, channel: str | None = None) -> list[Hold]:
    """Everything that keeps messages of a channel from leaving now, whatever the window, or of any channel; empty when
    nothing does."""
    asked = CHANNELS if channel is None else (channel,)
    with reading(wb.engine) as connection:
        paused, accounts = rows.pause(connection), [rows.account(connection, each) for each in asked]
        restored = restore_rows.open_restore(connection)
    found = [_restore_hold(wb, restored)] if restored else []
    found += [_pause_hold(wb, paused)] if paused else []
    found += [_account_hold(wb, account, account.paused_at) for account in accounts if account.paused_at is not None]
    found += _mode_holds(wb, asked)
    gate = feed_gate.gate(wb)
    if gate.since is not None:
        since = day_text(gate.since.astimezone(wb.zone()).date())
        sentence = f"The feed gate is closed since {since}: {gate.reason}"
        found.append(Hold("gate", gate.since, feed_gate.closed_sentence(wb), sentence))
    return found


def held_sentence(wb: Workbench, channel: str = EMAIL) -> str:
    """What a campaign of the channel that is due waits for; empty when nothing holds it."""
    if channel not in wb.organisation().modes:
        return "Waiting: the mode is turned off in the settings"
    return next((hold.short for hold in holds(wb, channel)), "")


def account_failed(wb: Workbench, error: SendError, channel: str = EMAIL) -> Account:
    """Count a failure that is about the account; the third in a row pauses it and says so."""
    with writing(wb.engine) as connection:
        before = rows.account_for_change(connection, channel)
        after = after_failure(before, reason=error.reason, reply=error.reply, at=wb.now())
        rows.keep_account(connection, after)
        if after.paused_at and not before.paused_at:
            record_in(wb, connection, "sending.account_paused", channel, reason=error.reason, code=error.code)
    if after.paused_at and not before.paused_at:
        _log.error("sending is paused: %s %s %s", reason_sentence(error.reason, channel), error.code, error.reply)
    return after


def account_works(wb: Workbench, channel: str = EMAIL) -> None:
    """The account has taken a message: earlier failures are forgotten."""
    with reading(wb.engine) as connection:
        if not rows.account(connection, channel).failures:
            return
    with writing(wb.engine) as connection:
        account = rows.account_for_change(connection, channel)
        rows.keep_account(connection, after_success(account))
        if account.paused_at:
            record_in(wb, connection, "sending.account_resumed", channel)
            _log.warning("%s takes messages again", "the mail server" if channel == EMAIL else "Twilio")


def may_probe(wb: Workbench, channel: str = EMAIL) -> bool:
    """Whether this worker is the one that tries the paused account again now."""
    at = wb.now()
    with writing(wb.engine) as connection:
        return rows.take_probe(connection, channel, at=at, next_at=at + PROBE_EVERY)


def is_paused(wb: Workbench) -> tuple[bool, bool]:
    """Whether a person has paused sending, and whether any account is paused."""
    with reading(wb.engine) as connection:
        accounts = [rows.account(connection, channel) for channel in CHANNELS]
        return rows.pause(connection) is not None, any(account.paused_at for account in accounts)


def _restore_hold(wb: Workbench, restored: Restored) -> Hold:
    made, since = (moment_text(at.astimezone(wb.zone())) for at in (restored.made_at, restored.restored_at))
    return Hold(
        "restore",
        restored.restored_at,
        "Waiting: a backup was restored and is not reconciled",
        f"Nothing is sent or printed: the backup of {made} was restored on {since}, and messages that wait in it may "
        "have left since. 'careloop reconcile' on the server says what is known and lets messages leave again.",
    )


def _mode_holds(wb: Workbench, channels: Sequence[str]) -> list[Hold]:
    """That the home was made a sandbox again, or that it is live and has no server for any of these channels."""
    now = mode(wb)
    why = {each: why_held(wb.settings, now, each) for each in channels}
    if now.at is None or not all(why.values()):
        return []
    sentence = why[channels[0]]
    return [Hold("mode", now.at, f"Waiting: {sentence[0].lower()}{sentence[1:].removesuffix('.')}", sentence)]


def _pause_hold(wb: Workbench, paused: Pause) -> Hold:
    since = moment_text(paused.at.astimezone(wb.zone()))
    return Hold(
        "pause",
        paused.at,
        "Waiting: all sending is paused",
        f"All sending is paused since {since} by {accounts.user_name(wb.engine, paused.by)}: {paused.reason}",
    )


def _account_hold(wb: Workbench, account: Account, since: datetime) -> Hold:
    why = reason_sentence(account.reason, account.account)
    follows = (
        "Nothing is tried until somebody has put that right and chooses 'Try again'."
        if account.needs_person
        else "It is tried again every minute; no patient has lost an attempt."
    )
    words = f" ({account.reply})" if account.reply else ""
    return Hold(
        "account",
        since,
        f"Waiting: {why}",
        f"{_PAUSED[account.account]} paused since {moment_text(since.astimezone(wb.zone()))}: {why}{words}. {follows}",
    )


def _reason(reason: str) -> str:
    words = " ".join(reason.split())
    if not words:
        raise NotAllowed("A pause needs a reason, for whoever wonders why nothing is sent.")
    if len(words) > _LONGEST_REASON:
        raise NotAllowed(f"The reason is too long: {_LONGEST_REASON} characters at most.")
    return words


def _check_may_resume(wb: Workbench) -> None:
    if why := _why_not_resume(wb):
        raise NotAllowed(why)


def _why_not_resume(wb: Workbench) -> str:
    if wb.user.user_id == DISPATCHER:
        return "The dispatcher never ends a pause: a person must have decided that."
    if not wb.user.may(ACTIVATE_CAMPAIGNS):
        return refusal(ACTIVATE_CAMPAIGNS)
    if wb.user.scope.groups is not None or wb.user.scope.providers is not None:
        return "A pause holds for all patients. Ask somebody who may see all of them to end it."
    return ""
