"""Who is contacted and who is not, decided by chance before anybody is written to.

Households are randomised, not patients: a reminder to one is heard by all who live there or share a telephone. They
are randomised within strata of provider and number of open gaps, so that the arms are alike in both. The same campaign,
seed and patients give the same arms on every machine.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

CONTACT, HOLD_OUT, LATER = "contact", "hold_out", "later"
A, B = "a", "b"
_BANDS = ((1, "1 gap"), (2, "2 gaps"))  # and more
_NO_GAPS, _MORE_GAPS = "no gaps", "3 or more gaps"
_REST = "others"
_MOST_AT_HOME = 12  # patients of one campaign who share a number or address because they live together
_LEAST_AN_ARM = 2  # households that a stratum gives to its smaller arm, else it is merged with others


@dataclass(frozen=True)
class Candidate:
    """A patient to be allocated.

    keys    what is shared within a household: its id, telephone numbers, email and postal addresses. Whoever shares one
            is of the same household, and so is who shares one with those
    """

    patient_id: str
    keys: frozenset[str]
    provider: str
    gaps: int


@dataclass(frozen=True)
class Allocation:
    """Where a patient was put, by what."""

    arm: str
    stratum: str
    household: str  # the least patient id of it


def gap_band(gaps: int) -> str:
    """How many open gaps, in the bands of the strata."""
    if gaps == 0:
        return _NO_GAPS
    return next((name for most, name in _BANDS if gaps <= most), _MORE_GAPS)


def allocate(
    candidates: Sequence[Candidate], shares: Mapping[str, float], *, campaign_id: str, seed: int
) -> dict[str, Allocation]:
    """The arm of each patient, by patient id.

    shares   of the arms, above 0, adding up to 1; each household has exactly these chances, and of a stratum's
             households each arm gets its share, up to one more or less
    A household that is in several strata, since its members have different providers or gaps, counts in that of its
    first member by id.
    """
    homes = households(candidates)
    strata = _strata(candidates, homes, smallest=min(shares.values()))
    by_stratum: dict[str, list[str]] = defaultdict(list)
    for home, stratum in strata.items():
        by_stratum[stratum].append(home)
    ordered = [
        home
        for stratum in sorted(by_stratum)
        for home in sorted(by_stratum[stratum], key=lambda home: _drawn(campaign_id, seed, home))
    ]
    arms = dict(zip(ordered, _dealt(shares, len(ordered), start=_start(campaign_id, seed)), strict=True))
    return {
        one.patient_id: Allocation(arms[home], strata[home], home)
        for one in candidates
        for home in [homes[one.patient_id]]
    }


def completed(
    drawn: Mapping[str, Allocation],
    candidates: Sequence[Candidate],
    shares: Mapping[str, float],
    *,
    campaign_id: str,
    seed: int,
) -> dict[str, Allocation]:
    """The arm of each candidate where some have theirs already: those keep it, whoever lives with one of them is put
    where they are (with the first by id, should they be in several), and the other households are allocated.

    drawn   by patient id; only those count who are among the candidates
    """
    homes = households(candidates)
    of_home: dict[str, Allocation] = {}
    for patient_id in sorted(drawn.keys() & homes.keys()):
        of_home.setdefault(homes[patient_id], drawn[patient_id])
    rest = [one for one in candidates if homes[one.patient_id] not in of_home]
    found = allocate(rest, shares, campaign_id=campaign_id, seed=seed) if rest else {}
    for patient_id, home in homes.items():
        if home in of_home:
            found[patient_id] = drawn.get(patient_id, of_home[home])
    return found


def households(candidates: Iterable[Candidate]) -> dict[str, str]:
    """The household of each patient, named by the least patient id in it. What more than _MOST_AT_HOME share, such as
    the number of a switchboard or an address that was typed to fill a field, makes nobody live together."""
    candidates = list(candidates)
    holders = Counter(key for one in candidates for key in one.keys)
    found: dict[str, str] = {}
    first_with: dict[str, str] = {}

    def root(name: str) -> str:
        while found[name] != name:
            found[name] = found[found[name]]
            name = found[name]
        return name

    for one in sorted(candidates, key=lambda one: one.patient_id):
        found.setdefault(one.patient_id, one.patient_id)
        for key in (key for key in one.keys if holders[key] <= _MOST_AT_HOME):
            other = root(first_with.setdefault(key, one.patient_id))
            mine = root(one.patient_id)
            found[max(mine, other)] = min(mine, other)
    return {name: root(name) for name in found}


def _strata(candidates: Collection[Candidate], homes: Mapping[str, str], *, smallest: float) -> dict[str, str]:
    """The stratum of each household. One too small to hold both arms is merged: first with those of other providers
    and as many gaps, then with all that are left."""
    firsts = {one.patient_id: one for one in candidates}
    least = ceil(_LEAST_AN_ARM / smallest)
    of = {home: (firsts[home].provider, gap_band(firsts[home].gaps)) for home in set(homes.values())}
    for level in range(2):
        sizes = Counter(of.values())
        small = {pair for pair, size in sizes.items() if size < least}
        of = {home: _merged(pair, level) if pair in small else pair for home, pair in of.items()}
    return {home: f"{provider} · {band}" for home, (provider, band) in of.items()}


def _merged(pair: tuple[str, str], level: int) -> tuple[str, str]:
    return (_REST, pair[1]) if level == 0 else (_REST, _REST)


def _dealt(shares: Mapping[str, float], count: int, *, start: float) -> list[str]:
    """Arms for so many households in a row: an arm's turn comes as evenly as its share allows (systematic sampling),
    from a start drawn by chance, so that every household has the same chances.

    With more than two arms each takes its share of what the ones before it left over.
    """
    names = sorted(shares, key=lambda name: (shares[name], name))
    dealt: list[str | None] = [None] * count
    left = 1.0
    for name in names[:-1]:
        free = [place for place, arm in enumerate(dealt) if arm is None]
        share = shares[name] / left
        for turn, place in enumerate(free):
            if floor((turn + 1) * share + start) > floor(turn * share + start):
                dealt[place] = name
        left -= shares[name]
    return [arm or names[-1] for arm in dealt]


def _drawn(campaign_id: str, seed: int, home: str) -> str:
    return hashlib.sha256(f"{campaign_id}\n{seed}\n{home}".encode()).hexdigest()


def _start(campaign_id: str, seed: int) -> float:
    """0 to 1, not 1."""
    digest = hashlib.sha256(f"{campaign_id}\n{seed}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
