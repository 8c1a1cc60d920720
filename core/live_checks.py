"""What must be right before a home goes live, each as one line of a check list."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from core import feed_gate, generated_feeds, home_rules, lateness, loads, users
from core.account_tests import last_tests
from core.backups import BACKUP_MARK
from core.domain.invented import is_invented_email, is_invented_number
from core.domain.organisation import Organisation
from core.domain.setting_table import SETTINGS
from core.domain.setting_words import value_text
from core.domain.wording import day_text
from core.sending_accounts import SMTP, TWILIO
from core.settings import Settings, is_loopback
from core.store import accounts, mode_rows
from core.store.database import reading
from core.workbench import Workbench

OK, WRONG, UNKNOWN = "ok", "wrong", "unknown"
LOOKED_AT = {  # what a person has to look at: the settings that belong to it
    "windows": ("time_zone", "email_windows", "text_windows", "phone_windows", "holidays_off",
                "extra_holidays", "quiet_from", "quiet_until", "state_quiet_hours"),
    "policy": ("messaging_policy", "opt_out_policy", "names_in_bodies", "text_needs_consent"),
}  # fmt: skip
_TESTED_FOR, _BACKED_UP_FOR = timedelta(days=7), timedelta(hours=48)


@dataclass(frozen=True)
class Check:
    """state: 'ok', 'wrong' (the home cannot go live) or 'unknown' (it can: a person should know).

    sentence   what was found, what_to_do what puts it right; '' when nothing is to be done
    account    the account that a test without a message would put right; '' when there is none
    facts      what there is to look at, one below the other
    """

    key: str
    title: str
    state: str
    sentence: str
    what_to_do: str = ""
    account: str = ""
    facts: tuple[str, ...] = ()

    @property
    def may_be_confirmed(self) -> bool:
        """Whether it is right as soon as a person says that they have looked at it."""
        return self.key in LOOKED_AT and self.state != OK


def all_checks(wb: Workbench) -> list[Check]:
    """Every check, in the order in which people set a home up."""
    organisation = wb.organisation()
    return [
        *_home_checks(wb),
        *_organisation_checks(organisation),
        _support(organisation),
        *_account_checks(wb),
        _public_url(wb.settings),
        _secrets(wb.settings),
        _database(wb),
        _people(wb),
        _feed(wb),
        _looked_at(wb, organisation, "windows", "Sending windows and time zone"),
        _looked_at(wb, organisation, "policy", "Messaging policy"),
        _senders(wb),
        _waiting(wb),
        _backup(wb),
    ]


def digest_of(organisation: Organisation, key: str) -> str:
    """Of the settings that belong to a check: another as soon as one of them changes."""
    values = [repr(getattr(organisation, name)) for name in LOOKED_AT[key]]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


# ---- this home -----------------------------------------------------------------------------------------------------
def _home_checks(wb: Workbench) -> Iterator[Check]:
    title, separate = (
        "Real patients only",
        "Make a home of its own (CARELOOP_HOME) for live, and load your own feed there.",
    )
    found = ["demo"] if wb.settings.demo else generated_feeds.generators(wb)
    if found:
        sentence = f"Invented patients were loaded into this home ({', '.join(found)}): it can never go live."
        yield Check("patients", title, WRONG, sentence, separate)
    else:
        yield Check("patients", title, OK, "No invented patients were ever loaded here.")
    title = "True histories"
    with reading(wb.engine) as connection:
        count = 0 if mode_rows.mode(connection).was_live else mode_rows.handed_over_count(connection)
    if count:
        sentence = f"{count:,} messages went to the sandbox: patients' histories say that they were written to."
        yield Check("histories", title, WRONG, sentence, separate)
    else:
        yield Check("histories", title, OK, "No patient's history holds a message that never left.")


# ---- the organisation ----------------------------------------------------------------------------------------------
def _organisation_checks(organisation: Organisation) -> Iterator[Check]:
    wrong, settings = home_rules.unset(vars(organisation)), "Change it in the organisation's settings."
    for key, title, sentence in (
        ("name", "Name of the organisation", organisation.name),
        ("postal_address", "Postal address", "It stands in every email."),
        ("call_back_number", "Call-back number", organisation.call_back_number),
        ("from_email", "From Email Address", organisation.from_email),
    ):
        problem = wrong.pop(key, "")
        yield Check(key, title, *_state(not problem, problem or sentence, settings))
    names = ", ".join(SETTINGS[key].label for key in wrong)
    sentence = f"Invented addresses or numbers stand in: {names}." if names else "None is invented."
    yield Check("contacts", "Other contacts", *_state(not names, sentence, settings))


def _support(organisation: Organisation) -> Check:
    title = "Support requests"
    if organisation.support_email:
        return Check("support", title, OK, f"They go to {organisation.support_email}.")
    sentence = "Nobody is told of them by email: they wait on the administrators' Home and under Help."
    return Check("support", title, UNKNOWN, sentence, "Set an email address of support in the organisation's settings.")


# ---- what messages leave by ----------------------------------------------------------------------------------------
def _account_checks(wb: Workbench) -> Iterator[Check]:
    settings, tests = wb.settings, last_tests(wb)
    rows = (
        ("mail_server", "Mail server", SMTP, settings.keeps_mails, "CARELOOP_SMTP", "emails"),
        ("twilio", "Twilio account", TWILIO, settings.keeps_texts, "CARELOOP_TWILIO_URL", "texts and calls"),
    )
    for key, title, account, is_kept, setting, what in rows:
        if is_kept:
            state = WRONG if settings.keeps_mails and settings.keeps_texts else UNKNOWN
            sentence = f"None is set: no {what} leave."
            yield Check(key, title, state, sentence, f"Set {setting} in the environment, then test it.")
            continue
        if account == TWILIO and is_invented_number(settings.twilio_from):
            sentence = "The number that texts and calls come from is one that nobody has."
            yield Check(key, title, WRONG, sentence, "Set CARELOOP_TWILIO_FROM in the environment.")
            continue
        test = tests.get(account)
        is_recent = test is not None and wb.now() - test.at <= _TESTED_FOR
        is_good = test is not None and test.is_good and test.is_current and is_recent
        sentence = (
            "It answered and took the login." if is_good else "It has not answered in a test in the last seven days."
        )
        to_do = "Test the connection; no message is sent."
        yield Check(key, title, *_state(is_good, sentence, to_do), "" if is_good else account)


def _public_url(settings: Settings) -> Check:
    address = urlsplit(settings.public_url)
    is_good = address.scheme == "https" and not is_loopback(address.hostname or "")
    is_good = is_good and not is_invented_email(f"@{address.hostname}")
    sentence = settings.public_url if is_good else "Patients cannot open the links in mails, or not safely."
    return Check(
        "public_url", "Public address", *_state(is_good, sentence, "Set CARELOOP_PUBLIC_URL to an https address.")
    )


def _secrets(settings: Settings) -> Check:
    problems = home_rules.secret_problems(settings)
    sentence = " ".join(problems) or "Nobody else can read them."
    return Check("secrets", "Secrets", *_state(not problems, sentence, "They are for Careloop's own account alone."))


def _database(wb: Workbench) -> Check:
    problem, is_file = home_rules.database_problem(wb), wb.engine.dialect.name == "sqlite"
    sentence = problem or ("SQLite, for the owner of the file alone." if is_file else "PostgreSQL.")
    return Check("database", "Database", *_state(not problem, sentence, "It is for Careloop's own account alone."))


# ---- people and data -----------------------------------------------------------------------------------------------
def _people(wb: Workbench) -> Check:
    with reading(wb.engine) as connection:
        can = users.with_way_in(wb, connection)
        found = [each for each in accounts.administrators(connection) if each.user_id in can]
    count = sum(not is_invented_email(each.email or "") for each in found)
    nobody = "No administrator who can sign in has a real email address."
    sentence = f"{count} with an email address can sign in." if count else nobody
    to_do = "Add one with an email address on the Users page: alarms go there."
    return Check("administrators", "Administrators", *_state(count > 0, sentence, to_do))


def _feed(wb: Workbench) -> Check:
    title, to_do = "Feed", "Look at the Data page, or run 'careloop feed status'."
    last = loads.current(wb)
    if last is None:
        return Check("feed", title, WRONG, "No feed was loaded yet.", "Load one with 'careloop load'.")
    gate = feed_gate.gate(wb)
    if not gate.is_open:
        reasons = tuple(problem.sentence for problem in gate.problems)
        return Check("feed", title, WRONG, "The feed gate is closed.", to_do, facts=reasons)
    alarms = lateness.alarms(wb)
    return Check("feed", title, *_state(not alarms, alarms[0].sentence if alarms else "Loaded and fresh.", to_do))


def _looked_at(wb: Workbench, organisation: Organisation, key: str, title: str) -> Check:
    with reading(wb.engine) as connection:
        found = mode_rows.confirmed(connection, key)
    if found and found[0] == digest_of(organisation, key):
        on = day_text(found[1].astimezone(wb.zone()).date())
        return Check(key, title, OK, f"{found[2]} looked at it on {on}.")
    facts = tuple(
        f"{SETTINGS[name].label}: {value_text(SETTINGS[name], getattr(organisation, name))}" for name in LOOKED_AT[key]
    )
    to_do = "Look at it, then say so."
    return Check(key, title, UNKNOWN, "Nobody has looked at it as it is now.", to_do, facts=facts)


def _senders(wb: Workbench) -> Check:
    with reading(wb.engine) as connection:
        wrong = sum(is_invented_email(each) for each in mode_rows.active_senders(connection))
    sentence = "Active campaigns come from an invented From Email Address." if wrong else "None is invented."
    to_do = "Stop them, and copy them with an address of your practice."
    return Check("senders", "Senders of active campaigns", *_state(not wrong, sentence, to_do))


def _waiting(wb: Workbench) -> Check:
    count = feed_gate.waiting_count(wb)
    if not count:
        return Check("waiting", "Waiting messages", OK, "No message of an active campaign waits.")
    sentence = f"{count:,} messages of active campaigns will leave in their windows."
    return Check("waiting", "Waiting messages", UNKNOWN, sentence, "Make campaigns inactive that are not meant.")


def _backup(wb: Workbench) -> Check:
    mark, title = wb.settings.home / BACKUP_MARK, "Backup"
    age = wb.now().timestamp() - mark.stat().st_mtime if mark.exists() else None
    if age is not None and age <= _BACKED_UP_FOR.total_seconds():
        return Check("backup", title, OK, "One was made in the last 48 hours.")
    to_do = "Run 'careloop backup', every day by itself (docs/operation.md)."
    return Check("backup", title, UNKNOWN, "None is known of the last 48 hours.", to_do)


def _state(is_right: bool, sentence: str, to_do: str) -> tuple[str, str, str]:
    return (OK, sentence, "") if is_right else (WRONG, sentence, to_do)
