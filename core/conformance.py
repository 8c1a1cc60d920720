"""Conformance: official test patients of electronic measures, and whether our rules put each where it belongs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from core import audit
from core.code_meanings import KnownCodes, codes_of_sets, known_codes
from core.domain.clinical import schema
from core.domain.concept import MAPPING
from core.domain.concept import mapping as code_mapping
from core.domain.csv_cells import neutral
from core.domain.records import RECORD_CODES
from core.domain.reporting_evaluation import Period, evaluate_reporting
from core.domain.reporting_rule import POPULATIONS, ReportingRule
from core.domain.role import PUBLISH_RULES
from core.errors import DataError
from core.feeds.deck import KEY, read_about, read_case, read_expected
from core.feeds.fhir_records import VALUE_SET, Charts, charts_of
from core.feeds.value_sets import read_value_sets
from core.measures import PLAUSIBLE_YEARS, RULE_YEARS, concepts, nearest_rule_year, reporting_rules
from core.store import kept_results
from core.workbench import Workbench, needs

_TRUTHS: dict[str, type[pl.DataType]] = {
    f"{kind}_{name}": pl.Boolean for kind in ("expected", "found") for name in POPULATIONS
}
CASES = schema(
    {"measure": pl.String, "year": pl.Int32, "case": pl.String, "group": pl.String, **_TRUTHS, "matches": pl.Boolean}
)
KEPT = pl.Schema([*CASES.items(), ("run_at", pl.Datetime("us", "UTC")), ("run_by", pl.String)])
_MEANT = schema({"record": pl.UInt32, "part": RECORD_CODES["part"], "concept": pl.String})


@dataclass(frozen=True)
class DeckResult:
    """How a deck went.

    cases      CASES, one row per case and group, in the deck's order
    unusable   cases whose file cannot be used, and why; found nowhere, so that they differ
    notes      what else was noticed, as sentences
    """

    measure: str
    year: int
    cases: pl.DataFrame
    unusable: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    notes: Sequence[str] = field(default=(), kw_only=True)

    @property
    def right_count(self) -> int:
        """How many rows match in every population."""
        return int(self.cases["matches"].sum())

    @property
    def year_words(self) -> str:
        """The year, and by the rules of which other year it was worked out."""
        nearest = nearest_rule_year(self.year)
        return str(self.year) if nearest == self.year else f"{self.year} by the rules of {nearest}"

    @property
    def lines(self) -> list[str]:
        """What else is worth knowing, a sentence each."""
        return [*(f"{case} cannot be used: {why}" for case, why in self.unusable.items()), *self.notes]

    def __str__(self) -> str:
        count, wrong = self.cases.height, self.cases.height - self.right_count
        line = f"{self.measure} {self.year_words}: {self.right_count:,} of {count:,} right"
        return f"{line}, {wrong:,} wrong" if wrong else line


@dataclass(frozen=True)
class UnusableDeck:
    """A deck that could not be run, and why."""

    folder: str
    reason: str

    def __str__(self) -> str:
        return f"{self.folder} was not run. {self.reason}"


def codes_of(wb: Workbench) -> KnownCodes:
    """What the practice loaded and mapped, for `run_deck`."""
    return known_codes(wb.engine)


@dataclass(frozen=True)
class KeptResult(DeckResult):
    """A result that was kept. measure_id: our measure that is close to the official one; '' = none."""

    measure_id: str
    run_at: datetime
    run_by: str

    @property
    def differing(self) -> pl.DataFrame:
        """case, group, population, expected, found: each population in which a case is not where it belongs."""
        parts = [
            self.cases.select(
                "case",
                "group",
                pl.lit(name.replace("_", " ")).alias("population"),
                pl.col(f"expected_{name}").alias("expected"),
                pl.col(f"found_{name}").alias("found"),
            ).filter(pl.col("expected").ne_missing(pl.col("found")))
            for name in POPULATIONS
        ]
        return pl.concat(parts).sort("case", "group", maintain_order=True)


def run_deck(folder: Path, *, known: KnownCodes | None = None) -> DeckResult:
    """Run one deck: deck.json (measure, year), patients/*.json (a FHIR bundle per case), value_sets/*.json (FHIR
    expansions), expected.csv (case, group, period_start, period_end and the populations as 1 or 0).

    Codes: where the deck has a concept's value set, exactly its codes; else those of the set as the practice loaded it
    (`known`), or else those that ship with the product and, of a concept without a value set, what the practice maps.
    A case whose file cannot be used is reported as that. Raises DataError naming another file that cannot be used, with
    its line.
    """
    measure, year = read_about(folder)
    rule = _rule(folder, measure, year)
    expected = read_expected(folder, years=PLAUSIBLE_YEARS)
    charts = charts_of(sorted(set(expected["case"])), lambda case: read_case(folder, case))
    meanings, notes = _meanings(rule, charts, folder / "value_sets", known)
    found = [
        evaluate_reporting(rule, charts.patients, charts.records, meanings, period=Period(*period)).with_columns(
            period_start=pl.lit(period[0]), period_end=pl.lit(period[1])
        )
        for period in expected.select("period_start", "period_end").unique(maintain_order=True).iter_rows()
    ]
    cases = _compared(expected, pl.concat(found), measure, year)
    return DeckResult(measure, year, cases, unusable=charts.unusable, notes=notes)


def _rule(folder: Path, measure: str, year: int) -> ReportingRule:
    if year not in PLAUSIBLE_YEARS:
        raise DataError(
            f"{folder.name}/deck.json: the year must be one from {PLAUSIBLE_YEARS[0]} to {PLAUSIBLE_YEARS[-1]}. Rules "
            f"there are for {' and '.join(map(str, RULE_YEARS))}; other years have those of the nearest."
        )
    rules = reporting_rules(nearest_rule_year(year))
    if measure not in rules:
        raise DataError(
            f"{folder.name}/deck.json: there is no reporting rule for {measure}. There are {', '.join(rules)}."
        )
    return rules[measure]


def run_decks(folders: Sequence[Path], *, known: KnownCodes | None = None) -> Iterator[DeckResult | UnusableDeck]:
    """Run decks one after the other. A folder that holds decks stands for each of them. A deck that cannot be used
    keeps no other from being run."""
    for folder in folders:
        inside = sorted(path.parent for path in folder.glob("*/deck.json")) if folder.is_dir() else []
        if not inside and not (folder / "deck.json").exists():
            yield UnusableDeck(folder.name, "It is no deck: it has no deck.json, nor has a folder in it.")
        for each in [folder] if (folder / "deck.json").exists() else inside:
            try:
                yield run_deck(each, known=known)
            except DataError as error:
                yield UnusableDeck(each.name, str(error))


def require_writable(path: Path) -> None:
    """Raise DataError when results cannot be written to this file, before an hour was spent on them."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise DataError(f"'{path.name}' is not written: the name must end with .csv or .parquet.")
    if not path.absolute().parent.is_dir():
        raise DataError(f"'{path.name}' is not written: its folder does not exist. Create the folder first.")


def write_cases(results: Sequence[DeckResult], path: Path) -> int:
    """Write CASES of all results, .parquet or .csv. Returns the number of rows."""
    require_writable(path)
    cases = pl.concat([CASES.to_frame(), *(result.cases for result in results)])
    if path.suffix.lower() == ".parquet":
        cases.write_parquet(path)
    else:
        neutral(cases.with_columns(pl.col(pl.Boolean).cast(pl.Int8))).write_csv(path)
    return cases.height


@needs(PUBLISH_RULES)
def keep(wb: Workbench, results: Sequence[DeckResult]) -> None:
    """Keep results in the home, with who ran them and when. A later one of the same measure and year replaces it."""
    for result in results:
        rows = result.cases.with_columns(
            pl.lit(wb.now().replace(tzinfo=None)).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("run_at"),
            pl.lit(wb.user.user_id).alias("run_by"),
        )
        kept_results.put(wb.settings.home, f"{result.measure}-{result.year}", rows.select(*KEPT).cast(KEPT))
        audit.record(wb, "conformance.kept", f"{result.measure} {result.year}", cases=rows.height)


def kept(wb: Workbench) -> list[KeptResult]:
    """What was kept, by measure and the latest year first."""
    found = [_kept(rows) for rows in kept_results.every(wb.settings.home) if set(KEPT) <= set(rows.columns)]
    return sorted(found, key=lambda each: (int(each.measure.removeprefix("CMS")), -each.year))


def _kept(rows: pl.DataFrame) -> KeptResult:
    first = rows.row(0, named=True)
    rule = reporting_rules(first["year"]).get(first["measure"])
    return KeptResult(
        first["measure"],
        first["year"],
        rows.select(*CASES),
        measure_id=rule.measure_id if rule else "",
        run_at=first["run_at"],
        run_by=first["run_by"],
    )


# ---- what codes mean in a deck -------------------------------------------------------------------------------------
def _meanings(
    rule: ReportingRule, charts: Charts, folder: Path, known: KnownCodes | None
) -> tuple[pl.DataFrame, list[str]]:
    """record, part, concept: what the codes of the charts mean by the deck's and the practice's value sets and the
    shipped codes; and what was passed over."""
    of_deck, notes = read_value_sets(folder)
    listed = _with_loaded(of_deck, known)
    used = {name for selection in rule.definitions.values() for _, names in selection.coded for name in names}
    wanted = [concepts()[name] for name in sorted(used)]
    whole = [(VALUE_SET, identifier, concept.concept_id) for concept in wanted for identifier in concept.value_sets]
    extra = [pl.DataFrame(whole, schema=MAPPING, orient="row"), codes_of_sets(listed, wanted)]
    if known is not None:
        alone = [concept.concept_id for concept in wanted if not concept.value_sets]
        own = known.own.filter(pl.col("source_system") == "", pl.col("concept").is_in(alone))
        extra.append(own.select(*MAPPING))
    given = set(listed["value_set"].unique())
    shipped = [each for each in wanted if not each.value_sets or not given.issuperset(each.value_sets)]
    means = code_mapping(charts.codes.select("system", "code").unique(), pl.concat(extra), concepts=shipped)
    return charts.codes.join(means, on=["system", "code"]).select(*_MEANT).unique(), notes


def _with_loaded(listed: pl.DataFrame, known: KnownCodes | None) -> pl.DataFrame:
    """The deck's codes, and those of the practice's value sets that the deck has nothing of."""
    of_deck = listed.select("value_set", "system", "code")
    if known is None:
        return of_deck
    loaded = known.loaded.select("value_set", "system", "code")
    return pl.concat([of_deck, loaded.join(of_deck, on="value_set", how="anti")])


def _compared(expected: pl.DataFrame, found: pl.DataFrame, measure: str, year: int) -> pl.DataFrame:
    found = found.rename({"patient_id": "case"} | {name: f"found_{name}" for name in POPULATIONS})
    expected = expected.rename({name: f"expected_{name}" for name in POPULATIONS})
    cases = expected.join(found, on=list(KEY), how="left", maintain_order="left")
    agrees = [(pl.col(f"expected_{name}") == pl.col(f"found_{name}")).fill_null(False) for name in POPULATIONS]
    return cases.with_columns(
        pl.lit(measure).alias("measure"),
        pl.lit(year, pl.Int32).alias("year"),
        pl.all_horizontal(agrees).alias("matches"),
    ).select(*CASES)
