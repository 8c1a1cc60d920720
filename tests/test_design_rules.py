"""The designs of a campaign: what each asks for, what fits together, and what it could show."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.domain.campaign import Message, goes_out_on
from core.domain.effects.allocation import Allocation
from core.domain.effects.design import (
    DESIGNS,
    changed_to,
    design_problems,
    designs_of,
    early_problem,
    empty_problem,
    family_problem,
    fitted,
    passed_problem,
    shares,
)
from core.domain.effects.outcomes import compared_within
from core.domain.effects.outlook import household_effect, outlook, outlook_sentences
from core.domain.effects.power import detectable, needed
from core.domain.organisation import Organisation
from tests.clinic import CAMPAIGN

US = Organisation()
B = {"en": Message("Another subject", "<p>Please call.</p>")}
MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, ""),
        ({"design": "hold_out", "holdout_share": 10}, ""),
        ({"design": "hold_out", "holdout_share": 4}, "between 5 and 50 percent"),
        ({"design": "hold_out", "holdout_share": 51}, "between 5 and 50 percent"),
        ({"design": "delayed", "holdout_share": 50, "delay_weeks": 8}, ""),
        ({"design": "delayed", "holdout_share": 50}, "between 1 and 26 weeks"),
        ({"design": "delayed", "holdout_share": 50, "delay_weeks": 27}, "between 1 and 26 weeks"),
        ({"design": "delayed", "holdout_share": 95, "delay_weeks": 8}, "between 10 and 90 percent"),
        ({"design": "ab", "holdout_share": 50, "variant": B}, ""),
        ({"design": "ab", "holdout_share": 50}, "Version B is missing"),
        ({"design": "ab", "holdout_share": 50, "variant": CAMPAIGN.messages}, "says the same as version A"),
        ({"design": "ab", "holdout_share": 50, "variant": {"en": Message("", "<p>B</p>")}}, "Version B: The subject"),
        (
            {"design": "ab", "holdout_share": 50, "variant": B, "messages": {**CAMPAIGN.messages, "es": B["en"]}},
            "no message in Spanish",
        ),
        ({"design": "delayed", "holdout_share": 50, "delay_weeks": 8, "channel": "letter"}, "not possible for letters"),
        ({"design": "ab", "channel": "letter"}, "not possible for letters"),
        ({"design": "other"}, "Choose who is contacted"),
    ],
)
def test_each_design_says_what_it_lacks(changes: dict[str, Any], problem: str) -> None:
    found = design_problems(replace(CAMPAIGN, **changes))

    assert (problem in " ".join(found.values())) if problem else found == {}


@pytest.mark.parametrize("channel", ["email", "text", "phone", "letter"])
def test_whatever_design_is_chosen_starts_without_a_problem_but_a_version_b(channel: str) -> None:
    for key in designs_of(channel, is_sister=True):
        chosen = replace(CAMPAIGN, channel=channel, family_id="f", **changed_to(CAMPAIGN, key))
        assert set(design_problems(chosen)) <= {"variant"}
        assert sum(shares(chosen).values()) == pytest.approx(1 if DESIGNS[key].arms else 0)


HELD = replace(CAMPAIGN, design="hold_out", holdout_share=10, start_on=MONDAY)
LATER = replace(CAMPAIGN, design="delayed", holdout_share=50, delay_weeks=8, start_on=MONDAY)


@pytest.mark.parametrize(
    ("mine", "other", "problem"),
    [
        (CAMPAIGN, CAMPAIGN, ""),
        (HELD, HELD, ""),
        (replace(HELD, holdout_share=20), HELD, "choose 10 % instead of 20 %"),
        (CAMPAIGN, HELD, "choose the same here"),
        (HELD, CAMPAIGN, "choose the same here"),
        (LATER, HELD, "choose the same here"),
        (LATER, LATER, ""),
        (replace(LATER, delay_weeks=7), LATER, "Mon 25 Jan 2027"),
        (replace(LATER, start_on=date(2026, 12, 7), delay_weeks=7), LATER, ""),
        (replace(CAMPAIGN, design="ab"), CAMPAIGN, ""),
    ],
)
def test_by_another_mode_nobody_is_contacted_who_is_not_to_be(mine: Any, other: Any, problem: str) -> None:
    found = family_problem(mine, other) or early_problem(mine, [other], US)

    assert (problem in found) if problem else found == ""
    if problem and other.design != "everyone":
        fits = replace(mine, **fitted(mine, other, US))
        assert not family_problem(fits, other) and not early_problem(fits, [other], US)


def test_of_several_modes_none_contacts_the_later_ones_before_the_first_of_the_days() -> None:
    leads = [replace(LATER, delay_weeks=weeks) for weeks in (8, 10)]

    assert not early_problem(LATER, leads, US) and not early_problem(LATER, [], US)
    assert "Mon 25 Jan 2027" in early_problem(replace(LATER, delay_weeks=7), leads, US)


@pytest.mark.parametrize(
    ("changes", "on", "is_refused"),
    [
        ({"channel": "letter"}, date(2027, 1, 24), False),
        ({"channel": "letter"}, date(2027, 1, 25), True),
        ({"channel": "letter", "start_on": date(2026, 12, 1)}, date(2027, 1, 25), False),
        ({"channel": "letter", "design": "hold_out", "delay_weeks": 0}, date(2027, 1, 25), False),
        ({}, date(2027, 1, 25), False),
    ],
)
def test_letters_are_not_printed_once_those_who_come_later_would_get_theirs_with_the_others(
    changes: dict[str, Any], on: date, is_refused: bool
) -> None:
    assert bool(passed_problem(replace(LATER, **changes), US, on=on)) == is_refused


@pytest.mark.parametrize(
    ("arms", "sentence"),
    [
        ({"p1": ("contact", "p1"), "p2": ("hold_out", "p2")}, ""),
        ({}, ""),
        ({"p1": ("hold_out", "p1"), "p2": ("hold_out", "p1")}, "Contacted': 2 patients of one household"),
        (
            {"p1": ("contact", "p1"), "p2": ("contact", "p1"), "p3": ("contact", "p3")},
            "3 patients of 2 households",
        ),
    ],
)
def test_an_arm_in_which_nobody_would_be_is_named_with_the_number_of_households(arms: Any, sentence: str) -> None:
    found = empty_problem(HELD, {each: Allocation(arm, "s", home) for each, (arm, home) in arms.items()})

    assert sentence in found and bool(found) == bool(sentence)


def test_the_first_day_of_who_comes_later_is_weeks_after_the_others() -> None:
    assert goes_out_on(LATER, US) == MONDAY and LATER.later_on(US) == date(2027, 1, 25)
    assert LATER.mailing_by(US).last_on == date(2026, 12, 7)


def test_a_later_day_that_is_a_holiday_moves_on_like_every_start_date() -> None:
    assert replace(LATER, start_on=date(2026, 11, 27), delay_weeks=5).later_on(US) == date(2027, 1, 2)


def test_version_b_is_for_its_arm_alone() -> None:
    two = replace(CAMPAIGN, design="ab", holdout_share=50, variant=B)

    assert two.version_for("b").messages == B
    assert two.version_for("a") == two and replace(two, design="everyone").version_for("b").messages != B


def test_the_households_make_a_campaign_show_less() -> None:
    alone = {str(one): Allocation("ab"[one % 2], "s", str(one)) for one in range(1000)}
    couples = {str(one): Allocation("ab"[one // 2 % 2], "s", str(one // 2)) for one in range(1000)}
    shown = [outlook(each, {"a": 0.5, "b": 0.5}, base=0.12, wanted=0.03) for each in (alone, couples)]

    assert [one.design_effect for one in shown] == [1.0, 1.5]
    assert shown[0].rise and shown[1].rise and shown[0].rise < shown[1].rise
    assert shown[0].needed and shown[1].needed == round(shown[0].needed * 1.5)
    assert (shown[1].patients, shown[1].households) == ({"a": 500, "b": 500}, {"a": 250, "b": 250})


def test_the_rise_of_version_b_is_told_above_what_version_a_reaches() -> None:
    drawn = {str(one): Allocation("b" if one < 200 else "a", "s", str(one)) for one in range(2000)}
    shown = outlook(drawn, {"a": 0.9, "b": 0.1}, base=0.16, wanted=0.03, against="a")

    assert shown.rise == detectable(0.16, treated=200, control=1800)
    assert shown.needed == needed(0.16, 0.03, control_share=0.9)


def test_of_a_short_delay_less_closes_and_the_days_are_said() -> None:
    drawn = {str(one): Allocation("later" if one < 1000 else "contact", "s", str(one)) for one in range(2000)}
    short, whole = (
        outlook(drawn, {"contact": 0.5, "later": 0.5}, base=0.3, wanted=0.03, days=days) for days in (21, 90)
    )

    assert whole.base == 0.3 and short.base == pytest.approx(1 - 0.7 ** (21 / 90))
    assert "a rise within 21\u00a0days from 8\u00a0% to" in outlook_sentences(short, about="contacted later")[0]
    assert compared_within("delayed", 3) == (21,) and compared_within("delayed", 9) == (30, 60, 63)
    assert compared_within("delayed", 20) == compared_within("hold_out") == (30, 60, 90)


def test_a_tenth_held_out_of_2000_shows_only_what_the_usual_tables_say() -> None:
    drawn = {str(one): Allocation("hold_out" if one < 200 else "contact", "s", str(one)) for one in range(2000)}
    shown = outlook(drawn, {"contact": 0.9, "hold_out": 0.1}, base=0.1, wanted=0.03)

    assert shown.rise == pytest.approx(0.064, abs=0.006)
    assert shown.rise_at_half == pytest.approx(0.041, abs=0.002)
    assert household_effect([]) == 1.0


def test_nothing_is_promised_of_later_ones_who_are_contacted_within_a_week_of_the_others() -> None:
    drawn = {str(one): Allocation("later" if one < 1000 else "contact", "s", str(one)) for one in range(2000)}

    shown = outlook(drawn, {"contact": 0.5, "later": 0.5}, base=0.3, wanted=0.03, days=0)

    assert (shown.rise, shown.rise_at_half, shown.needed) == (None, None, None)
    assert "no effect could be shown" in " ".join(outlook_sentences(shown, about="contacted later"))


def test_a_form_promises_nothing_that_the_report_will_not_compare() -> None:
    """Nine households held out are too few to be compared; half and half they would be enough."""
    arms = ["hold_out" if one < 9 else "contact" for one in range(60)]
    drawn = {str(one): Allocation(arm, "s", str(one)) for one, arm in enumerate(arms)}
    few = {each: one for each, one in drawn.items() if int(each) < 18}

    shown = outlook(drawn, {"contact": 0.85, "hold_out": 0.15}, base=0.1, wanted=0.03)

    assert shown.rise is None and shown.rise_at_half is not None
    assert outlook(few, {"contact": 0.5, "hold_out": 0.5}, base=0.1, wanted=0.03).rise_at_half is None
    assert outlook_sentences(shown, about="held out")[0].startswith("With 9 held out of 60 patients no rise above 10")
