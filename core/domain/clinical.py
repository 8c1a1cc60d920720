"""The shapes of clinical data: what every frame of events, facts and gaps looks like. Frames are checked against these.

event   one row of a feed's event table in one common form, with the moment it was received; earlier versions stay
fact    an event that counts (done, final) and whose code means one of our concepts
gap     one patient and one measure on one day: the state and what was looked at
"""

from collections.abc import Mapping

import polars as pl
from polars.datatypes import DataType, DataTypeClass


def schema(columns: Mapping[str, DataType | DataTypeClass]) -> pl.Schema:
    """A Polars schema from column names and types."""
    return pl.Schema(columns)


EVENT_KINDS = ("visit", "problem", "lab", "vital", "immunization", "procedure", "medication")

# Normalised code systems. LOCAL is the feed's own code; TEXT marks events that have words only.
CODE_SYSTEMS = ("LOINC", "ICD10CM", "ICD10PCS", "CVX", "HCPCS", "RXNORM", "CPT", "SNOMED", "LOCAL", "TEXT", "OTHER")

EVENTS = schema(
    {
        "patient_id": pl.String,
        "kind": pl.Enum(EVENT_KINDS),
        "event_id": pl.String,  # the feed's id of the row; unique with kind and source_system
        "source_system": pl.String,
        "system": pl.Enum(CODE_SYSTEMS),
        "code": pl.String,
        "text": pl.String,  # name as the feed gives it
        "on": pl.Date,  # when it happened: collected, performed, given, onset, start
        "end_on": pl.Date,  # resolved, stopped, left; null = not ended or a single day
        "ordered_on": pl.Date,
        "recorded_on": pl.Date,  # resulted, written down
        "status": pl.String,  # normalised lower case, '' when the feed has none
        "is_done": pl.Boolean,  # the status counts as having happened (core.domain.fact)
        "value": pl.Float64,
        "value_text": pl.String,  # the raw value as reported
        "unit": pl.String,
        "type": pl.String,  # visit type, immunization source ...
        "provider_id": pl.String,
        "received_at": pl.Datetime("us", "UTC"),
        "superseded_at": pl.Datetime("us", "UTC"),  # null = current
    }
)

FACTS = schema(
    {
        "patient_id": pl.String,
        "concept": pl.String,  # id of a concept in core/measures/concepts; written as a categorical
        "kind": pl.Enum(EVENT_KINDS),
        "on": pl.Date,
        "end_on": pl.Date,
        "value": pl.Float64,
        "value_text": pl.String,
        "unit": pl.String,
        "event_id": pl.String,
        "source_system": pl.String,
        "received_at": pl.Datetime("us", "UTC"),
    }
)

GAP_STATES = ("not_applicable", "excluded", "satisfied", "due_soon", "overdue", "out_of_range", "cannot_determine")
OPEN_STATES = ("overdue", "out_of_range")  # an open care gap: shown in Alerts & Recommendations

GAPS = schema(
    {
        "patient_id": pl.String,
        "measure_id": pl.String,
        "state": pl.Enum(GAP_STATES),
        "reason": pl.String,  # short key: why this state ('age', 'sex', 'hospice', 'no_value' ...)
        "due_on": pl.Date,
        "last_on": pl.Date,  # last qualifying event
        "last_value": pl.Float64,
        "window_start": pl.Date,  # look-back window that was tested
        "missing": pl.String,  # which parts of a rule with several are not up to date
        "as_of": pl.Date,
    }
)

# GAPS as they are kept, for one day: `row` is the place of the patient in the shard, and columns with few different
# values are Categorical.
_REPEATED = ("measure_id", "reason", "missing")
_KEPT_APART = ("patient_id", "as_of")
STORED_GAPS = schema(
    {"row": pl.UInt32}
    | {n: pl.Categorical() if n in _REPEATED else kind for n, kind in GAPS.items() if n not in _KEPT_APART}
)

SMALL_TABLES = (
    "groups",
    "locations",
    "providers",
    "patients",
    "care_team",
    "appointments",
    "reminders",
    "programs",
    "portal_accounts",
    "opt_outs",
)

REMINDERS = schema(
    dict.fromkeys(("reminder_id", "patient_id", "kind", "status", "type"), pl.String)
    | {"date": pl.Datetime("us")}  # local; midnight where only the day is known
    | dict.fromkeys(("time", "attempt", "attempts", "outcome", "appointment_id", "protocol"), pl.String)
    | {"description": pl.String, "source_system": pl.String, "received_at": pl.Datetime("us", "UTC")}
)

# Small tables that generations made by an earlier version of the program do not have: there they are empty.
ADDED_LATER = {"reminders": REMINDERS}
