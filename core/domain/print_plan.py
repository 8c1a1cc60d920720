"""What a print run prints: which letters, to whom, in which order, in which files (L2). The same input, the same plan.

With one letter for each household, those at an address who would read the same words get one letter together; whose
words differ, by language or clinic, get their own, so that nobody reads what was meant for somebody else.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from core.domain.addressee import Person, addressee
from core.domain.letter import LetterSettings
from core.domain.merge_field import FieldValue
from core.domain.postal import Postal, is_one_home
from core.domain.search_key import NAME_COLUMNS, search_columns

MOST_IN_A_HOME = 6  # more patients of a campaign at one address are those of a nursing home or shelter


@dataclass(frozen=True)
class Candidate:
    """A recipient who gets a letter.

    first, last  as on file, for the order by name
    values       of the merge fields that the body in `language` uses
    """

    recipient_id: int
    person: Person
    postal: Postal
    language: str
    values: Mapping[str, FieldValue]
    first: str = ""


@dataclass(frozen=True)
class PlannedLetter:
    """One letter. `position` counts from 1; `addressee` are the lines, the name first."""

    position: int
    language: str
    addressee: tuple[str, ...]
    greeting: str
    values: Mapping[str, FieldValue]
    address_key: str
    recipient_ids: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """One file: `number` from 1 of `of`, with `count` letters from position `first` on."""

    number: int
    of: int
    first: int
    count: int


def letters(
    candidates: Sequence[Candidate], settings: LetterSettings, *, alone: Collection[int] = ()
) -> list[PlannedLetter]:
    """The letters in their order; every candidate is on exactly one of them, these recipients on one of their own, and
    so is everybody where more than MOST_IN_A_HOME live: strangers do not read of each other on an envelope."""
    ordered = [candidates[place] for place in _places(candidates, by=settings.order)]
    living = Counter(each.postal.key for each in candidates)
    together: dict[Hashable, list[Candidate]] = defaultdict(list)
    for each in ordered:
        key: Hashable = each.recipient_id
        is_home = is_one_home(each.postal.key) and living[each.postal.key] <= MOST_IN_A_HOME
        if settings.per_household and is_home and each.recipient_id not in alone:
            key = (each.postal.key, each.language, tuple(sorted(each.values.items())))
        together[key].append(each)
    return [_letter(number, of, settings) for number, of in enumerate(together.values(), 1)]


def parts(letter_count: int, per_file: int) -> list[Part]:
    """The files of so many letters, each full but the last."""
    of = -(-letter_count // per_file)
    firsts = range(1, letter_count + 1, per_file)
    return [Part(number, of, first, min(per_file, letter_count - first + 1)) for number, first in enumerate(firsts, 1)]


def digest(planned: Sequence[PlannedLetter], sender: Sequence[str]) -> str:
    """What labels show: names and addresses in their order, and the sender. SHA-256 in hexadecimal."""
    shown = [list(sender), *(list(each.addressee) for each in planned)]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=True).encode()).hexdigest()


def _letter(number: int, of: Sequence[Candidate], settings: LetterSettings) -> PlannedLetter:
    first = of[0]
    named = addressee([each.person for each in of], language=first.language)
    return PlannedLetter(
        position=number,
        language=first.language,
        addressee=(named.name, *first.postal.lines),
        greeting=named.greeting if settings.has_greeting else "",
        values=dict(first.values),
        address_key=first.postal.key,
        recipient_ids=tuple(each.recipient_id for each in of),
    )


def _places(candidates: Sequence[Candidate], *, by: str) -> list[int]:
    """The places of the candidates in order: by ZIP code, street and number, or by last and first name."""
    names = _sort_names(candidates)
    by_zip = [each.postal.order for each in candidates]
    ids = [each.recipient_id for each in candidates]
    if by == "name":
        return sorted(range(len(candidates)), key=lambda place: (names[place], by_zip[place], ids[place]))
    return sorted(range(len(candidates)), key=lambda place: (by_zip[place], names[place], ids[place]))


def _sort_names(candidates: Sequence[Candidate]) -> list[str]:
    """As work lists order names: without case and accents, whatever the script."""
    rows = {name: [""] * len(candidates) for name in NAME_COLUMNS}
    rows |= {"first": [each.first for each in candidates], "last": [each.person.last for each in candidates]}
    frame = pl.DataFrame(rows, schema=dict.fromkeys(NAME_COLUMNS, pl.String))
    return search_columns(frame)["sort_name"].to_list() if candidates else []
