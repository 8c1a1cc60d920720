"""The report as its reader sees it: what the campaign changed, how far patients came, what to do, and follow-ups."""

import re
from datetime import timedelta
from typing import Any

import pytest

from core import campaign_list, campaigns
from core.domain.effects.achieved import NO_ESTIMATE
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.followed import LONG_AGO, SENT, followed, split
from tests.pages import opened, words
from tests.test_pages import campaign, kept, loaded  # noqa: F401 (fixtures)
from tests.test_pages_sending import press

ARMS: dict[str, dict[str, Any]] = {
    "ann": {"closed": 12},
    "bea": {"arm": "hold_out", "state": "hold_out", "handed_over_at": None, "reason": "hold_out"},
}


def tables(app: Any) -> str:
    return "\n".join(str(each.value.to_dict()) for each in [*app.table, *app.dataframe])


def forty(wb: Workbench, rows: dict[str, dict[str, Any]]) -> None:
    """A held-out campaign for forty women with what became of them."""
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 40), status="completed")
    followed(wb, rows, design="hold_out", holdout_share=50)


def test_a_report_with_arms_begins_with_what_the_campaign_changed(kept: Workbench) -> None:  # noqa: F811
    forty(kept, split(20, 12, 4))

    app = opened("report", id="c1")

    assert not app.exception and not app.error
    assert "12 of the 20 to contact closed a gap within 90 days, 8 patients more than without it" in words(app)
    assert {"Contacted", "Held out"} <= set(app.table[1].value["Arm"])
    assert "Over the whole time" in words(app) and "known through" in words(app)
    assert "times as often" in words(app) and "One more closed gap for every" in words(app)


def test_a_report_on_couples_claims_nothing_that_its_interval_does_not(kept: Workbench) -> None:  # noqa: F811
    rows = split(20, 12, 4)
    for number, patient_id in enumerate(rows):
        rows[patient_id]["household"] = f"p{number - number % 2 + 1}"
        if 4 <= number < 20:
            rows[patient_id] |= {"state": "not_sent", "reason": "opted_out", "handed_over_at": None}
    forty(kept, rows)

    said = words(opened("report", id="c1")).replace("\\", "")

    assert "which may be chance" in said and "Among those reached" not in said
    ratio, p = re.search(r"times as often \((\d+\.\d+) to", said), re.search(r"p = (\d\.\d+) \(log-rank\)", said)
    assert ratio and float(ratio[1]) < 1 and p and float(p[1]) > 0.05


def test_a_report_on_few_patients_says_why_it_compares_nothing(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    followed(loaded, ARMS, campaign_id=campaign_id, design="hold_out", status="completed")

    app = opened("report", id=campaign_id)

    assert not app.exception and not app.error
    assert words(app).count("an arm has fewer than 10 households that can be compared") == 2
    assert "Over the whole time" not in words(app) and "points more" not in words(app)


def test_a_report_without_arms_says_that_it_is_no_estimate(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    followed(loaded, {"ann": {"closed": 12}}, campaign_id=campaign_id, status="completed")

    app = opened("report", id=campaign_id)
    app.segmented_control(key="rp_part").set_value("Effect").run()

    assert not app.exception and not app.error
    assert NO_ESTIMATE in words(app) and "regression to the mean" in words(app)


def test_a_window_that_is_not_over_says_from_when_it_is_known(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    through = SENT + timedelta(days=40)
    followed(loaded, ARMS, campaign_id=campaign_id, design="hold_out", status="completed", through=through)

    app = opened("report", id=campaign_id)

    assert "known from Sat 1 Aug 2026" in tables(app) and "known from Mon 31 Aug 2026" in tables(app)
    assert "within 30 days" in words(app) and through < LONG_AGO


PARTS = [
    ("How far they came", "Visit kept"),
    ("What to do", "A letter reaches them"),
    ("By language, provider, group", "Selected"),
]


@pytest.mark.parametrize(("part", "said"), PARTS)
def test_each_part_of_the_report_is_a_table_of_its_own(loaded: Workbench, part: str, said: str) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    rows: dict[str, dict[str, Any]] = {"bea": {"state": "returned", "reason": "returned"}}
    followed(loaded, rows, campaign_id=campaign_id, status="completed")

    app = opened("report", id=campaign_id)
    app.segmented_control(key="rp_part").set_value(part).run()

    assert not app.exception and not app.error
    assert said in tables(app).replace("Meanwhile a letter", "A letter")


def test_a_follow_up_by_letter_is_made_from_a_template(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    followed(loaded, {"ann": {"state": "returned", "reason": "returned"}}, campaign_id=campaign_id, status="completed")

    app = opened("report", id=campaign_id)
    press(app, "rp_asked", ("follow_up:letter", ["ann"]), "fu_make", fu_name="By letter")

    [made] = [one.campaign for one in campaign_list.campaigns(loaded) if one.campaign.name == "By letter"]
    assert (made.channel, made.status) == ("letter", "inactive")
    assert campaigns.patients(loaded, made.campaign_id) == ["ann"]
