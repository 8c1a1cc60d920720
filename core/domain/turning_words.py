"""Words that give a text another meaning than the concept that it names."""

from core.domain.phrases import phrase

# What did not happen, is somebody else's, lies in the past without a date, or is only spoken about.
TURNING = phrase(
    """
    no not none never denies denied deny declined decline declines refused refuse refusal refuses deferred defer
    cancelled canceled cancel ordered order orders requested request requests pending due overdue scheduled schedule
    reminder reminders letter recall referral referred refer recommended recommend planned plan plans needs needed
    family fam fh fhx father mother sister brother parent sibling maternal paternal history hx pmh
    allergy allergic allergies adverse reaction intolerance contraindicated contraindication unable unsatisfactory
    inadequate insufficient incomplete aborted failed missed exposure suspected possible probable rule risk
    education handout information consent discussed discussion counseling counseled advice advised offered offer
    negative absent absence resolved review reviewed received records wants interested eligible eligibility
    """
)
NEGATING = phrase("without non")  # the word that follows
# Diseases are not tests, vaccines or other care of the same name.
OF_CARE = phrase(
    """
    vaccine test screening antibody ab antigen ag titer level panel culture pcr rna dna igg igm ratio average mean exam
    supplies supply strips prevention program class clinic visit monitoring surveillance serology surface core
    """
)
# What is worked out or looked for beside a value, a test or a vaccine.
OF_DERIVED = phrase("ratio average mean goal target antibody titer")
