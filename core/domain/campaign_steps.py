"""How far the patients of a campaign came: from selected to gap closed, also by language, provider and group."""

from dataclasses import dataclass

import polars as pl

from core.domain.clinical import schema
from core.domain.contact_steps import is_held_out, steps, with_answers
from core.domain.effects.outcomes import ANSWERED_WITHIN, BOOKED_WITHIN, WINDOWS
from core.domain.message import STATES
from core.domain.organisation import PHONE, TEXT
from core.domain.small_cells import rounded, rounded_column, small


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
_WAITING = [state for state, meaning in STATES.items() if meaning.result == "Waiting"]
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
        "is_hidden": pl.Boolean,  # so few were selected, or would give few away, that there is nothing to be told
    }
)


def with_flags(people: pl.DataFrame, answers: pl.DataFrame, channel: str) -> pl.DataFrame:
    """PEOPLE (core.store.campaign_people) with a flag for each step (core.domain.contact_steps); of outcomes that are
    not known it is null."""
    known = pl.col("gap_count").is_not_null()
    found = steps(channel)
    outcomes = {step.key for step in STEPS if step.is_outcome}
    flags = {key: pl.when(known).then(flag) if key in outcomes else flag for key, flag in found.items()}
    household = pl.when(pl.col("household") == "").then("patient_id").otherwise("household")
    return with_answers(people, answers).with_columns(household=household, **flags)


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


def rough_funnel(exact: pl.DataFrame) -> pl.DataFrame:
    """FUNNEL of which small counts are hidden and the others rounded (core.domain.small_cells); of a campaign of a few
    there is nothing."""
    counts: dict[str, int | None] = {
        key: None if count is None else rounded(count) for key, count in exact.select("key", "count").iter_rows()
    }
    whole = counts.get("selected")
    if whole is None:
        return exact.clear()
    told = pl.Series("count", list(counts.values()), dtype=pl.Int64)
    shares = [_share(count, whole) for count in counts.values()]
    parts = [_share(counts[key], counts.get(of)) for key, of in exact.select("key", "of").iter_rows()]
    return exact.with_columns(
        told,
        pl.Series("share", shares, dtype=pl.Float64),
        pl.Series("part", parts, dtype=pl.Float64),
        missed=pl.lit(0, pl.Int64),
    )


def _count(flagged: pl.DataFrame, step: Step) -> int | None:
    flags = flagged[step.key]
    return None if step.is_outcome and flags.null_count() == flags.len() > 0 else int(flags.sum() or 0)


def _share(count: int | None, of: int | None) -> float | None:
    return min(count / of, 1.0) if count is not None and of else None


def not_reached(flagged: pl.DataFrame, key: str) -> pl.DataFrame:
    """The patients who came as far as the step before and not to this one, without who said stop, was held out or still
    waits for the message: a follow-up can be for none of them."""
    step = BY_KEY[key]
    missed = pl.col(step.of or "selected").fill_null(False) & ~pl.col(key).fill_null(False)
    return flagged.filter(missed, ~pl.col("has_stopped"), ~is_held_out(), ~pl.col("state").is_in(_WAITING))


def slices(flagged: pl.DataFrame, by: str, *, names_nobody: bool) -> pl.DataFrame:
    """SLICES by a key of BREAK_DOWNS, the largest first.

    names_nobody   for somebody who may not see these patients: small cells are hidden, the others rounded
    """
    counts = [pl.col(key).sum().cast(pl.Int64) for key in ("selected", "delivered")]
    known = [
        pl.when(pl.col(key).count() > 0).then(pl.col(key).sum()).cast(pl.Int64).alias(key)
        for key in ("booked", "closed")
    ]
    rows = flagged.group_by(pl.col(by).alias("slice")).agg(*counts, *known)
    rows = rows.sort("selected", "slice", descending=[True, False], nulls_last=True)
    return (_rough_slices(rows) if names_nobody else rows.with_columns(is_hidden=False)).select(*SLICES).cast(SLICES)


def _rough_slices(rows: pl.DataFrame) -> pl.DataFrame:
    """With null for small counts and those that would give them away, the others rounded."""
    masks = {key: small(rows[key], is_whole=True) for key in ("selected", "delivered", "booked", "closed")}
    above = {"delivered": "selected", "booked": "delivered", "closed": "delivered"}
    for key, of in above.items():  # of a part that is hidden no part is shown
        masks[key] = masks[key] | masks[of]
    shown = [pl.when(~mask).then(rounded_column(key)).alias(key) for key, mask in masks.items()]
    return rows.with_columns(*shown, masks["selected"].alias("is_hidden"))
