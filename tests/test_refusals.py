"""Refusals in the SMTP conversation: which of them mean that an address is dead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.channels.refusals import DEAD, REASONS, refusal_kind, verdict_on


@pytest.mark.parametrize(
    ("code", "reply", "kind"),
    [
        # the address is dead
        ("550", "5.1.1 User unknown", "definitive"),
        ("550", "550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown in virtual table", "definitive"),
        ("550", "sorry, no mailbox here by that name (#5.1.1 - chkusr)", "definitive"),
        ("554", "delivery error: dd This user doesn't have a yahoo.com account (ada@example.org) [0]", "definitive"),
        ("550", "5.7.1 No such user", "definitive"),
        ("550", "5.1.1", "definitive"),
        ("550", "Requested action not taken: mailbox unavailable", "definitive"),
        ("550", "5.2.1 The email account that you tried to reach is disabled", "definitive"),
        ("550", "BAD_RECIPIENT - see http://mx.example", "definitive"),
        ("551", "not our customer", "definitive"),
        ("550", "User ada not listed in public Name & Address Book", "definitive"),
        ("550", "5.1.1 email address lookup in domain map failed", "definitive"),
        ("550", "5.4.1 Recipient address rejected: Access denied. AS(201806281)", "definitive"),
        ("550", "Benutzer existiert nicht", "definitive"),
        ("550", "5.1.1 L'adresse n'existe pas", "definitive"),
        ("550", "5.1.2 Domain example.org not found", "definitive"),
        ("556", "Domain does not accept mail", "definitive"),
        # it may be over later
        ("450", "4.2.1 User unknown", "temporary"),
        ("421", "", "temporary"),
        ("421", "Service not available", "temporary"),
        ("", "", "temporary"),
        ("552", "5.2.2 mailbox full", "temporary"),
        ("550", "5.1.1 <ada@example.org> mailbox full", "temporary"),
        ("552", "", "temporary"),
        ("550", "Account temporarily disabled", "temporary"),
        ("550", "Mailbox currently suspended", "temporary"),
        ("550", "Greylisted, try again later", "temporary"),
        # the mail is refused, the address may be alive
        ("550", "", "permanent_other"),
        ("554", "Transaction failed", "permanent_other"),
        ("550", "5.7.1 blocked", "permanent_other"),
        ("550", "5.2.1 Mailbox unavailable. Your IP address is blacklisted", "permanent_other"),
        ("554", "Client host rejected: cannot find your hostname", "permanent_other"),
        ("550", "Too many invalid recipients", "permanent_other"),
        ("550", "this message contains invalid headers", "permanent_other"),
        ("554", "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "permanent_other"),
        ("550", "5.7.1 Recipient address rejected: Access denied", "permanent_other"),
        ("550", "5.7.26 unauthenticated mail, DMARC", "permanent_other"),
        ("550", "5.1.8 Sender address rejected: Domain not found", "permanent_other"),
        ("550", "Sender verify failed: no such user", "permanent_other"),
        ("550", "Verification failed for <desk@clinic.example>; sender address does not exist", "permanent_other"),
        ("552", "5.3.4 Message size exceeds fixed limit", "permanent_other"),
        ("550", "5.7.1 Unable to relay for ada@example.org", "permanent_other"),
        ("553", "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "permanent_other"),
    ],
)
def test_words_and_codes_of_a_refusal_tell_a_dead_address(code: str, reply: str, kind: str) -> None:
    assert refusal_kind(code, reply) == kind


def test_a_date_in_may_is_no_guess() -> None:
    assert verdict_on("14 May 2026 10:00:00: 550 user unknown").is_dead
    assert not verdict_on("550 the user may be unknown").is_dead


def test_the_code_that_was_believed_is_kept() -> None:
    assert verdict_on("550 5.1.1 User unknown", status="5.0.0").status == "5.1.1"
    assert verdict_on("550 5.0.0 rejected", status="5.1.1").status == "5.1.1"
    assert verdict_on("550 User unknown").status == "550"


def test_only_dead_reasons_are_definitive_everywhere() -> None:
    assert all((kinds[0] == "definitive") == (kinds[1] == "definitive") for kinds in REASONS.values())
    assert {*DEAD} == {"no_mailbox", "no_domain", "closed", "moved"}


@given(st.text(max_size=10), st.text(max_size=500))
def test_any_text_has_a_kind(code: str, reply: str) -> None:
    assert refusal_kind(code, reply) in ("definitive", "temporary", "permanent_other")


@given(st.sampled_from(["421", "450", "451", "452"]), st.text(max_size=100))
def test_a_refusal_for_now_never_kills_an_address(code: str, reply: str) -> None:
    assert refusal_kind(code, reply) == "temporary"
