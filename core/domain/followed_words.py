"""What is said of how far closed gaps are known, on the page and on paper."""

from core.domain.effects.outcomes import WINDOWS
from core.domain.followed import Known
from core.domain.wording import day_text

PER_GAP = (
    f"Cost per gap is of campaigns about care gaps of which all {WINDOWS[-1]} days are known: their cost, by the gaps "
    "closed after them."
)


def known_text(known: Known) -> str:
    """'Closings are known through Tue 24 Nov 2026. The time of 2 campaigns is not over: ...'"""
    through = f"Closings are known through {day_text(known.through)}." if known.through else "No closing is known yet."
    if not known.open_count:
        return through
    of = "1 campaign" if known.open_count == 1 else f"{known.open_count:,} campaigns"
    next_on = f", the next from {day_text(known.next_on)} on" if known.next_on else ""
    return f"{through} Of {of} the {WINDOWS[-1]} days are not known in full yet{next_on}."
