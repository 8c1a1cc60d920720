"""How fast a patient is found among a million by a part of a name or number, against a full scan of the same table.

    python tests/benchmarks/search.py [--patients 1000000] [--db sqlite|postgresql] [--folder KEPT]

The people are invented: names as often as in a country of mixed descent, with a long tail of rare ones; numbers of the
exchange 555 in 300 area codes. Three of five had a confirmed appointment in two years; some were sent a message.

The scan answers the same question in one pass over the rows: each word by LIKE in the folded names or numbers, those
contacted lately first, in the order of names; the first 101 of them and of the others. It may not use an index. What it
finds must be what the search finds. Both ask the whole question; the search also reads the people whom it shows.

Prints one JSON object a line: {"name", "value", "unit", "target"}; by database and kind of question the median and the
ratio of the medians, and last the slowest single search.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import polars as pl
from sqlalchemy import Connection, insert, text

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a script finds what lies beside it only

from core import patient_search
from core.domain import search_query
from core.settings import Settings
from core.store import campaigns, feed_rows
from core.store.database import reading, writing
from core.store.schema import patients, recipients
from core.workbench import Workbench, open_workbench
from tests import postgres
from tests.clinic import CAMPAIGN

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
TODAY = date(2026, 11, 24)
SAMPLES, SCANS, PIECE = 25, 3, 50_000
FIRST = (
    "Maria James Mary John Robert Michael José David Linda Ana Juan William Elizabeth Carlos Li Wei Fatima Anne-Marie"
)
LAST = "Smith Garcia Johnson Nguyen Williams Martínez Brown Jones Rodríguez Lee Miller Davis Li O'Brien Patel Müller"
KINDS = (
    "last_four", "exchange_and_line", "area_and_exchange", "middle", "whole_number", "common_last", "common_first",
    "rare_name", "first_and_last", "initial_and_last", "first_letters", "accents", "name_and_digits",
)  # fmt: skip


@dataclass(frozen=True)
class Someone:
    """Whom a question is made about."""

    first: str
    last: str
    number: str  # ten digits


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument("--folder", type=Path, help="keep the SQLite home here and use it again")
    asked = parser.parse_args()
    for database in (asked.db,) if asked.db else ("sqlite", "postgresql"):
        with ExitStack() as stack:
            _measure(database, _home(stack, database, asked.patients, asked.folder), asked.patients)


def _home(stack: ExitStack, database: str, count: int, folder: Path | None) -> Workbench:
    home = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="careloop-bench-")))
    url = f"sqlite:///{home / 'careloop.db'}"
    if database == "postgresql":
        url = stack.enter_context(postgres.database(stack.enter_context(postgres.server())))
    wb = open_workbench(Settings(home=home, database_url=url), clock=lambda: NOW)
    stack.callback(wb.engine.dispose)
    with reading(wb.engine) as connection:
        is_filled = feed_rows.patient_count(connection) == count
    if not is_filled:
        begun = time.monotonic()
        _fill(wb, count)
        _print(f"search_{database}_filled_s", round(time.monotonic() - begun, 1), "s", None)
    return wb


# ---- the people ----------------------------------------------------------------------------------------------------
def _fill(wb: Workbench, count: int) -> None:
    with writing(wb.engine) as connection:
        feed_rows.put_patients(
            connection, (_people(start, min(PIECE, count - start)) for start in range(0, count, PIECE))
        )
        campaigns.add(connection, CAMPAIGN, patient_ids=[])
        sent = [
            {"campaign_id": "c1", "patient_id": f"P{n}", "handed_over_at": NOW - timedelta(days=n % 180)}
            for n in range(0, count, 10)
        ]
        connection.execute(insert(recipients), sent)
    with wb.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What PostgreSQL does by itself within minutes.
        connection.execute(text("VACUUM ANALYZE" if wb.engine.dialect.name == "postgresql" else "SELECT 1"))


def _people(start: int, size: int) -> pl.DataFrame:
    chance = random.Random(start)
    everybody = [_someone(chance) for _ in range(size)]
    home = [_e164(_number(chance)) if chance.random() < 0.7 else None for _ in range(size)]
    seen = [TODAY - timedelta(days=chance.randrange(-200, 700)) if chance.random() < 0.6 else None for _ in range(size)]
    made = {
        "patient_id": [f"P{n}" for n in range(start, start + size)],
        "first": [each.first for each in everybody],
        "middle": [chance.choice("ABCDEJLMRS") if chance.random() < 0.5 else None for _ in range(size)],
        "last": [each.last for each in everybody],
        "phone_mobile": [_e164(each.number) for each in everybody],
        "phone_home": home,
        "last_confirmed_on": seen,
        "status": ["active"] * size,
        "group_id": [f"G{n % 8}" for n in range(size)],
        "pcp_id": [f"D{n % 400}" for n in range(size)],
        "address1": [f"{n} Example Street" for n in range(size)],
        "birth_date": [TODAY - timedelta(days=chance.randrange(90 * 365)) for _ in range(size)],
    }
    named = {"text_consent": "sms_consent", "text_consent_on": "sms_consent_on", "phone_consent": "voice_consent"}
    named |= {"text_consent_source": "sms_consent_source"}
    names = [named.get(column.name, column.name) for column in patients.columns]
    blank = [pl.lit(None).alias(name) for name in names if name not in made]
    return pl.DataFrame(made).with_columns(blank)


def _someone(chance: random.Random) -> Someone:
    return Someone(_name(chance, FIRST.split()), _name(chance, LAST.split()), _number(chance))


def _name(chance: random.Random, common: list[str]) -> str:
    """A quarter have one of the common names, the first ones most often; the others one of very many."""
    if chance.random() < 0.25:
        return common[min(int(chance.expovariate(0.35)), len(common) - 1)]
    syllables = chance.choices(
        ("ba", "cor", "da", "el", "fin", "gar", "ho", "ia", "jen", "ka", "lo", "mar", "ne", "ri", "sa", "ton"), k=3
    )
    return "".join(syllables).capitalize()  # fmt: skip


def _number(chance: random.Random) -> str:
    return f"{200 + int(300 * chance.random() ** 3)}555{chance.randrange(10_000):04}"


def _e164(number: str) -> str:
    return f"+1{number}"


# ---- the questions -------------------------------------------------------------------------------------------------
def _question(chance: random.Random, kind: str) -> str:
    each = _someone(chance)
    number, common_first, common_last = each.number, chance.choice(FIRST.split()), chance.choice(LAST.split())
    start = chance.randrange(1, 6)
    return {
        "last_four": number[6:],
        "exchange_and_line": f"{number[3:6]}-{number[6:]}",
        "area_and_exchange": f"({number[:3]}) {number[3:6]}",
        "middle": number[start : start + chance.choice((4, 5))],
        "whole_number": f"+1 ({number[:3]}) {number[3:6]}-{number[6:]}",
        "common_last": common_last,
        "common_first": common_first,
        "rare_name": _name(random.Random(chance.random()), ["Garmarton"]),
        "first_and_last": f"{common_first} {common_last}",
        "initial_and_last": f"{common_first[0]} {common_last}",
        "first_letters": chance.choice((each.first, each.last))[:3],
        "accents": chance.choice(("JOSÉ", "garcía", "martinez", "Müller", "mueller", "rodriguez jose")),
        "name_and_digits": f"{common_first} {number[6:]}",
    }[kind]


def _questions(kind: str) -> Iterator[str]:
    chance = random.Random(kind)
    while True:
        typed = _question(chance, kind)
        if search_query.leads(search_query.read(typed)):
            yield typed


# ---- measuring -----------------------------------------------------------------------------------------------------
def _measure(database: str, wb: Workbench, count: int) -> None:
    worst, label = 0.0, f"search_{database}" + ("" if count == 1_000_000 else f"_{count}")
    for kind in KINDS:
        typed = [each for each, _ in zip(_questions(kind), range(SAMPLES), strict=False)]
        patient_search.find(wb, typed[0])
        took, scans = [_timed(wb, each) for each in typed], [_scan(wb, each) for each in typed[:SCANS]]
        worst = max(worst, *took)
        _print(f"{label}_{kind}_ms", round(median(took), 1), "ms", 100)
        _print(f"{label}_{kind}_of_a_full_scan", round(median(took) / median(scans), 3), "x", 0.1)
    _print(f"{label}_worst_ms", round(worst, 1), "ms", None)


def _timed(wb: Workbench, typed: str) -> float:
    begun = time.perf_counter()
    patient_search.find(wb, typed)
    return 1000 * (time.perf_counter() - begun)


def _scan(wb: Workbench, typed: str) -> float:
    """Milliseconds of a scan; it must find the same."""
    question, values = _sql(wb, typed)
    with reading(wb.engine) as connection:
        _without_indexes(connection)
        begun = time.perf_counter()
        rows = connection.execute(text(question), values).all()
        took = 1000 * (time.perf_counter() - begun)
    lately = [row.patient_id for row in rows if row.is_lately][:101]
    others = min(101, sum(not row.is_lately for row in rows)) if len(lately) <= patient_search.MOST else 0
    found = patient_search.find(wb, typed)
    assert [person.patient_id for person in found.people] == lately[: patient_search.MOST], (typed, lately)
    assert (found.is_more, found.others) == (len(lately) > patient_search.MOST, others), (typed, others)
    return took


def _sql(wb: Workbench, typed: str) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {"on": date(2024, 11, 24), "at": datetime(2026, 8, 26, 5, tzinfo=UTC)}
    tests = []
    for word in search_query.read(typed):
        either = []
        for pieces in word.alternatives:
            every = []
            for piece in pieces:
                name = f"w{len(values)}"
                if piece.kind == search_query.NUMBER:
                    every.append(f"(phone_mobile LIKE :{name} OR phone_home LIKE :{name})")
                    values[name] = f"%{piece.text}%"
                else:
                    every.append(f"search_names LIKE :{name}")
                    values[name] = f"% {piece.text}{'' if piece.kind == search_query.BEGINS else ' '}%"
            either.append(" AND ".join(every))
        tests.append("(" + " OR ".join(f"({each})" for each in either) + ")")
    lately = (
        "(coalesce(last_confirmed_on >= :on, false) OR coalesce((SELECT max(handed_over_at) FROM recipients r "
        "WHERE r.patient_id = p.patient_id) >= :at, false))"
    )
    limited = "ORDER BY sort_name, patient_id LIMIT 101"
    source = "patients AS p NOT INDEXED" if wb.engine.dialect.name == "sqlite" else "patients AS p"
    question = f"""
        WITH matching AS MATERIALIZED (
            SELECT patient_id, sort_name, {lately} AS is_lately FROM {source} WHERE {" AND ".join(tests)})
        SELECT * FROM (SELECT * FROM matching WHERE is_lately {limited}) AS one
        UNION ALL SELECT * FROM (SELECT * FROM matching WHERE NOT is_lately {limited}) AS two"""
    return question, {**values, **({} if wb.engine.dialect.name == "postgresql" else _texts(values))}


def _texts(values: dict[str, object]) -> dict[str, object]:
    return {name: re.sub("T", " ", value.isoformat()[:19]) for name, value in values.items() if isinstance(value, date)}


def _without_indexes(connection: Connection) -> None:
    """Of the patients; the messages of a patient are found by an index in both."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL enable_seqscan = on"))
        connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 2"))


def _print(name: str, value: float, unit: str, target: float | None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target}), flush=True)


if __name__ == "__main__":
    main()
