"""Edited rules before they are published: is the text right, do its test patients come out, what would it expose."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core import measures as shipped
from core import rules
from core.domain.measure import Measure
from core.domain.measure_cases import CaseResult, run_cases
from core.domain.role import EDIT_RULES
from core.domain.rule_text import check_text, with_key
from core.errors import NotAllowed, RuleError
from core.workbench import Workbench, needs

_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


@dataclass(frozen=True)
class Draft:
    """An edited rule that can be read.

    results   each of its test patients, in the order of the file
    exposes   sentences about what messages could say that they cannot say now; whoever publishes must confirm them
    """

    measure: Measure
    text: str
    results: tuple[CaseResult, ...]
    exposes: tuple[str, ...]

    @property
    def wrong(self) -> tuple[CaseResult, ...]:
        """The test patients for whom the rule does not find what it must."""
        return tuple(result for result in self.results if not result.is_right)


@needs(EDIT_RULES)
def draft(wb: Workbench, text: str, *, measure_id: str | None = None) -> Draft:
    """Read an edited rule and run its test patients.

    measure_id   the rule that is edited, whose id must stay; None for a new one
    Raises RuleError naming line and key.
    """
    file = f"{measure_id or 'new measure'}.yaml"
    check_text(text, file)
    measure = rules.read(text, file)
    if measure_id is not None and measure.measure_id != measure_id:
        raise _refused(text, file, "id", f"must stay '{measure_id}': care gaps and campaigns are kept under it")
    if measure_id is None:
        _require_free_id(wb, text, file, measure.measure_id)
    _require_free_name(wb, text, file, measure)
    if measure.effective_from and measure.effective_from > wb.today():
        raise _refused(text, file, "effective_from", "has not come yet; publish the rule from that day on")
    return Draft(measure, text, tuple(run_cases(measure)), tuple(_exposed(wb, measure)))


@needs(EDIT_RULES)
def copy_of(wb: Workbench, measure_id: str, new_id: str, *, name: str = "") -> str:
    """The YAML of a rule as the beginning of a new one. Nothing is kept until it is published.

    new_id   lower-case letters, digits and hyphens, not in use
    Raises NotFound, and NotAllowed for an id that cannot be had.
    """
    text = rules.text_of(wb, measure_id)
    if not _ID.fullmatch(new_id):
        raise NotAllowed(
            "An id has lower-case letters, digits and hyphens, such as scr-mammogram-40. Choose another one."
        )
    if new_id in rules.every(wb):
        raise NotAllowed(f"There is a measure '{new_id}' already. Choose another id.")
    named = name.strip() or f"{rules.every(wb)[measure_id].name} (copy)"
    return with_key(with_key(with_key(text, "version", 1), "name", named), "id", new_id)


def _require_free_id(wb: Workbench, text: str, file: str, measure_id: str) -> None:
    if not _ID.fullmatch(measure_id):
        raise _refused(text, file, "id", "must have lower-case letters, digits and hyphens only, such as scr-lead")
    if measure_id in rules.every(wb):
        raise _refused(text, file, "id", f"'{measure_id}' is another measure's id; choose another one")


def _require_free_name(wb: Workbench, text: str, file: str, measure: Measure) -> None:
    others = [each.name.casefold() for each in rules.every(wb).values() if each.measure_id != measure.measure_id]
    if measure.name.strip().casefold() in others:
        raise _refused(text, file, "name", "another measure has this name; lists could not tell them apart")


def _refused(text: str, file: str, key: str, why: str) -> RuleError:
    line = next((n for n, line in enumerate(text.splitlines(), 1) if line.lstrip().startswith(f"{key}:")), 1)
    return RuleError(f"{file}, line {line}, key '{key}': {why}.", line=line, key=key)


# ---- what must never be in a message ---------------------------------------------------------------------------------
def _exposed(wb: Workbench, measure: Measure) -> Iterable[str]:
    known = [*rules.every(wb).values(), *shipped.measures().values()]
    sensitive = [each for each in known if each.is_sensitive]
    same = [each for each in sensitive if each.measure_id == measure.measure_id]
    if not measure.is_sensitive and same:
        yield "The measure would no longer be sensitive: messages could name it."
    elif not measure.is_sensitive:
        looked_for = _looked_for(measure)
        alike = [each for each in sensitive if looked_for & _looked_for(each)]
        if alike:
            yield f"It looks for what the sensitive measure '{alike[0].name}' looks for, and is not sensitive itself."
    before = [each for each in known if each.measure_id == measure.measure_id]
    gone = {word for each in before for word in each.revealing} - set(measure.revealing)
    if gone:
        yield f"Subjects and texts could hold words that are kept out now: {', '.join(sorted(gone))}."


def _looked_for(measure: Measure) -> set[str]:
    of_ways = {concept for way in measure.ways for concept in way.concepts}
    return of_ways | set(measure.latest.concepts if measure.latest else ())
