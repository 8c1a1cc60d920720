"""Every page and every public function for every role: what is not allowed is not shown, and refused when asked for."""

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from core import campaigns, new_campaigns
from core.domain.role import MAKE_CAMPAIGNS, PERMISSIONS, READ_PATIENTS, ROLES, refusal
from core.domain.user import Scope, User
from core.domain.work_list import WorkList
from core.errors import CareloopError, NotAllowed
from core.store import accounts
from core.workbench import Workbench
from tests.conftest import ROOT
from tests.pages import opened, title, words
from tests.test_pages import ODD, campaign, kept, loaded  # noqa: F401 (fixtures)

LAST_NAME, OUT_OF_SIGHT = "Árbol", "Cole"  # of patients 'ann' and 'cy'
Public = Callable[..., Any]
# What needs no permission, by why: everybody who is signed in reads figures, rules and what campaigns are about; some
# check by themselves because it depends on what is asked for; some are asked for with a proof of their own.
OPEN = {
    "figures, rules and names": """
        campaign_list.campaigns campaign_list.page campaign_list.refused_by_carriers campaigns.campaign
        campaigns.progress campaigns.schedule campaigns.schedule_if_active campaigns.may_change
        draft_problems.problems_of
        care_gaps.end_of care_gaps.measure_names care_gaps.rates codes.status conformance.codes_of
        conformance.kept dispatcher.last_seen downloads.documents feed_conflicts.waiting_count feed_gate.gate
        feed_gate.lines feed_gate.waiting_count feed_quality.table gap_rates.export_measures
        gap_rates.export_slices gap_rates.is_trend_known gap_rates.measure_rates gap_rates.slice_rates
        gap_rates.trend gap_rates.year_rates gap_targets.may_set gap_targets.targets inbox.waiting_count
        introductions.in_force introductions.may_turn
        introductory_email.may_save introductory_email.preview introductory_email.problems
        introductory_email.versions letter_pictures.of_example letter_pictures.example_pages load_rows.current
        loads.defects loads.history loads.unmapped_codes local_codes.mappings local_codes.orphans
        local_codes.unmapped logos.logo logos.logos logos.organisation_logo message_costs.cost
        new_campaigns.sister_templates new_campaigns.sisters opt_out_topics.topics
        outbox_texts.is_stand_in print_progress.not_printed print_progress.run_of print_progress.under_way
        report_parts.parts effects.pooled effects.repeats effects.is_awaited
        reports.report return_addresses.chosen return_addresses.return_addresses rule_trials.basis
        rule_versions.versions rules.described rules.every rules.in_force rules.listed rules.may_change
        rules.sees_all rules.rule rules.text_of sending_control.holds sending_control.may_resume
        templates.example templates.example_campaign templates.findings templates.invented
        users.can_anybody_sign_in users.name_of users.names_of work_lists.check_limit work_lists.choices
        work_lists.fields work_lists.group_choices work_lists.provider_choices contact_problems.problem_names
        account_tests.last_tests approval_state.is_on approvals.state approvals.waiting campaign_list.by_day
        home_mode.is_live home_mode.mode lateness.alarms reconciling.lines templates.offered watching.arrivals
        board_report.campaign_pdf board_report.overview_pdf report_exports.write_figures
        readers.notes_of_all overview.overview overview.choices equity.equity equity.is_kept coming.coming
    """,
    "it writes what follows from data and day, the same whoever asks": """
        loads.refresh
    """,
    "it depends on what is asked for": """
        campaigns.activate campaigns.inactivate campaigns.stop allowed.allowed allowed.allowed_each downloads.content
        downloads.delete downloads.why_not_fetch feed_conflicts.settle paper_forms.consent_form paper_forms.left_blank
        paper_forms.opt_out_request demo.clock_shift demo.move_clock demo.move_clock_to_sunday
        demo.move_clock_to_window demo.reset_clock report_schedules.schedules report_schedules.leave
        report_schedules.unanswered
    """,
    "with a proof of its own": """
        demo_people.become sign_in.sign_in sign_in.choose_password sign_in.change_password sessions.find
        sessions.begin sessions.seen sessions.why_ended sessions.end sessions.seconds_left sessions.limits
        stop_links.has_stopped
        stop_links.is_sample_link stop_links.stop_by_link calls.answered calls.pressed receipts.take_all
        incoming_texts.take_all audit.shown openid.begin openid.finish openid.name openid.sign_out_url
        support.ask support.request_of
    """,
}
OPEN_NAMES = {name for names in OPEN.values() for name in names.split()}
PAGES = {
    "home": "",
    "work_list": "read_patients",
    "care_gaps": "",
    "measures": "",
    "campaigns": "",
    "library": "make_campaigns",
    "replies": "answer_replies",
    "outbox": "read_patients",
    "overview": "",
    "downloads": "",
    "data": "read_patients",
    "introductions": "change_organisation",
    "settings": "change_organisation",
    "going_live": "operate",
    "users": "manage_users",
    "audit": "read_audit",
    "help": "",
}


def public_functions() -> dict[str, Public]:
    """Every public function of core whose first argument is a workbench, by 'module.name'."""
    found: dict[str, Public] = {}
    for path in sorted((ROOT / "core").glob("*.py")):
        if path.stem in ("__init__", "__main__"):
            continue
        module = importlib.import_module(f"core.{path.stem}")
        for name, value in vars(module).items():
            if inspect.isfunction(value) and not name.startswith("_") and value.__module__ == module.__name__:
                parameters = list(inspect.signature(value).parameters)
                if parameters[:1] == ["wb"]:
                    found[f"{path.stem}.{name}"] = value
    return found


FUNCTIONS = public_functions()
GUARDED = {name: function for name, function in FUNCTIONS.items() if hasattr(function, "needs")}


def asked_from_outside() -> set[str]:
    """The public functions that pages, commands, web routes and notebooks call, by 'module.name'."""
    made_in = {(function.__module__, function.__name__): name for name, function in FUNCTIONS.items()}
    called: set[str] = set()
    for path in [*(ROOT / "pages").glob("*.py"), *(ROOT / "core" / "commands").glob("*.py"), *_doors()]:
        for module, name in _names_used(path):
            value = getattr(importlib.import_module(f"core.{module}"), name, None)
            key = (getattr(value, "__module__", ""), getattr(value, "__name__", ""))
            if key in made_in:
                called.add(made_in[key])
    return called


def _doors() -> Iterator[Path]:
    yield ROOT / "core" / "__main__.py"
    yield from (ROOT / "core" / "web").glob("*.py")


def _names_used(path: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "core":
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("core."):
            module = node.module.removeprefix("core.")
            if "." not in module and module not in ("errors", "settings", "workbench"):
                yield from ((module, alias.name) for alias in node.names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield modules[node.value.id], node.attr


def acting(wb: Workbench, role: str) -> Workbench:
    return replace(wb, user=User("somebody", "Somebody", roles=frozenset({role})))


@pytest.mark.parametrize("name", sorted(asked_from_outside()))
def test_every_function_that_is_asked_from_outside_needs_a_permission_or_says_why_not(name: str) -> None:
    assert (name in GUARDED) != (name in OPEN_NAMES), f"mark core.{name} with @needs, or say in OPEN why it needs none"


def test_nothing_is_called_open_that_is_not_there() -> None:
    assert not OPEN_NAMES - FUNCTIONS.keys()


@pytest.mark.parametrize("role", ROLES)
def test_every_function_is_refused_to_a_role_without_its_permission(wb: Workbench, role: str) -> None:
    somebody = acting(wb, role)
    for name, function in GUARDED.items():
        needed, arguments = function.needs, [None] * _required(function)
        assert needed in PERMISSIONS
        if needed in ROLES[role].permissions:
            with pytest.raises(Exception) as other:  # whatever comes of such arguments, it is no refusal
                function(somebody, *arguments, **{"\x00no such argument": None})
            assert refusal(needed) not in str(other.value), name
        else:
            with pytest.raises(NotAllowed) as refused:
                function(somebody, *arguments)
            assert str(refused.value) == refusal(needed), name


def _required(function: Public) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return sum(1 for one in parameters if one.kind in kinds and one.default is inspect.Parameter.empty)


def test_whoever_has_no_role_may_nothing(wb: Workbench) -> None:
    nobody = replace(wb, user=User("nobody", "Nobody", roles=frozenset()))

    for function in GUARDED.values():
        with pytest.raises(NotAllowed):
            function(nobody, *[None] * _required(function))


SOME_ROLES = [
    role if role in ("analyst", "data_scientist") else pytest.param(role, marks=pytest.mark.long) for role in ROLES
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", SOME_ROLES)
def test_every_page_opens_for_whoever_may_see_it_and_says_whom_to_ask_otherwise(
    loaded: Workbench,  # noqa: F811
    role: str,
    page: str,
) -> None:
    person = User("robin", "Robin", roles=frozenset({role}))
    accounts.add_user(loaded.engine, person, at=loaded.now(), by="command-line")

    app = opened(page, user="robin")

    assert not app.exception
    needed = PAGES[page]
    if not needed or needed in ROLES[role].permissions:
        assert [each.value for each in app.error] == []
        assert title(app)
    else:
        assert [each.value for each in app.error] == [refusal(needed)]
        assert ODD not in words(app)


@pytest.mark.parametrize("page", ["patient", "campaign_editor", "report"])
@pytest.mark.parametrize("role", SOME_ROLES)
def test_a_link_to_a_patient_or_campaign_opens_for_whoever_may_see_it(
    loaded: Workbench,  # noqa: F811
    role: str,
    page: str,
) -> None:
    person = User("robin", "Robin", roles=frozenset({role}))
    accounts.add_user(loaded.engine, person, at=loaded.now(), by="command-line")
    made = "ann" if page == "patient" else campaign(loaded)

    app = opened(page, user="robin", id=made)

    assert not app.exception
    if page == "report" or "read_patients" in ROLES[role].permissions:
        assert not app.error
    else:
        assert [each.value for each in app.error] == [refusal("read_patients")]
        assert LAST_NAME not in everything(app)
    if page == "report":
        assert (LAST_NAME in everything(app)) == ("read_patients" in ROLES[role].permissions)


def everything(app: AppTest) -> str:
    """The words of a page, its titles and the cells of its tables."""
    return "\n".join(
        [words(app), *(str(each.value) for each in app.title), *(each.value.to_csv() for each in app.dataframe)]
    )


def given(function: Public, made: str) -> dict[str, Any] | None:
    """Arguments for a question, about the patient who is out of sight where it asks for one; None for one that needs
    more than that."""
    known = {
        "patient_id": "cy",
        "patient_ids": ["cy"],
        "campaign_id": made,
        "work_list": WorkList(),
        "measure_id": "scr-mammogram",
        "by": "group",
        "language": "en",
        "out": BytesIO(),
    }
    found: dict[str, Any] = {}
    for one in list(inspect.signature(function).parameters.values())[1:]:
        if one.default is inspect.Parameter.empty and one.kind is not inspect.Parameter.VAR_KEYWORD:
            if one.name not in known:
                return None
            found[one.name] = known[one.name]
    return found


CHANGES = {
    "backup",
    "add",
    "save",
    "delete",
    "remove",
    "create",
    "copy",
    "stop",
    "merge",
    "load",
    "run",
    "activate",
    "inactivate",
}
QUESTIONS = {
    name: function
    for name, function in FUNCTIONS.items()
    if (name in GUARDED or name in OPEN_NAMES)
    and name.partition(".")[2].partition("_")[0] not in CHANGES
    and given(function, "") is not None
}


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_no_question_tells_of_a_patient_who_is_out_of_sight(loaded: Workbench, name: str) -> None:  # noqa: F811
    made = new_campaigns.create(loaded, template_id="mammogram-reminder", patient_ids=["ann", "cy"])
    limited = replace(loaded, user=replace(loaded.user, user_id="lim", scope=Scope(groups=frozenset({"g1"}))))
    arguments = given(QUESTIONS[name], made)
    assert arguments is not None

    try:
        answer = QUESTIONS[name](limited, **arguments)
    except CareloopError as error:
        answer = str(error)

    assert OUT_OF_SIGHT not in told(answer)


def test_nothing_that_may_be_asked_about_a_campaign_tells_a_data_scientist_who_is_in_it(
    loaded: Workbench,  # noqa: F811
) -> None:
    made = new_campaigns.create(loaded, template_id="mammogram-reminder", patient_ids=["ann", "cy"])
    scientist = acting(loaded, "data_scientist")
    known = {"campaign_id": made, "campaign": campaigns.campaign(scientist, made)}

    for name, function in FUNCTIONS.items():
        parameters = list(inspect.signature(function).parameters.values())[1:]
        asked = [one.name for one in parameters if one.default is inspect.Parameter.empty]
        if name not in GUARDED and asked and set(asked) <= known.keys():
            try:
                answer = function(scientist, **{each: known[each] for each in asked})
            except CareloopError:
                continue
            assert not re.search(r"\b(ann|cy)\b", told(answer)), name


def test_whoever_makes_campaigns_may_see_patients() -> None:
    assert all(READ_PATIENTS in role.permissions for role in ROLES.values() if MAKE_CAMPAIGNS in role.permissions)


def told(answer: Any) -> str:
    """Everything that an answer holds, as text."""
    if isinstance(answer, pl.DataFrame):
        return str(answer.rows())
    if isinstance(answer, bytes):
        return answer.decode("utf-8", "replace")
    if is_dataclass(answer) and not isinstance(answer, type):
        return " ".join(told(getattr(answer, field.name)) for field in fields(answer))
    if isinstance(answer, Mapping):
        return " ".join(told(each) for pair in answer.items() for each in pair)
    if isinstance(answer, list | tuple | set | frozenset):
        return " ".join(told(each) for each in answer)
    return str(answer)
