"""What is wrong on purpose, as in every real feed: one patient in `every` has it, so that any thousand shows each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """`every`: one patient number in so many, counted from `first`. Primes, so that defects seldom meet."""

    every: int
    first: int
    about: str


DEFECTS = {
    "duplicate patient": Defect(
        97, 31, "the person before again: other id, middle name left out or first name misspelt"
    ),
    "test patient": Defect(401, 57, "ZZTEST or Mickey Mouse, some born 1900-01-01; half of them not marked as test"),
    "deceased but active": Defect(307, 40, "a day of death, and status active"),
    "care after death": Defect(619, 86, "a visit two months after the day of death"),
    "unreadable birth date": Defect(331, 71, "13/25/1961 or nothing at all"),
    "birth date in the future": Defect(641, 203, "a day that has not come"),
    "birth date too long ago": Defect(743, 254, "more than 115 years old"),
    "unknown sex": Defect(173, 19, "U, or nothing"),
    "junk mobile number": Defect(61, 12, "000-000-0000, 867-5309, seven digits, words"),
    "home number as mobile": Defect(43, 8, "the household's landline in both fields"),
    "extension in a number": Defect(151, 23, "a number followed by x12"),
    "placeholder email": Defect(67, 25, "none@example.com, n/a"),
    "misspelt email": Defect(79, 47, "no at sign, two of them, no ending"),
    "newline in the address": Defect(229, 15, "street and apartment in one quoted field of two lines"),
    "visit in the future": Defect(233, 90, "a year typed wrongly"),
    "event before birth": Defect(421, 112, "a dose dated before the patient was born"),
    "stale appointment": Defect(89, 5, "long past and still scheduled"),
    "unknown provider": Defect(281, 61, "an appointment with somebody who is not in the table of providers"),
    "event of nobody": Defect(353, 99, "a result for a patient who is not in the table of patients"),
}


def has(defect: str, number: int) -> bool:
    """Whether the patient of this number has the defect."""
    rule = DEFECTS[defect]
    return number % rule.every == rule.first
