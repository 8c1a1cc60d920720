"""What is wrong with the letters of a campaign: its messages, its sender, and characters that no font has."""

from dataclasses import replace

from core import rules
from core.domain import letter_findings as of
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.findings import ERROR, Finding
from core.domain.letter import settings
from core.domain.wording import LANGUAGES
from core.return_addresses import chosen
from core.workbench import Workbench


def letter_findings(wb: Workbench, campaign: Campaign) -> list[Finding]:
    """Errors and warnings, errors first; empty when all is well."""
    revealing = {name: rule.revealing for name, rule in rules.every(wb).items()}
    sender = chosen(wb, campaign)
    found: list[Finding] = []
    for language, message in campaign.messages.items():
        of_message = of.letter_findings(
            campaign,
            message,
            settings=settings(campaign.fields),
            sender=sender.lines if sender else None,
            revealing=revealing,
            organisation=wb.organisation(),
        )
        found += [_in(language, each) for each in [*of_message, *_about_glyphs(message.body)]]
    if sender:
        found += [replace(each, part="sender") for each in _about_glyphs("".join(sender.lines))]
    return sorted(dict.fromkeys(found), key=lambda finding: finding.level != ERROR)


def _about_glyphs(text: str) -> list[Finding]:
    if text.isascii():
        return []
    from core.channels.pdf_fonts import missing_glyphs

    missing = missing_glyphs(text)
    if not missing:
        return []
    shown = " ".join(f"U+{ord(each):04X}" for each in missing[:5])
    return [Finding(ERROR, "body", f"A character cannot be printed: no font has it ({shown}). Take it out.")]


def _in(language: str, finding: Finding) -> Finding:
    if language == DEFAULT_LANGUAGE or finding.part != "body":
        return finding
    return replace(finding, sentence=f"{LANGUAGES.get(language, language)}: {finding.sentence}")
