"""Entries of a patient's chart as staff read them: what is never shown, what is marked, and what is active.

entry   one event of a patient (core.domain.clinical.EVENTS) with its name in words and a mark when it does not count
"""

from datetime import date

import polars as pl

from core.domain.clinical import schema

LEFT_OUT = ("entered-in-error", "error", "voided", "void", "deleted")  # never there at all
_GONE = ("resolved", "inactive", "remission", "entered-in-error", "refuted")  # a problem with these is not active
_ENDED = (*LEFT_OUT, "stopped", "discontinued", "completed", "complete", "expired", "inactive", "cancelled", "canceled")

# Why an entry does not count, by its status; what is not here is shown in the feed's own word.
MARKS = {
    **dict.fromkeys(("preliminary", "prelim", "partial", "p"), "Preliminary"),
    **dict.fromkeys(("ordered", "requested", "registered", "pending", "in-process", "specimen-in-process"), "Ordered"),
    **dict.fromkeys(("planned", "proposed", "draft", "scheduled", "booked", "intended", "waitlist"), "Planned"),
    **dict.fromkeys(("preparation", "triaged"), "Planned"),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "x"), "Cancelled"),
    **dict.fromkeys(("not-done", "not-given", "not-taken", "missed", "no-show", "noshow"), "Not done"),
    **dict.fromkeys(("left-without-being-seen",), "Left without being seen"),
    **dict.fromkeys(("refused", "declined", "rejected"), "Refused"),
    **dict.fromkeys(("refuted", "ruled-out"), "Ruled out"),
    **dict.fromkeys(("suspended", "on-hold"), "On hold"),
    **dict.fromkeys(("in-progress",), "Under way"),
    **dict.fromkeys(("rescheduled",), "Rescheduled"),
    **dict.fromkeys(("stopped",), "Stopped"),
    **dict.fromkeys(("unknown",), "Status unknown"),
}
UNIT_WORDS = {"mm[Hg]": "mmHg", "mL/min/{1.73_m2}": "mL/min/1.73 m²", "kg/m2": "kg/m²"}  # UCUM as people write it
SYSTEM_NAMES = {
    "LOINC": "LOINC",
    "ICD10CM": "ICD-10-CM",
    "ICD10PCS": "ICD-10-PCS",
    "CVX": "CVX",
    "HCPCS": "HCPCS",
    "RXNORM": "RxNorm",
    "CPT": "CPT",
    "SNOMED": "SNOMED CT",
    "LOCAL": "Local",
}

ENTRIES = schema(
    {
        "kind": pl.String,  # core.domain.clinical.EVENT_KINDS
        "event_id": pl.String,
        "source_system": pl.String,
        "name": pl.String,  # what it is in words, else its code
        "code": pl.String,  # system and code as people write them, 'LOINC 4548-4'; '' when it has words only
        "on": pl.Date,  # collected, given, performed, onset, start, visit; null when the feed does not say
        "end_on": pl.Date,
        "ordered_on": pl.Date,
        "recorded_on": pl.Date,
        "status": pl.String,  # normalised lower case, '' when the feed has none
        "is_done": pl.Boolean,  # counts as having happened
        "is_active": pl.Boolean,  # of a problem or medicine: on the day that is asked about
        "mark": pl.String,  # why it does not count, '' when it does
        "value": pl.String,  # the result as reported, with its unit; '' for none
        "number": pl.Float64,
        "unit": pl.String,
        "type": pl.String,
        "provider": pl.String,
    }
)


def entries(events: pl.DataFrame, names: pl.DataFrame, providers: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """ENTRIES of one patient, the newest first; what was entered in error is not among them.

    events      current EVENTS of the patient
    names       event_id, source_system, kind, concept_name: what our concepts call some of them
    providers   provider_id, provider
    """
    key = ["event_id", "source_system", "kind"]
    coded = ("kind", "source_system", "system", "code", "text", "status", "unit", "type", "provider_id")
    rows = events.with_columns(pl.col(coded).cast(pl.String)).with_columns(pl.col("status").fill_null(""))
    rows = rows.filter(~pl.col("status").is_in(LEFT_OUT))
    rows = rows.join(names, on=key, how="left", maintain_order="left")
    rows = rows.join(providers, on="provider_id", how="left", maintain_order="left")
    rows = rows.with_columns(code=_code(), is_active=_is_active(as_of), number=pl.col("value"))
    rows = rows.with_columns(name=_name(), mark=_mark(), value=_value())
    newest = pl.coalesce("on", "recorded_on", "ordered_on")
    return rows.sort(newest, "recorded_on", "event_id", descending=True, nulls_last=True).select(*ENTRIES).cast(ENTRIES)


def active_problem(as_of: date) -> pl.Expr:
    """Whether an event is a problem that the patient has on that day."""
    return (
        (pl.col("is_done") | (pl.col("status") == "active"))
        & ~pl.col("status").fill_null("").is_in(_GONE)
        & (pl.col("on").is_null() | (pl.col("on") <= as_of))
        & (pl.col("end_on").is_null() | (pl.col("end_on") > as_of))
    )


def _is_active(as_of: date) -> pl.Expr:
    is_medicine = pl.col("kind") == "medication"
    goes_on = pl.col("end_on").is_null() | (pl.col("end_on") > as_of)
    taken = pl.col("is_done") & goes_on & ~pl.col("status").is_in([*_ENDED, "on-hold"])
    return pl.when(is_medicine).then(taken).otherwise((pl.col("kind") == "problem") & active_problem(as_of))


def _code() -> pl.Expr:
    system = pl.col("system").replace_strict(SYSTEM_NAMES, default=None, return_dtype=pl.String)
    return pl.concat_str([system, pl.col("code")], separator=" ").fill_null("")


def _name() -> pl.Expr:
    """Numbers have our name, so that one test under several codes is one; everything else the feed's words."""
    words = pl.col("text").str.strip_chars()
    words = pl.when(words != "").then(words)
    is_number = pl.col("kind").is_in(["lab", "vital"])
    ours = pl.when(is_number).then("concept_name")
    kind = pl.when(pl.col("kind") == "visit").then("type")
    code = pl.when(pl.col("code") != "").then("code")
    return pl.coalesce(ours, words, kind, "concept_name", code, pl.lit("Without a name"))


def _mark() -> pl.Expr:
    own = pl.col("status").str.replace_all("-", " ")
    own = (
        pl.when(own == "").then(pl.lit("Not counted")).otherwise(own.str.head(1).str.to_uppercase() + own.str.slice(1))
    )
    known = pl.col("status").replace_strict(MARKS, default=None, return_dtype=pl.String)
    return pl.when("is_done").then(pl.lit("")).otherwise(pl.coalesce(known, own))


def _value() -> pl.Expr:
    """'8.9 %' for 8.9 in percent; a unit that is part of the result is not said twice."""
    said = pl.col("value_text").str.strip_chars()
    said = pl.coalesce(pl.when(said != "").then(said), pl.col("value").round_sig_figs(6).cast(pl.String))
    unit = pl.col("unit").fill_null("").replace(UNIT_WORDS)
    has_unit = (unit == "") | said.str.contains(unit, literal=True)
    return pl.when(has_unit).then(said).otherwise(said + " " + unit).fill_null("")
