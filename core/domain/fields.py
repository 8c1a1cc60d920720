"""What a work list may ask and show: the fields, their kinds, and the actions that fit each kind."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import CareloopError

TEXT, NAME, PHONE, CHOICE, WORDS, NUMBER, DATE = "text", "name", "phone", "choice", "words", "number", "date"

LAB, LAB_DATE = "lab:", "lab_date:"  # followed by the id of a concept of kind lab or vital


@dataclass(frozen=True)
class Field:
    """key: in saved views and links; name: on screens; kind: decides the actions; column: of the panel.

    is_live: not in the panel but read from the database at each run, because it changes between loads.
    """

    key: str
    name: str
    kind: str
    column: str
    is_live: bool = False


@dataclass(frozen=True)
class Action:
    """value: what the value box holds: 'text', 'texts' (one or several), 'number', 'numbers' (two), 'date', 'dates'
    (two), 'period' (a count of days, weeks or months), or '' where the box is off."""

    key: str
    name: str
    value: str


# A negative action is the exact opposite of the positive one: an empty field does not contain anything, is not equal
# to anything, and is not in the next month.
OPPOSITE = {
    "not_contains": "contains",
    "not_equals": "equals",
    "not_empty": "empty",
    "not_in_next": "in_next",
    "not_in_last": "in_last",
}

_EMPTY = (Action("empty", "is empty", ""), Action("not_empty", "is not empty", ""))
_TEXT_ACTIONS = (
    Action("contains", "contains", "text"),
    Action("not_contains", "does not contain", "text"),
    Action("equals", "is equal to", "text"),
    Action("not_equals", "is not equal to", "text"),
    Action("one_of", "is one of", "texts"),
    *_EMPTY,
)
ACTIONS: dict[str, tuple[Action, ...]] = {
    **dict.fromkeys((TEXT, NAME, PHONE, CHOICE, WORDS), _TEXT_ACTIONS),
    NUMBER: (
        Action("equals", "is equal to", "number"),
        Action("not_equals", "is not equal to", "number"),
        Action("greater", "is greater than", "number"),
        Action("less", "is less than", "number"),
        Action("between", "is between", "numbers"),
        *_EMPTY,
    ),
    DATE: (
        Action("in_next", "in the next", "period"),
        Action("not_in_next", "not in the next", "period"),
        Action("in_last", "in the last", "period"),
        Action("not_in_last", "not in the last", "period"),
        Action("before", "is before", "date"),
        Action("after", "is after", "date"),
        Action("between", "is between", "dates"),
        Action("equals", "is equal to", "date"),
        Action("not_equals", "is not equal to", "date"),
        *_EMPTY,
    ),
}

FIELDS: tuple[Field, ...] = (
    Field("name", "Patient Name", NAME, "name"),
    Field("alerts", "Alerts & Recommendations", WORDS, "alerts"),
    Field("alert_count", "A&R Count", NUMBER, "alert_count"),
    Field("conditions", "Conditions", WORDS, "conditions"),
    Field("next_appointment", "Next Appointment Date", DATE, "next_appointment_on"),
    Field("last_visit", "Last Visit Date", DATE, "last_visit_on"),
    Field("status", "Patient Status", CHOICE, "status"),
    Field("age", "Age", NUMBER, "age"),
    Field("sex", "Sex", CHOICE, "sex"),
    Field("birth_date", "Birth Date", DATE, "birth_date"),
    Field("pcp", "PCP", CHOICE, "pcp"),
    Field("group", "Group", CHOICE, "group"),
    Field("care_manager", "Care Manager", CHOICE, "care_manager"),
    Field("email", "Email", TEXT, "email"),
    Field("phone_mobile", "Phone (M)", PHONE, "phone_mobile"),
    Field("phone_home", "Phone (H)", PHONE, "phone_home"),
    Field("language", "Language", CHOICE, "language"),
    Field("payer", "Payer", CHOICE, "payer"),
    Field("race", "Race", CHOICE, "race"),
    Field("ethnicity", "Ethnicity", CHOICE, "ethnicity"),
    Field("zip3", "ZIP (3 digits)", CHOICE, "zip3"),
    Field("last_contacted", "Last Contacted", DATE, "", is_live=True),
    Field("opt_outs", "Opt-outs", WORDS, "", is_live=True),
    Field("contact_problem", "Contact problem", WORDS, "", is_live=True),
    Field("clinic", "Clinic", WORDS, "", is_live=True),
    Field("remarks", "Remarks", WORDS, "", is_live=True),
)
_FIELD = {field.key: field for field in FIELDS}


def fields(labs: Mapping[str, str]) -> tuple[Field, ...]:
    """Every field, with two for each lab or vital of the panel. `labs`: concept id -> name."""
    ordered = sorted(labs, key=lambda concept: labs[concept].lower())
    return FIELDS + tuple(field(kind + concept, labs) for concept in ordered for kind in (LAB, LAB_DATE))


def field(key: str, labs: Mapping[str, str] | None = None) -> Field:
    """The field of a key. Raises CareloopError when there is none. `labs` gives the names of labs."""
    if key in _FIELD:
        return _FIELD[key]
    prefix, _, concept = key.partition(":")
    if f"{prefix}:" in (LAB, LAB_DATE) and concept.replace("-", "").replace("_", "").isalnum():
        name = (labs or {}).get(concept, concept)
        if f"{prefix}:" == LAB:
            return Field(key, name, NUMBER, f"lab_{concept}")
        return Field(key, f"{name} Date", DATE, f"lab_{concept}_on")
    raise CareloopError("A filter, sort or column asks for a field that does not exist. Choose another field.")


def action(of: Field, key: str) -> Action:
    """The action of a key for a field. Raises CareloopError naming those that fit."""
    for candidate in ACTIONS[of.kind]:
        if candidate.key == key:
            return candidate
    fitting = ", ".join(candidate.name for candidate in ACTIONS[of.kind])
    raise CareloopError(f"{of.name} cannot be compared that way. Choose one of: {fitting}.")
