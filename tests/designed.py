"""Campaigns with a design in the invented clinic, for tests, and the arm of each patient."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from core import campaigns
from core.domain.campaign import Campaign, Message
from core.settings import Settings
from core.store.database import reading, writing
from core.store.schema import patients, recipients
from core.workbench import Workbench, open_workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import Clock
from tests.homes import Homes
from tests.mail_servers import Recorder, recording

MESSAGE = {"en": Message("Time for a check-up", "<p>Please call {{ call_back_number }}.</p>")}
HOLD_OUT: dict[str, Any] = {"design": "hold_out", "holdout_share": 50}
DELAYED: dict[str, Any] = {"design": "delayed", "holdout_share": 50, "delay_weeks": 8}


@contextmanager
def new_clinic(homes: Homes) -> Iterator[tuple[Workbench, Clock, Recorder]]:
    """The clinic in a home of its own for each of many generated cases, its clock, and where its mails go."""
    with tempfile.TemporaryDirectory() as folder, recording() as server:
        home = Path(folder) / "home"
        made = Settings(home=home, database_url=f"sqlite:///{home / 'careloop.db'}", smtp_port=server.port)
        homes.new(made)
        clock = Clock()
        wb = open_workbench(made, clock=clock)
        add_clinic(wb)
        try:
            yield wb, clock, server
        finally:
            wb.engine.dispose()


def add_couples(wb: Workbench, count: int, **shared: Any) -> list[str]:
    """So many couples p1 and p2, p3 and p4 ... who share a mobile number but not the household of the feed."""
    ids = add_patients(wb, 2 * count, state="IL", zip="60601", **shared)
    with writing(wb.engine) as connection:
        for n, each in enumerate(ids):
            statement = update(patients).where(patients.c.patient_id == each)
            connection.execute(statement.values(phone_mobile=f"+1312555{1000 + n // 2:04d}"))
    return ids


def draft(wb: Workbench, ids: list[str], **changes: Any) -> str:
    """An inactive campaign for them, of which the design may be part."""
    own = {"status": "inactive", "activated_at": None, "activated_by": None, "seed": 7, "messages": MESSAGE} | changes
    return add_campaign(wb, ids, **own)


def activated(wb: Workbench, ids: list[str], **changes: Any) -> Campaign:
    """The same, active and with its arms."""
    return campaigns.activate(wb, draft(wb, ids, **changes))


def arms(wb: Workbench, campaign_id: str = "c1") -> dict[str, str]:
    """By patient the arm."""
    question = select(recipients.c.patient_id, recipients.c.arm).where(recipients.c.campaign_id == campaign_id)
    with reading(wb.engine) as connection:
        return {row.patient_id: row.arm for row in connection.execute(question.order_by(recipients.c.recipient_id))}


def people(wb: Workbench, campaign_id: str = "c1") -> dict[str, set[str]]:
    """By arm the patients."""
    found: dict[str, set[str]] = defaultdict(set)
    for patient_id, arm in arms(wb, campaign_id).items():
        found[arm].add(patient_id)
    return found
