"""What a setting of the organisation is: one row of a table that draws the page, the check and the history."""

from dataclasses import dataclass, field

ORGANISATION = "organisation"
SECTIONS: dict[str, str] = {  # in the order of the page
    ORGANISATION: "Organisation",
    "modes": "Modes and languages",
    "senders": "Senders and numbers",
    "windows": "Sending windows",
    "holidays": "Holidays",
    "limits": "Limits",
    "pace": "Pace",
    "prices": "Prices",
    "policies": "Consent and policies",
    "letterhead": "Logos and addresses",
    "support": "Support",
    "retention": "Retention and sign-out",
    "care": "Care gaps and feed",
}
SECTION_HELP: dict[str, str] = {
    ORGANISATION: "Who you are, on forms and in messages.",
    "modes": "How patients are reached. What is off is not offered anywhere, and nothing leaves by it.",
    "senders": "What patients see as the sender, and whom they call back.",
    "windows": "When messages may leave, Monday to Saturday, on the organisation's clock.",
    "holidays": "Nothing is sent on a holiday. A campaign that starts on one goes on the next sending day.",
    "limits": "How many, how long and how often.",
    "pace": "How fast messages leave, and what forecasts count on until a pace has been measured.",
    "prices": "What the costs of a campaign are worked out with.",
    "policies": "What messages may say, and what staff read before they send or record an opt-out.",
    "letterhead": "What stands on emails, letters and forms.",
    "support": "Whom the people who use these pages turn to.",
    "retention": "How long things are kept, and when users are signed out.",
    "care": "Whose schedule counts, and when the feed is too old or too small to send by.",
}
# How a value is written, checked and shown (core.domain.setting_checks, .setting_words; pages/_settings_fields.py).
KINDS = (
    "text", "long_text", "integer", "number", "money", "yes_no", "choice", "choices", "zone", "email", "emails",
    "phone", "time", "windows", "days", "words", "addresses", "logo", "feed_rules",
    "expected_feeds",
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """One setting of core.domain.organisation.Organisation.

    key          the field there
    section      of SECTIONS
    label, help  as people read them; `concerns` whom a change concerns
    kind         of KINDS; `unit` in the plural
    least, most  of numbers; of texts and lists `most` is how long they may be
    choices      the possible values with their names
    is_optional  a text may be empty, a number None: then `without` says what that means
    elsewhere    the page on which it is set, as its file is called; empty when that is the Settings page
    """

    key: str
    section: str
    label: str
    help: str
    kind: str
    concerns: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    choices: dict[str, str] = field(default_factory=dict, hash=False)
    is_optional: bool = False
    without: str = ""
    elsewhere: str = ""
