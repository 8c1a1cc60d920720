"""Patients as registration has them: who is a test patient, who has died, and what is wrong or shared in their rows."""

import polars as pl

# Names that practices give to patients who do not exist.
_TEST_LAST = (
    r"(?i)^(zz+.*|test|tester|testing|testpatient|test[ _-].*|.*[ _-]test|dummy|fake|do not use|donotuse|sample)$"
)
_TEST_FIRST = r"(?i)^(zz+.*|test|testing|testpatient|dummy|donotuse)$"
_TEST_NAMES = (
    "mickey mouse", "minnie mouse", "donald duck", "daffy duck", "bugs bunny", "john doe test", "test patient",
    "patient test", "homer simpson", "bart simpson", "santa claus", "fred flintstone",
)  # fmt: skip


def with_status(patients: pl.DataFrame) -> pl.DataFrame:
    """`patients` with their status filled in: test before deceased before what the feed says; blank is active.

    Adds the column _says_active: the feed gave a patient who has died as active or without a status.
    """
    full_name = pl.concat_str([pl.col("first").fill_null(""), pl.lit(" "), pl.col("last").fill_null("")])
    is_test = (
        (pl.col("status") == "test")
        | (pl.col("birth_date") == pl.date(1900, 1, 1))
        | pl.col("last").str.contains(_TEST_LAST).fill_null(False)
        | pl.col("first").str.contains(_TEST_FIRST).fill_null(False)
        | full_name.str.to_lowercase().is_in(_TEST_NAMES)
    ).fill_null(False)
    has_died = pl.col("deceased_on").is_not_null()
    return patients.with_columns(
        pl.when(is_test)
        .then(pl.lit("test"))
        .when(has_died)
        .then(pl.lit("deceased"))
        .otherwise(pl.col("status").fill_null("active"))
        .alias("status"),
        pl.col("sex").fill_null("U"),
        (has_died & (pl.col("status").fill_null("active") == "active")).alias("_says_active"),
    )


def duplicate_keys(patients: pl.DataFrame) -> pl.DataFrame:
    """Hashes to find what patients share: person (name and birth date), mobile, phone (any) and email. One row each
    patient who is no test patient; the hashes mean nothing outside this process."""
    name = pl.concat_str([pl.col("first").str.to_lowercase(), pl.lit("|"), pl.col("last").str.to_lowercase()])
    person = pl.concat_str([name, pl.lit("|"), pl.col("birth_date").cast(pl.String)])
    return patients.filter(pl.col("status") != "test").select(
        pl.when(person.is_not_null()).then(person.hash()).alias("person"),
        _hash("phone_mobile").alias("mobile"),
        _hash("email").alias("email"),
    )


def _hash(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash())


def sharing(keys: pl.DataFrame, column: str) -> int:
    """How many patients share the value of this column with another one."""
    counts = keys[column].drop_nulls().value_counts()
    return int(counts.filter(pl.col("count") > 1)["count"].sum())


def registration_defects(patients: pl.DataFrame, providers: pl.DataFrame) -> dict[str, int]:
    """How many patients each defect of registration concerns (keys of core.domain.defects). Test patients are counted
    as such and nowhere else; the deceased only where it says so."""
    people = patients.filter(~pl.col("status").is_in(["test", "deceased"]))
    active = providers.filter(pl.col("active").fill_null(True))["provider_id"].implode()
    everybody = providers["provider_id"].implode()
    pcp = pl.col("pcp_id")
    counts = people.select(
        no_mobile=pl.col("phone_mobile").is_null().sum(),
        no_email=pl.col("email").is_null().sum(),
        home_is_mobile=(pl.col("phone_mobile") == pl.col("phone_home")).sum(),
        sex_unknown=(pl.col("sex") == "U").sum(),
        no_pcp=pcp.is_null().sum(),
        foreign_pcp=(pcp.is_not_null() & ~pcp.is_in(everybody)).sum(),
        retired_pcp=(pcp.is_in(everybody) & ~pcp.is_in(active)).sum(),
        no_group=pl.col("group_id").is_null().sum(),
    ).row(0, named=True)
    return {
        **{key: int(value or 0) for key, value in counts.items()},
        "test_patients": patients.filter(pl.col("status") == "test").height,
    }
