"""Opt-outs of a feed: they are added, and never changed or taken back by a feed that says less or nothing.

docs/decisions/opt-outs-of-a-feed.md
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection

from core import opt_out_topics
from core.domain.opt_out import FEED, PROTOCOL, TYPES, OptOut
from core.domain.wish import addresses_used
from core.store import address_owners, feed_opt_out_rows
from core.store.feed_opt_out_rows import Known
from core.workbench import Workbench

_TYPE_WORDS = {key: key for key in TYPES} | {kind.name.lower(): key for key, kind in TYPES.items()}
_LONGEST_ID = 90  # of a feed's id in a key, which has 128 characters
_MARKS = frozenset("#~")


def add(wb: Workbench, connection: Connection, rows: pl.DataFrame, *, zone: ZoneInfo) -> int:
    """Add what a generation's table opt_outs says beyond what is known; returns how many rows. In the caller's
    transaction, after the patients were written."""
    stated = list(_stated(_named(wb, rows), zone=zone))
    if not stated:
        return 0
    known = _known(connection)
    stated = [_renewed(each, known, zone=zone) for each in stated]
    new: dict[str, OptOut] = {}
    for each in _with_addresses(wb, connection, stated, known):
        if _is_new(each, known, zone=zone):
            new[_key(each, known)] = each.opt_out
    return feed_opt_out_rows.add(connection, new, at=wb.now(), by=wb.user.user_id)


def type_key(column: pl.Expr) -> pl.Expr:
    """The key of an opt-out type given as its key or name. A word that is not known stays: it counts as Global."""
    text = column.str.strip_chars().str.to_lowercase()
    key = text.replace_strict(_TYPE_WORDS, default=None, return_dtype=pl.String)
    return pl.coalesce(key, text.str.replace_all(r"[^a-z0-9]+", "_").str.slice(0, 32))


def _named(wb: Workbench, rows: pl.DataFrame) -> pl.DataFrame:
    """Where a feed gives a health topic as the type ('Diabetes'), it is an opt-out of that topic."""
    key = type_key(pl.col("type"))
    if rows.filter(~key.is_in(list(TYPES))).is_empty():
        return rows
    by_word = {topic.casefold(): topic for topic in opt_out_topics.topics(wb)}
    word = pl.col("type").str.strip_chars().str.to_lowercase()
    topic = word.replace_strict(by_word, default=None, return_dtype=pl.String)
    is_topic = topic.is_not_null() & ~key.is_in(list(TYPES))
    return rows.with_columns(
        type=pl.when(is_topic).then(pl.lit(PROTOCOL)).otherwise("type"),
        protocol=pl.when(is_topic).then(topic).otherwise("protocol"),
    )


@dataclass(frozen=True)
class _Stated:
    """What a feed says under an id of its own (`base`), about one patient or address (`suffix` tells them apart), and
    the day it gives for it."""

    base: str
    suffix: str
    opt_out: OptOut
    made_on: date | None


def _base(feed_id: str) -> str:
    """The feed's id as it stands in keys: short, and without the marks that keys have behind it."""
    if len(feed_id) <= _LONGEST_ID and not _MARKS & set(feed_id):
        return feed_id
    return f"{re.sub('[#~]', '_', feed_id[:60])}_{_hash(feed_id)}"


def _stated(rows: pl.DataFrame, *, zone: ZoneInfo) -> Iterator[_Stated]:
    """One for each patient or address that a feed's opt-out names; one with a number and an email makes two."""
    received = pl.col("received_at").dt.convert_time_zone(zone.key).dt.date()
    read = rows.with_columns(
        type=type_key(pl.col("type")),
        protocol=pl.col("protocol").str.slice(0, 64),
        starts_on=pl.coalesce("made_on", received),
        until=pl.when((pl.col("until") < pl.col("made_on")).fill_null(False)).then(None).otherwise("until"),  # unclear
        reason=pl.col("reason").fill_null("Other"),
    )
    for row in read.unique("opt_out_id", keep="last", maintain_order=True).iter_rows(named=True):
        base, email, phone = _base(row["opt_out_id"]), row["email"], row["phone"]
        opt_out = _opt_out(base, row)
        if email or phone or opt_out.patient_id:
            yield _Stated(base, "", replace(opt_out, address=email or phone), row["made_on"])
        if email and phone:
            yield _Stated(base, "#phone", replace(opt_out, address=phone), row["made_on"])


def _opt_out(base: str, row: dict[str, Any]) -> OptOut:
    fields = ("type", "protocol", "starts_on", "until", "patient_id", "reason")
    wish_id = _wish_id(base, row["type"], row["protocol"], row["until"])
    return OptOut(**{name: row[name] for name in fields}, source=FEED, wish_id=wish_id)


def _with_addresses(
    wb: Workbench, connection: Connection, stated: list[_Stated], known: dict[str, list[Known]]
) -> Iterator[_Stated]:
    """Those on a patient alone also count for the addresses that nobody else has, so that they last when the patient
    comes under another id; not when somebody has taken them back."""
    removed = {(each.wish_id, each.patient_id) for those in known.values() for each in those if each.removed_at}
    ids = {each.opt_out.patient_id for each in stated if each.opt_out.patient_id and not each.opt_out.address}
    addresses = address_owners.addresses(connection, ids)
    everything = {address for have in addresses.values() for address in have.values()}
    owners = address_owners.owners(connection, everything, on=wb.today())
    for each in stated:
        yield each
        opt_out = each.opt_out
        if opt_out.address or (opt_out.wish_id, opt_out.patient_id) in removed:
            continue
        have = addresses.get(opt_out.patient_id or "", {})
        named = {have[name]: name for name in reversed(addresses_used(opt_out.type)) if name in have}
        for address, name in named.items():
            if not owners.get(address, set()) - {opt_out.patient_id or ""}:
                yield replace(each, suffix=f"#{name}", opt_out=replace(opt_out, address=address))


def _known(connection: Connection) -> dict[str, list[Known]]:
    """What came from feeds, by the feed's id. Rows from before wishes had a name get one."""
    found: dict[str, list[Known]] = defaultdict(list)
    named: dict[int, str] = {}
    for each in feed_opt_out_rows.known(connection):
        base = _base(each.source_key) if _is_old(each) else re.split("[#~]", each.source_key, maxsplit=1)[0]
        if each.wish_id is None:
            named[each.opt_out_id] = _wish_id(base, each.type, each.protocol, each.until)
            each = replace(each, wish_id=named[each.opt_out_id])
        found[base].append(each)
    feed_opt_out_rows.name_wishes(connection, named)
    return found


def _is_old(each: Known) -> bool:
    """From before wishes had a name, when keys had nothing but '#phone' behind the id."""
    return each.wish_id is None and not each.source_key.endswith("#phone")


def _renewed(stated: _Stated, known: dict[str, list[Known]], *, zone: ZoneInfo) -> _Stated:
    """One that is dated after the same was taken back is another wish."""
    opt_out = stated.opt_out
    same = (each for each in known.get(stated.base, ()) if each.wish_id == opt_out.wish_id)
    if not any(_is_before(each, stated, zone) for each in same):
        return stated
    wish_id = _hash(f"{opt_out.wish_id}|{stated.made_on}", length=32)
    return replace(stated, opt_out=replace(opt_out, wish_id=wish_id))


def _is_before(known: Known, stated: _Stated, zone: ZoneInfo) -> bool:
    """Whether it was taken back, on a day of the organisation, before the day that the feed gives now."""
    if known.removed_at is None or stated.made_on is None:
        return False
    return known.removed_at.astimezone(zone).date() < stated.made_on


def _is_new(stated: _Stated, known: dict[str, list[Known]], *, zone: ZoneInfo) -> bool:
    """Whether it stops more than what came under this id before, also when that was taken back; unless it is dated
    after that."""
    opt_out = stated.opt_out
    return not any(
        (each.type, each.protocol, each.patient_id, each.address)
        == (opt_out.type, opt_out.protocol, opt_out.patient_id, opt_out.address)
        and each.starts_on <= opt_out.starts_on
        and (each.until is None or (opt_out.until is not None and opt_out.until <= each.until))
        for each in known.get(stated.base, ())
        if not _is_before(each, stated, zone)
    )


def _key(stated: _Stated, known: dict[str, list[Known]]) -> str:
    """The feed's id; where that is taken, with a mark of what it says now."""
    plain = stated.base + stated.suffix
    if all(each.source_key != plain for each in known.get(stated.base, ())):
        return plain
    opt_out = stated.opt_out
    says = f"{opt_out.patient_id}|{opt_out.address}|{opt_out.starts_on}|{opt_out.wish_id}"
    return f"{stated.base}~{_hash(says)}{stated.suffix}"


def _wish_id(base: str, kind: str, protocol: str | None, until: date | None) -> str:
    return _hash(f"{base}|{kind}|{protocol}|{until}", length=32)


def _hash(text: str, *, length: int = 16) -> str:
    return sha256(text.encode()).hexdigest()[:length]
