"""What a patient is found by: words of the names and digits of the numbers, folded by one rule for data and query.

Folding takes away case and accents, and writes letters as most keyboards have them (ø o, ß ss, æ ae). Marks that are no
accents stay, such as the vowel signs of Devanagari and Thai, or the voicing marks of Kana: without them other names
would be the same. Vowel points of Hebrew and Arabic, which are seldom written, go.

    sort_name       'de la cruz', a tab, 'maria', a tab, 'ana': the order of lists, byte by byte
    search_names    ' maria ana de la cruz delacruz lacruz ': the tokens, each between blanks

Keys lead from the beginning of a token to the patients. Numbers need none: docs/decisions/finding-patients.md.
"""

from itertools import chain, zip_longest

import polars as pl

LONGEST_TOKEN = 64  # letters that count, as in the table of keys
LONGEST_SORT, LONGEST_NAMES = 96, 320  # so that a row of the index over them fits on a page of PostgreSQL
NAME_COLUMNS = ("first", "middle", "last", "suffix", "preferred_name")
SEARCH_COLUMNS = ("sort_name", "search_names")
RARE_LETTERS = "quxyz"
_UNKEYED = rf"^[[\p{{Latin}}\p{{Nd}}]--[{RARE_LETTERS}]]?$"
_MOST_PARTS = 8  # of one name field that are also joined

# Accents of Latin, Greek and Cyrillic, the points of Hebrew and Arabic, the Arabic stretching dash, and characters
# that nobody sees (joiners, direction marks).
_ACCENTS = (
    r"[\u{0300}-\u{036F}\u{0483}-\u{0489}\u{1AB0}-\u{1AFF}\u{1DC0}-\u{1DFF}\u{20D0}-\u{20FF}\u{FE20}-\u{FE2F}"
    r"\u{0591}-\u{05C7}\u{0610}-\u{061A}\u{0640}\u{064B}-\u{065F}\u{0670}\u{06D6}-\u{06DC}\u{06DF}-\u{06E4}"
    r"\u{06E7}\u{06E8}\u{06EA}-\u{06ED}\p{Cf}]"
)
_LETTERS = dict(
    zip(
        "øłđðħıŧƀɓƈɗɖƒɠƙŀɲƥʈƭⱦʋƴƶɨʉəǝɔɛɣɩʊςٱىیةہکے",
        "oldd h i t b b c d d f g k l n p t t t v y z i u e e o e g i u σ ا ي ي ه ه ك ي".replace(" ", ""),
        strict=True,
    )
) | {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "ng", "ĳ": "ij"}
_LETTERS |= {chr(start + digit): str(digit) for start in (0x660, 0x6F0, 0x966) for digit in range(10)}
# Spelled in another way where the first keyboard had no such letter: Müller is found as Mueller too.
_SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "ŋ": "n"}
_SPELLED_OUT |= {letter.upper(): letters for letter, letters in _SPELLED_OUT.items()}
# Some count as letters (the okina of Kaʻahumanu), some come apart into a blank and an accent: all are an apostrophe.
_APOSTROPHES = (
    r"[`\u{00B4}\u{02B9}-\u{02BF}\u{02C8}\u{02CA}\u{02CB}\u{02EE}\u{0374}\u{0384}\u{055A}\u{05F3}\u{07F4}\u{07F5}"
    r"\u{1FBD}\u{1FBF}\u{1FEF}\u{1FFD}\u{1FFE}\u{2018}\u{2019}\u{201B}\u{2032}\u{2035}\u{A78B}\u{A78C}\u{FF07}\u{FF40}]"
)
_BETWEEN = r"[^\p{L}\p{M}\p{N}]+"
_JOINED_SCRIPTS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]"


def folded(texts: pl.Series) -> pl.Series:
    """Each text without case and accents; everything else stays. Plain ASCII, nearly all of it, costs little."""
    plain = texts.str.to_lowercase()
    is_foreign = (texts.str.len_bytes() != texts.str.len_chars()).fill_null(False)
    if not is_foreign.any():
        return plain
    column = pl.col("text")
    apart = column.str.replace_all(_APOSTROPHES, "'").str.normalize("NFKD").str.replace_all(_APOSTROPHES, "'")
    lower = apart.str.replace_all(_ACCENTS, "").str.to_lowercase()
    # A capital with a dot above (İ) gets its dot again as it becomes small.
    found = lower.str.replace_all(_ACCENTS, "").str.replace_many(_LETTERS)
    return plain.scatter(is_foreign.arg_true(), texts.filter(is_foreign).to_frame("text").select(found).to_series())


def spelled_out(texts: pl.Series) -> pl.Series:
    """The texts with ae for ä and so on; equal to the text where it has no such letter."""
    return texts.str.normalize("NFC").str.replace_many(_SPELLED_OUT)


def parted(texts: pl.Series) -> pl.Series:
    """Folded texts as their parts with one blank between: letters, marks and digits; whatever else is there divides."""
    is_several = texts.str.contains(r"[^a-z0-9]").fill_null(False)
    if not is_several.any():
        return texts
    split = texts.filter(is_several).str.replace_all(_BETWEEN, " ").str.strip_chars(" ")
    return texts.clone().scatter(is_several.arg_true(), split)


def search_columns(people: pl.DataFrame) -> pl.DataFrame:
    """SEARCH_COLUMNS for patients, given NAME_COLUMNS."""
    fields = {name: folded(people[name].cast(pl.String)) for name in NAME_COLUMNS}
    parts = pl.DataFrame([parted(texts).fill_null("").alias(name) for name, texts in fields.items()])
    first = [*parts.get_columns(), *_spelled_out(people)]
    tokens = [*first[:5], *_joined(parts), *first[5:], _written_together(parts)]
    names = pl.select(pl.concat_str([pl.lit(" "), pl.concat_str(tokens, separator=" "), pl.lit(" ")])).to_series()
    names = names.str.replace_all(" {2,}", " ")
    too_long = (names.str.len_chars() > LONGEST_NAMES).arg_true()
    cut = [_cut([each[row] for each in first], names[row]) for row in too_long]
    names = names.scatter(too_long, cut) if cut else names
    sort = pl.concat_str([_sortable(fields[name]) for name in ("last", "first", "middle")], separator="\t")
    return pl.select(sort_name=sort.str.slice(0, LONGEST_SORT), search_names=names)


def keys_of(people: pl.DataFrame) -> pl.DataFrame:
    """The keys of patients, each once: key, patient_id.

    people   patient_id and SEARCH_COLUMNS. The first word of sort_name has no key, since the index over sort_name
             leads there; a single letter has none, since nobody is looked for by one alone. RARE_LETTERS do: there
             are few, and they lead where what stands beside them is common.
    """
    split = people.select("patient_id", "sort_name", key=pl.col("search_names").str.strip_chars(" ").str.split(" "))
    tokens = split.explode("key").with_columns(pl.col("key").str.slice(0, LONGEST_TOKEN))
    tokens = tokens.filter(pl.col("sort_name").str.extract(r"^([^ \t]*)") != pl.col("key"))
    is_letter = (pl.col("key").str.len_bytes() < 3) & pl.col("key").str.contains(_UNKEYED)
    tokens = tokens.filter(~is_letter).select("key", "patient_id")
    return tokens.unique(maintain_order=False)


def _cut(first: list[str], names: str) -> str:
    """At most LONGEST_NAMES letters of a very long name: the beginnings of all its fields in turn, in each spelling."""
    turns = chain.from_iterable(zip_longest(*(each.split() for each in first), fillvalue=""))
    tokens = dict.fromkeys(token[:LONGEST_TOKEN] for token in (*turns, *names.split()) if token)
    found = " "
    for token in tokens:
        if len(found) + len(token) < LONGEST_NAMES:
            found += f"{token} "
    return found


def _sortable(texts: pl.Series) -> pl.Series:
    return parted(texts.str.replace_all("['`]", "")).fill_null("")


def _joined(parts: pl.DataFrame) -> list[pl.Series]:
    """Of each field with several parts what they make together, from each of them on: 'delacruz', 'lacruz'."""
    return [_joined_field(texts) for texts in parts.iter_columns()]


def _joined_field(texts: pl.Series) -> pl.Series:
    several = texts.str.contains(" ", literal=True)
    if not several.any():
        return texts.clear(texts.len()).fill_null("")
    split = pl.col("text").str.split(" ").list.head(_MOST_PARTS)
    from_each = [split.list.slice(start).list.join("") for start in range(_MOST_PARTS - 1)]
    made = texts.filter(several).to_frame("text").select(pl.concat_str(from_each, separator=" ")).to_series()
    return texts.clear(texts.len()).fill_null("").scatter(several.arg_true(), made)


def _spelled_out(people: pl.DataFrame) -> list[pl.Series]:
    found = []
    for name in NAME_COLUMNS:
        texts = people[name].cast(pl.String)
        if (texts.str.len_bytes() == texts.str.len_chars()).all():
            continue
        longer = spelled_out(texts)
        parts = parted(folded(longer.set((longer == texts).fill_null(True), ""))).fill_null("")
        found += [parts, _joined_field(parts)]
    return found


def _written_together(parts: pl.DataFrame) -> pl.Series:
    """Last and first name without a blank, as names in Chinese, Japanese and Korean are written."""
    together = parts["last"] + parts["first"]
    return together.set(~together.str.contains(_JOINED_SCRIPTS), "").str.replace_all(" ", "", literal=True)
