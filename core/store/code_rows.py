"""The SQL questions of codes: what the practice maps itself, and the value sets that it loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, Engine, delete, func, insert, select

from core.store.bulk import CHUNK, delete_rows, insert_rows
from core.store.database import reading
from core.store.schema import code_map, value_set_codes, value_sets

_TEXT = pl.String()
_MOMENT = pl.Datetime("us", "UTC")
CODE_KEY = ("source_system", "system", "code")
OWN_CODES = pl.Schema(dict.fromkeys((*CODE_KEY, "concept"), _TEXT))
MAPPED_CODES = pl.Schema({**OWN_CODES, "text": _TEXT, "loaded_at": _MOMENT, "loaded_by": _TEXT})
SET_CODES = pl.Schema(dict.fromkeys(("value_set", "system", "code", "display"), _TEXT))


@dataclass(frozen=True)
class LoadedSet:
    """A value set that the organisation loaded. code_counts: how many codes of each system."""

    value_set: str
    title: str
    version: str
    loaded_at: datetime
    loaded_by: str
    code_counts: Mapping[str, int]


def own_codes(engine: Engine) -> pl.DataFrame:
    """The practice's own mapping, OWN_CODES: source_system ('' = every feed), system, code, concept."""
    return mapped_codes(engine).select(*OWN_CODES)


def mapped_codes(engine: Engine) -> pl.DataFrame:
    """The same with the words of the code, when and by whom, the latest first: MAPPED_CODES."""
    question = select(*(code_map.c[name] for name in MAPPED_CODES)).order_by(
        code_map.c.loaded_at.desc(), *(code_map.c[name] for name in OWN_CODES)
    )
    with reading(engine) as connection:
        rows = connection.execute(question).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=MAPPED_CODES, orient="row")


def put_codes(connection: Connection, rows: pl.DataFrame, *, at: datetime, by: str) -> None:
    """Add rows (source_system, system, code, concept, text). They replace what these codes meant before."""
    delete_rows(connection, code_map, rows.select(CODE_KEY).unique(), CODE_KEY)
    insert_rows(connection, code_map, rows.with_columns(loaded_at=pl.lit(at), loaded_by=pl.lit(by)))


def remove_codes(connection: Connection, rows: pl.DataFrame) -> None:
    """Take these rows (OWN_CODES) out of the code map."""
    delete_rows(connection, code_map, rows.select(*OWN_CODES), list(OWN_CODES))


# ---- value sets ------------------------------------------------------------------------------------------------------
def loaded_sets(engine: Engine) -> dict[str, LoadedSet]:
    """Every loaded value set by its identifier."""
    counted = select(value_set_codes.c.value_set, value_set_codes.c.system, func.count()).group_by(
        value_set_codes.c.value_set, value_set_codes.c.system
    )
    with reading(engine) as connection:
        counts: dict[str, dict[str, int]] = {}
        for identifier, system, count in connection.execute(counted.order_by(func.count().desc())):
            counts.setdefault(identifier, {})[system] = count
        rows = connection.execute(select(value_sets).order_by(value_sets.c.value_set)).mappings()
        return {row["value_set"]: LoadedSet(**row, code_counts=counts.get(row["value_set"], {})) for row in rows}


def loaded_codes(engine: Engine) -> pl.DataFrame:
    """SET_CODES of every loaded value set."""
    question = select(*(value_set_codes.c[name] for name in SET_CODES)).execution_options(yield_per=CHUNK)
    with reading(engine) as connection:
        pieces = [
            pl.DataFrame([tuple(row) for row in part], schema=SET_CODES, orient="row")
            for part in connection.execute(question).partitions()
        ]
    return pl.concat([SET_CODES.to_frame(), *pieces])


def replace_sets(
    connection: Connection, sets: Mapping[str, tuple[str, str]], codes: pl.DataFrame, *, at: datetime, by: str
) -> None:
    """Value sets (identifier to title and version) with exactly these SET_CODES, whatever they held before."""
    if not sets:
        return
    named = list(sets)
    connection.execute(delete(value_set_codes).where(value_set_codes.c.value_set.in_(named)))
    connection.execute(delete(value_sets).where(value_sets.c.value_set.in_(named)))
    rows = [
        {"value_set": name, "title": title, "version": version, "loaded_at": at, "loaded_by": by}
        for name, (title, version) in sets.items()
    ]
    connection.execute(insert(value_sets), rows)
    insert_rows(connection, value_set_codes, codes.select(*SET_CODES))
