"""The defects of feeds that are looked for, each with a sentence that says whom it costs what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

# key: (sentence for one patient, sentence for more). {n} is the number of patients.
SENTENCES: dict[str, tuple[str, str]] = {
    "duplicates": (
        "1 patient has the same name and birth date as another and may be written to twice.",
        "{n:,} patients have the same name and birth date as another and may be written to twice.",
    ),
    "shared_mobile": (
        "1 patient shares a mobile number with another.",
        "{n:,} patients share a mobile number with another; one STOP stops the texts of all of them.",
    ),
    "shared_email": (
        "1 patient shares an email address with another.",
        "{n:,} patients share an email address with another; one opt-out stops the emails of all of them.",
    ),
    "no_mobile": (
        "1 patient has no usable mobile number and cannot be sent texts.",
        "{n:,} patients have no usable mobile number and cannot be sent texts.",
    ),
    "no_email": (
        "1 patient has no usable email address and cannot be sent emails.",
        "{n:,} patients have no usable email address and cannot be sent emails.",
    ),
    "home_is_mobile": (
        "1 patient has the same number as home and mobile; it may be a landline.",
        "{n:,} patients have the same number as home and mobile; it may be a landline.",
    ),
    "sex_unknown": (
        "1 patient has no known sex: care gaps that depend on it cannot be determined.",
        "{n:,} patients have no known sex: care gaps that depend on it cannot be determined.",
    ),
    "no_pcp": (
        "1 patient has no PCP and is seen only by users who see every provider.",
        "{n:,} patients have no PCP and are seen only by users who see every provider.",
    ),
    "foreign_pcp": (
        "1 patient has a PCP who is not among the providers.",
        "{n:,} patients have a PCP who is not among the providers.",
    ),
    "retired_pcp": (
        "1 patient has a PCP who no longer works here.",
        "{n:,} patients have a PCP who no longer works here.",
    ),
    "no_group": (
        "1 patient has no group and is seen only by users who see every group.",
        "{n:,} patients have no group and are seen only by users who see every group.",
    ),
    "test_patients": (
        "1 patient is a test patient and is left out everywhere.",
        "{n:,} patients are test patients and are left out everywhere.",
    ),
    "deceased_but_active": (
        "1 patient has died but is marked active; counted as deceased, never written to.",
        "{n:,} patients have died but are marked active; counted as deceased, never written to.",
    ),
    "rejected_patients": (
        "1 patient was not loaded because of the birth date or id.",
        "{n:,} patients were not loaded because of the birth date or id.",
    ),
    "lab_without_loinc": (
        "1 patient has lab results without a LOINC code: they count only when mapped.",
        "{n:,} patients have lab results without a LOINC code: they count only when mapped.",
    ),
    "value_no_number": (
        "1 patient has lab results with a unit whose value is no number.",
        "{n:,} patients have lab results with a unit whose value is no number.",
    ),
    "not_done": (
        "1 patient has orders, cancelled, preliminary or refused entries, which do not count as done.",
        "{n:,} patients have orders, cancelled, preliminary or refused entries, which do not count as done.",
    ),
    "status_unknown": (
        "1 patient has entries with a status that is not known; they do not count as done.",
        "{n:,} patients have entries with a status that is not known; they do not count as done.",
    ),
    "unknown_patient": (
        "1 patient of the entries is not in the feed; these entries were not loaded.",
        "{n:,} patients of the entries are not in the feed; these entries were not loaded.",
    ),
    "future_events": (
        "1 patient has entries dated in the future; these were not loaded.",
        "{n:,} patients have entries dated in the future; these were not loaded.",
    ),
    "before_birth": (
        "1 patient has entries dated before the birth; these were not loaded.",
        "{n:,} patients have entries dated before their birth; these were not loaded.",
    ),
    "after_death": (
        "1 patient has entries dated more than a week after the death; these were not loaded.",
        "{n:,} patients have entries dated more than a week after their death; these were not loaded.",
    ),
    "merged_contact": (
        "1 patient came only under an earlier id, with another number or email address; the patient's own is used.",
        "{n:,} patients came only under an earlier id, with another number or email address; their own is used.",
    ),
    "opt_out_type_unknown": (
        "1 opt-out has a type that is not known; it counts as Global.",
        "{n:,} opt-outs have a type that is not known; they count as Global.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Defect:
    """One kind of defect and how many patients it concerns."""

    defect: str
    sentence: str
    patients: int


def defects_of(counts: Mapping[str, int], left_out: pl.DataFrame) -> list[Defect]:
    """The defects that were found, those of most patients first.

    counts     patients by key of SENTENCES; left_out: (table, column, reason, patient_id) of values left out
    """
    found = [Defect(key, _sentence(key, count), count) for key, count in counts.items() if count]
    return sorted([*found, *_values_left_out(left_out)], key=lambda defect: (-defect.patients, defect.defect))


def _sentence(key: str, count: int) -> str:
    one, many = SENTENCES[key]
    return one if count == 1 else many.format(n=count)


def _values_left_out(left_out: pl.DataFrame) -> Iterable[Defect]:
    counted = left_out.group_by("table", "column", "reason").agg(
        pl.col("patient_id").n_unique().alias("patients"), pl.len().alias("rows")
    )
    for row in counted.sort("table", "column", "reason").iter_rows(named=True):
        count = row["patients"] if row["table"] == "patients" else row["rows"]
        what = row["column"].replace("_", " ")
        verb = row["reason"] if row["reason"].startswith(("is ", "has ")) else f"is unusable ({row['reason']})"
        unit = "patient" if row["table"] == "patients" else f"row of {row['table']}"
        many = unit if count == 1 else "patients" if unit == "patient" else f"rows of {row['table']}"
        yield Defect(f"{row['table']}.{row['column']}: {row['reason']}", f"{count:,} {many}: the {what} {verb}.", count)
