"""Groups, clinics and providers, and what is decided about them."""

from sqlalchemy import Boolean, Column, String, Table, Text

from core.store.database import UtcDateTime
from core.store.schema.base import metadata

groups = Table(
    "groups",
    metadata,
    Column("group_id", String(128), primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    Column("time_zone", Text),
)

locations = Table(
    "locations",
    metadata,
    Column("location_id", String(128), primary_key=True),
    Column("group_id", String(128)),
    Column("name", Text, nullable=False),
    Column("address1", Text),
    Column("city", Text),
    Column("state", Text),
    Column("zip", Text),
    Column("phone", Text),
)

providers = Table(
    "providers",
    metadata,
    Column("provider_id", String(128), primary_key=True),
    Column("npi", Text),
    Column("first", Text),
    Column("last", Text, nullable=False),
    Column("credential", Text),
    Column("specialty", Text),
    Column("group_id", String(128)),
    Column("location_id", String(128)),
    Column("is_pcp", Boolean, nullable=False, default=False),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("display_name", Text, nullable=False),  # as patients read it: 'Dr. Maria Example'
)

provider_settings = Table(
    "provider_settings",
    metadata,
    # No foreign key: a load replaces the providers, and what was decided about one stays.
    Column("provider_id", String(128), primary_key=True),
    Column("introduces", Boolean, nullable=False, default=False),  # whether patients get introductory emails (E4)
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
)
