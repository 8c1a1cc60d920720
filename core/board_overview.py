"""Of the report of a period for a meeting: what its contacts cost, which gaps were closed, and who is reached."""

from datetime import date

from core import charts, equity, overview
from core.domain.followed_words import PER_GAP, known_text
from core.domain.report_document import Block, Numbers, Paragraph, Section
from core.domain.roll_up import DIMENSIONS, Wanted
from core.domain.small_cells import ROUNDED
from core.domain.wording import percent
from core.overview import Overview
from core.workbench import Workbench


def contact_sections(wb: Workbench, first_on: date, last_on: date) -> tuple[Section, ...]:
    """Contacts of those days with their cost and the gaps closed, and by whom they are reached; none without any."""
    wanted = Wanted(first_on=first_on, last_on=last_on)
    shown = overview.overview(wb, wanted, is_passed_on=True)
    if shown.volumes.is_empty():
        return ()
    return (_contacts(shown), *_reached(wb, wanted))


def _contacts(shown: Overview) -> Section:
    found = shown.totals
    cells = (
        ("Contacts", _count(found["handed_over"]), "once per campaign"),
        ("Delivered", percent(found["delivery_rate"]), "where it is known"),
        ("Opt-outs", percent(found["opt_out_rate"]), "within 14 days"),
        ("Cost", _dollars(found["cost"]), "at today's prices"),
        ("Gaps closed", _count(found["gaps_closed"]), "so far" if shown.known.open_count else "within 90 days"),
        ("Per gap", _dollars(found["cost_per_gap"]), "not of an effect"),
    )
    figure = charts.printed(charts.volumes(shown.volumes, is_weekly=shown.is_weekly))
    said = f"Some gaps would have been closed without a contact. {known_text(shown.known)} {PER_GAP}"
    return Section("Contacts, cost and closed gaps", (Numbers(cells), figure, Paragraph(said, is_note=True)))


def _reached(wb: Workbench, wanted: Wanted) -> tuple[Section, ...]:
    blocks: list[Block] = []
    for dimension, noun in DIMENSIONS.items():
        rows = equity.comparable(equity.equity(wb, wanted, dimension, is_passed_on=True))
        if rows["name"].n_unique() > 1:  # one line alone compares nothing
            blocks.append(charts.printed(charts.equity_steps(rows, noun=noun)))
    if not blocks:
        return ()
    note = f"{ROUNDED} What could be worked out from others is left out."
    return (Section("Who is reached", (*blocks, Paragraph(note, is_note=True))),)


def _count(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def _dollars(amount: float | None) -> str:
    return "–" if amount is None else f"${amount:,.2f}"
