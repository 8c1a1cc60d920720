"""What a call says, and for how long."""

import pytest
from hypothesis import strategies as st

from core.domain.phone_number import PhoneNumber, phone_numbers
from core.domain.spoken import digits_spoken, speech_seconds, spoken_text
from tests.drawn import drawn

# ---- phone numbers in a sentence ------------------------------------------------------------------------------------
FOUND = [
    # text                                                digits            extension national
    ("Call (312) 555-0199.", "3125550199", "", True),
    ("Call (312)555-0199!", "3125550199", "", True),
    ("312-555-0199", "3125550199", "", True),
    ("312.555.0199", "3125550199", "", True),
    ("312 555 0199", "3125550199", "", True),
    ("312 - 555 - 0199", "3125550199", "", True),
    ("312/555-0199", "3125550199", "", True),
    ("3125550199", "3125550199", "", True),
    ("(312)\u00a0555\u20110199", "3125550199", "", True),  # as word processors write it
    ("312–555–0199", "3125550199", "", True),
    ("+1 312 555 0199", "13125550199", "", True),
    ("+13125550199", "13125550199", "", True),
    ("(+1) 312-555-0199", "13125550199", "", True),
    ("1-800-555-0199", "18005550199", "", True),
    ("1 (800) 555-0199", "18005550199", "", True),
    ("(555) 010-0123", "5550100123", "", True),
    ("312-555-0199 ext. 12", "3125550199", "12", True),
    ("312-555-0199x12", "3125550199", "12", True),
    ("312-555-0199, extensión 345", "3125550199", "345", True),
    ("Call us:312-555-0199, 9 am to 5 pm", "3125550199", "", True),
    ("On 11/26/2026 call 3125550199", "3125550199", "", True),
    ("our number is 3125550199", "3125550199", "", True),
    ("+44 20 7946 0958", "442079460958", "", False),
    ("+442079460958", "442079460958", "", False),
    ("+52 312 555 0199", "523125550199", "", False),
]

NOT_FOUND = [
    ("seven digits", "Call 555-0199"),
    ("a ZIP code", "Springfield, IL 60601"),
    ("a ZIP code with four more", "60601-1234"),
    ("a date", "11/26/2026"),
    ("a date as machines write it", "2026-11-26"),
    ("dates and times", "on 11/26/2026 at 10:30, or 2026-11-26 10:30"),
    ("years", "1998 1999 2026"),
    ("a price", "$3125550199 or $312,555.01"),
    ("a price in thousands", "1,312,555,0199"),
    ("an order", "Your order 3125550199 is ready"),
    ("an order number", "Order number: 3125550199"),
    ("a record number", "MRN 3125550199"),
    ("a reference in Spanish", "referencia no. 3125550199"),
    ("a number after a hash", "#3125550199"),
    ("more digits", "13125550199123"),
    ("eleven digits that do not begin with 1", "23125550199"),
    ("digits before", "999-312-555-0199"),
    ("digits after", "312-555-0199-7"),
    ("a social security number", "312-55-0199"),
    ("a card number", "4111 1111 1111 1111"),
    ("an area code that begins with 1", "112-555-0199"),
    ("an area code that begins with 0", "012-555-0199"),
    ("in an address of the web", "https://example.org/3125550199?n=3125550199"),
    ("in an email address", "3125550199@example.org"),
    ("a part of a code", "AB-312-555-0199"),
    ("letters", "1-800-555-CARE"),
    ("digits of another script", "٣١٢-٥٥٥-٠١٩٩"),
    ("a blood pressure and a temperature", "120/80, 98.6"),
]


@pytest.mark.parametrize(("text", "digits", "extension", "national"), FOUND, ids=[row[0] for row in FOUND])
def test_a_number_to_call_is_found_however_it_is_written(
    text: str, digits: str, extension: str, national: bool
) -> None:
    (found,) = phone_numbers(text)

    assert (found.digits, found.extension, found.is_national) == (digits, extension, national)


@pytest.mark.parametrize(("what", "text"), NOT_FOUND, ids=[row[0] for row in NOT_FOUND])
def test_other_numbers_are_no_number_to_call(what: str, text: str) -> None:
    assert list(phone_numbers(text)) == []


def test_several_numbers_are_found_with_their_places() -> None:
    text = "Call (312) 555-0199 or 312.555.0100."

    assert list(phone_numbers(text)) == [
        PhoneNumber(5, 19, "3125550199", "", True),
        PhoneNumber(23, 35, "3125550100", "", True),
    ]


# ---- digit by digit -------------------------------------------------------------------------------------------------
SPOKEN = [
    ("+15550100199", "en", "5 5 5, 0 1 0, 0 1 9 9"),
    ("+15550100199", "es", "5 5 5, 0 1 0, 0 1 9 9"),
    ("(312) 555-0199", "en", "3 1 2, 5 5 5, 0 1 9 9"),
    ("1-800-555-0199", "en", "8 0 0, 5 5 5, 0 1 9 9"),
    (" 312.555.0199 ext. 12 ", "en", "3 1 2, 5 5 5, 0 1 9 9, extension 1 2"),
    ("312.555.0199 x12", "es", "3 1 2, 5 5 5, 0 1 9 9, extensión 1 2"),
    ("+442079460958", "en", "plus 4 4 2, 0 7 9, 4 6 0, 9 5 8"),
    ("+442079460958", "es-MX", "más 4 4 2, 0 7 9, 4 6 0, 9 5 8"),
    ("+442079460958", "fr", "plus 4 4 2, 0 7 9, 4 6 0, 9 5 8"),
    ("555-0199", "en", "5 5 5, 0 1 9 9"),
    ("911", "en", "9 1 1"),
    ("12345", "en", "1 2 3, 4 5"),
    ("1", "en", "1"),
    ("", "en", ""),
]


@pytest.mark.parametrize(("number", "language", "said"), SPOKEN)
def test_a_number_is_read_digit_by_digit_in_groups(number: str, language: str, said: str) -> None:
    assert digits_spoken(number, language) == said


@drawn(daily=50, many=2000, number=st.text("0123456789", max_size=20))
def test_every_digit_is_read_once_and_none_stands_alone(number: str) -> None:
    said = digits_spoken(number)

    digits = said.replace(",", "").replace(" ", "")
    assert digits == (number[1:] if len(number) == 11 and number[0] == "1" and number[1] in "23456789" else number)
    assert all(2 <= len(group.split()) <= 4 for group in said.split(", ") if len(number) > 1)


# ---- scripts --------------------------------------------------------------------------------------------------------
OTHER = "On 11/26/2026 at 10:30, ZIP 60601-1234, for $25.00, in 2026."
SCRIPTS = [
    ("numbers", "Call (312) 555-0199 today.", "Call 3 1 2, 5 5 5, 0 1 9 9 today."),
    ("two numbers", "312-555-0199 or +1 312 555 0100", "3 1 2, 5 5 5, 0 1 9 9 or 3 1 2, 5 5 5, 0 1 0 0"),
    ("other numbers stay", OTHER, OTHER),
    ("spaces and line ends", "  Hello,\n this\u00a0is \t your  clinic. ", "Hello, this is your clinic."),
    ("emoji", "Hello 👋🏽 there 👩‍⚕️!", "Hello there!"),
    ("an emoji between words", "flu💉shot", "flu shot"),
    ("a list", "Please bring\n• your card\n• your medicines", "Please bring. your card. your medicines"),
    ("a list with hyphens", "Bring:\n- your card\n- a list", "Bring: your card. a list"),
    ("a paragraph", "Hello\n\nThis is your clinic", "Hello. This is your clinic"),
    ("marks of layout", "**Now** _please_ call `us` ~ [soon]", "Now please call us soon"),
    ("a web address", "Visit https://www.example.org/care/?x=1.", "Visit example.org/care."),
    ("a web address in brackets", "(https://example.org)", "(example.org)"),
    ("accents and names", "Nguyễn, mañana, José", "Nguyễn, mañana, José"),
    ("a degree and a percent", "98.6°F or 5 %", "98.6°F or 5 %"),
    ("what nobody sees", "mammo\u00adgram\u200b \u202ecall", "mammogram call"),
    ("nothing that can be said", "👋 •", ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "said"), SCRIPTS, ids=[row[0] for row in SCRIPTS])
def test_a_script_holds_only_what_can_be_said(what: str, text: str, said: str) -> None:
    assert spoken_text(text) == said


def test_the_words_around_a_number_are_those_of_its_language() -> None:
    assert spoken_text("Llame al 312-555-0199 ext. 12.", "es") == "Llame al 3 1 2, 5 5 5, 0 1 9 9, extensión 1 2."


pieces = st.sampled_from([
    "Call ", "(312) 555-0199", " ", "\n", "\n\n", "• ", "- ", "👋", "today", ".", ",", "60601", "11/26/2026", "é",
    "\u00ad", "*", "https://example.org/a ", "+442079460958", "x12", "1", "$",
])  # fmt: skip


@drawn(daily=100, many=5000, text=st.lists(pieces, max_size=15).map("".join) | st.text(max_size=60))
def test_a_script_is_one_line_without_spaces_to_spare_and_without_a_number_left(text: str) -> None:
    said = spoken_text(text)

    assert said == " ".join(said.split())
    assert list(phone_numbers(said)) == []


# ---- seconds --------------------------------------------------------------------------------------------------------
SECONDS = [
    # what                               text                            language seconds
    ("nothing", "", "en", 0),
    ("one word: 60 / 150 = 0.4", "Hello", "en", 1),
    ("5 words: 2.0", "We are your care team", "en", 2),
    ("150 words: 60", "word " * 150, "en", 60),
    ("143 words of Spanish: 60", "hola " * 143, "es", 60),
    ("150 words of Spanish: 62.9", "hola " * 150, "es-US", 63),
    ("another language is taken as slow", "bonjour " * 150, "fr", 63),
    ("a stop: 0.4 + 0.6", "Hello.", "en", 1),
    ("two stops: 0.8 + 1.2", "Hello. Hello.", "en", 2),
    ("11 words, two commas within the number, one stop: 4.4 + 0.6 + 0.6", "Call (312) 555-0199.", "en", 6),
    ("an apostrophe does not part words: 5 words", "It's your doctor's office calling", "en", 2),
    ("six digits of a time and a year, at, on: 3.2", "at 10:30 on 2026", "en", 4),
    ("emoji are not spoken", "👋👋👋", "en", 0),
]


@pytest.mark.parametrize(("what", "text", "language", "seconds"), SECONDS, ids=[row[0] for row in SECONDS])
def test_the_length_of_a_script_is_words_and_pauses(what: str, text: str, language: str, seconds: int) -> None:
    assert speech_seconds(text, language) == seconds


@drawn(daily=50, many=2000, text=st.lists(pieces, max_size=15).map("".join))
def test_a_prepared_script_takes_as_long_as_it_did_before_and_spanish_never_less_than_english(text: str) -> None:
    assert speech_seconds(text, "en") <= speech_seconds(text, "es")
    assert speech_seconds(spoken_text(text, "en"), "en") == speech_seconds(text, "en")
