"""Care gaps of a small loaded feed: who may see them, on which day, written to files, and rates."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from core import care_gaps, loads
from core.domain.clinical import GAPS
from core.domain.user import Scope, User
from core.errors import CareloopError, NotFound
from core.measures import measures
from core.store import accounts
from core.workbench import Workbench
from tests.conftest import Clock
from tests.feeds import write_files
from tests.homes import Homes

AS_OF = date(2026, 11, 24)

FEED = {
    "manifest.json": '{"source_system": "ehr", "received_at": "2026-11-20T06:00:00+00:00", "full": true}',
    "groups.csv": "group_id,name\ng1,North\ng2,South\n",
    "providers.csv": "provider_id,last,group_id\ndr1,One,g1\ndr2,Two,g2\n",
    "patients.csv": """\
patient_id,first,last,birth_date,sex,group_id,pcp_id,status
due,Ada,A,1970-02-01,F,g1,dr1,active
done,Bea,B,1970-02-01,F,g1,dr1,active
other,Cy,C,1970-02-01,F,g2,dr2,active
unknown,Di,D,1970-02-01,U,g2,dr2,active
gone,Eve,E,1970-02-01,F,g2,dr2,inactive
""",
    "labs.csv": """\
lab_id,patient_id,loinc,value,status,collected_on,resulted_on
l1,due,24604-1,,final,2023-03-04,2023-03-05
l2,done,24604-1,,final,2026-03-04,2026-03-05
l3,other,24604-1,,cancelled,2026-03-04,2026-03-05
""",
    "immunizations.csv": """\
immunization_id,patient_id,cvx,administered_on,status
i1,done,141,2026-10-01,completed
i2,due,141,2026-10-01,not-done
""",
}
ON = [measure for measure in measures().values() if measure.is_on]


@pytest.fixture
def loaded(wb: Workbench, homes: Homes, tmp_path: Path) -> Workbench:
    feed = write_files(tmp_path / "feed", FEED)
    return homes.fill(wb, "care-gaps", lambda: loads.load(wb, feed))


def states(gaps: pl.LazyFrame) -> dict[str, str]:
    return dict(gaps.select("patient_id", pl.col("state").cast(pl.String)).collect().rows())


def test_before_the_first_load_there_are_no_care_gaps(wb: Workbench, tmp_path: Path) -> None:
    assert care_gaps.gaps(wb).collect().is_empty()
    assert care_gaps.rates(wb)["eligible"].to_list() == [0] * len(ON)
    assert care_gaps.rates(wb)["rate"].to_list() == [None] * len(ON)
    with pytest.raises(NotFound, match="Nothing was loaded yet"):
        care_gaps.write_gaps(wb, tmp_path / "gaps.csv", as_of=AS_OF)


def test_each_patient_has_one_row_for_each_measure(loaded: Workbench) -> None:
    gaps = care_gaps.gaps(loaded).collect()

    assert gaps.schema == GAPS
    assert gaps.height == 5 * len(ON)
    assert gaps.select("patient_id", "measure_id").is_duplicated().sum() == 0


def test_a_cancelled_mammogram_does_not_count(loaded: Workbench) -> None:
    assert states(care_gaps.gaps(loaded, measures=["scr-mammogram"])) == {
        "due": "overdue",
        "done": "satisfied",
        "other": "overdue",
        "unknown": "cannot_determine",
        "gone": "excluded",
    }


def test_an_earlier_day_is_decided_from_what_had_happened_by_then(loaded: Workbench) -> None:
    then = care_gaps.gaps(loaded, as_of=date(2025, 3, 4), measures=["scr-mammogram"])

    assert states(then)["due"] == "due_soon"
    assert states(then)["done"] == "overdue"


def test_a_stored_day_and_the_same_day_evaluated_again_agree(loaded: Workbench, clock: Clock) -> None:
    stored = care_gaps.gaps(loaded).sort("patient_id", "measure_id").collect()

    clock.forward(days=1)

    assert care_gaps.gaps(loaded, as_of=AS_OF).sort("patient_id", "measure_id").collect().equals(stored)
    assert care_gaps.gaps(loaded).collect()["as_of"].unique().to_list() == [date(2026, 11, 25)]


def test_gaps_can_be_limited_to_states(loaded: Workbench) -> None:
    overdue = care_gaps.gaps(loaded, measures=["scr-mammogram"], states=["overdue"])

    assert set(states(overdue)) == {"due", "other"}


def test_a_measure_that_does_not_exist_is_named_with_those_that_do(loaded: Workbench) -> None:
    with pytest.raises(NotFound, match=r"There is no measure 'scr-mammo' that is on\. There are dm-a1c"):
        care_gaps.gaps(loaded, measures=["scr-mammo"])


@pytest.mark.parametrize(
    "scope", [Scope(groups=frozenset({"g1"})), Scope(providers=frozenset({"dr1"}))], ids=["group", "provider"]
)
def test_a_user_sees_only_gaps_of_patients_in_scope(loaded: Workbench, scope: Scope) -> None:
    accounts.add_user(loaded.engine, User("nora", "Nora", scope=scope), at=loaded.now(), by="command-line")
    nora = loaded.as_user("nora")

    assert set(care_gaps.gaps(nora).collect()["patient_id"]) == {"due", "done"}
    assert care_gaps.explain(nora, "due", "imm-flu").state == "overdue"
    for hidden in ("other", "nobody"):
        with pytest.raises(NotFound, match="among those you may see"):
            care_gaps.explain(nora, hidden, "imm-flu")


def test_the_evidence_says_up_to_when_our_data_was_looked_at(loaded: Workbench) -> None:
    found = care_gaps.explain(loaded, "other", "scr-mammogram")

    assert found.headline == "Overdue: no record in our data up to Fri 20 Nov 2026."


def test_the_evidence_of_a_patient_has_every_measure_and_agrees_with_the_gaps(loaded: Workbench) -> None:
    for patient_id in ("due", "done", "unknown", "gone"):
        gaps = care_gaps.gaps(loaded).filter(pl.col("patient_id") == patient_id).collect()

        found = care_gaps.explain_patient(loaded, patient_id)

        assert [(each.measure_id, each.state) for each in found] == gaps.select("measure_id", "state").rows()


@pytest.mark.parametrize("name", ["gaps.parquet", "gaps.csv"])
def test_gaps_are_written_to_a_file_and_that_is_recorded(loaded: Workbench, tmp_path: Path, name: str) -> None:
    out = tmp_path / name

    rows = care_gaps.write_gaps(loaded, out, as_of=AS_OF)

    written = pl.read_parquet(out) if name.endswith("parquet") else pl.read_csv(out, try_parse_dates=True)
    assert rows == written.height == 5 * len(ON)
    assert written.columns == list(GAPS)
    assert written["due_on"].dtype == pl.Date
    assert written.select("patient_id", "measure_id").rows() == sorted(
        written.select("patient_id", "measure_id").rows()
    )
    assert [path.name for path in tmp_path.glob("*gaps*")] == [name]


@pytest.mark.parametrize("out", ["gaps.xlsx", "nowhere/gaps.csv"])
def test_a_file_that_cannot_be_written_is_refused_with_what_to_do(loaded: Workbench, tmp_path: Path, out: str) -> None:
    with pytest.raises(CareloopError, match="is not written"):
        care_gaps.write_gaps(loaded, tmp_path / out, as_of=AS_OF)


def test_rates_count_who_is_eligible_up_to_date_and_open(loaded: Workbench) -> None:
    rates = care_gaps.rates(loaded)

    mammogram = rates.row(by_predicate=pl.col("measure_id") == "scr-mammogram", named=True)
    # due, done and other are eligible; sex decides and is unknown for one; one is inactive
    assert (mammogram["eligible"], mammogram["satisfied"], mammogram["open"]) == (3, 1, 2)
    assert mammogram["rate"] == pytest.approx(1 / 3)


def test_out_of_season_nobody_has_an_open_influenza_gap_and_the_rate_stays(loaded: Workbench) -> None:
    spring = care_gaps.rates(loaded, as_of=date(2027, 4, 1))

    flu = spring.row(by_predicate=pl.col("measure_id") == "imm-flu", named=True)
    assert (flu["eligible"], flu["satisfied"], flu["open"]) == (4, 1, 0)


def test_rates_can_be_compared_between_groups(loaded: Workbench) -> None:
    rates = care_gaps.rates(loaded, by=["group_id"]).filter(pl.col("measure_id") == "scr-mammogram")

    assert rates.select("group_id", "eligible", "satisfied", "open").rows() == [("g1", 2, 1, 1), ("g2", 1, 0, 1)]


def test_rates_by_something_else_are_refused_with_what_there_is(loaded: Workbench) -> None:
    with pytest.raises(NotFound, match="There are group_id, pcp_id"):
        care_gaps.rates(loaded, by=["last"])


@pytest.mark.parametrize(
    ("answer", "is_excluded"),
    [
        ({"coding": [{"system": "http://snomed.info/sct", "code": "160734000"}]}, True),
        ({"coding": [{"code": "160734000", "display": "Lives in a nursing home (finding)"}]}, True),
        ({"text": "Nursing home"}, True),
        ({"text": "Lives alone"}, False),
    ],
)
def test_who_lives_in_a_nursing_home_is_excluded_however_the_feed_words_it(
    wb: Workbench, tmp_path: Path, answer: dict[str, object], *, is_excluded: bool
) -> None:
    said = {
        "resourceType": "Observation",
        "id": "h",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "71802-3"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-09-01",
        "valueCodeableConcept": answer,
    }
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"family": "X"}], "birthDate": "1955-01-01"}
    resources = [{**patient, "gender": "female"}, said]
    feed = tmp_path / "fhir"
    feed.mkdir()
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
    (feed / "one.json").write_text(json.dumps(bundle), "utf-8")
    loads.load(wb, feed, format="fhir")

    found = care_gaps.explain(wb, "p1", "scr-mammogram", as_of=AS_OF)

    assert found.state == ("excluded" if is_excluded else "overdue")
