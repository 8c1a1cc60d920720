"""The fast evaluator against the obvious one, for generated patients close to every edge of the measures that ship, and
of small ones that use each key of the grammar."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.calendar_months import born_by, shift, window_start
from core.domain.clinical import FACTS
from core.domain.measure import (
    AgeBand,
    Aged,
    AllOf,
    AnyOf,
    Criterion,
    Measure,
    Numbered,
    Recorded,
    Says,
    Span,
    criteria_of,
)
from core.domain.measure_evaluation import evaluate_shard
from core.domain.measure_file import read_exclusions, read_measure
from core.domain.measure_panel import PATIENT_COLUMNS
from core.domain.measurement_year import last_day, rule_of_year
from core.measures import concepts, measures
from tests.drawn import drawn
from tests.measure_reference import Fact, Found, Patient, as_row, evaluate, evaluate_year, of_age

pytestmark = pytest.mark.long

PATIENTS = {
    "patient_id": pl.String,
    "birth_date": pl.Date,
    "sex": pl.String,
    "sex_at_birth": pl.String,
    "status": pl.String,
    "deceased_on": pl.Date,
    "payer": pl.String,
    "race": pl.String,
}
HEAD = """\
id: {}
name: "Small"
purpose: "Small."
closes: "Small."
source: "Small"
due_soon_days: 14
"""
EXCLUSIONS = """\
thin: {name: thin, when: {number: bmi, below: 18.5}}
covered: {name: covered, when: {any_of: [{payer: [medicaid, "blue cross"]}, {race: asian}]}}
early: {name: early, when: {all_of: [{age: {from_months: 6, through: 1}}, {not: {concept: yes_answer, active: true}}]}}
"""
EGFR = "{name: eGFR, concept: egfr, window: 12m}"
UACR = "{name: uACR, concept: uacr, window: 2y}"
MMR = "concept: mmr_vaccine, window: lifetime, doses: 1, from_age: 1y, by_age: 2y, due_age: 15m"
DTAP = "concept: [dtap_vaccine, dtap_given], window: lifetime, doses: 4, spacing: 28d, from_age: 42d, by_age: 24m"
ROTAVIRUS = """any_of: [
  {concept: rotavirus_vaccine_2, window: lifetime, doses: 2, from_age: 42d, by_age: 8m, due_age: 4m},
  {concept: rotavirus_vaccine_3, window: lifetime, doses: 3, next_dose: 2m, from_age: 42d, by_age: 8m}]"""
NEEDS = {
    "one": "concept: ldl, window: 12m, needs_result: true",
    "days": "any_of: [{concept: ldl, window: 90d}, {concept: office_visit, window: 45d}]",
    "active": "concept: [statin, dementia_medication], window: 12m, active: true",
    "active beside another": """any_of: [{concept: statin, window: 90d, active: true, unless: {concept: pregnancy,
      within: 270d}}, {concept: ldl, window: 3y}]""",
    "lifetime": "any_of: [{concept: mammogram, window: 24m}, {concept: colonoscopy, window: lifetime}]",
    "every": f"all_of: [{EGFR}, {UACR}, {{name: Pap, concept: pap_test, window: lifetime}}]",
    "every of any": f"""all_of: [{UACR}, {{name: Eye, any_of: [{{concept: retinal_exam, window: 12m}},
      {{concept: autonomous_eye_exam, window: 24m, needs_result: true}}]}}]""",
    "every of every": f"all_of: [{{name: Kidney, all_of: [{EGFR}, {UACR}]}}, {{name: Fat, concept: ldl, window: 5y}}]",
    "any of every": f"any_of: [{{all_of: [{EGFR}, {UACR}]}}, {{concept: colonoscopy, window: 3y}}]",
    "series": "concept: hepatitis_a_vaccine, window: lifetime, doses: 3, spacing: 28d, next_dose: 2m",
    "series without a next dose": "concept: hepatitis_a_vaccine, window: lifetime, doses: 2, spacing: 150d",
    "series without spacing": "concept: [hba1c, gmi], window: lifetime, doses: 2, next_dose: 10d, needs_result: true",
    "series in a window": "concept: office_visit, window: 12m, doses: 2, spacing: 90d, next_dose: 6m",
    "series or event": """any_of: [
      {concept: varicella_vaccine, window: lifetime, doses: 2, spacing: 28d, next_dose: 3m},
      {concept: varicella_zoster, window: 5y}]""",
    "child": f"""all_of: [{{name: DTaP, {DTAP}}}, {{name: Rotavirus, {ROTAVIRUS}}},
      {{name: MMR, any_of: [{{{MMR}}}, {{concept: measles, window: lifetime}}]}}]""",
    "dtap": DTAP,
    "rotavirus": ROTAVIRUS,
    "ages": "concept: hpv_test, window: 36m, from_age: 30y, by_age: 65y, due_age: 31y",
    "from an age": "concept: pneumococcal_given, window: lifetime, from_age: 65y",
    "by an age": "concept: hepatitis_a_given, window: 10y, doses: 2, spacing: 150d, next_dose: 6m, by_age: 18y",
    "due at an age": "concept: pneumococcal_given, window: lifetime, due_age: 50y",
    "with": "concept: urine_albumin, window: 12m, with: {concept: urine_creatinine, within: 4d}",
    "with on the same day": f"""any_of: [{UACR}, {{concept: urine_albumin, window: 6m, needs_result: true,
      with: {{concept: [urine_creatinine, egfr], within: 0d}}}}]""",
    "unless": """any_of: [{concept: pap_test, window: 3y},
      {concept: [hpv_test, pap_test], window: 5y, unless: {not: {age: {from: 30}}}}]""",
    "unless in a series": f"""all_of: [{EGFR}, {{name: MMR, concept: mmr_given, window: lifetime,
      doses: 2, next_dose: 28d, unless: {{concept: pregnancy, active: true}}}}]""",
    "unless and due": "concept: polio_given, window: lifetime, doses: 2, due_age: 12y, unless: {payer: medicaid}",
    "unless with": """concept: urine_albumin, window: 12m, with: {concept: urine_creatinine, within: 1d},
      unless: {number: egfr, below: 15, within: 6m}""",
    "season": """concept: influenza_vaccine, needs_result: true,
      season: {counts_from: "02-01", outreach_from: "02-15", outreach_through: "06-30"}""",
    "pressure": """latest: {window: 12m, when_missing: overdue, outside: [inpatient_stay, emergency_visit],
      all_of: [{concept: systolic, below: 140}, {concept: diastolic, below: 90}]}""",
    "two limits": "latest: {window: 6m, all_of: [{concept: [hba1c, gmi], at_most: 9.0}, {concept: ldl, below: 100}]}",
    "below": "latest: {window: 1y, concept: ldl, below: 100, outside: inpatient_stay}",
    "at most": "latest: {window: 6m, concept: [hba1c, gmi], at_most: 8, when_missing: overdue}",
}
POPULATIONS = {
    "number": "number: bmi, at_least: 25, below: 40, within: 24m",
    "number of several": "number: [egfr, uacr], below: 60",
    "payer": 'payer: [medicare, "Blue Cross"]',
    "race": "not: {race: [white, unknown]}",
    "nested": """all_of: [{concept: diabetes, active: true},
      {not: {any_of: [{concept: pregnancy, within: 9m}, {concept: [kidney_failure, dialysis]}]}}]""",
    "ages": """any_of: [{age: {from: 18, through: 39}}, {age: {from_months: 780}},
      {concept: smoking_status, latest: true, within: 24m, answer: ["Current", "some days"]}]""",
    "latest of several": 'concept: [smoking_status, housing_status], latest: true, answer: ["current"]',
    "months": "any_of: [{age: {from_months: 3, through_months: 29}}, {age: {from: 12, through_months: 160}}]",
    "days": "concept: office_visit, within: 120d",
    "active answer": 'concept: [smoking_status, hypertension], active: true, answer: ["current"]',
}


@cache
def small_measures() -> dict[str, Measure]:
    """Measures that use every key, whether a measure that ships does or not."""
    outs = {each.exclusion_id: each for each in read_exclusions(EXCLUSIONS, "outs", concepts=concepts())}
    texts = {name: f"population: {{}}\nsatisfied_by: {{{needs}}}\n" for name, needs in NEEDS.items()}
    for name, when in POPULATIONS.items():
        texts[f"for {name}"] = (
            f"population: {{name: these, when: {{{when}}}}}\nsatisfied_by: {{concept: mammogram, window: 24m}}\n"
        )
    year = """measurement_year: {source: invented, ends: "09-30", population: {age: {from: 42, through: 74}},
      satisfied_by: {concept: mammogram, window: 27m}}"""
    texts["with a year"] = f"population: {{}}\nsatisfied_by: {{concept: mammogram, window: 24m}}\n{year}\n"
    texts["with exclusions"] = f"{texts['one']}exclusions: [{', '.join(outs)}]\n"
    return {
        name: read_measure(HEAD.format(name) + text, name, concepts=concepts(), exclusions=outs)
        for name, text in texts.items()
    }


# ---- what matters for a measure --------------------------------------------------------------------------------------
Values = list[tuple[float | None, str | None]]
OTHER_VALUES: Values = [(None, ""), (1.0, None), (None, "see note")]


@dataclass(frozen=True)
class Edges:
    """concepts: what decides, then whatever may put a patient aside. months, days: lengths of time. births: ages."""

    measure: Measure
    concepts: list[str]
    others: list[str]
    months: list[int]
    days: list[int]
    spans: list[Span]
    births: list[Span]
    values: Values
    words: list[str]


def edges_of(measure: Measure) -> Edges:
    """Everything in a measure at which a day, an age or a value begins to make a difference."""
    criteria, ways, latest = list(criteria_of(measure)), measure.ways, measure.latest
    recorded = [each for each in criteria if isinstance(each, Recorded)]
    numbered = [each for each in criteria if isinstance(each, Numbered)]
    ages = [span for way in ways if way.ages for span in (way.ages.first, way.ages.last, way.ages.due) if span]
    nexts = [way.series.next_after for way in ways if way.series and way.series.next_after]
    partners = [way.partner for way in ways if way.partner]
    spacings = [way.series.spacing_days for way in ways if way.series]
    asked = [way.window for way in ways] + [each.within for each in recorded] + [each.within for each in numbered]
    windows = [*(window for window in asked if window), *([latest.window] if latest else [])]
    bands = [each.band for each in criteria if isinstance(each, Aged)]
    bands += [measure.population.age] if measure.population.age else []
    bounds = [bound for each in numbered for bound in (each.at_least, each.below)]
    bounds += [bound for limit in latest.limits for bound in (limit.at_most, limit.below)] if latest else []
    deciding = [concept for way in ways for concept in way.concepts]
    deciding += [concept for partner in partners for concept in partner.concepts]
    deciding += latest.concepts if latest else []
    others = [concept for each in recorded for concept in each.concepts]
    others += [concept for each in numbered for concept in each.concepts]
    others += latest.outside if latest else []
    answers = [answer for each in recorded for answer in each.answers]
    return Edges(
        measure=measure,
        concepts=deciding,
        others=others or deciding,
        months=[0, 0, *(span.months for span in windows if span.months), *(span.months for span in nexts)],
        days=[
            0,
            *spacings,
            *(span.days for span in windows if span.days),
            *(each.days for each in partners),
            *(span.days for span in nexts),
        ],
        spans=ages,
        births=[*ages, *(Span(months) for band in bands for months in _ends_of(band))],
        values=[*OTHER_VALUES, *_close_to_bounds(bounds), *((None, f"{answer.title()} ") for answer in answers)],
        words=[word for each in criteria if isinstance(each, Says) for word in each.words],
    )


def _ends_of(band: AgeBand) -> Iterator[int]:
    yield band.from_months
    if band.through_months is not None:
        yield band.through_months + 1


def _close_to_bounds(bounds: Sequence[float | None]) -> Values:
    found: Values = []
    for bound in bounds:
        if bound is None:
            continue
        found += [(bound - 20, None)] * 3 + [
            (bound, f"{bound}"),
            (bound - 0.1, f"{bound - 0.1} H"),
            (bound + 0.1, None),
        ]
        found += [(bound, f">{bound}"), (bound + 1e-9, f">{bound}"), (bound, f">={bound}"), (bound, f"≤ {bound}")]
        found += [(bound, f"<{bound}"), (bound - 1e-9, f"<{bound}"), (bound - 1, f"> {bound - 1}")]
        found += [(bound + 1, f"<{bound + 1}"), (bound + 1, f">= {bound + 1}")]
    return found


@cache
def edges_of_all(*, is_small: bool) -> list[Edges]:
    """Of the small measures, or of those that ship."""
    return [edges_of(measure) for measure in (small_measures() if is_small else measures()).values()]


# ---- generated patients ----------------------------------------------------------------------------------------------
KINDS = {
    "condition": ["problem"],
    "finding": ["lab", "problem"],
}  # of a concept's events, where its kind does not say so
Person = tuple[Patient, list[Fact]]
Panel = list[Person]


def close(chance: random.Random) -> timedelta:
    return timedelta(days=chance.choice([0, 0, 0, 1, -1, 31]))


def person_about(chance: random.Random, as_of: date, edges: Edges) -> Person:
    """A patient whom a measure is about, or nearly."""
    patient, when = patient_about(chance, as_of, edges), edges.measure.population.when
    found: list[Fact] = []
    first = chance.randrange(len(edges.concepts))
    for number in range(chance.randrange(8)):
        concept = chance.choice(edges.concepts if chance.randrange(4) else edges.others)
        if chance.randrange(2):
            concept = edges.concepts[(first + number) % len(edges.concepts)]
        found.append(fact_of(chance, as_of, concept, edges, patient, found))
    wanted = [each for each in _wanted(when) if chance.randrange(6)] if when else []
    return patient, found + [meeting(as_of, each) for each in wanted]


def _wanted(criterion: Criterion) -> Iterator[Recorded | Numbered]:
    """What must be on record, and not what must be absent."""
    if isinstance(criterion, Recorded | Numbered):
        yield criterion
    for part in criterion.criteria if isinstance(criterion, AllOf | AnyOf) else ():
        yield from _wanted(part)


def meeting(as_of: date, criterion: Recorded | Numbered) -> Fact:
    concept, on = criterion.concepts[0], shift(as_of, months=-5)
    if isinstance(criterion, Recorded):
        return Fact(concept, "problem", on, value_text=criterion.answers[0] if criterion.answers else None)
    return Fact(concept, "vital", on, value=criterion.at_least if criterion.below is None else criterion.below - 1)


def patient_about(chance: random.Random, as_of: date, edges: Edges) -> Patient:
    measure, band = edges.measure, edges.measure.population.age or AgeBand(0, 90)
    months = chance.randrange(band.from_months, (band.through_months or 12 * 90) + 1)
    born = shift(as_of, months=-months)
    if edges.births and chance.randrange(3):
        age, ahead = chance.choice(edges.births), chance.choice([0, 0, measure.due_soon_days])
        born = shift(as_of - timedelta(days=age.days), months=-age.months) + timedelta(days=ahead) + close(chance)
    words = [None, "other", *(form for word in edges.words for form in (word.upper(), f"{word}, one", f"x{word}"))]
    payer, race = chance.choice(words), chance.choice(words)
    if chance.randrange(10):
        return Patient(born, measure.population.sex or "F", None, "active", None, payer, race)
    return Patient(
        birth_date=chance.choice([born, date(1960, 2, 29), None]),
        sex=chance.choice(["F", "M", "O", "U", None]),
        sex_at_birth=chance.choice([None, "F", "M", "U"]),
        status=chance.choice(["active", "active", None, "inactive", "deceased", "test"]),
        deceased_on=chance.choice([None, as_of + close(chance)]),
        payer=payer,
        race=race,
    )


def fact_of(
    chance: random.Random, as_of: date, concept: str, edges: Edges, patient: Patient, earlier: list[Fact]
) -> Fact:
    on = min(_day_of(chance, as_of, edges, patient, earlier) + close(chance), as_of + timedelta(days=1))
    own = concepts()[concept].kind
    kind = chance.choice(KINDS.get(own, [own]))
    value, text = chance.choice(edges.values)
    end_on = None
    if kind in ("problem", "medication", "visit") and chance.randrange(2):
        end_on = chance.choice([on + abs(close(chance)), shift(as_of, months=-chance.choice(edges.months))])
    return Fact(concept, kind, on, end_on, value, text)


def _day_of(chance: random.Random, as_of: date, edges: Edges, patient: Patient, earlier: list[Fact]) -> date:
    """Near the end of a window, near the fact before, at an age, or at the beginning of a season."""
    season = edges.measure.season
    if earlier and chance.randrange(2):
        return earlier[-1].on + timedelta(days=chance.choice(edges.days) * chance.choice([1, 1, -1]))
    if season and chance.randrange(2):
        return date(as_of.year - chance.randrange(2), *season.counts_from)
    if edges.spans and patient.birth_date and chance.randrange(2):
        return of_age(patient.birth_date, chance.choice(edges.spans))
    soon = timedelta(days=chance.choice([0, 0, edges.measure.due_soon_days]))
    return shift(as_of, months=-chance.choice(edges.months)) + soon


AWKWARD = [date(2028, 2, 29), date(2027, 2, 28), date(2027, 3, 1), date(2026, 8, 31), date(2026, 7, 31)]
AWKWARD += [date(2026, 7, 1), date(2026, 8, 1), date(2027, 3, 31), date(2027, 4, 1), date(2026, 6, 30)]
AS_OFS = st.one_of(
    st.dates(date(2020, 1, 1), date(2032, 12, 31)),
    st.sampled_from(AWKWARD),
)


@st.composite
def panels(draw: st.DrawFn, *, is_small: bool = False) -> tuple[date, Panel]:
    """A day and patients about the measures that ship, or about the small ones."""
    as_of, chance = draw(AS_OFS), draw(st.randoms(use_true_random=False))
    chosen = draw(st.lists(st.sampled_from(edges_of_all(is_small=is_small)), min_size=6, max_size=20))
    return as_of, [person_about(chance, as_of, edges) for edges in chosen]


def patient_frame(panel: Panel) -> pl.DataFrame:
    rows = [as_row(f"p{n}", patient) for n, (patient, _) in enumerate(panel)]
    return pl.DataFrame(rows, schema=PATIENTS)


def fact_frame(panel: Panel) -> pl.DataFrame:
    rows = [{"patient_id": f"p{n}", **vars(fact)} for n, (_, found) in enumerate(panel) for fact in found]
    return pl.DataFrame(rows, schema=FACTS)


def disagreements(asked: Sequence[Measure], as_of: date, panel: Panel, *, about: Sequence[str] = ()) -> list[str]:
    """Where the two evaluators find something else, those with the fewest facts first.

    about   the measure that each patient is about: only this one is compared; without it all of them are"""
    gaps = evaluate_shard(asked, patient_frame(panel), fact_frame(panel), as_of=as_of)
    return _differing(gaps, asked, as_of, panel, about, lambda measure, person: evaluate(measure, *person, as_of))


def disagreements_of_year(asked: Sequence[Measure], year: int, panel: Panel) -> list[str]:
    """The same of a measurement year."""
    facts, people, found = fact_frame(panel), patient_frame(panel), []
    for measure in asked:
        as_of = last_day(measure, year)
        gaps = evaluate_shard([rule_of_year(measure)], people, facts, as_of=as_of)
        found += _differing(gaps, [measure], as_of, panel, (), lambda each, person: evaluate_year(each, *person, year))
    return found


def _differing(
    gaps: pl.DataFrame,
    asked: Sequence[Measure],
    as_of: date,
    panel: Panel,
    about: Sequence[str],
    wanted_of: Callable[[Measure, Person], Found],
) -> list[str]:
    rows = iter(gaps.select("state", "reason", "due_on", "last_on", "last_value", "missing").rows())
    differing = []
    for measure in asked:
        for n, (person, row) in enumerate(zip(panel, rows, strict=False)):
            if about and about[n] != measure.measure_id:
                continue
            wanted = astuple(wanted_of(measure, person))
            is_decided = wanted[1] == "out_of_season" or wanted[0] not in ("not_applicable", "excluded")
            if row[: None if is_decided else 2] != wanted[: None if is_decided else 2]:
                differing.append((len(person[1]), f"{as_of} {measure.measure_id}: {row} {wanted} {person}"))
    return [what for _, what in sorted(differing)]


@pytest.mark.parametrize("as_of", AWKWARD)
@pytest.mark.parametrize("is_small", [False, True])
def test_they_find_the_same_for_many_patients_of_each_measure(as_of: date, *, is_small: bool) -> None:
    chance = random.Random(as_of.toordinal())
    chosen = edges_of_all(is_small=is_small) * 50
    panel = [person_about(chance, as_of, edges) for edges in chosen]
    about = [edges.measure.measure_id for edges in chosen]

    differing = disagreements([edges.measure for edges in edges_of_all(is_small=is_small)], as_of, panel, about=about)

    assert differing[:1] == []


@drawn(daily=3, many=30, generated=panels())
def test_the_fast_and_the_obvious_evaluator_find_the_same(generated: tuple[date, Panel]) -> None:
    assert disagreements(list(measures().values()), *generated)[:1] == []


@drawn(daily=3, many=30, generated=panels(is_small=True))
def test_they_find_the_same_for_every_key_of_the_grammar(generated: tuple[date, Panel]) -> None:
    assert disagreements(list(small_measures().values()), *generated)[:1] == []


@pytest.mark.parametrize("is_small", [False, pytest.param(True, marks=pytest.mark.long)])
def test_they_find_the_same_for_a_measurement_year(*, is_small: bool) -> None:
    chance, edges = random.Random(7), edges_of_all(is_small=is_small)
    for year in (2024, 2026):
        chosen = [each for each in edges for _ in range(12)]
        days = [last_day(each.measure, year) + chance.choice([0, 0, 1]) * timedelta(days=1) for each in chosen]
        panel = [person_about(chance, day, each) for day, each in zip(days, chosen, strict=True)]

        assert disagreements_of_year([each.measure for each in edges], year, panel)[:1] == []


@drawn(daily=2, many=12, generated=panels(is_small=True), chance=st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(generated: tuple[date, Panel], chance: random.Random) -> None:
    as_of, panel = generated
    asked = [*measures().values(), *small_measures().values()]
    ordered, mixed = fact_frame(panel), fact_frame(panel).rows(named=True)
    chance.shuffle(mixed)
    shuffled = pl.DataFrame(mixed, schema=FACTS)

    first = evaluate_shard(asked, patient_frame(panel), ordered, as_of=as_of)
    second = evaluate_shard(asked, patient_frame(panel), shuffled, as_of=as_of)

    assert first.equals(second)


def test_a_measure_finds_the_same_alone_and_beside_all_others() -> None:
    as_of = date(2026, 11, 24)
    panel = [
        (Patient(date(2025, 5, 1), "F", None, "active", None), [Fact("egfr", "lab", as_of, None, 50.0, None)]),
        (Patient(date(1990, 5, 1), "M", None, "active", None), [Fact("urine_albumin", "lab", as_of, None, 5.0, None)]),
    ]
    asked = list(small_measures().values())

    beside = evaluate_shard(asked, patient_frame(panel), fact_frame(panel), as_of=as_of)

    for measure in asked:
        alone = evaluate_shard([measure], patient_frame(panel), fact_frame(panel), as_of=as_of)
        assert alone.equals(beside.filter(pl.col("measure_id") == measure.measure_id))


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.dates(date(1995, 1, 1), date(2040, 1, 1)), st.integers(1, 130))
def test_an_event_is_in_the_window_exactly_while_its_due_date_is_not_past(as_of: date, on: date, months: int) -> None:
    assert (on >= window_start(as_of, months=months)) == (shift(on, months=months) >= as_of)


@pytest.mark.parametrize(
    ("born", "as_of", "is_forty"),
    [
        (date(1986, 11, 24), date(2026, 11, 24), True),
        (date(1986, 11, 25), date(2026, 11, 24), False),
        (date(1988, 2, 29), date(2028, 2, 28), False),
        (date(1988, 2, 29), date(2028, 2, 29), True),
        (date(1987, 2, 28), date(2027, 2, 28), True),
    ],
)
def test_a_patient_is_forty_from_the_birthday(born: date, as_of: date, is_forty: bool) -> None:
    assert (born <= born_by(as_of, months=480)) == is_forty


@pytest.mark.parametrize(("as_of", "is_eighteen"), [(date(2018, 2, 28), False), (date(2018, 3, 1), True)])
def test_who_was_born_on_29_february_is_a_year_older_on_1_march(as_of: date, is_eighteen: bool) -> None:
    assert (date(2000, 2, 29) <= born_by(as_of, months=216)) == is_eighteen


def test_a_shard_without_facts_or_patients_gives_gaps_of_the_right_shape() -> None:
    nobody = pl.DataFrame(schema=PATIENTS)

    gaps = evaluate_shard(measures().values(), nobody, pl.DataFrame(schema=FACTS), as_of=date(2026, 11, 24))

    assert gaps.is_empty()
    assert {"patient_id", *PATIENT_COLUMNS} == set(PATIENTS)
