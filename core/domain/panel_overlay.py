"""Corrections of staff on the panel in memory, so that work lists show what sending uses, also before the next load."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from core.domain.panel_frame import Panel, Words
from core.domain.wording import LANGUAGES

PLAIN = ("email", "phone_mobile", "phone_home")


def overlaid(panel: Panel, people: pl.DataFrame) -> Panel:
    """The panel with the contact data of these people; columns in which nothing differs are shared with it.

    people   patient_id, email, phone_mobile, phone_home, language, zip, as the database has them
    """
    corrected = people["patient_id"].implode()
    rows = panel.frame["patient_id"].is_in(corrected).arg_true()
    if rows.is_empty():
        return panel
    now = pl.DataFrame({"patient_id": panel.frame["patient_id"].gather(rows)})
    now = now.join(people, on="patient_id", how="left", maintain_order="left")
    zip3 = now.select(pl.col("zip").str.extract(r"^\s*(\d{3})")).to_series()
    words = dict(panel.words)
    coded = {
        "language": _codes(words, "language", now["language"], LANGUAGES),
        "zip3": _codes(words, "zip3", zip3, {}),
    }
    changed = [
        column.scatter(rows, values)
        for name, values in ({name: now[name] for name in PLAIN} | coded).items()
        if not (column := panel.frame[name]).gather(rows).equals(values, check_names=False)
    ]
    return replace(panel, frame=panel.frame.with_columns(changed), words=words) if changed else panel


def _codes(words: dict[str, Words], name: str, keys: pl.Series, texts: Mapping[str, str]) -> pl.Series:
    """The codes of the keys, 0 where there is none. A word that the panel did not have yet is added to `words`."""
    known = words[name]
    new = [key for key in _distinct(keys) if key not in known.keys]
    if new:
        known = Words((*known.keys, *new), (*known.texts, *(texts.get(key, key) for key in new)))
        words[name] = known
    place = {key: code for code, key in enumerate(known.keys) if key is not None}
    return pl.Series(name, [place.get(key, 0) for key in keys], dtype=pl.UInt32)


def _distinct(keys: pl.Series) -> Iterable[str]:
    return keys.drop_nulls().unique().sort()
