"""The Communications tab of a patient, without a browser."""

import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from streamlit.testing.v1 import AppTest

from core.domain.campaign import Message
from core.store.database import writing
from core.store.schema import attempts, merges, recipients
from core.workbench import Workbench
from pages._shared import plain
from tests.clinic import add_campaign
from tests.pages import opened, words
from tests.test_pages import kept, loaded  # noqa: F401 (fixtures)

WHY = "Women due for a *check-up*"


def tab(patient_id: str = "ann") -> AppTest:
    app = opened("patient", id=patient_id)
    app.query_params["part"] = "communications"
    app.run()
    assert not app.exception
    return app


def sent(
    wb: Workbench, days_ago: int, *, to: str = "ann", state: str = "delivered", tries: int = 1, **changes: Any
) -> str:
    """A text campaign to one patient with attempts on the same day."""
    name = changes.pop("name", f"Campaign of {days_ago} days ago")
    more = {"campaign_id": f"c{days_ago}{to}", "name": name, "channel": "text", "description": WHY} | changes
    campaign_id = add_campaign(wb, [to], **more)
    with writing(wb.engine) as connection:
        where = recipients.c.campaign_id == campaign_id
        connection.execute(update(recipients).where(where).values(state=state, language="en", address="+13125550123"))
        recipient_id = connection.scalar(select(recipients.c.recipient_id).where(where))
        for number in range(1, tries + 1):
            # By the organisation's days, which are not all of 24 hours.
            at = datetime.combine(wb.today() - timedelta(days=days_ago), time(6, number), tzinfo=wb.zone())
            row = {
                "recipient_id": recipient_id,
                "number": number,
                "worker": "w",
                "started_at": at,
                "outcome": "accepted",
            }
            connection.execute(insert(attempts).values(**row, code="", reply=""))
    return campaign_id


def test_a_caller_can_be_told_which_campaign_it_was_and_why(loaded: Workbench) -> None:  # noqa: F811
    sent(loaded, 3, name="Odd $name$")

    said = words(tab())

    assert "green-badge[:material/check_circle: Successful]" in said
    assert f"**{plain('Odd $name$')}**" in said
    assert plain(WHY) in said
    assert "Health Reminder" in said
    assert re.search(r"\*\*1. Text\*\* · \w{3} \d+ \w{3} \d{4}, \d\d:\d\d · Delivered", said)
    assert "**About** " in said
    assert "Sent for" in said


def test_how_far_back_is_chosen(loaded: Workbench) -> None:  # noqa: F811
    sent(loaded, 91)
    app = tab()
    assert "in the last 90 days" in words(app)
    assert "days ago" not in words(app)

    app.session_state["pc_span"] = "Last year"
    app.run()
    assert "Campaign of 91 days ago" in words(app)


def test_where_nobody_was_contacted_it_says_so_and_what_is_not_listed(loaded: Workbench) -> None:  # noqa: F811
    sent(loaded, 2, channel="email", state="returned")

    said = words(tab())

    assert "No email, text or call to this patient is known in the last 90 days" in said
    assert "Emails that did not arrive and letters are not listed" in said
    assert "Letters printed" not in said


def test_letters_are_listed_below(loaded: Workbench) -> None:  # noqa: F811
    sent(loaded, 2, channel="letter", state="waiting", name="A letter")

    said = words(tab())

    assert "**Letters printed**" in said
    assert f"Waiting] **A letter** – {plain(WHY)}" in said
    assert "Not printed yet" in said


def test_many_are_shown_page_by_page(loaded: Workbench) -> None:  # noqa: F811
    for days in range(1, 28):
        sent(loaded, days)
    app = tab()
    assert "Campaign of 25 days ago" in words(app)
    assert "Campaign of 26 days ago" not in words(app)

    app.session_state["pc_page"] = 2
    app.run()
    assert "Campaign of 26 days ago" in words(app)
    assert "Campaign of 25 days ago" not in words(app)


def test_the_message_is_opened_with_example_values_and_its_history(loaded: Workbench) -> None:  # noqa: F811
    sent(loaded, 1, messages={"en": Message("", "Please call {{ call_back_number }}, {{ patient.first_name }}.")})
    app = tab()

    app.button(key="pc-open-0").click().run()

    assert not app.exception
    said = words(app)
    assert "with example values instead of the patient's" in said
    assert "**Attempts**" in said
    assert any("Please call" in each.proto.body for each in app.get("html"))


@pytest.mark.parametrize("channel", ["email", "phone"])
def test_mails_and_calls_are_opened_too(loaded: Workbench, channel: str) -> None:  # noqa: F811
    said = {"en": Message("A word", "<p>Please call us.</p>" if channel == "email" else "Please call us.", "Call us.")}
    sent(loaded, 1, channel=channel, messages=said)
    app = tab()

    app.button(key="pc-open-0").click().run()

    assert not app.exception
    assert not app.error
    assert "**Attempts**" in words(app)


def test_what_is_kept_under_an_earlier_id_says_so_and_is_not_opened(loaded: Workbench) -> None:  # noqa: F811
    sent(loaded, 1, to="former")
    stamps = {"source": "feed", "merged_on": loaded.today(), "made_at": loaded.now(), "made_by": "ana"}
    with writing(loaded.engine) as connection:
        connection.execute(insert(merges).values(merged_id="former", patient_id="ann", **stamps))

    app = tab()

    assert "Kept under the patient's earlier id former" in words(app)
    assert "pc-open-0" not in [button.key for button in app.button]
