"""Random allocation: households stay together, strata are shared out evenly, chances are what was asked for."""

from collections import Counter, defaultdict
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.effects.allocation import (
    CONTACT,
    HOLD_OUT,
    A,
    B,
    Candidate,
    allocate,
    completed,
    gap_band,
    households,
)

keys = st.frozensets(st.sampled_from([f"key {number}" for number in range(12)]), max_size=2)
candidates = st.lists(
    st.tuples(keys, st.sampled_from(["dr1", "dr2", "dr3"]), st.integers(0, 5)), min_size=1, max_size=60
).map(lambda rows: [Candidate(f"p{number:03}", *row) for number, row in enumerate(rows)])
shares = st.sampled_from([{CONTACT: 0.9, HOLD_OUT: 0.1}, {CONTACT: 0.5, HOLD_OUT: 0.5}, {A: 0.5, B: 0.5}])


def panel(count: int, *, providers: int = 10) -> list[Candidate]:
    """Patients of whom every fourth lives with the one before."""
    return [
        Candidate(
            f"p{number:05}", frozenset({f"home {number - (number % 4 == 3)}"}), f"dr{number % providers}", number % 3
        )
        for number in range(count)
    ]


@given(candidates, shares, st.integers(0, 2**40))
def test_everybody_is_allocated_once_and_a_household_together(
    people: list[Candidate], shares: dict[str, float], seed: int
) -> None:
    found = allocate(people, shares, campaign_id="c1", seed=seed)
    assert set(found) == {one.patient_id for one in people}
    arms = defaultdict(set)
    for one in found.values():
        assert one.arm in shares
        arms[one.household].add((one.arm, one.stratum))
    assert all(len(each) == 1 for each in arms.values())
    by_key: dict[str, set[str]] = defaultdict(set)
    for person in people:
        for key in person.keys:
            by_key[key].add(found[person.patient_id].arm)
    holders = Counter(key for person in people for key in person.keys)
    assert all(len(each) == 1 for key, each in by_key.items() if holders[key] <= 12)


@given(candidates, shares, st.integers(0, 2**40))
def test_each_stratum_is_shared_out_to_within_one_household(
    people: list[Candidate], shares: dict[str, float], seed: int
) -> None:
    found = allocate(people, shares, campaign_id="c1", seed=seed)
    homes = {one.household: one for one in found.values()}
    for stratum, size in Counter(one.stratum for one in homes.values()).items():
        for arm, share in shares.items():
            held = sum(one.stratum == stratum and one.arm == arm for one in homes.values())
            assert floor(size * share - 1e-9) <= held <= ceil(size * share + 1e-9)


@given(candidates, st.data())
def test_the_order_of_the_patients_changes_nothing(people: list[Candidate], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(people))
    asked = {CONTACT: 0.8, HOLD_OUT: 0.2}
    assert allocate(people, asked, campaign_id="c", seed=5) == allocate(shuffled, asked, campaign_id="c", seed=5)


def test_every_household_has_the_chances_that_were_asked_for() -> None:
    people = panel(60, providers=3)
    counts: Counter[str] = Counter()
    turns = 3000
    for seed in range(turns):
        found = allocate(people, {CONTACT: 0.9, HOLD_OUT: 0.1}, campaign_id="c1", seed=seed)
        counts.update(patient_id for patient_id, one in found.items() if one.arm == HOLD_OUT)
    error = (0.1 * 0.9 / turns) ** 0.5
    assert all(abs(counts[one.patient_id] / turns - 0.1) < 5 * error for one in people)


def test_campaigns_with_the_same_patients_hold_out_others() -> None:
    people = panel(400)
    asked = {CONTACT: 0.5, HOLD_OUT: 0.5}
    one, other = (allocate(people, asked, campaign_id=name, seed=1) for name in ("c1", "c2"))
    same = sum(one[each].arm == other[each].arm for each in one) / len(one)
    assert 0.35 < same < 0.65


def test_three_arms_have_a_third_each() -> None:
    third = 1 / 3
    found = allocate(panel(900), {"a": third, "b": third, "c": 1 - 2 * third}, campaign_id="c", seed=3)
    homes = {one.household: one.arm for one in found.values()}
    assert all(abs(count - len(homes) / 3) <= 1 for count in Counter(homes.values()).values())


def test_strata_too_small_for_both_arms_are_merged_so_that_each_has_a_control() -> None:
    people = [Candidate(f"p{number:04}", frozenset(), f"dr{number}", number % 2) for number in range(200)]
    found = allocate(people, {CONTACT: 0.9, HOLD_OUT: 0.1}, campaign_id="c", seed=3)
    assert {one.stratum for one in found.values()} == {"others · no gaps", "others · 1 gap"}
    for stratum in {one.stratum for one in found.values()}:
        assert any(one.arm == HOLD_OUT for one in found.values() if one.stratum == stratum)


def test_households_are_found_over_what_they_share() -> None:
    """Ann shares a telephone with Bo and Bo an address with Cy: all three are one household."""
    people = [
        Candidate("cy", frozenset({"1 Elm Street"}), "dr", 1),
        Candidate("ann", frozenset({"555-0100"}), "dr", 1),
        Candidate("bo", frozenset({"555-0100", "1 Elm Street"}), "dr", 1),
        Candidate("dee", frozenset(), "dr", 1),
    ]
    assert households(people) == {"ann": "ann", "bo": "ann", "cy": "ann", "dee": "dee"}


def test_a_number_or_address_that_many_have_makes_no_household() -> None:
    home = [Candidate(f"a{number:02}", frozenset({"home"}), "dr1", 1) for number in range(12)]
    clinic = [Candidate(f"b{number:02}", frozenset({"switchboard"}), "dr1", 1) for number in range(13)]

    found = households([*home, *clinic])

    assert {found[one.patient_id] for one in home} == {"a00"}
    assert all(found[one.patient_id] == one.patient_id for one in clinic)


@pytest.mark.parametrize(
    ("gaps", "band"), [(0, "no gaps"), (1, "1 gap"), (2, "2 gaps"), (3, "3 or more gaps"), (9, "3 or more gaps")]
)
def test_gaps_are_in_bands(gaps: int, band: str) -> None:
    assert gap_band(gaps) == band


@given(candidates, shares, st.integers(0, 2**40), st.data())
def test_who_is_drawn_later_stays_with_their_household_and_nobody_drawn_before_changes(
    people: list[Candidate], shares: dict[str, float], seed: int, data: st.DataObject
) -> None:
    first = data.draw(st.lists(st.sampled_from(people), unique=True, min_size=1))
    drawn = allocate(first, shares, campaign_id="c1", seed=seed)

    found = completed(drawn, people, shares, campaign_id="c2", seed=seed + 1)

    assert {each: found[each] for each in drawn} == drawn
    assert set(found) == {one.patient_id for one in people} and {one.arm for one in found.values()} <= set(shares)
    homes = households(people)
    for each, one in found.items():
        mates = {drawn[other].arm for other in drawn if homes[other] == homes[each]}
        assert not mates or one.arm in mates


def test_those_drawn_later_are_shared_out_within_strata_like_those_before() -> None:
    people = panel(800)
    drawn = allocate(people[:400], {CONTACT: 0.5, HOLD_OUT: 0.5}, campaign_id="c1", seed=1)

    found = completed(drawn, people, {CONTACT: 0.5, HOLD_OUT: 0.5}, campaign_id="c2", seed=2)

    counts = Counter((found[one.patient_id].stratum, found[one.patient_id].arm) for one in people[400:])
    assert all(counts[stratum, CONTACT] and counts[stratum, HOLD_OUT] for stratum, _ in counts)
