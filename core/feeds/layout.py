"""The tables of a feed: the one description that the CSV reader, the other readers and the sample generator share.

`sample_data/README.md` explains every column; a test holds the two together. Any table may also have the columns
source_system and received_at; without them the manifest's values count.
"""

from dataclasses import dataclass

from core.domain.organisation import CHANNELS
from core.domain.reminder import KINDS, STATUSES


@dataclass(frozen=True)
class Column:
    """kind: text, id, name, date, moment (date and time), number, flag (yes/no), phone, email, or one of `words`."""

    name: str
    kind: str = "text"
    required: bool = False
    words: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class FeedTable:
    """key: the columns that identify a row. A row whose key came before replaces the earlier one; a row that is
    missing from a feed stays, unless the manifest says that the feed is full. `is_event`: clinical events, which keep
    their earlier versions with the moment they were received."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    is_event: bool = False

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]


def _id(name: str, about: str, *, required: bool = False) -> Column:
    return Column(name, "id", required=required, about=about)


_PATIENT = _id("patient_id", "the patient", required=True)
_PROVIDER = _id("provider_id", "the provider")

TABLES: tuple[FeedTable, ...] = (
    FeedTable(
        "groups",
        ("group_id",),
        (
            _id("group_id", "identifies the medical group", required=True),
            Column("name", required=True, about="as patients know it"),
            Column("tin", about="tax number"),
            Column("time_zone", about="IANA name, such as America/Chicago"),
            Column("phone", "phone", about="main number"),
        ),
    ),
    FeedTable(
        "locations",
        ("location_id",),
        (
            _id("location_id", "identifies the clinic", required=True),
            _id("group_id", "its group"),
            Column("name", required=True, about="as patients know it"),
            Column("address1", about="street"),
            Column("city", about="city"),
            Column("state", about="two letters"),
            Column("zip", about="five or nine digits"),
            Column("phone", "phone", about="number patients call"),
        ),
    ),
    FeedTable(
        "providers",
        ("provider_id",),
        (
            _id("provider_id", "identifies the provider", required=True),
            Column("npi", about="national provider number"),
            Column("first", "name", about="first name"),
            Column("last", "name", required=True, about="last name"),
            Column("credential", about="MD, DO, NP ..."),
            Column("specialty", about="specialty in words"),
            _id("group_id", "the provider's group"),
            _id("location_id", "the provider's clinic"),
            Column("is_pcp", "flag", about="may be a primary care provider"),
            Column("active", "flag", about="still works here"),
            Column("display_name", about="name in messages, such as Dr. Ada Example"),
        ),
    ),
    FeedTable(
        "patients",
        ("patient_id",),
        (
            _id("patient_id", "identifies the patient", required=True),
            _id("mrn", "medical record number; leading zeros matter"),
            Column("first", "name", about="first name"),
            Column("middle", "name", about="middle name or initial"),
            Column("last", "name", about="last name"),
            Column("suffix", "name", about="Jr., III ..."),
            Column("preferred_name", "name", about="what the patient likes to be called"),
            Column("birth_date", "date", required=True, about="day of birth"),
            Column("sex", words=("F", "M", "O", "U"), about="administrative sex"),
            Column("sex_at_birth", words=("F", "M", "U"), about="sex at birth"),
            Column("gender_identity", about="in words"),
            Column("race", about="in words"),
            Column("ethnicity", about="in words"),
            Column("language", about="ISO 639-1 code or name of the preferred language"),
            Column("address1", about="street"),
            Column("address2", about="apartment or unit"),
            Column("city", about="city"),
            Column("state", about="two letters"),
            Column("zip", about="five or nine digits"),
            Column("phone_home", "phone", about="home number"),
            Column("phone_mobile", "phone", about="mobile number"),
            Column("phone_work", "phone", about="work number"),
            Column("email", "email", about="email address"),
            Column(
                "preferred_channel",
                words=("email", "text", "phone", "letter"),
                about="how the patient prefers to be reached",
            ),
            Column("sms_consent", words=("yes", "no"), about="consent to texts; blank is unknown"),
            Column("sms_consent_on", "date", about="when that was said"),
            Column("sms_consent_source", about="where that was said"),
            Column("email_consent", words=("yes", "no"), about="consent to emails; blank is unknown"),
            Column("voice_consent", words=("yes", "no"), about="consent to automatic calls; blank is unknown"),
            _id("guarantor_id", "patient who answers for this one, for children"),
            _id("household_id", "people who live together share it"),
            _id("pcp_id", "primary care provider"),
            _id("group_id", "the patient's group"),
            Column("payer", about="who pays, such as Medicare Part B"),
            Column("plan", about="insurance plan"),
            _id("member_id", "number at the payer"),
            Column("status", words=("active", "inactive", "deceased", "test"), about="blank is active"),
            Column("deceased_on", "date", about="day of death"),
        ),
    ),
    FeedTable(
        "care_team",
        ("patient_id", "role", "provider_id"),
        (
            _PATIENT,
            Column("role", required=True, about="such as care manager"),
            _id("provider_id", "the provider", required=True),
            Column("since", "date", about="first day"),
        ),
    ),
    FeedTable(
        "appointments",
        ("appointment_id",),
        (
            _id("appointment_id", "identifies the appointment", required=True),
            _PATIENT,
            _PROVIDER,
            _id("location_id", "the clinic"),
            Column("start_at", "moment", required=True, about="local date and time"),
            Column("made_at", "moment", about="when it was made"),
            Column("type", about="such as office visit"),
            Column(
                "status",
                words=("scheduled", "confirmed", "arrived", "completed", "no-show", "cancelled", "rescheduled"),
                about="blank is scheduled",
            ),
            Column("cancel_reason", about="in words"),
        ),
    ),
    FeedTable(
        "reminders",
        ("patient_id", "reminder_id", "attempt"),
        (
            _id("reminder_id", "identifies the reminder; blank: told by its patient, date, type and what it is about"),
            _PATIENT,
            Column("kind", words=KINDS, about="blank: health with a protocol or such a status, else appointment"),
            Column("status", words=tuple(STATUSES), about="how it stands; of several attempts the last one's counts"),
            Column("type", words=CHANNELS, about="how the patient was contacted"),
            Column("date", "moment", required=True, about="when: the attempt, or the first of several in one row"),
            Column("time", about="local time, where date is a day alone"),
            Column("attempt", about="number of the attempt, where each has a row of its own"),
            Column("attempts", about="how many there were, where all of them are one row"),
            Column("outcome", about="of the attempt or the last one: delivered, answering machine, busy ..."),
            _id("appointment_id", "the appointment it is about"),
            Column("protocol", about="of a health reminder: which programme of care"),
            Column("description", about="what it is about, in words"),
        ),
    ),
    FeedTable(
        "programs",
        ("patient_id", "program"),
        (
            _PATIENT,
            Column("program", required=True, about="such as care management or action plan"),
            Column("enrolled_on", "date", about="first day"),
            Column("ended_on", "date", about="last day"),
            Column("status", about="active, completed ..."),
        ),
    ),
    FeedTable(
        "portal_accounts",
        ("patient_id",),
        (_PATIENT, Column("active_since", "date", about="first day of the portal account")),
    ),
    FeedTable(
        "opt_outs",
        ("opt_out_id",),
        (
            _id("opt_out_id", "identifies the opt-out", required=True),
            _id("patient_id", "the patient; patient, phone or email must be there"),
            Column("phone", "phone", about="the number it counts for"),
            Column("email", "email", about="the address it counts for"),
            Column("type", required=True, about="as in the opt-out types: global, health_email, all_text ..."),
            Column("protocol", about="for type protocol: which one"),
            Column("made_on", "date", about="first day it counts"),
            Column("until", "date", about="last day it counts; blank is permanent"),
            Column("reason", about="in words"),
            Column("source", about="where it was made"),
        ),
    ),
    FeedTable(
        "merges",
        ("merged_id",),
        (
            _id("merged_id", "the id that is no more; what it had becomes the survivor's", required=True),
            _id("patient_id", "the survivor: the patient whose record stays", required=True),
            Column("merged_on", "date", about="day on which the two became one; blank is the day of the feed"),
        ),
    ),
    FeedTable(
        "visits",
        ("visit_id",),
        (
            _id("visit_id", "identifies the visit", required=True),
            _PATIENT,
            _PROVIDER,
            _id("location_id", "the clinic"),
            Column("visit_on", "date", required=True, about="first day"),
            Column("ended_on", "date", about="last day, for stays"),
            Column("type", about="such as office visit"),
            Column("code_system", about="code system of code"),
            Column("code", about="kind of visit as a code"),
            Column("status", about="finished unless it says otherwise"),
        ),
        is_event=True,
    ),
    FeedTable(
        "problems",
        ("problem_id",),
        (
            _id("problem_id", "identifies the entry", required=True),
            _PATIENT,
            Column("code_system", about="code system of code"),
            Column("code", about="the condition as a code"),
            Column("text", about="the condition in words"),
            Column("onset_on", "date", about="when it began"),
            Column("resolved_on", "date", about="when it ended"),
            Column("status", about="active, resolved, inactive, entered-in-error ..."),
            Column("recorded_on", "date", about="when it was written down"),
        ),
        is_event=True,
    ),
    FeedTable(
        "labs",
        ("lab_id",),
        (
            _id("lab_id", "identifies the result", required=True),
            _PATIENT,
            Column("loinc", about="LOINC code, where there is one"),
            Column("local_code", about="the practice's own code"),
            Column("local_name", about="the practice's own name"),
            Column("value", about="number or words, as reported"),
            Column("unit", about="unit of the value"),
            Column("ref_low", about="lower limit of normal"),
            Column("ref_high", about="upper limit of normal"),
            Column("abnormal", about="flag of the laboratory"),
            Column("status", about="ordered, preliminary, final, corrected, cancelled"),
            Column("ordered_on", "date", about="when it was ordered"),
            Column("collected_on", "date", about="when the sample was taken"),
            Column("resulted_on", "date", about="when the result came; blank: not yet"),
        ),
        is_event=True,
    ),
    FeedTable(
        "vitals",
        ("vital_id",),
        (
            _id("vital_id", "identifies the measurement", required=True),
            _PATIENT,
            Column("code_system", about="code system of code; blank is LOINC"),
            Column("code", about="what was measured as a code"),
            Column("name", about="what was measured in words"),
            Column("value", about="number or words"),
            Column("unit", about="unit of the value"),
            Column("taken_on", "date", required=True, about="day of the measurement"),
            Column("status", about="final unless it says otherwise"),
        ),
        is_event=True,
    ),
    FeedTable(
        "immunizations",
        ("immunization_id",),
        (
            _id("immunization_id", "identifies the dose", required=True),
            _PATIENT,
            Column("cvx", about="CVX code of the vaccine"),
            Column("name", about="vaccine in words"),
            Column("administered_on", "date", required=True, about="day it was given"),
            Column("status", about="completed, not-done ..."),
            Column("source", about="administered, historical, registry"),
            Column("lot", about="lot number"),
            Column("dose_no", about="number in the series"),
            Column("refusal_reason", about="why it was not given"),
        ),
        is_event=True,
    ),
    FeedTable(
        "procedures",
        ("procedure_id",),
        (
            _id("procedure_id", "identifies the procedure", required=True),
            _PATIENT,
            Column("code_system", about="code system of code"),
            Column("code", about="the procedure as a code"),
            Column("text", about="the procedure in words"),
            Column("ordered_on", "date", about="when it was ordered"),
            Column("performed_on", "date", about="when it was done; blank: not yet"),
            Column("status", about="ordered, completed, cancelled ..."),
        ),
        is_event=True,
    ),
    FeedTable(
        "medications",
        ("medication_id",),
        (
            _id("medication_id", "identifies the prescription", required=True),
            _PATIENT,
            Column("rxnorm", about="RxNorm code"),
            Column("name", about="medicine in words"),
            Column("start_on", "date", about="first day"),
            Column("stop_on", "date", about="last day"),
            Column("status", about="active, stopped, completed ..."),
        ),
        is_event=True,
    ),
)

TABLE = {table.name: table for table in TABLES}
EVENT_TABLES = tuple(table.name for table in TABLES if table.is_event)
