"""The sentence at the top of a report: what the campaign did, with the numbers that matter."""

from collections.abc import Collection

import polars as pl

from core.domain.campaign import Campaign
from core.domain.organisation import LETTER, PHONE
from core.domain.progress import Progress
from core.domain.small_cells import LEAST

_SENT = {"email": "email", "text": "text", "phone": "call"}


def headline(campaign: Campaign, progress: Progress, *, ledger: pl.DataFrame, schedule: str) -> str:
    """One or two sentences. `ledger` has result, reason and count; `schedule` says when the campaign goes out."""
    selected = _patients(progress.selected)
    if progress.is_rough:
        return _rough(campaign, progress, schedule)
    if campaign.channel == LETTER:
        return _of_letters(campaign, progress, ledger)
    if campaign.status == "inactive":
        return f"Not sent: {selected} would get it once it is active."
    if not progress.finished:
        done = "called" if campaign.channel == PHONE else "written to"
        return f"{selected} selected, none {done} yet. {schedule}."
    reached = progress.results["Successful"]
    share = _share(reached, progress.selected)
    done = f"The {_SENT[campaign.channel]} went out to {reached:,} of {selected} ({share})"
    waiting = progress.results["Waiting"]
    so_far = f" so far; {waiting:,} still wait{'s' * (waiting == 1)}." if waiting else "."
    return f"{done}{so_far} {_why_not(progress, ledger)}".strip()


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
    return f"About {reached:,} of {selected} were reached."


def _of_letters(campaign: Campaign, progress: Progress, ledger: pl.DataFrame) -> str:
    selected, waiting = _patients(progress.selected), progress.results["Waiting"]
    if campaign.status == "inactive":
        return f"Not printed: {selected} would get a letter once the letters are made."
    back = progress.results["Returned"]  # mailed as well, so none of the others
    mailed = progress.results["Successful"] + back
    done = f"Letters were mailed to {mailed:,} of {selected} ({_share(mailed, progress.selected)})"
    so_far = " so far" if waiting else ""
    came_back = f"; {back:,} came back" if back else ""
    still = f"; {_printed(waiting)} printed and not marked as mailed" if waiting else ""
    return f"{done}{so_far}{came_back}{still}. {_why_not(progress, ledger, besides=('Returned',))}".strip()


def _printed(waiting: int) -> str:
    return "that to 1 is" if waiting == 1 else f"those to {waiting:,} are"


def _why_not(progress: Progress, ledger: pl.DataFrame, *, besides: Collection[str] = ()) -> str:
    """What became of the others, and the most frequent reason why they were not written to. `besides` are results that
    were told already."""
    names = {"Not sent": "not sent", "Unsuccessful": "unsuccessful", "Returned": "returned", "Unknown": "unknown"}
    names = {result: word for result, word in names.items() if result not in besides}
    parts = [f"{progress.results[result]:,} {word}" for result, word in names.items() if progress.results[result]]
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
    return f"{count / of:.0%}" if count in (0, of) else f"{min(max(count / of, 0.01), 0.99):.0%}"


def _patients(count: int) -> str:
    return f"{count:,} patient" if count == 1 else f"{count:,} patients"
