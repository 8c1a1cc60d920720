"""Whom a letter is addressed to, who gets one, in which order they lie, and what may not be said."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import strategies as st

from core.domain.addressee import Person, addressee, name_of
from core.domain.campaign import Campaign, Message
from core.domain.eligibility import Contact, FrequencyCap, Mailing, eligibility
from core.domain.letter import ORDERS, letter_date, settings
from core.domain.letter_findings import _about_sender, letter_findings
from core.domain.opt_out import TYPES, OptOut
from core.domain.organisation import Organisation
from core.domain.postal import Postal
from core.domain.print_plan import MOST_IN_A_HOME, Candidate, digest, letters, parts
from tests.clinic import CAMPAIGN
from tests.drawn import drawn

ON = date(2026, 11, 24)
CAP = FrequencyCap(per_day=1, per_week=3)
MARIA, LUIS = Person("Maria Garcia", "Garcia", "Mia"), Person("Luis Garcia", "Garcia", "Luis")
ANA = Person("Ana Garcia", "Garcia", "Ana", is_minor=True)
SAM = Person("Sam Smith", "Smith", "Sam")


@pytest.mark.parametrize(
    ("people", "language", "name", "greeting"),
    [
        ([MARIA], "en", "Maria Garcia", "Dear Mia,"),
        ([MARIA], "es", "Maria Garcia", "Hola, Mia:"),
        ([MARIA], "vi", "Maria Garcia", "Dear Mia,"),
        ([replace(MARIA, called="")], "en", "Maria Garcia", "Dear patient,"),
        ([ANA], "en", "Parent or guardian of Ana Garcia", "Dear parent or guardian,"),
        ([ANA], "es", "Padre, madre o tutor de Ana Garcia", "Estimado padre, madre o tutor:"),
        ([MARIA, LUIS], "en", "Maria Garcia and Luis Garcia", "Dear Mia and Luis,"),
        ([MARIA, SAM], "en", "Maria Garcia and Sam Smith", "Dear Mia and Sam,"),
        ([MARIA, LUIS, ANA], "en", "The Garcia household", "Dear members of the household,"),
        ([MARIA, ANA], "en", "The Garcia household", "Dear members of the household,"),
        ([MARIA, LUIS, SAM], "en", "The household of Maria Garcia", "Dear members of the household,"),
        ([MARIA, LUIS, ANA], "es", "Familia Garcia", "Estimada familia:"),
        ([ANA, replace(ANA, full_name="Leo Garcia")], "en", "Parent or guardian of Ana Garcia and Leo Garcia",
         "Dear parent or guardian,"),
        ([ANA, ANA, ANA], "en", "Parent or guardian of the Garcia children", "Dear parent or guardian,"),
    ],
)  # fmt: skip
def test_the_addressee_and_the_greeting(people: list[Person], language: str, name: str, greeting: str) -> None:
    found = addressee(people, language=language)
    assert (found.name, found.greeting) == (name, greeting)


@pytest.mark.parametrize(
    ("parts_of", "name"),
    [
        (("Ada", "Example", "Jr."), "Ada Example Jr."),
        ((" Ada ", "Example", None), "Ada Example"),
        ((None, "Suharto", None), "Suharto"),
        (("Ada", " ", None), "Ada"),
        ((None, None, "Jr."), ""),
    ],
)
def test_the_name_on_the_envelope(parts_of: tuple[str | None, str | None, str | None], name: str) -> None:
    assert name_of(*parts_of) == name


ADULT = Contact("p1", status="active", birth_date=date(1966, 5, 4), address="62701|12 shore rd|springfield")
CHILD = replace(ADULT, birth_date=date(2012, 5, 4))
LETTER = Mailing(channel="letter")
GONE = tuple(OptOut(type=key, starts_on=date(2020, 1, 1), patient_id="p1") for key in TYPES)


@pytest.mark.parametrize(
    ("contact", "mailing", "key"),
    [
        (ADULT, LETTER, None),
        (CHILD, LETTER, None),
        (replace(ADULT, status=None), LETTER, "unknown_patient"),
        (replace(ADULT, is_deceased=True), LETTER, "deceased"),
        (replace(ADULT, status="test"), LETTER, "test_patient"),
        (replace(ADULT, status="inactive"), LETTER, "inactive"),
        (replace(ADULT, address=None), LETTER, "no_postal_address"),
        (replace(ADULT, address=None, postal_problem="postal_incomplete"), LETTER, "postal_incomplete"),
        (replace(ADULT, address=None, postal_problem="postal_unusable"), LETTER, "postal_unusable"),
        (replace(ADULT, is_bounced=True), LETTER, "letter_returned"),
        (replace(ADULT, opt_outs=GONE), LETTER, None),
        (replace(ADULT, opt_outs=GONE), replace(LETTER, leave_out_global=True), "opted_out:global"),
        (replace(ADULT, opt_outs=GONE[1:]), replace(LETTER, leave_out_global=True), None),
        (replace(ADULT, consent="no"), LETTER, None),
        (CHILD, replace(LETTER, is_sensitive=True), "minor_alone"),
        (ADULT, replace(LETTER, is_sensitive=True), None),
        (replace(ADULT, contacted_on=(ON,)), LETTER, None),
        (replace(ADULT, contacted_on=(ON, ON, ON)), LETTER, "contacted_often:3"),
        (replace(ADULT, contacted_on=(ON,), letters_on=(ON,)), Mailing(), "invalid_address"),
    ],
)
def test_who_gets_a_letter(contact: Contact, mailing: Mailing, key: str | None) -> None:
    found = eligibility(contact, mailing, on=ON, cap=CAP)
    assert (found.key if found else None) == key


def test_a_letter_counts_for_the_week_and_not_for_the_day() -> None:
    written = replace(ADULT, address="ada@example.org", contacted_on=(ON,), letters_on=(ON,))
    assert eligibility(written, Mailing(), on=ON, cap=CAP) is None
    often = replace(written, contacted_on=(ON, ON - timedelta(1), ON - timedelta(2)), letters_on=(ON,))
    found = eligibility(often, Mailing(), on=ON, cap=CAP)
    assert found is not None and found.key == "contacted_often:3"


def test_the_mail_date_in_both_languages() -> None:
    assert letter_date(date(2026, 11, 3), "en") == letter_date(date(2026, 11, 3), "fr") == "November 3, 2026"
    assert letter_date(date(2026, 11, 3), "es") == "3 de noviembre de 2026"


# ---- order and files -----------------------------------------------------------------------------------------------
def _candidates(homes: list[tuple[int, str]]) -> list[Candidate]:
    return [
        Candidate(
            number,
            Person(f"{name} Example", "Example", name),
            Postal(f"{house} Shore Road", None, "Springfield", "IL", "62701"),
            "en",
            {},
            first=name,
        )
        for number, (house, name) in enumerate(homes, 1)
    ]


@drawn(
    daily=20,
    many=1000,
    homes=st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["Ada", "Éva", "Zoë", "李", "محمد"])), max_size=30),
    order=st.sampled_from(sorted(ORDERS)),
    per_household=st.sampled_from(["yes", ""]),
    shuffled=st.randoms(),
)
def test_everybody_is_on_exactly_one_letter_whatever_the_order_they_come_in(
    homes: list[tuple[int, str]], order: str, per_household: str, shuffled: object
) -> None:
    candidates, how = _candidates(homes), settings({"order": order, "per_household": per_household})
    planned = letters(candidates, how)
    assert sorted(each for letter in planned for each in letter.recipient_ids) == list(range(1, len(homes) + 1))
    assert [letter.position for letter in planned] == list(range(1, len(planned) + 1))
    again = list(candidates)
    shuffled.shuffle(again)  # type: ignore[attr-defined]
    assert letters(again, how) == planned
    assert digest(planned, ("S",)) == digest(letters(again, how), ("S",))
    if per_household:
        living = Counter(house for house, _ in homes)
        assert len(planned) == sum(1 if number <= MOST_IN_A_HOME else number for number in living.values())


@drawn(daily=20, many=1000, count=st.integers(0, 2500), per_file=st.sampled_from([1, 7, 200, 1000]))
def test_files_hold_every_letter_once_and_at_most_so_many(count: int, per_file: int) -> None:
    found = parts(count, per_file)
    assert [each for part in found for each in range(part.first, part.first + part.count)] == list(range(1, count + 1))
    assert all(part.count == per_file for part in found[:-1])
    assert all(1 <= part.count <= per_file for part in found)
    assert [(part.number, part.of) for part in found] == [(n, len(found)) for n in range(1, len(found) + 1)]


def test_a_household_whose_words_differ_gets_two_letters() -> None:
    one, other = _candidates([(1, "Ada"), (1, "Eva")])
    how = settings({"per_household": "yes"})
    assert len(letters([one, other], how)) == 1
    assert len(letters([one, replace(other, language="es")], how)) == 2
    assert len(letters([one, replace(other, values={"clinic.name": "North"})], how)) == 2


def test_in_a_house_of_many_everybody_gets_a_letter() -> None:
    how = settings({"per_household": "yes"})
    assert len(letters(_candidates([(1, "Ada")] * MOST_IN_A_HOME), how)) == 1
    assert len(letters(_candidates([(1, "Ada")] * (MOST_IN_A_HOME + 1)), how)) == MOST_IN_A_HOME + 1


# ---- what may be said ----------------------------------------------------------------------------------------------
BODY = "<p>Please call us at {{ call_back_number }}.</p>"
SENDER = ("Example Health Group", "100 Example Street", "Springfield, IL 62701")
REVEALING = {"scr-mammogram": ("mammogram",)}
DRAFT = replace(CAMPAIGN, channel="letter", purpose="announcement", measures=())


def _found(
    body: str = BODY, *, sender: tuple[str, ...] | None = SENDER, draft: Campaign = DRAFT, **fields: str
) -> list[tuple[str, str]]:
    found = letter_findings(
        draft,
        Message("", body),
        settings=settings(fields),
        sender=sender,
        revealing=REVEALING,
        organisation=Organisation(names_in_bodies="names" not in fields),
    )
    return [(each.level, each.part) for each in found]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (_found(), []),
        (_found(sender=None), [("error", "sender")]),
        (_found(sender=("Springfield Diabetes Center", *SENDER[1:])), [("error", "sender")]),
        (_found(sender=("Dr. Sample", "Mammogram Suite", SENDER[2])), [("error", "sender")]),
        (_found("<p>Please call.</p>"), [("error", "body")]),
        (_found(f"<p>Dear Ada,</p>{BODY}"), [("warning", "body")]),
        (_found(f"<p>Hola Ada:</p>{BODY}"), [("warning", "body")]),
        (_found(f"<p>Dear Ada,</p>{BODY}", greeting="no"), []),
        (_found(f'{BODY}<p><a href="https://example.org">Read more</a></p>'), [("warning", "body")]),
        (_found(f"<p>{{{{ patient.first_name }}}}</p>{BODY}", per_household="yes"), [("error", "body")]),
        (_found(f"<p>A mammogram</p>{BODY}", per_household="yes"), [("warning", "body")]),
        (_found(draft=replace(DRAFT, purpose="care_gap"), per_household="yes"), [("error", "settings")]),
        (_found(draft=replace(DRAFT, measures=("scr-mammogram",)), per_household="yes"), [("warning", "body")]),
        (_found(f"<p>A mammogram</p>{BODY}", draft=replace(DRAFT, measures=("scr-mammogram",))), []),
        (_found(f"<p>A mammogram</p>{BODY}", draft=replace(DRAFT, measures=("scr-mammogram",)), names="no"),
         [("error", "body")]),
    ],
)  # fmt: skip
def test_what_is_said_of_a_letter(found: list[tuple[str, str]], expected: list[tuple[str, str]]) -> None:
    assert found == expected


@pytest.mark.parametrize(
    "name",
    [
        "Clínica de Oncología", "Centro de Cancer", "Centro de Diálisis", "Salud Mental del Sur", "Clínica VIH",
        "Family Planning Center", "Substance Use Treatment", "STD Clinic", "Transplant Center", "Detox",
        "Eating Disorders Program", "Suboxone Clinic", "Behavioral-Health", "BEHAVIORAL  HEALTH", "Adicciones",
        "Diabetes Center, 12 Main Street",
    ],
)  # fmt: skip
def test_a_sender_that_tells_what_its_patients_have_is_refused(name: str) -> None:
    assert [each.level for each in _about_sender([name, "12 Main Street", "Springfield, IL 62701"], [])] == ["error"]


@pytest.mark.parametrize("street", ["12 Recovery Road", "100 Cancer Center Drive", "1 Kidney Street, Suite 5"])
def test_a_clinic_in_a_street_of_such_a_name_can_write_letters(street: str) -> None:
    assert [each.level for each in _about_sender(["Main Office", street, "Springfield, IL 62701"], [])] == ["warning"]
