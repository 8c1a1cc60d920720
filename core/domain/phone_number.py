"""Phone numbers within a sentence: what people write when they mean somebody to call (T2).

Found are numbers of ten digits as in the US and Canada, with or without the 1, the +1 and an extension, and
international ones that begin with a plus (ITU-T E.164, at most 15 digits). Not found are dates, times, prices, ZIP
codes, numbers of seven digits, those spelled in letters, and what stands in a web address or after a word like 'order'.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SPACE = r"[ \u00a0\u2007\u202f\t]"
_GAP = rf"(?:{_SPACE}?[-.\u2010-\u2013]{_SPACE}?|{_SPACE})"  # between two groups of digits
_AREA = rf"(?:\([2-9][0-9]{{2}}\)(?:{_GAP}|{_SPACE}{{2}})?|[2-9][0-9]{{2}}(?:{_GAP}|/)?)"
_NATIONAL = rf"(?P<national>(?:(?:\(\+1\)|\+?1){_GAP}?)?{_AREA}[0-9]{{3}}{_GAP}?[0-9]{{4}})"
_INTERNATIONAL = rf"(?P<international>\+[2-9](?:{_GAP}?\(?[0-9]\)?){{6,14}})"
_EXTENSION = rf"(?:,?{_SPACE}?(?:ext(?:ensi[oó]n)?\b\.?|x|#){_SPACE}?(?P<extension>[0-9]{{1,6}}))?"
_NUMBER = re.compile(
    rf"(?<![\w+$€£#@&=%/])(?<!\w-)(?<!\d[.,:])(?:{_NATIONAL}|{_INTERNATIONAL}){_EXTENSION}(?![\w@%])(?![-.,:/]\d)",
    re.IGNORECASE,
)
# Ten digits in a row after one of these words are no number to call.
_COUNTED = re.compile(
    r"\b(?:order|invoice|account|acct|claim|member|policy|case|reference|ref|confirmation|tracking|ticket|record|mrn|npi|id|"
    r"pedido|factura|cuenta|reclamo|póliza|caso|referencia|confirmación|expediente)\b\W{0,3}"
    r"(?:(?:number|no|num|número|is|es)\b\W{0,3}){0,2}$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PhoneNumber:
    """start, end: where it stands in the text. digits: without the plus, but with the 1 where it is written."""

    start: int
    end: int
    digits: str
    extension: str
    is_national: bool  # of the US, Canada and others that share the country code 1


def phone_numbers(text: str) -> Iterator[PhoneNumber]:
    """The phone numbers of a text, one after the other."""
    for match in _NUMBER.finditer(text):
        if match[0].isdigit() and _COUNTED.search(text[max(0, match.start() - 40) : match.start()]):
            continue
        written = match["national"] or match["international"]
        digits = "".join(letter for letter in written if letter in "0123456789")
        yield PhoneNumber(*match.span(), digits, match["extension"] or "", match["national"] is not None)
