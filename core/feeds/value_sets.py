"""FHIR value sets: lists of codes that a practice or a deck brings under its own licence."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
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
_OTHER_PAGES = "Its server gives them in pages: save the other pages into the folder too."
_NO_EXPANSION = "the value set has no expansion. Ask its server for $expand and save the answer."


@dataclass(frozen=True)
class ValueSet:
    """One value set as one file has it.

    value_set    its identifier: the OID where the address or id has one
    codes        (system, code, display), the system in our words or as the address says it
    stated       how many codes the whole has by its own word, as a server may give it in pages; None = not said
    offset       how many entries come in the pages before; listed_count: how many are on this one
    problem      why the codes are not known, with what to do; '' when they are
    """

    file: str
    value_set: str
    title: str
    version: str
    codes: tuple[tuple[str, str, str], ...]
    stated: int | None = None
    offset: int = 0
    listed_count: int = 0
    problem: str = ""


def read_value_sets(folder: Path) -> tuple[pl.DataFrame, list[str]]:
    """VALUE_SET_CODES of every ValueSet in the folder's JSON files, alone or in bundles, once each; and which versions
    were passed over, since of several the newest counts.

    value_set is the identifier of the set: its OID where the address or id has one. A file that is JSON but no value
    set is passed over. Raises DataError for a file that is no JSON, for a value set that was not expanded, and for one
    of which pages are missing.
    """
    found = [each for path in sorted(folder.rglob("*.json")) for each in value_sets_in(json_resources(path), path.name)]
    newest, notes = newest_of(found)
    rows = [(one.value_set, one.title, *code) for one in newest for code in one.codes]
    codes = pl.DataFrame(rows, schema=VALUE_SET_CODES, orient="row")
    return codes.unique(["value_set", "system", "code"], keep="first", maintain_order=True), notes


def newest_of(found: Iterable[ValueSet]) -> tuple[list[ValueSet], list[str]]:
    """Every part of the newest version of each set, and which versions were passed over. Refuses what is not whole."""
    by_set: dict[str, list[ValueSet]] = defaultdict(list)
    for each in found:
        by_set[each.value_set].append(each)
    kept: list[ValueSet] = []
    notes: list[str] = []
    for identifier, versions in by_set.items():
        version = max((each.version for each in versions), key=in_order)
        newest = [each for each in versions if each.version == version]
        _refuse_incomplete(newest)
        kept += newest
        older = sorted({each.version or "without a version" for each in versions if each.version != version})
        if older:
            notes.append(f"{identifier} is there in several versions: {version} counts, not {', '.join(older)}.")
    return kept, notes


def _refuse_incomplete(pages: list[ValueSet]) -> None:
    for page in pages:
        if page.problem:
            raise DataError(page.problem)
    count = len({code for page in pages for code in page.codes})
    stated = min((page.stated for page in pages if page.stated is not None), default=0)
    if count < stated:
        raise DataError(
            f"{pages[0].file}: the value set has {stated:,} codes, of which {count:,} are here. {_OTHER_PAGES}"
        )
    reached = 0
    for page in sorted(pages, key=lambda page: page.offset):
        if page.offset > reached:
            raise DataError(
                f"{page.file}: it begins after {page.offset:,} codes of the value set, of which {reached:,} are here. "
                f"{_OTHER_PAGES}"
            )
        reached = max(reached, page.offset + page.listed_count)


def in_order(version: str) -> tuple[tuple[int, str], ...]:
    """'20240106' before '20250108', '9' before '10'; no version comes first."""
    return tuple((int(number), word) for number, word in re.findall(r"(\d+)|(\D+)", version) if number) or ((-1, ""),)


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
    total, offset = _whole(expansion, "total"), _whole(expansion, "offset") or 0
    problem = ""
    if not listed and total != 0 and not offset:
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
        stated=total - len(listed) + len(codes) if total is not None and expansion.get("contains") else None,
        offset=offset,
        listed_count=len(listed),
        problem=problem,
    )


def _whole(expansion: Resource, key: str) -> int | None:
    number = expansion.get(key)
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _composed(compose: Resource) -> tuple[list[Resource], bool]:
    """The codes that a definition lists one by one, and whether these are all that it means."""
    includes, excludes = parts(compose, "include"), parts(compose, "exclude")
    without = {_key(each) for one in excludes for each in _concepts(one)}
    listed = [each for one in includes for each in _concepts(one)]
    is_whole = all(parts(one, "concept") and "valueSet" not in one for one in [*includes, *excludes])
    return [each for each in listed if _key(each) not in without], is_whole


def _concepts(one: Resource) -> list[Resource]:
    return [{"system": one.get("system"), **each} for each in parts(one, "concept")]


def _key(code: Resource) -> tuple[str | None, str | None]:
    return text(code.get("system")), text(code.get("code"))


def _contained(expansion: Resource) -> Iterator[Resource]:
    for each in parts(expansion, "contains"):
        yield each
        yield from _contained(each)


def identifier(value_set: Resource) -> str:
    """The OID of a value set as its address, identifier or id says it, else its address or id."""
    named = [value_set.get("url"), *(each.get("value") for each in parts(value_set, "identifier")), value_set.get("id")]
    texts = [each for value in named if (each := text(value))]
    return next((found[0] for each in texts if (found := _OID.search(each))), texts[0] if texts else "")
