"""The share of an organisation's own care gaps that close without a campaign, before one is made."""

from pathlib import Path

from core import campaigns, designs
from core.workbench import Workbench
from tests.clinic import MAMMOGRAM, add_campaign
from tests.feeds import without_rules
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_outcomes import PROCEDURE, days_after, load, mammogram, woman, women

EVERYBODY = [f"p{number}" for number in range(1, 7)]


def test_of_ninety_days_only_what_somebody_did_closes_a_gap(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    without_rules(bench, but=[MAMMOGRAM])
    load(bench, tmp_path, days_after(0), patients=women(*map(woman, EVERYBODY)), procedures=[PROCEDURE])
    dead = [woman(each, status="deceased", died=f"{days_after(20)}") for each in EVERYBODY[4:]]
    patients = women(*map(woman, EVERYBODY[:4]), *dead)
    later = load(bench, tmp_path, days_after(95), patients=patients, procedures=[PROCEDURE, mammogram("p1", 40)])
    add_campaign(later, EVERYBODY, start_on=days_after(95))

    assert designs.own_base(later, campaigns.campaign(later, "c1")) == 1 / 6
