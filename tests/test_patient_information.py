"""What in a support request may tell who a patient is, and what may stand in it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.patient_information import (
    ADDRESS,
    BIRTH,
    EMAIL,
    LINK,
    PHONE,
    RECORD,
    SSN,
    findings,
    lines,
)

TODAY = date(2026, 11, 24)
OURS = ("lee@clinic.example.org", "support@example.org", "+15550100199")

TOLD = [
    *((PHONE, text) for text in (
        "555-010-0134", "(555) 010-0134", "555.010.0134", "555 010 0134", "5550100134", "+15550100134",
        "1-555-010-0134", "+1 (555) 010-0134", "555/010-0134", "010-0134", "555\u2011010\u20110134",
        "5 5 5 0 1 0 0 1 3 4", "5-5-5-0-1-0-0-1-3-4", "5 5 5 - 0 1 0 - 0 1 3 4", "1 2 3 4 5 0 7 8 9",
        "five five five zero one zero zero one three four", "Five-Five-Five, oh one oh oh",
        "cinco cinco cinco cero uno cero cero",
        "５５５-010-0134", "555\u200b-010-0134", "(555)010-0134", "+52 55 0100 1340", "+44 20 7946 0000",
        "555\u2013010\u20130134", "555\xa0010\xa00134", "tel:5550100134x12",
    )),
    *((EMAIL, text) for text in (
        "ann@example.org", "ann.b+c@mail.example.org", "Ann.B@Example.ORG", "ann@exämple.org",
        "ann (at) example.org", "ann.b AT example DOT org", "ann at mail dot example dot org", "ann[at]example[dot]com",
        "ann dot b (at) example (dot) org", "ann@clinic.example.org", "<ann@example.org>",
    )),
    *((BIRTH, text) for text in (
        "3/4/1952", "03/04/1952", "3/4/52", "03-04-1952", "4.3.1952", "1952-03-04", "1952/03/04", "19520304",
        "March 4, 1952", "Mar 4 1952", "Mar. 4th, 1952", "4 March 1952", "4th of March 1952", "04-Mar-1952",
        "4 mar 52", "March 4, '52", "4 de marzo de 1952", "DOB 11/2/26", "DOB: 3/4", "D.O.B. March 4",
        "born 11/2/2026", "born on March 4", "born in 1952", "date of birth is 3-4-52", "birthdate 030452",
        "born on the fourth of July 1956", "born on July fourth", "born the twenty-first of May", "dob second of June",
        "fourth of July 1956", "the thirty first of march, 1956", "July the fourth, 1956", "July fourth 1956",
        "born in nineteen fifty-six", "born nineteen hundred and six",
        "nacida el 4 de marzo", "13/4/1952", "11/23/2025",
    )),
    *((SSN, text) for text in (
        "123-45-6789", "123 45 6789", "SSN 123456789", "ssn: 6789", "social security number ending in 6789",
        "SSN last four 6789", "social security 123-45-6789",
    )),
    *((RECORD, text) for text in (
        "MRN 10023", "mrn: A-10023", "MRN#10023", "medical record number 10023", "patient id 4711",
        "patient #4711", "Patient ID: p00012", "chart no. 881", "member ID W123456", "account number 00123",
        "acct# 123-45", "policy no 77A1", "1EG4-TE5-MK73", "1EG4TE5MK73", "123456789", "W12345678",
        "00001234567", "H-1234567", "Medicaid 12345X",
    )),
    *((ADDRESS, text) for text in (
        "12 Maple Street", "1200 N. Main St", "7 Oak Ave.", "44 old mill road", "9 Martin Luther King Blvd",
        "12 MAPLE ST", "P.O. Box 12", "PO Box 1234", "Springfield, TX 75201", "TX 75201-1234",
        "221B Baker Street", "5 East 9th Avenue",
    )),
    *((LINK, text) for text in (
        "http://127.0.0.1:8501/patient?id=p1", "/patient?part=communications&id=p1",
        "careloop.example.org/patient/?id=4711",
    )),
]  # fmt: skip

LEFT_ALONE = [
    "Careloop 0.1.0 on Python 3.11.7, streamlit 1.67.0, Chrome 131.0.6778.85 at 10.0.12.1 and 192.168.100.200:8501",
    "It happened at 14:10:33, again at 2:05 PM and between 9:00 and 22:45.",
    "The campaign 'Mammogram Reminder 2026-11-24' of 11/24/2026 did not start on Monday, November 30, 2026.",
    "We planned it for 24 Nov 2026, then 12/1/26, then 1/15/2027; the feed of 20261123 was late.",
    "Campaign 3f9a0c1d2e4b5a67 and message <3f9a0c1d2e4b5a67.120.0123456789abcdef0123@example.org>",
    "Case 2026-000123 is the same as case 2025-998877.",
    "SMaf0123456789abcdef0123456789abcd ended with error 30007, HTTP 503.",
    "1,204 of 2,000 patients got it, 187 (15.6 %) closed, 43 more than without it; 370 characters, 160/153.",
    "Patient 2 of 10 on the list shows twice; for patient 3 the row is empty.",
    "The work list shows 12000 patients in group 4 and 250 in group 12.",
    "Diabetics with Care Gaps, Pre-Visit Lab Work, Medicare Wellness Eligibility, Patient Portal Announcement",
    "Patients born before 1980s-style rules; the date of birth column is empty; birthdays are shown wrongly.",
    "Please call me at (555) 010-0199 or write to lee@clinic.example.org or SUPPORT@example.org.",
    "3 patients on the way, 2 letters in the drive, 5 texts with the street missing, 12 of the court cases",
    "The account is paused since 2026, error 401; policy 2026 and member 12 are mentioned in the guide.",
    "The ratio is 3/4 and the range 10-20; see section 4.3.2 and rule 47 CFR 64.1200(c)(1).",
    "ZIP codes beginning with 752 in TX are missing; OK 12 of 40.",
    "The rows 1 2 3 4 5 6 7 8 9 10 11 are empty, 2 3 4 5 6 7 8 9 too; scores were 4 5 5 3 2.",
    "Options 1-2-3 and 4-5-6, versions 1.2.3.4, IPs 8.8.8.8 and 1.1.1.1, slots 9 10 11 12 13 14 15 16",
    "One or two of three campaigns, then four five six at a time; nine of ten went out.",
    "It stops at the dot on the line; look at page two dot three, and meet me at noon. Dot com is no ending.",
    "The second March 2024 campaign and the first of May 2027 are planned for the fourth of July.",
    "A new one was born; the first of May is a holiday, and July fourth as well. May the fourth be with you.",
    "HbA1c above 9, eGFR below 60, BMI over 30, ages 45-75, 2 or 3 doses",
    "",
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "text"), TOLD, ids=[f"{what[2:10]}-{number}" for number, (what, _) in enumerate(TOLD)]
)
def test_what_may_tell_who_a_patient_is_is_found_in_a_sentence(what: str, text: str) -> None:
    whole = f"It failed\nfor {text}, please help."

    found = findings(whole, today=TODAY, ours=OURS)

    assert what in [one.what for one in found], found
    assert all("please help" not in whole[one.start : one.end] and one.start >= 10 for one in found)


@pytest.mark.parametrize("text", LEFT_ALONE, ids=range(len(LEFT_ALONE)))
def test_what_support_needs_may_stand_there(text: str) -> None:
    assert [text[one.start : one.end] for one in findings(text, today=TODAY, ours=OURS)] == []


def test_the_sender_reads_what_it_is_and_on_which_line() -> None:
    text = "A text failed.\nIt went to (555)\u00a0010-0134."

    assert list(lines(text, findings(text, today=TODAY))) == [
        "“(555) 010-0134” on line 2 looks like a telephone number."
    ]


@given(st.text(max_size=300))
def test_any_text_is_read_and_every_place_lies_within(text: str) -> None:
    for one in findings(text, today=TODAY, ours=OURS):
        assert 0 <= one.start < one.end <= len(text)


@given(
    number=st.integers(2_000_000_000, 9_999_999_999).map(str),
    form=st.sampled_from(("{0}-{1}-{2}", "({0}) {1}-{2}", "{0}.{1}.{2}", "{0} {1} {2}", "{0}{1}{2}", "+1{0}{1}{2}")),
    before=st.sampled_from(("call ", "at:", "(", "\n", "no ")),
    after=st.sampled_from((".", ",", ")", "\n", " now", "")),
)
def test_a_number_is_found_however_it_is_written(number: str, form: str, before: str, after: str) -> None:
    text = f"{before}{form.format(number[:3], number[3:6], number[6:])}{after}"

    assert findings(text, today=TODAY)


@given(
    st.dates(date(1900, 1, 1), date(2025, 11, 1)), st.sampled_from(("%m/%d/%Y", "%Y-%m-%d", "%B %d, %Y", "%d %b %Y"))
)
def test_a_day_before_the_last_year_is_taken_for_a_birth(day: date, form: str) -> None:
    assert [one.what for one in findings(f"of {day.strftime(form)}.", today=TODAY)] == [BIRTH]


@given(st.dates(date(2025, 12, 13), date(2027, 12, 31)), st.sampled_from(("%Y-%m-%d", "%B %d, %Y", "%d %b %Y")))
def test_a_day_of_the_last_year_or_to_come_may_be_a_campaigns(day: date, form: str) -> None:
    assert findings(f"of {day.strftime(form)}.", today=TODAY) == []
