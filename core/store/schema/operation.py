"""What running Careloop needs to remember: feeds as they arrived, who was told of what, whether the home is live, and
how a group's own files are read."""

from sqlalchemy import JSON, Column, Integer, String, Table, Text, UniqueConstraint

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

feed_arrivals = Table(
    "feed_arrivals",
    metadata,
    Column("arrival_id", LongId, primary_key=True),
    Column("name", String(255), nullable=False),  # of the sub-folder of the watched folder
    Column("digest", String(64), nullable=False),  # of what is in its files
    Column(
        "stamp", String(64), nullable=False
    ),  # of their names, sizes and times: as long as it is the same, so are they
    Column("state", String(16), nullable=False),  # loading | waiting | loaded | unchanged | failed | again
    Column("source_system", String(64), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),  # why it failed
    Column("tries", Integer, nullable=False, default=0),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("name", "digest"),
)

alarm_mails = Table(
    "alarm_mails",
    metadata,
    Column("alarm", String(160), primary_key=True),  # core.lateness.Alarm.key, or of a campaign (core.approval_mail)
    Column("user_id", String(64), primary_key=True),
    Column("state", String(16), nullable=False),  # due | sending | sent | failed
    Column("tries", Integer, nullable=False, default=0),
    Column("next_at", UtcDateTime, nullable=False),
)

home_modes = Table(
    "home_modes",
    metadata,
    Column("change_id", LongId, primary_key=True),
    Column("mode", String(16), nullable=False),  # sandbox | live; the last row counts, and none is a sandbox
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("warnings", JSON, nullable=False),  # keys of the checks that were not right when it went live
)

generated_feeds = Table(
    "generated_feeds",
    metadata,
    Column("generator", String(32), primary_key=True),  # who invented the patients: sample | synthea | demo
    Column("found_at", UtcDateTime, nullable=False),
    Column("found_by", String(64), nullable=False),
)

live_confirmations = Table(
    "live_confirmations",
    metadata,
    Column("check_key", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),  # of what was looked at: when that changes it is to be looked at anew
    Column("confirmed_at", UtcDateTime, nullable=False),
    Column("confirmed_by", String(64), nullable=False),
)

header_maps = Table(
    "header_maps",
    metadata,
    Column("map_id", LongId, primary_key=True),
    Column("feed_table", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", JSON, nullable=False),  # core.domain.header_map.HeaderMap; {} when it was removed
    Column("saved_at", UtcDateTime, nullable=False),
    Column("saved_by", String(64), nullable=False),
    UniqueConstraint("feed_table", "version"),
)
