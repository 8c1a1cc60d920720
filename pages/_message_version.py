"""Some templates offer several messages: choosing one puts it into the body."""

from dataclasses import replace

from core import templates
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from pages._typed import newly_chosen, widget_key


def choose_version(draft: Campaign, *, locked: bool) -> Campaign:
    """Draw the choice, if there is one, and return the draft with what was chosen."""
    versions = {version.name: version.body for version in templates.versions(draft.template_id)}
    if len(versions) < 2 or locked:
        return draft
    present = next((place for place, body in enumerate(versions.values()) if body == draft.message.body), None)
    chosen = newly_chosen(
        "Message of the template",
        list(versions),
        present,
        key=widget_key(draft, "version"),
        placeholder="Changed by hand",
        help="Choosing another one replaces the body.",
    )
    if chosen is None:
        return draft
    chosen_message = replace(draft.message, body=versions[chosen])
    return replace(draft, messages={**draft.messages, DEFAULT_LANGUAGE: chosen_message})
