"""Every setting of the organisation, in the order in which people read them."""

from core.domain.organisation import CHANNELS, MESSAGE_LANGUAGES, MODES
from core.domain.setting import Setting
from core.domain.window import FEDERAL_HOLIDAYS
from core.domain.wording import LANGUAGES

MODE_WORDS = {"email": "Email", "text": "Text", "phone": "Phone", "letter": "Letter"}
_PATIENTS, _AUTHORS, _USERS, _STAFF = "patients", "who writes campaigns", "everybody who signs in", "staff"
_DAY = 366
_CALL_BACK = "the call-back number"


def _windows(channel: str) -> Setting:
    word = MODE_WORDS[channel]
    return Setting(
        f"{channel}_windows", "windows", f"{word} windows",
        f"From when to when messages by {word.lower()} leave; several a day are possible.",
        "windows", _PATIENTS, most=6,
    )  # fmt: skip


def _pace(channel: str) -> Setting:
    word = {"email": "Emails", "text": "Texts", "phone": "Calls"}[channel]
    return Setting(
        f"{channel}_per_minute", "pace", f"{word} a minute in forecasts",
        "What forecasts count on until the pace of your own account has been measured.",
        "integer", _AUTHORS, unit=f"{word.lower()} a minute", least=1, most=100_000,
    )  # fmt: skip


_ROWS = (
    Setting(
        "name", "organisation", "Name", "As patients know it; on forms, letters and in messages.",
        "text", _PATIENTS, most=120,
    ),
    Setting(
        "time_zone", "organisation", "Time zone",
        "The organisation's clock: windows, start dates and all times on these pages.", "zone", _PATIENTS,
    ),
    Setting(
        "postal_address", "organisation", "Postal address",
        "Street and town, with a comma or a new line between them. Mails to many must show it.",
        "long_text", _PATIENTS, most=240, is_optional=True,
    ),
    Setting(
        "sign_off", "organisation", "Sign-off", "How messages end unless the author says otherwise.",
        "text", _PATIENTS, most=120,
    ),
    Setting(
        "modes", "modes", "Modes",
        "How patients may be reached. A mode cannot be turned off while campaigns by it are active.",
        "choices", _AUTHORS, choices={mode: MODE_WORDS[mode] for mode in MODES},
    ),
    Setting(
        "languages", "modes", "Languages of messages",
        "Each patient gets the one on file; English is for everybody else.",
        "choices", _PATIENTS, choices={key: LANGUAGES[key] for key in MESSAGE_LANGUAGES},
    ),
    Setting(
        "approval", "modes", "Approval",
        "Whether somebody else must approve what goes out. What was active before the first time goes out as it is.",
        "choice", _AUTHORS, choices={"none": "Nobody else must approve", "second_person": "A second person approves"},
    ),
    Setting(
        "from_email", "senders", "From Email Address",
        "What a new campaign begins with; often a do-not-reply address.", "email", _PATIENTS,
    ),
    Setting(
        "from_emails", "senders", "Other From Email Addresses",
        "Authors choose among these and the one above. Your mail server must let you send from them.",
        "emails", _AUTHORS, most=50, is_optional=True, without="none",
    ),
    Setting("from_name", "senders", "From Name", "The sender's name that patients see.", "text", _PATIENTS, most=120),
    Setting("call_back_number", "senders", "Call-back number", "Whom messages ask to call.", "phone", _PATIENTS),
    Setting(
        "help_number", "senders", "Help number", "In the answer to a patient who replies HELP.",
        "phone", _PATIENTS, is_optional=True, without=_CALL_BACK,
    ),
    Setting(
        "caller_id", "senders", "Caller ID", "What phones show for a call. Twilio must know the number as yours.",
        "phone", _PATIENTS, is_optional=True, without="the number that texts come from",
    ),
    *(_windows(channel) for channel in CHANNELS),
    Setting(
        "quiet_until", "windows", "Texts and calls from",
        "On the patient's own clock; 8:00 at the earliest (47 CFR 64.1200(c)(1)).", "time", _PATIENTS,
    ),
    Setting(
        "quiet_from", "windows", "Texts and calls until", "On the patient's own clock; 21:00 at the latest.",
        "time", _PATIENTS,
    ),
    Setting(
        "state_quiet_hours", "windows", "Earlier evenings of some states",
        "Keep the laws of states that end the day at 20:00.", "yes_no", _PATIENTS,
    ),
    Setting(
        "holidays_off", "holidays", "Send on these federal holidays",
        "Nothing is sent on the eleven federal holidays, except on those that you choose here.",
        "choices", _PATIENTS, choices={name: name for name in FEDERAL_HOLIDAYS}, is_optional=True, without="none",
    ),
    Setting(
        "extra_holidays", "holidays", "Holidays of your own",
        "Days on which nothing is sent, such as the day after Thanksgiving.",
        "days", _PATIENTS, most=200, is_optional=True, without="none",
    ),
    Setting(
        "campaign_limit", "limits", "Patients in a campaign", "More cannot be selected for one campaign.",
        "integer", _AUTHORS, unit="patients", least=1, most=100_000,
    ),
    Setting(
        "text_limit", "limits", "Characters of a text", "Of its body, without what is added at its end.",
        "integer", _AUTHORS, unit="characters", least=70, most=1_600,
    ),
    Setting(
        "letters_per_file", "limits", "Letters in a file", "A longer campaign makes as many files as it needs.",
        "integer", _AUTHORS, unit="letters", least=1, most=1_000,
    ),
    Setting(
        "contacts_per_day", "limits", "Messages to a patient in a day", "Over all campaigns.",
        "integer", _PATIENTS, unit="messages", least=1, most=10,
    ),
    Setting(
        "contacts_per_week", "limits", "Messages to a patient in seven days", "Over all campaigns, today included.",
        "integer", _PATIENTS, unit="messages", least=1, most=50,
    ),
    Setting(
        "days_to_send", "limits", "Days to send after the start",
        "Then what is left of a campaign comes too late and is not sent.",
        "integer", _PATIENTS, unit="days", least=0, most=90,
    ),
    Setting(
        "introductions_per_day", "limits", "Introductory emails a day", "How many begin on one day.",
        "integer", _PATIENTS, unit="emails", least=1, most=100_000,
    ),
    Setting(
        "communications_days", "limits", "Days of communications shown first",
        "How far back a patient's Communications go before 'Show all'.",
        "integer", _STAFF, unit="days", least=1, most=10 * _DAY,
    ),
    Setting(
        "email_rate_limit", "pace", "Emails a minute at most",
        "Over all campaigns; what your mail provider allows.",
        "integer", _PATIENTS, unit="emails a minute", least=1, most=100_000, is_optional=True, without="no limit",
    ),
    Setting(
        "texts_per_second", "pace", "Texts a second",
        "What Twilio takes from your account; one segment a second from a US number.",
        "integer", _PATIENTS, unit="texts a second", least=1, most=1_000,
    ),
    Setting(
        "calls_per_second", "pace", "Calls a second", "What Twilio takes from your account.",
        "integer", _PATIENTS, unit="calls a second", least=1, most=100,
    ),
    *(_pace(channel) for channel in CHANNELS),
    Setting(
        "segment_price", "prices", "Segment of a text", "With the carriers' usual fees.",
        "money", _STAFF, unit="dollars", least=0, most=10,
    ),
    Setting(
        "call_minute_price", "prices", "Minute of a call", "What Twilio charges you.",
        "money", _STAFF, unit="dollars", least=0, most=10,
    ),
    Setting(
        "letter_price", "prices", "Letter", "Postage, paper, envelope and print.",
        "money", _STAFF, unit="dollars", least=0, most=100,
    ),
    Setting(
        "text_needs_consent", "policies", "Texts only with recorded consent",
        "Other patients are left out of text campaigns, with that reason.", "yes_no", _PATIENTS,
    ),
    Setting(
        "names_in_bodies", "policies", "Bodies may name a screening or programme",
        "Of emails and letters. Texts, subjects, voicemail and envelopes never do.", "yes_no", _PATIENTS,
    ),
    Setting(
        "messaging_policy", "policies", "Messaging policy",
        "A reminder on Summary before a campaign is saved as active.", "long_text", _AUTHORS, most=2_000,
    ),
    Setting(
        "opt_out_policy", "policies", "Policy on stopping", "What staff read before they record an opt-out.",
        "long_text", _STAFF, most=2_000,
    ),
    Setting(
        "opt_out_topics", "policies", "More health topics for opt-outs", "Besides those of rules and templates.",
        "words", _STAFF, most=50, is_optional=True, without="none",
    ),
    Setting(
        "logo", "letterhead", "Logo", "What emails, letters and forms show.",
        "logo", _PATIENTS, is_optional=True, without="the first one",
    ),
    Setting(
        "return_addresses", "letterhead", "Return addresses",
        "Beside the organisation's own and those of its clinics.",
        "addresses", _PATIENTS, most=50, is_optional=True, without="none",
    ),
    Setting(
        "support_email", "support", "Email address of support", "Where support requests go.",
        "email", _USERS, is_optional=True, without="none",
    ),
    Setting(
        "support_phone", "support", "Telephone and voicemail of support", "Shown with a support request.",
        "phone", _USERS, is_optional=True, without="none",
    ),
    Setting(
        "support_hours", "support", "Hours of support", "Such as 'Monday to Friday, 8:00 to 17:00'.",
        "text", _USERS, most=200, is_optional=True, without="not said",
    ),
    Setting(
        "question_address", "support", "Email address for questions", "For what is no fault.",
        "email", _USERS, is_optional=True, without="none",
    ),
    Setting(
        "downloads_kept_days", "retention", "Days that files of letters are kept",
        "Then they are thrown away; they can be made again.",
        "integer", _STAFF, unit="days", least=1, most=10 * _DAY,
    ),
    Setting(
        "idle_minutes", "retention", "Minutes without a click until sign-out",
        "Whoever leaves the desk leaves no open page behind.", "integer", _USERS, unit="minutes", least=1, most=240,
    ),
    Setting(
        "session_hours", "retention", "Hours until sign-out in any case", "A working day.",
        "integer", _USERS, unit="hours", least=1, most=24,
    ),
    Setting(
        "vaccine_schedule", "care", "Vaccine schedule for children",
        "Whose schedule counts where authorities differ.", "text", _STAFF, most=20, elsewhere="measures",
    ),
    Setting(
        "feed_rules", "care", "What closes the feed gate",
        "How old each table may be and how much smaller, in percent.",
        "feed_rules", _STAFF, most=50,
    ),
    Setting(
        "feed_every_hours", "care", "Hours within which a feed comes",
        "Of each source that comes through a watched folder. Later than that, administrators are told.",
        "integer", _STAFF, unit="hours", least=1, most=24 * 60, is_optional=True, without="at no certain time",
    ),
    Setting(
        "feed_on_weekends", "care", "Feeds come on weekends too",
        "If not, the hours of Saturdays and Sundays do not count.", "yes_no", _STAFF,
    ),
    Setting(
        "expected_feeds", "care", "Sources with other times",
        "Where something else is expected, by the name of the source.", "expected_feeds", _STAFF, most=50,
    ),
    Setting(
        "ended_sources", "care", "Sources that send no more",
        "Nothing is expected of them. One that sends again is taken from the list by itself.",
        "words", _STAFF, most=200, is_optional=True, without="none",
    ),
)  # fmt: skip
SETTINGS: dict[str, Setting] = {row.key: row for row in _ROWS}


def of_section(section: str) -> list[Setting]:
    """The settings of a section, in their order."""
    return [row for row in _ROWS if row.section == section]
