"""Loading feeds: what was loaded, what was left out and why, and the clinical data as it is now."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from core import feed_quality, generated_feeds, header_maps, publishing
from core.audit import record_in
from core.code_meanings import Meanings, known_codes
from core.domain.defects import Defect, defects_of
from core.domain.merge import FEED
from core.domain.role import LOAD_DATA, READ_PATIENTS
from core.errors import CareloopError, DataError
from core.evaluation import evaluate_day, practice_of, shards_of
from core.feeds.feed import Feed
from core.feeds.intake import Counts, Intake
from core.feeds.open_feed import open_feed
from core.generations import Making, shard_count
from core.load_rows import add_row, draft_of, remove_orphans
from core.load_rows import current as current
from core.load_rows import today as today
from core.merging import Merging, follow_in, is_news, keep_in
from core.publishing import publish, publish_day
from core.remaking import in_this_layout
from core.store import feed_rows, merges, search_keys
from core.store.clinical import REJECTS, UNMAPPED
from core.store.database import reading, writing
from core.store.feed_rows import LoadRow as LoadRow
from core.workbench import Workbench, needs

Progress = Callable[[str, float], None]
_KEPT_DAYS = 3


@dataclass(frozen=True)
class LoadReport:
    """How a load ended. status: loaded, or unchanged when the feed says nothing new. counts: by file or kind of
    resource; skipped: resources of kinds that are not used; notes: files and columns that were ignored."""

    status: str
    format: str
    source_system: str
    generation: str | None
    counts: dict[str, Counts] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)
    reject_count: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.status == "unchanged":
            return "Nothing new: this feed says what is known already. Nothing was changed."
        lines = [f"Loaded a feed of the format {self.format} from {self.source_system}."]
        lines += [f"  {source}: {_count_sentence(counts)}" for source, counts in sorted(self.counts.items())]
        lines += [f"  {kind}: {count:,} not used" for kind, count in sorted(self.skipped.items())]
        lines += [f"  {note}" for note in self.notes]
        if self.reject_count:
            lines.append(f"{self.reject_count:,} rows were not loaded; the Data page lists each with the reason.")
        return "\n".join([*lines, *(f"- {defect.sentence}" for defect in self.defects)])


@needs(LOAD_DATA)
def load(wb: Workbench, folder: Path, *, format: str = "auto", progress: Progress | None = None) -> LoadReport:
    """Load a feed: everything in it becomes current at once, or nothing does.

    folder     our CSV tables, Synthea's, or FHIR R4 bundles or NDJSON; `format` says which unless it is 'auto'
    progress   is told what is being done and how much is done, 0 to 1
    Raises DataError for a file that cannot be used and NotAllowed while another load runs; the last good load stays.
    """
    report = progress or _silent
    with wb.clinical.loading(), _without_garbage_collection():
        started_at = wb.now()
        remove_orphans(wb)
        try:
            feed = open_feed(Path(folder), format=format, maps=header_maps.current(wb))
            return _load(wb, feed, started_at, report)
        except CareloopError as error:
            _record_failure(wb, format, started_at, str(error))
            raise
        except Exception as error:
            _record_failure(wb, format, started_at, f"An error in the program: {type(error).__name__}.")
            raise


def refresh(wb: Workbench, *, progress: Progress | None = None) -> None:
    """Evaluate care gaps, panel, open gaps and next appointments for today, unless that was done already.

    progress   is told what is being done and how much is done, 0 to 1
    Facts that an earlier version of the program kept in another layout are made again first.
    """
    make_searchable(wb)
    generation = current(wb)
    if generation is not None and not generation.about().is_current:
        generation = in_this_layout(wb)
    day = today(wb)
    if generation is None or day.evaluation in generation.evaluations():
        return
    draft = wb.clinical.new_day(generation, day.evaluation)
    report = progress or _silent
    shards = shards_of(generation, day, lambda share: report("Finding care gaps", 0.9 * share))
    evaluate_day(draft, shards, day, **practice_of(generation))
    report("Writing care gaps", 0.9)
    with writing(wb.engine) as connection:
        feed_rows.publish_alone(connection)
        is_newest = feed_rows.current_name(connection) == generation.name and today(wb).evaluation == day.evaluation
        if is_newest:  # no load was faster, and no rule was published meanwhile
            publish_day(connection, draft, generation.shards())
    draft.finish()
    wb.clinical.remove_days(generation, keep=_KEPT_DAYS, current=day.evaluation)


def make_searchable(wb: Workbench) -> None:
    """Let everybody be found, also in a home that was loaded before there was a search. Costs nothing afterwards."""
    with reading(wb.engine) as connection:
        if search_keys.is_filled(connection):
            return
    with writing(wb.engine) as connection:
        publishing.make_searchable(connection, current(wb))


def history(wb: Workbench) -> list[LoadRow]:
    """Every load, also those that failed, the latest first."""
    return feed_rows.load_rows(wb.engine)


@needs(READ_PATIENTS)
def rejects(wb: Workbench) -> pl.DataFrame:
    """The rows of the last good load that were not taken: table, file, line, column, reason. Never a value."""
    generation = current(wb)
    return REJECTS.to_frame() if generation is None else generation.rejects().collect()


def defects(wb: Workbench) -> list[Defect]:
    """What was wrong in the last good load and what it costs, those of most patients first."""
    last = feed_rows.load_rows(wb.engine, status="loaded", limit=1)
    return [Defect(**defect) for load_row in last for defect in load_row.defects]


def unmapped_codes(wb: Workbench) -> pl.DataFrame:
    """Codes that mean none of our concepts, those with most events first: system, code, text, events, patients."""
    generation = current(wb)
    return UNMAPPED.to_frame() if generation is None else generation.unmapped().collect()


# ---- a load, step by step ------------------------------------------------------------------------------------------
def _load(wb: Workbench, feed: Feed, started_at: datetime, progress: Progress) -> LoadReport:
    previous = current(wb)
    if previous is None and "patients" not in feed.tables:
        raise DataError(f"{feed.folder.name} has no patients. The first feed must hold the table patients.")
    generator = generated_feeds.require_real(wb, feed)
    source = feed.manifest.source_system or feed.format
    fingerprint = feed.fingerprint()
    if previous and previous.about().fingerprint == fingerprint:
        return _unchanged(wb, feed, source, started_at)
    received_at = (feed.manifest.received_at or started_at).astimezone(UTC)
    zone = wb.zone()
    last_day = max(wb.today(), received_at.astimezone(zone).date())
    intake = Intake(feed, source, received_at, zone, last_day)
    with draft_of(wb) as draft:
        shards = shard_count(feed.size, previous, shard_bytes=wb.clinical.shard_bytes)
        with reading(wb.engine) as connection:
            merging = Merging(merges.known(connection))
        making = Making(draft, previous, intake, Meanings(known_codes(wb.engine)), shards, fingerprint, merging=merging)
        day = today(wb)
        generation = making.make(day, progress=progress)
        if previous and not making.changes and not _is_to_be_told(wb, making):
            return _unchanged(wb, feed, source, started_at, making)
        if not previous and not intake.has_patients():
            raise DataError(f"{feed.folder.name}: no patient could be loaded. Every row was rejected or none is there.")
        by_addresses = generated_feeds.require_real_addresses(wb, feed, generation)
        progress("Writing patients to the database", 0.96)
        found = defects_of(making.patients_with, intake.all_left_out())
        counts = _all_counts(feed, intake)
        with writing(wb.engine) as connection:
            keep_in(wb, connection, merging, source=FEED, on=received_at.astimezone(zone).date())
            publish(wb, connection, generation, day)
            follow_in(wb, connection, merging)
            load_id = add_row(
                wb,
                connection,
                source=source,
                format=feed.format,
                status="loaded",
                started_at=started_at,
                generation=generation.name,
                received_at=received_at,
                counts=counts,
                defects=found,
            )
            feed_quality.keep_in(wb, connection, load_id, making)
            generated_feeds.keep_in(wb, connection, generator, by_addresses)
            record_in(wb, connection, "feed.loaded", generation.name, patients=feed_rows.patient_count(connection))
    remove_orphans(wb)
    progress("Loaded", 1.0)
    reject_count = int(generation.rejects().select(pl.len()).collect().item())
    return LoadReport(
        "loaded",
        feed.format,
        source,
        generation.name,
        counts,
        found,
        reject_count,
        dict(feed.skipped),
        (*feed.notes, *generated_feeds.note(wb, generator or by_addresses)),
    )


def _is_to_be_told(wb: Workbench, making: Making) -> bool:
    """Whether a feed that changes nothing in the clinical data has rows that were refused, or rows of merged ids that
    say no or have contact data of their own."""
    if making.intake.all_rejects().height or making.merging.rows.differing:
        return True
    with reading(wb.engine) as connection:
        return is_news(connection, making.merging)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Rows on their way to the database are millions of small tuples without cycles: looking for some takes time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _unchanged(
    wb: Workbench, feed: Feed, source: str, started_at: datetime, making: Making | None = None
) -> LoadReport:
    """Another feed that says what is known shows that the data is as fresh as it is; the very same files do not."""
    with writing(wb.engine) as connection:
        load_id = add_row(wb, connection, source=source, format=feed.format, status="unchanged", started_at=started_at)
        if making is not None:
            feed_quality.keep_in(wb, connection, load_id, making)
    generation = current(wb)
    return LoadReport("unchanged", feed.format, source, generation.name if generation else None)


def _record_failure(wb: Workbench, format: str, started_at: datetime, message: str) -> None:
    with writing(wb.engine) as connection:
        add_row(wb, connection, source="", format=format, status="failed", started_at=started_at, message=message)


def _all_counts(feed: Feed, intake: Intake) -> dict[str, Counts]:
    used_elsewhere = {kind: Counts(read=count, kept=count) for kind, count in feed.merged.items()}
    return {**used_elsewhere, **intake.counts}


def _count_sentence(counts: Counts) -> str:
    extra = [f"{counts.rejected:,} rejected"] * bool(counts.rejected)
    extra += [f"{counts.repeated:,} repeated"] * bool(counts.repeated)
    return ", ".join([f"{counts.read:,} read", f"{counts.kept:,} kept", *extra])


def _silent(_what: str, _share: float) -> None:
    """Progress that nobody watches."""
