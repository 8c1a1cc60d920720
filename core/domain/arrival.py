"""When a feed that is being written into a folder is complete."""

from dataclasses import dataclass

LOOKS_WITH_MARKER = 2  # a marker says that all is there; that nothing moves any more is seen by looking twice
MOST_TRIES = 3  # of a load that ended in the middle, such as by a machine that went down


@dataclass(frozen=True)
class Watched:
    """What is known of one feed in a watched folder: how it looked, since when (seconds of a clock that never steps
    back) it has looked so, and in how many looks."""

    stamp: str
    since: float
    looks: int = 1

    def seen_again(self, stamp: str, at: float) -> "Watched":
        """The same after another look: whatever has changed begins anew."""
        return Watched(stamp, self.since, self.looks + 1) if stamp == self.stamp else Watched(stamp, at)


def is_complete(watched: Watched, *, at: float, quiet: float, is_marked: bool, is_unfinished: bool) -> bool:
    """Whether the feed may be read: a marker file is there and nothing has changed since the look before; or nothing in
    it has changed for `quiet` seconds, and no file has a name that programs give to what they are still writing."""
    if is_marked:
        return watched.looks >= LOOKS_WITH_MARKER
    return watched.looks >= LOOKS_WITH_MARKER and not is_unfinished and at - watched.since >= quiet
