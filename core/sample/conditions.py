"""Which conditions patients have: how often by age, how they are coded, and what is prescribed for them."""

from dataclasses import dataclass, field

from core.sample.draw import Weighted

Code = tuple[str, str]


@dataclass(frozen=True)
class Illness:
    """`rates`: share of patients under 18, 18-39, 40-54, 55-64, 65-74 and over 75 who have it; `times` multiplies that
    for those who have another. `medicines`: share who take each, by RxNorm ingredient."""

    name: str
    rates: tuple[float, ...]
    codes: Weighted[Code]
    sex: str = ""
    times: dict[str, float] = field(default_factory=dict)
    medicines: tuple[tuple[str, str, float], ...] = ()


def _codes(*rows: tuple[str, str, float]) -> Weighted[Code]:
    return Weighted({(code, text): share for code, text, share in rows})


ILLNESSES = (
    Illness(
        "diabetes",
        (0.003, 0.04, 0.13, 0.22, 0.28, 0.29),
        _codes(
            ("E11.9", "Type 2 diabetes mellitus without complications", 0.5),
            ("E11.65", "Type 2 diabetes mellitus with hyperglycemia", 0.18),
            ("E11.22", "Type 2 diabetes mellitus with diabetic chronic kidney disease", 0.1),
            ("E11.42", "Type 2 diabetes mellitus with diabetic polyneuropathy", 0.08),
            ("E11.319", "Type 2 diabetes mellitus with unspecified diabetic retinopathy", 0.06),
            ("E10.9", "Type 1 diabetes mellitus without complications", 0.08),
        ),
        medicines=(
            ("6809", "metformin", 0.66),
            ("1545653", "empagliflozin", 0.2),
            ("274783", "insulin glargine", 0.18),
            ("1991302", "semaglutide", 0.2),
        ),
    ),
    Illness(
        "hypertension",
        (0.003, 0.08, 0.3, 0.47, 0.58, 0.66),
        _codes(("I10", "Essential (primary) hypertension", 1.0)),
        times={"diabetes": 1.4},
        medicines=(
            ("29046", "lisinopril", 0.4),
            ("17767", "amlodipine", 0.32),
            ("52175", "losartan", 0.24),
            ("5487", "hydrochlorothiazide", 0.18),
        ),
    ),
    Illness(
        "hyperlipidemia",
        (0.002, 0.06, 0.24, 0.4, 0.5, 0.48),
        _codes(("E78.5", "Hyperlipidemia, unspecified", 0.7), ("E78.2", "Mixed hyperlipidemia", 0.3)),
        times={"diabetes": 1.4},
        medicines=(("83367", "atorvastatin", 0.55), ("301542", "rosuvastatin", 0.2)),
    ),
    Illness(
        "asthma",
        (0.1, 0.09, 0.08, 0.08, 0.07, 0.06),
        _codes(
            ("J45.909", "Unspecified asthma, uncomplicated", 0.6),
            ("J45.20", "Mild intermittent asthma, uncomplicated", 0.2),
            ("J45.40", "Moderate persistent asthma, uncomplicated", 0.2),
        ),
        medicines=(("435", "albuterol", 0.8), ("41126", "fluticasone", 0.4)),
    ),
    Illness(
        "copd",
        (0, 0.003, 0.03, 0.07, 0.11, 0.13),
        _codes(("J44.9", "Chronic obstructive pulmonary disease, unspecified", 1.0)),
        medicines=(("69120", "tiotropium", 0.5), ("435", "albuterol", 0.5)),
    ),
    Illness(
        "ckd",
        (0.001, 0.004, 0.02, 0.05, 0.12, 0.2),
        _codes(
            ("N18.31", "Chronic kidney disease, stage 3a", 0.5),
            ("N18.32", "Chronic kidney disease, stage 3b", 0.3),
            ("N18.4", "Chronic kidney disease, stage 4 (severe)", 0.15),
            ("N18.6", "End stage renal disease", 0.05),
        ),
        times={"diabetes": 1.8, "hypertension": 1.3},
    ),
    Illness(
        "heart failure",
        (0, 0.001, 0.007, 0.02, 0.05, 0.1),
        _codes(
            ("I50.9", "Heart failure, unspecified", 0.5),
            ("I50.22", "Chronic systolic (congestive) heart failure", 0.3),
            ("I50.32", "Chronic diastolic (congestive) heart failure", 0.2),
        ),
        times={"hypertension": 1.4},
        medicines=(("4603", "furosemide", 0.7), ("6918", "metoprolol", 0.6)),
    ),
    Illness(
        "coronary disease",
        (0, 0.002, 0.02, 0.06, 0.13, 0.18),
        _codes(("I25.10", "Atherosclerotic heart disease of native coronary artery without angina pectoris", 1.0)),
        medicines=(("1191", "aspirin", 0.6), ("6918", "metoprolol", 0.4)),
    ),
    Illness(
        "depression",
        (0.035, 0.14, 0.13, 0.12, 0.09, 0.08),
        _codes(
            ("F32.A", "Depression, unspecified", 0.6),
            ("F33.1", "Major depressive disorder, recurrent, moderate", 0.25),
            ("F32.1", "Major depressive disorder, single episode, moderate", 0.15),
        ),
        medicines=(("36437", "sertraline", 0.35), ("321988", "escitalopram", 0.3)),
    ),
    Illness("anxiety", (0.04, 0.13, 0.11, 0.09, 0.07, 0.06), _codes(("F41.1", "Generalized anxiety disorder", 1.0))),
    Illness(
        "hypothyroidism",
        (0.003, 0.03, 0.06, 0.09, 0.12, 0.14),
        _codes(("E03.9", "Hypothyroidism, unspecified", 1.0)),
        medicines=(("10582", "levothyroxine", 0.95),),
    ),
    Illness(
        "reflux",
        (0.01, 0.06, 0.13, 0.17, 0.2, 0.2),
        _codes(("K21.9", "Gastro-esophageal reflux disease without esophagitis", 1.0)),
        medicines=(("7646", "omeprazole", 0.6),),
    ),
    Illness(
        "arthritis", (0, 0.01, 0.07, 0.16, 0.25, 0.32), _codes(("M19.90", "Osteoarthritis, unspecified site", 1.0))
    ),
    Illness("back pain", (0.01, 0.08, 0.13, 0.14, 0.13, 0.12), _codes(("M54.50", "Low back pain, unspecified", 1.0))),
    Illness("prediabetes", (0.002, 0.04, 0.09, 0.12, 0.13, 0.1), _codes(("R73.03", "Prediabetes", 1.0))),
    Illness(
        "dementia",
        (0, 0, 0, 0.003, 0.015, 0.08),
        _codes(("F03.90", "Unspecified dementia, unspecified severity", 0.6), ("G30.9", "Alzheimer's disease", 0.4)),
        medicines=(("135447", "donepezil", 0.5),),
    ),
    Illness("frailty", (0, 0, 0, 0.002, 0.01, 0.06), _codes(("R54", "Age-related physical debility", 1.0))),
    Illness(
        "colorectal cancer",
        (0, 0.0002, 0.002, 0.006, 0.011, 0.016),
        _codes(
            ("Z85.038", "Personal history of other malignant neoplasm of large intestine", 0.6),
            ("C18.9", "Malignant neoplasm of colon", 0.4),
        ),
    ),
    Illness(
        "mastectomy",
        (0, 0.0005, 0.006, 0.012, 0.016, 0.016),
        _codes(
            ("Z90.13", "Acquired absence of bilateral breasts and nipples", 0.5),
            ("Z90.12", "Acquired absence of left breast and nipple", 0.25),
            ("Z90.11", "Acquired absence of right breast and nipple", 0.25),
        ),
        sex="F",
    ),
    Illness(
        "hysterectomy",
        (0, 0.01, 0.08, 0.17, 0.22, 0.25),
        _codes(("Z90.710", "Acquired absence of both cervix and uterus", 1.0)),
        sex="F",
    ),
    Illness(
        "pregnancy",
        (0.001, 0.035, 0.002, 0, 0, 0),
        _codes(
            ("Z34.90", "Supervision of normal pregnancy", 0.8), ("O09.90", "Supervision of high risk pregnancy", 0.2)
        ),
        sex="F",
    ),
    Illness(
        "palliative care", (0, 0, 0.0005, 0.002, 0.006, 0.015), _codes(("Z51.5", "Encounter for palliative care", 1.0))
    ),
)

OBESITY = Illness(
    "obesity",
    (),
    _codes(
        ("E66.9", "Obesity, unspecified", 0.6),
        ("E66.811", "Obesity, class 1", 0.2),
        ("E66.01", "Morbid (severe) obesity due to excess calories", 0.2),
    ),
)
