"""Signing in: passwords, guessing, the first one that is changed, and sessions that end."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from core import sessions, sign_in, users
from core.domain import password as passwords
from core.errors import NotAllowed, NotFound
from core.sign_in import MOST, WRONG, TooManyTries
from core.store.database import reading
from core.store.schema import audit, credentials
from core.store.schema import sessions as session_table
from core.workbench import Workbench
from tests.conftest import Clock

GOOD, ANOTHER = "tangle-copper-violin-moss", "river-anvil-sonnet-42"
CLIENT = "192.0.2.7"


@pytest.fixture
def cleo(wb: Workbench) -> str:
    """A user who was invited; the password for the first sign-in."""
    return users.invite(wb, "cleo", "Cleo Clerk", email="Cleo@example.org", roles=["opt_out_clerk"])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little, where many are made."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(sign_in, "_hasher", lambda: cheap)


def chosen(wb: Workbench, given_password: str) -> str:
    """The token after choosing a password at the first sign-in."""
    first = sign_in.sign_in(wb, "cleo", given_password, client=CLIENT)
    assert not first.token
    return sign_in.choose_password(wb, first.choosing, GOOD, GOOD)


def tries(wb: Workbench, count: int, name: str = "cleo", client: str = CLIENT) -> None:
    for _ in range(count):
        with pytest.raises(NotAllowed):
            sign_in.sign_in(wb, name, "wrong", client=client)


def test_the_first_password_only_lets_choose_another(wb: Workbench, cleo: str) -> None:
    token = chosen(wb, cleo)

    session = sessions.find(wb, token)
    assert session is not None and session.user.user_id == "cleo"
    assert sign_in.sign_in(wb, "cleo", GOOD, client=CLIENT).token
    with pytest.raises(NotAllowed, match="not right"):
        sign_in.sign_in(wb, "cleo", cleo, client=CLIENT)


@pytest.mark.parametrize("name", ["cleo", " cleo ", "cleo@example.org", "CLEO@EXAMPLE.ORG"])
def test_people_sign_in_by_name_or_email_address(wb: Workbench, cleo: str, name: str) -> None:
    chosen(wb, cleo)

    assert sign_in.sign_in(wb, name, GOOD, client=CLIENT).token


def test_a_proof_for_choosing_works_once_and_for_a_quarter_of_an_hour(
    wb: Workbench, cleo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sign_in.sign_in(wb, "cleo", cleo, client=CLIENT)
    sign_in.choose_password(wb, first.choosing, GOOD, GOOD)

    with pytest.raises(NotAllowed, match="used before"):
        sign_in.choose_password(wb, first.choosing, "another-good-one-here", "another-good-one-here")
    with pytest.raises(NotAllowed, match="too long"):
        sign_in.choose_password(wb, first.choosing + "x", GOOD, GOOD)
    monkeypatch.setattr(sign_in, "_CHOOSING", -1)
    with pytest.raises(NotAllowed, match="too long"):
        sign_in.choose_password(wb, first.choosing, GOOD, GOOD)


@pytest.mark.parametrize(
    ("password", "again", "why"),
    [
        ("short-one", "short-one", "too short"),
        ("passwordpassword", "passwordpassword", "easy to guess"),
        ("cleoclerkcleo", "cleoclerkcleo", "little more than your name"),
        ("a" * 300, "a" * 300, "too long"),
        (GOOD, GOOD + "x", "not the same"),
    ],
)
def test_a_password_that_is_short_known_or_about_the_person_is_refused(
    wb: Workbench, cleo: str, password: str, again: str, why: str
) -> None:
    first = sign_in.sign_in(wb, "cleo", cleo, client=CLIENT)

    with pytest.raises(NotAllowed, match=why):
        sign_in.choose_password(wb, first.choosing, password, again)


def test_the_given_password_is_not_chosen_again_and_runs_out(wb: Workbench, cleo: str, clock: Clock) -> None:
    first = sign_in.sign_in(wb, "cleo", cleo, client=CLIENT)
    with pytest.raises(NotAllowed, match="another password than the one"):
        sign_in.choose_password(wb, first.choosing, cleo, cleo)

    clock.forward(days=passwords.GIVEN_DAYS)

    with pytest.raises(NotAllowed, match="run out"):
        sign_in.sign_in(wb, "cleo", cleo, client=CLIENT)


@pytest.mark.parametrize("name", ["cleo", "nobody", "", "dispatcher", "command-line", "x" * 5000, "a\x00b", "'; --"])
def test_whoever_is_refused_reads_the_same_whatever_was_wrong(wb: Workbench, cleo: str, name: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        sign_in.sign_in(wb, name, "wrong", client=CLIENT)

    assert str(refused.value) == WRONG


def test_a_system_user_gets_no_password_and_never_signs_in(wb: Workbench) -> None:
    with pytest.raises(NotFound):
        sign_in.give_password(wb, "command-line")
    tries(wb, 1, name="command-line")


def test_guessing_one_name_is_stopped_after_five_tries_for_the_right_password_too(
    wb: Workbench, cleo: str, clock: Clock
) -> None:
    chosen(wb, cleo)
    tries(wb, MOST["both"])

    with pytest.raises(TooManyTries) as stopped:
        sign_in.sign_in(wb, "cleo", GOOD, client=CLIENT)

    assert stopped.value.again_after == timedelta(minutes=15)
    assert "15 minutes" in str(stopped.value)
    assert sign_in.sign_in(wb, "cleo", GOOD, client="192.0.2.99").token  # the person at another desk is not locked out
    clock.forward(minutes=15)
    assert sign_in.sign_in(wb, "cleo", GOOD, client=CLIENT).token


def test_guessing_one_name_from_many_addresses_is_stopped(wb: Workbench, quick: None, cleo: str) -> None:
    for number in range(MOST["name"]):
        tries(wb, 1, client=f"192.0.2.{number}")

    with pytest.raises(TooManyTries):
        sign_in.sign_in(wb, "cleo", cleo, client="198.51.100.1")


def test_guessing_many_names_from_one_address_is_stopped(
    wb: Workbench, quick: None, cleo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MOST, "client", 8)
    for number in range(MOST["client"]):
        tries(wb, 1, name=f"name{number}")

    with pytest.raises(TooManyTries):
        sign_in.sign_in(wb, "cleo", cleo, client=CLIENT)


def test_the_right_password_forgets_the_wrong_ones_before(wb: Workbench, quick: None, cleo: str) -> None:
    chosen(wb, cleo)
    for _ in range(3):
        tries(wb, MOST["both"] - 1)
        assert sign_in.sign_in(wb, "cleo", GOOD, client=CLIENT).token


def test_nothing_kept_of_a_refused_sign_in_holds_what_was_typed(wb: Workbench) -> None:
    tries(wb, 1, name="my-secret-password-typed-into-the-wrong-box")

    with reading(wb.engine) as connection:
        kept = str(connection.execute(audit.select()).all())
        kept += str(connection.exec_driver_sql("SELECT * FROM sign_in_failures").all())
    assert "secret" not in kept


def test_a_changed_password_signs_out_everywhere_but_here(wb: Workbench, cleo: str) -> None:
    elsewhere = chosen(wb, cleo)
    with pytest.raises(NotAllowed, match="present password is not right"):
        sign_in.change_password(wb.as_user("cleo"), "wrong", "x", "x", client=CLIENT)

    here = sign_in.change_password(
        wb.as_user("cleo"), GOOD, "river-anvil-sonnet-42", "river-anvil-sonnet-42", client=CLIENT
    )

    assert sessions.find(wb, elsewhere) is None
    assert sessions.find(wb, here) is not None
    with pytest.raises(NotAllowed):
        sign_in.sign_in(wb, "cleo", GOOD, client=CLIENT)


def test_a_password_that_an_administrator_gives_signs_out_everywhere(wb: Workbench, cleo: str) -> None:
    token = chosen(wb, cleo)

    users.reset_password(wb, "cleo")

    assert sessions.find(wb, token) is None


def test_passwords_are_kept_as_argon2id_and_tokens_as_hashes(wb: Workbench, cleo: str) -> None:
    token = chosen(wb, cleo)

    with reading(wb.engine) as connection:
        kept = connection.execute(credentials.select()).one()
        rows = connection.execute(session_table.select()).all()
    assert kept.password_hash.startswith("$argon2id$v=19$m=65536,t=3")
    assert GOOD not in str(kept) and token not in str(rows)


@pytest.mark.parametrize(
    ("minutes", "counts"),
    [([14, 14, 14], True), ([15], False), ([14, 15], False), ([14] * 51, True), ([14] * 52, False)],
)
def test_a_session_ends_after_idle_time_and_after_its_hours(
    wb: Workbench, cleo: str, clock: Clock, minutes: list[int], counts: bool
) -> None:
    token = chosen(wb, cleo)

    for pause in minutes:
        clock.forward(minutes=pause)
        session = sessions.find(wb, token)
        if session is not None:
            sessions.seen(wb, session)

    assert (session is not None) == counts
    if not counts:
        with reading(wb.engine) as connection:
            rows = connection.execute(audit.select().where(audit.c.action == "session.ended")).all()
        assert rows[-1].details["how"] == ("idle" if minutes[-1] == 15 else "expired")
        assert rows[-1].user_id == "cleo"


def test_signing_out_ends_the_session_in_this_browser_only(wb: Workbench, cleo: str) -> None:
    here, there = chosen(wb, cleo), sessions.begin(wb, "cleo", method="password")
    session = sessions.find(wb, here)
    assert session is not None

    sessions.end(wb, session)

    assert sessions.find(wb, here) is None
    assert sessions.find(wb, there) is not None


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "../../etc/passwd", "\u0000", "é" * 10])
def test_a_token_that_was_never_given_is_no_session(wb: Workbench, token: str) -> None:
    assert sessions.find(wb, token) is None
