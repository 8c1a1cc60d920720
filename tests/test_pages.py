"""Every page, run without a browser: on an empty home, a loaded one, for somebody who sees little, with odd names."""

import csv
import smtplib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import campaigns, loads, local_codes, new_campaigns, saved_views, users
from core.channels.outbox import start_outbox
from core.domain.slices import gap_list
from core.domain.user import Scope, User
from core.domain.wording import day_text
from core.domain.work_list import WorkList
from core.errors import CareloopError
from core.settings import read_settings
from core.store import accounts
from core.workbench import Workbench, open_workbench
from pages import _shared
from pages._shared import plain
from tests.conftest import ROOT
from tests.feeds import write_feed
from tests.homes import Homes
from tests.pages import opened, sign_in, title, words

PAGES = (
    "home",
    "work_list",
    "care_gaps",
    "measures",
    "campaigns",
    "replies",
    "library",
    "outbox",
    "downloads",
    "data",
    "introductions",
    "campaign_editor",
    "report",
)
WITH_CAMPAIGN = ("campaign_editor", "report")
ODD = "**Ann** <b>*x*</b> :red[y] [z](http://127.0.0.1) $a$ _b_ `c` # d"
BORN = {"birth_date": "1970-02-01", "sex": "F", "status": "active", "group_id": "g1", "pcp_id": "d1"}
FEED: dict[str, list[dict[str, str]]] = {
    "groups": [{"group_id": "g1", "name": f"Group {ODD}"}, {"group_id": "g2", "name": "Hillside"}],
    "providers": [
        {"provider_id": "d1", "last": "Lake", "group_id": "g1", "is_pcp": "yes", "display_name": f"Dr. {ODD}"},
        {"provider_id": "d2", "last": "Hill", "group_id": "g2", "is_pcp": "yes", "display_name": "Dr. Hill"},
    ],
    "patients": [
        {"patient_id": "ann", "first": ODD, "last": "Árbol", "email": "ann@clinic-mail.org", **BORN},
        {"patient_id": "bea", "first": "Bea", "last": ODD, "email": "bea@clinic-mail.org", **BORN},
        {"patient_id": "cy", "first": "Cy", "last": "Cole", **BORN, "group_id": "g2", "pcp_id": "d2"},
    ],
}


@pytest.fixture
def kept(home: Path, homes: Homes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """A home as the pages find it by the environment; the analyst acts."""
    monkeypatch.setenv("CARELOOP_HOME", str(home))
    settings = read_settings({"CARELOOP_HOME": str(home)})
    homes.new(settings)
    wb = open_workbench(settings)
    accounts.add_user(wb.engine, User("analyst", "Ana Lyst"), at=wb.now(), by="command-line")
    st.cache_resource.clear()
    yield wb.as_user("analyst")
    st.cache_resource.clear()
    wb.engine.dispose()


@pytest.fixture
def loaded(kept: Workbench, homes: Homes, tmp_path: Path) -> Workbench:
    return homes.fill(kept, "odd-names", lambda: loads.load(kept, odd_feed(tmp_path / "feed")))


def odd_feed(feed: Path) -> Path:
    feed.mkdir()
    for table, rows in FEED.items():
        with (feed / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(column for row in rows for column in row)))
            writer.writeheader()
            writer.writerows(rows)
    return feed


def campaign(wb: Workbench, **more: str) -> str:
    return new_campaigns.create(
        wb, template_id="mammogram-reminder", patient_ids=["ann", "bea"], work_list=WorkList(), **more
    )


def query_of(wb: Workbench, page: str) -> dict[str, str]:
    return {"id": campaign(wb)} if page in WITH_CAMPAIGN else {}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_an_empty_home_says_what_to_do(kept: Workbench, page: str) -> None:
    app = opened(page)

    assert not app.exception
    assert not app.error
    assert len(app.title) == 1
    words = " ".join(element.value for element in [*app.info, *app.markdown])
    assert any(
        word in words
        for word in (
            "careloop load", "No campaign yet", "No reply waits", "No mail yet", "No file yet", "Choose", "template",
            "####",
        )
    )  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_loaded_home_is_shown(loaded: Workbench, page: str) -> None:
    app = opened(page, **query_of(loaded, page))

    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


@pytest.mark.parametrize("page", PAGES)
def test_somebody_who_may_see_little_is_shown_no_more(loaded: Workbench, page: str) -> None:
    accounts.add_user(loaded.engine, User("boss", "Bo Ss"), at=loaded.now(), by="command-line")
    query = query_of(loaded.as_user("boss"), page)
    scope = Scope(groups=frozenset({"g2"}))
    accounts.add_user(loaded.engine, User("analyst", "Hill Only", scope=scope), at=loaded.now(), by="command-line")

    app = opened(page, **query)

    assert not app.exception
    everything = str(app.main) + str(app.sidebar)
    assert "clinic-mail.org" not in everything
    assert "rbol" not in everything
    if page in (*WITH_CAMPAIGN, "outbox"):
        assert len(app.error) == 1


@pytest.mark.parametrize("page", WITH_CAMPAIGN)
def test_what_does_not_exist_is_told_and_breaks_nothing(loaded: Workbench, page: str) -> None:
    app = opened(page, id="nowhere")

    assert not app.exception
    assert [error.value for error in app.error] == [
        "This campaign does not exist. Look for it in the list of campaigns."
    ]


def test_the_editor_says_on_which_day_a_sunday_start_goes_out_and_when_it_is_done(loaded: Workbench) -> None:
    campaign_id, today = campaign(loaded), loaded.today()
    sunday = today + timedelta(days=13 - today.weekday())
    was = campaigns.campaign(loaded, campaign_id)
    campaigns.save(loaded, campaign_id, {"start_on": sunday}, version=was.version)

    app = opened("campaign_editor", id=campaign_id, step="delivery")

    assert not app.exception
    [said] = [text.value for text in app.caption if "is a Sunday" in text.value]
    assert f"{day_text(sunday)} is a Sunday, so the campaign goes out on" in said
    assert "Goes out" in said and "done about 9:05" in said


def test_a_link_to_a_view_that_was_deleted_is_told_and_the_list_is_shown(loaded: Workbench) -> None:
    app = opened("work_list", view="gone")

    assert not app.exception
    assert len(app.error) == 1
    assert "3 patients" in [heading.value for heading in app.subheader]


def test_a_tab_forgets_what_it_holds_of_somebody_else_who_was_signed_in(loaded: Workbench) -> None:
    accounts.add_user(loaded.engine, User("zoe", "Zoe"), at=loaded.now(), by="command-line")
    app = opened("work_list")
    app.session_state["held"] = {"ann"}
    app.run()
    assert "held" in app.session_state

    sign_in("zoe")
    app.run()

    assert not app.exception
    assert "held" not in app.session_state
    assert title(app) == "Work list"


def test_without_a_session_a_page_shows_nothing_but_the_way_to_sign_in(
    loaded: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_shared, "_token", lambda cookie: "")

    app = AppTest.from_file(str(ROOT / "pages" / "_frame.py"), default_timeout=60).run()

    assert not app.exception
    assert words(app) == "You are signed out. [Sign in](/sign-in) to go on."
    assert not app.title


def test_an_address_at_which_the_pages_must_not_listen_is_told(
    kept: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARELOOP_HOST", "0.0.0.0")

    app = opened("home")

    assert not app.exception
    assert "CARELOOP_HOST" in app.error[0].value.replace("\\", "")


def show_evidence(app: AppTest) -> AppTest:
    app.session_state["wl_evidence_of"] = "ann"
    return app.run()


def unfolded(app: AppTest) -> list[str]:
    """The names of the measures in the evidence dialog that are unfolded, in their order."""
    return [name for name, each in zip(measures_of(app), app.expander, strict=True) if each.proto.expanded]


def measures_of(app: AppTest) -> list[str]:
    return [each.label.split("**")[1].replace("\\", "") for each in app.expander]


def test_the_evidence_begins_with_the_measure_that_the_work_list_asks_for(loaded: Workbench) -> None:
    app = opened("work_list")
    assert len(unfolded(show_evidence(app))) > 1

    name = "Scr: Mammogram Overdue"
    view_id = saved_views.save_view(loaded, "Mammograms", gap_list(name))
    app = show_evidence(opened("work_list", view=view_id))

    assert not app.exception
    assert unfolded(app) == [name]
    assert measures_of(app)[0] == name


def test_the_evidence_can_be_asked_for_as_it_was_known_on_an_earlier_day(kept: Workbench, tmp_path: Path) -> None:
    header = "lab_id,patient_id,loinc,status,collected_on"
    patients = ["patient_id,first,last,birth_date,sex,status", "ann,Ann,Example,1966-05-04,F,active"]
    loads.load(kept, write_feed(tmp_path / "feed", patients=patients, labs=[header, "L1,ann,24604-1,final,2026-05-01"]))
    app = show_evidence(opened("work_list"))
    assert not any("Mammogram" in name for name in unfolded(app))

    app.session_state["wl_evidence_of"] = "ann"
    app.session_state["ev_known_2"] = kept.today() - timedelta(days=30)
    app.run()

    assert not app.exception
    assert "Scr: Mammogram Overdue" in unfolded(app)
    assert any("by what our data said then" in each.value for each in app.caption)


ODD_PLACES: list[tuple[str, Callable[[AppTest], AppTest]]] = [
    *((page, lambda app: app) for page in PAGES),
    ("work_list", show_evidence),
]


@pytest.mark.parametrize(("page", "then"), ODD_PLACES, ids=[*PAGES, "evidence"])
def test_what_people_wrote_is_shown_as_they_wrote_it(
    loaded: Workbench, page: str, then: Callable[[AppTest], AppTest]
) -> None:
    campaign_id = campaign(loaded, name=f"Round {ODD}"[:110])
    saved_views.save_view(loaded, f"View {ODD}", WorkList())
    was = campaigns.campaign(loaded, campaign_id)
    campaigns.save(loaded, campaign_id, {"description": f"About {ODD}"}, version=was.version)

    app = then(opened(page, **({"id": campaign_id} if page in WITH_CAMPAIGN else {})))

    assert not app.exception
    assert not app.error
    kinds = ("markdown", "caption", "title", "header", "subheader", "info", "warning", "success", "page_link")
    for kind in kinds:
        for element in app.get(kind):
            text = str(getattr(element, "value", None) or getattr(element, "label", ""))
            assert "**Ann**" not in text, f"{kind} is read as Markdown"
            assert "<b>*x*" not in text, f"{kind} is read as HTML"


def test_a_mail_is_shown_as_it_was_written(kept: Workbench) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f'"{ODD}" <team@example.org>', "ann@example.org", ODD
    message.set_content("Hello")
    message.add_alternative("<p>Hello <script>alert(1)</script></p>", subtype="html")
    server = start_outbox(kept.settings.home / "outbox")
    try:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.send_message(message)
    finally:
        server.stop()

    app = opened("outbox")

    assert not app.exception
    assert "1 mail, newest first" in [text.value for text in app.caption]
    assert app.subheader[0].value == plain(ODD)
    assert not any("**Ann**" in text.value for text in app.caption)


def test_a_report_of_a_campaign_that_is_not_sent_adds_up(loaded: Workbench) -> None:
    app = opened("report", id=campaign(loaded))

    assert not app.exception
    ledger = app.table[0].value
    assert ledger["Patients"].sum() == 2
    assert any("**2 patients selected**" in text.value for text in app.markdown)


def test_the_pages_are_as_of_the_day_of_the_practice(loaded: Workbench) -> None:
    app = opened("data")

    day = datetime.now(UTC).astimezone(loaded.zone())
    assert any(f"As of {day:%a} {day.day} {day:%b %Y}" in text.value for text in app.caption)


def confirm_mapping(app: AppTest, *, is_meant: bool = False) -> None:
    """Without a browser a dialog ends with the run that opened it, so it is opened again in the same run."""
    if is_meant:
        app.button(key="codes_map").click()
        app.checkbox(key="codes_meant").check().run()
    app.button(key="codes_map").click()
    app.button(key="codes_map_yes").click().run()


def test_a_code_of_another_kind_is_mapped_only_when_that_is_meant(kept: Workbench, tmp_path: Path) -> None:
    patients = ["patient_id,first,last,birth_date,sex,status", "ann,Ann,Example,1966-05-04,F,active"]
    labs = ["lab_id,patient_id,local_code,local_name,status,collected_on"]
    labs += ["L1,ann,MMRT,Measles mumps rubella titre,final,2026-05-01", "L2,ann,ZZ,Other,final,2026-05-02"]
    loads.load(kept, write_feed(tmp_path / "feed", patients=patients, labs=labs))
    app = opened("data")

    app.text_input(key="codes_search").set_value("rubella mmr").run()
    assert [each.key for each in app.multiselect] == ["code LOCAL MMRT"]
    app.multiselect[0].select("mmr_vaccine").run()
    app.button(key="codes_map").click().run()

    assert any("stands in lab results, but MMR vaccine is a vaccine" in text.value for text in app.warning)
    assert app.button(key="codes_map_yes").disabled
    confirm_mapping(app, is_meant=True)
    assert local_codes.mappings(kept).select("code", "concept").rows() == [("MMRT", "mmr_vaccine")]


def test_an_orphan_code_can_be_mapped_where_it_is_listed(kept: Workbench, tmp_path: Path) -> None:
    patients = ["patient_id,first,last,birth_date,sex,status", "ann,Ann,Example,1966-05-04,F,active"]
    lines = ["procedure_id,patient_id,code_system,code,text,status,performed_on"]
    lines += ["X1,ann,CPT,00001,Mammogram,completed,2026-05-01"]
    loads.load(kept, write_feed(tmp_path / "feed", patients=patients, procedures=lines))
    app = opened("data")

    app.session_state["orphans_asked"] = 0
    app.run()
    assert app.multiselect[-1].value == ["mammogram"]
    app.session_state["orphans_asked"] = 0
    app.button(key="codes_map_yes").click().run()

    assert not app.exception
    assert local_codes.mappings(kept).select("code", "concept").rows() == [("00001", "mammogram")]


def test_the_tables_of_the_data_page_have_headers_for_people(loaded: Workbench) -> None:
    app = opened("data")

    headers = [name for table in app.dataframe for name in table.value.columns]
    assert headers and all(name[:1].isupper() for name in headers)


def test_the_words_of_a_feed_are_shown_as_they_are_and_mapped_with_the_reason(kept: Workbench, tmp_path: Path) -> None:
    header = "procedure_id,patient_id,code_system,code,text,status,performed_on"
    quoted = ODD.replace('"', "")
    lines = [header, f"X1,ann,LOCAL,{quoted},{quoted} mammo,completed,2026-05-01"]
    patients = ["patient_id,first,last,birth_date,sex,status", "ann,Ann,Example,1966-05-04,F,active"]
    loads.load(kept, write_feed(tmp_path / "feed", patients=patients, procedures=lines))

    app = opened("data")
    assert not app.exception
    assert any(plain(f"{quoted} mammo") in text.value for text in app.markdown)
    assert any(plain("Mammogram: It says ‘mammo’") in text.value for text in app.caption)

    app.multiselect[0].select("mammogram").run()
    app.button(key="codes_map").click().run()
    assert any("This touches **1 event of 1 patient** and 1 measure" in text.value for text in app.markdown)
    assert local_codes.mappings(kept).is_empty()
    confirm_mapping(app)

    assert not app.exception
    assert any(text.value.startswith("1 code mapped") for text in app.success)
    assert local_codes.mappings(kept).select("code", "concept").rows() == [(quoted, "mammogram")]


def test_without_local_accounts_the_page_of_users_gives_no_passwords(
    kept: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    oidc = {"ISSUER": "https://id.example.org", "CLIENT": "careloop", "SECRET": "secret", "NAME": "Example Hospital"}
    for name, value in oidc.items():
        monkeypatch.setenv(f"CARELOOP_OIDC_{name}", value)
    monkeypatch.setenv("CARELOOP_LOCAL_ACCOUNTS", "off")
    app = opened("users")

    app.text_input(key="us_add_name").set_value("Cleo Clerk")
    app.text_input(key="us_add_id").set_value("cleo")
    app.multiselect(key="us_roles_new").set_value(["manager"])
    app.radio(key="us_sees_new").set_value("all")
    app.button(key="us_add_button").click().run()

    assert not app.exception
    assert "Cleo Clerk was added and signs in with Example Hospital." in words(app)
    assert not app.code
    assert [one.has_way_in for one in users.persons(kept) if one.user.user_id == "cleo"] == [False]


def test_what_one_person_chose_is_gone_when_another_signs_in_and_the_tab_comes_back(kept: Workbench) -> None:
    app = opened("work_list", user="ana")
    app.session_state["chosen_by_ana"] = ["p1"]
    app.run()
    assert "chosen_by_ana" in app.session_state

    sign_in("bob")
    app.run()

    assert not app.exception
    assert "chosen_by_ana" not in app.session_state


def test_why_the_last_load_failed_is_shown_as_it_was_written(kept: Workbench, tmp_path: Path) -> None:
    loads.load(kept, odd_feed(tmp_path / "feed"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(CareloopError):
        loads.load(kept, tmp_path / "empty")

    [message] = [each.value for each in opened("data").error]

    assert plain(loads.history(kept)[0].message or "") in message
