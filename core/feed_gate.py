"""The feed gate: nothing is sent by data that is missing, stale or has shrunk, until a person releases it."""

from dataclasses import replace

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.feed_gate import Gate, Release, decide
from core.domain.organisation import FeedRule, Organisation
from core.domain.role import LOAD_DATA
from core.domain.wording import day_text
from core.errors import NotAllowed, NotFound
from core.organisation_settings import change_in
from core.store import feed_quality as rows
from core.store import setting_rows
from core.store.database import reading, writing
from core.workbench import DISPATCHER, Workbench, needs

_LONGEST_REASON = 500  # characters


def gate(wb: Workbench) -> Gate:
    """Whether messages may leave by the data that is there, and if not, why. Open before the first load."""
    organisation = wb.organisation()
    with reading(wb.engine) as connection:
        return _gate(wb, connection, organisation)


@needs(LOAD_DATA)
def release(wb: Workbench, *, reason: str, seen: Gate | None = None) -> Gate:
    """Open the gate despite the problems it is closed for, and return it.

    reason   why that is right, for whoever reads it later; no patient's data
    seen     the gate as the user saw it: when it has other problems meanwhile, nothing is released
    Holds for these problems only. Raises NotAllowed without a reason, for a user who may not see every patient, for the
    dispatcher, and when the gate is open.
    """
    words = " ".join(reason.split())
    _check_may_release(wb, words)
    organisation = wb.organisation()
    with writing(wb.engine) as connection:
        found = _gate(wb, connection, organisation)
        if found.is_open:
            raise NotAllowed("The feed gate is open: there is nothing to release.")
        if seen is not None and not found.keys <= seen.keys:
            raise NotAllowed("The feed gate has another reason meanwhile. Nothing was released: look at it again.")
        kept = Release(found.keys, wb.now(), wb.user.user_id, words)
        rows.add_release(connection, kept)
        record_in(wb, connection, "feed.released", problems=sorted(kept.keys), reason=words)
        return _gate(wb, connection, organisation)


@needs(LOAD_DATA)
def end_source(wb: Workbench, source_system: str) -> None:
    """Say that a source sends no more, so that nothing is expected of it; its next load counts again.

    Raises NotFound for a source of which nothing was loaded, NotAllowed for whoever may not release the gate.
    """
    _check_sees_everybody(wb)
    with writing(wb.engine) as connection:
        setting_rows.lock(connection)
        ended = setting_rows.values(connection)["ended_sources"]
        if not rows.rows_before(connection, source_system, count=1):
            raise NotFound("Nothing was loaded of a source with this name. 'careloop feed status' lists the sources.")
        changes = {"ended_sources": tuple(sorted({*ended, source_system}))}
        change_in(wb, connection, changes, action="feed.source_ended", subject=source_system)


def waiting_count(wb: Workbench) -> int:
    """How many messages of active campaigns wait: those that leave when gate, start date and window let them."""
    with reading(wb.engine) as connection:
        return rows.waiting_count(connection)


def closed_sentence(wb: Workbench) -> str:
    """'Waiting: the feed gate is closed since Tue 24 Nov 2026'; empty when it is open."""
    found = gate(wb)
    if found.since is None:
        return ""
    return f"Waiting: the feed gate is closed since {day_text(found.since.astimezone(wb.zone()).date())}"


def lines(wb: Workbench) -> list[str]:
    """The state of the gate as people read it: open or closed since when and why, and which releases count."""
    found, zone = gate(wb), wb.zone()
    if found.since is None:
        said = ["The feed gate is open."]
    else:
        since = day_text(found.since.astimezone(zone).date())
        said = [f"The feed gate is closed since {since}: nothing is sent until a person releases it."]
    said += [f"- {problem.sentence}" for problem in found.problems]
    said += [f"- Released: {problem.sentence}" for problem in found.released]
    return said + [
        f"  Released by {each.by} on {day_text(each.at.astimezone(zone).date())}: {each.reason}"
        for each in found.releases
    ]


def _rules(wb: Workbench, organisation: Organisation) -> tuple[FeedRule, ...]:
    """What is asked of which table. A demo's invented people do not age, since its clock is moved by hand."""
    if not wb.settings.demo:
        return organisation.feed_rules
    return tuple(replace(rule, max_age_days=None) for rule in organisation.feed_rules)


def _gate(wb: Workbench, connection: Connection, organisation: Organisation) -> Gate:
    asked = _rules(wb, organisation)
    found = rows.last_rows(connection, [rule.feed_table for rule in asked])
    if not found:
        return Gate()
    known = rows.releases(connection)
    return decide(found, known, asked, now=wb.now(), ended_sources=organisation.ended_sources)


def _check_sees_everybody(wb: Workbench) -> None:
    if wb.user.user_id == DISPATCHER:
        raise NotAllowed("The dispatcher never releases the feed gate: a person must have looked at the feed.")
    if wb.user.scope.groups is not None or wb.user.scope.providers is not None:
        raise NotAllowed("The feed gate holds for all patients. Ask somebody who may see all of them to release it.")


def _check_may_release(wb: Workbench, words: str) -> None:
    _check_sees_everybody(wb)
    if not words or len(words) > _LONGEST_REASON:
        raise NotAllowed(f"A release needs a reason of at most {_LONGEST_REASON} characters. Nothing was released.")
