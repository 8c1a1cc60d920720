"""What becomes of printed letters: mailed on a day, or come back (R1)."""

from collections.abc import Collection
from datetime import date

from core.domain.mailing import RETURN_REASONS as RETURN_REASONS
from core.workbench import Workbench


def mark_mailed(
    wb: Workbench,
    campaign_id: str,
    *,
    on: date,
    patient_ids: Collection[str] | None = None,
    file_id: str | None = None,
) -> int:
    """Record that letters were mailed on a day: all printed ones, those of a file, or those of some patients.

    Returns for how many patients. Whoever stands on one letter is mailed together. Raises NotAllowed for a day to come
    or before the letters were printed.
    """
    raise NotImplementedError


def mark_returned(wb: Workbench, campaign_id: str, *, patient_ids: Collection[str], reason: str, on: date) -> int:
    """Record that letters came back, with a key of RETURN_REASONS; returns for how many patients.

    No more letters go to that address, or to that patient there, until it changes.
    """
    raise NotImplementedError
