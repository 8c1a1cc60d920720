"""FHIR value sets: lists of codes that a practice or a deck brings under its own licence."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from core.errors import DataError
from core.feeds.fhir_records import code_system
from core.feeds.fhir_values import Resource, part, parts, text

VALUE_SET_CODES = pl.Schema(
    {"value_set": pl.String, "title": pl.String, "system": pl.String, "code": pl.String, "display": pl.String}
)
_OID = re.compile(r"\d+(?:\.\d+){3,}")


def read_value_sets(folder: Path) -> pl.DataFrame:
    """VALUE_SET_CODES of every ValueSet in the folder's JSON files, alone or in bundles, once each.

    value_set is the identifier of the set: its OID where the address or id has one. A file that is JSON but no value
    set is passed over. Raises DataError for a file that is no JSON and for a value set that was not expanded.
    """
    rows = [row for path in sorted(folder.rglob("*.json")) for row in _of_file(path)]
    return pl.DataFrame(rows, schema=VALUE_SET_CODES, orient="row").unique(
        ["value_set", "system", "code"], keep="first", maintain_order=True
    )


def _of_file(path: Path) -> Iterator[tuple[Any, ...]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        line = getattr(error, "lineno", 1)
        raise DataError(f"{path.name}, line {line}: this is not readable JSON. Correct or remove the file.") from None
    if not isinstance(content, dict):
        return
    inside = [part(entry, "resource") for entry in parts(content, "entry")]
    for resource in [content, *inside]:
        if resource.get("resourceType") == "ValueSet":
            yield from _codes(resource, path.name)


def _codes(value_set: Resource, file: str) -> Iterator[tuple[Any, ...]]:
    named = identifier(value_set)
    title = text(value_set.get("title")) or text(value_set.get("name"))
    listed = list(_contained(part(value_set, "expansion")))
    if not listed:
        includes = parts(part(value_set, "compose"), "include")
        listed = [{"system": one.get("system"), **concept} for one in includes for concept in parts(one, "concept")]
        if not listed and any(parts(one, "filter") or "valueSet" in one for one in includes):
            raise DataError(f"{file}: the value set has no expansion. Ask its server for $expand and save the answer.")
    for each in listed:
        if code := text(each.get("code")):
            yield named, title, code_system(text(each.get("system"))), code, text(each.get("display"))


def _contained(expansion: Resource) -> Iterator[Resource]:
    for each in parts(expansion, "contains"):
        yield each
        yield from _contained(each)


def identifier(value_set: Resource) -> str:
    """The OID of a value set as its address, identifier or id says it, else its address or id."""
    named = [value_set.get("url"), *(each.get("value") for each in parts(value_set, "identifier")), value_set.get("id")]
    texts = [each for value in named if (each := text(value))]
    return next((found[0] for each in texts if (found := _OID.search(each))), texts[0] if texts else "")
