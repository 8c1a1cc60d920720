"""Versions of a rule: who published which text, when and why; publishing one more, and going back to an earlier one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from core import loads, rules
from core import measures as shipped
from core.audit import record_in
from core.domain.role import PUBLISH_RULES
from core.domain.rule_text import difference, with_key
from core.errors import NotAllowed, NotFound
from core.rule_drafts import Draft, draft
from core.rule_trials import Trial, basis, try_on
from core.store import accounts, measure_rows
from core.store.database import writing
from core.store.measure_rows import Published
from core.workbench import Workbench, needs

Progress = Callable[[str, float], None]
_PUBLISHED = "measure.published"  # in the audit log
NEW = 0  # the version that a measure starts from which does not exist yet


@dataclass(frozen=True)
class RuleVersion:
    """A text of a rule. at and by are empty for the text that ships.

    gained, lost   care gaps that publishing it opened and closed; None where nobody published it
    """

    measure_id: str
    number: int
    text: str
    note: str
    at: datetime | None
    by: str
    gained: int | None = None
    lost: int | None = None

    @property
    def is_shipped(self) -> bool:
        """Whether it came with the program."""
        return self.at is None


def versions(wb: Workbench, measure_id: str) -> list[RuleVersion]:
    """Every version of a rule, the first one first: as it ships, then what was published. Raises NotFound."""
    said = {each["version"]: each for each in accounts.recorded(wb.engine, _PUBLISHED, measure_id)}
    own = [
        RuleVersion(row.measure_id, row.version, row.text, row.note, row.at, row.by, *_change(said.get(row.version)))
        for row in measure_rows.versions(wb.engine, measure_id)
    ]
    measures, texts = shipped.by_schedule(wb.organisation().vaccine_schedule)
    if measure_id in measures:
        first = RuleVersion(measure_id, measures[measure_id].version, texts[measure_id], "As it ships.", None, "")
        return [first, *own]
    if not own:
        raise NotFound(f"There is no measure '{measure_id}'. Look for it in the list of measures.")
    return own


def _change(said: Mapping[str, int] | None) -> tuple[int | None, int | None]:
    return (said.get("gained"), said.get("lost")) if said else (None, None)


def compare(before: RuleVersion, after: RuleVersion) -> str:
    """What changed between two versions, as a unified diff; '' when nothing did."""
    return difference(before.text, after.text, names=(f"version {before.number}", f"version {after.number}"))


@needs(PUBLISH_RULES)
def publish(
    wb: Workbench,
    text: str,
    note: str,
    *,
    base: int,
    measure_id: str | None = None,
    exposes_confirmed: bool = False,
    tried: Trial | None = None,
    progress: Progress = lambda _what, _share: None,
) -> Trial:
    """Publish an edited rule as a new version and find today's care gaps again. Returns what that changed.

    base               the number of the version that the edit started from, NEW for a new measure
    measure_id         the rule that is edited; None for a new one
    exposes_confirmed  the author read and confirmed what `Draft.exposes` says
    tried              the trial whose numbers the author saw: refused when they would be others now
    Raises RuleError for a text that cannot be read, NotAllowed when a test patient fails, when somebody else published
    since, when data, day or rules are others than in the trial, when something would be exposed without a confirmation,
    or when the user may not change rules.
    """
    rules.require_change(wb)
    made = draft(wb, text, measure_id=measure_id)
    _require_right(made)
    if made.exposes and not exposes_confirmed:
        raise NotAllowed(f"Not published. {' '.join(made.exposes)} Confirm that this is meant, then publish again.")
    if not note.strip():
        raise NotAllowed("Not published: say in the note what changed and why, for those who read it later.")
    if tried is not None and tried.basis != basis(wb, text, measure_id=measure_id):
        raise NotAllowed(
            "Not published: the data, the day or the rules are others than in the trial. Close this, try the rule "
            "again and look at its numbers first."
        )
    changed = try_on(wb, text, measure_id=measure_id, progress=lambda share: progress("Trying the rule", share / 2))
    _keep(wb, made, note, base=base, changed=changed)
    loads.refresh(wb, progress=lambda what, share: progress(what, 0.5 + share / 2))
    progress("Published", 1.0)
    return changed


@needs(PUBLISH_RULES)
def publish_again(
    wb: Workbench,
    version: RuleVersion,
    *,
    base: int,
    exposes_confirmed: bool = False,
    progress: Progress = lambda _what, _share: None,
) -> Trial:
    """Go back to an earlier version: its text becomes the newest one. Arguments and errors as for `publish`."""
    note = "As it ships, again." if version.is_shipped else f"Version {version.number} again."
    return publish(
        wb,
        version.text,
        note,
        base=base,
        measure_id=version.measure_id,
        exposes_confirmed=exposes_confirmed,
        progress=progress,
    )


@needs(PUBLISH_RULES)
def retire(wb: Workbench, measure_id: str) -> None:
    """Turn off a measure of the organisation's own for good; its versions stay and it can be turned on again.

    Raises NotFound, and NotAllowed for a measure that ships: that one is only turned off.
    """
    rules.require_change(wb)
    if not rules.rule(wb, measure_id).is_own:
        raise NotAllowed("This measure came with Careloop and cannot be retired. Turn it off instead.")
    with writing(wb.engine) as connection:
        measure_rows.switch(connection, measure_id, is_on=False, at=wb.now(), by=wb.user.user_id)
        record_in(wb, connection, "measure.retired", measure_id)


def _require_right(made: Draft) -> None:
    if not made.results:
        raise NotAllowed("Not published: the rule has no test patient. Describe at least one under 'cases'.")
    if made.wrong:
        sentences = "; ".join(map(str, made.wrong[:3]))
        more = f"; and {len(made.wrong) - 3} more" if len(made.wrong) > 3 else ""
        raise NotAllowed(
            f"Not published: a test patient does not come out. {sentences}{more}. Correct the rule or them."
        )


def _keep(wb: Workbench, made: Draft, note: str, *, base: int, changed: Trial) -> None:
    measure_id = made.measure.measure_id
    ships = shipped.by_schedule(wb.organisation().vaccine_schedule)[0].get(measure_id)
    try:
        with writing(wb.engine) as connection:
            own = measure_rows.latest_version(connection, measure_id)
            latest = own or (ships.version if ships else NEW)
            if base != latest:
                raise _stale()
            number = max(latest, ships.version if ships else 0) + 1
            row = Published(measure_id, number, with_key(made.text, "version", number))
            measure_rows.publish(connection, row, note=note.strip(), at=wb.now(), by=wb.user.user_id)
            record_in(
                wb,
                connection,
                _PUBLISHED,
                measure_id,
                version=number,
                gained=changed.gained.height,
                lost=changed.lost.height,
                exposes=len(made.exposes),
            )
    except IntegrityError:
        raise _stale() from None


def _stale() -> NotAllowed:
    return NotAllowed(
        "Not published: somebody else published this measure since you began. Copy your text, open the new version, "
        "and make your change there."
    )
