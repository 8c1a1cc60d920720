"""Targets: the rate that the organisation wants to reach, measure by measure. None is set until somebody sets one."""

from core import rules
from core.audit import record_in
from core.domain.role import SET_TARGETS
from core.errors import CareloopError, NotAllowed
from core.store import accounts
from core.store.database import writing
from core.workbench import Workbench, needs


def may_set(wb: Workbench) -> bool:
    """Whether the user may set targets: they count for every group and provider."""
    return wb.user.may(SET_TARGETS) and rules.sees_all(wb)


def targets(wb: Workbench) -> dict[str, float]:
    """The target rate, 0 to 1, of each measure that has one, by measure id."""
    return accounts.targets(wb.engine)


@needs(SET_TARGETS)
def set_target(wb: Workbench, measure_id: str, share: float | None) -> None:
    """Set the target rate of a measure, more than 0 and at most 1 and kept to a hundredth of a percent; None takes it
    away. Raises NotFound for a measure that does not exist, NotAllowed, and CareloopError for another number."""
    if not rules.sees_all(wb):
        raise NotAllowed(
            "A target counts for every group and provider, so only somebody who sees all of them may change it. "
            "Ask an administrator."
        )
    rules.text_of(wb, measure_id)
    kept = None if share is None else round(share, 4)
    if kept is not None and not 0 < kept <= 1:
        raise CareloopError("A target must be more than 0 % and at most 100 %. Type another number.")
    with writing(wb.engine) as connection:
        accounts.set_target_in(connection, measure_id, kept, at=wb.now(), by=wb.user.user_id)
        record_in(wb, connection, "measure.target_set", measure_id, target=kept)
