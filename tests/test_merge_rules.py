"""Which stated merges count, and which of two messages of a campaign stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.merge import ANOTHER, CIRCLE, ITSELF, LEFT, Kept, of_two, resolve
from core.domain.message import CHANGES, STATES
from core.domain.plausibility import UNKNOWN_PATIENT

EVERYBODY = set("abcde")

# stated, known, existing -> new, led on, refused
CASES = {
    "one into another": ({"a": "b"}, {}, "ab", {"a": "b"}, {}, {}),
    "of an id that never was a patient": ({"a": "b"}, {}, "b", {"a": "b"}, {}, {}),
    "a chain": ({"a": "b", "b": "c"}, {}, "abc", {"a": "c", "b": "c"}, {}, {}),
    "a chain the other way round": ({"b": "c", "a": "b"}, {}, "abc", {"a": "c", "b": "c"}, {}, {}),
    "a chain whose middle never was a patient": ({"a": "b", "b": "c"}, {}, "ac", {"a": "c", "b": "c"}, {}, {}),
    "a chain over two feeds": ({"b": "c"}, {"a": "b"}, "bc", {"b": "c"}, {"a": "c"}, {}),
    "into an id that is no more": ({"c": "a"}, {"a": "b"}, "bc", {"c": "b"}, {}, {}),
    "the same again": ({"a": "b"}, {"a": "b"}, "b", {}, {}, {}),
    "the same again, and on": ({"a": "b", "b": "c"}, {"a": "b"}, "bc", {"b": "c"}, {"a": "c"}, {}),
    "by its end, and the step to it": ({"a": "c", "b": "c"}, {"a": "b"}, "bc", {"b": "c"}, {"a": "c"}, {}),
    "into itself": ({"a": "a"}, {}, "a", {}, {}, {"a": ITSELF}),
    "nobody survives": ({"a": "b"}, {}, "a", {}, {}, {"a": UNKNOWN_PATIENT}),
    "the end of a chain is nobody": ({"a": "b", "b": "c"}, {}, "ab", {"a": "b"}, {}, {"b": UNKNOWN_PATIENT}),
    "all of a chain are nobody": ({"a": "b", "b": "c"}, {}, "a", {}, {}, {"a": UNKNOWN_PATIENT, "b": UNKNOWN_PATIENT}),
    "a circle": ({"a": "b", "b": "a"}, {}, "ab", {}, {}, {"a": CIRCLE, "b": CIRCLE}),
    "a circle of three": ({"a": "b", "b": "c", "c": "a"}, {}, "abc", {}, {}, dict.fromkeys("abc", CIRCLE)),
    "into a circle": ({"d": "a", "a": "b", "b": "a"}, {}, "abd", {"d": "a"}, {}, {"a": CIRCLE, "b": CIRCLE}),
    "a circle over two feeds": ({"b": "a"}, {"a": "b"}, "b", {}, {}, {"b": CIRCLE}),
    "into another than before": ({"a": "c"}, {"a": "b"}, "bc", {}, {}, {"a": ANOTHER}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_stated_merges(case: str) -> None:
    stated, known, existing, new, led_on, refused = CASES[case]

    resolved = resolve(stated, known, existing=set(existing))

    assert (resolved.new, resolved.led_on, resolved.refused) == (new, led_on, refused)


_ids = st.sampled_from("abcde")


@given(st.lists(st.dictionaries(_ids, _ids, max_size=5), max_size=5), st.sets(_ids))
def test_nobody_is_lost_whatever_is_stated(feeds: list[dict[str, str]], existing: set[str]) -> None:
    known: dict[str, str] = {}
    patients = set(existing)
    for stated in feeds:
        resolved = resolve(stated, known, existing=patients)
        backwards = resolve(dict(reversed(stated.items())), known, existing=patients)
        known |= resolved.changed
        patients -= known.keys()

        assert backwards == resolved
        assert set(resolved.new) | set(resolved.refused) >= stated.keys() - known.keys()
        assert not known.keys() & set(known.values())
        assert set(known.values()) <= patients


# the states of the merged id's row and of the survivor's -> whether they change ids, and whose is not sent
IN_ORDER = sorted(STATES)


@pytest.mark.parametrize("merged", IN_ORDER)
@pytest.mark.parametrize("survivor", IN_ORDER)
def test_of_two_messages_the_one_that_left_counts_and_none_follows_it(merged: str, survivor: str) -> None:
    left = {"claimed", "calling", "handed_over", "delivered", "unconfirmed", "returned", "introductory", "unknown"}
    left |= {"printed", "mailed"}
    expected = {
        (True, True): Kept(),
        (True, False): Kept(swaps=True, not_sent="survivor" if survivor == "waiting" else ""),
        (False, True): Kept(not_sent="merged" if merged == "waiting" else ""),
        (False, False): Kept(not_sent="merged" if merged == "waiting" else ""),
    }

    assert of_two(merged, survivor) == expected[merged in left, survivor in left]


def test_whatever_may_have_left_is_among_the_states_that_count() -> None:
    assert set(STATES) >= LEFT
    assert set(STATES) - LEFT == {"waiting", "unsuccessful", "not_sent", "stopped", "hold_out"}
    assert "waiting" not in {after for state in set(STATES) - LEFT - {"waiting"} for after in CHANGES[state]}
