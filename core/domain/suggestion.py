"""Suggesting concepts for the codes of a feed by the words of their texts, so that a person can see why.

A text resembles a concept when it has every word of one of the concept's phrases. Words that turn the meaning round
('refused', 'family history of', 'ordered') forbid the suggestion, unless they belong to the phrase. Of two phrases,
one inside the other, the longer one counts: 'hepatitis B vaccine' is no hepatitis B.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from core.domain.phrases import words_of
from core.domain.turning_words import NEGATING, OF_CARE, OF_DERIVED, TURNING

MOST = 3  # suggestions for one code
_ALIKE, _LONG = 0.9, 7  # how alike two words of at least so many letters must be: 'hypotension' is no 'hypertension'
_DISEASES = ("condition", "finding")
_Words = list[tuple[str, str]]  # each as it stands in the text, and the word that phrases use for it


@dataclass(frozen=True)
class Named:
    """A concept that may be suggested. phrases: what it is called, each the set of its words."""

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
        """'It says ‘mammo’, ‘bilat’ and ‘screening’.'"""
        quoted = [f"‘{word}’" for word in self.said]
        return f"It says {' and '.join([', '.join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)}."


class Suggester:
    """Finds suggestions; made once for all texts.

    concepts   those that may be suggested
    same       abbreviations and other words, and the word that phrases use for each
    """

    def __init__(self, concepts: Iterable[Named], *, same: Mapping[str, str]) -> None:
        self._same = same
        self._by_word: dict[str, list[tuple[Named, frozenset[str]]]] = {}  # a phrase stands under one of its words
        for concept in concepts:
            for phrase in map(self._usual, concept.phrases):
                self._by_word.setdefault(max(phrase, key=len), []).append((concept, phrase))
        used = {word for phrases in self._by_word.values() for _, phrase in phrases for word in phrase}
        self._vocabulary = sorted(used | set(same))
        self._known = {word: same.get(word, word) for word in self._vocabulary}

    def suggestions(self, text: str | None) -> list[Suggestion]:
        """At most MOST concepts, the one that explains most of the text first; none when nothing fits."""
        words = [(word, self._meaning(word)) for word in words_of(text or "")]
        present = {means for _, means in words}
        fitting = [one for word in sorted(present) for one in self._by_word.get(word, ()) if one[1] <= present]
        found: dict[str, tuple[Named, frozenset[str]]] = {}
        for concept, phrase in sorted(fitting, key=lambda one: (-len(one[1]), one[0].name)):
            if concept.concept_id not in found and not _is_turned(words, concept, phrase):
                found[concept.concept_id] = (concept, phrase)
        best = [one for one in found.values() if not any(one[1] < other[1] for other in found.values())]
        return [Suggestion(each.concept_id, each.name, _said(words, phrase)) for each, phrase in best[:MOST]]

    def _usual(self, phrase: frozenset[str]) -> frozenset[str]:
        return frozenset(self._same.get(word, word) for word in phrase)

    def _meaning(self, word: str) -> str:
        if word not in self._known:
            near = self._near(word) if len(word) >= _LONG else word
            self._known[word] = self._same.get(near, near)
        return self._known[word]

    def _near(self, word: str) -> str:
        """The known word of which this is a slip of the pen, or the word itself."""
        matcher = SequenceMatcher(b=word)
        rated = []
        for known in self._vocabulary:
            if len(known) >= _LONG and known[0] == word[0] and abs(len(known) - len(word)) <= 2:
                matcher.set_seq1(known)
                if matcher.quick_ratio() >= _ALIKE and (likeness := matcher.ratio()) >= _ALIKE:
                    rated.append((likeness, known))
        return max(rated, default=(0.0, word))[1]


def _is_turned(words: _Words, concept: Named, phrase: frozenset[str]) -> bool:
    """Whether a word outside the phrase gives the text another meaning."""
    others = {each for pair in words if pair[1] not in phrase for each in pair}
    if others & (TURNING | (OF_CARE if concept.kind in _DISEASES else OF_DERIVED)):
        return True
    return any(first[0] in NEGATING and second[1] in phrase for first, second in pairwise(words))


def _said(words: _Words, phrase: frozenset[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word, means in words if means in phrase))
