"""How texts are compared and how coded words read on screens."""

import unicodedata
from datetime import date, datetime

import polars as pl

SEXES = {"F": "Female", "M": "Male", "O": "Other", "U": "Unknown"}
STATUSES = {"active": "Active", "inactive": "Inactive", "deceased": "Deceased", "test": "Test patient"}
LANGUAGES = {
    "am": "Amharic",
    "ar": "Arabic",
    "bn": "Bengali",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "gu": "Gujarati",
    "hi": "Hindi",
    "hmn": "Hmong",
    "ht": "Haitian Creole",
    "hy": "Armenian",
    "it": "Italian",
    "ja": "Japanese",
    "km": "Khmer",
    "ko": "Korean",
    "lo": "Lao",
    "ne": "Nepali",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "so": "Somali",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "yue": "Cantonese",
    "zh": "Chinese",
}


def folded(text: str) -> str:
    """The text without case and accents, so that 'Jose' finds 'José'. Every comparison of texts uses this."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")
    return plain.lower()


def folded_column(column: pl.Expr) -> pl.Expr:
    """`folded` for a column of texts."""
    return column.str.normalize("NFKD").str.replace_all(r"\p{Mn}", "").str.to_lowercase()


def digits(text: str) -> str:
    """Only the digits, so that a phone number is found whatever its punctuation."""
    return "".join(c for c in text if c in "0123456789")


def day_text(day: date | None) -> str:
    """A day in the one form that screens use: 'Tue 24 Nov 2026'; a dash when there is none."""
    return f"{day:%a} {day.day} {day:%b %Y}" if day else "–"


def moment_text(at: datetime) -> str:
    """A moment in the zone it comes in: 'Tue 24 Nov 2026, 9:05'."""
    return f"{day_text(at.date())}, {at.hour}:{at:%M}"


def percent(share: float | None) -> str:
    """'64.2 %'; a dash where there is no rate. Only nobody is 0.0 % and only everybody is 100.0 %."""
    if share is None:
        return "–"
    if 0 < share < 0.001 or 0.999 < share < 1:
        return "<0.1 %" if share < 0.5 else ">99.9 %"
    return f"{100 * share:.1f} %"
