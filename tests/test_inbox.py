"""What a patient's answer to a text does: kept once, STOP at once for the number, START and HELP, and what waits for a
person."""

import threading
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from core import inbox, opt_outs
from core.domain.answering import Situation, answer_text, following, kind_of
from core.domain.text_segments import GSM_7, segments
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts, contacts
from core.store.database import reading, writing
from core.store.schema import audit, replies
from core.store.schema import opt_outs as table
from core.workbench import Workbench
from tests.clinic import add_clinic, add_patients
from tests.conftest import Clock
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.texts import ADA, BOB, NOBODY, incoming, kept, sid, stops, take, text_campaign

FREE_STOP = "Please stop texting me"
CONFIRMED = "Example Health Group: you get no more texts from us. Reply START to get them again."


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    add_clinic(bench)
    add_patients(bench, 1, phone_mobile=ADA)
    return bench


def may_be_texted(wb: Workbench, patient_id: str) -> bool:
    """Whether no opt-out stands against a text to the patient now."""
    with reading(wb.engine) as connection:
        found = contacts.eligibility_inputs(
            connection, [patient_id], channel="text", at=wb.now(), on=wb.today(), zone=wb.zone()
        )
    return not found[patient_id].opt_outs


def limited(wb: Workbench, *groups: str) -> Workbench:
    accounts.add_user(
        wb.engine, User("lim", "Lim Ited", scope=Scope(groups=frozenset(groups))), at=wb.now(), by="command-line"
    )
    return wb.as_user("lim")


def lines(wb: Workbench, action: str) -> list[tuple[str, str, dict[str, object]]]:
    with reading(wb.engine) as connection:
        found = connection.execute(select(audit).where(audit.c.action == action).order_by(audit.c.audit_id))
        return [(row.user_id, row.subject, row.details) for row in found]


def newest(wb: Workbench) -> int:
    return int(kept(wb)[-1].reply_id)


# ---- STOP ----------------------------------------------------------------------------------------------------------
def test_stop_ends_all_texts_to_the_number_at_once_and_for_good(wb: Workbench) -> None:
    assert may_be_texted(wb, "p1")

    take(wb, 1, "STOP")

    assert stops(wb) == [(ADA, "all_text", "stop", "patient", True)]
    assert not may_be_texted(wb, "p1")
    [opt_out] = opt_outs.of_patient(wb, "p1")
    assert (opt_out.patient_id, opt_out.until, opt_out.reason) == (None, None, "Answered STOP to a text")
    [reply] = kept(wb)
    assert (reply.kind, reply.status, reply.decided_at) == ("stop", "done", None)
    assert lines(wb, "opt_out.added") == [
        ("patient", str(opt_out.opt_out_id), {"type": "all_text", "source": "stop", "reply": reply.reply_id})
    ]


def test_stop_counts_for_everybody_with_the_number_and_for_whoever_gets_it_later(wb: Workbench) -> None:
    add_patients(wb, 1, start=2, group=2, phone_mobile=ADA)

    take(wb, 1, "STOP")
    add_patients(wb, 1, start=3, phone_mobile=ADA)

    assert [may_be_texted(wb, each) for each in ("p1", "p2", "p3")] == [False, False, False]
    assert len(stops(wb)) == 1


def test_stop_of_a_number_that_nobody_has_counts_all_the_same(wb: Workbench) -> None:
    assert take(wb, 1, FREE_STOP, sender=NOBODY) == CONFIRMED

    assert stops(wb) == [(NOBODY, "all_text", "stop", "patient", True)]
    assert may_be_texted(wb, "p1")


@pytest.mark.parametrize(
    "word", ["STOP", " stop\n", "StopAll", "UNSUBSCRIBE", "cancel", "END", "Quit", "REVOKE", "optout"]
)
def test_what_twilio_confirms_itself_is_not_confirmed_by_us(wb: Workbench, word: str) -> None:
    assert take(wb, 1, word) == ""

    assert len(stops(wb)) == 1


def test_free_words_are_confirmed_once_and_never_again_while_they_count(wb: Workbench) -> None:
    answers = [take(wb, number, FREE_STOP) for number in (1, 2, 3)]

    assert answers == [CONFIRMED, "", ""]
    assert len(stops(wb)) == 1
    assert [(row.kind, row.answer) for row in kept(wb)] == [("stop", "stop"), ("stop", ""), ("stop", "")]


def test_what_twilio_says_of_a_text_counts_more_than_its_words(wb: Workbench) -> None:
    assert take(wb, 1, "Adios amigos", opt_out_type="STOP") == ""
    assert len(stops(wb)) == 1

    assert take(wb, 2, "hola", opt_out_type="START") == ""
    assert stops(wb)[0][-1] is False


def test_the_same_text_again_changes_nothing_and_is_answered_nothing(wb: Workbench) -> None:
    text = incoming(1, FREE_STOP)

    answers = [*inbox.take_all(wb, [text, text]), *inbox.take_all(wb, [text])]

    assert answers == [CONFIRMED, "", ""]
    assert len(kept(wb)) == len(stops(wb)) == 1


def test_fifty_of_the_same_at_once_are_one_reply_one_stop_and_one_confirmation(wb: Workbench) -> None:
    answers: list[str] = []
    patient = wb.as_user("patient")
    senders = [
        threading.Thread(target=lambda: answers.extend(inbox.take_all(patient, [incoming(1, FREE_STOP)])))
        for _ in range(50)
    ]

    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert sorted(answers) == [""] * 49 + [CONFIRMED]
    assert len(kept(wb)) == len(stops(wb)) == 1


def test_different_stops_of_one_number_at_once_are_one_opt_out(wb: Workbench) -> None:
    patient, answers = wb.as_user("patient"), list[str]()

    def send(number: int) -> None:
        answers.extend(inbox.take_all(patient, [incoming(number, FREE_STOP)]))

    senders = [threading.Thread(target=send, args=(number,)) for number in range(12)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert len(kept(wb)) == 12 and len(stops(wb)) == 1
    assert answers.count(CONFIRMED) == 1


def test_a_stop_stands_beside_what_staff_recorded_so_that_taking_theirs_back_leaves_it(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        connection.execute(
            insert(table).values(
                address=ADA, type="all_text", starts_on=wb.today(), reason="Privacy", source="staff", made_at=wb.now(),
                made_by="ana",
            )
        )  # fmt: skip
    take(wb, 1, "STOP")

    opt_outs.remove(wb, [one.opt_out_id or 0 for one in opt_outs.of_address(wb, ADA) if one.source == "staff"])

    assert not may_be_texted(wb, "p1")


# ---- START ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("START", ""),
        ("yes", ""),
        ("Unstop", ""),
        ("Subscribe", "Example Health Group: you get texts from us again. Reply STOP to end them."),
    ],
)
def test_start_restores_what_a_stop_ended(wb: Workbench, word: str, answer: str) -> None:
    take(wb, 1, "STOP")

    assert take(wb, 2, word) == answer

    assert may_be_texted(wb, "p1")
    with reading(wb.engine) as connection:
        assert connection.execute(select(table.c.removed_by, table.c.removed_at)).one() == ("patient", wb.now())
    assert [each[0] for each in lines(wb, "opt_out.removed")] == ["patient"]


def test_start_leaves_what_staff_and_feeds_recorded(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        connection.execute(
            insert(table),
            [
                {"address": ADA, "type": "all_text", "starts_on": wb.today(), "reason": "x", "source": source,
                 "made_at": wb.now(), "made_by": "ana"}
                for source in ("staff", "feed")
            ],
        )  # fmt: skip
    take(wb, 1, "STOP")

    take(wb, 2, "START")

    assert [(source, stands) for _, _, source, _, stands in stops(wb)] == [
        ("staff", True), ("feed", True), ("stop", False)
    ]  # fmt: skip
    assert not may_be_texted(wb, "p1")


@pytest.mark.parametrize("word", ["Yes", "start"])
def test_yes_where_nothing_was_stopped_answers_a_question_and_waits_for_a_person(wb: Workbench, word: str) -> None:
    assert take(wb, 1, word) == ""

    assert [(row.kind, row.status) for row in kept(wb)] == [("other", "new")]
    assert inbox.waiting_count(wb) == 1


def test_an_old_start_that_comes_again_after_a_newer_stop_changes_nothing(wb: Workbench) -> None:
    take(wb, 1, "STOP")
    take(wb, 2, "START")
    take(wb, 3, "STOP")

    take(wb, 2, "START")

    assert not may_be_texted(wb, "p1")
    assert [stands for *_, stands in stops(wb)] == [False, True]


def test_each_stop_after_a_start_is_confirmed_anew(wb: Workbench) -> None:
    answers = inbox.take_all(
        wb, [incoming(1, FREE_STOP), incoming(2, "START"), incoming(3, FREE_STOP), incoming(4, FREE_STOP)]
    )

    assert answers == [CONFIRMED, "", CONFIRMED, ""]
    assert [stands for *_, stands in stops(wb)] == [False, True]


# ---- HELP and the last text ----------------------------------------------------------------------------------------
def test_help_names_the_number_of_the_last_text_at_most_once_a_minute(wb: Workbench, clock: Clock) -> None:
    text_campaign(wb, ["p1"], campaign_id="c1", name="Older", fields={"help_number": "+15550100111"})
    clock.forward(hours=1)
    text_campaign(wb, ["p1"], campaign_id="c2", name="Newer", fields={"help_number": "+15550100122"})

    first, second, other = take(wb, 1, "HELP"), take(wb, 2, "help"), take(wb, 3, "HELP", sender=NOBODY)
    clock.forward(seconds=61)
    later = take(wb, 4, "Help")

    assert first == "Example Health Group: for help call (555) 010-0122. Reply STOP to get no more texts."
    assert second == ""
    assert later == first
    assert other == "Example Health Group: for help call (555) 010-0100. Reply STOP to get no more texts."
    assert {row.status for row in kept(wb)} == {"done"} and stops(wb) == []


def test_help_falls_back_to_the_call_back_number_of_the_campaign(wb: Workbench) -> None:
    text_campaign(wb, ["p1"], fields={"call_back_number": "+15550100133"})

    assert "(555) 010-0133" in take(wb, 1, "HELP")


def test_a_reply_belongs_to_the_last_text_that_was_handed_over_to_its_number(wb: Workbench, clock: Clock) -> None:
    text_campaign(wb, ["p1"], campaign_id="c1", name="Older")
    clock.forward(days=1)
    text_campaign(wb, ["p1"], campaign_id="c2", name="Newer")

    take(wb, 1, "Can I come on Friday?")
    take(wb, 2, "Who are you?", sender=BOB)

    found = {reply.from_number: reply.campaign_name for reply in inbox.replies(wb).replies}
    assert found == {ADA: "Newer", BOB: None}


def test_answers_are_in_the_language_of_the_last_text_or_of_the_patient(wb: Workbench) -> None:
    add_patients(wb, 1, start=2, phone_mobile=BOB, language="es")

    assert take(wb, 1, FREE_STOP).startswith("Example Health Group: you get")
    assert take(wb, 2, FREE_STOP, sender=BOB) == (
        "Example Health Group: ya no le enviaremos mensajes de texto. Responda START para recibirlos de nuevo."
    )


@given(st.sampled_from(["stop", "start", "help"]), st.sampled_from(["en", "es", None]), st.text(max_size=300))
def test_an_answer_is_one_segment_of_the_simple_alphabet_whatever_the_practice_is_called(
    answer: str, language: str | None, practice: str
) -> None:
    text = answer_text(answer, language=language, practice=practice, number="(555) 010-0100")

    assert (segments(text).encoding, segments(text).count) == (GSM_7, 1)
    assert text.isprintable()


# ---- anything else -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sender", ["72345", "anonymous", "", "whatsapp:+15550100101", "+1555"])
@pytest.mark.parametrize("body", ["HELP", FREE_STOP, "Hello"])
def test_what_comes_from_no_number_is_kept_and_answered_nothing(wb: Workbench, sender: str, body: str) -> None:
    assert take(wb, 1, body, sender=sender) == ""

    assert len(kept(wb)) == 1 and stops(wb) == []
    assert inbox.waiting_count(wb) == (0 if body == "HELP" else 1)


def test_a_text_is_kept_without_what_no_database_takes_and_no_longer_than_texts_are(wb: Workbench) -> None:
    take(wb, 1, "a\0b \ud800 \U0001f600 ñ")
    take(wb, 2, "x" * 5000)

    assert [row.body for row in kept(wb)] == ["ab ? \U0001f600 ñ", "x" * 1600]


def test_a_text_that_cannot_be_kept_leaves_nothing_of_its_batch_and_the_others_can_be_taken_alone(
    wb: Workbench,
) -> None:
    bad = replace(incoming(2, "Hello"), provider_id=None)  # type: ignore[arg-type]

    with pytest.raises(Exception, match=r"(?i)null"):
        inbox.take_all(wb, [incoming(1, FREE_STOP), bad])

    assert kept(wb) == [] and stops(wb) == []
    assert inbox.take_all(wb, [incoming(1, FREE_STOP)]) == [CONFIRMED]


# ---- who sees what -------------------------------------------------------------------------------------------------
def test_a_reply_shows_all_patients_of_its_number_and_the_children_of_who_has_it(wb: Workbench) -> None:
    add_patients(wb, 1, start=2, group=2, first="Bob", last="Aaron", phone_mobile=ADA)
    add_patients(wb, 1, start=3, guarantor_id="p1", birth_date=date(2019, 3, 1))
    add_patients(wb, 1, start=4, guarantor_id="p1")  # of age: texts go to a number of their own
    take(wb, 1, "Hello")

    [reply] = inbox.replies(wb).replies

    assert [person.patient_id for person in reply.people] == ["p2", "p1", "p3"]
    assert [one.reply_id for one in inbox.of_patient(wb, "p3")] == [reply.reply_id]
    assert inbox.of_patient(wb, "p4") == []


def test_who_is_limited_sees_replies_of_their_patients_numbers_and_nobody_elses(wb: Workbench) -> None:
    add_patients(wb, 1, start=2, group=2, phone_mobile=BOB)
    add_patients(wb, 1, start=3, group=2, phone_mobile=ADA)
    add_patients(wb, 1, start=4, group=2, guarantor_id="p1", birth_date=date(2019, 3, 1))
    for number, sender in enumerate((ADA, BOB, NOBODY)):
        take(wb, number, "Hello", sender=sender)

    one, two = limited(wb, "g1"), limited(wb, "g2")

    assert inbox.replies(wb).count == 3 and inbox.waiting_count(wb) == 3
    assert [(each.from_number, [p.patient_id for p in each.people]) for each in inbox.replies(two).replies] == [
        (BOB, ["p2"]), (ADA, ["p3", "p4"])
    ]  # fmt: skip
    assert [[p.patient_id for p in each.people] for each in inbox.replies(one).replies] == [["p1"]]
    assert inbox.replies(one).count == inbox.waiting_count(one) == 1
    for hidden in (kept(wb)[1].reply_id, kept(wb)[2].reply_id, 999):
        with pytest.raises(NotFound):
            inbox.mark_done(one, [hidden])
    with pytest.raises(NotFound):
        inbox.of_patient(one, "p2")


def test_replies_are_found_by_status_text_name_and_number_page_by_page(wb: Workbench) -> None:
    add_patients(wb, 1, start=2, first="Grace", last="O'Sample", phone_mobile=BOB)
    for number in range(5):
        take(wb, number, f"Question {number} 100%")
    take(wb, 9, "STOP", sender=BOB)

    assert [reply.body for reply in inbox.replies(wb, status="new", page=1, size=2).replies] == [
        "Question 2 100%", "Question 1 100%"
    ]  # fmt: skip
    for search, count in (
        ("question 3", 1), ("100%", 5), ("%%", 0), ("_", 0), ("grace o's", 1), ("(555) 010-0102", 1), ("0101", 5),
        ("  ", 6), ("nothing", 0),
    ):  # fmt: skip
        assert inbox.replies(wb, search=search).count == count, search
    assert inbox.replies(wb, status="done").count == 1


# ---- what a person decides -----------------------------------------------------------------------------------------
def unsure(wb: Workbench, number: int = 1, sender: str = ADA) -> int:
    """An unsure reply; returns its id."""
    with writing(wb.engine) as connection:
        found = connection.execute(
            insert(replies)
            .values(
                provider_id=sid(number), from_number=sender, to_number="+15550100200", body="Enough of this",
                kind="unsure", received_at=wb.now(), status="new",
            )
            .returning(replies.c.reply_id)
        )  # fmt: skip
        return int(found.scalar_one())


def test_a_person_decides_that_an_unsure_reply_is_a_stop(wb: Workbench, clock: Clock) -> None:
    reply_id = unsure(wb)
    assert inbox.replies(wb, is_unsure=True, status="new").count == inbox.waiting_count(wb) == 1
    clock.forward(hours=2)

    assert inbox.decide(wb, reply_id, stop=True)

    assert stops(wb) == [(ADA, "all_text", "stop", "ana", True)]
    assert not may_be_texted(wb, "p1")
    [reply] = inbox.replies(wb).replies
    assert (reply.status, reply.decision, reply.decided_by, reply.is_stopped) == ("done", "stopped", "Ana Lyst", True)
    assert reply.decided_at == clock.at and reply.answer == ""
    assert lines(wb, "reply.decided") == [("ana", str(reply_id), {"stop": True})]
    take(wb, 2, "START")
    assert may_be_texted(wb, "p1")


def test_a_person_decides_that_an_unsure_reply_is_no_stop(wb: Workbench) -> None:
    reply_id = unsure(wb)

    assert not inbox.decide(wb, reply_id, stop=False)

    assert stops(wb) == [] and kept(wb)[0].decision == "not_stopped" and inbox.waiting_count(wb) == 0
    with pytest.raises(NotAllowed):
        inbox.decide(wb, reply_id, stop=True)


def test_what_a_person_said_can_be_taken_back_with_the_stop_it_made(wb: Workbench, clock: Clock) -> None:
    first, second = unsure(wb), unsure(wb, 2, BOB)
    inbox.decide(wb, first, stop=True)
    inbox.decide(wb, second, stop=False)
    clock.forward(minutes=5)

    assert inbox.mark_new(wb, [first, second]) == 2

    assert may_be_texted(wb, "p1") and inbox.waiting_count(wb) == 2
    assert [(row.decision, row.decided_by) for row in kept(wb)] == [("", None), ("", None)]


def test_taking_a_decision_back_leaves_the_stop_that_was_there_before(wb: Workbench, clock: Clock) -> None:
    reply_id = unsure(wb)
    take(wb, 2, "STOP")
    clock.forward(minutes=5)
    assert not inbox.decide(wb, reply_id, stop=True)

    inbox.mark_new(wb, [reply_id])

    assert not may_be_texted(wb, "p1")


def test_whoever_reads_replies_may_stop_texts_and_only_who_may_change_opt_outs_lets_them_go_on(wb: Workbench) -> None:
    reply_id = unsure(wb)
    accounts.add_user(wb.engine, User("mia", "Mia", roles=frozenset({"analyst"})), at=wb.now(), by="ana")
    mia = wb.as_user("mia")

    assert inbox.decide(mia, reply_id, stop=True)
    with pytest.raises(NotAllowed, match="opt-out clerk"):
        inbox.mark_new(mia, [reply_id])

    assert not may_be_texted(wb, "p1") and kept(wb)[0].decision == "stopped"


def test_replies_are_marked_done_and_waiting_again(wb: Workbench) -> None:
    take(wb, 1, "Hello")
    take(wb, 2, "STOP")
    hello, stop = (row.reply_id for row in kept(wb))

    assert inbox.mark_done(wb, [hello, stop]) == 1 and inbox.waiting_count(wb) == 0
    assert inbox.mark_done(wb, [hello]) == 0
    assert inbox.mark_new(wb, [hello, stop]) == 1 and inbox.waiting_count(wb) == 1
    assert not may_be_texted(wb, "p1")
    assert [line[1] for line in lines(wb, "reply.done") + lines(wb, "reply.reopened")] == [str(hello)] * 2


def test_an_unsure_reply_cannot_be_put_aside_without_a_decision(wb: Workbench) -> None:
    reply_id = unsure(wb)

    with pytest.raises(NotAllowed):
        inbox.mark_done(wb, [reply_id])


def test_two_who_decide_at_once_decide_once(wb: Workbench) -> None:
    reply_id, refused = unsure(wb), list[NotAllowed]()

    def decide() -> None:
        try:
            inbox.decide(wb, reply_id, stop=True)
        except NotAllowed as error:
            refused.append(error)

    people = [threading.Thread(target=decide) for _ in range(6)]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert len(refused) == 5 and len(stops(wb)) == 1


def test_the_audit_log_and_errors_hold_no_number_and_no_words(wb: Workbench) -> None:
    take(wb, 1, FREE_STOP)
    take(wb, 2, "START")
    take(wb, 3, "HELP")
    take(wb, 4, "Hello there")
    inbox.mark_done(wb, [newest(wb)])

    with reading(wb.engine) as connection:
        written = str(connection.execute(select(audit)).all())
        assert connection.scalar(select(func.count()).select_from(audit)) == 4
    assert ADA not in written and "5550100101" not in written and "Hello" not in written
    assert "Hello" not in repr(incoming(1, "Hello")) and ADA not in repr(incoming(1, "Hello"))


@given(st.sampled_from(["stop", "start", "help", "unsure", "other"]), st.booleans(), st.booleans(), st.booleans())
def test_nothing_is_both_done_by_itself_and_left_to_a_person(
    kind: str, number: bool, stopped: bool, helped: bool
) -> None:
    found = following(kind, "", "", Situation(number, stopped, helped))

    assert not (found.does or found.answer) or found.status == "done"
    assert kind not in ("unsure", "other") or found.status == "new"


def test_the_words_by_which_twilio_stops_a_number_are_a_stop_whatever_we_would_read(wb: Workbench) -> None:
    assert kind_of("other", " Revoke ", "") == "stop"
    assert kind_of("other", "revoke this", "") == "other"
