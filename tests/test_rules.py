"""Rules that an organisation edits: drafts, what they would change on today's data, versions, whose schedule counts."""

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import strategies as st
from sqlalchemy import select

from core import care_gaps, loads, rule_drafts, rule_trials, rule_versions, rules, work_lists
from core.domain.clinical import OPEN_STATES
from core.domain.user import Scope, User
from core.domain.work_list import Filter, WorkList
from core.errors import CareloopError, NotAllowed, NotFound, RuleError
from core.measures import measures, texts
from core.sample import write_sample
from core.store import accounts, schema
from core.store.database import reading
from core.workbench import Workbench
from tests.drawn import drawn
from tests.feeds import write_files
from tests.homes import Homes
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

AS_OF = date(2026, 11, 24)
MAMMOGRAM, HIV = "scr-mammogram", "scr-hiv"
# Three years instead of two, with the test patients who show it.
LONGER = (
    texts()[MAMMOGRAM]
    .replace("window: 24m", "window: 36m")
    .replace("{concept: mammogram, on: 2024-11-24}", "{concept: mammogram, on: 2023-11-24}")
    .replace("{concept: mammogram, on: 2024-11-23}", "{concept: mammogram, on: 2023-11-23}")
)
FEED = {
    "groups.csv": "group_id,name\ng1,North\ng2,South\n",
    "patients.csv": """\
patient_id,first,last,birth_date,sex,group_id,status
never,Ada,A,1970-02-01,F,g1,active
lapsed,Bea,B,1970-02-01,F,g1,active
other,Cy,C,1970-02-01,F,g2,active
done,Di,D,1970-02-01,F,g2,active
young,Eve,E,1989-02-01,F,g2,active
child,Fay,F,2025-02-01,F,g2,active
""",
    "labs.csv": """\
lab_id,patient_id,loinc,status,collected_on
l1,lapsed,24604-1,final,2024-03-04
l2,other,24604-1,final,2024-05-04
l3,done,24604-1,final,2026-03-04
""",
}


@pytest.fixture
def loaded(bench: Workbench, homes: Homes, tmp_path: Path) -> Workbench:  # noqa: F811
    feed = write_files(tmp_path / "feed", FEED)
    return homes.fill(bench, "rules", lambda: loads.load(bench, feed))


def lines_of_audit(wb: Workbench) -> list[tuple[str, str, str, dict[str, object]]]:
    rows = schema.audit.c
    with reading(wb.engine) as connection:
        found = connection.execute(
            select(rows.user_id, rows.action, rows.subject, rows.details)
            .where(rows.action.startswith("measure"))
            .order_by(rows.audit_id)
        )
        return [tuple(row) for row in found]


def ids(frame: pl.DataFrame) -> list[str]:
    return frame["patient_id"].to_list()


# ---- drafts ----------------------------------------------------------------------------------------------------------
def test_a_draft_that_comes_out_has_every_test_patient_right(wb: Workbench) -> None:
    draft = rule_drafts.draft(wb, LONGER, measure_id=MAMMOGRAM)

    assert len(draft.results) == 20
    assert draft.wrong == ()
    assert draft.exposes == ()


def test_words_leave_the_kept_out_list_of_any_measure_only_when_that_is_confirmed(wb: Workbench) -> None:
    text = texts()[MAMMOGRAM].replace('revealing: ["mammogram", "mammography", "breast"]', 'revealing: ["breast"]')

    assert rule_drafts.draft(wb, text, measure_id=MAMMOGRAM).exposes == (
        "Subjects and texts could hold words that are kept out now: mammogram, mammography.",
    )


def test_a_rule_of_a_day_that_has_not_come_is_refused(wb: Workbench) -> None:
    later = texts()[MAMMOGRAM].replace("version: 1\n", "version: 1\neffective_from: 2199-12-31\n")

    with pytest.raises(RuleError, match=r"line 4, key 'effective_from': has not come yet"):
        rule_drafts.draft(wb, later, measure_id=MAMMOGRAM)


def test_two_who_find_care_gaps_again_at_once_do_not_disturb_each_other(loaded: Workbench) -> None:
    rules.switch(loaded, MAMMOGRAM, is_on=False)
    wrong: list[BaseException] = []

    def refresh() -> None:
        try:
            loads.refresh(loaded)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=refresh) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_test_patient_that_does_not_come_out_is_named_with_line_expected_and_found(wb: Workbench) -> None:
    draft = rule_drafts.draft(wb, texts()[MAMMOGRAM].replace("window: 24m", "window: 36m"), measure_id=MAMMOGRAM)

    line = texts()[MAMMOGRAM].splitlines().index("  - name: a day more than 24 months ago") + 1
    assert [str(result) for result in draft.wrong] == [
        f"exactly 24 months ago (line {line - 8}): expected due_soon (done), due on 2026-11-24, but the rule finds "
        "satisfied (done), due on 2027-11-24",
        f"a day more than 24 months ago (line {line}): expected overdue (lapsed), due on 2026-11-23, but the rule "
        "finds satisfied (done), due on 2027-11-23",
    ]


@pytest.mark.parametrize(
    ("old", "new", "after", "key"),
    [
        ("window: 24m", "window: soon", 0, "window"),
        ("id: scr-mammogram", "id: scr-breast", 0, "id"),
        ('name: "Scr: Mammogram Overdue"', 'name: "Scr: HIV Test Never Done"', 0, "name"),
        ("version: 1", "version: 1\n\tpurpose: x", 1, ""),
        ("from: 40", "from: 400", 0, "from"),
        ("from: 40", "from: .inf", 0, "from"),
        ("window: 24m", "window: 0m", 0, "window"),
        ("window: 24m", "window: 9999999999m", 0, "window"),
        ("from: 40", 'from: "[1"', 0, "from"),
        ("as_of: 2026-11-24, born: 1970-02-01, sex: F,", "as_of: 0001-01-01, sex: F,", 0, "as_of"),
        ("exclusions: [hospice", "exclusions: [&a hospice, *a", 0, ""),
        ("  sex: F\n", "  when: " + "{not: " * 60 + "{concept: hospice}" + "}" * 60 + "\n", 0, ""),
        ("mammogram, done", "mammogram\x07, done", 0, ""),
    ],
)
def test_a_mistake_in_a_draft_is_refused_with_line_and_key(
    wb: Workbench, old: str, new: str, after: int, key: str
) -> None:
    text = texts()[MAMMOGRAM]
    assert old in text
    line = text[: text.index(old)].count("\n") + 1 + after

    with pytest.raises(RuleError) as refused:
        rule_drafts.draft(wb, text.replace(old, new, 1), measure_id=MAMMOGRAM)

    assert (refused.value.line, refused.value.key) == (line, key)
    assert f"scr-mammogram.yaml, line {line}" in str(refused.value)


@drawn(daily=25, many=100, data=st.data())
def test_whatever_is_typed_a_draft_is_read_or_refused_and_nothing_else_happens(
    wb: Workbench, data: st.DataObject
) -> None:
    text = texts()[data.draw(st.sampled_from(sorted(texts())))].partition("\ncases:")[0]
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 12)))
    words = [
        "",
        "0",
        "-1",
        "999999",
        ".nan",
        "[",
        "]",
        "{",
        "}",
        ": ",
        "\n",
        "- ",
        '"',
        "~",
        "lifetime",
        "age",
        "&a ",
        "*a",
    ]
    typed = data.draw(st.one_of(st.sampled_from(words), st.text(max_size=6)))

    try:
        draft = rule_drafts.draft(wb, text[:start] + typed + text[end:])
    except RuleError as error:
        assert error.line >= 1
    else:
        assert draft.measure.name


# ---- trying ----------------------------------------------------------------------------------------------------------
def test_a_trial_says_who_would_be_gained_and_lost_and_counts_by_state(loaded: Workbench) -> None:
    trial = rule_trials.try_on(loaded, LONGER, measure_id=MAMMOGRAM)

    assert str(trial) == "0 gained, 2 lost if published"
    assert trial.lost.rows() == [
        ("lapsed", "overdue", "lapsed", "satisfied", "done"),
        ("other", "overdue", "lapsed", "satisfied", "done"),
    ]
    assert trial.before == {"overdue": 3, "satisfied": 1, "not_applicable": 2}
    assert trial.after == {"overdue": 1, "satisfied": 3, "not_applicable": 2}


def test_a_trial_shows_only_patients_whom_the_user_may_see(loaded: Workbench) -> None:
    accounts.add_user(
        loaded.engine, User("nora", "Nora", scope=Scope(groups=frozenset({"g1"}))), at=loaded.now(), by="command-line"
    )

    trial = rule_trials.try_on(loaded.as_user("nora"), LONGER, measure_id=MAMMOGRAM)

    assert ids(trial.lost) == ["lapsed"]
    assert sum(trial.before.values()) == sum(trial.after.values()) == 2


def test_a_trial_without_a_load_finds_nobody(wb: Workbench) -> None:
    trial = rule_trials.try_on(wb, LONGER, measure_id=MAMMOGRAM)

    assert (str(trial), dict(trial.before)) == ("0 gained, 0 lost if published", {})


def test_turning_a_rule_off_loses_its_open_gaps_and_turning_it_on_gains_them(loaded: Workbench) -> None:
    off = rule_trials.try_switch(loaded, MAMMOGRAM)
    assert (ids(off.gained), ids(off.lost)) == ([], ["lapsed", "never", "other"])

    rules.switch(loaded, MAMMOGRAM, is_on=False)

    on = rule_trials.try_switch(loaded, MAMMOGRAM)
    assert (ids(on.gained), ids(on.lost)) == (["lapsed", "never", "other"], [])
    assert not rule_trials.try_on(loaded, LONGER, measure_id=MAMMOGRAM).is_on


def test_an_edit_that_turns_a_rule_off_loses_everybody(loaded: Workbench) -> None:
    off = LONGER.replace("due_soon_days: 60", 'due_soon_days: 60\ndefault: "off"')

    assert ids(rule_trials.try_on(loaded, off, measure_id=MAMMOGRAM).lost) == ["lapsed", "never", "other"]


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("practice")
    write_sample(folder, patients=120, seed=3, as_of=AS_OF)
    return folder


@pytest.fixture
def sampled(wb: Workbench, homes: Homes, practice: Path) -> Workbench:
    return homes.fill(wb, "sampled", lambda: loads.load(wb, practice))


def open_ids(wb: Workbench) -> set[str]:
    found = care_gaps.gaps(wb, measures=[MAMMOGRAM], states=OPEN_STATES).select("patient_id").collect()
    return set(found["patient_id"])


@drawn(daily=3, many=12, months=st.integers(1, 240), first=st.integers(1, 70), years=st.integers(0, 60))
def test_gained_and_lost_are_the_difference_of_two_full_evaluations(
    sampled: Workbench, months: int, first: int, years: int
) -> None:
    text = texts()[MAMMOGRAM].partition("\ncases:")[0]
    text = text.replace("window: 24m", f"window: {months}m")
    text = text.replace("from: 40, through: 74", f"from: {first}, through: {first + years}")
    case = (
        "\ncases:\n  - {name: a man, as_of: 2026-11-24, born: 1970-02-01, sex: M, state: not_applicable, reason: sex}\n"
    )
    if not first <= 56 <= first + years:
        case = case.replace("reason: sex", "reason: age")
    base = rule_versions.versions(sampled, MAMMOGRAM)[-1].number
    before = open_ids(sampled)

    trial = rule_trials.try_on(sampled, text + case, measure_id=MAMMOGRAM)
    rule_versions.publish(sampled, text + case, "generated", base=base, measure_id=MAMMOGRAM)

    after = open_ids(sampled)
    assert set(ids(trial.gained)) == after - before
    assert set(ids(trial.lost)) == before - after


# ---- publishing ------------------------------------------------------------------------------------------------------
def test_a_published_rule_finds_todays_gaps_and_its_version_says_who_when_and_why(loaded: Workbench) -> None:
    steps: list[str] = []

    rule_versions.publish(
        loaded, LONGER, "Three years", base=1, measure_id=MAMMOGRAM, progress=lambda what, _share: steps.append(what)
    )

    gap = WorkList(filters=((Filter("alerts", "contains", "Mammogram"),),))
    assert work_lists.run(loaded, gap).ids == ["never"]
    assert care_gaps.explain(loaded, "lapsed", MAMMOGRAM).source.endswith("Rule version 2.")
    shipped, own = rule_versions.versions(loaded, MAMMOGRAM)
    assert (shipped.number, shipped.is_shipped, shipped.at) == (1, True, None)
    assert (own.number, own.note, own.by, own.at) == (2, "Three years", "ana", loaded.now())
    assert own.text == LONGER.replace("version: 1", "version: 2")
    assert "+    - {concept: mammogram, window: 36m}" in rule_versions.compare(shipped, own).splitlines()
    assert lines_of_audit(loaded) == [
        ("ana", "measure.published", MAMMOGRAM, {"version": 2, "gained": 0, "lost": 2, "exposes": 0})
    ]
    assert list(dict.fromkeys(steps)) == ["Trying the rule", "Finding care gaps", "Writing care gaps", "Published"]


def test_sending_knows_the_gaps_of_a_published_rule(loaded: Workbench) -> None:
    rule_versions.publish(loaded, LONGER, "Three years", base=1, measure_id=MAMMOGRAM)

    with reading(loaded.engine) as connection:
        rows = dict(connection.execute(select(schema.open_gaps.c.patient_id, schema.open_gaps.c.measures)).all())
    assert {each for each, open_measures in rows.items() if MAMMOGRAM in open_measures.split()} == {"never"}


def test_a_second_edit_of_the_same_version_is_told_that_somebody_else_published(loaded: Workbench) -> None:
    rule_versions.publish(loaded, LONGER, "Three years", base=1, measure_id=MAMMOGRAM)

    with pytest.raises(NotAllowed, match="somebody else published this measure since you began"):
        rule_versions.publish(loaded, texts()[MAMMOGRAM], "As it was", base=1, measure_id=MAMMOGRAM)

    assert [version.number for version in rule_versions.versions(loaded, MAMMOGRAM)] == [1, 2]


def test_of_two_who_publish_at_once_one_is_told(loaded: Workbench) -> None:
    told: list[str] = []

    def publish() -> None:
        try:
            rule_versions.publish(loaded, LONGER, "Three years", base=1, measure_id=MAMMOGRAM)
        except NotAllowed as error:
            told.append(str(error))

    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [message.split(":")[1].split(" since")[0].strip() for message in told] == [
        "somebody else published this measure"
    ]
    assert [version.number for version in rule_versions.versions(loaded, MAMMOGRAM)] == [1, 2]


def test_a_rule_whose_test_patient_fails_is_not_published_and_the_patient_is_named(loaded: Workbench) -> None:
    with pytest.raises(NotAllowed, match=r"test patient does not come out\. exactly 24 months ago \(line 40\)"):
        rule_versions.publish(
            loaded, texts()[MAMMOGRAM].replace("window: 24m", "window: 36m"), "x", base=1, measure_id=MAMMOGRAM
        )

    assert rules.text_of(loaded, MAMMOGRAM) == texts()[MAMMOGRAM]
    assert lines_of_audit(loaded) == []


def test_a_rule_without_test_patients_and_one_without_a_note_are_not_published(wb: Workbench) -> None:
    bare = texts()[MAMMOGRAM].partition("\ncases:")[0]

    with pytest.raises(NotAllowed, match="no test patient"):
        rule_versions.publish(wb, bare, "x", base=1, measure_id=MAMMOGRAM)
    with pytest.raises(NotAllowed, match="say in the note"):
        rule_versions.publish(wb, LONGER, "  ", base=1, measure_id=MAMMOGRAM)


def test_who_does_not_see_every_group_changes_no_rule(loaded: Workbench) -> None:
    accounts.add_user(
        loaded.engine, User("nora", "Nora", scope=Scope(groups=frozenset({"g1"}))), at=loaded.now(), by="command-line"
    )
    nora = loaded.as_user("nora")
    changes: list[Callable[[], object]] = [
        lambda: rule_versions.publish(nora, LONGER, "x", base=1, measure_id=MAMMOGRAM),
        lambda: rules.switch(nora, MAMMOGRAM, is_on=False),
        lambda: rule_versions.retire(nora, MAMMOGRAM),
        lambda: rules.choose_schedule(nora, "CDC"),
    ]

    for change in changes:
        with pytest.raises(NotAllowed, match="only somebody who sees all of them"):
            change()
    assert not rules.may_change(nora)
    assert lines_of_audit(loaded) == []


def test_going_back_publishes_the_earlier_text_as_a_new_version(loaded: Workbench) -> None:
    rule_versions.publish(loaded, LONGER, "Three years", base=1, measure_id=MAMMOGRAM)

    changed = rule_versions.publish_again(loaded, rule_versions.versions(loaded, MAMMOGRAM)[0], base=2)

    assert str(changed) == "2 gained, 0 lost if published"
    assert [(each.number, each.note) for each in rule_versions.versions(loaded, MAMMOGRAM)] == [
        (1, "As it ships."),
        (2, "Three years"),
        (3, "As it ships, again."),
    ]
    assert rules.text_of(loaded, MAMMOGRAM) == texts()[MAMMOGRAM].replace("version: 1", "version: 3")


def test_a_copy_becomes_a_measure_of_its_own_that_can_be_retired(loaded: Workbench) -> None:
    text = rule_drafts.copy_of(loaded, MAMMOGRAM, "scr-mammogram-45", name="Scr: Mammogram from 45")
    text = text.replace("from: 40", "from: 35").replace("1986-11-2", "1991-11-2")
    assert "scr-mammogram-45" not in rules.every(loaded)

    trial = rule_versions.publish(loaded, text, "For a pilot", base=rule_versions.NEW)

    assert ids(trial.gained) == ["lapsed", "never", "other", "young"]
    own = rules.rule(loaded, "scr-mammogram-45")
    assert (own.measure.name, own.measure.version, own.is_own, own.is_on) == ("Scr: Mammogram from 45", 1, True, True)
    assert care_gaps.gaps(loaded, measures=["scr-mammogram-45"], states=OPEN_STATES).collect().height == 4

    rule_versions.retire(loaded, "scr-mammogram-45")

    assert "scr-mammogram-45" not in care_gaps.measure_names(loaded)
    assert not rules.rule(loaded, "scr-mammogram-45").is_on
    assert [line[1] for line in lines_of_audit(loaded)] == ["measure.published", "measure.retired"]
    with pytest.raises(NotAllowed, match="Turn it off instead"):
        rule_versions.retire(loaded, MAMMOGRAM)


def test_a_copy_needs_an_id_and_a_name_of_its_own(wb: Workbench) -> None:
    for taken in (HIV, "Two Words", "x" * 80):
        with pytest.raises(NotAllowed, match="Choose another"):
            rule_drafts.copy_of(wb, MAMMOGRAM, taken)
    with pytest.raises(RuleError, match="key 'id': 'scr-mammogram' is another measure's id"):
        rule_drafts.draft(wb, LONGER)
    with pytest.raises(RuleError, match="key 'name': another measure has this name"):
        rule_drafts.draft(wb, LONGER.replace("id: scr-mammogram", "id: scr-other"))
    with pytest.raises(RuleError, match="line 1, key 'id': must have lower-case"):
        rule_drafts.draft(wb, LONGER.replace("id: scr-mammogram", 'id: "a b"'))
    with pytest.raises(NotFound):
        rule_drafts.copy_of(wb, "scr-nothing", "scr-new")


# ---- sensitive measures ----------------------------------------------------------------------------------------------
OPENED = texts()[HIV].replace("sensitive: true\n", "")


def test_a_sensitive_measure_stops_being_sensitive_only_when_that_is_confirmed(wb: Workbench) -> None:
    assert rule_drafts.draft(wb, OPENED, measure_id=HIV).exposes == (
        "The measure would no longer be sensitive: messages could name it.",
    )

    with pytest.raises(NotAllowed, match="messages could name it"):
        rule_versions.publish(wb, OPENED, "Open", base=1, measure_id=HIV)
    rule_versions.publish(wb, OPENED, "Open", base=1, measure_id=HIV, exposes_confirmed=True)

    assert not rules.every(wb)[HIV].is_sensitive
    assert lines_of_audit(wb)[0][3]["exposes"] == 1


def test_a_copy_of_a_sensitive_measure_that_is_not_sensitive_must_be_confirmed_too(wb: Workbench) -> None:
    copy = rule_drafts.copy_of(wb, HIV, "scr-blood").replace("sensitive: true\n", "")

    assert rule_drafts.draft(wb, copy).exposes == (
        "It looks for what the sensitive measure 'Scr: HIV Test Never Done' looks for, and is not sensitive itself.",
    )


def test_words_that_a_sensitive_measure_keeps_out_of_messages_are_let_in_only_when_that_is_confirmed(
    wb: Workbench,
) -> None:
    fewer = texts()[HIV].replace('["hiv", "aids"]', '["hiv"]')

    assert rule_drafts.draft(wb, fewer, measure_id=HIV).exposes == (
        "Subjects and texts could hold words that are kept out now: aids.",
    )


# ---- whose schedule counts -------------------------------------------------------------------------------------------
def test_the_organisation_chooses_whose_vaccine_schedule_counts_for_children(loaded: Workbench) -> None:
    assert rules.schedules() == ("AAP", "CDC")
    assert "child" in states_of(loaded, "imm-flu", "overdue")

    trials = {trial.measure_id: trial for trial in rule_trials.try_schedule(loaded, "CDC")}
    rules.choose_schedule(loaded, "CDC")

    assert set(trials) == {"imm-child", "imm-flu", "imm-teen"}
    assert (ids(trials["imm-flu"].gained), ids(trials["imm-flu"].lost)) == ([], ["child"])
    assert "child" not in states_of(loaded, "imm-flu", "overdue")
    assert care_gaps.explain(loaded, "child", "imm-child").missing == (
        "DTaP, polio, MMR, Hib, chickenpox, pneumococcal"
    )
    assert rules.every(loaded)["imm-child"].authority == "CDC"
    assert lines_of_audit(loaded) == [("ana", "measures.schedule_chosen", "CDC", {})]


def test_a_version_of_the_organisations_own_counts_whatever_schedule_is_chosen(loaded: Workbench) -> None:
    text = texts()["imm-flu"].replace("due_soon_days: 31", "due_soon_days: 32")
    rule_versions.publish(loaded, text, "A day earlier", base=1, measure_id="imm-flu")

    assert "imm-flu" not in {trial.measure_id for trial in rule_trials.try_schedule(loaded, "CDC")}
    rules.choose_schedule(loaded, "CDC")

    assert rules.every(loaded)["imm-flu"].schedule == "AAP"


def test_a_schedule_that_does_not_ship_is_refused_with_those_that_do(wb: Workbench) -> None:
    with pytest.raises(NotFound, match="There are AAP, CDC"):
        rules.choose_schedule(wb, "WHO")


def states_of(wb: Workbench, measure_id: str, state: str) -> set[str]:
    return set(care_gaps.gaps(wb, measures=[measure_id], states=[state]).collect()["patient_id"])


def test_the_list_of_rules_says_which_are_on_own_and_edited(loaded: Workbench) -> None:
    rule_versions.publish(loaded, LONGER, "Three years", base=1, measure_id=MAMMOGRAM)
    rules.switch(loaded, "scr-falls", is_on=True)

    listed = {each.measure.measure_id: each for each in rules.listed(loaded)}

    assert set(listed) == set(measures())
    assert {name for name, each in listed.items() if not each.is_on} == {"cvd-statin", "scr-chlamydia", "scr-lung"}
    assert [name for name, each in listed.items() if each.is_edited] == [MAMMOGRAM]
    with pytest.raises(CareloopError, match="There is no measure 'scr-none'"):
        rules.rule(loaded, "scr-none")
