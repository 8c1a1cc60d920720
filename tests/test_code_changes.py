"""Changing codes: what is worked out before the transaction is what the database holds after it, whatever the order."""

from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import strategies as st

from core.code_changes import CodeChange, GapChange, change, change_sentence
from core.code_meanings import known_codes
from core.store.code_rows import OWN_CODES, SET_CODES
from core.workbench import Workbench
from tests.drawn import drawn

CODES, CONCEPTS, SETS = ("A", "B"), ("hba1c", "mammogram"), ("1.2.3.4", "1.2.3.5")
SOURCES, SYSTEM = st.sampled_from(("", "lab")), st.just("LOCAL")
OWN = st.lists(st.tuples(SOURCES, SYSTEM, st.sampled_from(CODES), st.sampled_from(CONCEPTS)))
LISTED = st.lists(st.tuples(st.just("CPT"), st.sampled_from(CODES)), min_size=1)


def own(rows: Sequence[tuple[str, str, str, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=OWN_CODES, orient="row").unique(maintain_order=True)


@st.composite
def changes(draw: st.DrawFn) -> CodeChange:
    """Mappings to add and to take back, and value sets that take the place of what was loaded of them."""
    sets = draw(st.lists(st.sampled_from(SETS), unique=True))
    rows = [(name, *code, "") for name in sets for code in draw(LISTED)]
    return CodeChange(
        mapped=own(draw(OWN)).with_columns(text=pl.lit("")),
        unmapped=own(draw(OWN)),
        value_sets={name: ("Invented", draw(st.sampled_from(("1", "2")))) for name in sets},
        codes=pl.DataFrame(rows, schema=SET_CODES, orient="row").unique(maintain_order=True),
    )


@drawn(daily=10, many=30, wanted=st.lists(changes(), min_size=1, max_size=3))
def test_the_database_holds_what_was_worked_out(wb: Workbench, wanted: list[CodeChange]) -> None:
    for one in wanted:
        expected = one.applied(known_codes(wb.engine))

        change(wb, one, "codes.loaded")

        found = known_codes(wb.engine)
        assert sorted(found.own.rows()) == sorted(expected.own.rows())
        assert sorted(found.loaded.rows()) == sorted(expected.loaded.rows())


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (3, 1, "Mammogram: 1 care gap open, 2 fewer than before."),
        (1, 1_300, "Mammogram: 1,300 care gaps open, 1,299 more than before."),
        (1, 0, "Mammogram: 0 care gaps open, 1 fewer than before."),
    ],
)
def test_a_change_of_care_gaps_is_said_in_a_sentence(before: int, after: int, said: str) -> None:
    assert change_sentence(GapChange("m", "Mammogram", before, after)) == said
