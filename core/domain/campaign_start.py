"""What a new campaign starts with: its name and the measures it is about (C4, C18)."""

from collections.abc import Collection, Mapping

from core.domain.campaign import name_key
from core.domain.wording import folded
from core.domain.work_list import Filter, WorkList


def measures_for(
    template_measures: tuple[str, ...], work_list: WorkList | None, *, names: Mapping[str, str]
) -> tuple[str, ...]:
    """The measures a new campaign is about: those of its template that the work list asks for, else all of its.

    `names` are the measures' names by id. A work list asks for a measure when it filters for its alert. A template
    without measures takes those of the work list.
    """
    asked = [row for rows in work_list.filters for row in rows if row.field == "alerts"] if work_list else []
    wanted = tuple(measure_id for measure_id, name in names.items() if any(_asks_for(row, name) for row in asked))
    both = tuple(measure_id for measure_id in template_measures if measure_id in wanted)
    return both or template_measures or wanted


def free_name(name: str, taken: Collection[str]) -> str:
    """`name`, or with the first number that makes it free. `taken` are keys made by `name_key`."""
    candidates = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in candidates if name_key(candidate) not in taken)


def _asks_for(row: Filter, name: str) -> bool:
    values = [
        folded(value)
        for value in (row.value if isinstance(row.value, tuple) else (row.value,))
        if isinstance(value, str)
    ]
    if row.action == "contains":
        return any(value in folded(name) for value in values)
    return row.action in ("equals", "one_of") and folded(name) in values
