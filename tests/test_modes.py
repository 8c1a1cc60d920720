"""What follows the organisation's settings: modes, senders, languages, letters in a file; and what a change touches."""

from datetime import time
from typing import Any

import pytest

from core import campaigns, new_campaigns, organisation_settings, print_runs, setting_effects, templates
from core.dispatcher import drain
from core.domain.organisation import Window
from core.errors import NotAllowed, SettingsError
from core.preflight import reach
from core.workbench import DISPATCHER, Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends
from tests.conftest import Clock
from tests.letters import add_people, ask, clinic_that_prints, letter_campaign, make, run_of
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

change = organisation_settings.change


@pytest.fixture
def clinic(wb: Workbench, server: Recorder) -> Workbench:
    return clinic_that_sends(wb, server.port)


def new(wb: Workbench, template_id: str = "mammogram-reminder", count: int = 2) -> str:
    return new_campaigns.create(wb, template_id=template_id, patient_ids=add_patients(wb, count))


# ---- modes (C2) ----------------------------------------------------------------------------------------------------
def test_a_mode_that_is_off_is_not_offered_anywhere(clinic: Workbench) -> None:
    email = new(clinic)
    change(clinic, {"modes": ("email", "letter")})

    assert {one.channel for one in templates.offered(clinic)} == {"email", "letter"}
    assert {one.channel for one in templates.library()} == {"email", "text", "phone", "letter"}
    source = campaigns.campaign(clinic, email)
    assert {one.channel for one in new_campaigns.sister_templates(clinic, source)} == {"letter"}
    assert [one.channel for one in reach(clinic, ["p1"])] == ["email", "letter"]
    with pytest.raises(NotAllowed, match="The mode text is turned off"):
        new_campaigns.create(clinic, template_id="ad-hoc-text", patient_ids=["p1"])
    with pytest.raises(NotAllowed, match="The mode text is turned off"):
        new_campaigns.also_by(clinic, email, "ad-hoc-text")
    assert len(campaigns.campaigns(clinic)) == 1


def test_a_campaign_of_a_mode_that_is_off_is_neither_activated_nor_copied_nor_printed(clinic: Workbench) -> None:
    email = new(clinic)
    add_people(clinic, [{"patient_id": "p9"}])
    clinic_letters = letter_campaign(clinic, ["p9"])
    change(clinic, {"modes": ("text",)})

    draft = campaigns.campaign(clinic, email)
    assert "turned off" in campaigns.problems_of(clinic, draft, was=draft)["channel"]
    with pytest.raises(NotAllowed, match="The mode email is turned off"):
        campaigns.activate(clinic, email)
    with pytest.raises(NotAllowed, match="The mode letter is turned off"):
        ask(clinic, clinic_letters)
    campaigns.stop(clinic, email)
    with pytest.raises(NotAllowed, match="The mode email is turned off"):
        new_campaigns.copy(clinic, email, patient_ids=["p1"])

    change(clinic, {"modes": ("email",)})
    assert new_campaigns.copy(clinic, email, patient_ids=["p1"])


def test_a_mode_in_use_cannot_be_turned_off(bench: Workbench, server: Recorder) -> None:  # noqa: F811
    wb = clinic_that_sends(bench, server.port)
    email = new(wb)
    campaigns.activate(wb, email)

    with pytest.raises(SettingsError, match="active or being printed: 1 by email") as refused:
        change(wb, {"modes": ("text", "phone", "letter")})

    assert refused.value.key == "modes"
    change(wb, {"modes": ("email",)})
    campaigns.stop(wb, email)
    change(wb, {"modes": ("text",)})


def test_letters_that_are_being_made_keep_their_mode_on(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    ask(wb, campaign)

    with pytest.raises(SettingsError, match="1 by letter"):
        change(wb, {"modes": ("email",)})

    make(wb)
    assert change(wb, {"modes": ("email",)}) == ("modes",)


def test_nothing_leaves_by_a_mode_that_is_off_whatever_is_active(clinic: Workbench, server: Recorder) -> None:
    """As when somebody activates a campaign in the moment in which somebody else turns its mode off."""
    change(clinic, {"modes": ("text",)})
    add_campaign(clinic, add_patients(clinic, 2))

    assert drain(clinic.as_user(DISPATCHER)) == 0
    assert "turned off" in campaigns.schedule(clinic, campaigns.campaign(clinic, "c1"))

    change(clinic, {"modes": ("email",)})
    assert drain(clinic.as_user(DISPATCHER)) == 2
    assert len(server.mails) == 2


# ---- senders, numbers, languages (E3, T1, C15) ---------------------------------------------------------------------
def test_an_author_chooses_among_the_organisations_addresses(clinic: Workbench) -> None:
    change(clinic, {"from_email": "care@example.org", "from_emails": ("news@example.org",)})
    email = new(clinic)
    made = campaigns.campaign(clinic, email)
    assert made.from_email == "care@example.org"

    made = campaigns.save(clinic, email, {"from_email": "news@example.org"}, version=made.version)
    assert campaigns.problems_of(clinic, made, was=made) == {}
    made = campaigns.save(clinic, email, {"from_email": "other@example.org"}, version=made.version)

    assert "not one of the organisation's" in campaigns.problems_of(clinic, made, was=made)["from_email"]
    with pytest.raises(NotAllowed, match="Choose one of the list"):
        campaigns.activate(clinic, email)


def test_an_active_campaign_goes_out_from_an_address_that_is_on_the_list_no_more(
    clinic: Workbench, server: Recorder
) -> None:
    campaigns.activate(clinic, new(clinic))
    drafted = new_campaigns.create(clinic, template_id="mammogram-reminder", patient_ids=["p1"])
    values = {"from_email": "care@example.org"}

    assert setting_effects.effects(clinic, values) == [
        "2 inactive or active campaigns have an address that is on the list no more. Active ones go out as they are; "
        "the others need another one before they are activated."
    ]
    change(clinic, values)

    with pytest.raises(NotAllowed, match="Choose one of the list"):
        campaigns.activate(clinic, drafted)


def test_a_new_text_campaign_has_the_help_number_of_the_settings(clinic: Workbench) -> None:
    assert campaigns.campaign(clinic, new(clinic, "ad-hoc-text")).fields["help_number"] == "+15550100100"
    change(clinic, {"help_number": "(555) 010-0177"})

    made = new_campaigns.create(clinic, template_id="ad-hoc-text", patient_ids=["p1"])

    assert campaigns.campaign(clinic, made).fields["help_number"] == "+15550100177"


def test_a_new_campaign_is_written_in_the_organisations_languages(clinic: Workbench) -> None:
    spoken = next(one for one in templates.library() if "es" in one.messages)
    both = new(clinic, spoken.template_id)
    change(clinic, {"languages": ("en",)})

    english = new_campaigns.create(clinic, template_id=spoken.template_id, patient_ids=["p1"])

    assert set(campaigns.campaign(clinic, both).messages) == {"en", "es"}
    assert set(campaigns.campaign(clinic, english).messages) == {"en"}


# ---- limits --------------------------------------------------------------------------------------------------------
def test_letters_come_in_files_of_the_size_that_is_set_when_they_are_planned(wb: Workbench) -> None:
    clinic_that_prints(wb)
    change(wb, {"letters_per_file": 2})
    campaign = letter_campaign(wb, add_people(wb, [{}, {}, {}, {}, {}]))
    ask(wb, campaign, labels=False)
    change(wb, {"letters_per_file": 5})
    make(wb)

    run = run_of(wb, campaign)

    assert (run.letter_file_count, run.missing_file_count) == (3, 0)
    assert [(file.part, file.count) for file in run.files] == [(1, 2), (2, 2), (3, 1)]
    with pytest.raises(NotAllowed, match="All files are there"):
        print_runs.make_again(wb, run.run_id)


def test_the_dispatcher_keeps_a_window_that_is_narrowed_while_it_sends(
    clinic: Workbench, server: Recorder, clock: Clock
) -> None:
    add_campaign(clinic, add_patients(clinic, 3))
    assert drain(clinic.as_user(DISPATCHER), limit=1) == 1
    values = {"email_windows": (Window(time(17), time(20)),)}

    assert setting_effects.effects(clinic, values) == [
        "Waiting in active campaigns: 2 messages by email. They follow the new settings."
    ]
    change(clinic, values)

    assert drain(clinic.as_user(DISPATCHER)) == 0
    clock.forward(hours=5, minutes=30)
    assert drain(clinic.as_user(DISPATCHER)) == 2
    assert len(server.mails) == 3


TOUCHES: list[tuple[dict[str, Any], str]] = [
    ({"modes": ("text",)}, "1 inactive campaign by email cannot be activated or printed any more."),
    ({"holidays_off": ("Columbus Day",)}, "2 messages by email"),
    ({"time_zone": "America/Denver"}, "2 messages by email"),
    ({"contacts_per_week": 4}, "2 messages by email"),
    ({"text_windows": (Window(time(12), time(14)),)}, ""),
    ({"name": "Lakeside"}, ""),
    ({"contacts_per_week": 3}, ""),  # as it is
]


@pytest.mark.parametrize(("values", "words"), TOUCHES)
def test_what_a_change_touches_is_said_before_it_is_saved(
    clinic: Workbench, values: dict[str, Any], words: str
) -> None:
    add_campaign(clinic, add_patients(clinic, 2))
    new_campaigns.create(clinic, template_id="mammogram-reminder", patient_ids=["p1"])

    said = setting_effects.effects(clinic, values)

    assert (words in " ".join(said)) if words else said == []
