"""What became of one patient's letter, in words."""

from datetime import datetime

from core.domain.patient_communication import PrintedLetter
from core.domain.wording import day_text
from core.workbench import Workbench


def letter_words(wb: Workbench, one: PrintedLetter) -> str:
    """'Printed Thu 26 Nov 2026, mailed Fri 27 Nov 2026, it came back: moved'; or why there is none."""
    parts = [f"printed {_day(wb, one.printed_at)}"] if one.printed_at else []
    parts += [f"mailed {_day(wb, one.mailed_at)}"] if one.mailed_at else []
    if one.printed_at and not one.mailed_at:
        parts.append("not marked as mailed yet")
    elif one.why:
        parts.append(one.why)
    words = ", ".join(parts) or "not printed yet"
    return words[:1].upper() + words[1:]


def _day(wb: Workbench, at: datetime) -> str:
    return day_text(at.astimezone(wb.zone()).date())
