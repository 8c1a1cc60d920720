"""The Parquet store of clinical data: generations, each a folder that is complete before it counts and never changes.

    clinical/<generation>/about.json                 how it was made; written last
                          <small table>/*.parquet    typed columns of the layout, source_system, received_at
                          events/*.parquet           EVENTS with earlier versions, one file for each shard of patients
                          facts/*.parquet            ARRANGED_FACTS, which name patients and events by their places
                          last/*.parquet             of each patient and concept the last dates and numbers
                          rejects.parquet, unmapped.parquet, left_out.parquet,
                          merged_deaths.parquet
                          as_of=<day>.<rules>/       gaps/*.parquet, people/*.parquet, panel.parquet, vocabularies

Which generation counts is said by the table `loads` in SQL alone. Only evaluations, of a further day or by other rules,
are added later, each as a whole.
"""

import fcntl
import json
import os
import re
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import polars as pl

from core.domain.clinical import ADDED_LATER, EVENTS, FACTS, GAPS
from core.domain.fact_order import ARRANGED_FACTS
from core.errors import Busy
from core.store.fact_files import COMPRESSION, read_concepts, write_facts
from core.store.hashing import probe, shard_of

_ABOUT = "about.json"
_EVALUATED = re.compile(r"as_of=(\d{4}-\d\d-\d\d)\.([0-9a-f]+)")
REJECTS = pl.Schema(
    {"table": pl.String, "file": pl.String, "line": pl.UInt32, "column": pl.String, "reason": pl.String}
)
UNMAPPED = pl.Schema(
    {"system": pl.String, "code": pl.String, "text": pl.String, "events": pl.UInt32, "patients": pl.UInt32}
)
MERGED_DEATHS = pl.Schema({"merged_id": pl.String, "deceased_on": pl.Date})
LEFT_OUT = pl.Schema({"patient_id": pl.String, "column": pl.String, "reason": pl.String})
LAYOUT = 3  # of facts and evaluations: to be raised whenever a column of them changes


@dataclass(frozen=True)
class About:
    """What is kept with a generation: its shards, whether its hashes are comparable, the feed it was made from, and
    in which layout its facts and evaluations are kept."""

    shard_count: int
    hashing: str
    fingerprint: str = ""
    feed_bytes: int = 0
    layout: int = 0  # those written before layouts were counted

    @property
    def is_current(self) -> bool:
        """Whether facts and evaluations can be read. Those of an older layout are made again from the events."""
        return self.layout == LAYOUT


@dataclass(frozen=True, order=True)
class Evaluation:
    """What was evaluated: the day that is asked about, and a mark of the rules, equal for equal rules."""

    as_of: date
    rules: str

    @property
    def folder(self) -> str:
        """The name of its folder in a generation."""
        return f"as_of={self.as_of.isoformat()}.{self.rules}"


@dataclass(frozen=True)
class Generation:
    """One state of the clinical data. Frames are lazy; paths never hold anything of a patient."""

    folder: Path

    @property
    def name(self) -> str:
        """The name of its folder, as in the table `loads`."""
        return self.folder.name

    def about(self) -> About:
        """How it was made."""
        return About(**json.loads((self.folder / _ABOUT).read_text(encoding="utf-8")))

    def shards(self) -> list[int]:
        """The numbers of its shards. All data of one patient is in one shard."""
        return list(range(self.about().shard_count))

    def shard_of(self, patient_id: str) -> int:
        """The shard that holds this patient."""
        about = self.about()
        if about.hashing != probe():  # made on a machine that hashes differently
            found = self._scan("patients", None).filter(pl.col("patient_id") == patient_id)
            for shard in self.shards():
                if _scan(self.folder / "patients" / _file(shard)).join(found, on="patient_id").collect().height:
                    return shard
            return 0
        return int(pl.select(shard_of(pl.lit(patient_id), about.shard_count)).item())

    def table(self, name: str, shard: int | None = None) -> pl.LazyFrame:
        """A small table in the layout's types, with source_system and received_at. Only tables of patients have
        shards; the others are given whole. One that this generation is older than is empty."""
        if name in ADDED_LATER and not any((self.folder / name).glob("*.parquet")):
            return ADDED_LATER[name].to_frame().lazy()
        if shard is not None and not (self.folder / name / _file(shard)).exists():
            shard = None
        return self._scan(name, shard)

    def events(self, shard: int | None = None) -> pl.LazyFrame:
        """EVENTS of one shard or of all, with earlier versions (superseded_at is not null)."""
        return self.stored_events(shard).cast(EVENTS)

    def stored_events(self, shard: int | None = None) -> pl.LazyFrame:
        """`events` as they are kept (core.domain.history.STORED_EVENTS)."""
        return self._scan("events", shard).select(*EVENTS)

    def facts(self, shard: int | None = None) -> pl.LazyFrame:
        """FACTS of one shard or of all."""
        shards = self.shards() if shard is None else [shard]
        return pl.concat([self._facts(number) for number in shards])

    def _facts(self, shard: int) -> pl.LazyFrame:
        patients = self.table("patients", shard).select("patient_id").with_row_index("row")
        events = self.stored_events(shard).select("event_id", "source_system", "received_at").with_row_index("event")
        facts = self.stored_facts(shard).join(patients, on="row").join(events, on="event")
        return facts.select(*FACTS).cast(FACTS)

    def stored_facts(self, shard: int | None = None) -> pl.LazyFrame:
        """`facts` as they are kept (core.domain.fact_order.ARRANGED_FACTS), arranged by the patients of their shard."""
        return self._scan("facts", shard).select(*ARRANGED_FACTS)

    def facts_of(
        self, shard: int, concepts: Collection[str], *, columns: Sequence[str] = tuple(ARRANGED_FACTS)
    ) -> dict[str, pl.DataFrame]:
        """The ARRANGED_FACTS of these concepts in a shard, by concept. Of the others nothing is read."""
        return read_concepts(self.folder / "facts" / _file(shard), concepts, columns=columns)

    def gaps(self, evaluation: Evaluation, shard: int | None = None) -> pl.LazyFrame:
        """GAPS of an evaluation that `evaluations` has."""
        shards = self.shards() if shard is None else [shard]
        return pl.concat([self._gaps(evaluation, number) for number in shards])

    def _gaps(self, evaluation: Evaluation, shard: int) -> pl.LazyFrame:
        patients = self.table("patients", shard).select("patient_id").with_row_index("row")
        stored = self._scan(f"{evaluation.folder}/gaps", shard)
        gaps = stored.join(patients, on="row", maintain_order="left").with_columns(as_of=pl.lit(evaluation.as_of))
        return gaps.select(*GAPS).cast(GAPS)

    def last(self, shard: int) -> pl.LazyFrame:
        """The last facts of each patient of a shard (core.domain.last_facts.LastFacts.table)."""
        return self._scan("last", shard)

    def people(self, evaluation: Evaluation, shard: int | None = None) -> pl.LazyFrame:
        """patient_id, next_appointment_at (UTC), next_appointment_provider_id, last_visit_on and open_measures (ids
        separated by blanks) as of that day."""
        return self._scan(f"{evaluation.folder}/people", shard)

    def panel(self, evaluation: Evaluation) -> pl.LazyFrame:
        """The rows of work lists for that day (core.domain.panel.PANEL with its lab columns)."""
        return _scan(self.folder / evaluation.folder / "panel.parquet")

    def vocabularies(self, evaluation: Evaluation) -> pl.DataFrame:
        """What the codes of that day's panel mean (core.domain.panel_codes.VOCABULARIES)."""
        return pl.read_parquet(self.folder / evaluation.folder / "vocabularies.parquet")

    def rejects(self) -> pl.LazyFrame:
        """Rows that were not loaded: table, file, line, column, reason."""
        return _scan(self.folder / "rejects.parquet")

    def unmapped(self) -> pl.LazyFrame:
        """Codes that mean none of our concepts: system, code, text, events, patients."""
        return _scan(self.folder / "unmapped.parquet")

    def left_out(self) -> pl.LazyFrame:
        """Values of patients that the feed had and nobody can use: patient_id, column, reason. Never a value. Empty in
        generations that were made before this was kept."""
        path = self.folder / "left_out.parquet"
        return _scan(path) if path.exists() else LEFT_OUT.to_frame().lazy()

    def merged_deaths(self) -> pl.LazyFrame:
        """Who has died under an id that was merged: merged_id, deceased_on (null: the day is not known). Empty in
        generations that were made before this was kept."""
        path = self.folder / "merged_deaths.parquet"
        return _scan(path) if path.exists() else MERGED_DEATHS.to_frame().lazy()

    def is_complete(self) -> bool:
        """Whether its folder is here and was written to the end."""
        return (self.folder / _ABOUT).exists()

    def day(self, evaluation: Evaluation) -> "DayDraft":
        """An evaluation that `evaluations` has, to be read."""
        return DayDraft(self.folder / evaluation.folder, self.folder / evaluation.folder)

    def evaluations(self) -> list[Evaluation]:
        """What gaps and panel were evaluated for, the latest day last."""
        found = [_EVALUATED.fullmatch(path.name) for path in self.folder.glob("as_of=*")]
        return sorted(Evaluation(date.fromisoformat(each[1]), each[2]) for each in found if each)

    def _scan(self, name: str, shard: int | None) -> pl.LazyFrame:
        return _scan(self.folder / name / ("*.parquet" if shard is None else _file(shard)))


@dataclass(frozen=True)
class Draft:
    """A generation that is being written. It counts for nobody until a row in `loads` names it."""

    folder: Path

    def write(self, name: str, shard: int, rows: pl.DataFrame) -> None:
        """One shard of a table."""
        place = self.folder / name
        place.mkdir(parents=True, exist_ok=True)
        rows.write_parquet(place / _file(shard), compression=COMPRESSION, statistics=False)

    def write_facts(self, shard: int, facts: pl.DataFrame) -> None:
        """The ARRANGED_FACTS of one shard."""
        (self.folder / "facts").mkdir(exist_ok=True)
        write_facts(self.folder / "facts" / _file(shard), facts)

    def write_whole(self, name: str, rows: pl.DataFrame) -> None:
        """A frame that has no shards: rejects, unmapped ..."""
        rows.write_parquet(self.folder / f"{name}.parquet", compression=COMPRESSION)

    def link(self, name: str, other: Generation) -> None:
        """Take a table of another generation as it is, without copying its bytes where the file system can."""
        place = self.folder / name
        for path in (other.folder / name).glob("*.parquet"):
            place.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, place / path.name)
            except OSError:
                shutil.copyfile(path, place / path.name)

    def day(self, evaluation: Evaluation) -> "DayDraft":
        """A place for an evaluation."""
        return _day_draft(self.folder, evaluation)

    def discard(self) -> None:
        """Delete it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def finish(self, about: About) -> Generation:
        """Everything is written."""
        (self.folder / _ABOUT).write_text(json.dumps(asdict(about)), encoding="utf-8")
        return Generation(self.folder)


@dataclass(frozen=True)
class DayDraft:
    """The evaluation of a day that is being written; it appears under its name as a whole."""

    folder: Path
    target: Path

    def write(self, name: str, shard: int, rows: pl.DataFrame) -> None:
        """One shard of gaps or people."""
        Draft(self.folder).write(name, shard, rows)

    def write_whole(self, name: str, rows: pl.DataFrame) -> None:
        """panel or vocabularies."""
        Draft(self.folder).write_whole(name, rows)

    def read(self, name: str, shard: int) -> pl.DataFrame:
        """One shard of gaps or people."""
        return pl.read_parquet(self.folder / name / _file(shard))

    def finish(self) -> None:
        """Give it its name. When another process was faster, that one's is kept: they hold the same."""
        try:
            self.folder.rename(self.target)
        except OSError:
            shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class ClinicalStore:
    """All generations of clinical data, below one folder of the home. A shard of patients has about `shard_bytes` of
    the feed's text: what is held in memory at once."""

    folder: Path
    shard_bytes: int = 160 << 20

    def generation(self, name: str) -> Generation:
        """The generation of this name, as `loads` has it."""
        return Generation(self.folder / name)

    def new_generation(self, name: str) -> Draft:
        """An empty folder for a new generation."""
        folder = self.folder / name
        folder.mkdir(parents=True, mode=0o700)
        return Draft(folder)

    def new_day(self, generation: Generation, evaluation: Evaluation) -> DayDraft:
        """A place for a further evaluation of a generation."""
        return _day_draft(generation.folder, evaluation)

    def remove_others(self, keep: set[str]) -> None:
        """Delete generations that are not in `keep`: older ones, and what a load that was interrupted left behind."""
        for path in self.folder.iterdir() if self.folder.exists() else ():
            if path.is_dir() and path.name not in keep:
                shutil.rmtree(path, ignore_errors=True)

    def remove_days(self, generation: Generation, *, keep: int, current: Evaluation) -> None:
        """Delete all but the last evaluations and the current one."""
        for evaluation in generation.evaluations()[:-keep]:
            if evaluation != current:
                shutil.rmtree(generation.folder / evaluation.folder, ignore_errors=True)

    @contextmanager
    def loading(self) -> Iterator[None]:
        """One load at a time: a second one is told. The lock is free again when its process ends, however it ends."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "loading.lock").open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy("Another load is running. Wait until it has finished, then load again.") from None
            yield


def _day_draft(folder: Path, evaluation: Evaluation) -> DayDraft:
    target = folder / evaluation.folder
    place = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return DayDraft(place, target)


def _file(shard: int) -> str:
    return f"{shard:04}.parquet"


def _scan(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path)
