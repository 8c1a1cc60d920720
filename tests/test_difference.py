"""What two people changed in one campaign, part by part, and the two put together."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import campaigns
from core.domain.campaign import EDITABLE, Campaign, Message
from core.domain.difference import differences, merged, parts
from core.domain.user import User
from core.errors import Conflict
from core.store import accounts
from core.workbench import Workbench
from tests.clinic import CAMPAIGN, add_clinic, add_patients

WAS = replace(
    CAMPAIGN, status="inactive", fields={"sign_off": "Your team"}, variant={"en": Message("Version B", "<p>B</p>")}
)
EN, ES = WAS.messages["en"], Message("Hola", "<p>Llame</p>")
CASES = [
    # mine, theirs: (label, changed by both, by me alone) of each difference
    ({"name": "A"}, {"name": "B"}, [("Campaign name", True, False)]),
    ({"name": "A"}, {"name": "A"}, []),
    ({"name": "A"}, {}, [("Campaign name", False, True)]),
    ({}, {"purpose": "education"}, [("Purpose", False, False)]),
    ({"start_on": date(2026, 12, 1)}, {"start_on": date(2026, 12, 2)}, [("Start date", True, False)]),
    (
        {"messages": {"en": replace(EN, subject="A")}},
        {"messages": {"en": replace(EN, body="<p>B</p>"), "es": ES}},
        [
            ("Subject (English)", False, True),
            ("Message (English)", False, False),
            ("Subject (Spanish)", False, False),
            ("Message (Spanish)", False, False),
        ],
    ),
    ({"fields": {}}, {"fields": {"sign_off": "B"}}, [("Sign off", True, False)]),
    ({"skip_booked": False}, {}, [("Skip patients who made an appointment", False, True)]),
    ({"design": "hold_out"}, {"design": "delayed"}, [("Who is contacted", True, False)]),
    (
        {"variant": {}},
        {},
        [("Version B: Subject (English)", False, True), ("Version B: Message (English)", False, True)],
    ),
]


@pytest.mark.parametrize(("mine", "theirs", "found"), CASES)
def test_each_part_says_who_changed_it(
    mine: dict[str, object], theirs: dict[str, object], found: list[tuple[str, bool, bool]]
) -> None:
    seen = differences(replace(WAS, **mine), replace(WAS, **theirs), WAS)  # type: ignore[arg-type]

    assert sorted((one.label, one.is_conflict, one.is_mine) for one in seen) == sorted(found)


def test_a_body_is_compared_as_text_paragraph_by_paragraph() -> None:
    mine = replace(WAS, messages={"en": replace(EN, body="<p>One\n two</p><p><b>Mine</b> &amp; more</p>")})
    theirs = replace(WAS, messages={"en": replace(EN, body="<p>One two</p><p>Theirs</p>")})

    [one] = differences(mine, theirs, WAS)

    assert one.lines.splitlines() == ["  One two", "- Theirs", "+ Mine & more"]


texts = st.text("ab<>& ", min_size=1, max_size=6)
edits = st.fixed_dictionaries(
    {},
    optional={
        "name": texts,
        "description": texts,
        "start_on": st.dates(date(2026, 11, 24), date(2026, 12, 24)),
        "messages": st.dictionaries(st.sampled_from(("en", "es")), st.builds(Message, texts, texts)),
        "fields": st.dictionaries(st.sampled_from(("sign_off", "call_back_number")), texts),
        "measures": st.sampled_from(((), ("scr-mammogram",), ("dm-a1c",))),
        "skip_closed_gaps": st.booleans(),
    },
)


@given(mine=edits, theirs=edits)
def test_put_together_each_part_is_one_of_the_two_and_nothing_else_changes(
    mine: dict[str, object], theirs: dict[str, object]
) -> None:
    ours, others = replace(WAS, **mine), replace(WAS, **theirs, version=7)  # type: ignore[arg-type]
    found = differences(ours, others, WAS)

    whole = merged(ours, others, [one.part for one in found])
    assert parts(whole) == parts(ours) and whole.version == 7
    assert parts(merged(ours, others, [])) == parts(others)
    of_mine = [one.part for one in found if one.is_mine]
    both = parts(merged(ours, others, of_mine))
    assert all(both.get(part) == parts(ours if part in of_mine else others).get(part) for part in both)


def test_nothing_that_can_be_edited_is_left_out() -> None:
    assert {part[0] for part in parts(WAS)} == set(EDITABLE)


def test_the_second_save_says_who_when_and_what(wb: Workbench) -> None:
    add_clinic(wb)
    accounts.add_user(wb.engine, User("bob", "Bob Sample"), at=wb.now(), by="ana")
    made = campaigns.create(wb, template_id="mammogram-reminder", patient_ids=add_patients(wb, 1))
    opened: Campaign = campaigns.campaign(wb, made)
    campaigns.save(wb.as_user("bob"), made, {"name": "Theirs", "description": "Why"}, version=1)

    with pytest.raises(Conflict) as told:
        campaigns.save(wb, made, {"name": "Mine"}, version=1, opened=opened)

    assert (told.value.by, told.value.at) == ("Bob Sample", wb.now())
    assert [(one.label, one.mine, one.theirs, one.was) for one in told.value.differences] == [
        ("Campaign name", "Mine", "Theirs", opened.name),
        ("Campaign description", "", "Why", ""),
    ]
    for doing in (campaigns.activate, campaigns.stop):
        with pytest.raises(Conflict, match="changed by Bob Sample"):
            doing(wb, made, version=1, opened=opened)
    assert campaigns.campaign(wb, made).status == "inactive"
