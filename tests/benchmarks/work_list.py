"""A saved view on a panel of 1,000,000 patients against DuckDB's CPU time for the same question on the same data.

Run with `python tests/benchmarks/work_list.py [ROWS]`. Both answer: the first page of 100 in order, how many patients
are found, and how many in each group. DuckDB is asked in the fastest of several ways of writing it: its filter on
text lists as a search in each text or, easier than what the work list does, as membership of the whole texts; page
and counts by two questions or from one temporary table. Beside the natural columns it is also given our coded ones.
"""

import argparse
import json
import random
import resource
import statistics
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl

from core.domain.found import find
from core.domain.panel import PANEL
from core.domain.panel_codes import PanelTables, merge_panel
from core.domain.panel_frame import Panel, open_panel
from core.domain.period import Period
from core.domain.user import Scope
from core.domain.work_list import Filter, Sort, WorkList

ROWS = 1_000_000
TODAY = date(2026, 11, 24)
REPETITIONS = 15
GROUPS = {f"g{n}": f"Group {n:02}" for n in range(20)}
PROVIDERS = {f"p{n}": f"Dr. Provider {n:03}" for n in range(400)}
MEASURES = {
    "scr-mammogram": "Scr: Mammogram Overdue",
    "scr-colorectal": "Scr: Colorectal Screening Overdue",
    "imm-flu": "Imm: Missing Influenza Vaccination",
    "dm-a1c": "DM: HbA1c Overdue",
    "dm-a1c-high": "DM: HbA1c Above 9",
    **{f"m-{n}": f"Measure {n:02}: Overdue" for n in range(15)},
}
CONDITIONS = [f"Condition {n:03}" for n in range(120)]
VIEW = WorkList(
    groups=tuple(f"g{n}" for n in range(0, 20, 2)),
    filters=(
        (
            Filter("status", "equals", "Active"),
            Filter("alerts", "contains", "mammogram"),
            Filter("next_appointment", "not_in_next", Period(1, "months")),
            Filter("email", "not_empty"),
            Filter("age", "between", (50, 74)),
        ),
    ),
    sorts=(Sort("alert_count", descending=True), Sort("name")),
    columns=("name", "age", "alerts", "alert_count", "next_appointment", "group", "email"),
)

SHOWN = {
    "natural": 'patient_id, name, age, alerts, alert_count, next_appointment_on, "group", email',
    "coded": "patient_id, name, age, alerts, alert_count, next_appointment_on, grp, email",
}
DATES = "(next_appointment_on IS NULL OR NOT next_appointment_on BETWEEN DATE '2026-11-24' AND DATE '2026-12-24')"
CONTACT = f"{DATES} AND email IS NOT NULL AND age BETWEEN 50 AND 74"
CHOSEN = '"group" IN (' + ", ".join(f"'{GROUPS[key]}'" for key in VIEW.groups) + ") AND status = 'Active'"
WHERE = {
    "any text": f"{CHOSEN} AND len(list_filter(alerts, lambda x: x ILIKE '%mammogram%')) > 0 AND {CONTACT}",
    "joined": f"{CHOSEN} AND array_to_string(alerts, '|') ILIKE '%mammogram%' AND {CONTACT}",
    "membership": f"{CHOSEN} AND list_contains(alerts, 'Scr: Mammogram Overdue') AND {CONTACT}",
}
Answer = tuple[list[str], int, dict[Any, int]]  # ids of the first page, number found, number by group


def parts(rows: int) -> Iterator[pl.DataFrame]:
    """The panel in words, as `build_panel` makes it, 50,000 patients at a time."""
    chance = random.Random(7)
    for start in range(0, rows, 50_000):
        yield _part(chance, start, min(50_000, rows - start))


def _part(chance: random.Random, start: int, size: int) -> pl.DataFrame:
    last = [f"{chance.choice('BCDFGLMPRST')}{chance.choice('aeiou')}{chance.choice(_ENDS)}" for _ in range(size)]
    first = [f"{chance.choice('ABCDEFGHJKLMN')}{chance.choice(_ENDS)}" for _ in range(size)]
    births = [TODAY - timedelta(days=chance.randrange(95 * 365)) for _ in range(size)]
    alerts = [_gaps(chance) for _ in range(size)]
    words: dict[str, list[Any]] = {
        "patient_id": [f"P{n:07}" for n in range(start, start + size)],
        "name": [f"{a}, {b}" for a, b in zip(last, first, strict=True)],
        "name_search": [f"{a}, {b}\n{b} {a}".lower() for a, b in zip(last, first, strict=True)],
        "birth_date": births,
        "age": [TODAY.year - b.year - ((TODAY.month, TODAY.day) < (b.month, b.day)) for b in births],
        "sex": chance.choices(("F", "M", "U"), (50, 48, 2), k=size),
        "status": chance.choices(("active", "inactive", "deceased"), (88, 9, 3), k=size),
        "group": chance.choices(list(GROUPS), k=size),
        "pcp": chance.choices([*PROVIDERS, None], k=size),
        "care_manager": chance.choices([None, "p1", "p2"], (90, 5, 5), k=size),
        "language": chance.choices(("en", "es", "vi", None), (75, 15, 2, 8), k=size),
        "payer": chance.choices(("Medicare Part B", "Medicaid", "Blue Plan", "Self pay"), k=size),
        "email": [f"u{chance.randrange(10**9)}@example.org" if chance.random() < 0.7 else None for _ in range(size)],
        "phone_mobile": [f"+1555{chance.randrange(10**7):07}" for _ in range(size)],
        "phone_home": [f"+1555{chance.randrange(10**7):07}" if chance.random() < 0.5 else None for _ in range(size)],
        "next_appointment_on": [_day(chance, 1, 180, share=0.35) for _ in range(size)],
        "last_visit_on": [_day(chance, -900, 0, share=0.85) for _ in range(size)],
        "alerts": [sorted(keys) for keys in alerts],
        "alert_count": [len(keys) for keys in alerts],
        "conditions": [sorted(chance.sample(CONDITIONS, chance.randrange(6))) for _ in range(size)],
    }
    coded = ("sex", "status", "group", "pcp", "care_manager", "language", "payer", "race", "ethnicity", "zip3")
    shape = {
        **PANEL,
        **dict.fromkeys(coded, pl.String()),
        **dict.fromkeys(("alerts", "conditions"), pl.List(pl.String)),
    }
    return pl.DataFrame(words, schema=shape)


_ENDS = [a + b + c for a in ("ar", "en", "il", "or", "un") for b in "dklmnrst" for c in ("", "a", "er", "ing", "son")]


def _gaps(chance: random.Random) -> set[str]:
    """Up to three open gaps; a mammogram is overdue for nearly every fifth patient."""
    own = {"scr-mammogram"} if chance.random() < 0.12 else set()
    return own | set(chance.sample(list(MEASURES), chance.choice((0, 0, 1, 1, 2, 3))))


def _day(chance: random.Random, low: int, high: int, *, share: float) -> date | None:
    return TODAY + timedelta(days=chance.randint(low, high)) if chance.random() < share else None


def tables(rows: int) -> PanelTables:
    """The panel as the clinical store keeps it."""
    names = dict.fromkeys(("provider_id", "first", "last", "credential", "display_name"), pl.String)
    return merge_panel(
        parts(rows),
        groups=pl.DataFrame({"group_id": list(GROUPS), "name": list(GROUPS.values())}),
        providers=pl.DataFrame([{"provider_id": k, "display_name": v} for k, v in PROVIDERS.items()], schema=names),
        measures=pl.DataFrame({"measure_id": list(MEASURES), "name": list(MEASURES.values())}),
        concepts=pl.DataFrame(schema={"concept": pl.String, "kind": pl.String, "name": pl.String}),
    )


def ours(panel: Panel) -> Answer:
    """What the Work list page asks at each run."""
    found = find(panel, VIEW, scope=Scope(), live=_never)
    page = found.page(0, 100)
    return page["patient_id"].to_list(), found.count, dict(found.by_group().select("name", "count").iter_rows())


def _never(_key: str, _ids: pl.Series) -> pl.Series:
    raise AssertionError("the view has no live field")


def duck_natural(database: Any, where: str, *, once: bool) -> Answer:
    """The same of a table with texts, lists of texts and dates, as an analyst would lay it out."""
    order = "ORDER BY alert_count DESC, name, patient_id LIMIT 100"
    return _duck(database, SHOWN["natural"], "plain", where, order, group='"group"', once=once)


def duck_coded(database: Any, where: str, *, once: bool) -> Answer:
    """The same of our own columns: codes, numbers of sets of alerts, rows in the order of names."""
    order = "ORDER BY alert_count DESC, place LIMIT 100"
    return _duck(database, SHOWN["coded"] + ", place", "coded", where, order, group="grp", once=once)


def _duck(database: Any, shown: str, table: str, where: str, order: str, *, group: str, once: bool) -> Answer:
    source, condition = table, f"WHERE {where}"
    if once:
        database.execute(f"CREATE OR REPLACE TEMP TABLE found AS SELECT {shown} FROM {table} WHERE {where}")
        source, condition = "found", ""
    page = database.execute(f"SELECT {shown} FROM {source} {condition} {order}").fetchall()
    counts = dict(database.execute(f"SELECT {group}, count(*) FROM {source} {condition} GROUP BY {group}").fetchall())
    return [row[0] for row in page], sum(counts.values()), counts


def connect(panel: Panel) -> Any:
    """DuckDB with the panel as two native tables."""
    database = duckdb.connect()
    words = {column: pl.Series(known.texts, dtype=pl.String) for column, known in panel.words.items()}
    natural = panel.frame.with_columns(
        *(words[c].gather(panel.frame[c]).alias(c) for c in words if c not in panel.sets),
        *(panel.sets[c].list.eval(_texts(words[c])).gather(panel.frame[c]).alias(c) for c in panel.sets),
    ).drop("name_search", "name_rank")
    coded = panel.frame.with_row_index("place").rename({"group": "grp"}).drop("name_search")
    shuffled = natural.sample(fraction=1, shuffle=True, seed=1)  # a table is not kept in the order of names
    for name, frame in (("plain", shuffled), ("coded", coded)):
        database.register("frame", frame.to_arrow())
        database.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
        database.unregister("frame")
    return database


def _texts(words: pl.Series) -> pl.Expr:
    return pl.element().replace_strict(list(range(words.len())), words.to_list(), return_dtype=pl.String)


def coded_where(panel: Panel) -> str:
    """The view's filters in our codes."""
    groups = [n for n, key in enumerate(panel.words["group"].keys) if key in VIEW.groups]
    active = panel.words["status"].keys.index("active")
    mammogram = panel.words["alerts"].keys.index("scr-mammogram")
    sets = panel.sets["alerts"].list.contains(mammogram).arg_true().to_list()
    return f"grp IN ({_list(groups)}) AND status = {active} AND alerts IN ({_list(sets)}) AND {CONTACT}"


def _list(codes: list[int]) -> str:
    return ", ".join(map(str, codes))


def cpu_ms(answer: Callable[[], Answer]) -> float:
    """Median CPU time of the whole process, all its threads, in milliseconds."""
    times = []
    for _ in range(REPETITIONS + 2):
        before = resource.getrusage(resource.RUSAGE_SELF)
        answer()
        after = resource.getrusage(resource.RUSAGE_SELF)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times[2:]) * 1000


def fastest(expected: Answer, ways: dict[str, Callable[[], Answer]], panel: Panel) -> tuple[str, float]:
    """The way that costs least. Each must give the same rows and counts."""
    measured = {}
    for name, way in ways.items():
        page, count, groups = way()
        texts = panel.words["group"].texts
        named = {texts[key] if isinstance(key, int) else key: number for key, number in groups.items()}
        assert (page, count, named) == expected, f"DuckDB answers differently when asked by {name}"
        measured[name] = cpu_ms(way)
    best = min(measured, key=lambda name: measured[name])
    return best, measured[best]


def main() -> None:
    """Print one JSON object a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="?", default=ROWS)
    rows = parser.parse_args().rows
    kept = tables(rows)
    panel = open_panel(kept.panel, kept.vocabularies, as_of=TODAY)
    database = connect(panel)
    expected = ours(panel)
    in_codes = coded_where(panel)
    natural: dict[str, Callable[[], Answer]] = {
        f"{name}, {'one table' if once else 'two questions'}": lambda where=where, once=once: duck_natural(  # type: ignore[misc]
            database, where, once=once
        )
        for name, where in WHERE.items()
        for once in (True, False)
    }
    coded: dict[str, Callable[[], Answer]] = {
        "one table": lambda: duck_coded(database, in_codes, once=True),
        "two questions": lambda: duck_coded(database, in_codes, once=False),
    }
    natural_way, natural_ms = fastest(expected, natural, panel)
    coded_way, coded_ms = fastest(expected, coded, panel)
    own_ms = cpu_ms(lambda: ours(panel))
    for name, value, unit, target, note in (
        (
            "work_list_vs_duckdb",
            own_ms / natural_ms,
            "ratio",
            0.5,
            f"DuckDB's fastest of {len(natural)}: {natural_way}",
        ),
        ("work_list_ms", own_ms, "ms CPU", None, f"{expected[1]} of {rows} patients found"),
        ("work_list_duckdb_ms", natural_ms, "ms CPU", None, natural_way),
        ("work_list_vs_duckdb_on_codes", own_ms / coded_ms, "ratio", None, f"DuckDB given our codes: {coded_way}"),
        ("work_list_duckdb_on_codes_ms", coded_ms, "ms CPU", None, coded_way),
    ):
        print(json.dumps({"name": name, "value": round(value, 3), "unit": unit, "target": target, "note": note}))


if __name__ == "__main__":
    main()
