"""How fast messages have been leaving lately: what forecasts count on while something is being sent."""

from datetime import timedelta

from core.domain.forecast import account_limit
from core.store import pace as rows
from core.store.database import reading
from core.workbench import Workbench

_LATELY = timedelta(minutes=10)
_FEWEST = 50  # messages; fewer say nothing of the pace


def measured_pace(wb: Workbench, channel: str) -> float | None:
    """Messages a minute over all dispatchers, by the last ten minutes; None when too few have left to say so.

    Never above the account's limit: somebody may have lowered it since.
    """
    with reading(wb.engine) as connection:
        lately = rows.lately(connection, channel=channel, since=wb.now() - _LATELY)
    if lately is None or lately.count < _FEWEST or lately.last <= lately.first:
        return None
    pace = (lately.count - 1) / ((lately.last - lately.first) / timedelta(minutes=1))
    return min(pace, account_limit(wb.organisation(), channel))
