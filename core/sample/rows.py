"""One row of each table of a feed, with its columns in the order of the layout; a blank is what a feed leaves out.

They are tuples, so that the CSV writer takes them as they are, and named, so that no value lands in a wrong column.
`tests/test_sample.py` holds them together with `core.feeds.layout`.
"""

from typing import NamedTuple


class Group(NamedTuple):
    group_id: str
    name: str = ""
    tin: str = ""
    time_zone: str = ""
    phone: str = ""


class Location(NamedTuple):
    location_id: str
    group_id: str = ""
    name: str = ""
    address1: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""


class Provider(NamedTuple):
    provider_id: str
    npi: str = ""
    first: str = ""
    last: str = ""
    credential: str = ""
    specialty: str = ""
    group_id: str = ""
    location_id: str = ""
    is_pcp: str = ""
    active: str = ""
    display_name: str = ""


class Patient(NamedTuple):
    patient_id: str
    mrn: str = ""
    first: str = ""
    middle: str = ""
    last: str = ""
    suffix: str = ""
    preferred_name: str = ""
    birth_date: str = ""
    sex: str = ""
    sex_at_birth: str = ""
    gender_identity: str = ""
    race: str = ""
    ethnicity: str = ""
    language: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone_home: str = ""
    phone_mobile: str = ""
    phone_work: str = ""
    email: str = ""
    preferred_channel: str = ""
    sms_consent: str = ""
    sms_consent_on: str = ""
    sms_consent_source: str = ""
    email_consent: str = ""
    voice_consent: str = ""
    guarantor_id: str = ""
    household_id: str = ""
    pcp_id: str = ""
    group_id: str = ""
    payer: str = ""
    plan: str = ""
    member_id: str = ""
    status: str = ""
    deceased_on: str = ""


class CareTeam(NamedTuple):
    patient_id: str
    role: str = ""
    provider_id: str = ""
    since: str = ""


class Appointment(NamedTuple):
    appointment_id: str
    patient_id: str = ""
    provider_id: str = ""
    location_id: str = ""
    start_at: str = ""
    made_at: str = ""
    type: str = ""
    status: str = ""
    cancel_reason: str = ""


class Reminder(NamedTuple):
    reminder_id: str
    patient_id: str = ""
    kind: str = ""
    status: str = ""
    type: str = ""
    date: str = ""
    time: str = ""
    attempt: str = ""
    attempts: str = ""
    outcome: str = ""
    appointment_id: str = ""
    protocol: str = ""
    description: str = ""


class Program(NamedTuple):
    patient_id: str
    program: str = ""
    enrolled_on: str = ""
    ended_on: str = ""
    status: str = ""


class PortalAccount(NamedTuple):
    patient_id: str
    active_since: str = ""


class OptOut(NamedTuple):
    opt_out_id: str
    patient_id: str = ""
    phone: str = ""
    email: str = ""
    type: str = ""
    protocol: str = ""
    made_on: str = ""
    until: str = ""
    reason: str = ""
    source: str = ""


class Visit(NamedTuple):
    visit_id: str
    patient_id: str = ""
    provider_id: str = ""
    location_id: str = ""
    visit_on: str = ""
    ended_on: str = ""
    type: str = ""
    code_system: str = ""
    code: str = ""
    status: str = ""


class Problem(NamedTuple):
    problem_id: str
    patient_id: str = ""
    code_system: str = ""
    code: str = ""
    text: str = ""
    onset_on: str = ""
    resolved_on: str = ""
    status: str = ""
    recorded_on: str = ""


class Lab(NamedTuple):
    lab_id: str
    patient_id: str = ""
    loinc: str = ""
    local_code: str = ""
    local_name: str = ""
    value: str = ""
    unit: str = ""
    ref_low: str = ""
    ref_high: str = ""
    abnormal: str = ""
    status: str = ""
    ordered_on: str = ""
    collected_on: str = ""
    resulted_on: str = ""


class Vital(NamedTuple):
    vital_id: str
    patient_id: str = ""
    code_system: str = ""
    code: str = ""
    name: str = ""
    value: str = ""
    unit: str = ""
    taken_on: str = ""
    status: str = ""


class Immunization(NamedTuple):
    immunization_id: str
    patient_id: str = ""
    cvx: str = ""
    name: str = ""
    administered_on: str = ""
    status: str = ""
    source: str = ""
    lot: str = ""
    dose_no: str = ""
    refusal_reason: str = ""


class Procedure(NamedTuple):
    procedure_id: str
    patient_id: str = ""
    code_system: str = ""
    code: str = ""
    text: str = ""
    ordered_on: str = ""
    performed_on: str = ""
    status: str = ""


class Medication(NamedTuple):
    medication_id: str
    patient_id: str = ""
    rxnorm: str = ""
    name: str = ""
    start_on: str = ""
    stop_on: str = ""
    status: str = ""


class Merge(NamedTuple):
    merged_id: str
    patient_id: str
    merged_on: str = ""


ROWS: dict[str, type[tuple[str, ...]]] = {
    "groups": Group,
    "locations": Location,
    "providers": Provider,
    "patients": Patient,
    "care_team": CareTeam,
    "appointments": Appointment,
    "reminders": Reminder,
    "programs": Program,
    "portal_accounts": PortalAccount,
    "opt_outs": OptOut,
    "merges": Merge,
    "visits": Visit,
    "problems": Problem,
    "labs": Lab,
    "vitals": Vital,
    "immunizations": Immunization,
    "procedures": Procedure,
    "medications": Medication,
}
