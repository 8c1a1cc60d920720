"""The tables of the SQL store: everything that changes one row at a time and must never be lost.

Clinical facts are not here but in Parquet (core.store.clinical). Moments are UTC; dates are the organisation's days.
Ids of campaigns and saved views are opaque texts, because they stand in links.
"""

from core.store.schema.accounts import (
    audit,
    credentials,
    identities,
    logos,
    organisation_settings,
    sessions,
    sign_in_failures,
    users,
)
from core.store.schema.base import metadata
from core.store.schema.campaigns import (
    approvals,
    attempts,
    bounce_mails,
    campaign_editors,
    campaigns,
    follow_ups,
    introductory_texts,
    message_events,
    outcomes,
    recipients,
    replies,
    saved_views,
)
from core.store.schema.feeds import code_map, feed_quality, feed_releases, loads, value_set_codes, value_sets
from core.store.schema.letters import downloads, print_decisions, print_letters, print_runs
from core.store.schema.operation import (
    alarm_mails,
    feed_arrivals,
    generated_feeds,
    header_maps,
    home_modes,
    live_confirmations,
)
from core.store.schema.patients import merges, open_gaps, patients, search_keys
from core.store.schema.practice import groups, locations, provider_settings, providers
from core.store.schema.reports import report_schedules
from core.store.schema.restores import ledgers, restores
from core.store.schema.roll_ups import campaign_changes, roll_ups
from core.store.schema.rules import measure_rules, measure_switches
from core.store.schema.sending import dispatchers, sending_accounts, sending_pauses
from core.store.schema.settings import account_tests, setting_changes
from core.store.schema.support import support_cases, support_mails
from core.store.schema.wishes import address_states, corrections, feed_conflicts, opt_outs, remarks

__all__ = [
    "account_tests",
    "address_states",
    "alarm_mails",
    "approvals",
    "attempts",
    "audit",
    "bounce_mails",
    "campaign_changes",
    "campaign_editors",
    "campaigns",
    "code_map",
    "corrections",
    "credentials",
    "dispatchers",
    "downloads",
    "feed_arrivals",
    "feed_conflicts",
    "feed_quality",
    "feed_releases",
    "follow_ups",
    "generated_feeds",
    "groups",
    "header_maps",
    "home_modes",
    "identities",
    "introductory_texts",
    "ledgers",
    "live_confirmations",
    "loads",
    "locations",
    "logos",
    "measure_rules",
    "measure_switches",
    "merges",
    "message_events",
    "metadata",
    "open_gaps",
    "opt_outs",
    "organisation_settings",
    "outcomes",
    "patients",
    "print_decisions",
    "print_letters",
    "print_runs",
    "provider_settings",
    "providers",
    "recipients",
    "remarks",
    "replies",
    "report_schedules",
    "restores",
    "roll_ups",
    "saved_views",
    "search_keys",
    "sending_accounts",
    "sending_pauses",
    "sessions",
    "setting_changes",
    "sign_in_failures",
    "support_cases",
    "support_mails",
    "users",
    "value_set_codes",
    "value_sets",
]
