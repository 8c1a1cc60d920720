"""What campaigns have come to, added up by day, so that nobody's page reads the messages (core.roll_ups)."""

from sqlalchemy import Column, Date, Index, Integer, String, Table, Text

from core.domain.roll_up import COUNTS
from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

roll_ups = Table(
    "roll_ups",
    metadata,
    # No foreign key: the rows of a campaign are thrown away and counted anew. In this order a page reads what it needs
    # in one piece: totals lie together, apart from those by language and the like.
    Column("dimension", String(16), primary_key=True),  # '' for totals, else of core.domain.roll_up.DIMENSIONS
    Column("campaign_id", String(32), primary_key=True),
    Column("on", Date, primary_key=True),  # the organisation's day of the contact; of who had none the start date
    Column("group_id", String(128), primary_key=True),  # '' for who has none
    Column("provider_id", String(128), primary_key=True),  # the PCP, '' for who has none; with a dimension always ''
    Column("value", Text, primary_key=True),  # of the dimension: 'es', '65–74' ...; '' in totals
    *(Column(name, Integer, nullable=False) for name in COUNTS),
    sqlite_with_rowid=False,
)

campaign_changes = Table(
    "campaign_changes",
    metadata,
    # Which campaigns have changed since they were added up. Triggers write it: migration 0021.
    Column("change_id", LongId, primary_key=True),
    Column("campaign_id", String(32), nullable=False),
    Column("taken_by", String(32)),  # who counts it just now; NULL: nobody yet
    Column("taken_at", UtcDateTime),
    Index("ix_campaign_changes_campaign_id", "campaign_id", "taken_by"),
)
