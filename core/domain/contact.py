"""Contact data as feeds have it, made usable: numbers as E.164, addresses that mail can reach, languages as ISO codes.

Everything works on columns of texts. Each function gives the usable form, and for what is not usable a short reason;
the value itself never stands in a reason.
"""

import polars as pl

from core.domain.wording import LANGUAGES

PHONE_REASONS = {
    "too short": "has fewer than ten digits",
    "too long": "has too many digits",
    "placeholder": "is made up, such as 000-000-0000 or 123-456-7890",
    "no number": "has no digits",
    "no such number": "cannot exist: no area code or exchange begins with 0 or 1",
}
EMAIL_REASONS = {
    "not an address": "is not written as an email address",
    "placeholder": "is made up, such as none@none.com",
    "mistyped domain": "has a mistyped domain, such as gmial.com",
}

_EXTENSION = r"(?i)[\s,;]*(?:ext(?:ension|n)?\.?|x|#)\s*:?\s*\d{1,6}\s*$"
_MADE_UP = ("1234567890", "0123456789", "9876543210", "1231231234", "1112223333", *(str(d) * 10 for d in range(1, 10)))
_MADE_UP_LOCAL = ("8675309", "5555555", "1234567", "5551212")
_TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")

_NOBODY = (
    "none|no|non|na|n/a|nil|null|nothing|unknown|declined|refused|test|x+|a|asdf|abc|email|me|patient|nobody|noone"
)
_NOBODY_ANYWHERE = (
    "none|no|non|na|n/a|nil|null|noemail|no-email|no_email|no\\.email|nomail|noreply|nothing|unknown|declined|refused|"
    "donotemail|nobody|noone"
)
_NOWHERE = "none|no|na|nil|noemail|nomail|no-email|nothing|noone|nowhere|unknown|declined|refused|x+|email|abc|asdf|asd"
_MISTYPED = [
    "gmial.com",
    "gmai.com",
    "gmal.com",
    "gmil.com",
    "gamil.com",
    "gmaill.com",
    "gnail.com",
    "gmail.con",
    "gmail.co",
    "gmail.cm",
    "gmail.om",
    "gmail",
    "yaho.com",
    "yahooo.com",
    "yhoo.com",
    "yahoo.con",
    "yahoo.co",
    "hotmial.com",
    "hotmal.com",
    "hotmai.com",
    "hotmil.com",
    "hotmail.con",
    "outlok.com",
    "outloo.com",
    "outlook.con",
    "iclould.com",
    "icoud.com",
    "icloud.con",
    "aol.con",
    "comcast.ner",
    "comcast.con",
]

_OTHER_NAMES = {
    "eng": "en", "spa": "es", "castilian": "es", "español": "es", "espanol": "es", "fra": "fr", "fre": "fr",
    "deu": "de", "ger": "de", "zho": "zh", "chi": "zh", "mandarin": "zh", "chinese (mandarin)": "zh",
    "chinese (cantonese)": "yue", "kor": "ko", "jpn": "ja", "vie": "vi", "rus": "ru", "ara": "ar", "por": "pt",
    "ita": "it", "hin": "hi", "pol": "pl", "tgl": "tl", "fil": "tl", "filipino": "tl", "som": "so", "hat": "ht",
    "haitian": "ht", "creole": "ht", "fas": "fa", "per": "fa", "farsi": "fa", "urd": "ur", "ben": "bn", "guj": "gu",
    "pan": "pa", "punjabi; panjabi": "pa", "nep": "ne", "amh": "am", "hye": "hy", "arm": "hy", "khm": "km",
    "cambodian": "km", "lao": "lo", "laotian": "lo", "tha": "th", "ukr": "uk", "swa": "sw", "tam": "ta",
    "tel": "te", "english (united states)": "en", "american": "en", "spanish; castilian": "es",
    "portuguese (brazil)": "pt", "el": "el", "greek": "el", "he": "he", "hebrew": "he", "tr": "tr", "turkish": "tr",
    "nl": "nl", "dutch": "nl", "nv": "nv", "navajo": "nv", "my": "my", "burmese": "my", "ro": "ro",
    "romanian": "ro", "sq": "sq", "albanian": "sq", "sr": "sr", "serbian": "sr", "hr": "hr", "bs": "bs",
    "croatian": "hr", "bosnian": "bs", "ti": "ti", "tigrinya": "ti", "yo": "yo", "yoruba": "yo", "ig": "ig",
    "igbo": "ig", "ml": "ml", "malayalam": "ml", "mr": "mr", "marathi": "mr", "id": "id", "indonesian": "id",
    "ilo": "ilo", "sm": "sm", "samoan": "sm", "yi": "yi", "yiddish": "yi", "hu": "hu", "hungarian": "hu",
    "cs": "cs", "czech": "cs", "ps": "ps", "pashto": "ps", "rw": "rw", "kinyarwanda": "rw", "ku": "ku",
    "kurdish": "ku", "sv": "sv", "swedish": "sv",
}  # fmt: skip
LANGUAGE_CODES = {name.lower(): code for code, name in LANGUAGES.items()} | {c: c for c in LANGUAGES} | _OTHER_NAMES


def phones(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """E.164 numbers and, where there is text but no usable number, the reason (a key of PHONE_REASONS).

    Numbers without a country code are taken as North American. Extensions are dropped: no carrier or caller can use
    them. Numbers with a plus sign and another country code are kept as they are.
    """
    text = texts.str.strip_chars()
    digits = text.str.replace_all(r"[^0-9]", "")
    is_plain = (digits.str.len_bytes() == 10) & (text.str.len_bytes() <= 14) & ~text.str.contains(r"[A-Za-z#+]")
    odd = text.filter(~is_plain & (text != "")).unique()
    numbers = pl.select(pl.when(is_plain).then(digits)).to_series()
    if odd.len():
        read = odd.to_frame("text").with_columns(_odd_number(pl.col("text")))
        numbers = numbers.fill_null(
            text.replace_strict(read["text"], read["number"], default=None, return_dtype=pl.String)
        )
    return _judged(numbers)


def _odd_number(text: pl.Expr) -> pl.Expr:
    """The digits of a North American number without its 1, or '+' and the digits of another one."""
    bare = text.str.replace(_EXTENSION, "")
    digits = bare.str.replace_all(r"[^0-9]", "")
    is_foreign = bare.str.starts_with("+") & ~digits.str.starts_with("1") & digits.str.len_bytes().is_between(8, 15)
    has_country = (digits.str.len_bytes() == 11) & digits.str.starts_with("1")
    return (
        pl.when(is_foreign)
        .then(pl.lit("+") + digits)
        .when(has_country)
        .then(digits.str.slice(1))
        .otherwise(digits)
        .alias("number")
    )


def _judged(numbers: pl.Series) -> tuple[pl.Series, pl.Series]:
    number = pl.col("number")
    length = number.str.len_bytes()
    is_foreign = number.str.starts_with("+")
    is_made_up = number.is_in(_MADE_UP) | number.str.tail(7).is_in(_MADE_UP_LOCAL) | number.str.starts_with("000")
    reason = (
        pl.when(number.is_null() | is_foreign)
        .then(None)
        .when(length == 0)
        .then(pl.lit("no number"))
        .when(is_made_up)
        .then(pl.lit("placeholder"))
        .when(length < 10)
        .then(pl.lit("too short"))
        .when(length > 10)
        .then(pl.lit("too long"))
        .when(number.str.slice(0, 1).is_in(["0", "1"]) | number.str.slice(3, 1).is_in(["0", "1"]))
        .then(pl.lit("no such number"))
        .alias("reason")
    )
    judged = numbers.to_frame("number").with_columns(reason)
    usable = pl.when(is_foreign).then(number).when(pl.col("reason").is_null()).then(pl.lit("+1") + number)
    return judged.select(usable).to_series(), judged["reason"]


def is_toll_free(number: pl.Expr) -> pl.Expr:
    """Whether an E.164 number is a toll-free one: an office's line, never a patient's mobile telephone."""
    return number.str.slice(0, 2).eq("+1") & number.str.slice(2, 3).is_in(_TOLL_FREE)


def emails(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Addresses in lower case and, where there is text but no usable address, the reason (a key of EMAIL_REASONS)."""
    text = pl.col("text")
    local, domain = text.str.extract(r"^([^@]*)@", 1), text.str.extract(r"@([^@]*)$", 1)
    is_nobody = text.str.contains(rf"^(?:{_NOBODY})$") | local.str.contains(rf"^(?:{_NOBODY_ANYWHERE})$")
    is_nowhere = domain.str.contains(rf"^(?:{_NOWHERE})\.[a-z]+$")
    is_too_long = (text.str.len_bytes() > 254) | (local.str.len_bytes() > 64)
    reason = (
        pl.when(text.is_null() | (text == ""))
        .then(None)
        .when(is_nobody.fill_null(False) | is_nowhere.fill_null(False))
        .then(pl.lit("placeholder"))
        .when(domain.is_in(_MISTYPED).fill_null(False))
        .then(pl.lit("mistyped domain"))
        .when(~text.str.contains(_ADDRESS) | is_too_long.fill_null(False))
        .then(pl.lit("not an address"))
        .alias("reason")
    )
    tidy = texts.str.strip_chars().str.to_lowercase().str.strip_prefix("mailto:")
    judged = tidy.to_frame("text").with_columns(reason)
    return judged.select(pl.when((text != "") & pl.col("reason").is_null()).then(text)).to_series(), judged["reason"]


_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])$"


def language_codes(column: pl.Expr) -> pl.Expr:
    """ISO 639 codes of languages given as names, as two- or three-letter codes or as tags such as en-US."""
    text = column.str.strip_chars().str.to_lowercase()
    tag = text.str.extract(r"^([a-z]{2,3})(?:[-_][a-z]{2,4})?$", 1)
    return text.replace_strict(LANGUAGE_CODES, default=None, return_dtype=pl.String).fill_null(
        tag.replace_strict(LANGUAGE_CODES, default=None, return_dtype=pl.String)
    )


def phone_number(text: str) -> tuple[str | None, str | None]:
    """One number as E.164, or None and the reason (a key of PHONE_REASONS; None for an empty text)."""
    numbers, reasons = phones(pl.Series([text]))
    return numbers.item(), reasons.item()


def email_address(text: str) -> tuple[str | None, str | None]:
    """One address in lower case, or None and the reason (a key of EMAIL_REASONS; None for an empty text)."""
    addresses, reasons = emails(pl.Series([text]))
    return addresses.item(), reasons.item()
