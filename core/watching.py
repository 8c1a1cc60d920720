"""Watching a folder: each feed that arrives there is loaded once, when it is complete. Nothing in it is changed."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core import header_maps, loads
from core.audit import record_in
from core.domain.arrival import MOST_TRIES, Watched, is_complete
from core.domain.role import LOAD_DATA
from core.errors import Busy, CareloopError, DataError, SettingsError
from core.feeds import arriving
from core.feeds.arriving import Lying
from core.feeds.open_feed import source_of
from core.store import arrival_rows, messages
from core.store.arrival_rows import Arrival as Arrival
from core.store.database import reading, writing
from core.store.file_lock import alone
from core.workbench import Workbench, needs

QUIET = 60.0  # seconds without a change after which a feed without a marker is complete
EVERY = 5.0  # seconds between two looks
_LOCK = "watching.lock"

_log = logging.getLogger(__name__)


class Stopped(BaseException):
    """The process is to end: the load in hand is left, and nothing of it counts."""


@dataclass(frozen=True)
class Taken:
    """What became of one feed: its name, state (loaded, unchanged, failed) and the words for whoever watches."""

    name: str
    state: str
    words: str


@dataclass
class Watcher:
    """One watched folder. `clock` gives seconds and never steps back; `stop` ends a load in hand."""

    wb: Workbench
    folder: Path
    quiet: float = QUIET
    format: str = "auto"
    clock: Callable[[], float] = time.monotonic
    stop: threading.Event = field(default_factory=threading.Event)
    seen: dict[str, Watched] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def look(self) -> list[Taken]:
        """Look once, load what is complete and new, the oldest first; returns what was loaded or failed.

        Raises DataError when the folder cannot be read, and NotAllowed for a user who may not load.
        """
        self.wb.require(LOAD_DATA)
        lying, at = arriving.feeds_in(self.folder), self.clock()
        self.seen = {each.name: self._again(each, at) for each in lying}
        self._say_left_out()
        complete = [each for each in lying if self._is_complete(each, at)]
        with reading(self.wb.engine) as connection:
            ended = arrival_rows.ended_stamps(connection)
        new = [each for each in complete if (each.name, each.stamp) not in ended]
        taken: list[Taken] = []
        for each in sorted(new, key=lambda one: (one.newest_at, one.name)):
            if self.stop.is_set():
                break
            with alone(self.wb.settings.home / _LOCK) as is_ours:
                found = self._take(each) if is_ours else None
            taken += [found] if found else []
        return taken

    def _again(self, lying: Lying, at: float) -> Watched:
        known = self.seen.get(lying.name)
        return known.seen_again(lying.stamp, at) if known else Watched(lying.stamp, at)

    def _is_complete(self, lying: Lying, at: float) -> bool:
        watched = self.seen[lying.name]
        return is_complete(
            watched, at=at, quiet=self.quiet, is_marked=lying.is_marked, is_unfinished=lying.is_unfinished
        )

    def _say_left_out(self) -> None:
        found = arriving.beside(self.folder)
        if found and found != self.left_out:
            _log.warning("%d files lie beside the sub-folders and are not read: put them into one", len(found))
        self.left_out = found

    def _take(self, lying: Lying) -> Taken | None:
        """Load one feed, unless it was loaded or failed before as it is. Only while nobody else takes any."""
        try:
            digest = arriving.digest(lying)
        except DataError as error:
            _log.warning("%s", error)
            return None
        begun = self._begin(lying, digest)
        if begun is None:
            return None
        if begun.tries > MOST_TRIES:
            return self._end(begun, lying, "failed", reason="The load ended in the middle several times.")
        try:
            report = loads.load(self.wb, lying.folder, format=self.format, progress=self._progress)
        except Busy:
            self._keep(begun, state="waiting")
            return None
        except Stopped:
            self._keep(begun, state="waiting")
            raise
        except CareloopError as error:
            return self._end(begun, lying, "failed", reason=str(error))
        except messages.DatabaseLost:
            raise
        except Exception as error:
            _log.exception("a feed could not be loaded")
            return self._end(begun, lying, "failed", reason=f"An error in the program: {type(error).__name__}.")
        return self._end(begun, lying, report.status, source=report.source_system, words=str(report))

    def _begin(self, lying: Lying, digest: str) -> Arrival | None:
        """The arrival, kept as being loaded; None when the same was done with before under another stamp."""
        with writing(self.wb.engine) as connection:
            known = arrival_rows.of(connection, lying.name, digest)
            if known and known.state in arrival_rows.ENDED:
                arrival_rows.change(connection, known.arrival_id, stamp=lying.stamp)
                return None
            arrival_rows.begin(connection, lying.name, digest, stamp=lying.stamp, at=self.wb.now())
            return arrival_rows.of(connection, lying.name, digest)

    def _end(
        self, begun: Arrival, lying: Lying, state: str, *, source: str = "", reason: str = "", words: str = ""
    ) -> Taken:
        if state == "failed":
            source = source_of(lying.folder, format=self.format, maps=header_maps.current(self.wb))
        values = {"state": state, "source_system": source, "reason": reason, "finished_at": self.wb.now()}
        if arriving.look_again(lying) != lying.stamp:
            _log.warning("a feed was changed while it was read; it is read again when it is complete")
            values["stamp"] = ""
        with writing(self.wb.engine) as connection:
            arrival_rows.change(connection, begun.arrival_id, **values)
            record_in(self.wb, connection, "feed.arrived", str(begun.arrival_id), state=state)
        return Taken(lying.name, state, words or reason)

    def _keep(self, begun: Arrival, *, state: str) -> None:
        with writing(self.wb.engine) as connection:
            arrival_rows.change(connection, begun.arrival_id, state=state)

    def _progress(self, _step: str, share: float) -> None:
        if self.stop.is_set() and share < 1:
            raise Stopped


@needs(LOAD_DATA)
def watch(
    wb: Workbench,
    folder: Path,
    *,
    quiet: float = QUIET,
    every: float = EVERY,
    format: str = "auto",
    stop: threading.Event | None = None,
    told: Callable[[Taken], None] | None = None,
) -> None:
    """Load each feed that arrives in the folder, until `stop` is set; `told` hears of each.

    Each sub-folder is a feed; without sub-folders the files in the folder are one. It is complete when a file named
    _DONE, .done, done or _SUCCESS is in it (or NAME.done beside it), or when nothing in it has changed for `quiet`
    seconds. Raises DataError when the folder cannot be read at first, SettingsError for times below a second.
    """
    if quiet < 1 or every < 0.1:
        raise SettingsError("The times of watching are in seconds: --quiet from 1, --every from 0.1.")
    watcher = Watcher(wb, folder, quiet=quiet, format=format, stop=stop or threading.Event())
    arriving.feeds_in(folder)
    trouble = ""
    while not watcher.stop.is_set():
        try:
            for taken in watcher.look():
                if told:
                    told(taken)
            trouble = ""
        except Stopped:
            break
        except (DataError, *messages.DatabaseLost) as error:  # the folder or the database is away: it may come back
            said = (
                str(error) if isinstance(error, DataError) else f"the database cannot be used: {type(error).__name__}"
            )
            if said != trouble:
                _log.error("%s", said)
            trouble = said
        watcher.stop.wait(every)


def arrivals(wb: Workbench, *, limit: int = 200) -> list[Arrival]:
    """The feeds that arrived in watched folders, the latest first."""
    with reading(wb.engine) as connection:
        return arrival_rows.latest(connection, limit=limit)


@needs(LOAD_DATA)
def try_again(wb: Workbench, arrival_ids: list[int] | None = None) -> int:
    """Let feeds that failed be tried again although their files have not changed, all of them unless some are named;
    returns how many. For when what was wrong lies elsewhere, such as in a mapping of headers."""
    with writing(wb.engine) as connection:
        count = arrival_rows.try_again(connection, arrival_ids)
        record_in(wb, connection, "feed.try_again", count=count)
    return count
