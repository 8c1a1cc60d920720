"""Turning rows of text into typed rows of the layout, saying why a row cannot be used or a value was left out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from core.domain.contact import emails, is_toll_free, language_codes, phones
from core.feeds.csv_file import FILE, LINE
from core.feeds.layout import Column, FeedTable
from core.feeds.moments import dates, moments
from core.feeds.words import FLAGS, SYNONYMS, SYNONYMS_OF

LONGEST_ID = 128
OLDEST_YEARS = 115
REJECTS = pl.Schema(
    {"table": pl.String, "file": pl.String, "line": pl.UInt32, "column": pl.String, "reason": pl.String}
)
LEFT_OUT = pl.Schema({"table": pl.String, "column": pl.String, "reason": pl.String, "patient_id": pl.String})

TYPES = {"date": pl.Date(), "moment": pl.Datetime("us"), "flag": pl.Boolean()}


@dataclass(frozen=True)
class TypedRows:
    """`rows` in the layout's columns and types, and whatever other columns the batch had; REJECTS of whole rows;
    LEFT_OUT values, which are empty in the row; patient ids of the rejected rows."""

    rows: pl.DataFrame
    rejects: pl.DataFrame
    left_out: pl.DataFrame
    rejected_ids: pl.Series


def column_type(column: Column) -> pl.DataType:
    """The type of a column of the layout in the clinical store."""
    return TYPES.get(column.kind, pl.String())


def typed_rows(table: FeedTable, texts: pl.DataFrame, *, zone: ZoneInfo, last_day: date) -> TypedRows:
    """The typed rows of one batch.

    texts       layout columns as text, any of them may be missing, FILE and LINE
    last_day    the last day a birth may be on
    """
    texts = texts.with_columns(pl.lit(None, pl.String).alias(c) for c in table.column_names if c not in texts.columns)
    texts = texts.with_columns(_tidy(texts[column.name]) for column in table.columns if column.kind != "date")
    notes: list[_Note] = []
    rows = texts
    for column in table.columns:
        rows = rows.with_columns(_typed(column, texts[column.name], notes, table.name, zone).alias(column.name))
    for column in table.columns:
        if column.required:
            missing = (rows if column.kind == "date" else texts)[column.name].is_null()
            notes.append(_Note(column.name, "is missing", missing, rejects=True))
        if column.kind == "id" and _has_long(texts[column.name]):
            too_long = texts[column.name].cast(pl.String).str.len_bytes() > LONGEST_ID
            notes.append(_Note(column.name, f"is longer than {LONGEST_ID} characters", too_long, rejects=True))
    if table.name == "patients":
        notes += _births(rows, last_day)
    return _sorted_out(table, rows, notes)


def _has_long(texts: pl.Series) -> bool:
    different = texts.unique().cast(pl.String) if texts.dtype == pl.Categorical else texts
    return bool((different.str.len_bytes() > LONGEST_ID).any())


@dataclass(frozen=True)
class _Note:
    column: str
    reason: str
    where: pl.Series
    rejects: bool = False


def _tidy(texts: pl.Series) -> pl.Series:
    if texts.null_count() == texts.len():
        return texts
    if texts.dtype == pl.Categorical:
        return _tidy_repeated(texts)
    bare = texts.str.strip_chars()
    is_empty = bare.str.len_bytes() == 0
    return bare.set(is_empty.fill_null(False), None) if is_empty.any() else bare


def _tidy_repeated(texts: pl.Series) -> pl.Series:
    """Each different value is looked at once, and mostly all are as they should be."""
    words = texts.unique().cast(pl.String).drop_nulls()
    bare = words.str.strip_chars()
    if ((bare == words) & (bare != "")).all():
        return texts
    return texts.cast(pl.String).replace_strict(words, bare.replace("", None)).cast(pl.Categorical)


def _typed(column: Column, texts: pl.Series, notes: list[_Note], table: str, zone: ZoneInfo) -> pl.Series:
    if texts.null_count() == texts.len():
        return texts.cast(column_type(column))
    if column.words:
        return _words(column, texts, notes, table)
    reader = _READERS.get(column.kind)
    if column.name == "language" and table == "patients":
        reader = _languages
    if reader is None:
        return texts
    values, reasons = reader(texts, zone)
    if column.name == "phone_mobile":
        toll_free = values.to_frame().select(is_toll_free(pl.first()).fill_null(False)).to_series()
        notes.append(_Note(column.name, "is a toll-free number", toll_free))
        values = values.set(toll_free, None)
    if reasons is not None:
        notes += [
            _Note(column.name, reason, (reasons == reason).fill_null(False), rejects=_must_have(column))
            for reason in reasons.unique().drop_nulls().sort()
        ]
    return values


def _must_have(column: Column) -> bool:
    return column.required and column.kind in TYPES


def _words(column: Column, texts: pl.Series, notes: list[_Note], table: str) -> pl.Series:
    synonyms = SYNONYMS.get(SYNONYMS_OF.get((table, column.name), column.name), {})
    meaning = {word.lower(): word for word in column.words} | {s: w for s, w in synonyms.items() if w in column.words}
    words = texts.str.to_lowercase().replace_strict(meaning, default=None, return_dtype=pl.String)
    unknown = words.is_null() & texts.is_not_null()
    if unknown.any():
        notes.append(_Note(column.name, "is none of the words that are known", unknown))
    return words


_Read = tuple[pl.Series, pl.Series | None]


def _missing(texts: pl.Series, values: pl.Series, reason: str) -> pl.Series | None:
    lost = values.is_null() & texts.is_not_null()
    if not lost.any():
        return None
    return pl.select(pl.when(lost).then(pl.lit(reason))).to_series()


def _dates(texts: pl.Series, _zone: ZoneInfo) -> _Read:
    values = dates(texts)
    if values.null_count() > texts.null_count():
        texts = _tidy(texts)
        values = dates(texts)
    return values, _missing(texts, values, "is not a date, expected YYYY-MM-DD")


def _moments(texts: pl.Series, zone: ZoneInfo) -> _Read:
    values = moments(texts, zone)
    return values, _missing(texts, values, "is not a date and time, expected YYYY-MM-DDTHH:MM")


def _flags(texts: pl.Series, _zone: ZoneInfo) -> _Read:
    values = texts.str.to_lowercase().replace_strict(FLAGS, default=None, return_dtype=pl.Boolean)
    return values, _missing(texts, values, "is neither yes nor no")


def _languages(texts: pl.Series, _zone: ZoneInfo) -> _Read:
    values = texts.to_frame("text").select(language_codes(pl.col("text"))).to_series()
    return values, _missing(texts, values, "is no language that is known")


def _phones(texts: pl.Series, _zone: ZoneInfo) -> _Read:
    return phones(texts)


def _emails(texts: pl.Series, _zone: ZoneInfo) -> _Read:
    return emails(texts)


_READERS: dict[str, Callable[[pl.Series, ZoneInfo], _Read]] = {
    "date": _dates,
    "moment": _moments,
    "flag": _flags,
    "phone": _phones,
    "email": _emails,
}


def _births(rows: pl.DataFrame, last_day: date) -> list[_Note]:
    """Births that cannot be. The dead were not older than that when they died."""
    born = pl.col("birth_date")
    lived = (pl.coalesce("deceased_on", pl.lit(last_day)) - born).dt.total_days()
    # 1900-01-01 is what many systems write for an unknown birth; those rows are kept as test patients.
    is_exempt = (born == date(1900, 1, 1)) | ((pl.col("status") == "deceased") & pl.col("deceased_on").is_null())
    too_old = (lived > round((OLDEST_YEARS + 1) * 365.2425)) & ~is_exempt.fill_null(False)
    found = rows.select(future=(born > last_day).fill_null(False), old=too_old.fill_null(False))
    return [
        _Note("birth_date", "is in the future", found["future"], rejects=True),
        _Note("birth_date", f"makes the patient older than {OLDEST_YEARS}", found["old"], rejects=True),
    ]


def _sorted_out(table: FeedTable, rows: pl.DataFrame, notes: list[_Note]) -> TypedRows:
    found = [note for note in notes if note.where.any()]
    fatal = [note for note in found if note.rejects]
    minor = [note for note in found if not note.rejects]
    rejects = [_listed(rows, note, table.name) for note in fatal]
    if fatal:
        is_kept = ~pl.select(pl.any_horizontal(note.where for note in fatal)).to_series()
    else:
        is_kept = pl.repeat(True, rows.height, eager=True)
    left_out = [_left_out(rows.filter(note.where & is_kept), note, table.name) for note in minor]
    return TypedRows(
        rows.filter(is_kept) if fatal else rows,
        pl.concat([pl.DataFrame(schema=REJECTS), *rejects]).unique(["file", "line"], keep="first", maintain_order=True),
        pl.concat([pl.DataFrame(schema=LEFT_OUT), *left_out]),
        _patient_ids(rows.filter(~is_kept) if fatal else rows.clear()),
    )


def _patient_ids(rows: pl.DataFrame) -> pl.Series:
    return rows["patient_id"].drop_nulls() if "patient_id" in rows.columns else pl.Series("patient_id", [], pl.String)


def _listed(rows: pl.DataFrame, note: _Note, table: str) -> pl.DataFrame:
    return rows.filter(note.where).select(
        pl.lit(table).alias("table"),
        pl.col(FILE).cast(pl.String).alias("file"),
        pl.col(LINE).alias("line"),
        pl.lit(note.column).alias("column"),
        pl.lit(note.reason).alias("reason"),
    )


def _left_out(rows: pl.DataFrame, note: _Note, table: str) -> pl.DataFrame:
    patient = pl.col("patient_id") if "patient_id" in rows.columns else pl.lit(None, pl.String)
    return rows.select(
        pl.lit(table).alias("table"),
        pl.lit(note.column).alias("column"),
        pl.lit(note.reason).alias("reason"),
        patient.alias("patient_id"),
    )
