"""What a campaign achieved, in one sentence that says how sure it is and claims nothing that is not known."""

from core.domain.effects.allocation import CONTACT, A, B
from core.domain.effects.analysis import Effect, Window
from core.domain.effects.comparison import Comparison
from core.domain.effects.design import ARM_NAMES
from core.domain.effects.differences import Interval
from core.domain.small_cells import LEAST
from core.domain.wording import day_text

NO_ESTIMATE = "not an effect estimate"
REGRESSION = (
    "Patients are chosen when they are furthest behind, and many catch up whatever is done (regression to the mean). "
    "Who was reached and who was not differ in more than the message. Only a group held out by chance shows an effect."
)


def achieved(reached: int | None, effect: Effect, *, is_about: bool = False) -> str:
    """'1,204 reached; 187 of the 1,310 to contact closed a gap within 90 days, 43 patients more than without it (12 to
    74).' Empty of nobody.

    reached    None where it is hidden, as it is small
    is_about   it is rounded
    """
    window = effect.last
    if not window.arms:
        return ""
    said = _reached(reached, is_about=is_about)
    if window.known_from is not None:
        return f"{said}; who closed a gap is known from {day_text(window.known_from)}."
    if effect.is_of_versions:
        return f"{said}; {_versions(window)}."
    if window.arms[0].arm != CONTACT:
        return f"{said}; {_nobody(window, is_about=effect.is_rough)}."
    said = f"{said}; {_closed(window, is_about=effect.is_rough)}"
    if not effect.is_estimate:
        return f"{said}. How many would have without it is not known: {NO_ESTIMATE}."
    return f"{said}. {untold_sentence(window)}" if window.untold else f"{said}, {_difference(window)}."


def _reached(count: int | None, *, is_about: bool) -> str:
    if count is None:
        return f"Fewer than {LEAST} reached"
    return f"About {count:,} reached" if is_about else f"{count:,} reached"


def untold_sentence(window: Window) -> str:
    """Why nothing is claimed of arms whose window is over; '' when something is."""
    return f"Whether it changed anything cannot be told: {window.untold}." if window.untold else ""


def _closed(window: Window, *, is_about: bool) -> str:
    counts = window.arms[0].counts
    whole = (
        f"about {counts.closed:,} of about {counts.size:,}" if is_about else f"{counts.closed:,} of the {counts.size:,}"
    )
    return f"{whole} to contact closed a gap within {window.days} days"


def _nobody(window: Window, *, is_about: bool) -> str:
    one = window.arms[0]
    whole = f"all of about {one.counts.size:,}" if is_about else f"all {one.counts.size:,}"
    return f"{whole} are in the arm '{ARM_NAMES[one.arm]}', so that there is nothing to compare"


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
        return f"{said}. {untold_sentence(window)}".rstrip(". ")
    return said if window.comparisons[0].difference.is_clear else f"{said}, a difference that may be chance"


def points(difference: Interval) -> str:
    """'7.6 points more (4.7 to 10.2)', or '1.8 points fewer (6.4 fewer to 2.8 more)' where the sign changes."""
    estimate, low, high = (round(100 * each, 1) for each in (difference.estimate, difference.low, difference.high))
    return f"{abs(estimate):.1f} points {_word(estimate)} ({_between(low, high, '.1f')})"


def both_units(one: Comparison) -> str:
    """'3.3 points more (0.9 to 5.6), 43 patients more (12 to 74),'."""
    return f"{points(one.difference)}, {_patients(one.more.estimate)} ({_limits(one.more)}),"


def _patients(number: float) -> str:
    whole = round(number)
    return f"{abs(whole):,} patient{'' if abs(whole) == 1 else 's'} {_word(whole)}"


def _limits(more: Interval) -> str:
    return _between(round(more.low), round(more.high), ",")


def _between(low: float, high: float, form: str) -> str:
    """'12 to 74', '8 fewer to 31 more', '2 to 9 fewer'."""
    if low >= 0:
        return f"{abs(low):{form}} to {high:{form}}"  # a zero has no sign
    if high <= 0:
        return f"{abs(high):{form}} to {-low:{form}} fewer"
    return f"{-low:{form}} fewer to {high:{form}} more"


def _word(number: float) -> str:
    return "fewer" if number < 0 else "more"
