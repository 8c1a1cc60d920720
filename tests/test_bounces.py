"""Mails that come back: who was not reached, and whether the address is dead."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.channels.bounces import Bounce, read
from tests.returned_mails import LAYOUTS, OURS, RETURNED, group, letter, report

ADA = "ada@example.org"


def only(raw: bytes) -> Bounce:
    bounces = read(raw)
    assert len(bounces) == 1
    return bounces[0]


def kinds(raw: bytes) -> list[tuple[str, str]]:
    return [(bounce.address, bounce.kind) for bounce in read(raw)]


@pytest.mark.parametrize("server", LAYOUTS)
def test_a_report_written_for_people_names_who_was_not_reached_and_why(server: str) -> None:
    text, kind = LAYOUTS[server]

    bounce = only(letter(text.replace("{returned}", RETURNED.format(to=ADA))))

    assert (bounce.address, bounce.kind, bounce.what) == (ADA, kind, "bounce")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_of_any_machine_are_read(line_end: bytes) -> None:
    raw = report(group(status="5.1.1", said="550 5.1.1 User unknown"))

    assert kinds(raw.replace(b"\n", line_end)) == [(ADA, "definitive")]


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        ("5.1.1", "", "definitive"),
        ("5.1.1", "550 5.1.1 rejected", "definitive"),
        ("5.1.1", "550 5.1.1 mailbox full", "temporary"),
        ("5.1.1", "550 listed at bl.example, blocked using spam list", "temporary"),
        ("5.1.2", "550 Host unknown (Name server: x: host not found)", "definitive"),
        ("5.1.3", "", "definitive"),
        ("5.1.6", "551 5.1.6 recipient has moved", "definitive"),
        ("5.1.7", "550 5.1.7 no such domain", "temporary"),
        ("5.1.8", "550 5.1.8 Domain of sender address does not exist", "temporary"),
        ("5.1.10", "556 5.1.10 Recipient address has null MX", "definitive"),
        ("5.2.1", "550 5.2.1 the account is disabled", "definitive"),
        ("5.2.1", "550 5.2.1 the account is temporarily disabled", "temporary"),
        ("5.2.2", "552 5.2.2 over quota", "temporary"),
        ("5.3.4", "552 5.3.4 message too big", "temporary"),
        (
            "5.4.4",
            "Host or domain name not found. Name service error for name=example.org type=A",
            "definitive",
        ),
        ("5.4.4", "Name service error for name=example.org type=MX: Host not found, try again", "temporary"),
        ("5.4.6", "554 5.4.6 Too many hops", "temporary"),
        ("4.4.7", "message expired, 450 4.1.1 user unknown", "temporary"),
        ("4.4.1", "connect to mx.example.org[192.0.2.1]:25: Connection timed out", "temporary"),
        ("5.7.1", "550 5.7.1 No such user", "definitive"),
        ("5.7.1", "550 5.7.1 Relaying denied", "temporary"),
        ("5.7.26", "550 5.7.26 fails DMARC", "temporary"),
        ("5.7.17", "550 5.7.17 Mailbox owner has changed", "definitive"),
        ("5.0.0", "550 5.1.1 user unknown; see our pages", "definitive"),
        ("5.0.0", "550 sorry", "temporary"),
        ("5.0.0", "", "temporary"),
        ("5.1.0", "5.1.0 - Unknown address error 550-'5.7.1 blocked for spam'", "temporary"),
    ],
)
def test_words_and_codes_of_a_report_for_machines_decide(status: str, said: str, kind: str) -> None:
    assert kinds(report(group(status=status, said=said))) == [(ADA, kind)]


def test_each_recipient_of_a_report_gets_a_verdict_of_its_own() -> None:
    raw = report(
        group("ada@example.org", status="5.1.1", said="550 5.1.1 User unknown"),
        group("ben@example.org", status="5.2.2", said="552 5.2.2 Mailbox full"),
        group("cleo@example.org", action="relayed", status="2.0.0"),
        to="ada@example.org, ben@example.org, cleo@example.org",
    )

    assert [(bounce.address, bounce.kind, bounce.what) for bounce in read(raw)] == [
        ("ada@example.org", "definitive", "bounce"),
        ("ben@example.org", "temporary", "bounce"),
        ("cleo@example.org", "not_a_bounce", "success"),
    ]


def test_each_recipient_in_a_text_gets_the_lines_that_are_about_it() -> None:
    raw = letter(
        "I could not deliver your message.\n\n<ada@example.org>:\nThis account has been discontinued.\n\n"
        "<ben@example.org>:\nThis account is over quota.\n"
    )

    assert kinds(raw) == [("ada@example.org", "definitive"), ("ben@example.org", "temporary")]


def test_the_address_written_to_is_named_and_not_where_it_was_forwarded() -> None:
    raw = report(group("ada@forwarded.example", status="5.1.1", Original_Recipient="rfc822;Ada@Example.org"))

    assert kinds(raw) == [(ADA, "definitive")]


def test_a_mistyped_address_is_named_as_it_was_written() -> None:
    assert kinds(report(group("ada@#example.org", status="5.1.2"), to="ada@#example.org")) == [
        ("ada@#example.org", "definitive")
    ]


def test_the_original_to_stands_in_when_a_report_names_nobody() -> None:
    raw = report("Action: failed\nStatus: 5.1.1", text="User unknown", to="Ada <ada@example.org>")

    assert kinds(raw) == [(ADA, "definitive")]


def test_several_addresses_in_the_original_to_are_not_guessed_from() -> None:
    raw = letter(f"Sorry.\n\n----- Original message -----\n\n{RETURNED.format(to='ada@example.org, ben@example.org')}")

    assert kinds(raw) == [("", "temporary")]


@pytest.mark.parametrize("local", ["contact", "questions", "info", "o'neill", "ada+news", "a.b_c-d"])
def test_any_local_part_can_be_a_recipient(local: str) -> None:
    assert kinds(letter(f"<{local}@example.org>: 550 User unknown\n")) == [(f"{local}@example.org", "definitive")]


def test_an_address_to_ask_is_not_a_recipient() -> None:
    raw = letter(f"<{ADA}>: 550 User unknown\n\nFor questions write to help@mx.example\nContact: desk@mx.example\n")

    assert kinds(raw) == [(ADA, "definitive")]


def test_neither_our_own_address_nor_a_server_is_ever_named() -> None:
    text = f"Message from {OURS} could not be delivered.\nAsk postmaster@mx.example or {OURS}.\n"

    assert kinds(letter(text)) == [("", "temporary")]


def test_small_print_about_viruses_does_not_hide_a_dead_address() -> None:
    raw = report(group(status="5.1.1"), text="Failed: ada@example.org\n\nThis mail was checked for spam and viruses.")

    assert kinds(raw) == [(ADA, "definitive")]


def test_a_code_for_now_makes_any_words_temporary() -> None:
    raw = report(group(status="4.0.0"), text="ada@example.org: user unknown")

    assert kinds(raw) == [(ADA, "temporary")]


def test_the_subject_of_our_mail_is_not_taken_for_the_reason() -> None:
    raw = letter("Your message\n  To: ada@example.org\n  Subject: User unknown\ndid not reach: \n<ada@example.org>\n")

    assert kinds(raw) == [(ADA, "temporary")]


def test_what_might_be_wrong_is_no_verdict() -> None:
    raw = letter("<ada@example.org>\nNot delivered. Perhaps the user is unknown, or the address does not exist.\n")

    assert kinds(raw) == [(ADA, "temporary")]


def test_a_report_whose_parts_are_not_announced_is_read() -> None:
    raw = report(group(status="5.1.1"))
    lost = b"\n".join(line for line in raw.split(b"\n") if not line.startswith(b"Content-Type: multipart"))

    assert kinds(lost) == [(ADA, "definitive")]


def test_a_report_in_html_is_read() -> None:
    raw = letter(
        "<html><style>p {}</style><p>Not delivered</p><div>&lt;ada@example.org&gt;:<br>User unknown</div></html>",
        Content_Type="text/html; charset=utf-8",
    )

    assert kinds(raw) == [(ADA, "definitive")]


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "utf-8"])
def test_a_report_in_japanese_is_read_in_its_charset(charset: str) -> None:
    head = f"From: MAILER-DAEMON@mx.example\nSubject: error\nContent-Type: text/plain; charset={charset}\n\n"
    text = "<ada@example.org>\n宛先のメールボックスが一杯です\n"

    assert only(head.encode() + text.encode(charset)).reason == "full"


def test_the_mail_that_came_back_is_known_by_its_message_id() -> None:
    plain = letter(LAYOUTS["qmail"][0].replace("{returned}", RETURNED.format(to=ADA)))

    assert only(report(group(status="5.1.1"))).message_id == "<c1.7@clinic.example>"
    assert only(plain).message_id == "<c1.7@clinic.example>"


def test_a_server_is_quoted_without_addresses() -> None:
    bounce = only(report(group(status="5.1.1", said="550 5.1.1 <ada@example.org>: User unknown")))

    assert (bounce.status, bounce.reason) == ("5.1.1", "no_mailbox")
    assert bounce.reply == "550 5.1.1 <(address)>: User unknown"


@pytest.mark.parametrize(
    "raw",
    [
        report(group(action="delayed", status="4.4.1", said="450 4.1.1 user unknown")),
        letter(
            "THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\n<ada@example.org>\n"
            "We will keep trying.\n",
            subject="Delivery Status Notification (Delay)",
        ),
    ],
)
def test_a_delay_is_no_bounce_since_the_mail_is_under_way(raw: bytes) -> None:
    bounce = only(raw)

    assert (bounce.address, bounce.kind, bounce.what) == (ADA, "not_a_bounce", "delay")


def test_a_complaint_names_whom_to_stop_writing_to() -> None:
    raw = letter(
        "--B\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Loop/1\nOriginal-Rcpt-To: "
        "Ada@example.org\nOriginal-Rcpt-To: ben@example.org\n\n--B\nContent-Type: message/rfc822\n\n"
        f"{RETURNED.format(to=ADA)}\n--B--\n",
        sender="loop@provider.example",
        Content_Type='multipart/report; report-type=feedback-report; boundary="B"',
    )

    assert [(bounce.address, bounce.kind, bounce.what) for bounce in read(raw)] == [
        ("ada@example.org", "not_a_bounce", "complaint"),
        ("ben@example.org", "not_a_bounce", "complaint"),
    ]


def test_a_complaint_in_the_form_of_microsoft_is_one() -> None:
    raw = letter(
        f"--B\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: {ADA}\n{RETURNED.format(to=ADA)}\n--B--\n",
        sender="staff@provider.example",
        subject="complaint about message from 192.0.2.1",
        Content_Type='multipart/mixed; boundary="B"',
    )

    assert (only(raw).address, only(raw).what) == (ADA, "complaint")


def test_a_report_of_failed_signatures_is_no_complaint() -> None:
    raw = letter(
        "--B\nContent-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n\n--B--\n",
        sender="dmarc@provider.example",
        Content_Type='multipart/report; report-type=feedback-report; boundary="B"',
    )

    assert only(raw).what == "other"


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (
            letter("I am away until Monday. User unknown? No.", sender=ADA, subject="Out of office: A note"),
            "auto_reply",
        ),
        (
            letter("Thank you for your mail.", sender=ADA, subject="Re: A note", Auto_Submitted="auto-replied"),
            "auto_reply",
        ),
        (letter("I no longer work here.", sender=ADA, subject="Thank you", Return_Path="<>"), "auto_reply"),
        (letter("My brother's account does not exist any more, sorry!", sender=ADA, subject="Re: A note"), "other"),
        (letter("Can I come on Tuesday instead?", sender=ADA, subject="Appointment"), "other"),
    ],
)
def test_what_people_and_their_machines_answer_is_no_bounce(raw: bytes, what: str) -> None:
    assert [(bounce.kind, bounce.what) for bounce in read(raw)] == [("not_a_bounce", what)]


@pytest.mark.parametrize(
    ("disposition", "text", "expected"),
    [
        ("manual-action/MDN-sent-manually; displayed", "The mail was read.", ("not_a_bounce", "read_receipt")),
        (
            "automatic-action/MDN-sent-automatically; deleted",
            "<ada@example.org> rejected: over quota",
            ("temporary", "bounce"),
        ),
    ],
)
def test_a_read_receipt_is_told_from_a_refusal_in_its_form(
    disposition: str, text: str, expected: tuple[str, str]
) -> None:
    raw = report(
        f"Final-Recipient: rfc822; {ADA}\nDisposition: {disposition}", text=text, kind="disposition-notification"
    )

    bounce = only(raw)
    assert (bounce.address, bounce.kind, bounce.what) == (ADA, *expected)


def test_a_notice_in_json_is_read() -> None:
    notice = {
        "notificationType": "Bounce",
        "bounce": {
            "bouncedRecipients": [
                {"emailAddress": ADA, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 user unknown"}
            ]
        },
    }

    assert kinds(letter(json.dumps(notice), sender="no-reply@sns.example")) == [(ADA, "definitive")]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000))
@example(b"")
@example(b"\0" * 1000)
@example(b"From: MAILER-DAEMON@x\nContent-Type: text/plain; charset=undefined\n\n\xff")
@example(b"Content-Type: multipart/report; boundary=B; report-type*0*=''%FF\n\n--B\n\n--B\n")
def test_no_bytes_raise(raw: bytes) -> None:
    assert all(bounce.kind in ("definitive", "temporary", "not_a_bounce") for bounce in read(raw))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_report_never_raises_and_never_names_us(data: st.DataObject) -> None:
    texts = [letter(text) for text, _ in LAYOUTS.values()]
    raw = data.draw(st.sampled_from([*texts, report(group(status="5.1.1", said="550 5.1.1 User unknown"))]))
    start = data.draw(st.integers(raw.index(b"\n\n") + 2, len(raw)))
    damage = data.draw(st.binary(max_size=20))

    bounces = read(raw[:start] + damage + raw[start + len(damage) :])

    assert bounces
    assert all(bounce.address != OURS or bounce.kind == "not_a_bounce" for bounce in bounces)


@pytest.mark.parametrize(
    "raw",
    [
        letter("--B\nContent-Type: text/plain\n\nx\n" * 10_000, Content_Type="multipart/mixed; boundary=B"),
        b"".join(b"Content-Type: multipart/mixed; boundary=B%d\n\n--B%d\n" % (n, n) for n in range(5000)),
        b"Content-Type: message/rfc822\n\n" * 20_000,
        letter("user account recipient mailbox not " * 300_000),
        letter("<" * 500_000, Content_Type="text/html"),
        letter("<style>" * 50_000, Content_Type="text/html"),
        letter("a@" * 500_000),
        letter('{"notificationType":' * 10_000),
    ],
    ids=["10,000 parts", "nested parts", "nested mails", "10 MB", "open tags", "open styles", "signs", "json"],
)
def test_hostile_mails_are_read_to_their_end(raw: bytes) -> None:
    assert read(raw)


def test_a_huge_mail_behind_a_report_does_not_hide_it() -> None:
    raw = report(group(status="5.1.1")) + b"x" * 10_000_000

    assert kinds(raw) == [(ADA, "definitive")]
