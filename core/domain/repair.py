"""What is wrong with the contact data of patients who cannot be reached, and what staff can do about it.

One problem a mode and patient: the first that keeps messages of the mode away. Only active patients who are alive have
problems. Texts and calls for somebody under 18 go to the number of the adult who answers for them, and no emails at
all, so a minor's own number and address are nobody's problem. A wish (an opt-out, a no) is no problem either.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from core.domain.contact import EMAIL_REASONS, PHONE_REASONS
from core.domain.correction import ADDRESS
from core.domain.postal import CANADIAN, NO_ZIP, NOTHING, OURS, PLACEHOLDER, PROVINCES, US_ZIP
from core.domain.wording import folded_column

ALL = "all"
_MODES = ("text", "email", "phone", "letter")
MODE_NAMES = {ALL: "Cannot be reached at all", "text": "Text", "email": "Email", "phone": "Phone", "letter": "Letter"}
_ASK = "Ask for it at the next visit or call."
_FAMILY = "Ask for the number of the adult, and whether the right person is on file as answering for the patient."
_AS_TYPED = "Ask how it is spelled and correct it here; tell registration as well, or the feed will bring it again."
_TOLL_FREE = "toll-free"


@dataclass(frozen=True)
class Problem:
    """One kind of problem: its mode ('all' for no mode at all), how it reads in lists and filters, what to do."""

    key: str
    mode: str
    name: str
    remedy: str


def _unusable(mode: str, what: str, reasons: Mapping[str, str]) -> list[Problem]:
    return [
        Problem(f"{mode}:{reason}", mode, f"{what} in the feed {words.partition(', such as')[0]}", _AS_TYPED)
        for reason, words in reasons.items()
    ]


_ROWS = (
    Problem(
        "all", ALL, "Cannot be reached at all", "Ask at the next visit; look for a relative or the payer's address."
    ),
    Problem("text:missing", "text", "No mobile number on file", _ASK),
    *_unusable("text", "Mobile number", PHONE_REASONS | {_TOLL_FREE: "is a toll-free number"}),
    Problem("text:foreign", "text", "Mobile number is not of the US or Canada", "Ask for a number here, or write."),
    Problem("text:landline", "text", "Mobile number is a landline", "Ask for a mobile number; keep this one as home."),
    Problem("text:dead", "text", "Texts cannot arrive at the mobile number", "Ask for the number that is used now."),
    Problem("text:shared", "text", "Mobile number is shared with another adult", "Ask whose number it is."),
    Problem("text:adult", "text", "No mobile number of the adult who answers for a minor", _FAMILY),
    Problem("email:missing", "email", "No email address on file", _ASK),
    *_unusable("email", "Email address", EMAIL_REASONS),
    Problem("email:dead", "email", "Emails came back", "Ask for the address that is used now."),
    Problem("email:shared", "email", "Email address is shared with another adult", "Ask whose address it is."),
    Problem("phone:missing", "phone", "No telephone number on file", _ASK),
    *_unusable("phone", "Telephone number", PHONE_REASONS | {_TOLL_FREE: "is a toll-free number"}),
    Problem(
        "phone:foreign", "phone", "Telephone number is not of the US or Canada", "Ask for a number here, or write."
    ),
    Problem("phone:dead", "phone", "Calls cannot arrive at the number", "Ask for the number that is used now."),
    Problem("phone:adult", "phone", "No telephone number of the adult who answers for a minor", _FAMILY),
    Problem("letter:missing", "letter", "No postal address on file", _ASK),
    Problem("letter:incomplete", "letter", "Postal address is incomplete", "Ask for what is missing."),
    Problem(
        "letter:unusable", "letter", "No letter can be delivered to the postal address", "Ask where letters arrive."
    ),
    Problem("letter:returned", "letter", "Letters came back", "Ask where the patient lives now."),
)
PROBLEMS: dict[str, Problem] = {row.key: row for row in _ROWS}
_SHARED = ("text:shared", "email:shared")  # reached all the same, though perhaps not the right person
_CODE = {key: code for code, key in enumerate(PROBLEMS)}
PROBLEM: pl.DataType = pl.Enum(list(PROBLEMS))
_OF_CODE = pl.Series("problem", list(PROBLEMS), dtype=PROBLEM)
_US = r"^\+1[2-9]\d{2}[2-9]\d{6}$"
_LANDLINE = ("landline", "not_a_mobile")
_REASONS = {**{key: key for key in (*PHONE_REASONS, *EMAIL_REASONS)}, "is a toll-free number": _TOLL_FREE}


def reason_key(texts: pl.Expr) -> pl.Expr:
    """The reason for which a feed's value was left out, as it is a part of a problem's key; empty for others."""
    return texts.replace_strict(list(_REASONS), list(_REASONS.values()), default=None, return_dtype=pl.String)


def postal_state(patients: pl.DataFrame) -> pl.Series:
    """0 no address, 1 incomplete, 2 one that a letter can be sent to, 3 unusable (core.domain.postal)."""
    parts = [_has(name) for name in ADDRESS if name != "address2"]
    no_place = pl.any_horizontal(
        *(_plain(name).str.contains(PLACEHOLDER) for name in ("address1", "city")),
        _plain("address2").str.contains(PLACEHOLDER) & ~_plain("address2").str.contains(NOTHING),
        *(_has(name) & (_plain(name) == "") for name in ("address1", "city")),
    )
    code = pl.col("zip").str.strip_chars(" ,;")
    is_ours = _plain("state").str.replace_all(" ", "").is_in(list(OURS))
    has_zip = is_ours & code.str.contains(US_ZIP) & ~code.str.contains(NO_ZIP) | _is_canadian(code)
    code = (
        pl.when(~pl.any_horizontal(parts))
        .then(0)
        .when(no_place)
        .then(3)
        .when(~pl.all_horizontal(parts))
        .then(1)
        .when(has_zip)
        .then(2)
        .otherwise(3)
    )
    return patients.select(code.cast(pl.UInt8).alias("postal")).to_series()


def _has(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars(" ,;").fill_null("") != ""


def _plain(column: str) -> pl.Expr:
    """Without case, accents and punctuation, with single blanks."""
    apart = folded_column(pl.col(column)).str.replace_all(r"[^\p{L}\p{N}]+", " ")
    return apart.str.strip_chars(" ").fill_null("")


def _is_canadian(code: pl.Expr) -> pl.Expr:
    state = pl.col("state").str.strip_chars(" ,;").str.to_uppercase()
    return code.str.to_uppercase().str.contains(CANADIAN) & state.is_in(list(PROVINCES))


def problems(people: pl.DataFrame, dead: pl.DataFrame) -> pl.DataFrame:
    """row, problem (PROBLEM): the problems of people who are active and alive, a row for each.

    people   row; email, mobile, home (as on file; of a minor the adult's numbers, no email); is_minor; postal
             (postal_state); letter_dead (letters came back from there); and for values that the feed had and nobody
             can use, email_left, mobile_left, home_left (reason_key)
    dead     channel, address, reason: where nothing arrives (address_states)
    """
    people = people.with_columns(number=pl.coalesce("mobile", "home"))
    people = people.with_columns(
        _dead(people, dead, "text", "mobile").alias("text_dead"),
        _dead(people, dead, "email", "email").alias("email_dead"),
        _dead(people, dead, "phone", "number").alias("phone_dead"),
        _is_shared(people, "mobile").alias("mobile_shared"),
        _is_shared(people, "email").alias("email_shared"),
    )
    judged = people.select("row", text=_text(), email=_email(), phone=_phone(), letter=_letter())
    nowhere = pl.all_horizontal(
        pl.col(mode).is_not_null() & ~pl.col(mode).is_in([_CODE[key] for key in _SHARED]) for mode in _MODES
    )
    # That a minor is never written an email is nobody's work.
    emails = pl.when(pl.col("email") != _NO_EMAIL).then("email")
    judged = judged.with_columns(pl.when(nowhere).then(_CODE[ALL]).alias(ALL), emails.alias("email"))
    long = judged.unpivot([ALL, *_MODES], index="row", value_name="code").drop_nulls("code")
    return long.select("row", _OF_CODE.gather(long["code"].cast(pl.UInt32)).alias("problem"))


_NO_EMAIL = len(_CODE)  # of a minor


def _text() -> pl.Expr:
    number = pl.col("mobile")
    return (
        pl.when(number.is_null())
        .then(_lacking("text", pl.col("mobile_left")))
        .when(~number.str.contains(_US))
        .then(_CODE["text:foreign"])
        .when(pl.col("text_dead").is_in(_LANDLINE))
        .then(_CODE["text:landline"])
        .when(pl.col("text_dead").is_not_null())
        .then(_CODE["text:dead"])
        .when(pl.col("mobile_shared") & ~pl.col("is_minor"))
        .then(_CODE["text:shared"])
    )


def _email() -> pl.Expr:
    return (
        pl.when("is_minor")
        .then(_NO_EMAIL)
        .when(pl.col("email").is_null())
        .then(_lacking("email", pl.col("email_left")))
        .when(pl.col("email_dead").is_not_null())
        .then(_CODE["email:dead"])
        .when("email_shared")
        .then(_CODE["email:shared"])
    )


def _phone() -> pl.Expr:
    number = pl.col("number")
    return (
        pl.when(number.is_null())
        .then(_lacking("phone", pl.coalesce("mobile_left", "home_left")))
        .when(~number.str.contains(_US))
        .then(_CODE["phone:foreign"])
        .when(pl.col("phone_dead").is_not_null())
        .then(_CODE["phone:dead"])
    )


def _letter() -> pl.Expr:
    return (
        pl.when(pl.col("postal") == 0)
        .then(_CODE["letter:missing"])
        .when(pl.col("postal") == 1)
        .then(_CODE["letter:incomplete"])
        .when(pl.col("postal") == 3)
        .then(_CODE["letter:unusable"])
        .when(pl.col("letter_dead"))
        .then(_CODE["letter:returned"])
    )


def _lacking(mode: str, left: pl.Expr) -> pl.Expr:
    """Nothing on file: because the feed's value cannot be used, or because there is none."""
    keys = {key.partition(":")[2]: code for key, code in _CODE.items() if key.startswith(f"{mode}:")}
    unusable = left.replace_strict(list(keys), list(keys.values()), default=keys["missing"], return_dtype=pl.Int32)
    if mode == "email":
        return unusable
    return pl.when("is_minor").then(keys["adult"]).otherwise(unusable)


def _dead(people: pl.DataFrame, dead: pl.DataFrame, channel: str, column: str) -> pl.Series:
    """Why nothing arrives at the address of each; empty where it does."""
    of = (
        dead.filter(pl.col("channel") == channel)
        .unique("address", keep="first")
        .select(pl.col("address").alias(column), "reason")
    )
    return people.select(column).join(of, on=column, how="left", maintain_order="left")["reason"]


def _is_shared(people: pl.DataFrame, column: str) -> pl.Series:
    """Whether another adult has the same one."""
    adults = people.filter(~pl.col("is_minor")).select(column).drop_nulls()
    counts = adults.group_by(column).len().filter(pl.col("len") > 1)
    return people.select(column).join(counts, on=column, how="left", maintain_order="left")["len"].is_not_null()
