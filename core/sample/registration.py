"""The patients table: what a front desk knows of each, and how well it is written down."""

from collections.abc import Iterator

from core.sample.days import DAY, YEAR, iso
from core.sample.defects import has
from core.sample.draw import Weighted
from core.sample.person import Household, Person
from core.sample.phones import JUNK_EMAILS, JUNK_PHONES, email, misspelt, phone, unaccented
from core.sample.practice import Practice
from core.sample.rows import Patient

_OLD = Weighted({"Medicare Part B": 0.62, "Medicare Advantage": 0.33, "Commercial": 0.04, "Medicaid": 0.01})
_ADULT = Weighted({"Commercial": 0.71, "Medicaid": 0.19, "Self-pay": 0.06, "Medicare Part B": 0.03, "": 0.01})
_CHILD = Weighted({"Commercial": 0.58, "Medicaid": 0.39, "Self-pay": 0.03})
_PLANS = {
    "Commercial": ("Sample Choice PPO", "Example Blue HMO", "Placeholder Health EPO", "Fictional Employers Plan"),
    "Medicaid": ("Specimen Community Plan", "State Medicaid"),
    "Medicare Advantage": ("Example Gold Advantage", "Sample Senior HMO"),
    "Medicare Part B": ("Original Medicare",),
}
_CHANNEL = Weighted({"": 0.5, "text": 0.19, "email": 0.16, "phone": 0.11, "letter": 0.04})
_TEXT_CONSENT = Weighted({"yes": 0.62, "": 0.35, "no": 0.03})
_CONSENT = Weighted({"yes": 0.5, "": 0.48, "no": 0.02})
_SOURCE = Weighted({"registration form": 0.6, "portal": 0.25, "front desk": 0.15})
_GENDER = Weighted({"": 0.9, "identifies as recorded": 0.08, "non-binary": 0.012, "transgender": 0.008})
_SUFFIX = Weighted({"": 0.955, "Jr.": 0.03, "Sr.": 0.008, "III": 0.007})


def register(home: Household, *, practice: Practice, as_of: int) -> Iterator[Patient]:
    """The rows of a household, in the order of its people."""
    landline = phone(home.draw, home.number * 4) if home.draw.chance(0.55) else ""
    row = Patient("")
    for person in home.people:
        if person.twin_of:  # always follows the row that it repeats
            row = _twin(row, person)
        else:
            row = _spoil(_row(home, person, landline, practice=practice, as_of=as_of), person, as_of=as_of)
        yield row


def _row(home: Household, person: Person, landline: str, *, practice: Practice, as_of: int) -> Patient:
    draw = person.draw
    city, state, zip_code = home.town
    payer = draw.one_of(_OLD if person.age >= 65 else _ADULT if person.age >= 18 else _CHILD)
    text_consent = draw.one_of(_TEXT_CONSENT)
    accents = draw.chance(0.6)
    return Patient(
        patient_id=person.patient_id,
        mrn=f"{person.number:08d}",
        first=person.first if accents else unaccented(person.first),
        middle=person.middle,
        last=person.last if accents else unaccented(person.last),
        suffix=draw.one_of(_SUFFIX) if person.sex == "M" and person.age >= 18 else "",
        preferred_name=draw.pick(person.origin.called[person.sex]) if draw.chance(0.09) else "",
        birth_date=iso(person.born),
        sex=person.sex,
        sex_at_birth=person.sex if draw.chance(0.6) else "",
        gender_identity=draw.one_of(_GENDER) if person.age >= 18 else "",
        race=home.race if person.origin is home.origin else draw.one_of(person.origin.races),
        ethnicity=person.origin.ethnicity if draw.chance(0.92) else "",
        language=person.language,
        address1=home.address1,
        address2=home.address2,
        city=city,
        state=state,
        zip=zip_code if draw.chance(0.9) or "-" in zip_code else f"{zip_code}-{draw.between(1, 99):04d}",
        phone_home=landline,
        phone_mobile=_mobile(home, person),
        phone_work=phone(draw, person.number * 4 + 2) if 22 <= person.age < 66 and draw.chance(0.12) else "",
        email=_email(home, person),
        preferred_channel=draw.one_of(_CHANNEL),
        sms_consent=text_consent,
        sms_consent_on=iso(max(as_of - draw.between(30, 1500), person.born)) if text_consent else "",
        sms_consent_source=draw.one_of(_SOURCE) if text_consent else "",
        email_consent=draw.one_of(_CONSENT),
        voice_consent=draw.one_of(_CONSENT),
        guarantor_id=f"P{person.guarantor:06d}" if person.guarantor else "",
        household_id=f"H{home.number:06d}",
        pcp_id=person.pcp_id,
        group_id=practice.group_of(person.location_id),
        payer=payer,
        plan=draw.pick(_PLANS[payer]) if payer in _PLANS else "",
        member_id=f"{draw.between(0, 99_999_999):08d}" if payer in _PLANS else "",
        status=person.status,
        deceased_on=iso(person.died) if person.died else "",
    )


def _mobile(home: Household, person: Person) -> str:
    """Children have the number of whoever answers for them, a group home has one for all, the old have fewer."""
    draw = person.draw
    if home.kind == "group home" or (person.guarantor and person.age < 15):
        return phone(draw, home.number * 4 + 1) if home.number % 5 else ""
    share = 0.84 if person.age < 50 else 0.78 if person.age < 70 else 0.5
    if not draw.chance(share):
        return ""
    return phone(draw, (home.number if draw.chance(0.03) else person.number) * 4 + 1)


def _email(home: Household, person: Person) -> str:
    draw = person.draw
    parent = home.people[0]
    if person.guarantor and person.age < 15:
        return email(parent.first, parent.last, parent.number) if draw.chance(0.6) else ""
    share = 0.74 if person.age < 65 else 0.52 if person.age < 80 else 0.28
    return email(person.first, person.last, person.number) if draw.chance(share) else ""


def _twin(row: Patient, person: Person) -> Patient:
    """Registered again: the middle name is missing or the first name misspelt, the rest is the same."""
    first = row.first[:-1] + row.first[-1] * 2 if person.draw.chance(0.45) else row.first
    return row._replace(
        patient_id=person.patient_id,
        mrn=f"{person.number:08d}",
        first=first,
        middle="" if row.middle else "A",
        preferred_name="",
        member_id="",
        status="active",
        deceased_on="",
    )


def _spoil(row: Patient, person: Person, *, as_of: int) -> Patient:
    """The defects of one registration."""
    number, draw = person.number, person.draw
    if has("test patient", number):
        first, last = ("ZZTEST", "Patient") if draw.chance(0.6) else ("Mickey", "Mouse")
        status = "test" if draw.chance(0.5) else "active"
        born = "1900-01-01" if draw.chance(0.5) else row.birth_date
        row = row._replace(first=first, last=last, status=status, preferred_name="", birth_date=born)
    if has("deceased but active", number):
        row = row._replace(status="active", deceased_on=iso(person.died or as_of - 90))
    if has("unknown sex", number):
        row = row._replace(sex="U" if draw.chance(0.7) else "", sex_at_birth="")
    if has("newline in the address", number):
        row = row._replace(address1=f"{row.address1}\n{row.address2 or 'Apt 9'}", address2="")
    return _spoil_contact(_spoil_birth(row, number, as_of=as_of), person)


def _spoil_birth(row: Patient, number: int, *, as_of: int) -> Patient:
    if has("unreadable birth date", number):
        return row._replace(birth_date="13/25/1961" if number % 2 else "")
    if has("birth date in the future", number):
        return row._replace(birth_date=iso(as_of + 400))
    if has("birth date too long ago", number):
        return row._replace(birth_date=DAY(as_of - int(127 * YEAR)).isoformat())
    return row


def _spoil_contact(row: Patient, person: Person) -> Patient:
    number, draw = person.number, person.draw
    if has("junk mobile number", number):
        row = row._replace(phone_mobile=draw.pick(JUNK_PHONES))
    elif has("home number as mobile", number) and row.phone_home:
        row = row._replace(phone_mobile=row.phone_home)
    elif has("extension in a number", number) and row.phone_mobile:
        row = row._replace(phone_mobile=f"{row.phone_mobile} x12")
    if has("placeholder email", number):
        return row._replace(email=draw.pick(JUNK_EMAILS))
    if has("misspelt email", number) and row.email:
        return row._replace(email=misspelt(draw, row.email))
    return row
