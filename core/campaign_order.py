"""Campaigns to which somebody has come back after all: brought into order again."""

from datetime import datetime

from sqlalchemy import Connection

from core.store import campaigns as campaign_rows


def put_in_order(connection: Connection, campaign_ids: set[str], *, at: datetime) -> None:
    """Nobody waits in a stopped campaign, and a completed one goes on."""
    for campaign_id in sorted(campaign_ids):
        campaign_rows.stop_waiting(connection, campaign_id, at=at)
        campaign_rows.go_on(connection, campaign_id)
