"""The sentence at the top of a report: what the campaign did, with the numbers that matter."""

from collections.abc import Collection

import polars as pl

from core.domain.campaign import Campaign
from core.domain.organisation import LETTER, PHONE
from core.domain.progress import Progress
from core.domain.small_cells import LEAST


def headline(campaign: Campaign, progress: Progress, *, ledger: pl.DataFrame, schedule: str) -> str:
    """One or two sentences. `ledger` has result, reason and count of those not held out; `schedule` says when the
    campaign goes out."""
    selected = _patients(progress.selected)
    if progress.is_rough:
        return _rough(campaign, progress, schedule)
    if campaign.status == "inactive" and campaign.channel == LETTER:
        return f"Not printed: {selected} would get a letter once the letters are made."
    if campaign.status == "inactive":
        return f"Not sent: {selected} would get it once it is active."
    if not progress.finished:
        done = "called" if campaign.channel == PHONE else "written to"
        return f"{selected} selected, none {done} yet{_held_out(progress)}. {schedule}."
    back = progress.results["Returned"] if campaign.channel == LETTER else 0
    came_back = f"; {back:,} came back" if back else ""
    told = ("Returned",) if campaign.channel == LETTER else ()
    return f"{_reached(campaign, progress, came_back)}. {_why_not(progress, ledger, besides=told)}".strip()


def _reached(campaign: Campaign, progress: Progress, came_back: str) -> str:
    """How many of those who were to be contacted, and who waits or is held out."""
    reached, waiting = progress.results["Successful"], progress.results["Waiting"] - progress.held_waiting
    whom = f"{_patients(progress.to_contact)}{' to contact' if progress.held_out else ''}"
    done = f"Reached {reached:,} of {whom} ({_share(reached, progress.to_contact)})"
    so_far = " so far" if waiting > 0 else ""
    still = ""
    if waiting > 0:
        still = f"; {waiting:,} still wait{'s' * (waiting == 1)}"
        if campaign.channel == LETTER:
            still = f"; {_printed(waiting)} printed and not marked as mailed"
    return f"{done}{so_far}{came_back}{still}{_held_out(progress)}"


def _held_out(progress: Progress) -> str:
    return f"; {progress.held_out:,} held out by chance" if progress.held_out else ""


def _rough(campaign: Campaign, progress: Progress, schedule: str) -> str:
    """Of counts that are rounded, of which small ones are hidden."""
    if not progress.selected:
        return f"Fewer than {LEAST} patients were selected: too few for figures."
    selected, reached = f"about {_patients(progress.selected)}", progress.results["Successful"]
    if campaign.status == "inactive":
        return f"Not sent: {selected} would get it once it is active."
    if not progress.finished:
        return f"{selected.capitalize()} selected. {schedule}."
    if not reached:
        return f"{selected.capitalize()} selected; fewer than {LEAST} of them were reached."
    if progress.held_out:
        whom = f"{_patients(max(progress.to_contact, reached))} to contact"
        return f"Reached about {reached:,} of about {whom}; about {progress.held_out:,} held out by chance."
    return f"Reached about {reached:,} of {selected}."


def _printed(waiting: int) -> str:
    return "that to 1 is" if waiting == 1 else f"those to {waiting:,} are"


def _why_not(progress: Progress, ledger: pl.DataFrame, *, besides: Collection[str] = ()) -> str:
    """What became of the others to contact, and the most frequent reason why they were not written to. `besides` are
    results that were told already."""
    names = {"Not sent": "not sent", "Unsuccessful": "unsuccessful", "Returned": "returned", "Unknown": "unknown"}
    names = {result: word for result, word in names.items() if result not in besides}
    counts = dict(progress.results)
    counts["Not sent"] -= progress.held_out - progress.held_waiting
    parts = [f"{counts[result]:,} {word}" for result, word in names.items() if counts[result] > 0]
    if not parts:
        return ""
    rest = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    refused = ledger.filter(pl.col("result") == "Not sent", pl.col("reason") != "")
    if refused.is_empty():
        return f"Others: {rest}."
    reason, count = refused.select("reason", "count").row(0)
    return f"Others: {rest}; most often because {reason} ({count:,})."


def _share(count: int, of: int) -> str:
    """A percentage that says 100 only for all and 0 only for nobody."""
    return f"{count / max(of, 1):.0%}" if count in (0, of) else f"{min(max(count / of, 0.01), 0.99):.0%}"


def _patients(count: int) -> str:
    return f"{count:,} patient" if count == 1 else f"{count:,} patients"
