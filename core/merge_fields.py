"""Merge fields of many patients at once, read live from the records."""

from collections.abc import Collection
from zoneinfo import ZoneInfo

from core import rules
from core.domain.address import phone_text
from core.domain.campaign import Campaign
from core.domain.field_values import clock_time, field_values, full_name, gap_words, long_date, seen
from core.domain.merge_field import FIELDS, FieldValue
from core.domain.organisation import Organisation
from core.domain.remark import stopping
from core.store.database import reading
from core.store.merge_rows import MergeRow, merge_rows
from core.workbench import Workbench

Fields = dict[str, FieldValue]


def fields_for(wb: Workbench, patient_ids: Collection[str], campaign: Campaign) -> dict[str, Fields]:
    """What the campaign's message says to each of these patients, by patient id.

    A field that is not on file is absent: rendering then needs a default or raises MissingField. Patients who are not
    in the records are left out. An appointment that has begun counts as none, and so does a care gap with a remark that
    stops outreach about it.
    """
    organisation = wb.organisation()
    zone = ZoneInfo(organisation.time_zone)
    written = field_values(_author_fields(campaign, organisation))
    now = wb.now()
    today = now.astimezone(zone).date()
    called = {
        name: rule.called
        for name, rule in rules.in_force(wb).measures.items()
        if not campaign.measures or name in campaign.measures
    }
    with reading(wb.engine) as connection:
        rows = merge_rows(connection, patient_ids)
    found = {}
    for patient_id, row in rows.items():
        texts = _person(row) | _practice(row, organisation)
        if row.appointment_at and row.appointment_at > now:
            texts |= _appointment(row, zone)
        fields = field_values(texts) | written
        remarked = stopping(row.remarks, called, today)
        gaps = gap_words(row.open_gaps, measures=campaign.measures, called=called, remarked=remarked)
        found[patient_id] = fields | {"gaps": gaps} if gaps else fields
    return found


def _person(row: MergeRow) -> dict[str, str | None]:
    clinic_address = ", ".join(part for part in (row.clinic_street, row.clinic_city) if part)
    first, last = seen(row.first), seen(row.last)
    return {
        "patient.first_name": seen(row.preferred_name) or first,
        "patient.last_name": last,
        "patient.full_name": full_name(first, last, row.suffix),
        "provider.name": row.provider,
        "clinic.name": row.clinic,
        "clinic.phone": phone_text(row.clinic_phone) if row.clinic_phone else None,
        "clinic.address": clinic_address or None,
        "last_visit.date": long_date(row.last_visit_on) if row.last_visit_on else None,
    }


def _practice(row: MergeRow, organisation: Organisation) -> dict[str, str | None]:
    return {
        "practice.name": row.group or organisation.name,
        "practice.phone": phone_text(row.group_phone or organisation.call_back_number),
    }


def _appointment(row: MergeRow, zone: ZoneInfo) -> dict[str, str | None]:
    assert row.appointment_at is not None
    return {
        "appointment.date": long_date(row.appointment_at.astimezone(zone).date()),
        "appointment.time": clock_time(row.appointment_at, zone=zone),
        "appointment.provider": row.appointment_provider,
    }


def _author_fields(campaign: Campaign, organisation: Organisation) -> dict[str, str | None]:
    """What the author typed in; the call-back number and sign-off fall back to the organisation's."""
    written: dict[str, str | None] = {
        "call_back_number": organisation.call_back_number,
        "sign_off": organisation.sign_off,
    }
    written |= {name: text for name, text in campaign.fields.items() if text and _is_author_field(name)}
    return written | {"call_back_number": phone_text(written["call_back_number"] or "")}


def _is_author_field(name: str) -> bool:
    return name in FIELDS and FIELDS[name].source == "author"
