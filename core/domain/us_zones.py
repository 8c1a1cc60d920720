"""Which time zones a US address may lie in, by its state and the first digits of its ZIP code (S5).

Facts: states and prefixes as the US Postal Service assigns them (Domestic Mail Manual, labeling list L002); borders of
the time zones by 49 CFR part 71; places that keep another time than the law gives them by the IANA time zone database:
the Navajo Nation (Arizona, with summer time), Phenix City and Valley (Alabama, Eastern), Kenton (Oklahoma, Mountain),
Jackpot (Nevada, Mountain), Hyder (Alaska, Pacific). A prefix on both sides of a border has both zones.
"""

import re
from functools import lru_cache

ZONES = {
    "E": "America/New_York",
    "C": "America/Chicago",
    "M": "America/Denver",
    "P": "America/Los_Angeles",
    "Z": "America/Phoenix",  # Mountain without summer time
    "K": "America/Anchorage",
    "A": "America/Adak",  # the Aleutian Islands west of 169° 30'
    "H": "Pacific/Honolulu",
    "R": "America/Puerto_Rico",
    "G": "Pacific/Guam",
    "S": "Pacific/Pago_Pago",
    "W": "Pacific/Palau",
    "U": "Pacific/Chuuk",
    "O": "Pacific/Pohnpei",
    "J": "Pacific/Majuro",
}

# state, its name, then prefixes with the letters of their zones. Prefixes have three digits, or five where a state has
# only some of the codes that begin with the same three.
_TABLE = """
AL Alabama                  | C 350-352 354-367 369 | CE 368
AK Alaska                   | KA 995 | K 996-998 | KP 999
AZ Arizona                  | Z 850-853 855-857 859 863-864 | ZM 860 865
AR Arkansas                 | C 716-729
CA California               | P 900-908 910-928 930-961
CO Colorado                 | M 800-816
CT Connecticut              | E 060-069
DE Delaware                 | E 197-199
DC District of Columbia     | E 200 202-205 569
FL Florida                  | E 320-323 326-339 341-342 344 346-347 349 | CE 324 | C 325
GA Georgia                  | E 300-319 398-399
HI Hawaii                   | H 967-968
ID Idaho                    | M 832-834 836-837 | MP 835 | P 838
IL Illinois                 | C 600-620 622-629
IN Indiana                  | E 460-462 466-468 470-474 478 | C 463-464 476-477 | CE 465 469 475 479
IA Iowa                     | C 500-516 520-528
KS Kansas                   | C 660-662 664-676 679 | CM 677-678
KY Kentucky                 | E 400 402-418 425 | CE 401 426-427 | C 420-424
LA Louisiana                | C 700-701 703-708 710-714
ME Maine                    | E 039-049
MD Maryland                 | E 206-212 214-219
MA Massachusetts            | E 010-027 055
MI Michigan                 | E 480-497 | CE 498-499
MN Minnesota                | C 550-551 553-567
MS Mississippi              | C 386-397
MO Missouri                 | C 630-631 633-641 644-658
MT Montana                  | M 590-599
NE Nebraska                 | C 680-681 683-689 | CM 690-692 | M 693
NV Nevada                   | P 889-891 893-895 897 | PM 898
NH New Hampshire            | E 030-038
NJ New Jersey               | E 070-089
NM New Mexico               | M 870-871 873-884
NY New York                 | E 005 100-149 06390
NC North Carolina           | E 270-289
ND North Dakota             | C 580-584 587 | CM 585-586 588
OH Ohio                     | E 430-459
OK Oklahoma                 | C 730-731 734-738 740-741 743-749 | CM 739
OR Oregon                   | P 970-978 | PM 979
PA Pennsylvania             | E 150-196
RI Rhode Island             | E 028-029
SC South Carolina           | E 290-299
SD South Dakota             | C 570-574 | CM 575-576 | M 577
TN Tennessee                | C 370-372 375 380-385 | CE 373-374 377 | E 376 378-379
TX Texas                    | C 733 750-770 772-797 | CM 798 | M 799 885
UT Utah                     | M 840-847
VT Vermont                  | E 050-054 056-059
VA Virginia                 | E 201 220-246
WA Washington               | P 980-986 988-994
WV West Virginia            | E 247-268
WI Wisconsin                | C 530-532 534-535 537-549
WY Wyoming                  | M 820-831 83414
PR Puerto Rico              | R 006-007 009
VI Virgin Islands           | R 008
GU Guam                     | G 96910-96932
MP Northern Mariana Islands | G 96950-96952
AS American Samoa           | S 96799
PW Palau                    | W 96939-96940
FM Micronesia               | UO 96941-96944
MH Marshall Islands         | J 96960 96970
"""
# Asked for only when the state or the ZIP code says so: an address that is not known is taken to be in one of the
# fifty states, the District of Columbia, Puerto Rico or the Virgin Islands.
_FAR = frozenset({"GU", "MP", "AS", "PW", "FM", "MH"})
_ZIP = re.compile(r"(\d{5})(?:[- ]?\d{4})?", re.ASCII)

Place = tuple[str, str]  # a state and one of its time zones


def zones_of(state: str | None, zip_code: str | None) -> frozenset[str]:
    """The IANA time zones in which the address may lie: one where state and ZIP code tell, several where they do not.

    `state` is a two-letter code or a name, `zip_code` has five or nine digits; either may be missing. An address that
    is not known, abroad or military (AA, AE, AP) has all zones from Puerto Rico to Hawaii.
    """
    return frozenset(zone for _, zone in places_of(state, zip_code))


def places_of(state: str | None, zip_code: str | None) -> frozenset[Place]:
    """The states and zones in which the address may lie; `zones_of` without the states.

    The state's own part of the ZIP code's prefix where both agree. A state and the ZIP code of another one: all of
    that state and all that the prefix may be. A word that is no state of ours (a province, AE) says nothing, and then
    the ZIP code says nothing either: it may be that of another country.
    """
    code = _CODES.get(_folded(state or ""))
    if code is None and (state or "").strip():
        return _anywhere()
    by_prefix = _by_zip(zip_code or "")
    if code is None:
        return by_prefix or _anywhere()
    of_state = _OF_STATE[code]
    agreed = by_prefix & of_state
    return agreed or (of_state | by_prefix)


def _by_zip(zip_code: str) -> frozenset[Place]:
    found = _ZIP.fullmatch(zip_code.strip())
    if not found:
        return frozenset()
    digits = found[1]
    return _BY_PREFIX.get(digits) or _BY_PREFIX.get(digits[:3], frozenset())


@lru_cache(maxsize=1)
def _anywhere() -> frozenset[Place]:
    return frozenset(place for state, places in _OF_STATE.items() if state not in _FAR for place in places)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _read_table() -> tuple[dict[str, str], dict[str, frozenset[Place]], dict[str, frozenset[Place]]]:
    """Codes by folded name and code, places by state, and places by prefix."""
    codes: dict[str, str] = {}
    of_state: dict[str, frozenset[Place]] = {}
    by_prefix: dict[str, frozenset[Place]] = {}
    for line in _TABLE.strip().splitlines():
        head, *parts = (part.strip() for part in line.split("|"))
        state, name = head.split(maxsplit=1)
        codes[_folded(state)] = codes[_folded(name)] = state
        for part in parts:
            letters, *ranges = part.split()
            places = frozenset((state, ZONES[letter]) for letter in letters)
            of_state[state] = of_state.get(state, frozenset()) | places
            for prefix in _prefixes(ranges):
                by_prefix[prefix] = by_prefix.get(prefix, frozenset()) | places
    codes["u.s. virgin islands"] = codes["us virgin islands"] = "VI"
    return codes, of_state, by_prefix


def _prefixes(ranges: list[str]) -> list[str]:
    ends = [(part.split("-")[0], part.split("-")[-1]) for part in ranges]
    return [f"{number:0{len(first)}}" for first, last in ends for number in range(int(first), int(last) + 1)]


_CODES, _OF_STATE, _BY_PREFIX = _read_table()
STATES = tuple(_OF_STATE)
WORDS = frozenset(_CODES)  # codes and names, in lower case
