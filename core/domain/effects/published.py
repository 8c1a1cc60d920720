"""What trials of reminders have found, to compare one's own figures with. Only numbers, each with its source.

`control` and `treated` are shares of patients with the outcome; null where a source tells the effect alone. How much
reminders do depends on who is reminded and of what: none of these is a target.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One finding.

    channels   the modes of the contact, of core.domain.organisation.MODES; empty where none of them
    effect     as the source tells it: a difference in percentage points (pp), or a ratio (RR, OR, HR)
    link       of the source, empty where it has none
    """

    contact: str
    channels: tuple[str, ...]
    outcome: str
    control: float | None
    treated: float | None
    effect: str
    source: str
    link: str = ""


_COCHRANE = ("Cochrane review CD003941", "https://doi.org/10.1002/14651858.CD003941.pub3")
_ARI = "Immunised"
PUBLISHED = (
    Published("Any reminder", (), _ARI, 0.290, 0.371, "RR 1.28 (1.23–1.35), 55 trials", *_COCHRANE),
    Published("Call by a person", ("phone",), _ARI, 0.164, 0.287, "RR 1.75 (1.20–2.54), 7 trials", *_COCHRANE),
    Published("Recorded call", ("phone",), _ARI, 0.365, 0.427, "RR 1.17 (1.03–1.32), 5 trials", *_COCHRANE),
    Published("Letter", ("letter",), _ARI, 0.320, 0.412, "RR 1.29 (1.21–1.38), 27 trials", *_COCHRANE),
    Published("Text", ("text",), _ARI, 0.161, 0.208, "RR 1.29 (1.15–1.44), 6 trials", *_COCHRANE),
    Published("Letter and call", ("letter", "phone"), _ARI, 0.277, 0.354, "RR 1.28 (1.14–1.45), 8 trials", *_COCHRANE),
    Published(
        "Text before a visit", ("text",), "Influenza vaccine", None, None, "+1.8 pp on average of 19 texts, n = 74,811",
        "Patel 2022", "https://doi.org/10.1177/08901171221131021",
    ),
    Published(
        "Text of a pharmacy", ("text",), "Influenza vaccine", None, None,
        "+2.0 pp on average of 22 texts, n = 689,693", "Milkman 2022, PNAS",
    ),
    Published(
        "Portal message", ("email",), "Influenza vaccine", 0.271, 0.284, "+1.3 pp, P = .004, n = 39,011",
        "J Med Internet Res 2020, e16373", "https://doi.org/10.2196/16373",
    ),
    Published(
        "Mailed stool test", ("letter",), "Colorectal screening", None, None, "+28 pp (25–30), 7 trials, n = 12,501",
        "Jager 2019, PMC6706307", "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC6706307/",
    ),
    Published(
        "Text instead of letter", ("text",), "Stool test done in 18 weeks", 0.219, 0.172, "OR 0.71 (0.62–0.82)",
        "JMIR Mhealth Uhealth 2025, e64243",
    ),
    Published(
        "Letter or call", ("letter", "phone"), "All overdue diabetes labs", 0.185, 0.21, "18–19 % without, n = 13,057",
        "Derose 2009, Am J Manag Care",
    ),
    Published(
        "Letter and call", ("letter", "phone"), "All overdue diabetes labs", 0.185, 0.25, "18–19 % without, P < .001",
        "Derose 2009, Am J Manag Care",
    ),
    Published(
        "Three recorded calls", ("phone",), "Diabetic eye exam", None, None, "HR 0.93 (0.71–1.22): none found",
        "Simon 2010, Diabetes Care",
    ),
    Published(
        "Reminder letter", ("letter",), "Cervical screening", None, None, "+9.2 pp (7.9–10.5)", "Eaker 2004, CEBP",
    ),
    Published(
        "Postcard, then two recorded calls", ("letter", "phone"), "Mammogram in 10 months", 0.634, 0.754,
        "HR 1.51, not randomised", "Feldstein 2009, PMC2755090",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC2755090/",
    ),
    Published(
        "One letter about 4–8 services", ("letter",), "Mammogram", None, None,
        "OR 0.62 (0.55–0.68) against a letter about one", "Romaire 2012, PMC3694128",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3694128/",
    ),
)  # fmt: skip


def comparable(channel: str) -> tuple[Published, ...]:
    """What was found for a mode; everything for an empty one."""
    return tuple(each for each in PUBLISHED if not channel or channel in each.channels or not each.channels)
