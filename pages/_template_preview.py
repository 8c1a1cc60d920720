"""What a template says, in the Library: the mail, the text in each language, or the call."""

import streamlit as st

from core import message_previews, templates
from core.domain.campaign import Campaign
from core.domain.merge_field import EXAMPLES
from core.domain.organisation import LETTER, PHONE, TEXT
from core.domain.template import Template
from core.workbench import Workbench
from pages._mail import mail_frame, width_choice
from pages._message_language import language_name
from pages._preview_call import spoken_call
from pages._preview_letter import example_letter
from pages._preview_text import text_bubble
from pages._shared import plain


def look_at(wb: Workbench, template: Template) -> None:
    """Draw it with example values."""
    st.markdown(f"**{plain(template.name)}**")
    if template.is_locked:
        st.caption(":material/lock: Fixed wording: campaigns fill in the numbers and keep the words.")
    campaign = templates.example_campaign(wb, template)
    if template.channel == TEXT:
        for language in template.messages:
            text_bubble(message_previews.example_text(campaign, language=language))
    elif template.channel == PHONE:
        _call(campaign)
    elif template.channel == LETTER:
        _letter(wb, campaign)
    else:
        _mail(wb, template)
    named = ", ".join(str(EXAMPLES[name]) for name in ("patient.full_name", "provider.name", "practice.name"))
    st.caption(f"Shown with example values: {named}")


def _call(campaign: Campaign) -> None:
    languages = list(campaign.messages)
    tabs = st.tabs([language_name(language) for language in languages])
    for tab, language in zip(tabs, languages, strict=True):
        with tab:
            spoken_call(message_previews.example_call(campaign, language=language))


def _letter(wb: Workbench, campaign: Campaign) -> None:
    """In the language chosen; a dialog has no room for all of them."""
    languages = list(campaign.messages)
    chosen = languages[0]
    if len(languages) > 1:
        choice = st.segmented_control(
            "Language", languages, default=chosen, required=True, key="lib_language", format_func=language_name
        )
        chosen = str(choice or chosen)
    example_letter(wb, campaign, language=chosen)


def _mail(wb: Workbench, template: Template) -> None:
    body = template.body
    if len(template.versions) > 1:
        names = [version.name for version in template.versions]
        chosen = st.segmented_control("Version", names, default=names[0], required=True, key="lib_version")
        body = next(version.body for version in template.versions if version.name == chosen)
    mail = templates.example(wb, template, body)
    st.markdown(f"**{plain(mail.subject)}**")
    mail_frame(mail.html, width=width_choice("lib_width"), height=560)
