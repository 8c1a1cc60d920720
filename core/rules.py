"""The rules that find care gaps: those that ship, those that the organisation published, and which of them are on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from core import measures as shipped
from core.audit import record_in
from core.domain.clinical import GAPS
from core.domain.measure import Measure
from core.domain.measure_file import read_measure
from core.errors import NotFound
from core.measures import exclusions, fact_concepts
from core.store import measure_rows
from core.store.database import writing
from core.store.measure_rows import Published
from core.workbench import Workbench


@dataclass(frozen=True)
class RuleSet:
    """measures: the rules that are on, by id. mark: the same text for the same rules."""

    measures: Mapping[str, Measure]
    mark: str


def in_force(wb: Workbench) -> RuleSet:
    """The rules that care gaps are found by now."""
    return _in_force(measure_rows.published(wb.engine), measure_rows.switched(wb.engine))


def every(wb: Workbench) -> dict[str, Measure]:
    """Every rule in its latest version, also those that are off, by id."""
    return dict(sorted(_every(measure_rows.published(wb.engine)).items()))


def text_of(wb: Workbench, measure_id: str) -> str:
    """The YAML of a rule in its latest version. Raises NotFound."""
    own = {row.measure_id: row.text for row in measure_rows.published(wb.engine)}
    texts = {**shipped.texts(), **own}
    if measure_id not in texts:
        raise NotFound(f"There is no measure '{measure_id}'. There are {', '.join(sorted(texts))}.")
    return texts[measure_id]


def switch(wb: Workbench, measure_id: str, *, is_on: bool) -> None:
    """Turn a rule on or off for the whole organisation. Raises NotFound."""
    text_of(wb, measure_id)
    with writing(wb.engine) as connection:
        measure_rows.switch(connection, measure_id, is_on=is_on, at=wb.now(), by=wb.user.user_id)
        record_in(wb, connection, "measure.switched", measure_id, is_on=is_on)


@lru_cache(maxsize=4)
def _every(published: tuple[Published, ...]) -> dict[str, Measure]:
    own = {
        row.measure_id: read_measure(
            row.text, f"{row.measure_id}.yaml", concepts=fact_concepts(), exclusions=exclusions()
        )
        for row in published
    }
    return {**shipped.measures(), **own}


@lru_cache(maxsize=4)
def _in_force(published: tuple[Published, ...], switched: tuple[tuple[str, bool], ...]) -> RuleSet:
    switches = dict(switched)
    on = {name: rule for name, rule in _every(published).items() if switches.get(name, rule.is_on)}
    texts = {**shipped.texts(), **{row.measure_id: row.text for row in published}}
    said = [{name: texts[name] for name in sorted(on)}, shipped.exclusions_text(), list(GAPS)]
    return RuleSet(dict(sorted(on.items())), hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12])
