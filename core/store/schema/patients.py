"""Patients as sending and the pages must know them on any machine."""

from sqlalchemy import Column, Date, Index, String, Table, Text, text

from core.store.database import UtcDateTime
from core.store.schema.base import Bytewise, LongBytewise, metadata

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
    Column("last_confirmed_on", Date),  # the latest appointment, past or coming, that is or was confirmed or kept
    Column("last_reminded_on", Date),  # of an appointment, as the feed tells
    # What patients are sorted and found by (core.domain.search_key); NULL in rows of before there was a search.
    Column("sort_name", LongBytewise),
    Column("search_names", Text),
    Index("ix_patients_email", "email"),
    Index("ix_patients_phone_mobile", "phone_mobile", "patient_id"),
    Index("ix_patients_phone_home", "phone_home", "patient_id"),
    Index("ix_patients_guarantor_id", "guarantor_id"),  # whose child's texts a number gets
    # The last seven digits of a number of the North American plan, for parts of numbers.
    Index("ix_patients_mobile_line", text("substr(phone_mobile, 6)"), "patient_id"),
    Index("ix_patients_home_line", text("substr(phone_home, 6)"), "patient_id"),
    # Everything that a search asks of a patient, in the order of names: the table's own rows are four times as long.
    Index(
        "ix_patients_sort_name",
        "sort_name",
        "patient_id",
        "search_names",
        "phone_home",
        "phone_mobile",
        "last_confirmed_on",
        "last_reminded_on",
        "group_id",
        "pcp_id",
    ),
    Index("ix_patients_household_id", "household_id"),  # who lives together
)

open_gaps = Table(
    "open_gaps",
    metadata,
    # No foreign key: a load replaces these rows in bulk within its own transaction.
    Column("patient_id", String(128), primary_key=True),
    Column("measures", Text, nullable=False),  # ids of the measures with an open care gap, separated by blanks
)

search_keys = Table(
    "search_keys",
    metadata,
    # What a patient is found by (core.domain.search_key). No foreign key: a load writes these rows in bulk.
    Column("key", Bytewise, primary_key=True),
    Column("patient_id", String(128), primary_key=True),
    sqlite_with_rowid=False,
)

merges = Table(
    "merges",
    metadata,
    Column("merged_id", String(128), primary_key=True),  # the id that is no more
    Column("patient_id", String(128), nullable=False, index=True),  # whose it has become
    Column("source", String(16), nullable=False),  # feed | staff
    Column("merged_on", Date, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(64), nullable=False),
)
