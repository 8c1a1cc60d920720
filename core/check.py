"""Whether this home is in order: settings, accounts, feed, disk, database and dispatcher, in rows with what to do."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core import feed_gate, home_rules, loads, organisation_settings
from core.account_tests import AccountTest, last_tests, try_account
from core.domain.organisation import Organisation
from core.domain.role import CHANGE_ORGANISATION
from core.domain.setting import SECTIONS
from core.domain.setting_checks import problems
from core.domain.setting_table import SETTINGS, of_section
from core.domain.setting_words import short_text
from core.domain.wording import moment_text
from core.errors import SettingsError
from core.sending_accounts import accounts
from core.store import dispatcher_rows
from core.store.database import reading, version
from core.workbench import Workbench, needs

OK, NOTE, WARNING, WRONG = STATES = ("ok", "note", "warning", "wrong")
_LITTLE, _TOO_LITTLE = 5e9, 1e9  # bytes free
_NO_SUPPORT_EMAIL = "Set one: nobody is told of support requests by email, they only wait under Help."
_SEEN = timedelta(minutes=1)  # a dispatcher gives a sign of life every few seconds


@dataclass(frozen=True)
class Row:
    """One line: `section` and `label` say of what, `words` how it is, `advice` what to do where it is not in order.

    reasons  why it is so, when there are several: one below the other
    state    'ok', 'note' (a setting that is not as in a new home), 'warning' (look at it before messages leave) or
             'wrong' (something does not work)
    """

    section: str
    label: str
    words: str
    state: str = OK
    advice: str = ""
    reasons: tuple[str, ...] = ()


@needs(CHANGE_ORGANISATION)
def rows(wb: Workbench, *, test_accounts: bool = False) -> list[Row]:
    """Everything, section by section. With `test_accounts` each account is tested first, which takes a minute at most.

    Raises NotAllowed for whoever may not change the organisation.
    """
    found = list(_settings(wb))
    try:
        wb.organisation()
    except SettingsError as error:  # nothing else can be asked before that is put right
        return [Row("Settings", "Settings", str(error), WRONG), *found]
    return [*_machine(wb), *_feed(wb), *_accounts(wb, test_accounts=test_accounts), *_secrets(wb), *found]


def is_in_order(found: list[Row]) -> bool:
    """Whether nothing is wrong; warnings may be there."""
    return all(row.state != WRONG for row in found)


def _machine(wb: Workbench) -> Iterator[Row]:
    section, home = "This machine", wb.settings.home
    free = shutil.disk_usage(home).free
    state = WRONG if free < _TOO_LITTLE else WARNING if free < _LITTLE else OK
    advice = "Make room: without it no message can be written down, and none is sent." if state != OK else ""
    yield Row(section, "Disk", f"{free / 1e9:,.1f} GB free", state, advice)
    problem = home_rules.home_problem(wb.settings)
    yield Row(section, "Home", *_private(problem, "only its owner can look into it"))
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(wb.engine.dialect.name, wb.engine.dialect.name)
    words = f"{kind}, tables at version {version(wb.engine)}{_size(wb)}"
    yield Row(section, "Database", *_private(home_rules.database_problem(wb), words))
    yield _dispatcher(wb, section)


def _private(problem: str, words: str) -> tuple[str, str, str]:
    return ("others can look into it", WARNING, problem) if problem else (words, OK, "")


def _size(wb: Workbench) -> str:
    file = Path(wb.engine.url.database or "")
    return f", {file.stat().st_size / 1e6:,.0f} MB" if wb.engine.dialect.name == "sqlite" and file.is_file() else ""


def _dispatcher(wb: Workbench, section: str) -> Row:
    with reading(wb.engine) as connection:
        seen = dispatcher_rows.last_beat(connection)
    waiting = feed_gate.waiting_count(wb)
    if seen is not None and wb.now() - seen < _SEEN:
        return Row(section, "Dispatcher", "at work")
    words = f"last seen {moment_text(seen.astimezone(wb.zone()))}" if seen else "not seen for a day"
    advice = "Start 'careloop serve' or 'careloop dispatch': nothing is sent or printed without one."
    return Row(section, "Dispatcher", f"{words}; {waiting:,} messages wait", WRONG if waiting else WARNING, advice)


def _feed(wb: Workbench) -> Iterator[Row]:
    gate, last = feed_gate.gate(wb), loads.history(wb)
    loaded = next((row for row in last if row.status == "loaded"), None)
    if loaded is None:
        yield Row("Feed", "Loaded", "nothing yet", WARNING, "Load a feed with 'careloop load FOLDER'.")
        return
    received = loaded.received_at or loaded.finished_at
    yield Row("Feed", "Feed of", moment_text(received.astimezone(wb.zone())) if received else "unknown")
    if last[0].status == "failed":
        yield Row("Feed", "Last load", "failed; the one before counts", WARNING, "The page Data, Loads, says why.")
    if gate.is_open:
        yield Row("Feed", "Feed gate", "open")
    else:
        advice = "Look at the feed on the page Data, then release it there or load a better one."
        reasons = tuple(problem.sentence for problem in gate.problems)
        yield Row("Feed", "Feed gate", "closed", WRONG, advice, reasons)


def _accounts(wb: Workbench, *, test_accounts: bool) -> Iterator[Row]:
    known = last_tests(wb)
    for each in accounts(wb):
        section = f"Account: {each.name}"
        for label, value, variable in each.rows:
            yield Row(section, label, f"{value}  ({variable})")
        for problem in each.problems:
            yield Row(section, "Setting", problem, WRONG)
        if each.is_sandbox:
            yield Row(section, "Sandbox", "everything stays in the local Outbox")
        if each.is_set:
            tested = try_account(wb, each.kind) if test_accounts else known.get(each.kind)
            yield from _tested(wb, section, tested)


def _tested(wb: Workbench, section: str, tested: AccountTest | None) -> Iterator[Row]:
    if tested is None:
        yield Row(section, "Test", "never", WARNING, "Run 'careloop check --accounts', or press Test on the page.")
        return
    at = moment_text(tested.at.astimezone(wb.zone()))
    if not tested.is_current:
        yield Row(section, "Test", f"{at}, with other settings than now", WARNING, "Test it again.")
        return
    for step in tested.steps:
        yield Row(section, f"Test, {at}", step.words, OK if step.is_good else WRONG, step.advice)


def _secrets(wb: Workbench) -> Iterator[Row]:
    if problem := home_rules.key_problem(wb.settings):
        yield Row("Secrets", "Secret key", "others can look into it", WRONG, problem)
    for each in wb.settings.credentials:
        if each.problem:
            yield Row("Secrets", each.name, each.problem, WRONG)
        else:
            yield Row("Secrets", each.name, each.words)


def _settings(wb: Workbench) -> Iterator[Row]:
    values, fresh = organisation_settings.current(wb), Organisation()
    wrong = problems(values, list(SETTINGS))
    unset = {} if wb.settings.demo else home_rules.unset(values)
    for section, name in SECTIONS.items():
        for setting in of_section(section):
            value = values[setting.key]
            state = OK if value == getattr(fresh, setting.key) else NOTE
            advice = ""
            if setting.key in wrong:
                state, advice = WRONG, wrong[setting.key]
            elif setting.key in unset:
                state, advice = WARNING, f"{unset[setting.key]} Set your own before messages leave."
            elif setting.key == "support_email" and not value and not wb.settings.demo:
                state, advice = WARNING, _NO_SUPPORT_EMAIL
            yield Row(name, setting.label, short_text(setting, value), state, advice)
