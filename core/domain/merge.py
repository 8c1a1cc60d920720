"""Two ids of one person become one: which of the merges that are stated count, and which of two messages stays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from core.domain.plausibility import UNKNOWN_PATIENT

MERGED = "merged"  # why the message to one of two ids is not sent: the other one's counts
FEED, STAFF = "feed", "staff"
ITSELF = "is the survivor itself"
CIRCLE = "is, by other merges, the survivor of its own survivor"
ANOTHER = "was merged with another patient before"

# States in which a message has left, or may have.
LEFT = frozenset(
    {
        "claimed", "calling", "handed_over", "delivered", "unconfirmed", "returned", "introductory", "unknown",
        "printed", "mailed",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Resolved:
    """What stated merges come to.

    new      by each id that is no more from now on, the survivor at the end of its chain
    led_on   by ids that were merged before into one that is no more, the survivor now
    refused  by merged id the reason why the merge does not count
    """

    new: Mapping[str, str]
    led_on: Mapping[str, str]
    refused: Mapping[str, str]

    @property
    def changed(self) -> dict[str, str]:
        """`new` and `led_on`."""
        return {**self.new, **self.led_on}


def resolve(stated: Mapping[str, str], known: Mapping[str, str], *, existing: Collection[str]) -> Resolved:
    """Which merges count, whatever their order: a into b and b into c makes both c's.

    stated    merged id -> survivor
    known     the same of all earlier merges; a survivor there is never itself merged
    existing  of the survivors (at the end of what is known) those who are patients
    What was known before, said again, is neither new nor refused.
    """
    refused: dict[str, str] = {}
    steps: dict[str, str] = {}
    for merged, survivor in stated.items():
        end = known.get(survivor, survivor)
        if merged in (survivor, end):
            refused[merged] = ITSELF if merged == survivor else CIRCLE
        elif merged not in known:
            steps[merged] = end
    circling = _circling(steps)
    refused |= dict.fromkeys(circling, CIRCLE)
    steps = {merged: end for merged, end in steps.items() if merged not in circling}
    ends = _ends(steps, existing)
    new = {merged: end for merged, end in ends.items() if end is not None}
    refused |= {merged: UNKNOWN_PATIENT for merged, end in ends.items() if end is None}
    for merged in stated.keys() & known.keys() - refused.keys():
        said, before = known.get(stated[merged], stated[merged]), known[merged]
        if new.get(said, said) != new.get(before, before):
            refused[merged] = ANOTHER
    led_on = {merged: new[survivor] for merged, survivor in known.items() if survivor in new}
    return Resolved(new, led_on, refused)


def _circling(steps: Mapping[str, str]) -> set[str]:
    """The ids from which the steps lead back to themselves."""
    found: set[str] = set()
    seen: set[str] = set()
    for start in steps:
        path: dict[str, int] = {}
        at = start
        while at in steps and at not in seen:
            seen.add(at)
            path[at] = len(path)
            at = steps[at]
        if at in path:
            found |= {each for each, place in path.items() if place >= path[at]}
    return found


def _ends(steps: Mapping[str, str], existing: Collection[str]) -> dict[str, str | None]:
    """Of each id the last one that exists, following the steps; None when none does. The steps have no circle."""
    ends: dict[str, str | None] = {}
    for start in steps:
        path, at = [], start
        while at in steps and at not in ends:
            path.append(at)
            at = steps[at]
        for each in reversed(path):
            following = steps[each]
            ends[each] = ends.get(following) or (following if following in existing else None)
    return ends


@dataclass(frozen=True)
class Kept:
    """What becomes of the two rows of one campaign.

    swaps     the survivor gets the merged id's row, and the other way round
    not_sent  whose message, which waits, is not sent: that of the row that was the 'merged' id's or the 'survivor's
    """

    swaps: bool = False
    not_sent: str = ""


def of_two(merged: str, survivor: str) -> Kept:
    """Which of two rows of a campaign counts, by their states (core.domain.message.STATES). The survivor has the one
    that has left, or may have; where both have, both stay; where none has, the survivor's own counts."""
    if merged in LEFT and survivor not in LEFT:
        return Kept(swaps=True, not_sent="survivor" if survivor == "waiting" else "")
    return Kept(not_sent="merged" if merged == "waiting" else "")
