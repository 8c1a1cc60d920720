"""What a text must be before it may be sent, and what makes it dear."""

import pytest
from hypothesis import strategies as st

from core.domain.merge_field import EXAMPLES
from core.domain.rendering import check, render
from core.domain.text_message import END_TEXTS, LIMIT, NUMBER_FIELDS, has_call_back_number, problems, warnings, with_end
from core.domain.text_segments import GSM_7, segments
from tests.drawn import drawn

NUMBER = "Call (312) 555-0199."
EN, ES = END_TEXTS["en"], END_TEXTS["es"]


# ---- the end --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", END_TEXTS)
def test_an_end_text_says_how_to_stop_and_get_help_in_the_characters_of_every_phone(language: str) -> None:
    assert "STOP" in END_TEXTS[language] and "HELP" in END_TEXTS[language]
    assert segments(END_TEXTS[language]).encoding == GSM_7
    assert len(END_TEXTS[language]) < 60


ENDS = [
    # what                                body                                            language expected
    ("a line of its own", NUMBER, "en", f"{NUMBER}\n{EN}"),
    ("Spanish", "Llame hoy.", "es", f"Llame hoy.\n{ES}"),
    ("Spanish of Mexico", "Llame hoy.", "es-MX", f"Llame hoy.\n{ES}"),
    ("a language without an end of its own", "Bonjour.", "fr", f"Bonjour.\n{EN}"),
    ("spaces around", f" {NUMBER}\n\n", "en", f"{NUMBER}\n{EN}"),
    ("the same words are there", f"{NUMBER} {EN}", "en", f"{NUMBER} {EN}"),
    ("the same words written otherwise", f"{NUMBER}\n\nreply stop to end texts - help for help", "en",
     f"{NUMBER}\n\nreply stop to end texts - help for help"),
    ("the same words in the middle", f"{EN} {NUMBER}", "en", f"{EN} {NUMBER}\n{EN}"),
    ("the words of another language", f"Llame hoy. {EN}", "es", f"Llame hoy. {EN}\n{ES}"),
    ("nothing else", "  ", "en", EN),
]  # fmt: skip


@pytest.mark.parametrize(("what", "body", "language", "expected"), ENDS, ids=[row[0] for row in ENDS])
def test_a_text_ends_once_with_how_to_stop(what: str, body: str, language: str, expected: str) -> None:
    assert with_end(body, language) == expected


@drawn(daily=50, many=2000, body=st.text(max_size=80), language=st.sampled_from(["en", "es", "zh", ""]))
def test_an_end_is_added_once_only(body: str, language: str) -> None:
    once = with_end(body, language)

    assert with_end(once, language) == once
    assert once.startswith(body.strip())
    assert "STOP" in once.upper()


# ---- a number to call -----------------------------------------------------------------------------------------------
WITH_NUMBER = [
    "Call (312) 555-0199",
    "Call 312-555-0199.",
    "Call 312.555.0199!",
    "Call 3125550199",
    "Call +1 312 555 0199",
    "Call 1-800-555-0199",
    "Call {{ practice.phone }}",
    "Call {{practice.phone}}",
    "Call {{  call_back_number  }}",
    "Call {{- clinic.phone -}}",
    "Call {{ clinic.phone | default('(312) 555-0199') }}",
    "Call {{ clinic.phone|default('us') }}",
    "{% if clinic.phone %}Call {{ clinic.phone }}{% else %}Call {{ practice.phone }}{% endif %}",
]
WITHOUT_NUMBER = [
    "Call 555-0199",
    "Come on 11/26/2026 at 10:30",
    "Springfield, IL 60601-1234",
    "Your order 3125550199 is ready",
    "Call +44 20 7946 0958",
    "Call {{ practice.name }}",
    "Call { practice.phone }",
    "Call practice.phone",
    "Call {{ 'practice.phone' }}",
    "{# {{ practice.phone }} and 312-555-0199 #}Call us",
    "{% if practice.phone %}Call us{% endif %}",
    "",
]


@pytest.mark.parametrize("body", WITH_NUMBER)
def test_a_number_to_call_or_a_field_that_holds_one_is_enough(body: str) -> None:
    assert has_call_back_number(body)
    check(body)


@pytest.mark.parametrize("body", WITHOUT_NUMBER)
def test_nothing_else_is_a_number_to_call(body: str) -> None:
    assert not has_call_back_number(body)


def test_the_fields_that_hold_a_number_are_those_whose_example_is_one() -> None:
    assert {name for name, value in EXAMPLES.items() if has_call_back_number(str(value))} == NUMBER_FIELDS


@pytest.mark.parametrize("name", sorted(NUMBER_FIELDS))
def test_a_field_counts_only_where_it_is_allowed(name: str) -> None:
    body = f"Call {{{{ {name} }}}}"

    assert has_call_back_number(body, number_fields={name})
    assert not has_call_back_number(body, number_fields=NUMBER_FIELDS - {name})
    assert not has_call_back_number(body, number_fields=())
    assert has_call_back_number(render(body, EXAMPLES, html=False), number_fields=())


# ---- problems -------------------------------------------------------------------------------------------------------
PROBLEMS = [
    ("in order", f"Hello!\nIt is time for a visit. {NUMBER}", []),
    ("in order with CR LF", f"Hello!\r\n{NUMBER}", []),
    ("as long as possible", NUMBER + "x" * (370 - len(NUMBER)), []),
    ("too long", NUMBER + " " + "x" * (401 - len(NUMBER)), ["The text has 402 characters; at most 370 are possible."]),
    ("empty", "", ["The text is empty. Write what patients are to read."]),
    ("spaces alone", " \n\u200b", ["The text is empty. Write what patients are to read."]),
    ("without a number", "Come and see us.",
     ["The text has no number to call. Add {{ call_back_number }} so that patients reach you."]),
    ("a line separator", f"Hello\u2028{NUMBER}", ["The text holds a character that cannot be shown."]),
    ("a control character", f"Hello\x00 {NUMBER}", ["The text holds a character that cannot be shown."]),
    ("half a pair", f"Hello \ud800 {NUMBER}", ["The text holds a character that cannot be shown."]),
    ("turned around", f"Hello \u202e {NUMBER}", ["The text holds a mark that turns the text around."]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "body", "expected"), PROBLEMS, ids=[row[0] for row in PROBLEMS])
def test_problems_are_said_in_sentences(what: str, body: str, expected: list[str]) -> None:
    assert problems(body, limit=LIMIT, number_fields=NUMBER_FIELDS) == expected


def test_the_limit_is_for_the_body_alone_and_the_organisations_own() -> None:
    body = NUMBER + "x" * (LIMIT - len(NUMBER))

    assert problems(body) == []
    assert len(with_end(body)) > LIMIT
    assert problems(body, limit=160) == ["The text has 370 characters; at most 160 are possible."]


def test_several_problems_are_told_together() -> None:
    assert len(problems("\u202e\x00" + "x" * 400)) == 4


# ---- warnings -------------------------------------------------------------------------------------------------------
LONG = "The text takes 3 segments, and each is charged for. Shorten it to 2 or fewer."
REPLACEABLE = "Plain characters can take their place."


def because(names: str) -> str:
    return f"Because of {names} a segment holds 70 characters instead of 160."


def instead(before: int) -> str:
    return f"With plain characters the text would take 1 segment instead of {before}."


WARNINGS = [
    ("short", with_end(NUMBER), []),
    ("two segments", "a" * 306, []),
    ("three segments", "a" * 307, [LONG]),
    ("letters beyond GSM-7", "Está bien", [because("'á'")]),
    ("plain ones save a segment", "“Hi”\u00a0" + "a" * 70, [because("'“', '”' and no-break space") + " " + instead(2)]),
    ("plain ones save no segment", "It’s time", [because("'’'") + " " + REPLACEABLE]),
    ("both", "’" + "a" * 140, [LONG, because("'’'") + " " + instead(3)]),
    ("plain ones are not enough", "’á", [because("'’' and 'á'")]),
    ("what nobody sees", "a\tb\u200bc", [because("tab and zero width space") + " " + REPLACEABLE]),
    ("five", "请致电诊所", [because("'请', '致', '电', '诊' and '所'")]),
    ("more than five", "你好请致电诊所", [because("'你', '好', '请', '致' and 3 more")]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "expected"), WARNINGS, ids=[row[0] for row in WARNINGS])
def test_what_makes_a_text_dear_is_said(what: str, text: str, expected: list[str]) -> None:
    assert warnings(text) == expected


@drawn(daily=60, many=2000, text=st.text(st.sampled_from("ab “”…’\u00a0é中👍\n[á"), max_size=330))
def test_a_text_of_two_segments_in_gsm_7_has_no_warning_and_every_other_has_one(text: str) -> None:
    found = segments(text)

    assert (warnings(text) == []) == (found.count <= 2 and found.encoding == GSM_7)
