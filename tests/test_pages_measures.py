"""The Measures page without a browser: what it shows of a rule, mistakes while editing, and who may change what."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import conformance, loads, rule_drafts, rule_trials, rule_versions, rules
from core.domain.user import Scope, User
from core.errors import NotAllowed
from core.measures import measures, texts
from core.store import accounts
from core.workbench import Workbench
from pages._shared import plain
from tests.feeds import write_files
from tests.homes import Homes
from tests.pages import opened, title, told, words
from tests.test_conformance import result
from tests.test_pages import kept  # noqa: F401 (fixture)
from tests.test_rules import FEED, LONGER, MAMMOGRAM

pytestmark = pytest.mark.long

EDITOR = f"ms_text_{MAMMOGRAM}_1_0"


@pytest.fixture
def practice(kept: Workbench, homes: Homes, tmp_path: Path) -> Workbench:  # noqa: F811
    feed = write_files(tmp_path / "feed", FEED)
    return homes.fill(kept, "rules", lambda: loads.load(kept, feed))


def load_more(wb: Workbench, folder: Path) -> None:
    """The same feed with one patient more."""
    patients = folder / "feed" / "patients.csv"
    patients.write_text(patients.read_text() + "more,Gil,G,1970-02-01,F,g2,active\n")
    loads.load(wb, folder / "feed")


def shown(app: AppTest) -> str:
    """The text in the editor."""
    return str(app.text_area[0].value)


def part(app: AppTest, name: str, measure_id: str = MAMMOGRAM) -> AppTest:
    app.session_state[f"ms_part_{measure_id}"] = name
    return app.run()


def typed(text: str) -> AppTest:
    app = part(opened("measures", id=MAMMOGRAM), "Edit")
    return app.text_area(key=EDITOR).set_value(text).run()


def test_the_list_shows_every_measure_with_its_marks_and_open_gaps(practice: Workbench) -> None:
    app = opened("measures")

    assert not app.exception
    assert app.button(key=f"ms_open_{MAMMOGRAM}").label == "3 open gaps today"
    assert app.toggle(key=f"ms_on_{MAMMOGRAM}_0").value
    assert not app.toggle(key="ms_on_scr-falls_0").value
    assert len([text for text in app.caption if "Read it" in text.value]) == 22
    assert sum("Sensitive" in text.value for text in app.markdown) == 2


def test_a_search_finds_measures_by_name_purpose_and_authority(practice: Workbench) -> None:
    app = opened("measures")

    app.text_input(key="ms_search").set_value("breast").run()
    assert [toggle.key for toggle in app.toggle] == []
    app.text_input(key="ms_search").set_value("mammogram").run()
    assert [toggle.key for toggle in app.toggle] == [f"ms_on_{MAMMOGRAM}_0"]


def test_a_switch_changes_nothing_before_it_is_confirmed(practice: Workbench) -> None:
    app = opened("measures")

    app.toggle(key=f"ms_on_{MAMMOGRAM}_0").set_value(False).run()

    assert "Turning it off closes **3 open care gaps** for everybody." in words(app)
    assert rules.rule(practice, MAMMOGRAM).is_on


@pytest.mark.parametrize("measure_id", sorted(measures()))
def test_each_measure_can_be_read(practice: Workbench, measure_id: str) -> None:
    app = opened("measures", id=measure_id)

    assert not app.exception
    assert title(app) == plain(measures()[measure_id].name)
    said = words(app)
    assert plain(measures()[measure_id].closes) in said
    assert plain(measures()[measure_id].source) in said


def test_windows_are_shown_as_days_of_today_and_a_sensitive_measure_says_what_patients_read(
    practice: Workbench,
) -> None:
    described = rules.described(practice, measures()[MAMMOGRAM])
    line = described.satisfied_by[0].sentence

    assert plain(line) in words(opened("measures", id=MAMMOGRAM))
    assert "no message may name this measure" in words(opened("measures", id="scr-hiv"))


def test_a_mistake_is_shown_with_its_line_and_the_lines_around_it(practice: Workbench) -> None:
    app = typed(texts()[MAMMOGRAM].replace("window: 24m", "window: soon"))

    line = texts()[MAMMOGRAM].splitlines().index("    - {concept: mammogram, window: 24m}") + 1
    assert f"line {line}, key 'window': must be days, months or years" in app.error[0].value.replace("\\", "")
    assert f">   {line}      - {{concept: mammogram, window: soon}}" in app.code[0].value
    assert [button.key for button in app.button if button.key in ("ms_try", "ms_publish")] == []


def test_what_is_published_must_be_tried_first_and_its_test_patients_must_come_out(practice: Workbench) -> None:
    app = typed(texts()[MAMMOGRAM].replace("window: 24m", "window: 36m"))
    assert "2 of 20 test patients do not come out as described" in words(app)
    assert "Its test patients must come out first." in words(app)

    app.text_area(key=EDITOR).set_value(LONGER).run()
    assert "Try it on today's data first." in words(app)

    app.button(key="ms_try").click().run()
    assert not app.exception
    assert "#### 0 gained, 2 lost if published" in words(app)
    assert not app.button(key="ms_publish").disabled
    assert len(told(practice)["trial_lost"]) == 2 and "trial_gained" not in told(practice)
    assert [next(iter(frame.value.columns)) for frame in app.dataframe] == ["Outcome", "State", "Patient"]


def test_a_trial_counts_no_longer_after_another_load(practice: Workbench, tmp_path: Path) -> None:
    app = typed(LONGER)
    app.button(key="ms_try").click().run()
    assert not app.button(key="ms_publish").disabled

    load_more(practice, tmp_path)
    app.run()

    assert app.button(key="ms_publish").disabled
    assert "The data, the day or the rules changed since it was tried: try it again." in words(app)
    assert "gained, 2 lost" not in words(app)
    app.button(key="ms_try").click().run()
    assert not app.button(key="ms_publish").disabled


def test_a_trial_of_one_measure_is_none_of_another_with_the_same_text(practice: Workbench) -> None:
    trial = rule_trials.try_on(practice, LONGER, measure_id=MAMMOGRAM)

    assert trial.basis == rule_trials.basis(practice, LONGER, measure_id=MAMMOGRAM)
    assert trial.basis != rule_trials.basis(practice, LONGER)
    rules.switch(practice, "imm-flu", is_on=False)
    assert trial.basis != rule_trials.basis(practice, LONGER, measure_id=MAMMOGRAM)


def test_a_rule_is_not_published_by_the_numbers_of_a_trial_on_an_older_load(
    practice: Workbench, tmp_path: Path
) -> None:
    trial = rule_trials.try_on(practice, LONGER, measure_id=MAMMOGRAM)
    load_more(practice, tmp_path)

    with pytest.raises(NotAllowed, match="are others than in the trial"):
        rule_versions.publish(practice, LONGER, "Three years", base=1, measure_id=MAMMOGRAM, tried=trial)

    assert len(rule_versions.versions(practice, MAMMOGRAM)) == 1


def test_the_evidence_of_a_trial_is_by_the_edited_rule_and_then_by_the_one_that_counts(practice: Workbench) -> None:
    app = typed(LONGER)
    app.button(key="ms_try").click().run()

    app.session_state["ms_evidence_of"] = "lapsed"
    app.run()

    assert not app.exception
    cards = [(each.label, each.proto.expanded) for each in app.expander if "Mammogram" in each.label]
    (first, is_unfolded), (second, is_second_unfolded) = cards
    assert "Up to date" in first and "By the edited rule" in first and is_unfolded
    assert "Overdue" in second and not is_second_unfolded
    assert "due again by Thu 4 Mar 2027" in words(app)


def test_who_edits_while_somebody_else_publishes_is_told(practice: Workbench) -> None:
    app = typed(LONGER)

    rule_versions.publish(practice, LONGER, "Three years", base=1, measure_id=MAMMOGRAM)
    app.run()

    assert "Somebody published this measure since you began" in words(app)
    assert app.text_area(key=EDITOR).value == LONGER


def test_versions_say_who_and_why_and_what_changed(practice: Workbench) -> None:
    rule_versions.publish(practice, LONGER, "Three *years*", base=1, measure_id=MAMMOGRAM)

    app = part(opened("measures", id=MAMMOGRAM), "Versions")

    assert plain("Three *years*") in words(app)
    assert "Ana Lyst · 0 gained, 2 lost" in words(app) or "analyst · 0 gained, 2 lost" in words(app)
    assert "+    - {concept: mammogram, window: 36m}" in app.code[0].value
    app.button(key="ms_back_1_True").click().run()
    assert "opens **2 care gaps** and closes **0**" in words(app)


def test_who_sees_a_part_of_the_practice_may_read_and_try_but_not_change(practice: Workbench) -> None:
    scope = Scope(groups=frozenset({"g1"}))
    accounts.add_user(practice.engine, User("analyst", "North", scope=scope), at=practice.now(), by="command-line")

    app = opened("measures")
    assert all(toggle.disabled for toggle in app.toggle)
    assert app.button(key=f"ms_open_{MAMMOGRAM}").label == "2 open gaps today"

    app = typed(LONGER)
    app.button(key="ms_try").click().run()
    assert "#### 0 gained, 1 lost if published" in words(app)
    assert app.button(key="ms_publish").disabled
    assert "Cy" not in str(app.main)


def test_a_copy_is_edited_under_an_id_of_its_own(practice: Workbench) -> None:
    app = opened("measures", copy=MAMMOGRAM)

    assert not app.exception
    assert app.text_area[0].value == rule_drafts.copy_of(practice, MAMMOGRAM, "scr-mammogram-own")


def test_start_again_shows_the_text_of_the_newest_version(practice: Workbench) -> None:
    app = typed(LONGER)

    app.button(key="ms_again").click().run()

    assert app.text_area[0].value == texts()[MAMMOGRAM]
    app.text_area[0].set_value(LONGER).run()
    assert app.text_area[0].value == LONGER


def test_a_copy_of_one_measure_never_shows_the_text_of_another(practice: Workbench) -> None:
    app = opened("measures", copy=MAMMOGRAM)
    app.text_area[0].set_value(shown(app) + "# mine\n").run()

    app.query_params["copy"] = "imm-flu"
    app.run()

    assert app.text_area[0].value == rule_drafts.copy_of(practice, "imm-flu", "imm-flu-own")
    app.query_params["copy"] = MAMMOGRAM
    app.run()
    assert shown(app).endswith("# mine\n")


def test_the_id_chosen_for_one_copy_is_not_that_of_another(practice: Workbench) -> None:
    app = part(opened("measures", id=MAMMOGRAM), "Edit")
    app.text_input(key=f"ms_copy_id_{MAMMOGRAM}").set_value("scr-breast")
    app.button(key="ms_copy").click().run()
    assert 'id: "scr-breast"' in shown(app)

    app.query_params["copy"] = "imm-flu"
    app.run()

    assert 'id: "imm-flu-own"' in shown(app)


def test_an_id_that_a_copy_cannot_have_is_told_where_another_can_be_chosen(practice: Workbench) -> None:
    app = part(opened("measures", id=MAMMOGRAM), "Edit")
    app.text_input(key=f"ms_copy_id_{MAMMOGRAM}").set_value("Not an id")
    app.button(key="ms_copy").click().run()

    assert "Choose another one" in words(app)
    app.text_input(key=f"ms_copy_id_{MAMMOGRAM}").set_value("scr-breast")
    app.button(key="ms_copy").click().run()
    assert not app.exception
    assert 'id: "scr-breast"' in shown(app)


def test_a_link_to_a_copy_whose_id_is_taken_meanwhile_asks_for_another_one(practice: Workbench) -> None:
    text = rule_drafts.copy_of(practice, MAMMOGRAM, f"{MAMMOGRAM}-own", name="Breast")
    rule_versions.publish(practice, text, "Ours", base=rule_versions.NEW)

    app = opened("measures", copy=MAMMOGRAM)

    assert "There is a measure" in words(app) and not app.text_area
    app.text_input(key=f"ms_copy_id_{MAMMOGRAM}").set_value("scr-breast")
    app.text_input(key=f"ms_copy_name_{MAMMOGRAM}").set_value("Breasts")
    app.button(key="ms_copy").click().run()
    assert 'id: "scr-breast"' in shown(app)


@pytest.mark.parametrize("query", [{"id": "nowhere"}, {"copy": "nowhere"}])
def test_a_measure_that_does_not_exist_is_told(practice: Workbench, query: dict[str, str]) -> None:
    app = opened("measures", **query)

    assert not app.exception
    assert [error.value for error in app.error] == ["This measure does not exist. Look for it in the list of measures."]
    assert [getattr(link, "label", "") for link in app.get("page_link")] == ["All measures"]


def test_kept_results_of_official_test_patients_are_shown_with_the_cases_that_differ(practice: Workbench) -> None:
    conformance.keep(practice, [result(), result("CMS69", wrong=0)])

    app = opened("measures")

    shown = app.dataframe[0].value
    assert shown[["Official measure", "Cases", "Match", "Differ"]].values.tolist() == [
        ["CMS69", 3, 3, 0],
        ["CMS125", 3, 2, 1],
    ]
    assert app.dataframe[1].value["Case"].tolist() == ["case-0"]
