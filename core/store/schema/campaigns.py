"""Work lists, campaigns and their messages, and what came back."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

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
    Column("work_list", JSON, nullable=False),  # the work list it was made from, and by what
    Column("skip_closed_gaps", Boolean, nullable=False, default=True),
    Column("skip_booked", Boolean, nullable=False, default=True, server_default=false()),
    Column("design", String(16), nullable=False, default="everyone", server_default="everyone"),  # | hold_out ...
    Column("holdout_share", Integer, nullable=False, default=0),  # percent held out, contacted later, or who get B
    Column("delay_weeks", Integer, nullable=False, default=0, server_default="0"),  # until those of a later start
    Column("variant", JSON, nullable=False, default=dict, server_default="{}"),  # the messages of B, as `messages`
    Column("seed", BigInteger, nullable=False, default=0),
    Column("allocated_at", UtcDateTime),  # when the arms were drawn; NULL: everybody is contacted alike
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("edited_at", UtcDateTime),  # the last change of message, schedule or settings; NULL: as it was made
    Column("edited_by", String(64)),
    Column("activated_at", UtcDateTime),
    Column("activated_by", String(64)),
    Column("finished_at", UtcDateTime),
    Column("version", Integer, nullable=False, default=1),  # grows with each change: two editors notice each other
    Column("asked_at", UtcDateTime),  # since when it waits for approval
    Column("asked_by", String(64)),
    Column("deleted_at", UtcDateTime),  # gone from every list; what it sent stays in patients' communications
    Column("deleted_by", String(64)),
)

approvals = Table(
    "approvals",
    metadata,
    Column("approval_id", LongId, primary_key=True),
    Column("campaign_id", String(32), nullable=False, index=True),
    Column("digest", String(64), nullable=False),  # of content, schedule and recipients as they were approved
    Column("approved_at", UtcDateTime, nullable=False),
    Column("approved_by", String(64), nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("voided_at", UtcDateTime),  # when an edit followed
    Column("voided_by", String(64)),
)

campaign_editors = Table(
    "campaign_editors",  # who has changed a campaign since it was made or last approved: they do not approve it
    metadata,
    Column("campaign_id", String(32), primary_key=True),
    Column("user_id", String(64), primary_key=True),
    Column("edited_at", UtcDateTime, nullable=False),  # the last time
)

recipients = Table(
    "recipients",
    metadata,
    Column("recipient_id", LongId, primary_key=True),
    Column("campaign_id", String(32), ForeignKey("campaigns.campaign_id"), nullable=False),
    Column("patient_id", String(128), nullable=False),
    Column("arm", String(16), nullable=False, default="contact"),  # contact | hold_out | later | a | b
    Column("stratum", Text, nullable=False, default=""),
    Column("household", String(128), nullable=False, default="", server_default=""),  # the least id in it
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

outcomes = Table(
    "outcomes",
    metadata,
    # What became of a recipient after the allocation, by the latest feed (core.outcomes); written anew as feeds come.
    Column("recipient_id", LongId, ForeignKey("recipients.recipient_id"), primary_key=True, autoincrement=False),
    Column("campaign_id", String(32), nullable=False, index=True),
    Column("gap_count", Integer, nullable=False),  # open at the allocation, of the measures it is about
    Column("closed_30", Integer, nullable=False),  # of these gaps, closed by an event within so many days
    Column("closed_60", Integer, nullable=False),
    Column("closed_90", Integer, nullable=False),
    Column("closed_on", Date),  # the day of the first closing within 90 days
    Column("booked_on", Date),  # an appointment made within 30 days
    Column("kept_on", Date),  # when that one was kept
    Column("followed_through", Date, nullable=False),  # the last day on which it is known: feed, death, or leaving
)

follow_ups = Table(
    "follow_ups",
    metadata,
    # How far the outcomes of a campaign are known.
    Column("campaign_id", String(32), primary_key=True),
    Column("allocated_on", Date, nullable=False),  # the day from which closures count
    Column("known_through", Date, nullable=False),  # the day of the feed less its usual delay
    Column("lag_days", Integer, nullable=False),
    Column("generation", String(64), nullable=False),  # of the clinical store
    Column("evaluated_at", UtcDateTime, nullable=False),
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
    Column("kind", String(16), nullable=False),  # a key of core.domain.communication.EVENTS
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
