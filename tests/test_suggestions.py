"""What a feed's words resemble: drawn tables, and generated texts with words that turn the meaning round."""

from importlib import resources

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.domain.phrases import words_of
from core.domain.suggestion import MOST, Named, Suggester
from core.domain.turning_words import NEGATING, OF_CARE, TURNING
from core.measures import fact_concepts, medicine_words, suggester

PHRASES = yaml.safe_load((resources.files("core.measures") / "words.yaml").read_text("utf-8"))["phrases"]
FITS = """
A1C                                    hba1c
Hgb A1c                                hba1c
HbA1c point of care                    hba1c
GLYCOHEMOGLOBIN (A1C)                  hba1c
mammo bilat screening                  mammogram
Mamogram                               mammogram
3D breast tomosynthesis                mammogram
flu shot                               influenza_vaccine
Influenza vacc quadrivalent            influenza_vaccine
colonoscopy w/ biopsy                  colonoscopy
Colonoscopy without complications      colonoscopy
CT colonography                        ct_colonography
Virtual colonoscopy                    ct_colonography
Flexible sigmoidoscopy                 flexible_sigmoidoscopy
FIT test, stool                        fit
Cologuard                              sdna_fit
Dilated retinal exam                   retinal_exam
Fundus photo, both eyes                retinal_exam
Pap smear thin prep                    pap_test
HPV high risk DNA                      hpv_test
HPV vaccine dose 2                     hpv_vaccine
Bone density, hip and spine            bone_density
Low dose CT lung w/o contrast          lung_ct
PHQ-9                                  depression_screen_adult
Microalbumin/creatinine ratio          uacr
Creatinine, urine                      urine_creatinine
eGFR non-African American              egfr
HIV 1/2 antibody                       hiv_test
Hep B vaccine                          hepatitis_b_vaccine_child
Shingrix                               zoster_vaccine
Tdap                                   tdap_vaccine td_tdap_vaccine
Diabetes mellitus without complication diabetes
Depression screening                   depression_screen_adult
Well child check 4 yr                  well_child_visit preventive_visit_child
atorvastatin 20 mg tablet              statin
flu vax                                influenza_vaccine
CSCOPE                                 colonoscopy
malb/creat ratio, ur                   uacr
nurse visit                            nurse_visit
RN visit                               nurse_visit
Obesity, class 1                       obesity
Hosp stay                              inpatient_stay
Emerg dept visit                       emergency_visit
Acquired absence of cervix and uterus  absent_cervix
never smoker                           tobacco_non_user
PT eval                                physical_therapy_evaluation
"""

FITS_NOTHING = """
Mammogram refused
Mammogram - patient declined
Mammogram ordered
no mammogram on file
Family history of diabetes
FHx colon cancer
Hx of colonoscopy
Colonoscopy not done
Colonoscopy referral
Flu shot due
Vaccine counseling
Diabetes education
Diabetic foot exam
Depression screening negative
Hep B surface antibody
Influenza A antigen
LDL/HDL ratio
non-HDL cholesterol
Hypotension
Creatinine
Lipid panel, fasting
FIT for duty
Breast ultrasound
CT chest
Eye clinic report received
Pap smear unsatisfactory
Allergy to statins
Pneumonia
COVID-19 vaccine
Hysterectomy
TSH
measles IgG
Rubella titer
nursing home discharge plan
emergency contraception
"""


@pytest.mark.parametrize("line", FITS.strip().splitlines())
def test_the_words_of_practices_resemble_the_concept(line: str) -> None:
    text, wanted = line[:39].strip(), line[39:].split()

    found = [each.concept_id for each in suggester().suggestions(text)]

    assert found[: len(wanted)] and set(found) == set(wanted)


@pytest.mark.parametrize("text", [*FITS_NOTHING.strip().splitlines(), "", "   ", "(???)", "é"])
def test_nothing_is_suggested_when_nothing_fits(text: str) -> None:
    assert suggester().suggestions(text) == []


def test_a_suggestion_says_which_words_of_the_text_made_it() -> None:
    found = suggester().suggestions("MAMMO Bilat. Screening")

    assert [each.why for each in found] == ["It says ‘mammo’, ‘bilat’ and ‘screening’."]
    assert suggester().suggestions(None) == []


@pytest.mark.parametrize("concept", PHRASES)
def test_every_phrase_finds_its_concept(concept: str) -> None:
    for phrase in PHRASES[concept]:
        assert concept in [each.concept_id for each in suggester().suggestions(phrase)], phrase


def test_medicines_are_known_by_the_words_of_their_concepts() -> None:
    kinds = {name: each.kind for name, each in fact_concepts().items()}

    assert set(medicine_words()) == {
        phrase for name, phrases in PHRASES.items() if kinds[name] == "medication" for phrase in phrases
    }


CONCEPTS = [
    Named("scan", "Scan", "procedure", (frozenset({"scan"}), frozenset({"whole", "scan"}))),
    Named("gout", "Gout", "condition", (frozenset({"gout"}),)),
]
SMALL = Suggester(CONCEPTS, same={"scn": "scan"})
NONSENSE = st.text("bcdfgjkmq", min_size=1, max_size=9)


@given(before=st.lists(NONSENSE), after=st.lists(NONSENSE), said=st.sampled_from(["scan", "SCN", "Scan,", "gout"]))
def test_words_that_say_nothing_take_no_suggestion_away(before: list[str], after: list[str], said: str) -> None:
    found = SMALL.suggestions(" ".join([*before, said, *after]))

    assert [each.concept_id for each in found] == ["gout" if said == "gout" else "scan"]


@given(
    words=st.lists(NONSENSE).flatmap(lambda words: st.permutations([*words, "scan", "gout"])),
    turning=st.sampled_from(sorted(TURNING)),
    place=st.integers(0, 5),
)
def test_a_word_that_turns_the_meaning_round_forbids_every_suggestion(
    words: list[str], turning: str, place: int
) -> None:
    assert SMALL.suggestions(" ".join([*words[:place], turning.upper(), *words[place:]])) == []


@given(word=st.sampled_from(sorted(OF_CARE - {"scan"})))
def test_a_disease_is_not_the_care_for_it(word: str) -> None:
    assert [each.concept_id for each in SMALL.suggestions(f"gout {word}")] == []


@pytest.mark.parametrize("word", sorted(NEGATING))
def test_without_counts_only_before_what_it_takes_away(word: str) -> None:
    assert SMALL.suggestions(f"{word} scan") == []
    assert [each.concept_id for each in SMALL.suggestions(f"scan {word} contrast")] == ["scan"]


@given(st.text(max_size=60))
def test_any_text_at_all_gets_at_most_three_suggestions(text: str) -> None:
    found = suggester().suggestions(text)

    assert len(found) <= MOST
    assert all(set(each.said) <= set(words_of(text)) for each in found)
