"""When a correction stays, when somebody is asked, and which value counts: as drawn tables and against a slow rule."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import strategies as st

from core.domain.correction import ADDRESS, AGREES, FIELDS, MOBILE, NEWER, NOTHING_NEW, Correction, in_effect, verdict
from core.domain.typed_contact import checked
from core.errors import CareloopError
from tests.drawn import drawn

AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
TODAY = date(2026, 11, 24)
OLD, OURS, NEW = "+13125550101", "+13125550102", "+13125550103"
ELM = dict(zip(ADDRESS, ("9 Elm St.", None, "Springfield", "IL", "62701"), strict=True))
OAK = dict(zip(ADDRESS, ("12 Oak Ave", "Apt 4", "Springfield", "IL", "62702"), strict=True))


def correction(field: str, values: dict[str, Any], *known: dict[str, Any], **changes: Any) -> Correction:
    return Correction(1, "P1", field, values, known, "", AT, "ana", **changes)


def _consent(answer: str | None, on: str | None = None, source: str | None = None) -> dict[str, str | None]:
    return {"text_consent": answer, "text_consent_on": on, "text_consent_source": source}


@pytest.mark.parametrize(
    ("field", "ours", "known", "feed", "expected"),
    [
        ("mobile", {MOBILE: OURS}, [{MOBILE: OLD}], {MOBILE: OLD}, NOTHING_NEW),
        ("mobile", {MOBILE: OURS}, [{MOBILE: OLD}], {MOBILE: OURS}, AGREES),
        ("mobile", {MOBILE: OURS}, [{MOBILE: OLD}], {MOBILE: NEW}, NEWER),
        ("mobile", {MOBILE: OURS}, [{MOBILE: OLD}], {MOBILE: None}, NOTHING_NEW),
        ("mobile", {MOBILE: OURS}, [{MOBILE: None}], {MOBILE: NEW}, NEWER),
        ("mobile", {MOBILE: OURS}, [{MOBILE: OLD}, {MOBILE: NEW}], {MOBILE: NEW}, NOTHING_NEW),  # decided once
        ("mobile", {MOBILE: None}, [{MOBILE: OLD}], {MOBILE: OLD}, NOTHING_NEW),  # 'not the patient's number'
        ("mobile", {MOBILE: None}, [{MOBILE: OLD}], {MOBILE: NEW}, NEWER),
        ("email", {"email": "a.b@example.org"}, [{"email": "x@example.org"}], {"email": "A.B@example.org"}, AGREES),
        ("email", {"email": "a.b@example.org"}, [{"email": "x@example.org"}], {"email": "ab@example.org"}, NEWER),
        ("address", OAK, [ELM], ELM | {"address1": "9 ELM ST", "zip": "62701-1234"}, NOTHING_NEW),
        ("address", OAK, [ELM], ELM | {"city": None}, NOTHING_NEW),  # incomplete, and nothing else
        ("address", OAK, [ELM], OAK | {"address2": None}, AGREES),
        ("address", OAK, [ELM], ELM | {"address1": "10 Elm St."}, NEWER),
        ("text_consent", _consent("no"), [_consent("yes")], _consent("yes"), NOTHING_NEW),
        ("text_consent", _consent("no"), [_consent("yes")], _consent("yes", "2026-12-01", "Form"), NEWER),
        ("text_consent", _consent("no", "2026-11-20", "Tel"), [_consent("yes")], _consent("no", "2026-11-23"), AGREES),
    ],
)  # fmt: skip
def test_a_feed_that_says_something_new_is_asked_about_and_nothing_else_is(
    field: str, ours: dict[str, Any], known: list[dict[str, Any]], feed: dict[str, Any], expected: str
) -> None:
    assert verdict(correction(field, ours, *known), feed) == expected


NUMBERS = st.sampled_from([None, OLD, OURS, NEW])


@drawn(daily=40, many=1000, ours=NUMBERS, feeds=st.lists(NUMBERS, min_size=1, max_size=8), kept=st.booleans())
def test_over_many_feeds_nobody_is_asked_twice_about_one_value_that_was_decided(
    ours: str | None, feeds: list[str | None], kept: bool
) -> None:
    known: list[dict[str, Any]] = [{MOBILE: feeds[0]}]
    asked: list[str | None] = []
    for feed in feeds[1:]:
        is_asked = verdict(correction("mobile", {MOBILE: ours}, *known), {MOBILE: feed}) == NEWER
        assert is_asked == (feed is not None and feed != ours and {MOBILE: feed} not in known)  # the slow rule
        if is_asked and kept:
            asked.append(feed)
            known.append({MOBILE: feed})

    assert len(asked) == len(set(asked))


@pytest.mark.parametrize(
    ("feed_number", "feed_says", "corrections", "number", "says"),
    [
        (OLD, "yes", [], OLD, "yes"),
        (OLD, "yes", [("mobile", {MOBILE: OURS})], OURS, None),  # it was said about the other number
        (OLD, "no", [("mobile", {MOBILE: OURS})], OURS, "no"),  # no stays no, whatever the number
        (OLD, "yes", [("mobile", {MOBILE: None})], None, None),
        (OLD, None, [("text_consent", _consent("yes") | {"number": OLD})], OLD, "yes"),
        (NEW, None, [("text_consent", _consent("yes") | {"number": OLD})], NEW, None),
        (NEW, "yes", [("text_consent", _consent("yes") | {"number": OLD})], NEW, "yes"),
        (NEW, "yes", [("text_consent", _consent("no") | {"number": OLD})], NEW, "no"),
        (OLD, "yes", [("mobile", {MOBILE: OURS}), ("text_consent", _consent("yes") | {"number": OURS})], OURS, "yes"),
        (OLD, "yes", [("text_consent", _consent(None))], OLD, None),
    ],
)
def test_a_yes_to_texts_counts_for_the_number_it_was_said_about(
    feed_number: str,
    feed_says: str | None,
    corrections: list[tuple[str, dict[str, Any]]],
    number: str | None,
    says: str | None,
) -> None:
    feed = {MOBILE: feed_number, "text_consent": feed_says}

    row = in_effect(feed, [correction(field, values) for field, values in corrections])

    assert (row[MOBILE], row["text_consent"]) == (number, says)


@pytest.mark.parametrize(
    ("known", "ours", "feed", "counts"),
    [
        (None, "yes", "no", "no"),
        ("yes", "yes", "no", "no"),
        ("no", "yes", "no", "yes"),  # staff knew it
        ("no", "yes", "yes", "yes"),
        ("no", "yes", None, "yes"),
        (None, "no", "yes", "no"),
        (None, None, "no", "no"),
    ],
)
def test_a_newer_no_to_a_channel_counts_before_the_yes_of_staff(
    known: str | None, ours: str | None, feed: str | None, counts: str | None
) -> None:
    for field, column in (("email_consent", "email_consent"), ("call_consent", "phone_consent")):
        said = correction(field, {column: ours}, {column: known})
        assert in_effect({column: feed}, [said])[column] == counts


def test_a_correction_that_ended_counts_no_longer() -> None:
    ended = correction("mobile", {MOBILE: OURS}, ended_at=AT, ended_by="ana", ended_how="withdrawn")

    assert in_effect({MOBILE: OLD}, [ended])[MOBILE] == OLD


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("mobile", {MOBILE: "(312) 555-0100"}, {MOBILE: "+13125550100"}),
        ("mobile", {MOBILE: " "}, {MOBILE: None}),
        ("home", {"phone_home": "1-312-555-0100 ext. 5"}, {"phone_home": "+13125550100"}),
        ("email", {"email": " Ann@Example.org"}, {"email": "ann@example.org"}),
        ("address", {**ELM, "state": "il"}, ELM),
        ("address", {}, dict.fromkeys(ADDRESS)),
        ("language", {"language": "Spanish"}, {"language": "es"}),
        ("channel", {"preferred_channel": "letter"}, {"preferred_channel": "letter"}),
        ("email_consent", {"email_consent": "No"}, {"email_consent": "no"}),
        ("text_consent", {"text_consent": "yes", "text_consent_source": "Portal"},
         _consent("yes", "2026-11-24", "Portal") | {"number": OLD}),
        ("text_consent", {}, _consent(None)),
    ],
)  # fmt: skip
def test_what_staff_type_is_kept_as_a_feed_would_have_it(
    field: str, typed: dict[str, str | None], kept: dict[str, str | None]
) -> None:
    assert checked(field, typed, today=TODAY, number=OLD) == kept


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [
        ("mobile", {MOBILE: "555-0100"}, "fewer than ten digits"),
        ("mobile", {MOBILE: "222-222-2222"}, "is made up"),
        ("mobile", {MOBILE: "800-555-0100"}, "toll-free"),
        ("email", {"email": "ann@gmial.com"}, "mistyped domain"),
        ("email", {"email": "nobody@nowhere.org"}, "is made up"),
        ("email", {"email": "ann"}, "not written as an email address"),
        ("address", {"address1": "9 Elm St", "state": "IL"}, "missing: city, ZIP code"),
        ("address", {**ELM, "state": "Illinois"}, "no US state"),
        ("address", {**ELM, "zip": "123"}, "five or nine digits"),
        ("address", {**ELM, "address1": "x" * 201}, "At most 200"),
        ("language", {"language": "Klingon"}, "not known"),
        ("channel", {"preferred_channel": "fax"}, "Choose one of"),
        ("call_consent", {"phone_consent": "maybe"}, "Choose one of"),
        ("text_consent", {"text_consent": "maybe"}, "Choose one of"),
        ("text_consent", {"text_consent": "yes"}, "Say how"),
        ("text_consent", {"text_consent": "yes", "text_consent_source": "x", "text_consent_on": "2027-01-01"}, "fut"),
        ("text_consent", {"text_consent": "yes", "text_consent_source": "x", "text_consent_on": "soon"}, "not a date"),
        ("shoe size", {}, "cannot be corrected"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_the_reason(field: str, typed: dict[str, str | None], why: str) -> None:
    with pytest.raises(CareloopError, match=why) as refused:
        checked(field, typed, today=TODAY, number=OLD)

    assert not any(value and len(value) > 3 and value in str(refused.value) for value in typed.values())


def test_a_consent_to_texts_needs_a_number_it_belongs_to() -> None:
    with pytest.raises(CareloopError, match="no mobile number"):
        checked("text_consent", {"text_consent": "yes", "text_consent_source": "Form"}, today=TODAY)


def test_every_column_belongs_to_one_field() -> None:
    columns = [column for field in FIELDS.values() for column in field.columns]

    assert len(columns) == len(set(columns))
    assert all(set(field.says) <= set(field.columns) for field in FIELDS.values())
