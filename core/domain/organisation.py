"""The settings of the organisation that rules need, with the defaults a new home starts with."""

from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True)
class Window:
    """Messages of a channel leave between `opens` and `closes`, local time of the organisation."""

    opens: time
    closes: time


@dataclass(frozen=True)
class Organisation:
    """Kept as one row per field in the table organisation_settings."""

    name: str = "Example Health Group"
    time_zone: str = "America/Chicago"
    campaign_limit: int = 2000  # W9
    contacts_per_day: int = 1  # S6: campaign messages to one patient over all campaigns, at least 1
    contacts_per_week: int = 3  # in the last seven days, today included
    email_windows: tuple[Window, ...] = (Window(time(9, 0), time(22, 45)),)  # S1
    extra_holidays: tuple[date, ...] = ()
    from_email: str = "do-not-reply@example.org"
    from_name: str = "Your care team"
    call_back_number: str = "+15550100100"
    sign_off: str = "Your care team"
    postal_address: str = ""
    logo: str = ""
    vaccine_schedule: str = "AAP"  # whose vaccine schedule counts for children, where authorities differ
    names_in_bodies: bool = True  # C17: bodies may name a screening or programme
    messaging_policy: str = (
        "Check the message against your privacy policy before it goes out: no diagnosis, result or medicine in a "
        "subject, and only what the patient needs in a body."
    )
