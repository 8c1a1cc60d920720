"""From sandbox to live, and back: a deliberate step with a check list, kept with who, when and why."""

from core import account_tests
from core.account_tests import AccountTest
from core.audit import record_in
from core.domain.organisation import EMAIL, TEXT
from core.domain.role import OPERATE
from core.errors import NotAllowed, NotFound
from core.home_mode import is_kept
from core.home_mode import mode as mode
from core.live_checks import LOOKED_AT, OK, WRONG, all_checks, digest_of
from core.live_checks import Check as Check
from core.sending_accounts import SMTP, TWILIO
from core.store import mode_rows
from core.store.database import writing
from core.store.mode_rows import LIVE, SANDBOX
from core.workbench import DISPATCHER, Workbench, needs

_LONGEST_REASON = 500  # characters


@needs(OPERATE)
def checklist(wb: Workbench) -> list[Check]:
    """What must be right before this home goes live, and what is: asked anew each time. Nothing is sent."""
    return all_checks(wb)


@needs(OPERATE)
def go_live(wb: Workbench, *, confirm: str, reason: str) -> None:
    """From now on messages leave for patients.

    confirm   the organisation's name, typed by whoever decides
    reason    why now, for whoever reads it later; no patient's data
    Raises NotAllowed when a check is wrong, the name is not the organisation's, the home is live, or the user may not.
    """
    words = _reason(wb, reason)
    if mode(wb).is_live:
        raise NotAllowed("This home is live already.")
    if confirm.strip() != wb.organisation().name.strip():
        raise NotAllowed(
            "This is not the organisation's name. Nothing was changed: type it as it stands in the settings."
        )
    found = checklist(wb)
    wrong = [check for check in found if check.state == WRONG]
    if wrong:
        listed = " ".join(f"{check.title}: {' '.join((check.sentence, *check.facts))}" for check in wrong)
        raise NotAllowed(f"This home cannot go live yet. {listed}")
    warnings = [check.key for check in found if check.state != OK]
    _change(wb, LIVE, words, warnings)


@needs(OPERATE)
def back_to_sandbox(wb: Workbench, *, reason: str) -> None:
    """From the next message on nothing leaves any more. Raises NotAllowed when the home is a sandbox already."""
    words = _reason(wb, reason)
    if not mode(wb).is_live:
        raise NotAllowed("This home is a sandbox already.")
    _change(wb, SANDBOX, words, [])


@needs(OPERATE)
def confirm_looked_at(wb: Workbench, key: str) -> None:
    """Say that you have looked at the settings of a check, 'windows' or 'policy'. Counts until one of them changes."""
    if key not in LOOKED_AT:
        raise NotFound(f"There is nothing to look at under this name. Names: {', '.join(LOOKED_AT)}.")
    digest = digest_of(wb.organisation(), key)
    with writing(wb.engine) as connection:
        mode_rows.confirm(connection, key, digest, at=wb.now(), by=wb.user.user_id)
        record_in(wb, connection, "live.looked_at", key)


@needs(OPERATE)
def try_account(wb: Workbench, kind: str) -> AccountTest:
    """Connect to the mail server or to Twilio (core.sending_accounts.KINDS) and log in; no message is sent.

    Also in a sandbox, since that is what comes before going live. Raises NotAllowed when no server is set for it.
    """
    if kind not in (SMTP, TWILIO):
        raise NotFound(f"There is no account of this name. Accounts: {SMTP}, {TWILIO} (texts and calls).")
    if is_kept(wb.settings, EMAIL if kind == SMTP else TEXT):
        setting = "CARELOOP_SMTP" if kind == SMTP else "CARELOOP_TWILIO_URL"
        raise NotAllowed(f"No server is set for it. Set {setting} in the environment.")
    return account_tests.try_account(wb, kind)


def _change(wb: Workbench, to: str, reason: str, warnings: list[str]) -> None:
    with writing(wb.engine) as connection:
        at, by = wb.now(), wb.user.user_id
        mode_rows.add_mode(connection, to, at=at, by=by, reason=reason, warnings=warnings)
        record_in(wb, connection, f"home.{to}", reason=reason, warnings=warnings)


def _reason(wb: Workbench, reason: str) -> str:
    if wb.user.user_id == DISPATCHER:
        raise NotAllowed("The dispatcher never changes the mode of a home: a person must have decided that.")
    if wb.user.scope.groups is not None or wb.user.scope.providers is not None:
        raise NotAllowed("This holds for all patients. Ask somebody who may see all of them.")
    words = " ".join(reason.split())
    if not words or len(words) > _LONGEST_REASON:
        raise NotAllowed(f"It needs a reason of at most {_LONGEST_REASON} characters. Nothing was changed.")
    return words
