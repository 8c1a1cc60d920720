"""Postal addresses as they stand on an envelope, whether a letter can arrive there, and which are the same (L2).

Feeds write anything where an address is missing: 'HOMELESS', 'BAD ADDRESS', a ZIP code of 00000. Two addresses are the
same only when nothing but the way of writing differs: a letter for a household that is none would be read by neighbours
(docs/decisions/letters.md).
"""

import re
import unicodedata
from dataclasses import dataclass

from core.domain import us_zones

MISSING, INCOMPLETE, UNUSABLE = "no_postal_address", "postal_incomplete", "postal_unusable"

# What is written in place of an address, of one line or within it; without case, accents and punctuation.
_NO_WORDS = (
    r"unknown|unk|none|no|na|n a|nil|null|tbd|test|same|address|street|x+|0+|not on file|not given|not available"
)
NOTHING = rf"^(?:{_NO_WORDS}|same as above)?$"  # in place of a second line there is none
PLACEHOLDER = (
    rf"^(?:{_NO_WORDS}|moved|returned|deceased|refused|declined|general delivery unknown|shelter unknown|same as .*|"
    r"see (?:above|below|chart|comments?|father|guardian|mother|notes?|other|parents?)|(?:p ?o|post office) ?box)$"
    r"|\b(?:homeless|no (?:fixed |permanent |current |known )?(?:address|addr|abode)|transient"
    r"|(?:bad|wrong|old|invalid|incorrect|undeliverable|update|need|needs|verify|unknown) (?:address|addr)"
    r"|(?:address|addr) (?:unknown|bad|wrong|invalid|needed|incorrect)"
    r"|(?:mail |letter )returned|return(?:ed)? (?:mail|letter|to sender)|do not mail|undeliverable)\b"
)
# With what registration desks leave behind: '62701-', '62701 1234'.
US_ZIP = r"^(?:0050[1-9]|005[1-9]\d|00[6-9]\d\d|0[1-9]\d{3}|[1-9]\d{4})(?:\s*-?\s*\d{4})?[-.\s]*$"
NO_ZIP = r"^(?:00000|99999|9995[1-9]|999[6-9]\d)"
CANADIAN = r"^[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d$"
PROVINCES = frozenset(["AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"])
# States, territories and the forces as people write them, without blanks and points; 'Ill' and 'Calif' as well.
_STATES = {word.replace(".", "").replace(" ", "") for word in us_zones.WORDS}
OURS = frozenset(
    {"aa", "ae", "ap", "fla", "nmex", "penna", "wva", "usvi"}
    | {word[:length] for word in _STATES for length in range(min(len(word), 3), len(word) + 1)}
)
_NOTHING = re.compile(NOTHING)
_PLACEHOLDER, _US_ZIP, _NO_ZIP = re.compile(PLACEHOLDER), re.compile(US_ZIP), re.compile(NO_ZIP)
_CANADIAN = re.compile(CANADIAN)

# As USPS Publication 28 writes them. What is not here stays as it is: then two ways of writing are two addresses.
_SUFFIXES = {
    "alley": "aly", "avenue": "ave", "av": "ave", "aven": "ave", "boulevard": "blvd", "boul": "blvd", "bridge": "brg",
    "bypass": "byp", "center": "ctr", "centre": "ctr", "circle": "cir", "court": "ct", "cove": "cv", "creek": "crk",
    "crescent": "cres", "crossing": "xing", "drive": "dr", "drv": "dr", "expressway": "expy", "extension": "ext",
    "freeway": "fwy", "gardens": "gdns", "grove": "grv", "heights": "hts", "highway": "hwy", "hill": "hl",
    "hills": "hls", "island": "is", "junction": "jct", "lake": "lk", "lakes": "lks", "landing": "lndg", "lane": "ln",
    "manor": "mnr", "meadows": "mdws", "mount": "mt", "mountain": "mtn", "parkway": "pkwy", "pky": "pkwy",
    "place": "pl", "plaza": "plz", "point": "pt", "ridge": "rdg", "river": "riv", "road": "rd", "route": "rte",
    "saint": "st", "springs": "spgs", "square": "sq", "station": "sta", "street": "st", "str": "st", "terrace": "ter",
    "terr": "ter", "trail": "trl", "turnpike": "tpke", "valley": "vly", "view": "vw", "village": "vlg", "way": "way",
}  # fmt: skip
_DIRECTIONS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "northeast": "ne", "northwest": "nw", "southeast": "se",
    "southwest": "sw",
}  # fmt: skip
_STREETS = frozenset(_SUFFIXES.values()) - {"mt", "is", "lk", "pt"}
_ORDINALS = dict(
    zip(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"],
        ["1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th"],
        strict=True,
    )
)
_UNITS = frozenset({"apt", "apartment", "unit", "number"})  # and '#', 'No.': one flat, however it is called
_OTHER_UNITS = {"suite": "ste", "room": "rm", "floor": "fl", "building": "bldg", "trailer": "trlr", "space": "spc"}
_ROUTES = frozenset({"rr", "hc", "rd", "rte", "rural", "star", "hwy", "county", "state", "us", "apt", "psc", "cmr"})
_PO_BOX = re.compile(r"^(?:p ?o ?(?:box|b)|post office box|pob|box) (?=[0-9a-z])")


@dataclass(frozen=True)
class Postal:
    """A postal address as the records have it; None or '' for what they do not have."""

    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None

    @property
    def problem(self) -> str:
        """Why no letter can be sent to it: MISSING, INCOMPLETE or UNUSABLE; '' when one can."""
        parts = [_tidy(part) for part in (self.address1, self.city, self.state, self.zip)]
        if not any(parts):
            return MISSING
        if any(_PLACEHOLDER.search(_plain(part)) for part in (self.address1, self._more, self.city)):
            return UNUSABLE
        if any(_tidy(part) and not _plain(part) for part in (self.address1, self.city)):
            return UNUSABLE
        if not all(parts):
            return INCOMPLETE
        return "" if _is_zip(parts[3], parts[2]) else UNUSABLE

    @property
    def _more(self) -> str:
        """The second line; '' for 'N/A', which says that there is none."""
        return "" if _NOTHING.search(_plain(self.address2)) else _tidy(self.address2)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines below the name, in the order of the United States."""
        street, city, state, code = (_tidy(part) for part in (self.address1, self.city, self.state, self.zip))
        last = f"{city}, {_state(state)} {_zip(code)}".strip(" ,")
        country = ("CANADA",) if _is_canadian(code, state) else ()
        return tuple(line for line in (street, self._more, last) if line) + country

    @property
    def key(self) -> str:
        """What two ways of writing one address have in common; '' for one that no letter can be sent to.

        Town and ZIP code count as well: in two towns there may be the same street.
        """
        if self.problem:
            return ""
        street = " ".join(_street(_tokens(f"{_marked(self.address1)} {_marked(self._more)}")))
        return f"{_zip(_tidy(self.zip))[:5]}|{street}|{' '.join(_town(_plain(self.city).split()))}"[:180]

    @property
    def order(self) -> tuple[str, str, list[tuple[bool, int, str]], str]:
        """Where it lies among letters ordered by ZIP code: by the code with its four more digits, street, number."""
        street = _street(_tokens(_marked(self.address1)))
        number = next((token for token in street[:1] if token[0].isdigit()), "")
        rest = street[1:] if number else street
        return _zip(_tidy(self.zip)), " ".join(rest), _natural(number), _plain(self._more)


def is_one_home(key: str) -> bool:
    """Whether the key of an address tells one home. 'General Delivery', 'RR 2' and a street without a number are where
    many live: who lives there is no household, and a letter that comes back says nothing of the others."""
    tokens = key.split("|")[1].split() if "|" in key else []
    if not tokens or tokens[:2] == ["general", "delivery"]:
        return False
    if tokens[0][0].isdigit() or any(token in ("box", "apt") for token in tokens[1:-1]):
        return True
    return tokens[0] not in _ROUTES and any(letter.isdigit() for token in tokens for letter in token)


def _tidy(text: str | None) -> str:
    """On one line, with single blanks; '' for nothing to see."""
    return " ".join((text or "").split()).strip(" ,;")


def _plain(text: str | None) -> str:
    """Without case, accents and punctuation, with single blanks."""
    apart = unicodedata.normalize("NFKD", (text or "").casefold())
    letters = (c if c.isalnum() else " " for c in apart if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def _marked(text: str | None) -> str:
    """With '#' and 'No.' as the words that they are."""
    found = re.sub(r"#", " apt ", text or "")
    return re.sub(r"\bno\.?\s*(?=\d)", " apt ", found, flags=re.IGNORECASE)


def _tokens(text: str) -> list[str]:
    plain = _PO_BOX.sub("po box ", _plain(text))
    return plain.split()


def _street(tokens: list[str]) -> list[str]:
    """In the words of the post office. A direction that is the street's own name stays: N St is not North St."""
    found: list[str] = []
    for place, token in enumerate(tokens):
        follows = _short(tokens[place + 1]) if place + 1 < len(tokens) else ""
        if token in _UNITS:
            if found[-1:] != ["apt"]:
                found.append("apt")
        elif token in _DIRECTIONS:
            found.append(token if follows in _STREETS else _DIRECTIONS[token])
        else:
            found.append(_short(token))
    return found


def _short(token: str) -> str:
    return _SUFFIXES.get(token) or _OTHER_UNITS.get(token) or _ORDINALS.get(token) or token


def _town(tokens: list[str]) -> list[str]:
    return [{"saint": "st", "mount": "mt", "fort": "ft"}.get(token, token) for token in tokens]


def _is_zip(code: str, state: str) -> bool:
    """Five digits are a ZIP code only in a state of ours: other countries have five digits as well."""
    is_ours = _plain(state).replace(" ", "") in OURS
    return _is_canadian(code, state) or bool(is_ours and _US_ZIP.match(code) and not _NO_ZIP.match(code))


def _is_canadian(code: str, state: str) -> bool:
    return state.upper() in PROVINCES and _CANADIAN.match(code.upper()) is not None


def _zip(code: str) -> str:
    """'62701-1234' for nine digits, '62701' where the four more are 0000 or missing."""
    if not _US_ZIP.match(code):
        return code.upper()
    digits = re.sub(r"\D", "", code)
    return digits[:5] if digits[5:] in ("", "0000") else f"{digits[:5]}-{digits[5:]}"


def _state(state: str) -> str:
    return state.upper() if len(state) == 2 else state


def _natural(text: str) -> list[tuple[bool, int, str]]:
    """9 before 10, and 12 before 12b."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return [(part[0] not in "0123456789", int(part) if part[0] in "0123456789" else 0, part) for part in parts]
