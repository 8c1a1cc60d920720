"""FHIR value sets: lists of codes that a practice or a deck brings under its own licence."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from core.errors import DataError
from core.feeds.fhir_records import code_system
from core.feeds.fhir_values import Resource, part, parts, text

VALUE_SET_CODES = pl.Schema(
    {"value_set": pl.String, "title": pl.String, "system": pl.String, "code": pl.String, "display": pl.String}
)
_OID = re.compile(r"\d+(?:\.\d+){3,}")
_NO_EXPANSION = "the value set has no expansion. Ask its server for $expand and save the answer."


@dataclass(frozen=True)
class ValueSet:
    """One value set as one file has it.

    value_set    its identifier: the OID where the address or id has one
    codes        (system, code, display), the system in our words or as the address says it
    stated       how many codes the whole has by its own word, as a server may give it in pages; None = not said
    problem      why the codes are not known, with what to do; '' when they are
    """

    file: str
    value_set: str
    title: str
    version: str
    codes: tuple[tuple[str, str, str], ...]
    stated: int | None = None
    problem: str = ""


def read_value_sets(folder: Path) -> pl.DataFrame:
    """VALUE_SET_CODES of every ValueSet in the folder's JSON files, alone or in bundles, once each.

    value_set is the identifier of the set: its OID where the address or id has one. A file that is JSON but no value
    set is passed over. Raises DataError for a file that is no JSON and for a value set that was not expanded.
    """
    rows: list[tuple[str, ...]] = []
    for path in sorted(folder.rglob("*.json")):
        for one in value_sets_in(json_resources(path), path.name):
            if one.problem:
                raise DataError(one.problem)
            rows += [(one.value_set, one.title, *code) for code in one.codes]
    return pl.DataFrame(rows, schema=VALUE_SET_CODES, orient="row").unique(
        ["value_set", "system", "code"], keep="first", maintain_order=True
    )


def json_resources(path: Path) -> list[Resource]:
    """The object of a JSON file and, of a bundle, those inside. Raises DataError for a file that is no JSON."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise DataError(f"{path.name}, line {line}: this is not readable JSON. Correct or remove the file.") from None
    if not isinstance(content, dict):
        return []
    return [content, *(part(entry, "resource") for entry in parts(content, "entry"))]


def value_sets_in(resources: list[Resource], file: str) -> Iterator[ValueSet]:
    """The value sets among the resources of a file."""
    for resource in resources:
        if resource.get("resourceType") == "ValueSet":
            yield _value_set(resource, file)


def _value_set(resource: Resource, file: str) -> ValueSet:
    expansion, compose = part(resource, "expansion"), part(resource, "compose")
    listed = list(_contained(expansion))
    stated = expansion.get("total")
    problem = ""
    if not listed and stated != 0:
        listed, is_whole = _composed(compose)
        problem = "" if is_whole else f"{file}: {_NO_EXPANSION}"
    codes = [
        (code_system(text(each.get("system"))), code, text(each.get("display")) or "")
        for each in listed
        if (code := text(each.get("code"))) and each.get("abstract") is not True
    ]
    return ValueSet(
        file,
        identifier(resource),
        text(resource.get("title")) or text(resource.get("name")) or "",
        text(resource.get("version")) or "",
        tuple(codes),
        stated=stated - len(listed) + len(codes) if isinstance(stated, int) and expansion.get("contains") else None,
        problem=problem,
    )


def _composed(compose: Resource) -> tuple[list[Resource], bool]:
    """The codes that a definition lists one by one, and whether these are all that it means."""
    includes, excludes = parts(compose, "include"), parts(compose, "exclude")
    without = {(one.get("system"), each.get("code")) for one in excludes for each in parts(one, "concept")}
    listed: list[Resource] = [
        {"system": one.get("system"), **each} for one in includes for each in parts(one, "concept")
    ]
    is_whole = all(parts(one, "concept") and "valueSet" not in one for one in [*includes, *excludes])
    return [each for each in listed if (each["system"], each.get("code")) not in without], is_whole


def _contained(expansion: Resource) -> Iterator[Resource]:
    for each in parts(expansion, "contains"):
        yield each
        yield from _contained(each)


def identifier(value_set: Resource) -> str:
    """The OID of a value set as its address, identifier or id says it, else its address or id."""
    named = [value_set.get("url"), *(each.get("value") for each in parts(value_set, "identifier")), value_set.get("id")]
    texts = [each for value in named if (each := text(value))]
    return next((found[0] for each in texts if (found := _OID.search(each))), texts[0] if texts else "")
