"""The tables of the SQL store: everything that changes one row at a time and must never be lost.

Clinical facts are not here but in Parquet (core.store.clinical). Moments are UTC; dates are the organisation's days.
Ids of campaigns and saved views are opaque texts, because they stand in links.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from core.store.database import UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
LongId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER

# ---- who, what is set, what was done -------------------------------------------------------------------------------
users = Table(
    "users",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),  # person | system
    Column("email", Text),
    Column("scope_groups", JSON),  # list of group ids; NULL = all
    Column("scope_providers", JSON),  # list of provider ids; NULL = all
    Column("is_active", Boolean, nullable=False, default=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(64), nullable=False),
)

organisation_settings = Table(
    "organisation_settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", LongId, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("user_id", String(64), nullable=False),
    Column("action", String(64), nullable=False),  # 'campaign.activated', 'opt_out.added' ...
    Column("subject", Text, nullable=False, default=""),  # the id of what it was done to
    Column("details", JSON, nullable=False),  # ids and counts, never names or addresses
)

# ---- feeds and what sending must know of patients ------------------------------------------------------------------
loads = Table(
    "loads",
    metadata,
    Column("load_id", LongId, primary_key=True),
    Column("source_system", String(64), nullable=False),
    Column("format", String(16), nullable=False),
    Column("status", String(16), nullable=False),  # loaded | unchanged | failed
    Column("generation", String(64)),  # the folder of the clinical store that this load made
    Column("received_at", UtcDateTime),  # when the feed was made, by its manifest
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("loaded_by", String(64), nullable=False),
    Column("counts", JSON, nullable=False),  # {source name: {"read": n, "kept": n, "rejected": n, "new": n, ...}}
    Column("defects", JSON, nullable=False),  # [{"defect": key, "sentence": str, "patients": n}]
    Column("message", Text, nullable=False, default=""),
)

feed_quality = Table(
    "feed_quality",
    metadata,
    Column("load_id", LongId, ForeignKey("loads.load_id"), primary_key=True, autoincrement=False),
    Column("feed_table", String(32), primary_key=True),
    Column("source_system", String(64), nullable=False),
    Column("is_full", Boolean, nullable=False),
    Column("is_there", Boolean, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("rows_before", BigInteger),
    Column("rows_median", BigInteger),
    Column("latest_on", Date),
    Column("received_at", UtcDateTime),
    Column("lag_median", Integer),  # days
    Column("lag_p90", Integer),
    Column("loaded_at", UtcDateTime, nullable=False),
    Index("ix_feed_quality_feed_table_source_system", "feed_table", "source_system"),
)

feed_releases = Table(
    "feed_releases",
    metadata,
    Column("release_id", LongId, primary_key=True),
    Column("problems", JSON, nullable=False),  # core.domain.feed_gate.Problem.key of what was released
    Column("released_at", UtcDateTime, nullable=False),
    Column("released_by", String(64), nullable=False),
    Column("reason", Text, nullable=False),
)

code_map = Table(
    "code_map",
    metadata,
    Column("source_system", String(64), primary_key=True, default=""),  # '' = every feed
    Column("system", String(64), primary_key=True),
    Column("code", String(128), primary_key=True),
    Column("concept", String(64), primary_key=True),
    Column("text", Text, nullable=False, default=""),
    Column("loaded_at", UtcDateTime, nullable=False),
    Column("loaded_by", String(64), nullable=False),
)

value_sets = Table(
    "value_sets",
    metadata,
    Column("value_set", String(128), primary_key=True),  # its OID
    Column("title", Text, nullable=False, default=""),
    Column("version", String(64), nullable=False, default=""),
    Column("loaded_at", UtcDateTime, nullable=False),
    Column("loaded_by", String(64), nullable=False),
)

value_set_codes = Table(
    "value_set_codes",
    metadata,
    Column("value_set", String(128), ForeignKey("value_sets.value_set"), primary_key=True),
    Column("system", String(255), primary_key=True),  # our word, or the address where there is none
    Column("code", String(128), primary_key=True),
    Column("display", Text, nullable=False, default=""),
)

# ---- rules ---------------------------------------------------------------------------------------------------------
measure_rules = Table(
    "measure_rules",
    metadata,
    Column("rule_id", LongId, primary_key=True),
    Column("measure_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),  # the YAML
    Column("note", Text, nullable=False, default=""),
    Column("published_at", UtcDateTime, nullable=False),
    Column("published_by", String(64), nullable=False),
    UniqueConstraint("measure_id", "version"),
)

measure_switches = Table(
    "measure_switches",
    metadata,
    Column("measure_id", String(64), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
)

# ---- practice --------------------------------------------------------------------------------------------------------
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

patients = Table(
    "patients",
    metadata,
    Column("patient_id", String(128), primary_key=True),
    Column("mrn", Text),
    Column("first", Text),
    Column("middle", Text),
    Column("last", Text),
    Column("suffix", Text),
    Column("preferred_name", Text),
    Column("birth_date", Date),
    Column("sex", String(1)),  # F | M | O | U
    Column("race", Text),
    Column("ethnicity", Text),
    Column("language", String(8)),  # ISO 639-1: 'en', 'es' ...
    Column("address1", Text),
    Column("address2", Text),
    Column("city", Text),
    Column("state", Text),
    Column("zip", Text),
    Column("phone_home", String(20)),  # E.164 when usable, else NULL
    Column("phone_mobile", String(20)),
    Column("phone_work", String(20)),
    Column("email", Text),  # normalised when usable, else NULL
    Column("preferred_channel", String(16)),
    Column("text_consent", String(8)),  # yes | no | NULL = unknown
    Column("text_consent_on", Date),
    Column("text_consent_source", Text),
    Column("email_consent", String(8)),
    Column("phone_consent", String(8)),
    Column("guarantor_id", String(128)),
    Column("household_id", String(128)),
    Column("pcp_id", String(128)),
    Column("group_id", String(128)),
    Column("payer", Text),
    Column("status", String(16), nullable=False),  # active | inactive | deceased | test
    Column("deceased_on", Date),
    Column("next_appointment_at", UtcDateTime),  # the earliest future one that is not cancelled, as of the load
    Column("next_appointment_provider_id", String(128)),
    Column("last_visit_on", Date),
    Index("ix_patients_email", "email"),
    Index("ix_patients_phone_mobile", "phone_mobile"),
    Index("ix_patients_phone_home", "phone_home"),
    Index("ix_patients_guarantor_id", "guarantor_id"),  # whose child's texts a number gets
)

open_gaps = Table(
    "open_gaps",
    metadata,
    # No foreign key: a load replaces these rows in bulk within its own transaction.
    Column("patient_id", String(128), primary_key=True),
    Column("measures", Text, nullable=False),  # ids of the measures with an open care gap, separated by blanks
)

# ---- may this patient be written to --------------------------------------------------------------------------------
opt_outs = Table(
    "opt_outs",
    metadata,
    Column("opt_out_id", LongId, primary_key=True),
    Column("patient_id", String(128), index=True),  # either or both of patient and address
    Column("address", Text, index=True),  # a normalised email address or E.164 number: counts for all who share it
    Column("type", String(32), nullable=False),  # core.domain.opt_out.TYPES
    Column("protocol", String(64)),  # for type 'protocol': which one
    Column("starts_on", Date, nullable=False),
    Column("until", Date),  # counts through that day; NULL = permanent
    Column("reason", Text, nullable=False),
    Column("comment", Text, nullable=False, default=""),
    Column("source", String(16), nullable=False),  # link | feed | staff | stop | key | complaint
    Column("source_key", String(128)),  # the feed's own id, so that loading again adds nothing
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("removed_at", UtcDateTime),
    Column("removed_by", String(64)),
    UniqueConstraint("source", "source_key"),
)

address_states = Table(
    "address_states",
    metadata,
    Column("channel", String(8), primary_key=True),
    Column("address", String(320), primary_key=True),
    Column("state", String(16), nullable=False),  # bounced: nothing more goes there; for numbers with the reason
    Column("reason", Text, nullable=False, default=""),
    Column("since", UtcDateTime, nullable=False),
)

# ---- work lists ----------------------------------------------------------------------------------------------------
saved_views = Table(
    "saved_views",
    metadata,
    Column("view_id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("is_shared", Boolean, nullable=False, default=False),
    Column("definition", JSON, nullable=False),  # core.domain.work_list.WorkList.to_json()
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("deleted_at", UtcDateTime),
)

# ---- campaigns and their messages ----------------------------------------------------------------------------------
campaigns = Table(
    "campaigns",
    metadata,
    Column("campaign_id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False, default="campaign", server_default="campaign"),  # | introductory
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),  # the name case-folded: unique whatever the case
    Column("description", Text, nullable=False, default=""),
    Column("channel", String(8), nullable=False),  # email | text | phone
    Column("family_id", String(32)),  # shared by campaigns of other modes with the same patients: 'also by' (C16)
    Column("purpose", String(16), nullable=False),  # announcement | appointment | care_gap | education | thank_you
    Column("template_id", String(64), nullable=False),
    Column("status", String(16), nullable=False),  # inactive | active | completed | stopped
    Column("start_on", Date, nullable=False),
    Column("messages", JSON, nullable=False),  # {language: {"subject": ..., "body": html}}
    Column("from_email", Text, nullable=False),
    Column("from_name", Text, nullable=False),
    Column("fields", JSON, nullable=False),  # what the author fills in: {"call_back_number": ..., "sign_off": ...}
    Column("measures", JSON, nullable=False),  # ids of the measures it is about
    Column("protocols", JSON, nullable=False),  # protocol tags, for protocol opt-outs
    Column("work_list", JSON, nullable=False),  # the work list it was made from, and its counts then
    Column("skip_closed_gaps", Boolean, nullable=False, default=True),
    Column("skip_booked", Boolean, nullable=False, default=True, server_default=false()),
    Column("holdout_share", Integer, nullable=False, default=0),  # percent not to be contacted
    Column("seed", BigInteger, nullable=False, default=0),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("activated_at", UtcDateTime),
    Column("activated_by", String(64)),
    Column("finished_at", UtcDateTime),
    Column("version", Integer, nullable=False, default=1),  # grows with each change: two editors notice each other
)

recipients = Table(
    "recipients",
    metadata,
    Column("recipient_id", LongId, primary_key=True),
    Column("campaign_id", String(32), ForeignKey("campaigns.campaign_id"), nullable=False),
    Column("patient_id", String(128), nullable=False),
    Column("arm", String(16), nullable=False, default="contact"),  # contact | hold_out
    Column("stratum", Text, nullable=False, default=""),
    Column("appointment_at", UtcDateTime),  # the patient's next appointment when the campaign was made
    Column("message", String(16), nullable=False, default="campaign", server_default="campaign"),  # | introductory
    Column("state", String(16), nullable=False, default="waiting"),  # core.domain.message.STATES
    Column("reason", String(64), nullable=False, default=""),  # why not sent, returned or unsuccessful
    Column("next_at", UtcDateTime),  # not before this moment; NULL = at once
    Column("attempt_count", Integer, nullable=False, default=0),
    Column("claimed_by", String(128)),
    Column("lease_until", UtcDateTime),
    Column("address", Text),  # where it went, as it was then
    Column("language", String(8)),
    Column("message_id", Text),  # the Message-ID header or the provider's id
    Column("handed_over_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("campaign_id", "patient_id"),  # a patient gets at most one communication per campaign
    # In the order of core.store.messages.claim: otherwise PostgreSQL reads all that are done before those that wait.
    Index("ix_recipients_due", "campaign_id", "state", "next_at", "recipient_id"),
    Index("ix_recipients_patient_id", "patient_id"),
    Index("ix_recipients_lease_until", "lease_until"),  # finds claims of workers that died
    Index("ix_recipients_address", "address", "handed_over_at"),  # the last message before a reply or a bounce
)

attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", LongId, primary_key=True),
    Column("recipient_id", LongId, ForeignKey("recipients.recipient_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("worker", String(128), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(16)),  # accepted | temporary | permanent | unknown; NULL while it runs
    Column("code", String(16), nullable=False, default=""),
    Column("reply", Text, nullable=False, default=""),  # the server's own words, addresses taken out
    UniqueConstraint("recipient_id", "number"),
    CheckConstraint("number BETWEEN 1 AND 5", name="number"),
)

message_events = Table(
    "message_events",
    metadata,
    Column("event_id", LongId, primary_key=True),
    Column("recipient_id", LongId, ForeignKey("recipients.recipient_id"), index=True),
    Column("kind", String(16), nullable=False),  # delivered | bounced | delayed | complained | opted_out | resolved
    Column("source_key", String(255), unique=True),  # the provider's event id: the same event twice is one
    Column("provider_id", String(64), index=True),  # of a text or call: joins what was heard of it before we knew it
    Column("at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("details", JSON, nullable=False),
)

bounce_mails = Table(
    "bounce_mails",
    metadata,
    Column("mail_id", LongId, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the mail: the same mail twice is one
    Column("source", String(16), nullable=False),  # maildir | imap | webhook
    Column("content", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),  # NULL: kept, and not yet read
    Column("what", String(16), nullable=False, default=""),  # bounce | delay | complaint ...
    Column("matched", Integer, nullable=False, default=0),  # recipients whose message it was about
)

replies = Table(
    "replies",
    metadata,
    Column("reply_id", LongId, primary_key=True),
    Column("provider_id", String(64), nullable=False, unique=True),  # the same text twice is one
    Column("from_number", String(20), nullable=False, index=True),
    Column("to_number", String(20), nullable=False),
    Column("body", Text, nullable=False),
    Column("kind", String(8), nullable=False),  # core.domain.replies: stop | start | help | unsure | other
    Column("received_at", UtcDateTime, nullable=False),
    Column("recipient_id", LongId, ForeignKey("recipients.recipient_id")),  # the last text to that number before it
    Column("answer", String(8), nullable=False, default=""),  # what was answered by itself: stop | start | help
    Column("status", String(8), nullable=False),  # new: waits for a person | done
    Column("decision", String(16), nullable=False, default=""),  # of an unsure one: stopped | not_stopped
    Column("decided_at", UtcDateTime),
    Column("decided_by", String(64)),
    Index("ix_replies_status", "status", "reply_id"),
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

introductory_texts = Table(
    "introductory_texts",
    metadata,
    Column("language", String(8), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),  # from 1; what is shipped is no row
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("saved_by", String(64), nullable=False),
)

sending_pauses = Table(
    "sending_pauses",
    metadata,
    Column("pause_id", LongId, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("paused_at", UtcDateTime, nullable=False),
    Column("paused_by", String(64), nullable=False),
    Column("ended_at", UtcDateTime),  # NULL while nothing may leave
    Column("ended_by", String(64)),
)

sending_accounts = Table(
    "sending_accounts",
    metadata,
    Column("account", String(64), primary_key=True),  # where messages are handed over: 'email'
    Column("failures", Integer, nullable=False, default=0),  # in a row, about the account and not about one message
    Column("reason", String(64), nullable=False, default=""),  # of the last one, and the server's words
    Column("reply", Text, nullable=False, default=""),
    Column("failing_since", UtcDateTime),
    Column("paused_at", UtcDateTime),
    Column("needs_person", Boolean, nullable=False, default=False),  # trying again by itself would make it worse
    Column("probe_at", UtcDateTime),  # while paused: when one worker tries again
    Column("tokens", Float, nullable=False, default=0.0),  # messages that may leave now, for all workers together
    Column("refilled_at", UtcDateTime),
)

dispatchers = Table(
    "dispatchers",
    metadata,
    Column("worker", String(128), primary_key=True),
    Column("host", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("is_idle", Boolean, nullable=False, default=True),
)
