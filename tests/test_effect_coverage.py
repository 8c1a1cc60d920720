"""In many simulated campaigns of each design the interval that a report shows covers the truth as often as it says."""

import random
from collections.abc import Mapping
from datetime import date

import polars as pl
import pytest

from core.domain.effects.allocation import CONTACT, HOLD_OUT, LATER, A, Allocation, B, Candidate, allocate
from core.domain.effects.analysis import ALLOCATED, Plan, effect_of
from core.domain.effects.differences import (
    Counts,
    mantel_haenszel,
    pooled,
    wilson,
)

CAMPAIGNS, FEWER = 2000, 1000  # of each design; of what is beside them
TRUTH = 0.05
# One window, of which the interval is the same as of three that all closings fall into.
PLAN = Plan("delayed", date(2026, 6, 1), date(2026, 12, 1), delay_weeks=1)
Closed = Mapping[str, bool]


def panel(draw: random.Random, count: int, *, size: int, is_fixed: bool = False) -> list[Candidate]:
    """Patients of twelve providers, in households of 1 to `size`, or all of `size`."""
    people: list[Candidate] = []
    while len(people) < count:
        home = frozenset({f"home {len(people)}"})
        for _ in range(size if is_fixed else draw.randint(1, size)):
            provider = f"dr{draw.choices(range(12), range(1, 13))[0]}"
            people.append(Candidate(f"p{len(people):05}", home, provider, draw.choices(range(5), (1, 9, 5, 2, 1))[0]))
    return people[:count]


def base(one: Candidate) -> float:
    """Who has more gaps closes fewer; providers differ."""
    return 0.08 + 0.012 * int(one.provider[2:]) - 0.01 * one.gaps


def close(
    draw: random.Random, people: list[Candidate], arms: Mapping[str, Allocation], lifted: str, *, together: float
) -> Closed:
    """Who closes: a member of a household does with the chance `together` as its household decided, else on their
    own."""
    of_home: dict[str, float] = {}
    closed = {}
    for one in people:
        allocation = arms[one.patient_id]
        chance = base(one) + TRUTH * (allocation.arm == lifted)
        common = of_home.setdefault(allocation.household, draw.random())
        closed[one.patient_id] = (common if draw.random() < together else draw.random()) < chance
    return closed


def rows_of(people: list[Candidate], arms: Mapping[str, Allocation], closed: Closed) -> pl.DataFrame:
    """ALLOCATED of a campaign of whose patients everybody but those held out was reached."""
    drawn = [arms[each.patient_id] for each in people]
    has_closed = [closed[each.patient_id] for each in people]
    known = {
        "arm": [one.arm for one in drawn],
        "stratum": [one.stratum for one in drawn],
        "household": [one.household for one in drawn],
        "delivered": [one.arm not in (HOLD_OUT, LATER) for one in drawn],
        "closed": has_closed,
        "days": [3 if each else 7 for each in has_closed],
        "is_censored": [not each for each in has_closed],
    }
    missing = {name: [None] * len(people) for name in ALLOCATED if name not in known}
    return pl.DataFrame({name: (known | missing)[name] for name in ALLOCATED}, schema=ALLOCATED)


def holds(allocated: pl.DataFrame, lifted: str, method: str) -> bool:
    """Whether the interval that the report shows holds the truth."""
    [one] = effect_of(allocated, PLAN).last.comparisons
    assert one.method == method
    truth = TRUTH if one.arm == lifted else -TRUTH
    return one.difference.low <= truth <= one.difference.high


def covered(
    shares: Mapping[str, float],
    *,
    patients: int,
    size: int,
    together: float = 0.0,
    is_fixed: bool = False,
    is_stratified: bool = True,
    campaigns: int = CAMPAIGNS,
) -> float:
    """The share of campaigns whose interval holds the truth."""
    draw = random.Random(f"{shares}{patients}{size}{together}")
    lifted, hits = max(shares, key=lambda arm: (shares[arm], arm in (CONTACT, A))), 0
    for number in range(campaigns):
        people = panel(draw, patients, size=size, is_fixed=is_fixed)
        if is_stratified:
            arms = allocate(people, shares, campaign_id=f"c{number}", seed=number)
        else:
            places = draw.sample(range(patients), round(patients * shares[lifted]))
            contacted = {people[place].patient_id for place in places}
            other = next(arm for arm in shares if arm != lifted)
            arms = {
                one.patient_id: Allocation(lifted if one.patient_id in contacted else other, "", one.patient_id)
                for one in people
            }
        closed = close(draw, people, arms, lifted, together=together)
        method = "mantel_haenszel" if is_stratified else "newcombe"
        hits += holds(rows_of(people, arms, closed), lifted, method)
    return hits / campaigns


@pytest.mark.long
@pytest.mark.parametrize(
    ("design", "shares", "patients", "size", "together"),
    [
        ("hold-out of a tenth", {CONTACT: 0.9, HOLD_OUT: 0.1}, 800, 1, 0.0),
        ("hold-out of a tenth, households", {CONTACT: 0.9, HOLD_OUT: 0.1}, 1000, 4, 0.5),
        ("hold-out of a fifth, small", {CONTACT: 0.8, HOLD_OUT: 0.2}, 300, 2, 0.3),
        ("delayed start", {CONTACT: 0.5, LATER: 0.5}, 600, 2, 0.3),
        ("two templates", {A: 0.5, B: 0.5}, 600, 2, 0.3),
        ("two templates, small", {A: 0.5, B: 0.5}, 120, 1, 0.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_interval_of_a_stratified_design_covers_the_truth(
    design: str, shares: Mapping[str, float], patients: int, size: int, together: float
) -> None:
    share = covered(shares, patients=patients, size=size, together=together)
    assert 0.93 <= share <= 0.97, f"{design}: {share:.1%}"


@pytest.mark.long
@pytest.mark.parametrize(
    ("design", "shares", "patients", "size", "together"),
    [
        ("couples, half held out", {CONTACT: 0.5, HOLD_OUT: 0.5}, 300, 2, 1.0),
        ("couples, a fifth held out", {CONTACT: 0.8, HOLD_OUT: 0.2}, 400, 2, 1.0),
        ("families of four", {CONTACT: 0.5, LATER: 0.5}, 400, 4, 1.0),
        ("couples, often alike", {CONTACT: 0.5, HOLD_OUT: 0.5}, 400, 2, 0.7),
        ("families of four, often alike", {CONTACT: 0.5, LATER: 0.5}, 600, 4, 0.7),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_interval_covers_the_truth_where_households_do_the_same(
    design: str, shares: Mapping[str, float], patients: int, size: int, together: float
) -> None:
    share = covered(shares, patients=patients, size=size, together=together, is_fixed=True, campaigns=FEWER)
    assert 0.93 <= share <= 0.97, f"{design}: {share:.1%}"


def families(draw: random.Random, count: int, *, chance: float) -> pl.DataFrame:
    """ALLOCATED of families of four in two arms, of whom all do the same and no arm does more."""
    homes = []
    for number in range(count):
        days = draw.randint(1, 90) if draw.random() < chance else None
        arm = CONTACT if number % 2 else HOLD_OUT
        known = (arm, "all", f"home {number}", arm == CONTACT, False, False, False)
        homes += [(*known, days is not None, None, days or 90, days is None)] * 4
    return pl.DataFrame(homes, schema=ALLOCATED, orient="row")


@pytest.mark.long
@pytest.mark.parametrize(("count", "chance"), [(20, 0.1), (20, 0.5), (60, 0.3)])
def test_of_families_who_do_the_same_an_effect_is_seldom_claimed_where_there_is_none(count: int, chance: float) -> None:
    draw = random.Random(f"{count}{chance}")
    plan = Plan("hold_out", PLAN.allocated_on, PLAN.known_through)
    differences = ratios = tests = curves = 0
    for _ in range(FEWER):
        effect = effect_of(families(draw, count, chance=chance), plan)
        curves += effect.log_rank is not None and effect.log_rank < 0.05
        for one in effect.last.comparisons:
            differences += one.difference.is_clear
            ratios += one.ratio is not None and not one.ratio.low <= 1 <= one.ratio.high
            tests += one.p < 0.05
    assert max(differences, ratios, tests, curves) <= 0.07 * FEWER, (differences, ratios, tests, curves)


@pytest.mark.long
def test_the_interval_of_a_plain_split_covers_the_truth() -> None:
    share = covered({CONTACT: 0.9, HOLD_OUT: 0.1}, patients=1000, size=1, is_stratified=False)
    assert 0.93 <= share <= 0.97, f"{share:.1%}"


@pytest.mark.long
def test_the_interval_of_a_share_covers_the_truth() -> None:
    draw = random.Random(5)
    found = [wilson(Counts(sum(draw.random() < 0.12 for _ in range(400)), 400)) for _ in range(CAMPAIGNS)]
    share = sum(one.low <= 0.12 <= one.high for one in found) / CAMPAIGNS
    assert 0.93 <= share <= 0.97, f"{share:.1%}"


@pytest.mark.long
def test_the_interval_of_runs_taken_together_covers_the_truth() -> None:
    draw = random.Random(6)
    hits = 0
    for _ in range(CAMPAIGNS):
        runs = []
        for _ in range(6):
            one = sum(draw.random() < 0.12 + TRUTH for _ in range(450))
            other = sum(draw.random() < 0.12 for _ in range(150))
            found = mantel_haenszel([(Counts(one, 450), Counts(other, 150))])
            assert found is not None
            runs.append(found)
        together = pooled(runs)
        assert together is not None
        hits += together.difference.low <= TRUTH <= together.difference.high
    assert 0.93 <= hits / CAMPAIGNS <= 0.97, f"{hits / CAMPAIGNS:.1%}"
