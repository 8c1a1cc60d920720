"""The invented population: the same every time, nobody real, plausible, and wrong where it is meant to be."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from core.domain.contact import emails, phones
from core.errors import CareloopError
from core.feeds.layout import EVENT_TABLES, TABLE, TABLES, Column
from core.measures import concepts
from core.sample import write_sample
from core.sample.defects import DEFECTS, has
from core.sample.phones import JUNK_EMAILS, JUNK_PHONES
from core.sample.rows import ROWS

AS_OF = date(2026, 11, 2)
COMMITTED = Path(__file__).parent.parent / "sample_data"
FORMS = {
    "text": "text",
    "id": "id, kept as text",
    "name": "text",
    "date": "YYYY-MM-DD",
    "moment": "YYYY-MM-DDTHH:MM, local time",
    "number": "number",
    "flag": "yes or no",
    "phone": "telephone number",
    "email": "email address",
}

Tables = Callable[[str], pl.DataFrame]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Four thousand patients, a table at a time, all values as text."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, patients=4000, seed=7, as_of=AS_OF)
    return lambda name: _read(folder / f"{name}.csv")


def _read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def _days(column: str) -> pl.Expr:
    return pl.col(column).str.slice(0, 10).str.to_date(strict=False)


def _number(column: str = "patient_id") -> pl.Expr:
    return pl.col(column).str.slice(1).cast(pl.Int64)


def _aged(patients: pl.DataFrame) -> pl.DataFrame:
    born = _days("birth_date")
    age = (pl.lit(AS_OF) - born).dt.total_days() / 365.25
    return patients.with_columns(age=age, born_on=born).filter(pl.col("status").fill_null("active") == "active")


# --- the same every time


def test_the_committed_sample_is_what_the_generator_writes(tmp_path: Path) -> None:
    write_sample(tmp_path, patients=1000, seed=1, as_of=AS_OF)

    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(written) == sorted([*(f"{table.name}.csv" for table in TABLES), "code_map.csv", "manifest.json"])
    different = [name for name, content in written.items() if (COMMITTED / name).read_bytes() != content]
    assert different == [], "make it again: careloop sample sample_data --patients 1000 --seed 1 --as-of 2026-11-02"


def test_the_first_patients_do_not_depend_on_how_many_follow(tmp_path: Path) -> None:
    write_sample(tmp_path / "few", patients=100, seed=3, as_of=AS_OF)
    write_sample(tmp_path / "more", patients=300, seed=3, as_of=AS_OF)

    for name in ("patients", "labs", "providers"):
        few = (tmp_path / "few" / f"{name}.csv").read_text("utf-8")
        assert (tmp_path / "more" / f"{name}.csv").read_text("utf-8").startswith(few)


def test_another_seed_makes_other_people(tmp_path: Path) -> None:
    write_sample(tmp_path / "a", patients=50, seed=1, as_of=AS_OF)
    write_sample(tmp_path / "b", patients=50, seed=2, as_of=AS_OF)

    first, second = _read(tmp_path / "a" / "patients.csv"), _read(tmp_path / "b" / "patients.csv")
    assert (first["birth_date"] == second["birth_date"]).sum() < 3


@pytest.mark.parametrize("patients", [1, 2, 97, 250])
def test_exactly_as_many_patients_as_asked_for_are_written(tmp_path: Path, patients: int) -> None:
    counts = write_sample(tmp_path, patients=patients, seed=1, as_of=AS_OF)

    assert counts["patients"] == patients == _read(tmp_path / "patients.csv").height
    assert list(counts) == [table.name for table in TABLES]


def test_a_sample_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CareloopError, match="at least one"):
        write_sample(tmp_path, patients=0, seed=1, as_of=AS_OF)


@pytest.mark.parametrize("as_of", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 8, 30), date(2027, 12, 31)])
def test_a_sample_can_be_made_for_any_day(tmp_path: Path, as_of: date) -> None:
    write_sample(tmp_path, patients=200, seed=1, as_of=as_of)

    resulted = _read(tmp_path / "labs.csv").select(_days("resulted_on"))["resulted_on"].max()
    assert isinstance(resulted, date)
    assert as_of - timedelta(days=15) < resulted < as_of


def test_progress_is_told_and_ends_at_one(tmp_path: Path) -> None:
    told: list[float] = []

    write_sample(tmp_path, patients=500, seed=1, as_of=AS_OF, progress=lambda _step, share: told.append(share))

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 3


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc, which is not here")
@pytest.mark.long
def test_memory_does_not_grow_with_the_number_of_patients(tmp_path: Path) -> None:
    small, large = (_peak_megabytes(tmp_path, patients) for patients in (2_000, 10_000))

    assert large - small < 10


def _peak_megabytes(folder: Path, patients: int) -> float:
    code = (
        "import sys; from datetime import date; from pathlib import Path; from core.sample import write_sample\n"
        "write_sample(Path(sys.argv[1]), patients=int(sys.argv[2]), seed=1, as_of=date(2026, 11, 2))\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    )
    arguments = [sys.executable, "-c", code, str(folder), str(patients)]
    return int(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout) / 1024


# --- the tables and what explains them


def test_the_rows_have_the_columns_of_the_layout() -> None:
    columns = {name: list(getattr(kind, "_fields", ())) for name, kind in ROWS.items()}

    assert columns == {table.name: table.column_names for table in TABLES}


def test_the_readme_explains_every_column_of_every_table() -> None:
    text = (COMMITTED / "README.md").read_text("utf-8")

    explained = {
        name: re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", part, re.MULTILINE)
        for name, part in re.findall(r"^## (\w+)\.csv$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    }

    assert explained == {table.name: [_line(column) for column in table.columns] for table in TABLES}


def _line(column: Column) -> tuple[str, str, str]:
    form = ", ".join(column.words) if column.words else FORMS[column.kind]
    return column.name, column.about, form + ("; required" if column.required else "")


def test_the_readme_names_every_mistake_with_its_rate() -> None:
    text = (COMMITTED / "README.md").read_text("utf-8")

    told = re.findall(r"^\| ([a-z ]+) \| (\d+) \| (.+) \|$", text, re.MULTILINE)

    assert told == [(name, str(defect.every), defect.about) for name, defect in DEFECTS.items()]


def test_the_committed_sample_stays_small() -> None:
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) < 6_000_000


def test_only_code_systems_that_may_be_shipped_occur(many: Tables) -> None:
    systems = pl.concat([many(name)["code_system"] for name in ("visits", "problems", "vitals", "procedures")])

    assert set(systems.drop_nulls()) == {"LOCAL", "HCPCS", "ICD-10-CM", "LOINC"}


def test_the_code_map_leads_to_concepts_that_exist_and_leaves_some_codes_out(many: Tables) -> None:
    code_map = _read(COMMITTED / "code_map.csv")
    used = pl.concat([many(name).select("code_system", "code") for name in ("visits", "procedures")])
    local = set(used.filter(pl.col("code_system") == "LOCAL")["code"])

    assert code_map.columns == ["source_system", "system", "code", "concept", "text"]
    assert set(code_map["concept"]) <= set(concepts())
    assert {"OV-EST", "COLO", "MAMSCR", "RETINAL", "WCC", "PHYS", "BONEDEN"} <= local & set(code_map["code"])
    assert {"OPHTH-OUT", "FOOT-EX", "DXA"} <= local - set(code_map["code"])


# --- nobody real


def test_no_telephone_number_can_belong_to_anybody(many: Tables) -> None:
    columns = [(table.name, column.name) for table in TABLES for column in table.columns if column.kind == "phone"]
    numbers = [number for table, column in columns for number in many(table)[column].drop_nulls()]

    written = re.compile(r"(\+1)?[(]?555[) .-]*\d{3}[ .-]?\d{4}( x12)?")
    assert [number for number in numbers if not written.fullmatch(number) and number not in JUNK_PHONES] == []


def test_no_address_can_reach_anybody(many: Tables) -> None:
    addresses = [*many("patients")["email"].drop_nulls(), *many("opt_outs")["email"].drop_nulls()]

    kept = re.compile(
        r"[a-z0-9.]+(@example\.(org|com|net)|@@example\.(org|com|net)|@example|@|\.example\.(org|com|net))"
    )
    assert [address for address in addresses if not kept.fullmatch(address) and address not in JUNK_EMAILS] == []


def test_numbers_and_addresses_are_usable_except_where_they_are_meant_not_to_be(many: Tables) -> None:
    people = many("patients")
    phone, phone_reason = phones(people["phone_mobile"])
    email, email_reason = emails(people["email"])
    patients = people.select(
        _number(),
        phone.alias("phone"),
        phone_reason.alias("no_phone"),
        email.alias("email"),
        email_reason.alias("no_email"),
    )

    bad_phones = patients.filter(pl.col("no_phone").is_not_null())["patient_id"]
    bad_emails = patients.filter(pl.col("no_email").is_not_null())["patient_id"]

    # A number that is registered twice is as bad the second time.
    assert {n for n in bad_phones if not has("junk mobile number", n) and not has("duplicate patient", n)} == set()
    assert {
        n
        for n in bad_emails
        if not has("placeholder email", n) and not has("misspelt email", n) and not has("duplicate patient", n)
    } == set()
    assert bad_phones.len() >= 4000 // 61
    assert bad_emails.len() >= 4000 // 67


def test_a_hundred_thousand_patients_have_numbers_of_their_own() -> None:
    from core.sample.draw import Draw
    from core.sample.phones import phone

    draw = Draw("numbers")
    numbers = {re.sub(r"\D", "", phone(draw, slot))[-10:] for slot in range(100_000)}

    assert len(numbers) == 100_000


# --- ids that lead somewhere


def test_every_id_leads_to_a_row_except_where_it_is_meant_not_to(many: Tables) -> None:
    patients = set(many("patients")["patient_id"])
    providers = set(many("providers")["provider_id"]) | {"OUTSIDE-PCP", "PR-GONE"}
    locations = set(many("locations")["location_id"])
    lost = {f"P9{number:06d}" for number in range(1, 4001) if has("event of nobody", number)}

    for table in TABLES:
        rows = many(table.name)
        for column, known in (("patient_id", patients | lost), ("guarantor_id", patients), ("location_id", locations)):
            if column in rows.columns:
                assert set(rows[column].drop_nulls()) <= known, table.name
        for column in {"provider_id", "pcp_id"} & set(rows.columns):
            assert set(rows[column].drop_nulls()) <= providers, table.name
    assert set(many("labs")["patient_id"]) & lost


def test_every_key_occurs_once(many: Tables) -> None:
    for table in TABLES:
        rows = many(table.name)
        assert rows.select(table.key).is_duplicated().sum() == 0, table.name


def test_required_columns_are_filled_except_for_unreadable_birth_dates(many: Tables) -> None:
    for table in TABLES:
        for column in table.columns:
            if column.required and column.name != "birth_date":
                assert many(table.name)[column.name].null_count() == 0, (table.name, column.name)


def test_nothing_but_appointments_lies_after_the_day_of_the_feed(many: Tables) -> None:
    for name in EVENT_TABLES:
        days = [column.name for column in TABLE[name].columns if column.kind == "date"]
        late = many(name).filter(pl.any_horizontal(_days(day) >= AS_OF for day in days))
        numbers = late["patient_id"].str.slice(1).cast(pl.Int64)
        assert {n for n in numbers if not has("visit in the future", n)} == set(), name


def test_appointments_to_come_were_made_before_the_day_of_the_feed(many: Tables) -> None:
    appointments = many("appointments")

    assert appointments.filter(_days("made_at") >= AS_OF).is_empty()
    assert appointments.filter(pl.col("made_at") >= pl.col("start_at")).is_empty()
    assert appointments.filter(_days("start_at") > AS_OF + timedelta(days=30)).height > 100


def test_children_have_somebody_of_their_household_who_answers_for_them(many: Tables) -> None:
    patients = many("patients")
    children = patients.filter(pl.col("guarantor_id").is_not_null())
    found = children.join(patients, left_on="guarantor_id", right_on="patient_id", suffix="_adult")

    assert found.height == children.height > 500
    assert (found["household_id"] == found["household_id_adult"]).all()


# --- plausible


@pytest.mark.parametrize(
    ("codes", "low", "high"),
    [
        ("^E1[01]", 0.09, 0.14),  # diabetes
        ("^I10", 0.22, 0.32),
        ("^J45", 0.06, 0.1),
        ("^J44", 0.025, 0.05),
        ("^N18", 0.04, 0.08),
        ("^I50", 0.012, 0.03),
        ("^E66", 0.15, 0.25),
        ("^F3[23]", 0.07, 0.13),
    ],
)
def test_conditions_are_as_frequent_as_in_primary_care(many: Tables, codes: str, low: float, high: float) -> None:
    ill = many("problems").filter(pl.col("code").str.contains(codes))["patient_id"].n_unique()

    assert low < ill / 4000 < high


def test_most_patients_can_be_reached_and_many_cannot(many: Tables) -> None:
    patients = many("patients")

    assert 0.72 < patients["phone_mobile"].is_not_null().mean() < 0.82  # type: ignore[operator]
    assert 0.6 < patients["email"].is_not_null().mean() < 0.7  # type: ignore[operator]
    assert 0.01 < many("opt_outs").height / 4000 < 0.022


def test_three_in_ten_women_have_had_no_mammogram_for_two_years(many: Tables) -> None:
    women = _aged(many("patients")).filter(pl.col("sex") == "F", pl.col("age").is_between(40, 74.9))
    done = many("procedures").filter(
        pl.col("code").is_in(["24606-6", "26346-7", "MAMSCR", "MAMDX"]),
        pl.col("status") == "completed",
        _days("performed_on") > date(2024, 11, 2),
    )

    assert 0.25 < women.join(done, on="patient_id", how="anti").height / women.height < 0.35


def test_half_have_had_no_influenza_vaccine_at_the_beginning_of_november(many: Tables) -> None:
    patients = _aged(many("patients")).filter(pl.col("age") >= 0.5)
    done = many("immunizations").filter(
        pl.col("cvx").is_in(["140", "135"]),
        pl.col("status") == "completed",
        _days("administered_on") >= date(2026, 7, 1),
    )

    assert 0.45 < patients.join(done, on="patient_id", how="anti").height / patients.height < 0.6


def test_a_third_with_diabetes_have_had_no_hba1c_for_half_a_year(many: Tables) -> None:
    ill = many("problems").filter(pl.col("code").str.contains("^E1[01]"))
    patients = _aged(many("patients")).filter(pl.col("age").is_between(18, 75.9)).join(ill, on="patient_id", how="semi")
    results = many("labs").filter(pl.col("local_code").is_in(["A1C", "A1CH", "POCA1C"]), pl.col("value").is_not_null())
    recent = results.filter(_days("collected_on") >= date(2026, 5, 2))
    values = results.join(ill, on="patient_id", how="semi")["value"].cast(pl.Float64, strict=False).drop_nulls()

    assert 0.25 < patients.join(recent, on="patient_id", how="anti").height / patients.height < 0.4
    assert 0.15 < (values > 9).mean() < 0.35  # type: ignore[operator]


@pytest.mark.parametrize(
    ("codes", "ages", "sex", "since", "low", "high"),
    [
        (["73832-8", "73831-0"], (12, 120), "FM", date(2025, 11, 2), 0.4, 0.55),
        (["16128-1"], (18, 80), "FM", date(1900, 1, 1), 0.53, 0.67),
        (["56888-1"], (15, 66), "FM", date(1900, 1, 1), 0.48, 0.62),
        (["24966-4", "24701-5", "BONEDEN"], (65, 120), "F", date(1900, 1, 1), 0.55, 0.75),
        (["2345-7", "1558-6", "4548-4"], (35, 71), "FM", date(2023, 11, 2), 0.55, 0.75),
        (["Z00.129", "WCC", "PHYS"], (3, 22), "FM", date(2025, 11, 2), 0.5, 0.7),
    ],
    ids=["depression", "hepatitis C", "HIV", "bone density", "glucose", "well visits"],
)
def test_prevention_is_as_frequent_as_in_primary_care(
    many: Tables, codes: list[str], ages: tuple[int, int], sex: str, since: date, low: float, high: float
) -> None:
    patients = _aged(many("patients")).filter(pl.col("age") >= ages[0], pl.col("age") < ages[1])
    patients = patients.filter(pl.col("sex").is_in(list(sex)), pl.col("deceased_on").is_null())

    done = _done(many).filter(pl.col("code").is_in(codes), pl.col("on") >= since)

    assert low < patients.join(done, on="patient_id", how="semi").height / patients.height < high


def _done(many: Tables) -> pl.DataFrame:
    """patient_id, code and day of whatever took place."""
    days = {"visits": "visit_on", "vitals": "taken_on", "procedures": "performed_on", "labs": "collected_on"}
    tables = [
        many(name).rename({"loinc": "code"}, strict=False).with_columns(on=_days(day)) for name, day in days.items()
    ]
    return pl.concat(
        [table.filter(~pl.col("status").is_in(["ordered", "cancelled"])) for table in tables], how="diagonal"
    )


def test_a_depression_screen_has_an_answer_and_the_code_of_the_age(many: Tables) -> None:
    screens = many("vitals").filter(pl.col("code").is_in(["73832-8", "73831-0"]))
    screens = screens.join(many("patients").select("patient_id", born=_days("birth_date")), on="patient_id")
    age = (_days("taken_on") - pl.col("born")).dt.total_days() / 365.25

    # A birth date that is wrong on purpose makes any code wrong.
    wrong = screens.filter(
        (age < 17.99) != (pl.col("code") == "73831-0"), pl.col("born").dt.year().is_between(1911, 2026)
    )

    assert set(screens["value"]) == {"Negative", "Positive"}
    assert 0.05 < (screens["value"] == "Positive").mean() < 0.25  # type: ignore[operator]
    assert set(screens["code"]) == {"73832-8", "73831-0"}
    assert wrong.filter((age < 17.99) | (age > 18.01)).height <= 5


def test_most_infants_are_seen_by_the_schedule(many: Tables) -> None:
    infants = _aged(many("patients")).filter(pl.col("age").is_between(1.3, 2.4))
    well = many("visits").filter(pl.col("type") == "well child")

    seen = well.join(infants, on="patient_id").group_by("patient_id").agg(pl.col("visit_on").n_unique())

    assert infants.height > 30
    assert 0.55 < seen.filter(pl.col("visit_on") >= 6).height / infants.height < 0.85


# Doses that are due by eighteen months, by CVX code.
_SERIES = {"20": 4, "10": 3, "03": 1, "49": 3, "08": 3, "21": 1, "133": 4, "83": 1, "116": 3, "140": 2}


def test_two_in_three_get_all_childhood_vaccines_in_time(many: Tables) -> None:
    children = _aged(many("patients")).filter(pl.col("age").is_between(1.55, 17))
    doses = many("immunizations").filter(pl.col("status") == "completed").with_columns(_days("administered_on"))
    doses = doses.join(children.select("patient_id", "born_on"), on="patient_id")
    early = doses.filter((pl.col("administered_on") - pl.col("born_on")).dt.total_days() < 730)
    early = early.with_columns(pl.col("cvx").replace({"150": "140"}))

    counts = early.group_by("patient_id", "cvx").agg(pl.col("administered_on").n_unique().alias("doses"))
    enough = counts.filter(pl.col("doses") >= pl.col("cvx").replace_strict(_SERIES, default=None))
    complete = enough.group_by("patient_id").len().filter(pl.col("len") == len(_SERIES))

    assert 0.55 < complete.height / children.height < 0.75


def test_one_in_ten_has_an_appointment_in_the_next_month(many: Tables) -> None:
    appointments = many("appointments").filter(
        _days("start_at").is_between(AS_OF, AS_OF + timedelta(days=30)), pl.col("status") != "cancelled"
    )

    assert 0.07 < appointments["patient_id"].n_unique() / 4000 < 0.15


def test_names_come_in_many_scripts_and_languages(many: Tables) -> None:
    patients = many("patients")
    preferred = "".join(patients["preferred_name"].drop_nulls())

    assert {"en", "es", "vi", "zh", "pl", "ar", "ko", "hi", "Spanish"} <= set(patients["language"])
    assert re.search("[\u4e00-\u9fff]", preferred)
    assert re.search("[\u0600-\u06ff]", preferred)
    assert re.search("[\u0900-\u097f]", preferred)
    assert {"Nguyễn", "Nguyen", "García", "Garcia"} <= set(patients["last"])


# --- wrong where it is meant to be


_PATIENT_DEFECTS = {
    "test patient": pl.col("last").is_in(["Patient", "Mouse"]),
    "deceased but active": (pl.col("status") == "active") & pl.col("deceased_on").is_not_null(),
    "unreadable birth date": pl.col("birth_date").is_null() | (pl.col("birth_date") == "13/25/1961"),
    "birth date in the future": _days("birth_date") > AS_OF,
    "birth date too long ago": _days("birth_date") < date(1901, 1, 1),
    "unknown sex": pl.col("sex").fill_null("U") == "U",
    "junk mobile number": pl.col("phone_mobile").is_in(JUNK_PHONES),
    "home number as mobile": pl.col("phone_home") == pl.col("phone_mobile"),
    "extension in a number": pl.col("phone_mobile").str.ends_with(" x12"),
    "placeholder email": pl.col("email").is_in(JUNK_EMAILS),
    "misspelt email": ~pl.col("email").str.contains(r"[^@]@example\.") & ~pl.col("email").is_in(JUNK_EMAILS),
    "newline in the address": pl.col("address1").str.contains("\n"),
}


@pytest.mark.parametrize("defect", _PATIENT_DEFECTS)
def test_the_committed_sample_shows_each_mistake_of_registration(defect: str) -> None:
    patients = _read(COMMITTED / "patients.csv")

    numbers = patients.filter(_PATIENT_DEFECTS[defect]).select(_number())["patient_id"]

    assert [n for n in numbers if has(defect, n)] != []


def test_the_committed_sample_shows_somebody_registered_twice() -> None:
    patients = _read(COMMITTED / "patients.csv")
    contact = ["last", "birth_date", "address1"]
    first = patients.with_columns(next_id=pl.format("P{}", (_number() + 1).cast(pl.String).str.zfill(6)))

    pairs = first.join(patients, left_on=["next_id", *contact], right_on=["patient_id", *contact])

    assert pairs.filter(pl.col("middle").fill_null("") != pl.col("middle_right").fill_null("")).height >= 8
    assert pairs.filter(pl.col("first") != pl.col("first_right")).height >= 2


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("visits", _days("visit_on") > AS_OF),
        ("labs", pl.col("patient_id").str.starts_with("P9")),
        ("labs", pl.col("value").str.ends_with("%")),
        ("labs", pl.col("value") == ">14"),
        ("labs", pl.col("value") == "<5.7"),
        ("labs", pl.col("value") == "see note"),
        ("labs", pl.col("unit") == "mmol/mol"),
        ("labs", pl.col("loinc").is_null() & (pl.col("local_code") == "A1C-QK")),
        ("labs", pl.col("status") == "cancelled"),
        ("labs", (pl.col("status") == "ordered") & pl.col("resulted_on").is_null()),
        ("immunizations", (pl.col("status") == "not-done") & pl.col("refusal_reason").is_not_null()),
        ("procedures", (pl.col("status") == "ordered") & pl.col("performed_on").is_null()),
        ("procedures", pl.col("code").is_null()),
        ("problems", pl.col("code").is_null()),
        ("problems", pl.col("status") == "entered-in-error"),
        ("appointments", (pl.col("status") == "scheduled") & (_days("start_at") < date(2026, 9, 1))),
        ("appointments", pl.col("provider_id") == "PR-GONE"),
    ],
)
def test_other_tables_show_their_mistakes(many: Tables, table: str, wrong: pl.Expr) -> None:
    assert many(table).filter(wrong).height > 0


def test_the_committed_sample_shows_a_visit_after_death() -> None:
    visits, patients = (_read(COMMITTED / f"{name}.csv") for name in ("visits", "patients"))

    late = visits.join(patients, on="patient_id").filter(_days("visit_on") > _days("deceased_on"))

    assert [n for n in late.select(_number())["patient_id"] if has("care after death", n)] != []


def test_some_doses_are_written_down_twice_within_a_day(many: Tables) -> None:
    doses = many("immunizations").with_columns(_days("administered_on"))
    twice = doses.join(doses, on=["patient_id", "cvx"]).filter(
        (pl.col("administered_on_right") - pl.col("administered_on")).dt.total_days().is_between(0, 1),
        pl.col("immunization_id") != pl.col("immunization_id_right"),
        pl.col("source_right") == "registry",
    )

    assert twice.height > 20


@pytest.mark.parametrize(
    "manifest", [None, '{"source_system": "lakeside"}', "[]", "no JSON", '{"source_system": "sample"}']
)
def test_a_folder_that_holds_anything_but_an_earlier_sample_is_not_written_over(
    tmp_path: Path, manifest: str | None
) -> None:
    feed = tmp_path / "patients.csv"
    feed.write_text("patient_id\n1\n", "utf-8")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest, "utf-8")

    if manifest and '"sample"' in manifest:
        assert write_sample(tmp_path, patients=3, seed=1, as_of=AS_OF)["patients"] == 3
    else:
        with pytest.raises(CareloopError, match="empty folder"):
            write_sample(tmp_path, patients=3, seed=1, as_of=AS_OF)
        assert feed.read_text("utf-8") == "patient_id\n1\n"
