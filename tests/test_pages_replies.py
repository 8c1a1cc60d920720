"""The page of replies and its line on the home page, as staff see them, without a browser."""

from sqlalchemy import insert, update
from streamlit.testing.v1 import AppTest

from core import inbox
from core.domain.user import Scope, User
from core.store import accounts
from core.store.database import writing
from core.store.schema import patients, replies
from core.workbench import Workbench
from tests.pages import opened, title, words
from tests.test_pages import kept, loaded  # noqa: F401 (fixtures)
from tests.texts import ADA, BOB, NOBODY, sid, stops, take

UNSURE = "ok I've had *enough* of this <b>now</b>"


def unsure(wb: Workbench, sender: str = ADA) -> int:
    """A reply that may be a wish to stop; returns its id."""
    values = {"provider_id": sid(1000), "from_number": sender, "to_number": "+15550100200", "body": UNSURE}
    with writing(wb.engine) as connection:
        found = connection.execute(
            insert(replies)
            .values(**values, kind="unsure", received_at=wb.now(), status="new")
            .returning(replies.c.reply_id)
        )
        return int(found.scalar_one())


def numbers(wb: Workbench, **mobile: str) -> None:
    with writing(wb.engine) as connection:
        for patient_id, number in mobile.items():
            connection.execute(update(patients).where(patients.c.patient_id == patient_id).values(phone_mobile=number))


def texts(app: AppTest) -> list[str]:
    return [element.value for element in app.text]


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.main.button if str(button.key).startswith("re_")]


def test_what_may_be_a_stop_comes_first_with_all_its_words_and_who_shares_the_number(
    loaded: Workbench,  # noqa: F811
) -> None:
    numbers(loaded, bea=ADA, cy=ADA)
    take(loaded, 1, "Can I come on Friday?", sender=NOBODY)
    unsure(loaded)
    take(loaded, 2, "STOP", sender=BOB)

    app = opened("replies")

    assert title(app) == "Replies" and not app.exception
    assert [each.value for each in app.subheader] == ["Waiting for your decision", "New replies"]
    assert texts(app) == [UNSURE, "Can I come on Friday?"]
    said = words(app)
    assert r"\(555\) 010\-0101" in said and "Shared by 2 patients" in said
    assert "Cy Cole (born" in home_links(app).replace("\\", "")
    assert "No patient in the records has this number." in said
    assert buttons(app) == ["Stop texts to this number", "Not a stop", "Mark done"]


def test_a_stop_is_decided_shown_among_the_done_and_taken_back(loaded: Workbench) -> None:  # noqa: F811
    numbers(loaded, cy=ADA)
    reply_id = unsure(loaded)

    app = opened("replies").button(key=f"re_stop_{reply_id}").click().run()

    assert [(address, stands) for address, *_, stands in stops(loaded)] == [(ADA, True)]
    assert "No reply waits" in words(app)
    app.segmented_control(key="re_status").set_value("Done").run()
    assert texts(app) == [UNSURE] and "A stop: all texts to this number ended" in words(app)
    assert "Ana Lyst" in words(app)
    app.button(key=f"re_undo_{reply_id}").click().run()
    assert [stands for *_, stands in stops(loaded)] == [False]
    assert inbox.waiting_count(loaded) == 1 and "Nothing is done yet" in words(app)


def test_what_is_no_stop_ends_nothing(loaded: Workbench) -> None:  # noqa: F811
    reply_id = unsure(loaded)

    opened("replies").button(key=f"re_keep_{reply_id}").click().run()

    assert stops(loaded) == [] and inbox.waiting_count(loaded) == 0


def test_a_reply_is_marked_done_and_what_was_answered_is_told(loaded: Workbench) -> None:  # noqa: F811
    take(loaded, 1, "Please stop texting me", sender=BOB)
    take(loaded, 2, "Thanks!", sender=NOBODY)
    reply_id = inbox.replies(loaded, status="new").replies[0].reply_id

    app = opened("replies").button(key=f"re_done_{reply_id}").click().run()
    app.segmented_control(key="re_status").set_value("Done").run()

    assert texts(app) == ["Thanks!", "Please stop texting me"]
    said = words(app)
    assert "Stop: all texts to this number ended" in said and "We answered that texts have ended." in said
    assert "Texts stopped" in said
    assert buttons(app) == ["Undo"]


def test_replies_are_found_by_a_name_and_a_search_that_finds_none_says_so(loaded: Workbench) -> None:  # noqa: F811
    numbers(loaded, cy=BOB)
    take(loaded, 1, "One", sender=BOB)
    take(loaded, 2, "Two", sender=NOBODY)
    app = opened("replies")

    assert texts(app.text_input(key="re_search").set_value("cole").run()) == ["One"]
    assert "No reply has this" in words(app.text_input(key="re_search").set_value("xyz").run())


def test_many_replies_are_shown_page_by_page(loaded: Workbench) -> None:  # noqa: F811
    for number in range(inbox.PAGE_SIZE + 3):
        take(loaded, number, f"Question {number}")

    app = opened("replies")

    assert len(texts(app)) == inbox.PAGE_SIZE and "23 replies, newest first" in words(app)


def test_who_is_limited_sees_the_replies_of_their_patients_only(loaded: Workbench) -> None:  # noqa: F811
    numbers(loaded, bea=ADA, cy=BOB)
    for number, sender in enumerate((ADA, BOB, NOBODY)):
        take(loaded, number, f"From {number}", sender=sender)
    person = User("analyst", "Hill Only", scope=Scope(groups=frozenset({"g2"})))
    accounts.add_user(loaded.engine, person, at=loaded.now(), by="command-line")

    assert texts(opened("replies")) == ["From 1"]
    assert "1 reply waits for you" in home_links(opened("home"))


def test_the_home_page_leads_to_replies_that_wait(loaded: Workbench) -> None:  # noqa: F811
    assert "for you" not in home_links(opened("home"))

    unsure(loaded)
    take(loaded, 1, "Hello")

    assert "2 replies wait for you" in home_links(opened("home"))


def home_links(app: AppTest) -> str:
    return "\n".join(element.proto.label for element in app.get("page_link"))
