"""Whom a letter is addressed to, by name, and how it greets: one patient, a minor's parents, or a household (L1).

The envelope has the legal name, which the letter carrier knows; the greeting has what the patient likes to be called.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.campaign import DEFAULT_LANGUAGE

_WORDS = {
    "en": {
        "parent": "Parent or guardian of {0}",
        "children": "Parent or guardian of the {0} children",
        "and": "{0} and {1}",
        "household": "The {0} household",
        "of": "The household of {0}",
        "dear": "Dear {0},",
        "dear_parent": "Dear parent or guardian,",
        "dear_patient": "Dear patient,",
        "dear_household": "Dear members of the household,",
    },
    "es": {
        "parent": "Padre, madre o tutor de {0}",
        "children": "Padre, madre o tutor de los niños {0}",
        "and": "{0} y {1}",
        "household": "Familia {0}",
        "of": "Hogar de {0}",
        "dear": "Hola, {0}:",
        "dear_parent": "Estimado padre, madre o tutor:",
        "dear_patient": "Estimado paciente:",
        "dear_household": "Estimada familia:",
    },
}


@dataclass(frozen=True)
class Person:
    """One patient of a letter. `called` is what the greeting says: the preferred or the first name.

    full_name   first and last name with suffix, as far as they are on file; never ''
    """

    full_name: str
    last: str
    called: str = ""
    is_minor: bool = False


@dataclass(frozen=True)
class Addressee:
    """The first line of the address and the greeting."""

    name: str
    greeting: str


def name_of(first: str | None, last: str | None, suffix: str | None) -> str:
    """The name on the envelope; who has only one name is addressed by it. '' without any."""
    parts = [" ".join(part.split()) for part in (first, last) if part and part.strip()]
    more = [" ".join(suffix.split())] if suffix and suffix.strip() and parts else []
    return " ".join([*parts, *more])


def addressee(people: Sequence[Person], *, language: str = DEFAULT_LANGUAGE) -> Addressee:
    """Of one letter. `people` are the patients it is for, in their order; several live at one address."""
    words = _WORDS.get(language, _WORDS[DEFAULT_LANGUAGE])
    if len(people) == 1:
        return _of_one(people[0], words)
    if all(each.is_minor for each in people):
        return Addressee(_of_children(people, words), words["dear_parent"])
    if len(people) == 2 and not any(each.is_minor for each in people):
        return _of_two(people, words)
    last = _common_last(people)
    adults = [each for each in people if not each.is_minor]
    name = words["household"].format(last) if last else words["of"].format(adults[0].full_name)
    return Addressee(name, words["dear_household"])


def _of_one(person: Person, words: dict[str, str]) -> Addressee:
    if person.is_minor:
        return Addressee(words["parent"].format(person.full_name), words["dear_parent"])
    greeting = words["dear"].format(person.called) if person.called else words["dear_patient"]
    return Addressee(person.full_name, greeting)


def _of_two(people: Sequence[Person], words: dict[str, str]) -> Addressee:
    one, other = people
    both = words["and"].format(one.full_name, other.full_name)
    called = words["and"].format(one.called, other.called) if one.called and other.called else ""
    return Addressee(both, words["dear"].format(called) if called else words["dear_household"])


def _of_children(people: Sequence[Person], words: dict[str, str]) -> str:
    if len(people) == 2:
        return words["parent"].format(words["and"].format(people[0].full_name, people[1].full_name))
    last = _common_last(people)
    return words["children"].format(last) if last else words["parent"].format(people[0].full_name)


def _common_last(people: Sequence[Person]) -> str:
    """The last name of all of them, as the first one writes it; '' when they have several."""
    keys = {" ".join(each.last.split()).casefold() for each in people}
    return people[0].last.strip() if len(keys) == 1 and "" not in keys else ""
