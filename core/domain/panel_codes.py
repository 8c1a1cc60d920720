"""Making one panel of its parts: words that repeat become small numbers, rows are put in the order of names."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from core.domain.clinical import schema
from core.domain.panel import CODED, CODED_LISTS, PANEL
from core.domain.wording import LANGUAGES, SEXES, STATUSES

LABS = "labs"

VOCABULARIES = schema(
    {
        "column": pl.String,  # a coded column of PANEL, or 'labs' for the names of the lab columns
        "code": pl.UInt32,  # from 1; 0 stands for empty and has no row
        "key": pl.String,  # the id of the group, provider, measure or concept; else the word of the feed
        "text": pl.String,  # as shown
    }
)


@dataclass(frozen=True)
class PanelTables:
    """What is kept in the clinical store: `panel` in the shape of PANEL with its lab columns, and VOCABULARIES."""

    panel: pl.DataFrame
    vocabularies: pl.DataFrame


def merge_panel(
    parts: Iterable[pl.DataFrame],
    *,
    groups: pl.DataFrame,
    providers: pl.DataFrame,
    measures: pl.DataFrame,
    concepts: pl.DataFrame,
) -> PanelTables:
    """One panel of the parts of `build_panel`, taken one after the other (a generator keeps memory flat).

    groups, providers   as the feed's layout has them; measures: measure_id, name; concepts: concept, kind, name
    """
    codes: dict[str, dict[str, int]] = {column: {} for column in (*CODED, *CODED_LISTS)}
    labs = concepts.filter(pl.col("kind").is_in(["lab", "vital"])).sort("concept")
    shape = {**PANEL, **{f"lab_{lab}{end}": kind for lab in labs["concept"] for end, kind in _LAB}}
    coded = [_coded(part, codes, shape) for part in parts]
    panel = pl.concat(coded) if coded else pl.DataFrame(schema=shape)
    texts = _texts(groups, providers, measures)
    words = [
        (column, code, key, texts.get(column, {}).get(key, key))
        for column, known in codes.items()
        for key, code in known.items()
    ]
    words += [(LABS, n, lab["concept"], lab["name"]) for n, lab in enumerate(labs.iter_rows(named=True), 1)]
    vocabularies = pl.DataFrame(words, schema=VOCABULARIES, orient="row")
    return PanelTables(panel.sort("name_search", "patient_id", nulls_last=True), vocabularies)


_LAB = (("", pl.Float64()), ("_on", pl.Date()))


def _coded(part: pl.DataFrame, codes: dict[str, dict[str, int]], shape: dict[str, pl.DataType]) -> pl.DataFrame:
    """The part in the panel's shape. `codes` grow by the words that are new."""
    for column in CODED:
        _learn(codes[column], part[column])
    for column in CODED_LISTS:
        _learn(codes[column], part[column].explode())
    return part.select(
        _code_of(pl.col(name), codes[name], kind).alias(name)
        if name in CODED
        else _codes_of(name, codes[name], kind)
        if name in CODED_LISTS
        else pl.col(name).cast(kind)
        for name, kind in shape.items()
    )


def _learn(known: dict[str, int], words: pl.Series) -> None:
    for word in words.drop_nulls().unique().sort().cast(pl.String).to_list():
        known.setdefault(word, len(known) + 1)


def _code_of(words: pl.Expr, known: dict[str, int], kind: pl.DataType) -> pl.Expr:
    return words.replace_strict(list(known), list(known.values()), default=0, return_dtype=kind)


def _codes_of(name: str, known: dict[str, int], kind: pl.DataType) -> pl.Expr:
    assert isinstance(kind, pl.List)
    item = _code_of(pl.element(), known, pl.UInt32())
    return pl.col(name).cast(pl.List(pl.String)).fill_null([]).list.eval(item).cast(kind)


def _texts(groups: pl.DataFrame, providers: pl.DataFrame, measures: pl.DataFrame) -> dict[str, dict[str, str]]:
    """For each coded column: the text shown for a key. A key without one is shown as it is."""
    named = provider_names(providers)
    return {
        "group": dict(groups.select("group_id", "name").iter_rows()),
        "pcp": named,
        "care_manager": named,
        "alerts": dict(measures.select("measure_id", "name").iter_rows()),
        "language": LANGUAGES,
        "sex": SEXES,
        "status": STATUSES,
    }


def provider_names(providers: pl.DataFrame) -> dict[str, str]:
    """The name by which each provider is shown: the one for messages, else first name, last name and credential."""
    person = pl.concat_str(["first", "last"], separator=" ", ignore_nulls=True)
    composed = pl.concat_str([person, "credential"], separator=", ", ignore_nulls=True)
    shown = pl.coalesce("display_name", pl.when(composed != "").then(composed), "provider_id")
    return dict(providers.select("provider_id", shown.alias("name")).iter_rows())
