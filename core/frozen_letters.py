"""What is the same on all letters of a print run, as it is kept with the run: so that printing again gives the same."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core import logos
from core.domain.campaign import Campaign
from core.domain.letter import Label, Letter, Letterhead, LetterSettings, letter_date, settings
from core.domain.message_body import message_body
from core.domain.print_plan import PlannedLetter
from core.errors import NotAllowed, NotFound
from core.letter_form import LetterForm, form_of
from core.return_addresses import chosen
from core.store.logos import Logo
from core.workbench import Workbench


@dataclass(frozen=True)
class Stationery:
    """What is the same on all letters. Made by `stationery` for a campaign as it is now, by `frozen` from a run.

    values   of what is kept with a run, beside the logo's picture
    """

    values: Mapping[str, Any]
    logo: bytes | None

    @property
    def settings(self) -> LetterSettings:
        """Page, greeting, labels and so on."""
        return settings(self.values["fields"])

    @property
    def sender(self) -> tuple[str, ...]:
        """Name and address of the sender in lines."""
        return tuple(self.values["sender"])

    @property
    def letterhead(self) -> Letterhead:
        """As the printer takes it."""
        logo = (self.logo, self.values["logo_kind"]) if self.logo else None
        page, dates = self.settings.page, self.values["dates"]
        return Letterhead(page, self.sender, dates, logo=logo, logo_name=self.values["logo_name"])

    @property
    def form(self) -> LetterForm:
        """The bodies, ready to be filled in."""
        return form_of(self.values["bodies"])

    @property
    def title(self) -> str:
        """Of the files: nothing of a patient and nothing of the campaign."""
        return f"Letters from {self.sender[0]}"

    @property
    def label_title(self) -> str:
        """Of the labels."""
        return f"Address labels from {self.sender[0]}"

    def letters(self, planned: Iterable[PlannedLetter]) -> Iterator[Letter]:
        """The letters as they are printed, one at a time."""
        form = self.form
        for each in planned:
            yield Letter(each.language, each.addressee, each.greeting, form.body(each.values, each.language))

    def labels(self, planned: Iterable[PlannedLetter]) -> list[Label]:
        """The labels as they are printed. For an address that fits the letter and not the label there is one that says
        so: everybody gets a letter, and the labels stay in the order of the letters. A sender that does not fit is left
        out: of letters that are made nothing can be changed any more."""
        from core.channels.label_pdf import label_problem, sender_problem

        sheet = self.settings.sheet
        sender = () if sender_problem(self.sender, sheet) else self.sender
        return [
            Label(_by_hand(each) if label_problem(each.addressee, sheet) else each.addressee, sender)
            for each in planned
        ]


def _by_hand(letter: PlannedLetter) -> tuple[str, ...]:
    return (f"Letter {letter.position}", "The address is too long:", "write it by hand")


_LOOKS = ("page", "greeting", "per_household", "order", "sheet", "first_label")


def stationery(wb: Workbench, campaign: Campaign) -> Stationery:
    """That of a campaign as it is now. Raises NotAllowed without a sender, TemplateError for what cannot be read."""
    sender, logo = chosen(wb, campaign), _logo(wb, settings(campaign.fields).logo_id)
    if sender is None:
        raise NotAllowed("The letter has no sender. Choose From Name & Address under Delivery.")
    values = {
        "fields": {name: campaign.fields[name] for name in _LOOKS if campaign.fields.get(name)},
        "sender": list(sender.lines),
        "dates": {language: letter_date(campaign.start_on, language) for language in campaign.messages},
        "bodies": {language: message_body(each.body).clean for language, each in campaign.messages.items()},
        "per_file": wb.organisation().letters_per_file,
        "logo_kind": logo.kind if logo else "",
        "logo_name": logo.name if logo else "",
    }
    return Stationery(values, logo.content if logo else None)


def _logo(wb: Workbench, logo_id: str) -> Logo | None:
    """The chosen one; the organisation's when none was chosen, or it is no more."""
    if logo_id:
        try:
            return logos.logo(wb, logo_id)
        except NotFound:
            pass
    return logos.organisation_logo(wb)
