"""Roll-ups in SQL: which campaigns are to be added up anew, what is added up, and where the sums are put."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, delete, exists, func, insert, select, update

from core.domain.contact_steps import with_answers
from core.domain.organisation import LETTER, PHONE
from core.domain.roll_up import ANSWER_WITHIN, DIMENSIONS
from core.domain.roll_up_counts import FACTS
from core.store.campaign_people import answers
from core.store.schema import (
    campaign_changes,
    campaigns,
    merges,
    message_events,
    opt_outs,
    outcomes,
    patients,
    print_decisions,
    print_runs,
    recipients,
    roll_ups,
)

_LOST_AFTER = timedelta(minutes=1)  # whoever has counted a campaign for so long is gone
_PIECE = 20_000  # recipients in memory
_BY_PATIENTS = ("link", "stop", "key", "complaint")  # opt-outs that are the answer to a message


@dataclass(frozen=True)
class About:
    """What of a campaign decides how its messages are counted."""

    channel: str
    start_on: date


def stale_count(connection: Connection) -> int:
    """How many campaigns have changed since they were added up."""
    return int(connection.scalar(select(func.count(campaign_changes.c.campaign_id.distinct()))) or 0)


def take(connection: Connection, *, token: str, at: datetime) -> str | None:
    """A campaign that has changed and that nobody counts just now: from here on it is counted under `token`. What
    changes in it later is another change."""
    other = campaign_changes.alias()
    is_busy = exists().where(other.c.campaign_id == campaign_changes.c.campaign_id, other.c.taken_at > at - _LOST_AFTER)
    question = select(campaign_changes.c.campaign_id).where(~is_busy).order_by(campaign_changes.c.change_id)
    campaign_id = connection.scalar(question.limit(1))
    if campaign_id is not None:
        statement = update(campaign_changes).where(campaign_changes.c.campaign_id == campaign_id)
        connection.execute(statement.values(taken_by=token, taken_at=at))
    return campaign_id


def put(connection: Connection, campaign_id: str, sums: pl.DataFrame, *, token: str) -> bool:
    """Keep the sums of a campaign in the place of the earlier ones; False, and nothing is kept, when somebody else has
    begun to count it anew meanwhile."""
    mine = delete(campaign_changes).where(
        campaign_changes.c.campaign_id == campaign_id, campaign_changes.c.taken_by == token
    )
    if not connection.execute(mine).rowcount:
        return False
    every = ("", *DIMENSIONS)  # the key begins with it
    connection.execute(delete(roll_ups).where(roll_ups.c.dimension.in_(every), roll_ups.c.campaign_id == campaign_id))
    if not sums.is_empty():
        connection.execute(insert(roll_ups), sums.to_dicts())
    return True


def about(connection: Connection, campaign_id: str) -> About | None:
    """None for what is no campaign of anybody's: introductory emails, and what was deleted before it was sent."""
    question = select(campaigns.c.channel, campaigns.c.start_on).where(
        campaigns.c.campaign_id == campaign_id, campaigns.c.kind == "campaign"
    )
    row = connection.execute(question).one_or_none()
    return About(*row) if row else None


def facts(connection: Connection, campaign_id: str, channel: str) -> Iterator[pl.DataFrame]:
    """FACTS of one campaign with has_answered and has_stopped, in pieces that fit into memory; whom an id was merged
    into counts as the patient."""
    told = answers(connection, campaign_id)
    opted_out = _of(connection, _opted_out(campaign_id))
    seconds = _seconds(connection, campaign_id) if channel == PHONE else {}
    sharers = _sharers(connection, campaign_id) if channel == LETTER else set[int]()

    def more(recipient_id: int) -> tuple[bool, list[int], bool]:
        return recipient_id in opted_out, seconds.get(recipient_id, []), recipient_id not in sharers

    question = _people(campaign_id).execution_options(yield_per=_PIECE)
    for some in connection.execute(question).partitions():
        piece = pl.DataFrame([(*row, *more(row.recipient_id)) for row in some], schema=FACTS, orient="row")
        yield with_answers(piece, told)


def _people(campaign_id: str) -> Select[Any]:
    now = func.coalesce(merges.c.patient_id, recipients.c.patient_id)
    everything = (
        recipients.outerjoin(merges, merges.c.merged_id == recipients.c.patient_id)
        .outerjoin(patients, patients.c.patient_id == now)
        .outerjoin(outcomes, outcomes.c.recipient_id == recipients.c.recipient_id)
    )
    return (
        select(
            recipients.c.recipient_id,
            recipients.c.state,
            recipients.c.message,
            recipients.c.arm,
            recipients.c.language.label("sent_language"),
            recipients.c.attempt_count,
            recipients.c.handed_over_at,
            patients.c.group_id,
            patients.c.pcp_id,
            patients.c.language,
            patients.c.birth_date,
            patients.c.sex,
            patients.c.race,
            patients.c.payer,
            outcomes.c.gap_count,
            outcomes.c.closed_90,
            outcomes.c.booked_on,
            outcomes.c.kept_on,
        )
        .select_from(everything)
        .where(recipients.c.campaign_id == campaign_id)
    )


def _opted_out(campaign_id: str) -> Iterable[Select[Any]]:
    """Opt-outs by patients themselves after this message, before they got another one."""
    later = recipients.alias()
    columns = (recipients.c.recipient_id, recipients.c.handed_over_at, opt_outs.c.made_at)
    for is_theirs in (
        opt_outs.c.patient_id == recipients.c.patient_id,
        opt_outs.c.address == recipients.c.address,
    ):
        yield (
            select(*columns)
            .join_from(recipients, opt_outs, is_theirs)
            .where(
                recipients.c.campaign_id == campaign_id,
                opt_outs.c.source.in_(_BY_PATIENTS),
                func.coalesce(opt_outs.c.removed_how, "") != "undo",  # it was none
                opt_outs.c.made_at >= recipients.c.handed_over_at,
                ~exists().where(
                    later.c.patient_id == recipients.c.patient_id,
                    later.c.handed_over_at > recipients.c.handed_over_at,
                    later.c.handed_over_at <= opt_outs.c.made_at,
                ),
            )
        )


def _of(connection: Connection, questions: Iterable[Select[Any]]) -> set[int]:
    """Who opted out soon enough after the message for it to be the answer."""
    return {
        recipient_id
        for question in questions
        for recipient_id, left_at, at in connection.execute(question)
        if at - left_at <= ANSWER_WITHIN
    }


def _seconds(connection: Connection, campaign_id: str) -> dict[int, list[int]]:
    """How long each call took that was answered; 0 where that was not told, as of earlier calls."""
    question = (
        select(message_events.c.recipient_id, message_events.c.details)
        .join(recipients)
        .where(recipients.c.campaign_id == campaign_id, message_events.c.kind == "completed")
    )
    found: dict[int, list[int]] = {}
    for recipient_id, details in connection.execute(question):
        found.setdefault(recipient_id, []).append(int(details.get("seconds") or 0))
    return found


def _sharers(connection: Connection, campaign_id: str) -> set[int]:
    """Whose letter is another one's as well, and is counted there: a household has one together."""
    question = (
        select(print_decisions.c.recipient_id, print_decisions.c.run_id, print_decisions.c.position)
        .join(print_runs, print_runs.c.run_id == print_decisions.c.run_id)
        .where(print_runs.c.campaign_id == campaign_id, print_decisions.c.position.is_not(None))
        .order_by(print_decisions.c.recipient_id)
    )
    letters, sharers = set[tuple[str, int]](), set[int]()
    for recipient_id, *letter in connection.execute(question):
        if (found := (letter[0], letter[1])) in letters:
            sharers.add(recipient_id)
        letters.add(found)
    return sharers
