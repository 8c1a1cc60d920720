"""How far the patients of a campaign came: from selected to gap closed, also by language, provider and group."""

from dataclasses import dataclass

import polars as pl

from core.domain.clinical import schema
from core.domain.effects.allocation import HOLD_OUT
from core.domain.effects.outcomes import ANSWERED_WITHIN, BOOKED_WITHIN, WINDOWS
from core.domain.message import STATES
from core.domain.organisation import PHONE, TEXT
from core.domain.small_cells import suppressed

_LEFT = ("calling", "handed_over", "delivered", "unconfirmed", "returned", "mailed")
_DECIDED = ("not_sent", "hold_out")
SUCCESSFUL = tuple(state for state, meaning in STATES.items() if meaning.result == "Successful")


@dataclass(frozen=True)
class Step:
    """key: the column of flags; of: the step whose patients it is a part of; is_outcome: known from feeds alone."""

    key: str
    name: str
    of: str
    about: str
    is_outcome: bool = False


STEPS = (
    Step("selected", "Selected", "", "Everybody in the campaign, those held out by chance included."),
    Step("eligible", "Eligible", "selected", "Not held out, and nothing kept the message from them."),
    Step("sent", "Handed over", "eligible", "The message left: a server, the carrier or the post took it."),
    Step("delivered", "Delivered", "sent", "It did not come back or fail, as far as is known: the result Successful."),
    Step(
        "answered",
        "Answered",
        "delivered",
        f"A text came back or a key was pressed within {ANSWERED_WITHIN} days, other than to stop.",
    ),
    Step("stopped", "Said stop", "delivered", f"Answered within {ANSWERED_WITHIN} days that they want no more."),
    Step(
        "booked",
        "Booked",
        "delivered",
        f"An appointment was made within {BOOKED_WITHIN} days of the message, whether or not they answered.",
        is_outcome=True,
    ),
    Step("kept", "Visit kept", "booked", "The patient came to it.", is_outcome=True),
    Step(
        "closed",
        "Gap closed",
        "delivered",
        f"A care gap that was open closed within {WINDOWS[-1]} days, with or without a visit that we know of.",
        is_outcome=True,
    ),
)
BY_KEY = {step.key: step for step in STEPS}
FUNNEL = schema(
    {
        "key": pl.String,
        "name": pl.String,
        "count": pl.Int64,  # null: not known yet
        "share": pl.Float64,  # of all selected
        "of": pl.String,  # the step it is a part of, by key
        "part": pl.Float64,  # of that step
        "missed": pl.Int64,  # `not_reached`: whom a follow-up can be for
        "about": pl.String,
    }
)
BREAK_DOWNS = {"language": "Language", "provider": "Provider", "group": "Group"}
SLICES = schema(
    {
        "slice": pl.String,  # null: not recorded
        "selected": pl.Int64,
        "delivered": pl.Int64,
        "booked": pl.Int64,
        "closed": pl.Int64,
        "is_hidden": pl.Boolean,  # a small cell, or one from which a small cell could be worked out
    }
)


def with_flags(people: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """PEOPLE (core.store.campaign_people) with a flag for each step; of outcomes that are not known it is null."""
    days = pl.duration(days=ANSWERED_WITHIN)
    told = (
        answers.join(people.select("recipient_id", "handed_over_at"), on="recipient_id")
        .filter(pl.col("at").is_between(pl.col("handed_over_at"), pl.col("handed_over_at") + days))
        .group_by("recipient_id")
        .agg(has_stopped=pl.col("is_stop").any(), has_answered=pl.lit(True))
    )
    state = pl.col("state")
    has_left = state.is_in(_LEFT) | ((state == "unsuccessful") & pl.col("handed_over_at").is_not_null())
    has_left &= pl.col("message") == "campaign"
    is_known = pl.col("gap_count").is_not_null()
    return (
        people.join(told, on="recipient_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("has_stopped", "has_answered").fill_null(False),
            household=pl.when(pl.col("household") == "").then("patient_id").otherwise("household"),
            selected=pl.lit(True),
            eligible=(pl.col("arm") != HOLD_OUT) & ~state.is_in(_DECIDED),
        )
        .with_columns(sent=pl.col("eligible") & has_left)
        .with_columns(delivered=pl.col("sent") & state.is_in(SUCCESSFUL))
        .with_columns(
            answered=pl.col("delivered") & pl.col("has_answered") & ~pl.col("has_stopped"),
            stopped=pl.col("delivered") & pl.col("has_stopped"),
            booked=pl.when(is_known).then(pl.col("delivered") & pl.col("booked_on").is_not_null()),
        )
        .with_columns(
            kept=pl.when(is_known).then(pl.col("booked") & pl.col("kept_on").is_not_null()),
            closed=pl.when(is_known).then(pl.col("delivered") & (pl.col("closed_90") > 0)),
        )
    )


def funnel(flagged: pl.DataFrame, channel: str) -> pl.DataFrame:
    """FUNNEL of `with_flags`, in the order of STEPS. A step never counts more than the one it is a part of. Emails and
    letters have no answers that we hear of."""
    shown = [step for step in STEPS if step.key not in ("answered", "stopped") or channel in (TEXT, PHONE)]
    counts = {step.key: _count(flagged, step) for step in shown}
    rows = [
        (
            step.key,
            step.name,
            counts[step.key],
            _share(counts[step.key], flagged.height),
            step.of,
            _share(counts[step.key], counts.get(step.of)),
            0 if counts[step.key] is None else not_reached(flagged, step.key).height,
            step.about,
        )
        for step in shown
    ]
    return pl.DataFrame(rows, schema=FUNNEL, orient="row")


def _count(flagged: pl.DataFrame, step: Step) -> int | None:
    flags = flagged[step.key]
    return None if step.is_outcome and flags.null_count() == flags.len() > 0 else int(flags.sum() or 0)


def _share(count: int | None, of: int | None) -> float | None:
    return count / of if count is not None and of else None


def not_reached(flagged: pl.DataFrame, key: str) -> pl.DataFrame:
    """The patients who came as far as the step before and not to this one, without who said stop or was held out."""
    step = BY_KEY[key]
    missed = pl.col(step.of or "selected").fill_null(False) & ~pl.col(key).fill_null(False)
    return flagged.filter(missed, ~pl.col("has_stopped"), pl.col("arm") != HOLD_OUT)


def slices(flagged: pl.DataFrame, by: str, *, names_nobody: bool) -> pl.DataFrame:
    """SLICES by a key of BREAK_DOWNS, the largest first.

    names_nobody   for somebody who may not see all of these patients: small cells are hidden
    """
    counts = [pl.col(key).sum().cast(pl.Int64) for key in ("selected", "delivered")]
    known = [
        pl.when(pl.col(key).count() > 0).then(pl.col(key).sum()).cast(pl.Int64).alias(key)
        for key in ("booked", "closed")
    ]
    rows = flagged.group_by(pl.col(by).alias("slice")).agg(*counts, *known)
    rows = rows.sort("selected", "slice", descending=[True, False], nulls_last=True)
    hidden = _hidden(rows) if names_nobody else pl.Series([False] * rows.height, dtype=pl.Boolean)
    shown = [pl.when(~hidden).then(pl.col(key)).alias(key) for key in ("selected", "delivered", "booked", "closed")]
    return rows.with_columns(*shown, hidden.alias("is_hidden")).select(*SLICES).cast(SLICES)


def _hidden(rows: pl.DataFrame) -> pl.Series:
    """Rows with a small cell of any count: selected, and of them delivered, booked or closed and the others."""
    hidden = pl.Series([False] * rows.height, dtype=pl.Boolean)
    for key in ("delivered", "booked", "closed"):
        counts = rows.select(eligible="selected", satisfied=pl.col(key).fill_null(0))
        if rows[key].null_count() < rows.height:
            hidden = hidden | suppressed(counts, is_whole=True)
    return hidden
