"""Which patients of a panel pass a filter.

A test on numbers, dates and codes looks at the whole column at once, which costs a fraction of a millisecond for a
million patients. A test on free text, or on what is read from the database, looks only at those who are still in.
"""

from collections.abc import Callable, Iterable

import polars as pl

from core.domain.fields import CHOICE, DATE, NAME, NUMBER, OPPOSITE, PHONE, WORDS, Field
from core.domain.fields import field as field_of
from core.domain.panel_frame import Panel
from core.domain.period import Period, after, before
from core.domain.wording import digits, folded, folded_column
from core.domain.work_list import Filter
from core.errors import CareloopError

# Values of a live field (core.domain.fields) for patients by id, in the order of the ids: dates or lists of texts.
Live = Callable[[str, pl.Series], pl.Series]


def passing(panel: Panel, row: Filter, still_in: pl.Series, *, live: Live) -> pl.Series:
    """Who of `still_in` (true or false for each row of the panel) passes the filter: the same shape."""
    of = field_of(row.field, panel.labs)
    positive = OPPOSITE.get(row.action, row.action)
    if of.kind in (CHOICE, WORDS, NUMBER, DATE) and not of.is_live:
        found = _test_codes(panel, of, positive, row) if of.kind in (CHOICE, WORDS) else _test_range(panel, of, row)
        return still_in & (found if positive == row.action else ~found)
    rows = panel.rows.filter(still_in)
    found = _test_live(panel, of, row, rows, live) if of.is_live else _test_text(panel, of, row, rows)
    keep = rows.filter(found if positive == row.action else ~found)
    return marked(keep, panel.frame.height) == 1


def _test_codes(panel: Panel, of: Field, positive: str, row: Filter) -> pl.Series:
    accepted = accepted_codes(panel, of, positive, row)
    column = panel.frame[of.column]
    if of.kind == CHOICE:
        return is_among(column, accepted, len(panel.words[of.column].keys))
    sets = panel.sets[of.column]
    if positive == "empty":
        hits = sets.list.len() == 0
    else:
        hits = sets.to_frame("items").select(pl.col("items").list.eval(pl.element().is_in(accepted)).list.any())[
            "items"
        ]
    return is_among(column, hits.fill_null(False).arg_true().to_list(), sets.len())


def accepted_codes(panel: Panel, of: Field, positive: str, row: Filter) -> list[int]:
    """The codes of the words that pass. Equal means equal to the text or to the id behind it."""
    words = panel.words[of.column]
    if positive == "empty":
        return [0]
    test = text_test(positive, row.value)
    return [
        code
        for code, (key, text) in enumerate(zip(words.keys, words.texts, strict=True))
        if text is not None and (test(text) or (positive != "contains" and key is not None and test(key)))
    ]


def is_among(codes: pl.Series, accepted: list[int], size: int) -> pl.Series:
    """True where the code, which is below `size`, is one of the accepted ones."""
    if len(accepted) == 1:
        return codes == accepted[0]
    if len(accepted) <= _FEW:
        return codes.is_in(accepted)
    return marked(accepted, size).gather(codes) == 1


def marked(places: pl.Series | list[int], size: int) -> pl.Series:
    """`size` zeros with a one at each place."""
    return pl.zeros(size, dtype=pl.UInt8, eager=True).scatter(pl.Series(places, dtype=pl.UInt32), 1)


_FEW = 16  # up to here comparing is faster than looking up


def text_test(positive: str, value: object) -> Callable[[str], bool]:
    """A test of one text: contains, equals or one_of, without case and accents."""
    wanted = [folded(text) for text in _texts(value)]
    if positive == "contains":
        return lambda text: wanted[0] in folded(text)
    return lambda text: folded(text).strip() in wanted


def _texts(value: object) -> Iterable[str]:
    items = value if isinstance(value, tuple) else (value,)
    return (item for item in items if isinstance(item, str))


def _test_range(panel: Panel, of: Field, row: Filter) -> pl.Series:
    if of.column not in panel.frame.columns:
        raise CareloopError(f"There are no values of {of.name} in the data loaded now. Take this field out.")
    return _in_range(panel.frame[of.column], panel, row)


def _in_range(column: pl.Series, panel: Panel, row: Filter) -> pl.Series:
    """Every positive test of a number or date is a range. An empty cell is in none."""
    value, on = row.value, panel.as_of
    match OPPOSITE.get(row.action, row.action):
        case "empty":
            return column.is_null()
        case "between":
            assert isinstance(value, tuple)
            found = column.is_between(value[0], value[1])
        case "in_next":
            assert isinstance(value, Period)
            found = column.is_between(on, after(on, value))
        case "in_last":
            assert isinstance(value, Period)
            found = column.is_between(before(on, value), on)
        case "greater" | "after":
            found = column > value
        case "less" | "before":
            found = column < value
        case _:
            found = column == value
    return found.fill_null(False)


def _test_text(panel: Panel, of: Field, row: Filter, rows: pl.Series) -> pl.Series:
    column = panel.frame["name_search" if of.kind == NAME else of.column]
    positive = OPPOSITE.get(row.action, row.action)
    if positive == "empty":
        return column.is_null().gather(rows)
    test = {NAME: _name_test, PHONE: _phone_test}.get(of.kind, _plain_test)
    found = column.gather(rows).to_frame("text").select(test(pl.col("text"), positive, list(_texts(row.value))))
    return found.to_series().fill_null(False)


def _plain_test(text: pl.Expr, positive: str, values: list[str]) -> pl.Expr:
    wanted = [folded(value) for value in values]
    if positive == "contains":
        return folded_column(text).str.contains(wanted[0], literal=True)
    return folded_column(text).str.strip_chars().is_in(wanted)


def _name_test(text: pl.Expr, positive: str, values: list[str]) -> pl.Expr:
    """`text` is 'last, first' and 'first last' on two lines, folded: either way of writing the name is found."""
    wanted = [folded(value) for value in values]
    if positive == "contains":
        words = wanted[0].replace(",", " ").split()
        return pl.all_horizontal(text.is_not_null(), *(text.str.contains(word, literal=True) for word in words))
    return pl.any_horizontal(text.str.starts_with(name + "\n") | text.str.ends_with("\n" + name) for name in wanted)


def _phone_test(text: pl.Expr, positive: str, values: list[str]) -> pl.Expr:
    number = text.str.replace_all(r"[^0-9]", "")
    if positive == "contains":
        return number.str.contains(digits(values[0]), literal=True)
    return number.str.replace(r"^1(\d{10})$", "$1").is_in([national(value) for value in values])


def national(number: str) -> str:
    """The digits of a number without the country code 1, so that +1 (555) 010-0199 equals 555-010-0199."""
    plain = digits(number)
    return plain[1:] if len(plain) == 11 and plain.startswith("1") else plain


def _test_live(panel: Panel, of: Field, row: Filter, rows: pl.Series, live: Live) -> pl.Series:
    values = live(of.key, panel.frame["patient_id"].gather(rows))
    if of.kind == DATE:
        return _in_range(values, panel, row)
    positive = OPPOSITE.get(row.action, row.action)
    if positive == "empty":
        return values.list.len() == 0
    test = text_test(positive, row.value)
    accepted = [text for text in values.explode().drop_nulls().unique() if test(text)]
    return values.to_frame("texts").select(pl.col("texts").list.eval(pl.element().is_in(accepted)).list.any())["texts"]
