"""The page Audit log: any page of it is as quick as the first, however long the log is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import Engine, event

from core import audit
from core.domain.user import User
from core.store import accounts
from core.store.database import writing
from core.workbench import Workbench
from tests.pages import opened


@pytest.fixture
def long_log(wb: Workbench, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    monkeypatch.setenv("CARELOOP_HOME", str(home))
    for number in range(30):
        person = User(f"u{number}", f"User {number}", roles=frozenset({"analyst"}))
        accounts.add_user(wb.engine, person, at=wb.now(), by="ana")
    with writing(wb.engine) as connection:
        for number in range(1000):
            audit.record_in(wb.as_user(f"u{number % 30}"), connection, "view.opened", f"v{number}")
    st.cache_resource.clear()
    yield wb
    st.cache_resource.clear()


def test_the_last_page_reads_no_more_than_its_own_lines(long_log: Workbench) -> None:
    app = opened("audit", user="ana")
    pages = -(-audit.count(long_log) // 100)
    read = {"lines": 0, "questions": 0}

    def count(connection: object, cursor: object, statement: str, *_: object) -> None:
        read["questions"] += 1

    kept = audit.lines

    def lines(*given: object, **options: object) -> list[object]:
        found = kept(*given, **options)  # type: ignore[arg-type]
        read["lines"] += len(found)
        return list(found)

    audit.lines = lines  # type: ignore[assignment]
    event.listen(Engine, "before_cursor_execute", count)
    try:
        app.session_state["au_page"] = pages
        app.run()
    finally:
        event.remove(Engine, "before_cursor_execute", count)
        audit.lines = kept

    shown = app.dataframe[0].value
    assert shown["About"].to_list()[-1] == "v0" and 0 < len(shown) <= 100
    assert "User 0" in shown["Who"].to_list()
    assert read["lines"] == len(shown)
    assert read["questions"] < 60, "not one for each line"


def test_the_pages_have_each_line_once(long_log: Workbench) -> None:
    found = [line.position for line in audit.lines(long_log, limit=10_000)]
    pages: list[int] = []
    while True:
        before = audit.before_of(long_log, skip=len(pages))
        page = [line.position for line in audit.lines(long_log, limit=100, before=before)]
        if not page or before == 0:
            break
        pages += page
    assert pages == found
