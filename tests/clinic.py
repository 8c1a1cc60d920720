"""A small invented clinic in SQL, for tests of sending that need no feed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert, select

from core.domain.campaign import Campaign, Message
from core.store import campaigns as rows
from core.store.database import reading, writing
from core.store.schema import attempts, groups, open_gaps, patients, providers, recipients
from core.workbench import Workbench

MAMMOGRAM = "scr-mammogram"

_AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
CAMPAIGN = Campaign(
    campaign_id="c1",
    name="Mammogram reminder",
    description="",
    channel="email",
    purpose="care_gap",
    template_id="mammogram-reminder",
    status="active",
    start_on=date(2026, 11, 24),
    messages={"en": Message("Time for a check-up", "<p>Dear {{ patient.first_name }}, please call us.</p>")},
    from_email="do-not-reply@example.org",
    from_name="Your care team",
    measures=(MAMMOGRAM,),
    created_at=_AT,
    created_by="ana",
    changed_at=_AT,
    changed_by="ana",
)


def add_clinic(wb: Workbench) -> None:
    """Two groups with a provider each."""
    with writing(wb.engine) as connection:
        for number in (1, 2):
            connection.execute(insert(groups).values(group_id=f"g{number}", name=f"Group {number}"))
            connection.execute(
                insert(providers).values(
                    provider_id=f"dr{number}", last="Sample", display_name=f"Dr. {number} Sample", group_id=f"g{number}"
                )
            )


def clinic_that_sends(wb: Workbench, port: int) -> Workbench:
    """The workbench with the two groups, sending to the mail server on `port`."""
    add_clinic(wb)
    return replace(wb, settings=replace(wb.settings, smtp_port=port))


def add_patients(wb: Workbench, count: int, *, start: int = 1, group: int = 1, **changes: Any) -> list[str]:
    """`count` women due for a mammogram, p1 at p1@example.org and so on; `changes` set columns for all of them."""
    ids = [f"p{number}" for number in range(start, start + count)]
    known = {
        "first": "Ada",
        "last": "Example",
        "birth_date": date(1966, 5, 4),
        "sex": "F",
        "language": "en",
        "status": "active",
        "group_id": f"g{group}",
        "pcp_id": f"dr{group}",
    }
    people = [{"patient_id": each, **known, "email": f"{each}@example.org", **changes} for each in ids]
    gaps = [{"patient_id": each, "measures": MAMMOGRAM} for each in ids]
    with writing(wb.engine) as connection:
        connection.execute(insert(patients), people)
        connection.execute(insert(open_gaps), gaps)
    return ids


def add_campaign(wb: Workbench, patient_ids: Sequence[str], **changes: Any) -> str:
    """An active mammogram campaign that starts today, unless `changes` say otherwise; returns its id."""
    at, by = wb.now(), wb.user.user_id
    stamps: dict[str, Any] = {f"{done}_at": at for done in ("created", "changed", "activated")}
    stamps |= {f"{done}_by": by for done in ("created", "changed", "activated")}
    campaign = replace(CAMPAIGN, start_on=wb.today(), **stamps)
    campaign = replace(campaign, **changes)
    with writing(wb.engine) as connection:
        rows.add(connection, campaign, patient_ids=patient_ids)
    return campaign.campaign_id


def states(wb: Workbench, campaign_id: str = "c1") -> dict[str, tuple[str, str]]:
    """State and reason of each recipient, by patient."""
    question = select(recipients).where(recipients.c.campaign_id == campaign_id).order_by(recipients.c.recipient_id)
    with reading(wb.engine) as connection:
        return {row.patient_id: (row.state, row.reason) for row in connection.execute(question)}


def tries(wb: Workbench, patient_id: str) -> list[tuple[int, str | None, str]]:
    """Number, outcome and reply code of each attempt for a patient."""
    question = (
        select(attempts.c.number, attempts.c.outcome, attempts.c.code)
        .join(recipients, recipients.c.recipient_id == attempts.c.recipient_id)
        .where(recipients.c.patient_id == patient_id)
        .order_by(attempts.c.number)
    )
    with reading(wb.engine) as connection:
        return [tuple(row) for row in connection.execute(question)]


def states_only(wb: Workbench, patient_ids: Iterable[str] | None = None, campaign_id: str = "c1") -> list[str]:
    """The states in the order of the recipients."""
    found = states(wb, campaign_id)
    return [found[each][0] for each in (patient_ids or found)]
