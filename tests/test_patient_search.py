"""Finding a patient: how names are folded, how what was typed is read, who is found, and whom a load lets be found."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from core import loads, patient_search
from core.domain import search_query
from core.domain.search_key import NAME_COLUMNS, folded, keys_of, search_columns
from core.domain.user import Scope, User
from core.store import accounts, campaigns, search_keys
from core.store import patient_search as store
from core.store.database import reading, writing
from core.store.schema import attempts, patients, recipients
from core.store.schema import search_keys as keys
from core.workbench import Workbench
from tests.clinic import CAMPAIGN
from tests.drawn import drawn
from tests.feeds import write_feed
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

pytestmark = pytest.mark.long

TODAY = date(2026, 11, 24)
NOBODY = dict.fromkeys(
    (*NAME_COLUMNS, "phone_home", "phone_mobile", "group_id", "pcp_id", "last_confirmed_on", "last_reminded_on")
)


# ---- the rules -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("José", "jose"), ("JOSE\u0301", "jose"), ("Łukasz", "lukasz"), ("Sørensen", "sorensen"), ("Đặng", "dang"),
        ("Weiß", "weiss"), ("Æbelø", "aebelo"), ("Þór", "thor"), ("Ħal", "hal"), ("İbrahim", "ibrahim"),
        ("ISIL", "isil"), ("Işıl", "isil"), ("Ｌｉ", "li"), ("ﬁn", "fin"), ("Ξένος", "ξενοσ"), ("Алёна", "алена"),
        ("नीता", "नीता"), ("สมชาย", "สมชาย"), ("がく", unicodedata.normalize("NFKD", "がく")), ("李", "李"),
        ("مُحَمَّد", "محمد"), ("أحمد", "احمد"), ("שָׁלוֹם", "שלום"), ("a\u200db\u00ad", "ab"), ("٣", "3"),
        ("Ɔsɛi", "osei"), ("Əliyev", "eliyev"), ("Ŋwa", "ngwa"), ("Ɓa Ɗan Ƙasim", "ba dan kasim"),
    ],
)  # fmt: skip
def test_folding_takes_away_case_and_accents_and_keeps_what_makes_another_name(written: str, read: str) -> None:
    assert folded(pl.Series([written, "Plain", None])).to_list() == [read, "plain", None]


def test_marks_that_tell_names_apart_stay() -> None:
    alike = [("कुमार", "कमार"), ("がく", "かく"), ("สุดา", "สดา")]

    for one, other in alike:
        assert folded(pl.Series([one]))[0] != folded(pl.Series([other]))[0]


@pytest.mark.parametrize(
    ("name", "tokens", "sort_name"),
    [
        ({"last": "O’Brien"}, "o brien obrien brien", "obrien\t\t"),
        ({"last": "Smith-Jones"}, "smith jones smithjones jones", "smith jones\t\t"),
        ({"last": "De La Cruz"}, "de la cruz delacruz lacruz cruz", "de la cruz\t\t"),
        ({"last": "Smith-O'Brien"}, "smith o brien smithobrien obrien brien", "smith obrien\t\t"),
        ({"last": "Kaʻahumanu"}, "ka ahumanu kaahumanu ahumanu", "kaahumanu\t\t"),
        ({"last": "O´Neil"}, "o neil oneil neil", "oneil\t\t"),
        ({"first": "Ŋula"}, "ngula nula", "\tngula\t"),
        ({"last": "Müller"}, "muller mueller", "muller\t\t"),
        ({"first": "明", "last": "李"}, "明 李 李明", "李\t明\t"),
        ({"first": "Ann", "middle": "B.", "last": "Lee", "suffix": "Jr.", "preferred_name": "Nan"}, "ann b lee jr nan",
         "lee\tann\tb"),
        ({}, "", "\t\t"),
    ],
)  # fmt: skip
def test_a_name_becomes_tokens_and_a_place_in_the_order(name: dict[str, str], tokens: str, sort_name: str) -> None:
    columns = search_columns(pl.DataFrame([NOBODY | name]))

    assert columns["search_names"][0].split() == tokens.split()
    assert columns["sort_name"][0] == sort_name


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("maria garcia", ["maria*", "garcia* | mariagarcia*"]),
        ("GARCÍA, María", ["garcia*", "maria* | garciamaria*"]),
        ("J Smith", ["j*", "smith* | jsmith*"]),
        ("Li", ["li"]),
        ("Li J", ["li", "j*"]),
        ("O'Brien", ["obrien* | o*+brien*"]),
        ("Müller", ["muller* | mueller*"]),
        ("(555) 010-0199", ["#5550100199 | 5550100199*"]),
        ("+1 555.010.0199", ["#15550100199 | 15550100199*"]),
        ("maria 0199", ["maria*", "#0199 | 0199*"]),
        ("0199 maria 555", ["maria*", "#0199 | 0199*", "#555 | 555*"]),
        ("Mc Müller", ["mc*", "muller* | mueller* | mcmuller* | mcmueller*"]),
        ("de la cruz ana", ["de*", "la* | dela*", "cruz* | delacruz* | lacruz*", "ana* | lacruzana* | cruzana*"]),
        ("001 312 786 5432", ["#0013127865432 | #13127865432 | 0013127865432*"]),
        ("0044 20", ["#004420 | #4420 | 004420*"]),
        ("005501", ["#005501 | 005501*"]),
        ("312 786 5432 ext. 12", ["#3127865432 | 3127865432*"]),
        ("tel:+1-312-786-5432;ext=12", ["#13127865432 | 13127865432*"]),
        ("cruz\x00 ana\ud800", ["cruz*", "ana* | cruzana*"]),
        ("３１２５", ["#3125 | 3125*"]),
        ("maria maria", ["maria*"]),
        (" - . ", []),
    ],
)
def test_what_was_typed_is_read_as_words(typed: str, words: list[str]) -> None:
    def shown(piece: search_query.Piece) -> str:
        return {"begins": "{}*", "whole": "{}", "number": "#{}"}[piece.kind].format(piece.text)

    read = search_query.read(typed)

    assert [" | ".join("+".join(map(shown, each)) for each in word.alternatives) for word in read] == words


@pytest.mark.parametrize("typed", ["a", "555", "1", "J 12", "-", "J-L"])
def test_too_little_to_look_for_is_said(wb: Workbench, typed: str) -> None:
    found = patient_search.find(wb, typed)

    assert found.people == ()
    assert "at least 3 letters" in found.problem


def test_nothing_typed_is_no_mistake(wb: Workbench) -> None:
    assert patient_search.find(wb, "  ") == patient_search.Found()


# ---- who is found --------------------------------------------------------------------------------------------------
def add(wb: Workbench, *people: dict[str, Any]) -> None:
    """Patients as a feed of before there was a search left them."""
    rows = [NOBODY | {"patient_id": f"p{n}", "status": "active"} | person for n, person in enumerate(people, 1)]
    with writing(wb.engine) as connection:
        connection.execute(insert(patients), rows)


def ids(wb: Workbench, typed: str, *, everybody: bool = True) -> list[str]:
    return [person.patient_id for person in patient_search.find(wb, typed, everybody=everybody).people]


@pytest.mark.parametrize(
    "typed",
    [
        "5550100199", "(555) 010-0199", "555 010 0199", "+1 555 010 0199", "1-555-010-0199", "0199", "010019", "5501",
        "15550", "maria", "MARÍA ana", "cruz maria", "delacruz", "de la cruz", "De-La-Cruz", "la cruz m", "mia",
        "cruz 0199", "0142", "m cruz jr", "ana cru 555",
    ],
)  # fmt: skip
def test_a_patient_is_found_by_names_and_numbers_however_written(bench_of_two: Workbench, typed: str) -> None:
    assert ids(bench_of_two, typed) == ["p1"]


@pytest.mark.parametrize(
    "typed",
    [
        "001 555 010 0199", "0015550100199", "011 1 555 010 0199", "tel:+15550100199", "Tel. 555-010-0199", "#0199",
        "#5550100199", "555 010 0199 ext. 12", "5550100199x12", "(555) 010-0199 Ext 3", "555−010−0199", "555‑010‑0199",
        "555.010.0199", "555·010·0199", "+1 (555) 010-0199 #4", "ana\x00cruz", "cru\u0301z 0199 ", "ma ría",
        "dela cruz", "de lacruz maria",
    ],
)  # fmt: skip
def test_a_patient_is_found_however_somebody_else_writes_it(two_here: Workbench, typed: str) -> None:
    assert ids(two_here, typed) == ["p1"]


@pytest.fixture
def two_here(wb: Workbench) -> Workbench:
    maria = {"first": "María", "middle": "Ana", "last": "De La Cruz", "suffix": "Jr.", "preferred_name": "Mia"}
    add(wb, maria | {"phone_mobile": "+15550100199", "phone_home": "+15550110142"}, {"first": "Bo", "last": "Li"})
    return wb


@pytest.mark.parametrize(
    ("last", "typed"),
    [
        ("Kaʻahumanu", "Kaahumanu"), ("Kaʻahumanu", "Ka'ahumanu"), ("Kaahumanu", "Kaʻahumanu"), ("OʼNeil", "O'Neil"),
        ("OʼNeil", "ONeil"), ("OʼNeil", "neil"), ("O´Neil", "oneil"), ("O＇Neil", "O`Neil"), ("OꞌNeil", "O’Neil"),
        ("McDonald", "Mc Donald"), ("Delacruz", "De La Cruz"), ("StJohn", "St. John"), ("Ŋula", "nula"),
        ("Ŋula", "NGULA"), ("Mensah-Ɔsei", "osei"), ("MacAulay Quist", "mac aulay quist"),
    ],
)  # fmt: skip
def test_a_name_is_found_with_other_apostrophes_letters_and_blanks(wb: Workbench, last: str, typed: str) -> None:
    add(wb, {"last": last}, {"last": "Other"})

    assert ids(wb, typed) == ["p1"]


@pytest.mark.parametrize("typed", ["0044 20 7946 0958", "0044 20", "+44 20", "011 44 20 7946 0958", "020 7946 0958",
                                   "+44 (0)20 7946 0958", "00442079460958"])  # fmt: skip
def test_a_number_abroad_is_found_as_it_is_dialled(wb: Workbench, typed: str) -> None:
    add(wb, {"last": "Abroad", "phone_home": "+442079460958"}, {"last": "Here", "phone_home": "+15550100199"})

    assert ids(wb, typed) == ["p1"]


@pytest.mark.parametrize("typed", ["\x00", "\ud800", "\ud800\udc00x\x00"])
def test_what_no_database_takes_finds_nobody(bench: Workbench, typed: str) -> None:  # noqa: F811
    assert patient_search.find(bench, typed).people == ()


@pytest.mark.parametrize("typed", ["first", "müller", "mueller", "muller", "third", "last", "mid", "lastmueller"])
def test_a_very_long_name_is_found_by_the_beginning_of_each_field(wb: Workbench, typed: str) -> None:
    many = " ".join(f"Filler{n}" for n in range(90))
    add(wb, {"first": f"First Müller Third {many}", "middle": f"Mid {'x' * 500}", "last": f"Last Müller {many}"})
    if typed == "lastmueller":
        assert ids(wb, "last mueller") == ["p1"]
    else:
        assert ids(wb, typed) == ["p1"]


@pytest.mark.parametrize("typed", ["qu-mar", "x-y-z-mar", "qu mar"])
def test_a_rare_piece_leads_though_a_common_one_is_longer(wb: Workbench, typed: str) -> None:
    people = [{"first": f"Mar{n}", "last": "Common", "middle": "B"} for n in range(9)]
    add(wb, *people, {"first": "X", "middle": "Qu Y", "last": "Common", "preferred_name": "Z Martin"})
    loads.make_searchable(wb)

    with pytest.MonkeyPatch.context() as patch, reading(wb.engine) as connection:
        patch.setattr("core.store.patient_search.MOST_CANDIDATES", 2)
        lead = store._best_lead(connection, search_query.read(typed))

    assert lead.ids == frozenset({"p10"})
    assert ids(wb, typed) == ["p10"]


@pytest.mark.parametrize("typed", ["0198", "5550100198", "marianne", "cruz 0198", "garcia maria", "ruz", "0199 0177"])
def test_a_patient_who_does_not_match_every_word_is_not_found(bench_of_two: Workbench, typed: str) -> None:
    assert ids(bench_of_two, typed) == []


@pytest.fixture
def bench_of_two(bench: Workbench) -> Workbench:  # noqa: F811
    maria = {"first": "María", "middle": "Ana", "last": "De La Cruz", "suffix": "Jr.", "preferred_name": "Mia"}
    add(bench, maria | {"phone_mobile": "+15550100199", "phone_home": "+15550110142"}, {"first": "Bo", "last": "Li"})
    return bench


def test_two_letters_alone_are_a_whole_name(wb: Workbench) -> None:
    add(wb, {"last": "Li"}, {"last": "Lind"}, {"first": "Li", "last": "Chen"}, {"last": "Li-Jones"},
        {"first": "Li", "last": "Lind"})  # fmt: skip

    assert ids(wb, "Li") == ["p3", "p1", "p4", "p5"]
    assert ids(wb, "li chen") == ["p3"]


def test_a_number_of_another_country_is_found_by_any_part(bench: Workbench) -> None:  # noqa: F811
    add(bench, {"last": "Abroad", "phone_home": "+442079460958"})

    assert [ids(bench, each) for each in ("+44 20 7946 0958", "0958", "2079", "94609")] == [["p1"]] * 4


def test_those_found_are_in_the_order_of_last_first_and_middle_name(bench: Workbench) -> None:  # noqa: F811
    names = [("Ann", "Z", "Smith"), ("Ann", "B", "Smith"), ("Zoe", None, "Smith"), ("Al", None, "Smith Jones"),
             ("Al", None, "O'Smith"), ("Él", None, "Šmith"), ("Smith", None, "Adams")]  # fmt: skip
    add(bench, *({"first": first, "middle": middle, "last": last} for first, middle, last in names))

    assert ids(bench, "smith") == ["p7", "p5", "p2", "p1", "p6", "p3", "p4"]
    assert ids(bench, "o'smith al") == ["p5"]


def test_at_most_a_hundred_are_shown_and_it_says_that_there_are_more(bench: Workbench) -> None:  # noqa: F811
    add(bench, *({"first": f"Ann{n:03}", "last": "Many", "last_confirmed_on": TODAY} for n in range(101)))

    found = patient_search.find(bench, "many")

    assert [person.first for person in found.people] == [f"Ann{n:03}" for n in range(100)]
    assert (found.is_more, found.others) == (True, 0)
    assert not patient_search.find(bench, "many ann000").is_more


def test_only_those_contacted_or_seen_lately_are_found_unless_everybody_is_asked_for(bench: Workbench) -> None:  # noqa: F811
    days = {"two_years": TODAY - timedelta(days=730), "longer": TODAY - timedelta(days=731)}
    add(
        bench,
        {"patient_id": "ahead", "last_confirmed_on": TODAY + timedelta(days=9)},
        {"patient_id": "two_years", "last_confirmed_on": days["two_years"]},
        {"patient_id": "longer", "last_confirmed_on": days["longer"]},
        {"patient_id": "reminded", "last_reminded_on": TODAY - timedelta(days=90)},
        {"patient_id": "reminded_before", "last_reminded_on": TODAY - timedelta(days=91)},
        {"patient_id": "never"},
    )
    with writing(bench.engine) as connection:
        connection.execute(update(patients).values(last="Example"))

    found = patient_search.find(bench, "example")

    assert {person.patient_id for person in found.people} == {"ahead", "two_years", "reminded"}
    assert found.others == 3
    assert len(ids(bench, "example")) == 6


def test_a_message_that_left_lately_counts_and_one_that_did_not_leave_does_not(campaign_bench: Workbench) -> None:
    found = patient_search.find(campaign_bench, "example")

    assert [person.patient_id for person in found.people] == ["p1"]
    assert found.others == 2


# 2026-08-26 is 90 days ago; in Chicago it begins at 05:00 UTC.
START = datetime(2026, 8, 26, 5, tzinfo=UTC)
BEFORE = START - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("message", "tried_at", "is_found"),
    [
        ({"state": "handed_over", "handed_over_at": START}, None, True),
        ({"state": "handed_over", "handed_over_at": BEFORE}, None, False),
        ({"state": "no_answer", "attempt_count": 1, "finished_at": START}, None, True),
        ({"state": "no_answer", "attempt_count": 1, "finished_at": BEFORE}, None, False),
        ({"state": "unknown", "attempt_count": 1, "finished_at": START}, START, True),
        ({"state": "waiting", "attempt_count": 1}, START, True),
        ({"state": "stopped", "attempt_count": 1, "finished_at": START}, BEFORE, False),
        ({"state": "not_sent", "attempt_count": 0, "finished_at": START}, None, False),
        ({"state": "waiting", "attempt_count": 0}, None, False),
    ],
)  # fmt: skip
def test_who_was_tried_lately_counts_by_the_day_of_the_organisation(
    bench: Workbench,  # noqa: F811
    message: dict[str, Any],
    tried_at: datetime | None,
    is_found: bool,
) -> None:
    assert (str(bench.zone()), bench.today()) == ("America/Chicago", TODAY)
    add(bench, {"last": "Example"})
    with writing(bench.engine) as connection:
        campaigns.add(connection, CAMPAIGN, patient_ids=["p1"])
        connection.execute(update(recipients).values(**message))
        if tried_at:
            number = connection.scalar(select(recipients.c.recipient_id))
            row = {"recipient_id": number, "number": 1, "worker": "w", "started_at": tried_at}
            connection.execute(insert(attempts).values(row))

    assert ids(bench, "example", everybody=False) == (["p1"] if is_found else [])


@pytest.fixture
def campaign_bench(bench: Workbench) -> Workbench:  # noqa: F811
    add(bench, *({"last": "Example"} for _ in range(3)))
    left = {"p1": 90, "p2": 91}  # days ago
    with writing(bench.engine) as connection:
        campaigns.add(connection, CAMPAIGN, patient_ids=["p1", "p2", "p3"])
        for patient_id, ago in left.items():
            change = update(recipients).where(recipients.c.patient_id == patient_id)
            connection.execute(change.values(handed_over_at=bench.now() - timedelta(days=ago)))
    return bench


@pytest.mark.parametrize("typed", ["mar", "555010"])
def test_those_led_to_twice_hide_nobody_where_there_are_too_many_to_look_up(wb: Workbench, typed: str) -> None:
    twice = {"first": "Maria", "middle": "Martha", "phone_mobile": "+15550100199", "phone_home": "+15550100142"}
    add(wb, *[twice | {"last": "Example"}] * 4)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.store.patient_search.MOST_CANDIDATES", 3)
        assert ids(wb, typed) == ["p1", "p2", "p3", "p4"]


def test_nobody_outside_the_scope_is_found_or_counted(bench: Workbench) -> None:  # noqa: F811
    add(bench, {"last": "Example", "group_id": "g1"}, {"last": "Example", "group_id": "g2"}, {"last": "Example"})
    nora = User("nora", "Nora", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(bench.engine, nora, at=bench.now(), by="ana")

    found = patient_search.find(bench.as_user("nora"), "example")

    assert (found.people, found.others) == ((), 1)
    assert ids(bench.as_user("nora"), "example") == ["p1"]


def test_those_who_died_are_found_with_their_status(wb: Workbench) -> None:
    add(wb, {"last": "Example", "status": "deceased"}, {"last": "Example", "status": "test"})

    assert {person.status for person in patient_search.find(wb, "example", everybody=True).people} == {
        "deceased",
        "test",
    }


# ---- against a slow, obvious search --------------------------------------------------------------------------------
NAMES = st.sampled_from(["Ann", "Anne-Marie", "Annemarie", "Li", "O'Brien", "Obrien", "De La Cruz", "Müller", "Mueller",
                         "Muller", "J", "Jo", "José", "李", "明", "Smith Jones", "", None])  # fmt: skip
PHONES = st.one_of(st.none(), st.from_regex(r"\+1[2-4]{3}[2-3]{3}[0-1]{4}", fullmatch=True), st.just("+442079460958"))
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {"first": NAMES, "middle": NAMES, "last": NAMES, "phone_home": PHONES, "phone_mobile": PHONES}
        | {"last_confirmed_on": st.sampled_from([None, TODAY]), "group_id": st.sampled_from(["g1", "g2"])}
    ),
    max_size=12,
)
BEGUN = NAMES.filter(bool).map(lambda name: str(name)[:3].upper())
TYPED = st.lists(
    st.one_of(NAMES.filter(bool), BEGUN, st.from_regex("[0-4]{2,6}", fullmatch=True)), min_size=1, max_size=3
).map(lambda words: " ".join(map(str, words)))


def slowly(people: Iterable[dict[str, Any]], typed: str) -> list[str]:
    """Whoever matches every word, looked at one by one, in the order of names."""
    found = []
    for number, person in enumerate(people, 1):
        columns = search_columns(pl.DataFrame([NOBODY | person], infer_schema_length=None))
        tokens = columns["search_names"][0].split()
        numbers = [person[column] or "" for column in ("phone_home", "phone_mobile")]

        def holds(piece: search_query.Piece, tokens: list[str] = tokens, numbers: list[str] = numbers) -> bool:
            if piece.kind == search_query.NUMBER:
                return any(piece.text in each for each in numbers)
            if piece.kind == search_query.WHOLE:
                return piece.text in tokens
            return any(token.startswith(piece.text) for token in tokens)

        if all(any(all(map(holds, each)) for each in word.alternatives) for word in search_query.read(typed)):
            found.append((columns["sort_name"][0].encode(), f"p{number}"))
    return [patient_id for _, patient_id in sorted(found)]


def test_nobody_is_missed_where_candidates_are_cut_off_and_some_stand_there_twice(
    bench: Workbench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    twice = {"phone_home": "+13125550199", "phone_mobile": "+17735550199"}
    add(bench, twice, twice, {"phone_home": "+17735550199"})
    monkeypatch.setattr("core.store.patient_search.MOST_CANDIDATES", 3)  # the first four rows are of two patients

    assert len(ids(bench, "0199")) == 3


@pytest.mark.parametrize("most", [3_000, 2, 0], ids=["by keys", "either", "in order"])
@drawn(daily=6, many=150, people=PEOPLE, typed=TYPED)
def test_the_same_are_found_as_by_looking_at_everybody(
    bench: Workbench,  # noqa: F811
    most: int,
    people: list[dict[str, Any]],
    typed: str,
) -> None:
    if not search_query.leads(search_query.read(typed)):
        return
    with writing(bench.engine) as connection:
        connection.execute(delete(patients))
        connection.execute(delete(keys))
    add(bench, *people) if people else None
    loads.make_searchable(bench)
    everybody = slowly(people, typed)
    lately = [each for each in everybody if people[int(each[1:]) - 1]["last_confirmed_on"]]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.store.patient_search.MOST_CANDIDATES", most)
        found = patient_search.find(bench, typed)
        all_found = ids(bench, typed)

    assert [person.patient_id for person in found.people] == lately
    assert found.others == len(everybody) - len(lately)
    assert all_found == everybody


# ---- loads keep the keys right -------------------------------------------------------------------------------------
HEADER = "patient_id,first,last,birth_date,phone_mobile"
ANN, BOB = "P1,Ann,O'Brien,1960-05-01,3125550199", "P2,Bob,Example,1970-06-02,"


def kept(wb: Workbench) -> set[tuple[str, str]]:
    with reading(wb.engine) as connection:
        return {(row.key, row.patient_id) for row in connection.execute(select(keys))}


def expected(wb: Workbench) -> set[tuple[str, str]]:
    """The keys of the patients' rows as they are, made anew."""
    columns = ("patient_id", *NAME_COLUMNS)
    with reading(wb.engine) as connection:
        found = connection.execute(select(*(patients.c[name] for name in columns)))
        rows = pl.DataFrame([tuple(row) for row in found], schema=dict.fromkeys(columns, pl.String), orient="row")
    return set(keys_of(search_keys.searchable(rows)).select("key", "patient_id").rows())


def test_a_load_lets_patients_be_found_and_keeps_it_so_when_they_change_or_go(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    full = {"full": ["patients"], "source_system": "ehr"}
    one = write_feed(tmp_path / "one", manifest=full, patients=[HEADER, ANN, BOB])
    two = write_feed(tmp_path / "two", manifest=full, patients=[HEADER, ANN.replace("O'Brien", "Van Dyke"), BOB])
    three = write_feed(tmp_path / "three", manifest=full, patients=[HEADER, BOB])

    steps = [
        (one, {"obrien": ["P1"], "brien": ["P1"]}),
        (two, {"obrien": [], "dyke": ["P1"]}),
        (three, {"dyke": [], "bob": ["P2"], "0199": []}),
        (one, {"dyke": [], "o'brien": ["P1"]}),
    ]
    for feed, found in steps:
        loads.load(bench, feed)
        assert {typed: ids(bench, typed) for typed in found} == found
        assert kept(bench) == expected(bench)


def test_a_load_says_when_patients_had_their_last_confirmed_appointment(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    appointments = ["appointment_id,patient_id,start_at,status", "A1,P1,2026-03-01T09:00,completed",
                    "A2,P1,2027-01-05T23:30,confirmed", "A3,P1,2027-03-01T09:00,scheduled",
                    "A4,P2,2026-03-01T09:00,no-show"]  # fmt: skip
    loads.load(bench, write_feed(tmp_path / "one", patients=[HEADER, ANN, BOB], appointments=appointments))

    with reading(bench.engine) as connection:
        days = dict(connection.execute(select(patients.c.patient_id, patients.c.last_confirmed_on)).all())
    assert days == {"P1": date(2027, 1, 5), "P2": None}
    with writing(bench.engine) as connection:  # as a home that was loaded before there was a search
        connection.execute(update(patients).values(sort_name=None, search_names=None, last_confirmed_on=None))
        connection.execute(delete(keys))
    assert ids(bench, "brien ann", everybody=False) == ["P1"]
    assert kept(bench) == expected(bench)


def test_keys_follow_a_corrected_name_and_go_with_the_patient(bench: Workbench) -> None:  # noqa: F811
    add(bench, {"first": "Ann", "last": "O'Brien"}, {"first": "Bob", "last": "Example"}, {"first": "Cy", "last": "Lee"})
    loads.make_searchable(bench)
    with writing(bench.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p1").values(last="Van Dyke"))
        search_keys.forget(connection, ["p2"])
        connection.execute(delete(patients).where(patients.c.patient_id.in_(["p2", "p3"])))
        search_keys.renew(connection, ["p1", "p3"])

    assert {typed: ids(bench, typed) for typed in ("brien", "vandyke", "bob", "lee")} == {
        "brien": [], "vandyke": ["p1"], "bob": [], "lee": [],
    }  # fmt: skip
    assert kept(bench) == expected(bench)


def test_a_load_that_fails_leaves_the_patients_findable_as_before(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    loads.load(bench, write_feed(tmp_path / "one", patients=[HEADER, ANN]))
    before = kept(bench)
    two = write_feed(tmp_path / "two", patients=[HEADER, ANN.replace("Ann", "Anna"), BOB])

    with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="full"):
        patch.setattr("core.loads.feed_quality.keep_in", _no_space)
        loads.load(bench, two)

    assert kept(bench) == before
    assert (ids(bench, "ann"), ids(bench, "bob")) == (["P1"], [])
    loads.load(bench, two)
    assert kept(bench) == expected(bench)


def _no_space(*_args: Any) -> None:
    raise OSError("the disk is full")
