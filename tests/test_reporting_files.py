"""Mistakes in the YAML of reporting rules are refused with file, line and key; what a rule says depends on the year."""

import pytest

from core.domain.reporting_file import Shared, read_reporting_rule, read_shared
from core.domain.reporting_rule import (
    Aged,
    AgeTest,
    Comparison,
    Every,
    Exists,
    Named,
    Not,
    NumberTest,
    OfSex,
    Point,
    Relation,
    ReportingRule,
    SameId,
    Selection,
    Some,
)
from core.domain.reporting_words import age_point, comparison
from core.errors import DataError
from core.measures import concepts, reporting_rules

GOOD = """\
id: CMS9
name: Example
source: "Public logic"
inverse: true
definitions:
  visit:
    from: encounter
    concept: [office_visit, annual_wellness]
    status: finished
    when: during period
  test:
    from: observation
    concept: hba1c
    status: reported
    has_value: true
    age: {at: latest, from: 30}
    when: ["latest >= period start - 2 years", "latest <= period end"]
  result:
    of: test
    number: {above: 9, unit: "%"}
    keep: [latest_day, lowest]
    with:
      - of: visit
        when: encounter_id = their own_id
criteria:
  seen:
    exists: visit
groups:
  - group: "1"
    initial_population:
      all_of:
        - age: {from: 18, through: 75}
        - sex: F
          recorded_as: administrative_sex
          until: 2025
        - met: seen
    numerator:
      any_of:
        - {count: test, at_least: 2}
        - {days: [visit], at_least: 3, since: 2026}
        - not: {exists: result}
"""
INTENTS_OF_2026 = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
SHARED = """\
definitions:
  any_visit:
    from: encounter
    concept: office_visit
criteria:
  seen_before:
    exists: any_visit
    since: 2026
"""


def read(text: str, *, year: int = 2026, shared: Shared | None = None) -> ReportingRule:
    return read_reporting_rule(text, "mine.yaml", shared=shared or Shared(), concepts=concepts(), year=year)


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_a_rule_is_data_alone() -> None:
    rule = read(GOOD)

    assert (rule.rule_id, rule.name, rule.is_inverse, rule.measure_id) == ("CMS9", "Example", True, "")
    assert rule.definitions["visit"] == Selection(
        resources=("encounter",),
        coded=(("code", ("office_visit", "annual_wellness")),),
        columns=(("status", ("finished",)),),
        when=(
            Comparison(Point("own", "start"), ">=", Point("period", "start")),
            Comparison(Point("own", "end"), "<=", Point("period", "end")),
        ),
    )
    assert rule.definitions["result"] == Selection(
        union=("test",),
        number=NumberTest(above=9, unit="%"),
        relations=(Relation("visit", (SameId("encounter_id", "own_id"),)),),
        keep=("latest_day", "lowest"),
    )
    assert rule.definitions["test"].age == AgeTest(Point("own", "latest"), least=30)


def test_a_criterion_is_there_in_its_years_only() -> None:
    adult, seen = Aged(AgeTest(Point("period", "end"), least=18, through=75)), Named("seen")
    twice, never = Exists("test", least=2), Not(Exists("result"))

    in_2025, in_2026 = (read(GOOD, year=year).groups[0].criteria for year in (2025, 2026))

    assert in_2025["initial_population"] == Every((adult, OfSex("F", "administrative_sex"), seen))
    assert in_2026["initial_population"] == Every((adult, seen))
    assert in_2025["numerator"] == Some((twice, never))
    assert in_2026["numerator"] == Some((twice, Exists("visit", least=3, by_day=True), never))


def test_a_definition_says_otherwise_for_some_years() -> None:
    rule = changed(
        "    has_value: true\n", "    has_value: true\n    years: [{until: 2025, status: final, category: exam}]\n"
    )

    in_2025, in_2026 = (read(rule, year=year).definitions["test"] for year in (2025, 2026))

    assert (in_2025.columns, in_2025.categories) == ((("status", ("final",)),), ("exam",))
    assert (in_2026.columns, in_2026.categories) == ((("status", ("final", "amended", "corrected")),), ())
    assert (in_2025.coded, in_2025.when) == (in_2026.coded, in_2026.when)


@pytest.mark.parametrize(
    ("line", "year", "columns"),
    [
        ("status: performed", 2025, ("status", ("finished", "arrived", "triaged", "in-progress", "onleave"))),
        ("status: performed", 2026, ("status", ("finished",))),
        ("intent: order", 2025, ("intent", ("order",))),
        ("intent: order", 2026, ("intent", INTENTS_OF_2026)),
        ("clinical: active", 2026, ("clinical", ("active",))),
        ("clinical: ongoing", 2025, ("clinical", ("active", "recurrence", "relapse"))),
    ],
)
def test_a_word_stands_for_what_it_meant_in_the_year(
    line: str, year: int, columns: tuple[str, tuple[str, ...]]
) -> None:
    assert read(changed("status: finished", line), year=year).definitions["visit"].columns == (columns,)


@pytest.mark.parametrize(
    ("year", "refused"), [(2025, ()), (2026, (("verification", ("refuted", "entered-in-error")),))]
)
def test_a_refuted_diagnosis_counted_until_2025(year: int, refused: tuple[object, ...]) -> None:
    assert read(changed("status: finished", "verified: true"), year=year).definitions["visit"].not_words == refused


def test_a_rule_uses_what_is_shared() -> None:
    shared = read_shared(SHARED, "common.yaml", concepts=concepts(), year=2026)

    rule = read(changed("of: test\n", "of: [test, any_visit]\n"), shared=shared)

    assert rule.definitions["result"].union == ("test", "any_visit")
    assert rule.criteria == {"seen_before": Exists("any_visit"), "seen": Exists("visit")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start >= period start", Comparison(Point("own", "start"), ">=", Point("period", "start"))),
        (
            "end >= period start - 15 months",
            Comparison(Point("own", "end"), ">=", Point("period", "start"), months=-15),
        ),
        ("latest < period end + 1 year", Comparison(Point("own", "latest"), "<", Point("period", "end"), months=12)),
        ("authored <= their end + 2 days", Comparison(Point("own", "authored"), "<=", Point("their", "end"), days=2)),
        ("issued = their start", Comparison(Point("own", "issued"), "=", Point("their", "start"))),
        ("start_at > their end_at", Comparison(Point("own", "start", True), ">", Point("their", "end", True))),
        ("start >= birth + 42 days", Comparison(Point("own", "start"), ">=", Point("birth", "start"), days=42)),
        ("start = birth + 2 years", Comparison(Point("own", "start"), "=", Point("birth", "start"), months=24)),
        ("own_id = their focus_id", SameId("own_id", "focus_id")),
        ("start => period start", None),
        ("start >= period latest", None),
        ("start >= period start_at", None),
        ("start_at >= their start", None),
        ("begin >= period start", None),
        ("start >= period start - 2", None),
        ("start >= period start - two years", None),
        ("start >= period start - 2 weeks", None),
        ("part_of = their record", SameId("part_of", "record")),
        ("record = their part_of", SameId("record", "part_of")),
        ("part_of = their own_id", None),
        ("own_id = their record", None),
        ("own_id = focus_id", None),
        ("patient_id = their own_id", None),
        ("", None),
    ],
)
def test_a_line_is_a_comparison_or_nothing(text: str, said: Comparison | SameId | None) -> None:
    assert comparison(text) == said


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("period start", Point("period", "start")),
        ("period end", Point("period", "end")),
        ("latest", Point("own", "latest")),
        ("period latest", None),
        ("birth", None),
    ],
)
def test_an_age_is_at_a_point(text: str, point: Point | None) -> None:
    assert age_point(text) == point


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        # ---- the rule
        ("id: CMS9", "di: CMS9", "line 1, key 'id': is missing"),
        ("name: Example", "name: Example\nname: Again", "line 3, key 'name': stands here twice"),
        ("name: Example", "name: 5", "line 2, key 'name': must be text"),
        ("inverse: true", "inverse: perhaps", "line 4, key 'inverse': must be true or false"),
        ("inverse: true", "colour: blue", "line 4, key 'colour': is not known here"),
        ("groups:", "grups:", "line 28, key 'grups': is not known here; did you mean 'groups'?"),
        # ---- definitions
        ("from: encounter", "from: meeting", "line 7, key 'from': 'meeting' does not exist"),
        ("from: encounter", "form: encounter", "line 7, key 'form': is not known here; did you mean 'from'?"),
        ("from: encounter", "from: encounter\n    of: test", "line 7, key 'from': a definition has either 'from'"),
        ("concept: hba1c", "concept: a1c", "line 13, key 'concept': 'a1c' does not exist"),
        ("status: finished", "stauts: finished", "line 9, key 'stauts': is not known here"),
        ("status: finished", "status: {is: finished}", "line 9, key 'status': must be text"),
        ("has_value: true", "has_value: maybe", "line 15, key 'has_value': must be true or false"),
        ("when: during period", "when: during the period", "line 10, key 'when': 'during the period' is no comparison"),
        ("when: during period", "when: start >= their start", "line 10, key 'when': 'start >= their start' is no"),
        ("when: during period", "when: own_id = their own_id", "line 10, key 'when': 'own_id = their own_id' is no"),
        ("- 2 years", "- 2 decades", "line 17, key 'when': 'latest >= period start - 2 decades' is no comparison"),
        ("encounter_id = their own_id", "encounter_id = own_id", "line 24, key 'when': 'encounter_id = own_id' is no"),
        ("of: test", "of: tset", "line 19, key 'of': 'tset' does not exist; there are test, visit"),
        ("- of: visit", "- of: vist", "line 23, key 'of': 'vist' does not exist"),
        ("- of: visit", "- of: [visit, test]", "line 23, key 'of': names one definition"),
        ("- of: visit", "- {}\n      - of: visit", "line 23, key 'of': names one definition"),
        ("{above: 9", "{over: 9", "line 20, key 'over': is not known here"),
        ("{above: 9", "{above: nine", "line 20, key 'above': must be a number"),
        ("lowest]", "least]", "line 21, key 'keep': 'least' does not exist"),
        ("at: latest", "at: yesterday", "line 16, key 'at': must be 'period start', 'period end'"),
        ("from: 30", "from: -1", "line 16, key 'from': must be a whole number"),
        ("from: 30", "from: 30.5", "line 16, key 'from': must be a whole number"),
        # ---- criteria
        ("exists: visit", "exists: vist", "line 27, key 'exists': 'vist' does not exist"),
        ("exists: visit", "exists: [visit, vist]", "line 27, key 'exists': 'vist' does not exist"),
        ("exists: visit", "exists: visit\n    met: seen", "line 27, key 'seen': needs exactly one of exists, count"),
        ("exists: visit", "exist: visit", "line 27, key 'seen': needs exactly one of exists, count"),
        ("exists: visit", "exists: visit\n    since: 2027", "line 37, key 'met': 'seen' does not exist"),
        ("met: seen", "met: sen", "line 36, key 'met': 'sen' does not exist; there are seen"),
        ("sex: F", "sex: W", "line 33, key 'sex': must be one of F, M"),
        ("administrative_sex", "gender", "line 34, key 'recorded_as': must be one of sex, administrative_sex"),
        ("until: 2025", "until: soon", "line 35, key 'until': must be a number"),
        ("until: 2025", "unitl: 2025", "line 35, key 'unitl': is not known here"),
        ("{count: test, at_least: 2}", "{count: test}", "line 39, key 'at_least': is missing: how many"),
        ("{count: test, at_least: 2}", "{count: test, at_least: 0}", "line 39, key 'at_least': is missing"),
        ("{count: test, at_least: 2}", "{count: test, at_lest: 2}", "line 39, key 'at_lest': is not known here"),
        ("{exists: result}", "{}", "line 41, key 'not': needs exactly one of exists, count"),
        ("      any_of:\n", "      any_of: seen\n      most_of:\n", "line 38, key 'any_of': must be a list"),
        # ---- groups
        ('group: "1"', "group: 1", "line 29, key 'group': must be text"),
        ("    numerator:", "    nominator:", "line 29, key 'numerator': is missing in this group"),
        ("    initial_population:", "    population:", "line 30, key 'population': is not known here; did you mean"),
    ],
)
def test_a_mistake_in_a_rule_is_refused_with_its_place(old: str, new: str, place: str) -> None:
    with pytest.raises(DataError) as refused:
        read(changed(old, new))

    assert str(refused.value).startswith("mine.yaml, ")
    assert place in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("status: finished", "status: finnished", id="a status that there is not"),
        pytest.param("concept: hba1c", "concept: []", id="a selection of no code"),
        pytest.param("from: observation", "from: []", id="a selection of no kind of record"),
        pytest.param("of: test", "of: result", id="a definition that is made of itself"),
        pytest.param('{above: 9, unit: "%"}', "{}", id="a number without bounds"),
        pytest.param('unit: "%"', "may_lack_unit: true", id="a unit that may be missing and is none"),
        pytest.param("through: 75", "through: 7", id="an age that ends before it begins"),
        pytest.param("exists: visit", "met: seen", id="a criterion that is met when it is met"),
        pytest.param("exists: visit", "exists: []", id="a criterion of no definition"),
        pytest.param("{count: test,", "{count: [],", id="a count of nothing"),
        pytest.param("{count: test,", "{count: [test, visit],", id="a count of two definitions"),
        pytest.param("has_value: true", "years: [{status: final}]", id="other keys for no years"),
        pytest.param("has_value: true", "years: [{since: 2026, colour: blue}]", id="a key for a year that is none"),
        pytest.param(
            "has_value: true", "years: [{since: 2027, until: 2025}]", id="years of a definition that end first"
        ),
        pytest.param("until: 2025", "since: 2027\n          until: 2025", id="years that end before they begin"),
        pytest.param(
            "groups:",
            'groups:\n  - group: "1"\n    initial_population: {met: seen}\n    numerator: {met: seen}',
            id="two groups of one name",
        ),
    ],
)
def test_what_can_never_be_meant_is_refused(old: str, new: str) -> None:
    with pytest.raises(DataError, match=r"^mine\.yaml, line \d+"):
        read(changed(old, new))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (SHARED.replace("office_visit", "office"), "line 4, key 'concept': 'office' does not exist"),
        (SHARED.replace("exists: any_visit", "exists: visit"), "line 7, key 'exists': 'visit' does not exist"),
        (SHARED.replace("criteria:", "criterion:"), "line 5, key 'criterion': is not known here"),
        (SHARED + "groups: []\n", "line 9, key 'groups': is not known here"),
        ("definitions: [1\n", "line 2: this is not YAML"),
        ("- definitions\n", "line 1: must hold keys and values"),
        ("", "line 1: the file is empty"),
    ],
)
def test_a_mistake_in_what_is_shared_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(DataError, match=r"^common\.yaml, ") as refused:
        read_shared(text, "common.yaml", concepts=concepts(), year=2026)

    assert place in str(refused.value)


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_rules_that_ship_are_those_of_eleven_measures(year: int) -> None:
    rules = reporting_rules(year)

    assert list(rules) == [f"CMS{number}" for number in (2, 69, 117, 122, 124, 125, 130, 131, 138, 165, 951)]
    assert {rule_id for rule_id, rule in rules.items() if rule.is_inverse} == {"CMS122"}
    assert {rule_id: len(rule.groups) for rule_id, rule in rules.items() if len(rule.groups) > 1} == {"CMS138": 3}
    assert {rule_id for rule_id, rule in rules.items() if "denominator_exception" in rule.groups[0].criteria} == {
        "CMS2",
        "CMS69",
    }
