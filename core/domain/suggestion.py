"""Suggesting concepts for the codes of a feed by the words of their texts, so that a person can see why.

A text resembles a concept when it has every word of one of the concept's phrases. Words that turn the meaning round
('refused', 'family history of', 'ordered') forbid every suggestion, unless they belong to the phrase. Of two phrases,
one inside the other, the longer one counts: 'hepatitis B vaccine' is no hepatitis B.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST = 3  # suggestions for one code
_WORD = re.compile(r"[a-z0-9]+")
_ALIKE, _LONG = 0.9, 7  # how alike two words of at least so many letters must be: 'hypotension' is no 'hypertension'
_WITHOUT = re.compile(r"\bw/o\b")
_APOSTROPHE = re.compile(r"['’]")
# What did not happen, is somebody else's, lies in the past without a date, or is only spoken about.
_TURNING = frozenset(
    [
        "no",
        "not",
        "none",
        "never",
        "denies",
        "denied",
        "deny",
        "declined",
        "decline",
        "declines",
        "refused",
        "refuse",
        "refusal",
        "refuses",
        "deferred",
        "defer",
        "cancelled",
        "canceled",
        "cancel",
        "ordered",
        "order",
        "orders",
        "requested",
        "request",
        "requests",
        "pending",
        "due",
        "overdue",
        "scheduled",
        "schedule",
        "reminder",
        "reminders",
        "letter",
        "recall",
        "referral",
        "referred",
        "refer",
        "recommended",
        "recommend",
        "planned",
        "plan",
        "plans",
        "needs",
        "needed",
        "family",
        "fam",
        "fh",
        "fhx",
        "father",
        "mother",
        "sister",
        "brother",
        "parent",
        "sibling",
        "maternal",
        "paternal",
        "history",
        "hx",
        "h/o",
        "allergy",
        "allergic",
        "allergies",
        "adverse",
        "reaction",
        "intolerance",
        "contraindicated",
        "contraindication",
        "unable",
        "unsatisfactory",
        "inadequate",
        "insufficient",
        "incomplete",
        "aborted",
        "failed",
        "missed",
        "exposure",
        "suspected",
        "possible",
        "probable",
        "rule",
        "r/o",
        "risk",
        "education",
        "handout",
        "information",
        "consent",
        "discussed",
        "discussion",
        "counseling",
        "counseled",
        "advice",
        "advised",
        "offered",
        "offer",
        "negative",
        "absent",
        "absence",
        "resolved",
        "review",
        "reviewed",
        "received",
        "records",
        "wants",
        "interested",
        "eligible",
        "eligibility",
    ]
)
_BEFORE = frozenset({"without", "non"})  # turn the word that follows
# Diseases are not tests, vaccines or other care of the same name.
_OF_TESTS = frozenset(
    [
        "vaccine",
        "test",
        "screening",
        "antibody",
        "ab",
        "antigen",
        "ag",
        "titer",
        "level",
        "panel",
        "culture",
        "pcr",
        "rna",
        "dna",
        "igg",
        "igm",
        "ratio",
        "average",
        "mean",
        "exam",
        "supplies",
        "supply",
        "strips",
        "prevention",
        "program",
        "class",
        "clinic",
        "visit",
        "monitoring",
        "surveillance",
        "serology",
        "surface",
        "core",
    ]
)
_OF_DERIVED = frozenset({"ratio", "average", "mean", "goal", "target", "antibody", "titer"})
_DISEASES = ("condition", "finding")


@dataclass(frozen=True)
class Named:
    """A concept that may be suggested. phrases: each the set of its words."""

    concept_id: str
    name: str
    kind: str
    phrases: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Suggestion:
    """A concept that a text resembles. said: the words of the text that say so, as they stand in it."""

    concept_id: str
    name: str
    said: tuple[str, ...]

    @property
    def why(self) -> str:
        """'The text says ‘mammo’, ‘bilat’ and ‘screening’.'"""
        quoted = [f"‘{word}’" for word in self.said]
        return f"The text says {' and '.join([', '.join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)}."


class Suggester:
    """Finds suggestions; made once for all texts.

    concepts   those that may be suggested; same: words and abbreviations to the word that phrases use
    """

    def __init__(self, concepts: Iterable[Named], *, same: Mapping[str, str]) -> None:
        self._concepts = tuple(concepts)
        self._same = same
        self._vocabulary = {word for each in self._concepts for phrase in each.phrases for word in phrase} | set(same)
        self._known: dict[str, str] = {}

    def suggestions(self, text: str | None) -> list[Suggestion]:
        """At most MOST concepts, the one that explains most of the text first; none when nothing fits."""
        words = [(word, self._meaning(word)) for word in _words(text or "")]
        present = {means for _, means in words}
        found = [
            (len(phrase), concept, phrase)
            for concept in self._concepts
            if (phrase := _best([each for each in concept.phrases if each <= present], words, concept))
        ]
        best = [one for one in found if not any(one[2] < other[2] for other in found)]
        best.sort(key=lambda one: -one[0])
        return [Suggestion(each.concept_id, each.name, _said(words, phrase)) for _, each, phrase in best[:MOST]]

    def _meaning(self, word: str) -> str:
        if word not in self._known:
            self._known[word] = self._same.get(word) or self._same.get(near := self._near(word), near)
        return self._known[word]

    def _near(self, word: str) -> str:
        """The word itself, or the known word of which it is a slip of the pen."""
        if word in self._vocabulary or len(word) < _LONG:
            return word
        rated = [
            (SequenceMatcher(None, word, known).ratio(), known)
            for known in sorted(self._vocabulary)
            if len(known) >= _LONG and known[0] == word[0] and abs(len(known) - len(word)) <= 2
        ]
        best = max(rated, default=(0.0, word))
        return best[1] if best[0] >= _ALIKE else word


def phrase(text: str) -> frozenset[str]:
    """A phrase as the set of its words."""
    return frozenset(_words(text))


def _words(text: str) -> list[str]:
    lowered = _APOSTROPHE.sub("", text.lower())
    lowered = _WITHOUT.sub("without", lowered).replace("h/o", "history").replace("r/o", "rule")
    return _WORD.findall(lowered)


def _best(fitting: list[frozenset[str]], words: list[tuple[str, str]], concept: Named) -> frozenset[str]:
    return max((each for each in fitting if not _is_turned(words, concept, each)), key=len, default=frozenset())


def _is_turned(words: list[tuple[str, str]], concept: Named, phrase: frozenset[str]) -> bool:
    """Whether a word outside the phrase gives the text another meaning."""
    others = {each for pair in words for each in pair if pair[1] not in phrase}
    forbidden = _TURNING | (_OF_TESTS if concept.kind in _DISEASES else _OF_DERIVED)
    if others & forbidden:
        return True
    following = zip(words, words[1:], strict=False)
    return any(first in _BEFORE and second in phrase for (first, _), (_, second) in following)


def _said(words: list[tuple[str, str]], phrase: frozenset[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word, means in words if means in phrase))
