"""What a campaign achieved, in one sentence that says how sure it is and claims nothing that is not known."""

from core.domain.effects.allocation import A, B
from core.domain.effects.analysis import Effect, Window
from core.domain.effects.differences import Interval
from core.domain.wording import day_text

NO_ESTIMATE = "not an effect estimate"
REGRESSION = (
    "Patients are chosen when they are furthest behind, and many catch up whatever is done (regression to the mean). "
    "Who was reached and who was not differ in more than the message. Only a group held out by chance shows an effect."
)


def achieved(reached: int, effect: Effect) -> str:
    """'1,204 reached; 187 of 1,310 contacted closed a gap within 90 days, 43 more than without it (12 to 74 more).'"""
    window = effect.last
    if window.known_from is not None:
        return f"{reached:,} reached; who closed a gap is known from {day_text(window.known_from)}."
    if effect.is_of_versions:
        return f"{reached:,} reached; {_versions(window)}."
    if not effect.is_estimate:
        return f"{reached:,} reached; {_closed(window)}. How many would have without it is not known: {NO_ESTIMATE}."
    return f"{reached:,} reached; {_closed(window)}, {_difference(window)}."


def _closed(window: Window) -> str:
    counts = window.arms[0].counts
    return f"{counts.closed:,} of {counts.size:,} contacted closed a gap within {window.days} days"


def _difference(window: Window) -> str:
    one = window.comparisons[0]
    said = f"{_patients(one.more.estimate)} than without it"
    limits = f"({_limits(one.more)})"
    return f"{said} {limits}" if one.difference.is_clear else f"{said}, which may be chance {limits}"


def _versions(window: Window) -> str:
    shares = {arm.arm: arm.share.estimate for arm in window.arms}
    both = " and ".join(f"{100 * shares[arm]:.1f} % of {arm.upper()}" for arm in (A, B) if arm in shares)
    said = f"{both} closed a gap within {window.days} days"
    if not window.comparisons:
        return said
    return said if window.comparisons[0].difference.is_clear else f"{said}, a difference that may be chance"


def _patients(number: float) -> str:
    whole = round(number)
    return f"{abs(whole):,} {'fewer' if whole < 0 else 'more'}"


def _limits(more: Interval) -> str:
    """'12 to 74 more', or '8 fewer to 31 more' where the sign changes."""
    low, high = round(more.low), round(more.high)
    if low >= 0:
        return f"{low:,} to {high:,} more"
    return f"{-high:,} to {-low:,} fewer" if high < 0 else f"{_patients(low)} to {_patients(high)}"
