"""Reports that are sent by email again and again."""

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table

from core.store.database import UtcDateTime
from core.store.schema.base import metadata

report_schedules = Table(
    "report_schedules",
    metadata,
    Column("schedule_id", String(32), primary_key=True),
    Column("report", String(16), nullable=False),  # core.domain.report_schedule.REPORTS
    Column("every", String(8), nullable=False),  # week | month
    Column("day", Integer, nullable=False),  # of the week, Monday is 0; of the month, 1 to 28
    Column("recipients", JSON, nullable=False),  # ids of users
    Column("is_on", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),  # made or turned on: nothing is due before
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("removed_at", UtcDateTime),
)
