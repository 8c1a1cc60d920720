"""What in a text may tell who a patient is (U2): numbers, addresses and dates of birth, by their form alone.

It says yes too often rather than too seldom: whoever is refused by mistake writes it otherwise. What is left alone, and
why: docs/decisions/support.md. Names are another matter (core.domain.person_names).
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core.domain.address import normal_email
from core.domain.us_zones import STATES

PHONE, EMAIL, BIRTH, SSN, RECORD, ADDRESS, LINK, NAME = (
    "a telephone number",
    "an email address",
    "a date of birth",
    "a social security number",
    "a number of a record, an account or an insurance",
    "a postal address",
    "a link to a patient",
    "a name",
)
RECENT = timedelta(days=365)  # a day of the last year or later may be a campaign's; an earlier one is taken for a birth
_DASHES = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE58, 0xFE63, 0xFF0D), "-")


@dataclass(frozen=True)
class Finding:
    """Characters `start` to `end` of a text look like `what`."""

    what: str
    start: int
    end: int


def findings(text: str, *, today: date, ours: Collection[str] = ()) -> list[Finding]:
    """Everything in a text that looks like patient information, in its order. `ours` are email addresses and telephone
    numbers that may stand in it: the sender's and the organisation's."""
    plain, places = _plain(text)
    allowed = {normal_email(each) for each in ours if "@" in each}
    allowed_numbers = {_digits(each)[-10:] for each in ours if "@" not in each and len(_digits(each)) >= 7}
    kept: list[Finding] = []
    seen: list[tuple[int, int]] = []
    for what, pattern, counts in _RULES:
        for match in pattern.finditer(plain):
            start, end = match.span()
            is_ours = normal_email(match[0]) in allowed or _digits(match[0])[-10:] in allowed_numbers
            if any(start < last and first < end for first, last in seen) or not (is_ours or counts(match, today)):
                continue
            seen.append((start, end))
            if not is_ours:
                kept.append(Finding(what, start, end))
    return sorted((Finding(one.what, places[one.start], places[one.end - 1] + 1) for one in kept), key=_start)


def _start(finding: Finding) -> int:
    return finding.start


def _plain(text: str) -> tuple[str, list[int]]:
    """The text with plain digits, dashes and blanks, without what nobody sees, and where each character stood."""
    letters, places = [], []
    for place, letter in enumerate(text):
        if unicodedata.category(letter) == "Cf":
            continue
        digit = unicodedata.digit(letter, None)
        is_blank = letter != "\n" and unicodedata.category(letter) == "Zs"
        wide = unicodedata.normalize("NFKC", letter)
        plain = str(digit) if digit is not None else " " if is_blank else _DASHES.get(ord(letter), wide)
        letters.append(plain if len(plain) == 1 else letter)
        places.append(place)
    return "".join(letters), places


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter in "0123456789")


_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?|enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre"
)
_YEAR = r"(?P<{0}>(?:1[89]|20)\d\d|'?\d\d)(?![\d])"
_NTH = r"(?:st|nd|rd|th)?"
_DAY_NAMES = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
)
_DAY_NUMBERS = {word: number for number, word in enumerate(_DAY_NAMES.split(), 1)}
_DAY_WORD = "|".join(word.replace("-", "[- ]") for word in _DAY_NUMBERS)
_YEAR_WORD = r"(?:eighteen|nineteen|twenty)[ -](?:hundred|oh|ten|[a-z]+teen|[a-z]+ty)\b(?:[ -](?:and )?[a-z]+)?"
_MONTH_NUMBERS = {
    name[:3]: number
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "ene feb mar abr may jun jul ago sep oct nov dic",
        "--- --- --- --- --- --- --- --- set --- --- ---",
    )
    for number, name in enumerate(names.split(), 1)
}
_WRITTEN = re.compile(
    rf"(?<![\w])(?:(?P<d1>\d{{1,2}}){_NTH}[ -]+(?:of |de )?(?P<m1>{_MONTHS})\.?[ ,-]+(?:de )?{_YEAR.format('y1')}"
    rf"|(?P<w1>{_DAY_WORD}) of (?P<m3>{_MONTHS})\.?[ ,]+{_YEAR.format('y3')}"
    rf"|(?P<m4>{_MONTHS})\.? +(?:the +)?(?P<w2>{_DAY_WORD}),? +{_YEAR.format('y4')}"
    rf"|(?P<m2>{_MONTHS})\.? +(?P<d2>\d{{1,2}}){_NTH},? +{_YEAR.format('y2')})",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"(?<![\w/.-])(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?![\w/]|[.-]\d)")
_ISO = re.compile(r"(?<![\w/.-])(\d{4})([/.-]?)(\d{1,2})\2(\d{1,2})(?![\w/]|[.-]\d)")
_BORN = re.compile(
    r"\b(?:d\.?o\.?b\b\.?|born|birth ?date|birth ?day|date of birth|nacid[oa]|fecha de nacimiento)"
    r"(?:[\s:=#(,-]|\b(?:is|was|on|in|el|en|the)\b){0,12}"
    rf"(?:\d{{1,4}}[/.-]\d{{1,2}}(?:[/.-]\d{{1,4}})?|"
    rf"(?:(?:\d{{1,2}}{_NTH}|{_DAY_WORD}) (?:of |de )?)?(?:{_MONTHS})\b(?: +(?:the )?(?:{_DAY_WORD})\b)?[ .,\d]*|"
    rf"{_YEAR_WORD}|"
    r"(?:18|19|20)\d\d\b|\d{6,8}\b)",
    re.IGNORECASE,
)
_WORDS = r"(?:[A-Z0-9][\w'.-]*|[a-z][\w'-]{2,})"
_NOT_A_STREET = (
    r"(?!(?:the|and|for|all|any|are|was|has|had|not|but|via|per|off|out|its|our|with|from|that|this|their|them|over|into|"
    r"onto|along|were|have|each|your|about|more|than|when|where|which)\b)"
)
_STREET = re.compile(
    rf"(?<![\w/.:-])\d{{1,6}}[A-Za-z]? (?:[NSEWnsew]{{1,2}}\.? )?(?:{_NOT_A_STREET}{_WORDS} ){{1,3}}"
    r"(?:[Ss]treet|[Aa]venue|[Rr]oad|[Bb]oulevard|[Ll]ane|[Dd]rive|[Cc]ourt|[Cc]ircle|[Tt]errace|[Pp]arkway|[Hh]ighway|"
    r"STREET|AVENUE|ROAD|LANE|DRIVE|St|Ave?|Rd|Blvd|Ln|Dr|Ct|Cir|Ter|Pkwy|Hwy|Pl|Way|ST|AVE|RD|BLVD|LN|DR|CT)\b"
)
_APART = re.compile(r"(?<![\w.-])(?:\d[ .()/-]{1,3}){8,}\d(?![\w]|[.-]\d)")  # digit by digit
_DIGIT_WORDS = (
    "zero|oh|one|two|three|four|five|six|seven|eight|nine|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve"
)
_DOT = r"(?: *(?:\(dot\)|\[dot\]) *| +dot +| *\. *)"
_SPELLED_EMAIL = re.compile(
    rf"(?<![\w.])[\w.%+'-]{{1,64}}(?: dot [\w-]+)*(?: *(?:\(at\)|\[at\]) *| +at +)[\w-]+(?:{_DOT}[\w-]+)*?"
    r"(?: *(?:\(dot\)|\[dot\]) *| +dot +)(?:com|org|net|edu|gov|mil|us|info|biz|io|co|me|health|mx|es|ca|uk)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(rf"\b(?:{'|'.join(STATES)})[ ,]+\d{{5}}(?:-\d{{4}})?(?!\d)")
_RECORD = re.compile(
    r"\b(?:mrn|mbi|hicn|medical record|chart|patient|member|subscriber|policy|group|account|acct|insurance|medicare|"
    r"medicaid)s?(?P<named>[\s.:#=-]*\b(?:id|no|nr|num|number|record number)\b)?"
    r"(?P<marked>[\s.:#=]*(?:\bis\b)?[\s:#=]*)"
    r"(?P<number>(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{2,})",
    re.IGNORECASE,
)


def _always(_match: re.Match[str], _today: date) -> bool:
    return True


def _is_record(match: re.Match[str], _today: date) -> bool:
    """'MRN 10023' and 'patient #10023', yet not 'patient 2 of 10' or 'account 2026-000123'."""
    word = match[0][:3].lower()
    return (
        word in ("mrn", "mbi", "hic", "med") or bool(match["named"]) or "#" in match["marked"] or ":" in match["marked"]
    )


def _is_long_number(match: re.Match[str], today: date) -> bool:
    """A number that is no day written together, such as 20261124."""
    found = _ISO.fullmatch(match[0])
    return found is None or _day(found[1], found[3], found[4]) is None or _is_long_ago_iso(found, today)


def _is_long_ago(match: re.Match[str], today: date) -> bool:
    """Month, day, year, or day, month, year: if one of the two readings is long ago."""
    first, mark, second, year = match.groups()
    if mark == "." and len(year) == 2:
        return False  # a version
    readings = (_day(_full(year, today), first, second), _day(_full(year, today), second, first))
    return any(day is not None and day < today - RECENT for day in readings)


def _is_long_ago_iso(match: re.Match[str], today: date) -> bool:
    if not match[2] and len(match[0]) != 8:
        return False
    day = _day(match[1], match[3], match[4])
    return day is not None and day < today - RECENT


def _is_long_ago_written(match: re.Match[str], today: date) -> bool:
    said = {name[0]: value for name, value in match.groupdict().items() if value}
    number = said.get("d") or _DAY_NUMBERS[said["w"].lower().replace(" ", "-")]
    day = _day(_full(said["y"], today), str(_MONTH_NUMBERS[said["m"][:3].lower()]), str(number))
    return day is not None and day < today - RECENT


def _is_no_counting(match: re.Match[str], _today: date) -> bool:
    """Not 1 2 3 4 5 6 7 8 9, which counts rows."""
    digits = _digits(match[0])
    return digits not in "01234567890"


def _full(year: str, today: date) -> str:
    """Two digits are the latest such year that is not after next year."""
    digits = year.lstrip("'")
    if len(digits) == 4:
        return digits
    recent = 2000 + int(digits)
    return str(recent if recent <= today.year + 1 else recent - 100)


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


Counts = Callable[[re.Match[str], date], bool]
_MESSAGE_ID = r"<?[\w-]+\.[\w-]+\.[0-9a-f]{20}@"  # ours (core.channels.email_frame.message_id)
_RULES: tuple[tuple[str, re.Pattern[str], Counts], ...] = (
    (LINK, re.compile(r"\S*\bpatient/?\?\S*\bid=\S+", re.IGNORECASE), _always),
    (EMAIL, _SPELLED_EMAIL, _always),
    (EMAIL, re.compile(rf"(?<![\w.])(?!{_MESSAGE_ID})[\w.%+'-]+ ?(?:@|\(at\)|\[at\]) ?[\w-]+(?:\.[\w-]+)+"), _always),
    (BIRTH, _BORN, _always),
    (BIRTH, _NUMERIC, _is_long_ago),
    (BIRTH, _ISO, _is_long_ago_iso),
    (BIRTH, _WRITTEN, _is_long_ago_written),
    (SSN, re.compile(r"(?<![\w-])\d{3}[- ]\d{2}[- ]\d{4}(?![\w-])"), _always),
    (
        SSN,
        re.compile(
            r"\b(?:ssn|social security(?: number| no\.?)?|seguro social)\b[\s:=#(,-]*"
            r"(?:(?:is|ends?|ending|in|with|last|four|4)\b[\s:]*){0,4}[x*-]*\d{4,9}\b",
            re.IGNORECASE,
        ),
        _always,
    ),
    (
        RECORD,
        re.compile(r"(?<![\w-])[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2}(?![\w-])", re.IGNORECASE),
        _always,
    ),
    (RECORD, _RECORD, _is_record),
    (PHONE, re.compile(r"(?<![\w.-])(?:\+?1[ .-]*)?\(?\d{3}\)?[ ./-]*\d{3}[ .-]*\d{4}(?![\d]|-\d)"), _always),
    (PHONE, _APART, _is_no_counting),
    (PHONE, re.compile(rf"\b(?:(?:{_DIGIT_WORDS})\b[ ,.-]*){{7,}}", re.IGNORECASE), _always),
    (PHONE, re.compile(r"(?<![\w.])\+\d[\d .()-]{5,18}\d(?!\d)"), _always),
    (PHONE, re.compile(r"(?<![\w.-])\d{3}[ -]\d{4}(?![\d-]|\.\d)"), _always),
    (RECORD, re.compile(r"(?<![\w.@=/-])[A-Za-z]{0,3}-?\d{7,}(?![\w@])"), _is_long_number),
    (ADDRESS, _STREET, _always),
    (ADDRESS, re.compile(r"\b[Pp]\.? ?[Oo]\.? ?[Bb]ox \d+"), _always),
    (ADDRESS, _PLACE, _always),
)


def lines(text: str, found: Collection[Finding]) -> Iterator[str]:
    """Each finding as its sender reads it: what it is, what it looks like, and on which line. For the sender alone."""
    for each in found:
        line = text.count("\n", 0, each.start) + 1
        yield f"“{' '.join(text[each.start : each.end].split())}” on line {line} looks like {each.what}."
