"""What campaigns have come to, kept added up by day, so that pages about all campaigns never read the messages.

Triggers note which campaigns change (migration 0021); here those are counted anew, one at a time. The messages are read
outside of any write, so nobody who sends waits for it.
"""

import logging
import secrets
import time
from dataclasses import dataclass, replace

import polars as pl

from core import message_costs
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.organisation import TEXT
from core.domain.roll_up_counts import ROLL_UPS, rolled_up, summed
from core.errors import TemplateError
from core.store import campaigns as campaign_rows
from core.store import roll_up_rows as rows
from core.store.database import reading, snapshot, writing
from core.store.messages import DatabaseLost
from core.workbench import Workbench

_FOR_PAPER = 15.0  # seconds
_PAUSE, _SHARE = 1.0, 20.0  # seconds at least between two campaigns, and how many times as long as the last one took

_log = logging.getLogger(__name__)


def refresh(wb: Workbench, *, most: int | None = None) -> int:
    """Add up the campaigns that have changed, `most` of them at most; returns how many that were."""
    count = 0
    while (most is None or count < most) and _refresh_one(wb):
        count += 1
    return count


def catch_up(wb: Workbench, *, seconds: float) -> None:
    """What a page does before it shows the sums: add up what has changed, for so long at most. While others write, or
    where a campaign cannot be added up, that is left to later; `stale_count` says how many are left."""
    begun = time.monotonic()
    while (left := seconds - (time.monotonic() - begun)) > 0:
        try:
            if not _refresh_one(wb, waits=left):
                return
        except DatabaseLost:
            return
        except Exception as error:
            _log.error("a campaign could not be added up (%s)", type(error).__name__)


def catch_up_for_paper(wb: Workbench) -> None:
    """The same before files are made of the sums: longer, since a file cannot be looked at again."""
    catch_up(wb, seconds=_FOR_PAPER)


def stale_count(wb: Workbench) -> int:
    """How many campaigns have changed since they were added up."""
    with reading(wb.engine) as connection:
        return rows.stale_count(connection)


@dataclass
class Rolling:
    """When a dispatcher adds up the next campaign, in seconds of a clock that never steps back: so seldom that it takes
    a twentieth of the time of one processor."""

    not_before: float = 0.0

    def roll(self, wb: Workbench) -> None:
        """One campaign that has changed, if it is time. When that fails, sending goes on and another one is next."""
        begun = time.monotonic()
        if begun < self.not_before:
            return
        try:
            refresh(wb, most=1)
        except DatabaseLost:
            raise
        except Exception as error:
            _log.error("a campaign could not be added up (%s)", type(error).__name__)
        ended = time.monotonic()
        self.not_before = ended + max(_PAUSE, _SHARE * (ended - begun))


def _refresh_one(wb: Workbench, *, waits: float | None = None) -> bool:
    """Count one campaign that has changed; False when there is none. What changes while it is counted is counted with
    the next change, and when somebody else has begun meanwhile, that one has read the newer state.

    waits   how many seconds at most for others that write
    """
    if not stale_count(wb):
        return False
    token = secrets.token_hex(8)
    with writing(wb.engine, seconds=waits) as connection:
        campaign_id = rows.take(connection, token=token, at=wb.now())
    if campaign_id is None:
        return False
    sums = _sums(wb, campaign_id)
    with writing(wb.engine, seconds=waits) as connection:
        rows.put(connection, campaign_id, sums, token=token)
    return True


def _sums(wb: Workbench, campaign_id: str) -> pl.DataFrame:
    """ROLL_UPS of a campaign as it is now."""
    zone = wb.organisation().time_zone
    with snapshot(wb.engine) as connection:
        about = rows.about(connection, campaign_id)
        if about is None:
            return ROLL_UPS.to_frame()
        campaign = campaign_rows.campaign(connection, campaign_id) if about.channel == TEXT else None
        segments = _segments(campaign)
        return summed(
            rolled_up(
                each.with_columns(segments),
                campaign_id=campaign_id,
                channel=about.channel,
                start_on=about.start_on,
                zone=zone,
            )
            for each in rows.facts(connection, campaign_id, about.channel)
        )


def _segments(campaign: Campaign | None) -> pl.Expr:
    """What a text to each recipient takes, by version and language with example values: the same as is said before it
    is sent, since what a message filled in came to is not kept."""
    if campaign is None:
        return pl.lit(0).alias("segments")
    language = pl.coalesce("sent_language", "language")
    own, of_b = (_by_language(each, language) for each in (campaign, replace(campaign, messages=campaign.variant)))
    return pl.when(pl.col("arm") == "b").then(of_b).otherwise(own).alias("segments")


def _by_language(campaign: Campaign, language: pl.Expr) -> pl.Expr:
    units = {each: _units(campaign, each) for each in campaign.messages}
    return language.replace_strict(units, default=units.get(DEFAULT_LANGUAGE, 1), return_dtype=pl.Int64)


def _units(campaign: Campaign, language: str) -> int:
    try:
        return message_costs.units_of(campaign, language)
    except TemplateError:  # such a message was never sent in this language
        return 1
