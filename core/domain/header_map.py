"""How a group's own CSV files are read: which file holds which table, and what its headers, dates and words mean."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import Any

from core.errors import DataError

ORDERS = {"": "as usual: year first, or month first", "mdy": "month first", "dmy": "day first", "ymd": "year first"}
AMBIGUOUS = "ambiguous"
_LEAST_ALIKE = 0.82  # of two names, from 0 to 1
_DATE = re.compile(r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?!\d)")

# What other systems call a column. Ids are not among them: one that is taken for another mixes patients up.
_KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "first": ("first_name", "firstname", "given_name", "fname", "pat_first_name"),
    "middle": ("middle_name", "middlename", "mname", "middle_initial"),
    "last": ("last_name", "lastname", "surname", "family_name", "lname"),
    "preferred_name": ("nickname", "preferred_first_name"),
    "birth_date": ("dob", "date_of_birth", "birthdate", "birthday", "birth_dt"),
    "sex": ("gender", "legal_sex", "administrative_sex", "sex_code"),
    "language": ("preferred_language", "lang", "pref_language"),
    "address1": ("address", "street", "address_1", "address_line_1", "addr1", "street_address"),
    "address2": ("address_2", "address_line_2", "addr2", "apartment", "unit"),
    "state": ("st", "state_code", "province"),
    "zip": ("zip_code", "zipcode", "postal_code", "zip5"),
    "phone_home": ("home_phone", "phone", "home_phone_number", "telephone"),
    "phone_mobile": ("mobile", "cell", "cell_phone", "mobile_phone", "cell_phone_number", "cellphone"),
    "phone_work": ("work_phone", "business_phone"),
    "email": ("e_mail", "email_address", "mail"),
    "payer": ("insurance", "primary_insurance", "payer_name", "insurance_name"),
    "status": ("patient_status", "pat_status", "appt_status", "appointment_status", "lab_status"),
    "deceased_on": ("date_of_death", "death_date", "deceased_date", "dod"),
    "start_at": ("appointment_date", "appt_date", "appt_datetime", "appointment_time", "start_time"),
    "visit_on": ("visit_date", "encounter_date", "date_of_service", "dos", "service_date"),
    "value": ("result", "result_value", "lab_value"),
    "unit": ("units", "uom", "result_unit"),
    "loinc": ("loinc_code",),
    "collected_on": ("collection_date", "specimen_date", "draw_date"),
    "resulted_on": ("result_date",),
    "ordered_on": ("order_date",),
    "onset_on": ("onset_date", "start_date"),
    "administered_on": ("administration_date", "vaccine_date", "date_given"),
    "performed_on": ("procedure_date", "performed_date"),
    "code": ("icd10", "icd_10", "dx_code", "diagnosis_code", "procedure_code", "cpt"),
    "text": ("description", "diagnosis", "dx_name"),
}


@dataclass(frozen=True)
class HeaderMap:
    """files    names of the files without their ending, '*' stands for anything: 'demographics_*'
    columns     our column -> the file's header, as it stands there
    orders      our date column -> 'mdy', 'dmy' or 'ymd', where the usual reading does not do
    words       our column -> the file's word -> what it means: one of the layout's words, or '' for nothing
    """

    table: str
    files: tuple[str, ...]
    columns: Mapping[str, str]
    orders: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def is_for(self, stem: str) -> bool:
        """Whether a file of this name, without its ending, holds the table."""
        return any(fnmatchcase(stem.lower(), pattern) for pattern in self.files)

    def as_json(self) -> dict[str, Any]:
        """To be kept; `of_json` reads it."""
        words = {column: dict(meanings) for column, meanings in self.words.items()}
        return {
            "files": list(self.files),
            "columns": dict(self.columns),
            "orders": dict(self.orders),
            "words": words,
        }


@dataclass(frozen=True)
class Proposal:
    """A header that may be one of our columns; how: 'the same name', 'a known name', 'a similar name'."""

    header: str
    how: str


def of_json(table: str, kept: Mapping[str, Any]) -> HeaderMap:
    """A map as it was kept."""
    return HeaderMap(table, tuple(kept["files"]), kept["columns"], kept.get("orders", {}), kept.get("words", {}))


def normal_name(name: str) -> str:
    """Column names count without case, and with an underscore for blanks and hyphens."""
    return re.sub(r"[\s\-]+", "_", name.strip().lower())


def pattern_of(stem: str) -> str:
    """What the files of the next nights are called as well: digits, such as those of a date, may be others."""
    return re.sub(r"[*\-_.]*\*[*\-_.]*$", "*", re.sub(r"\d+(?:[-_.T]?\d+)*", "*", stem.lower()))


def proposals(columns: Sequence[tuple[str, str]], headers: Sequence[str]) -> dict[str, Proposal]:
    """By our column the header that it may be; no header twice. `columns` are names and kinds of the layout; a column
    of the kind 'id' gets only a header of the same name."""
    found: dict[str, Proposal] = {}
    left = {normal_name(header): header for header in headers if header.strip()}
    for name, _ in columns:
        if name in left:
            found[name] = Proposal(left.pop(name), "the same name")
    for name, kind in columns:
        names = (name, *_KNOWN_NAMES.get(name, ()))
        known = next((each for each in left if each in names or _bare(each) in names), None)
        if name not in found and kind != "id" and known:
            found[name] = Proposal(left.pop(known), "a known name")
    for name, kind in columns:
        if name in found or kind == "id":
            continue
        near = max(left, key=lambda each: _alike(name, each), default="")
        if near and _alike(name, near) >= _LEAST_ALIKE:
            found[name] = Proposal(left.pop(near), "a similar name")
    return found


def order_of(values: Sequence[str]) -> str:
    """In which order these dates are written: 'mdy', 'dmy' or 'ymd' when at least one shows it, AMBIGUOUS when each
    could be read both ways or they contradict each other, '' when none is a date with numbers alone."""
    orders: set[str] = set()
    count = 0
    for value in values:
        found = _DATE.match(value.strip())
        if found is None:
            continue
        count += 1
        first, second = int(found[1]), int(found[2])
        if len(found[1]) == 4:
            orders.add("ymd")
        elif first > 12:
            orders.add("dmy")
        elif second > 12:
            orders.add("mdy")
    if len(orders) == 1:
        return orders.pop()
    return AMBIGUOUS if count else ""


def require_usable(found: HeaderMap, *, required: Sequence[str], known: Mapping[str, Sequence[str]]) -> None:
    """Raise DataError for a map that nobody can read by. `required` are our columns that must be there; `known` our
    columns with the words that each may hold, none for any."""
    if not found.files or not all(re.fullmatch(r"[^/\\]*[^/\\*?\[\].][^/\\]*", each) for each in found.files):
        raise DataError("The mapping needs the name of its file, such as demographics or demographics_*.")
    if any(character in each for each in found.files for character in "?[]"):
        raise DataError("In the name of a file only * stands for anything.")
    missing = [name for name in required if not found.columns.get(name)]
    if missing:
        raise DataError(f"The table {found.table} needs a header for {', '.join(missing)}. Choose one.")
    unknown = [name for name in (*found.columns, *found.orders, *found.words) if name not in known]
    if unknown:
        raise DataError(f"The table {found.table} has no column {unknown[0]}.")
    for name, order in found.orders.items():
        if order not in ORDERS:
            raise DataError(f"The dates of {name} are written {', '.join(filter(None, ORDERS))}.")
    for name, meanings in found.words.items():
        wrong = sorted({word for word in meanings.values() if word and known[name] and word not in known[name]})
        if wrong:
            raise DataError(f"A word of {name} can mean {', '.join(known[name])}, or nothing.")


def _bare(header: str) -> str:
    """'gender' for 'pat_gender_code'."""
    return re.sub(r"^(?:patient|pat|pt)_|_(?:code|cd|dt|desc)$", "", header)


def _alike(ours: str, theirs: str) -> float:
    return SequenceMatcher(None, ours.replace("_", ""), theirs.replace("_", "")).ratio()
