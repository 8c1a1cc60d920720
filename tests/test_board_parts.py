"""What a campaign changed and how far its patients came, as it is printed for a meeting: whole, and of nobody known."""

from typing import Any

from core import campaigns, report_parts
from core.board_parts import TOO_FEW, part_sections
from core.domain.report_document import Block, Paragraph, Table
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.followed import SENT, followed, split


def printed(wb: Workbench) -> dict[str, tuple[Block, ...]]:
    parts = report_parts.parts(wb, campaigns.campaign(wb, "c1"), is_passed_on=True)
    return {section.heading: section.blocks for section in part_sections(parts)}


def table(blocks: tuple[Block, ...]) -> Table:
    return next(block for block in blocks if isinstance(block, Table))


def test_arms_and_steps_are_printed_and_who_would_be_one_of_a_few_is_not(wb: Workbench) -> None:
    add_clinic(wb)
    ids = [*add_patients(wb, 79), *add_patients(wb, 3, start=80, group=2, language="es")]
    add_campaign(wb, ids, status="completed")
    back = {f"p{number}": {"state": "returned", "reason": "returned"} for number in range(28, 42)}
    followed(wb, split(41, 27, 13) | back, design="hold_out", holdout_share=50)

    found = printed(wb)

    assert list(found) == ["What it changed", "How far they came", "Who was not reached, and what to do"]
    assert table(found["What it changed"]).rows[-2:] == (
        ("90 days", "Contacted", "40", "25", "62.5 %", "47.0 %", "75.8 %"),
        ("90 days", "Held out", "40", "15", "37.5 %", "24.2 %", "53.0 %"),
    )
    steps = [row[:3] for row in table(found["How far they came"]).rows]
    assert steps[0] == ("Selected", "80", "100.0 %") and steps[-1] == ("Gap closed", "25", "31.2 %")


def test_an_effect_that_hangs_on_a_few_patients_is_not_printed(wb: Workbench) -> None:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 40), status="completed")
    followed(wb, split(20, 12, 4), design="hold_out", holdout_share=50)

    assert [block.text for block in printed(wb)["What it changed"] if isinstance(block, Paragraph)] == [TOO_FEW]


def test_languages_of_many_are_printed_and_those_of_a_few_only_counted(wb: Workbench) -> None:
    add_clinic(wb)
    sizes = {"en": 50, "es": 46, "fr": 40, "pl": 3}
    became: dict[str, dict[str, Any]] = {}
    for language, size in sizes.items():
        ids = add_patients(wb, size, start=len(became) + 1, language=language)
        became |= {each: _kept(place) for place, each in enumerate(ids)}
    add_campaign(wb, list(became), status="completed")
    followed(wb, became)

    blocks = printed(wb)["By language"]

    assert [row[:2] for row in table(blocks).rows] == [("English", "50"), ("Spanish", "45")]
    assert [block.text for block in blocks if isinstance(block, Paragraph)] == [
        "Without 2 of which a count is under 11 patients, or would give one away."
    ]


def _kept(place: int) -> dict[str, Any]:
    """Of a language the first twelve closed a gap and came, the next twelve were not reached."""
    if place < 12:
        return {"closed": 10, "booked_on": SENT, "kept_on": SENT}
    return {"state": "returned"} if place < 24 else {}


def test_what_chance_did_not_part_is_no_effect_in_print_either(wb: Workbench) -> None:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 40), status="completed")
    followed(wb, {f"p{number}": {"closed": 3} for number in range(1, 16)})

    words = [block.text for block in printed(wb)["Closed gaps"] if isinstance(block, Paragraph)]

    assert words[0].startswith("This is not an effect estimate.")


def test_the_pdf_says_by_which_method_arms_were_compared(wb: Workbench) -> None:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 82), status="completed")
    followed(wb, split(41, 27, 13), design="hold_out", holdout_share=50)

    said = [block.text for block in printed(wb)["What it changed"] if isinstance(block, Paragraph)]

    assert said[-1] == (
        "Interval of the difference: Newcombe, as wide as the rounded counts leave it. Of a share: Wilson."
    )
