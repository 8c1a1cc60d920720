"""Clinical records with the detail that official measures ask for: what kind of entry it is, its status, its period to
the minute, and every code it carries. Facts (core.domain.clinical) say less and are quicker.

record   one entry of a chart: an encounter, a condition, an observation ...

What is not stated exactly lies between two bounds: a moment between its `_least` and `_most` ('2025' is some moment of
that year), a number too ('>9' is between a little more than 9 and infinity).
"""

import polars as pl

from core.domain.clinical import schema

RESOURCES = (
    "encounter",
    "condition",
    "observation",
    "component",  # one part of an observation, such as the systolic pressure of a blood pressure
    "procedure",
    "immunization",
    "medication_request",
    "service_request",
    "device_request",
    "medication_not_requested",
    "service_not_requested",
    "task",
)
ENDS = ("known", "ongoing", "unknown")
POINTS = ("start", "end", "authored", "issued")
PARTS = ("code", "value", "reason", "site", "disposition", "not_done")

RECORDS = schema(
    {
        "patient_id": pl.String,
        "record": pl.UInt32,  # a number of its own, in the order of the file
        "resource": pl.Enum(RESOURCES),
        "own_id": pl.String,
        "encounter_id": pl.String,
        "focus_id": pl.String,  # what a task is about
        "status": pl.String,
        "intent": pl.String,
        "verification": pl.String,
        "clinical": pl.String,  # of a condition: active, resolved ...
        "encounter_class": pl.String,
        "categories": pl.List(pl.String),
        "part_of": pl.UInt32,  # of a component: the record of its observation
        # Local moments as written, and by how many minutes their zone is ahead of UTC; null = no zone is stated.
        # A start in the year 1 = has begun, unknown when.
        **{
            f"{point}_{name}": kind
            for point in POINTS
            for name, kind in (("least", pl.Datetime("us")), ("most", pl.Datetime("us")), ("offset", pl.Int32))
        },
        "end": pl.Enum(ENDS),
        "has_value": pl.Boolean,
        "number_least": pl.Float64,
        "number_most": pl.Float64,
        "unit": pl.String,
    }
)

# Codes of records. system: a normalised code system, or the address of one that has no name here.
RECORD_CODES = schema({"record": pl.UInt32, "part": pl.Enum(PARTS), "system": pl.String, "code": pl.String})

# sex: F or M as the record's current sex, null when it is neither; administrative_sex: the sex as registered.
RECORD_PATIENTS = schema(
    {
        "patient_id": pl.String,
        "birth_least": pl.Date,
        "birth_most": pl.Date,
        "sex": pl.String,
        "administrative_sex": pl.String,
    }
)
