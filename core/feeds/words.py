"""Words that mean the same, in feeds of many makers: each table leads to the words of the layout."""

_YES_NO = {"y": "yes", "true": "yes", "t": "yes", "1": "yes", "opt-in": "yes", "opted in": "yes", "granted": "yes"} | {
    "n": "no", "false": "no", "f": "no", "0": "no", "opt-out": "no", "opted out": "no", "revoked": "no", "denied": "no"
}  # fmt: skip
_SEX = {
    "female": "F", "f": "F", "w": "F", "woman": "F", "248152002": "F", "male": "M", "m": "M", "man": "M",
    "248153007": "M", "other": "O", "o": "O", "x": "O", "nonbinary": "O", "non-binary": "O", "nb": "O", "unknown": "U",
    "u": "U", "un": "U", "unk": "U", "asku": "U", "asked-declined": "U", "undifferentiated": "O",
}  # fmt: skip

# fmt: off
SYNONYMS: dict[str, dict[str, str]] = {
    "sex": _SEX,
    "sex_at_birth": _SEX | dict.fromkeys(("other", "o", "x", "nonbinary", "non-binary", "nb"), "U"),
    "sms_consent": _YES_NO,
    "email_consent": _YES_NO,
    "voice_consent": _YES_NO,
    "preferred_channel": {
        "e-mail": "email", "mail": "letter", "post": "letter", "postal": "letter", "sms": "text", "texting": "text",
        "text message": "text", "call": "phone", "voice": "phone", "telephone": "phone", "mobile": "phone",
    },
    "status": {"a": "active", "i": "inactive", "d": "deceased", "dead": "deceased", "expired": "deceased"},
    "appointment_status": {
        "booked": "scheduled", "pending": "scheduled", "proposed": "scheduled", "waitlist": "scheduled",
        "open": "scheduled", "new": "scheduled", "unconfirmed": "scheduled", "checked-in": "arrived",
        "checked in": "arrived", "in progress": "arrived", "fulfilled": "completed", "complete": "completed",
        "checked-out": "completed", "checked out": "completed", "finished": "completed", "noshow": "no-show",
        "no show": "no-show", "no_show": "no-show", "missed": "no-show", "canceled": "cancelled", "cancel": "cancelled",
        "entered-in-error": "cancelled", "deleted": "cancelled",
    },
    "reminder_kind": {
        "appointment reminder": "appointment", "appt": "appointment", "visit": "appointment",
        "health reminder": "health", "protocol": "health", "recall": "health", "outreach": "health",
    },
    "reminder_type": {
        "sms": "text", "txt": "text", "texting": "text", "text message": "text", "e-mail": "email",
        "call": "phone", "phone call": "phone", "voice": "phone", "telephone": "phone", "automated call": "phone",
        "ivr": "phone", "tel": "phone",
    },
    "reminder_status": {
        "scheduled": "unconfirmed", "booked": "unconfirmed", "pending": "unconfirmed", "not confirmed": "unconfirmed",
        "no response": "unconfirmed", "left message": "unconfirmed", "cancelled": "canceled", "cancel": "canceled",
        "cancellation": "canceled", "noshow": "no-show", "no show": "no-show", "no_show": "no-show",
        "missed": "no-show", "reschedule": "rescheduled", "moved": "rescheduled", "confirm": "confirmed",
        "checked-in": "confirmed", "checked in": "confirmed", "arrived": "confirmed", "kept": "confirmed",
        "completed": "confirmed", "fulfilled": "confirmed", "success": "successful", "succeeded": "successful",
        "delivered": "successful", "reached": "successful", "failed": "unsuccessful", "failure": "unsuccessful",
        "fail": "unsuccessful", "undelivered": "unsuccessful", "not reached": "unsuccessful",
    },
}
# fmt: on

# Which synonyms count for a column whose name stands for something else in another table.
SYNONYMS_OF: dict[tuple[str, str], str] = {
    ("appointments", "status"): "appointment_status",
    ("reminders", "status"): "reminder_status",
    ("reminders", "kind"): "reminder_kind",
    ("reminders", "type"): "reminder_type",
}

# What else the columns of a table may be called.
HEADERS: dict[str, dict[str, str]] = {
    "reminders": {
        "patient": "patient_id",
        "reminder": "reminder_id",
        "appointment": "appointment_id",
        "reason": "kind",
        "channel": "type",
        "mode": "type",
        "communication_type": "type",
        "comm_date": "date",
        "communication_date": "date",
        "date_time": "date",
        "datetime": "date",
        "attempted_at": "date",
        "attempt_number": "attempt",
        "attempt_no": "attempt",
        "attempt_count": "attempts",
        "number_of_attempts": "attempts",
        "result": "outcome",
    }
}

FLAGS: dict[str, bool] = {"yes": True, "no": False} | {word: means == "yes" for word, means in _YES_NO.items()}

CODE_SYSTEM_WORDS: dict[str, str] = {
    "http://loinc.org": "LOINC", "loinc": "LOINC", "ln": "LOINC", "lnc": "LOINC",
    "urn:oid:2.16.840.1.113883.6.1": "LOINC",
    "http://snomed.info/sct": "SNOMED", "snomed": "SNOMED", "snomed-ct": "SNOMED", "snomed ct": "SNOMED",
    "snomedct": "SNOMED", "snomed_ct": "SNOMED", "sct": "SNOMED", "snomedct_us": "SNOMED",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED", "snomed_us": "SNOMED",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM", "http://hl7.org/fhir/sid/icd-10": "ICD10CM", "icd10": "ICD10CM",
    "icd-10": "ICD10CM", "icd10cm": "ICD10CM", "icd-10-cm": "ICD10CM", "i10": "ICD10CM", "icd10-cm": "ICD10CM",
    "urn:oid:2.16.840.1.113883.6.90": "ICD10CM", "icd_10_cm": "ICD10CM",
    "http://www.cms.gov/medicare/coding/icd10": "ICD10PCS", "icd10pcs": "ICD10PCS", "icd-10-pcs": "ICD10PCS",
    "urn:oid:2.16.840.1.113883.6.4": "ICD10PCS", "http://hl7.org/fhir/sid/icd-10-pcs": "ICD10PCS",
    "http://hl7.org/fhir/sid/cvx": "CVX", "cvx": "CVX", "urn:oid:2.16.840.1.113883.12.292": "CVX",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM", "rxnorm": "RXNORM", "rx": "RXNORM",
    "urn:oid:2.16.840.1.113883.6.88": "RXNORM",
    "http://www.ama-assn.org/go/cpt": "CPT", "cpt": "CPT", "cpt4": "CPT", "cpt-4": "CPT", "c4": "CPT",
    "urn:oid:2.16.840.1.113883.6.12": "CPT",
    "https://www.cms.gov/medicare/coding/hcpcsreleasecodesets": "HCPCS", "hcpcs": "HCPCS", "hcpcs2": "HCPCS",
    "http://www.cms.gov/medicare/coding/hcpcsreleasecodesets": "HCPCS", "urn:oid:2.16.840.1.113883.6.285": "HCPCS",
    "https://www.cms.gov/medicare/coding/medhcpcsgeninfo/index.html": "HCPCS", "hcpc": "HCPCS",
    "local": "LOCAL", "l": "LOCAL", "internal": "LOCAL", "text": "TEXT",
}  # fmt: skip

# Words for units that rules ask for by their UCUM code.
UNIT_WORDS = {"percent": "%", "per cent": "%", "pct": "%", "mmhg": "mm[Hg]", "mm hg": "mm[Hg]", "mm[hg]": "mm[Hg]"}
