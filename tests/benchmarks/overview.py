"""How fast the Overview page has its figures for 500 campaigns with a million messages, against reading the messages.

    python tests/benchmarks/overview.py [--db sqlite|postgresql] [--campaigns 500] [--messages 1000000] [--folder KEPT]

The roll-ups must be what a full scan of the messages finds. Both answer the same questions: counts of each campaign and
day, and by language. The peer is one statement of SQL for each, over recipients, patients and
outcomes, as a page would ask without roll-ups.

Prints one JSON object a line: {"name", "value", "unit", "target"}.

    overview_<db>_page_ms        all questions of the page, the median of nine
    overview_<db>_group_ms       ... of one group
    overview_<db>_of_a_full_scan the ratio of the page's questions to the scans
    overview_<db>_roll_up_ms     adding up one campaign of its messages anew, the median
    overview_<db>_rows           rows of the roll-ups
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
from sqlalchemy import insert, select, text

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a script finds what lies beside it only

from core import coming, equity, overview, roll_ups
from core.domain.roll_up import Wanted
from core.settings import Settings
from core.store import bulk
from core.store.database import reading, writing
from core.store.schema import campaign_changes, campaigns, groups, outcomes, patients, providers, recipients
from core.workbench import Workbench, open_workbench
from tests import postgres
from tests.clinic import CAMPAIGN

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
GROUPS, PROVIDERS, ROUNDS = 8, 160, 9
STATES = ("delivered", "delivered", "delivered", "returned", "unsuccessful", "not_sent", "waiting")
LANGUAGES = ("en", "en", "en", "es", "vi", None)
RACES = ("White", "Black or African American", "Asian", None)
PAYERS = ("Medicare", "Medicaid", "Commercial", "Self-pay")
CHANNELS = ("email", "text", "phone", "letter")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--campaigns", type=int, default=500)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path, help="keep the SQLite home here and use it again")
    asked = parser.parse_args()
    with ExitStack() as stack:
        wb = _home(stack, asked.db, asked.folder)
        if not _is_filled(wb):
            begun = time.monotonic()
            _fill(wb, asked.campaigns, asked.messages // asked.campaigns)
            _print(f"overview_{asked.db}_filled_s", round(time.monotonic() - begun, 1), "s", None)
        _roll_up(wb, asked.db)
        _measure(wb, asked.db)


def _home(stack: ExitStack, database: str, folder: Path | None) -> Workbench:
    home = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="careloop-bench-")))
    url = f"sqlite:///{home / 'careloop.db'}"
    if database == "postgresql":
        url = stack.enter_context(postgres.database(stack.enter_context(postgres.server())))
    wb = open_workbench(Settings(home=home, database_url=url), clock=lambda: NOW)
    stack.callback(wb.engine.dispose)
    return wb


def _is_filled(wb: Workbench) -> bool:
    with reading(wb.engine) as connection:
        return connection.execute(select(recipients.c.recipient_id).limit(1)).first() is not None


# ---- the messages --------------------------------------------------------------------------------------------------
def _fill(wb: Workbench, count: int, each: int) -> None:
    """Campaigns over two years, each with its own patients, of whom each has one of a few hundred PCPs."""
    with writing(wb.engine) as connection:
        for number in range(GROUPS):
            connection.execute(insert(groups).values(group_id=f"g{number}", name=f"Group {number}"))
        people = [
            {"provider_id": f"d{n}", "last": f"N{n}", "display_name": f"Dr. {n}", "is_pcp": True}
            for n in range(PROVIDERS)
        ]
        connection.execute(insert(providers), people)
        connection.execute(insert(campaigns), [_campaign(number) for number in range(count)])
        bulk.insert_rows(connection, patients, _people(each * 20))
    chance = random.Random(1)
    for first in range(0, count, 50):
        with writing(wb.engine) as connection:
            for number in range(first, min(first + 50, count)):
                sent = _messages(number, each, chance)
                bulk.insert_rows(connection, recipients, sent)
                bulk.insert_rows(connection, outcomes, _became(sent, chance))
    with wb.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What PostgreSQL does by itself within minutes.
        connection.execute(text("VACUUM ANALYZE" if wb.engine.dialect.name == "postgresql" else "SELECT 1"))


def _campaign(number: int) -> dict[str, Any]:
    row = dict(vars(CAMPAIGN))
    messages = {"en": {"subject": "A check-up", "body": "It is time for a check-up."}}
    named = {"campaign_id": f"c{number}", "name": f"Campaign {number}", "name_key": f"campaign {number}"}
    about = {"channel": CHANNELS[number % 4], "status": "completed", "start_on": _day(number), "messages": messages}
    known = {name: row[name] for name in row if name in campaigns.c}
    lists: dict[str, Any] = {"measures": list(row["measures"]), "protocols": [], "fields": {}, "work_list": {}}
    return {**known, **lists, "variant": {}, **named, **about}


def _day(number: int) -> date:
    return date(2026, 11, 20) - timedelta(days=number * 3 // 2)


def _people(count: int) -> pl.DataFrame:
    chance = random.Random(2)
    born = date(1936, 1, 1)
    pcps = [chance.randrange(PROVIDERS) for _ in range(count)]
    made = {
        "patient_id": [f"p{n}" for n in range(count)],
        "last": [f"Example{n}" for n in range(count)],
        "birth_date": [born + timedelta(days=chance.randrange(25_000)) for _ in range(count)],
        "sex": [chance.choice("FM") for _ in range(count)],
        "language": [chance.choice(LANGUAGES) for _ in range(count)],
        "race": [chance.choice(RACES) for _ in range(count)],
        "payer": [chance.choice(PAYERS) for _ in range(count)],
        "group_id": [f"g{pcp % GROUPS}" for pcp in pcps],
        "pcp_id": [f"d{pcp}" for pcp in pcps],
        "status": ["active"] * count,
    }
    return pl.DataFrame(made)


def _messages(number: int, each: int, chance: random.Random) -> pl.DataFrame:
    day = datetime.combine(_day(number), NOW.timetz())
    states = chance.choices(STATES, k=each)
    left = [day + timedelta(days=n % 2) if state in STATES[:5] else None for n, state in enumerate(states)]
    start = number * each % (each * 20)
    made = {
        "recipient_id": range(number * each + 1, (number + 1) * each + 1),
        "campaign_id": [f"c{number}"] * each,
        "patient_id": [f"p{start + n}" for n in range(each)],
        "arm": ["contact"] * each,
        "stratum": [""] * each,
        "message": ["campaign"] * each,
        "state": states,
        "reason": [""] * each,
        "attempt_count": [1] * each,
        "handed_over_at": left,
        "language": ["en"] * each,
    }
    return pl.DataFrame(made, schema_overrides={"handed_over_at": pl.Datetime("us", "UTC")})


def _became(sent: pl.DataFrame, chance: random.Random) -> pl.DataFrame:
    closed = [int(chance.random() < 0.15) for _ in range(sent.height)]
    booked = [_day(1) if chance.random() < 0.2 else None for _ in range(sent.height)]
    return sent.select("recipient_id", "campaign_id", gap_count=pl.lit(1)).with_columns(
        closed_30=pl.lit(0),
        closed_60=pl.lit(0),
        closed_90=pl.Series(closed),
        booked_on=pl.Series(booked, dtype=pl.Date),
        followed_through=pl.lit(date(2026, 11, 20)),
    )


# ---- measuring -----------------------------------------------------------------------------------------------------
def _roll_up(wb: Workbench, database: str) -> None:
    """Add everything up, campaign by campaign."""
    with writing(wb.engine) as connection:
        every = select(campaigns.c.campaign_id)
        connection.execute(insert(campaign_changes).from_select(["campaign_id"], every))
    took = []
    while roll_ups.stale_count(wb):
        took.append(_timed(lambda: roll_ups.refresh(wb, most=1)))
    _print(f"overview_{database}_roll_up_ms", round(median(took), 1), "ms", 200)
    with writing(wb.engine) as connection:
        _print(
            f"overview_{database}_rows", int(connection.scalar(text("SELECT count(*) FROM roll_ups")) or 0), "", None
        )
        connection.execute(text("ANALYZE"))


def _measure(wb: Workbench, database: str) -> None:
    for name, wanted in (("page", Wanted()), ("group", Wanted(group_id="g1"))):
        _page(wb, wanted)
        took = [_timed(partial(_page, wb, wanted)) for _ in range(ROUNDS)]
        _print(f"overview_{database}_{name}_ms", round(median(took), 1), "ms", 1000)
        if name == "page":
            scans = [_timed(lambda: _scans(wb)) for _ in range(3)]
            _print(f"overview_{database}_of_a_full_scan", round(median(took) / median(scans), 3), "x", 0.1)
    _check(wb)


def _page(wb: Workbench, wanted: Wanted) -> None:
    """Every question of the page."""
    overview.choices(wb)
    overview.overview(wb, wanted)
    coming.coming(wb)
    equity.equity(wb, wanted, "language")


_JOINED = """FROM recipients r JOIN patients p ON p.patient_id = r.patient_id
    LEFT JOIN outcomes o ON o.recipient_id = r.recipient_id JOIN campaigns c ON c.campaign_id = r.campaign_id"""
_ARRIVED = "r.state IN ('handed_over', 'delivered', 'unconfirmed', 'mailed')"
_SUMS = f"""count(*), sum(CASE WHEN {_ARRIVED} THEN 1 ELSE 0 END),
    sum(CASE WHEN {_ARRIVED} THEN o.closed_90 ELSE 0 END)"""
_BY_DAY = f"SELECT r.campaign_id, date(r.handed_over_at), {_SUMS} {_JOINED} GROUP BY 1, 2"
_BY_CAMPAIGN = f"SELECT r.campaign_id, {_SUMS} {_JOINED} GROUP BY 1"
_BY_VALUE = f"SELECT p.language, {_SUMS} {_JOINED} GROUP BY 1"


def _scans(wb: Workbench) -> list[Any]:
    with reading(wb.engine) as connection:
        return [connection.execute(text(each)).all() for each in (_BY_DAY, _BY_VALUE)]


def _check(wb: Workbench) -> None:
    """The roll-ups are what the scan finds, for every campaign."""
    kept = overview.overview(wb, Wanted()).campaigns
    found = {row[0]: row[1:] for row in kept.select("campaign_id", "selected", "delivered", "gaps_closed").iter_rows()}
    with reading(wb.engine) as connection:
        scanned = {row[0]: tuple(map(int, row[1:])) for row in connection.execute(text(_BY_CAMPAIGN))}
    assert found == scanned


def _timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


def _print(name: str, value: float, unit: str, target: float | None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target}), flush=True)


if __name__ == "__main__":
    main()
