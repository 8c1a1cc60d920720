"""From events to facts: what counts as having happened, what a reported value is as a number, and what a code means."""

import polars as pl

from core.domain.clinical import CODE_SYSTEMS

# Words of many systems for the state of an entry. Whatever is in neither table is treated as not done and counted as a
# defect, because a reminder too many can be corrected and a result that never came cannot be contacted about.
_DONE = {
    "visit": "finished completed complete closed arrived checked-out checked-in seen signed final in-progress onleave",
    "problem": (
        "active resolved inactive confirmed recurrence relapse remission chronic unconfirmed provisional differential"
    ),
    "lab": "final corrected amended appended complete completed resulted reviewed f c final-result",
    "vital": "final corrected amended appended complete completed resulted reviewed f c",
    "immunization": "completed complete administered given historical final",
    "procedure": "completed complete done performed final resulted closed finished signed",
    "medication": "active completed complete stopped discontinued on-hold expired inactive prescribed dispensed filled",
}
_NOT_DONE = (
    "ordered requested planned scheduled booked pending proposed draft registered preliminary prelim partial "
    "in-process specimen-in-process cancelled canceled aborted entered-in-error error deleted voided void "
    "refuted ruled-out no-show noshow rescheduled not-done not-given refused declined rejected suspended "
    "preparation triaged waitlist unknown p x in-progress stopped on-hold active not-taken intended missed "
    "left-without-being-seen"
)
DONE_WORDS: dict[str, frozenset[str]] = {kind: frozenset(words.split()) for kind, words in _DONE.items()}
KNOWN_WORDS = frozenset(_NOT_DONE.split()) | frozenset[str]().union(*DONE_WORDS.values())
ENDED_WORDS = ("resolved", "inactive", "remission")  # a problem that has ended, perhaps without saying when

_NUMBER = (
    r"^([<>]?)(=?)\s*(-?(?:\d+(?:\.\d*)?|\.\d+))\s*(?:%|[A-Za-zµ][A-Za-zµ0-9/%.^\[\]{}*²]*)?\s*(?:\(?[HL]{1,2}\)?)?$"
)
_ABOVE = 1e-9  # '>9' is more than nine, and stays so in a comparison


def status_words(statuses: pl.Series) -> pl.Series:
    """Statuses as the tables here have them: lower case, hyphens for blanks and underscores, '' for none."""
    words = statuses.unique().drop_nulls().cast(pl.String)
    normal = words.str.strip_chars().str.to_lowercase().str.replace_all(r"[\s_]+", "-")
    if not (words == normal).all():
        statuses = statuses.cast(pl.String).replace_strict(words, normal, default=None)
    return statuses.fill_null("") if statuses.null_count() else statuses


def is_done(kind: str, status: pl.Expr) -> pl.Expr:
    """Whether entries of a kind with this status count. No status counts: many feeds hold only what happened."""
    return status.is_in(["", *DONE_WORDS[kind]])


def numbers(texts: pl.Series) -> pl.Series:
    """Reported values as numbers: '8.9%' and '8.9 H' are 8.9, '>14' is a little more than 14, '<5.7' a little less
    than 5.7, '1,250' is 1250; 'see note', '120/80' and dates are none."""
    plain = texts.cast(pl.Float64, strict=False)
    values = plain.set(plain.is_nan() | plain.is_infinite(), None) if plain.len() else plain
    odd = texts.filter(values.is_null() & texts.is_not_null()).unique()
    if odd.is_empty():
        return values
    read = pl.DataFrame({"text": odd}).with_columns(_odd_number(pl.col("text")).alias("number"))
    read = read.filter(pl.col("number").is_not_null())
    return values.fill_null(texts.replace_strict(read["text"], read["number"], default=None, return_dtype=pl.Float64))


def _odd_number(text: pl.Expr) -> pl.Expr:
    tidy = (
        text.str.strip_chars()
        .str.replace(r"^([<>]?=?\s*\d+),(\d{1,2})$", "${1}.${2}")
        .str.replace_all(r"(\d),(\d{3})", "${1}${2}")
    )
    sign, equal, number = (tidy.str.extract(_NUMBER, group) for group in (1, 2, 3))
    nudge = (
        pl.when(equal == "=").then(0.0).when(sign == ">").then(_ABOVE).when(sign == "<").then(-_ABOVE).otherwise(0.0)
    )
    return number.cast(pl.Float64, strict=False) + nudge


def meant(events: pl.DataFrame, mapping: pl.DataFrame) -> pl.DataFrame:
    """Which events are facts: event, concept. They are current and done and have a code that means a concept.

    events    `event`, a number of each row, and of EVENTS system, code, is_done and superseded_at
    mapping   system, code, concept (core.domain.concept.mapping); one code may mean several concepts
    """
    meaning = mapping.select(
        pl.col("system").cast(pl.Enum(CODE_SYSTEMS)),
        pl.col("code").cast(events.schema["code"]),
        pl.col("concept").cast(pl.Categorical),
    )
    counted = events.filter(pl.col("is_done"), pl.col("superseded_at").is_null()).select("event", "system", "code")
    # One key and a filter: a join on two keys costs twice as much, and few codes are in more than one system.
    found = counted.join(meaning, on="code", suffix="_meant")
    return found.filter(pl.col("system") == pl.col("system_meant")).select("event", "concept")


def in_percent(facts: pl.DataFrame) -> pl.DataFrame:
    """Facts with HbA1c in mmol/mol as percent, by the IFCC to NGSP master equation:
    percent = 0.09148 x mmol/mol + 2.152 (ngsp.org/ifcc.asp)."""
    units = facts["unit"].unique().drop_nulls()
    ifcc = units.filter(units.cast(pl.String).str.to_lowercase().str.starts_with("mmol/mol"))
    if ifcc.is_empty():
        return facts
    is_ifcc = (pl.col("concept") == HBA1C) & pl.col("unit").is_in(ifcc.implode())
    percent = (pl.col("value") * 0.09148 + 2.152).round(2)
    return facts.with_columns(
        pl.when(is_ifcc).then(percent).otherwise("value").alias("value"),
        pl.when(is_ifcc).then(pl.lit("%", pl.Categorical)).otherwise("unit").alias("unit"),
    )


HBA1C = "hba1c"
