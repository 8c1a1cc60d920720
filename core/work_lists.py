"""Work lists: choose patients by filters, see who is found and why the others are not, take the list along."""

from collections.abc import Mapping, Sequence
from typing import IO

import polars as pl

from core import contact_problems, repairs, rules
from core.audit import record
from core.domain import found as domain
from core.domain.address import phone_text
from core.domain.csv_cells import neutral
from core.domain.fields import CHOICE, PHONE, WORDS, Field
from core.domain.fields import field as field_of
from core.domain.fields import fields as all_fields
from core.domain.found import Found
from core.domain.matching import Live
from core.domain.measure import Measure
from core.domain.opt_out import TYPES
from core.domain.panel_frame import Panel
from core.domain.remark import kind_of
from core.domain.repair import PROBLEMS
from core.domain.role import EXPORT_PATIENTS, READ_PATIENTS
from core.domain.work_list import WorkList
from core.errors import TooMany
from core.panels import panel
from core.store import live_fields
from core.store import remarks as remark_rows
from core.store.database import reading
from core.workbench import Workbench, needs


@needs(READ_PATIENTS)
def run(wb: Workbench, work_list: WorkList) -> Found:
    """Find the patients of a work list among those the user may see.

    Raises CareloopError when a filter's value is not what its field expects.
    """
    return domain.find(panel(wb), work_list, scope=wb.user.scope, live=_live(wb))


@needs(READ_PATIENTS)
def has_patients(wb: Workbench) -> bool:
    """Whether a feed was loaded: without one there is nobody to find for any user."""
    return panel(wb).frame.height > 0


def fields(wb: Workbench) -> tuple[Field, ...]:
    """What can be asked and shown, with the labs and vitals of the data loaded now."""
    return all_fields(panel(wb).labs)


def choices(wb: Workbench, key: str) -> list[str]:
    """The words of a field that occur among the patients the user may see, sorted; none for other kinds of fields.

    Words that differ only in case are given once: filters do not tell them apart.
    """
    of = field_of(key)
    if of.key == "opt_outs":
        return sorted(kind.name for kind in TYPES.values())
    if of.key == repairs.FIELD:
        return [problem.name for problem in PROBLEMS.values()]
    if of.key == repairs.CLINIC:
        return repairs.clinics(wb)
    if of.key == "remarks":
        with reading(wb.engine) as connection:
            found = remark_rows.words_in_force(connection, wb.user.scope, on=wb.today())
        return _remark_words(found, rules.every(wb))
    if of.kind not in (CHOICE, WORDS) or of.is_live:
        return []
    opened = panel(wb)
    codes = opened.frame[of.column].filter(domain.in_scope(opened, wb.user.scope)).unique()
    if of.kind == WORDS:
        codes = opened.sets[of.column].gather(codes).explode().drop_nulls().unique()
    texts = (opened.words[of.column].texts[code] for code in codes)
    by_key = {text.casefold(): text for text in sorted(filter(None, texts), reverse=True)}
    return [by_key[key] for key in sorted(by_key)]


def group_choices(wb: Workbench) -> list[tuple[str, str]]:
    """Id and name of the groups that have patients the user may see, by name."""
    return _ids_and_names(panel(wb), "group", wb)


def provider_choices(wb: Workbench, groups: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Id and name of the PCPs of patients the user may see, in these groups if any are given, by name."""
    return _ids_and_names(panel(wb), "pcp", wb, groups=tuple(groups))


@needs(READ_PATIENTS)
def patients_shown(wb: Workbench, patient_ids: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
    """These patients as a work list shows them, in the order given: patient_id and a column per field key.

    Ids that are not in the data loaded now or outside the user's scope are left out.
    """
    opened = panel(wb)
    visible = opened.frame.select("patient_id").with_row_index("row").filter(domain.in_scope(opened, wb.user.scope))
    wanted = pl.DataFrame({"patient_id": patient_ids}, schema={"patient_id": pl.String})
    rows = wanted.join(visible, on="patient_id", maintain_order="left")["row"]
    return domain.shown(opened, rows, columns, live=_live(wb))


@needs(EXPORT_PATIENTS)
def export_csv(
    wb: Workbench, found: Found, out: IO[bytes], *, columns: Sequence[str] | None = None, view_id: str = ""
) -> int:
    """Write everybody found to `out` as CSV for a spreadsheet, in order, and record it. Returns the number of rows.

    Text that a spreadsheet would calculate is made harmless; numbers and dates stay what they are; several alerts of
    a patient stand in one cell. `view_id` is the saved view it was made from, if any.
    """
    keys = tuple(dict.fromkeys(columns or found.work_list.columns))
    record(wb, "work_list.exported", view_id, patients=found.count, columns=list(keys))
    ordered = found.ordered_rows
    for start in range(0, max(found.count, 1), _ROWS_AT_A_TIME):
        rows = ordered.slice(start, _ROWS_AT_A_TIME)
        frame = export_cells(found.panel, domain.shown(found.panel, rows, keys, live=found.live))
        frame.write_csv(out, include_header=start == 0, include_bom=start == 0)
    return found.count


def check_limit(wb: Workbench, count: int) -> None:
    """Raise TooMany when a campaign cannot have so many patients; exactly the organisation's limit is allowed."""
    limit = wb.organisation().campaign_limit
    if count > limit:
        raise TooMany(
            f"{count:,} patients are selected, {count - limit:,} more than the {limit:,} that a campaign may have. "
            "Add a filter, choose fewer groups or providers, or select page by page and make several campaigns.",
            count=count,
            limit=limit,
        )


_ROWS_AT_A_TIME = 50_000


def _live(wb: Workbench) -> Live:
    """Reads live fields for patients; nothing of it is kept between runs."""

    def values(key: str, ids: pl.Series) -> pl.Series:
        if key == repairs.FIELD:
            return contact_problems.problem_names(wb, ids)
        if key == repairs.CLINIC:
            return repairs.clinic_names(wb, ids)
        with reading(wb.engine) as connection:
            if key == "opt_outs":
                names = live_fields.opt_out_names(connection, ids.to_list(), on=wb.today())
                return pl.Series([names.get(patient_id, []) for patient_id in ids], dtype=pl.List(pl.String))
            if key == "remarks":
                return _remarks(wb, ids, live_fields.remarks_in_force(connection, ids.to_list(), on=wb.today()))
            contacts = live_fields.last_contacts(connection, ids.to_list())
        zone = wb.zone()
        days = {patient_id: at.astimezone(zone).date() for patient_id, at in contacts.items()}
        return pl.Series([days.get(patient_id) for patient_id in ids], dtype=pl.Date)

    return values


def _remarks(wb: Workbench, ids: pl.Series, found: Mapping[str, Sequence[tuple[str, str]]]) -> pl.Series:
    names = rules.every(wb)
    texts = [_remark_words(found.get(patient_id, ()), names) for patient_id in ids]
    return pl.Series(texts, dtype=pl.List(pl.String))


def _remark_words(pairs: Sequence[tuple[str, str]], names: Mapping[str, Measure]) -> list[str]:
    """'Patient refused: Mammogram' for each kind and measure, sorted."""
    return sorted(
        {f"{kind_of(kind).name}: {names[measure].name if measure in names else measure}" for kind, measure in pairs}
    )


def _ids_and_names(opened: Panel, column: str, wb: Workbench, *, groups: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    everybody = domain.find(opened, WorkList(groups=groups), scope=wb.user.scope, live=_live(wb))
    words = opened.words[column]
    codes = opened.frame[column].gather(everybody.rows).unique()
    pairs = [(words.keys[code], words.texts[code]) for code in codes]
    return sorted(((key, text) for key, text in pairs if key and text), key=lambda pair: pair[1].casefold())


def export_cells(opened: Panel, frame: pl.DataFrame) -> pl.DataFrame:
    """One plain and harmless cell per field, under the names of the fields."""
    names = {key: field_of(key, opened.labs).name for key in frame.columns if key != "patient_id"}
    phones = [key for key in names if field_of(key).kind == PHONE]
    frame = frame.with_columns(
        pl.col(pl.List(pl.String)).list.join("; "),
        *(pl.col(key).map_elements(phone_text, return_dtype=pl.String) for key in phones),
    )
    return neutral(frame).rename({"patient_id": "Patient Id", **names})
