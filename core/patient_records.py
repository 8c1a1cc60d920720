"""What a patient's summary shows beside the care gaps: identity, appointments, chart, contacts, and who opened it.

Every function raises NotFound for an unknown patient and for one outside the user's scope alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from core import care_gaps, loads
from core.audit import record
from core.domain import appointment as appointment_rules
from core.domain import timeline as timeline_rules
from core.domain.appointment import APPOINTMENTS
from core.domain.entry import ENTRIES, entries
from core.domain.measure_evidence import Explanation
from core.domain.person import Person
from core.domain.role import READ_PATIENTS
from core.patient_contacts import contacts
from core.patient_summary import at_address, summary
from core.patient_tables import named_by_concept, require_visible, tables_of
from core.store import accounts
from core.store.database import reading
from core.store.people import people
from core.workbench import Workbench, needs

__all__ = [
    "Chart", "appointments", "at_address", "chart", "lately_opened", "latest", "opened", "summary", "timeline",
]  # fmt: skip
OPENED = "patient.opened"


@dataclass(frozen=True)
class Chart:
    """A patient's chart in parts, each ENTRIES (core.domain.entry), the newest first. Problems and medicines: those
    that are active come first."""

    conditions: pl.DataFrame
    results: pl.DataFrame  # labs and vitals
    immunizations: pl.DataFrame
    medications: pl.DataFrame
    procedures: pl.DataFrame
    visits: pl.DataFrame

    @property
    def is_empty(self) -> bool:
        """Whether the feed says nothing of this patient."""
        return not any(part.height for part in vars(self).values())


@needs(READ_PATIENTS)
def opened(wb: Workbench, patient_id: str) -> None:
    """Record that the user has opened a patient's summary: once for each time, not for each thing looked at there."""
    require_visible(wb, patient_id)
    record(wb, OPENED, patient_id)


@needs(READ_PATIENTS)
def lately_opened(wb: Workbench, *, limit: int = 5) -> list[Person]:
    """The patients that the user opened last, the latest first, as far as they may still see them."""
    with reading(wb.engine) as connection:
        ids = accounts.latest_subjects(connection, OPENED, user_id=wb.user.user_id, limit=limit)
        found = people(connection, ids, wb.user.scope)
    return [found[each] for each in ids if each in found]


@needs(READ_PATIENTS)
def appointments(wb: Workbench, patient_id: str) -> pl.DataFrame:
    """APPOINTMENTS (core.domain.appointment), past and coming, the latest first."""
    tables = tables_of(wb, patient_id)
    if tables is None:
        return APPOINTMENTS.to_frame()
    clinics = tables.generation.table("locations").select("location_id", clinic="name").collect()
    rows = tables.table("appointments").join(_providers(wb), on="provider_id", how="left", maintain_order="left")
    rows = rows.join(clinics.unique("location_id"), on="location_id", how="left", maintain_order="left")
    return appointment_rules.appointments(rows, now=wb.now(), zone=wb.zone())


@needs(READ_PATIENTS)
def chart(wb: Workbench, patient_id: str) -> Chart:
    """The whole chart as it is known now, without what was entered in error."""
    tables = tables_of(wb, patient_id)
    if tables is None:
        return _chart(ENTRIES.to_frame())
    events = tables.events()
    return _chart(entries(events, named_by_concept(wb, events), _providers(wb), as_of=wb.today()))


def latest(results: pl.DataFrame) -> pl.DataFrame:
    """Of each lab or vital by its name the newest entry that counts, or the newest at all when none does: ENTRIES with
    `earlier`, how many others there are, and `newer_mark`, the mark of a newer one that does not count, by name."""
    named = results.with_columns(series=pl.col("name").str.to_lowercase())
    if named.is_empty():
        return results.with_columns(earlier=pl.lit(0, pl.UInt32), newer_mark=pl.lit(""))
    first = named.group_by("kind", "series", maintain_order=True).agg(pl.col("mark").first().alias("newest_mark"))
    best = named.sort("is_done", descending=True, maintain_order=True).unique(["kind", "series"], keep="first")
    sizes = named.group_by("kind", "series").agg((pl.len() - 1).cast(pl.UInt32).alias("earlier"))
    rows = best.join(first, on=["kind", "series"]).join(sizes, on=["kind", "series"])
    newer = pl.when("is_done").then("newest_mark").otherwise(pl.lit("")).alias("newer_mark")
    return rows.with_columns(newer).sort("kind", "series").select(*ENTRIES, "earlier", "newer_mark")


@needs(READ_PATIENTS)
def timeline(wb: Workbench, patient_id: str, *, evidence: Sequence[Explanation] | None = None) -> pl.DataFrame:
    """TIMELINE (core.domain.timeline): appointments and visits, what left for the patient, and care gaps closed.

    evidence   of the patient's measures, when the caller has it already
    """
    require_visible(wb, patient_id)
    is_loaded = loads.current(wb) is not None
    known = care_gaps.explain_patient(wb, patient_id) if evidence is None and is_loaded else evidence or ()
    visits = chart(wb, patient_id).visits
    return timeline_rules.timeline(
        appointments(wb, patient_id), visits, contacts(wb, patient_id), known, zone=wb.zone()
    )


def _providers(wb: Workbench) -> pl.DataFrame:
    generation = loads.current(wb)
    if generation is None:
        return pl.DataFrame(schema={"provider_id": pl.String, "provider": pl.String})
    named = generation.table("providers").collect()
    plain = pl.concat_str([pl.col("first"), pl.col("last")], separator=" ", ignore_nulls=True)
    names = named.select("provider_id", provider=pl.coalesce("display_name", plain))
    return names.unique("provider_id", keep="last")


def _chart(rows: pl.DataFrame) -> Chart:
    def part(*kinds: str) -> pl.DataFrame:
        return rows.filter(pl.col("kind").is_in(kinds))

    def active_first(kind: str) -> pl.DataFrame:
        same = ["name", "code", "on", "end_on", "status"]
        return part(kind).unique(same, maintain_order=True).sort("is_active", descending=True, maintain_order=True)

    return Chart(
        conditions=active_first("problem"),
        results=part("lab", "vital"),
        immunizations=part("immunization"),
        medications=active_first("medication"),
        procedures=part("procedure"),
        visits=part("visit"),
    )
