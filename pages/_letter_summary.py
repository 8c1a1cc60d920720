"""What Summary says of a letter campaign: every setting, and what the letters come to."""

from core import letter_pictures, logos, return_addresses
from core.domain.campaign import Campaign
from core.domain.letter import ORDERS, settings
from core.domain.wording import day_text
from core.errors import CareloopError
from core.workbench import Workbench
from pages._message_language import language_name
from pages._shared import count


def letter_message_rows(wb: Workbench, draft: Campaign) -> dict[str, str]:
    """How the letters look."""
    shown = settings(draft.fields)
    own = logos.organisation_logo(wb)
    named = {each.logo_id: each.name for each in logos.logos(wb)}
    return {
        "Page": shown.page.name,
        "Letterhead logo": named.get(shown.logo_id) or (own.name if own else "none"),
        "Greeting": "Dear [first name]" if shown.has_greeting else "none",
        **{language_name(language): _pages(wb, draft, language) for language in draft.messages},
    }


def letter_delivery_rows(wb: Workbench, draft: Campaign) -> dict[str, str]:
    """From whom, when, and how they lie."""
    shown = settings(draft.fields)
    first = "" if shown.first_label == 1 else f", from label {shown.first_label}"
    return {
        "From": _sender(wb, draft),
        "Mail Date": day_text(draft.start_on),
        "Order": ORDERS[shown.order],
        "At one address": "one letter for the household" if shown.per_household else "a letter for each patient",
        "Want no messages at all": "get no letter either" if shown.leave_out_global else "get a letter all the same",
        "Label sheet": f"{shown.sheet.name}{first}",
    }


def _sender(wb: Workbench, draft: Campaign) -> str:
    chosen = return_addresses.chosen(wb, draft)
    return ", ".join(chosen.lines) if chosen else "not chosen yet"


def _pages(wb: Workbench, draft: Campaign, language: str) -> str:
    """How long a letter is with example values."""
    try:
        return f"about {count(letter_pictures.example_pages(wb, draft, language=language), 'page')}"
    except CareloopError:
        return "cannot be filled in yet"
