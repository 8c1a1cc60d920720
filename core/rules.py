"""The rules that find care gaps: those that ship, those that the organisation published, and which of them are on.

Trying an edited rule is in core.rule_trials, publishing one in core.rule_versions.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from core import measures as shipped
from core.audit import record_in
from core.domain.clinical import GAPS
from core.domain.measure import Measure
from core.domain.measure_file import read_measure
from core.domain.measure_words import Description, describe
from core.domain.measurement_year import last_day, rule_of_year
from core.domain.role import PUBLISH_RULES
from core.errors import NotAllowed, NotFound
from core.measures import exclusions, fact_concepts
from core.organisation_settings import change_in
from core.store import measure_rows
from core.store.database import writing
from core.store.measure_rows import Published
from core.workbench import Workbench, needs


@dataclass(frozen=True)
class RuleSet:
    """measures: the rules that are on, by id. mark: the same text for the same rules."""

    measures: Mapping[str, Measure]
    mark: str


@dataclass(frozen=True)
class Listed:
    """A rule in its latest version. is_on: care gaps are found by it. is_own: it does not ship, the organisation made
    it. is_edited: the organisation published a version of it."""

    measure: Measure
    is_on: bool
    is_own: bool
    is_edited: bool


def in_force(wb: Workbench) -> RuleSet:
    """The rules that care gaps are found by now."""
    return _in_force(
        measure_rows.published(wb.engine), measure_rows.switched(wb.engine), wb.organisation().vaccine_schedule
    )


def every(wb: Workbench) -> dict[str, Measure]:
    """Every rule in its latest version, also those that are off, by id."""
    return dict(sorted(_every(measure_rows.published(wb.engine), wb.organisation().vaccine_schedule).items()))


def is_any_sensitive(wb: Workbench, measure_ids: Iterable[str]) -> bool:
    """Whether one of these is about care of which nobody else is to know, a minor's parents included."""
    asked = set(measure_ids)
    return bool(asked) and any(rule.is_sensitive for name, rule in every(wb).items() if name in asked)


def listed(wb: Workbench) -> list[Listed]:
    """Every rule with what is known of it, by name."""
    switched = switches(wb)
    edited = {row.measure_id for row in measure_rows.published(wb.engine)}
    found = [
        Listed(rule, switched.get(name, rule.is_on), name not in shipped.measures(), name in edited)
        for name, rule in every(wb).items()
    ]
    return sorted(found, key=lambda each: each.measure.name)


def switches(wb: Workbench) -> dict[str, bool]:
    """Which rules somebody turned on or off; the others are as their text says."""
    return dict(measure_rows.switched(wb.engine))


def rule(wb: Workbench, measure_id: str) -> Listed:
    """One rule. Raises NotFound."""
    text_of(wb, measure_id)
    return next(each for each in listed(wb) if each.measure.measure_id == measure_id)


def text_of(wb: Workbench, measure_id: str) -> str:
    """The YAML of a rule in its latest version. Raises NotFound."""
    own = {row.measure_id: row.text for row in measure_rows.published(wb.engine)}
    texts = {**shipped.by_schedule(wb.organisation().vaccine_schedule)[1], **own}
    if measure_id not in texts:
        raise NotFound(f"There is no measure '{measure_id}'. There are {', '.join(sorted(texts))}.")
    return texts[measure_id]


def read(text: str, file: str = "rule.yaml") -> Measure:
    """The rule that a YAML text says. Raises RuleError naming line and key."""
    return read_measure(text, file, concepts=fact_concepts(), exclusions=exclusions())


def described(wb: Workbench, measure: Measure) -> Description:
    """The rule in sentences for staff, with its windows as days of today."""
    return describe(measure, names={key: each.name for key, each in fact_concepts().items()}, as_of=wb.today())


def described_for_year(measure: Measure, year: int) -> Description:
    """What a measurement year counts, in sentences for staff; ages are those of its last day."""
    names = {key: each.name for key, each in fact_concepts().items()}
    return describe(rule_of_year(measure), names=names, as_of=last_day(measure, year))


# ---- changing --------------------------------------------------------------------------------------------------------
def may_change(wb: Workbench) -> bool:
    """Whether the user may change rules: they count for every group and provider, so only who sees all of them may."""
    return wb.user.may(PUBLISH_RULES) and sees_all(wb)


def sees_all(wb: Workbench) -> bool:
    """Whether the user may see every group and provider."""
    return wb.user.scope.groups is None and wb.user.scope.providers is None


def require_change(wb: Workbench) -> None:
    """Raise NotAllowed unless the user may change rules."""
    wb.require(PUBLISH_RULES)
    if not sees_all(wb):
        raise NotAllowed(
            "A rule counts for every group and provider, so only somebody who sees all of them may change it. "
            "Ask an administrator."
        )


@needs(PUBLISH_RULES)
def switch(wb: Workbench, measure_id: str, *, is_on: bool) -> None:
    """Turn a rule on or off for the whole organisation. Raises NotFound and NotAllowed."""
    require_change(wb)
    text_of(wb, measure_id)
    with writing(wb.engine) as connection:
        measure_rows.switch(connection, measure_id, is_on=is_on, at=wb.now(), by=wb.user.user_id)
        record_in(wb, connection, "measure.switched", measure_id, is_on=is_on)


def schedules() -> tuple[str, ...]:
    """The authorities among whose vaccine schedules for children the organisation may choose."""
    return shipped.schedules()


def of_schedule(schedule: str) -> list[Measure]:
    """The shipped measures where the schedule of this authority counts, by id."""
    return list(shipped.by_schedule(schedule)[0].values())


@needs(PUBLISH_RULES)
def choose_schedule(wb: Workbench, schedule: str) -> None:
    """Choose whose vaccine schedule counts for children. Raises NotFound and NotAllowed.

    A rule of which the organisation published a version of its own stays as it is.
    """
    require_change(wb)
    if schedule not in schedules():
        raise NotFound(f"There is no schedule of '{schedule}'. There are {', '.join(schedules())}.")
    with writing(wb.engine) as connection:
        change_in(wb, connection, {"vaccine_schedule": schedule}, action="measures.schedule_chosen", subject=schedule)


@lru_cache(maxsize=4)
def _every(published: tuple[Published, ...], schedule: str) -> dict[str, Measure]:
    own = {row.measure_id: read(row.text, f"{row.measure_id}.yaml") for row in published}
    return {**shipped.by_schedule(schedule)[0], **own}


@lru_cache(maxsize=4)
def _in_force(published: tuple[Published, ...], switched: tuple[tuple[str, bool], ...], schedule: str) -> RuleSet:
    switches = dict(switched)
    on = {name: rule for name, rule in _every(published, schedule).items() if switches.get(name, rule.is_on)}
    texts = {**shipped.by_schedule(schedule)[1], **{row.measure_id: row.text for row in published}}
    said = [{name: texts[name] for name in sorted(on)}, shipped.exclusions_text(), list(GAPS)]
    return RuleSet(dict(sorted(on.items())), hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12])
