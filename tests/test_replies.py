"""What text messages from patients mean: keywords in every decoration, free wordings, and talk that uses the words."""

import pytest
from hypothesis import strategies as st

from core.domain.replies import classify, reading
from tests.drawn import drawn

STOP = ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out", "remove")
SPANISH = ("alto", "parar", "pare", "basta", "cancelar", "detener", "no más", "baja", "salir")
KINDS = {
    **dict.fromkeys((*STOP, *SPANISH), "stop"),
    **dict.fromkeys(("start", "yes", "unstop"), "start"),
    **dict.fromkeys(("help", "info", "ayuda"), "help"),
}
INVISIBLE = ("\u200b", "\u200d", "\ufeff", "\u00ad", "\u202a", "\u2066", "\ufe0f", "\u2060", "\u200f")
BEFORE = (
    "",
    " ",
    "\n\n",
    "“",
    '"',
    "'",
    "«",
    "#",
    "*",
    "(",
    "¡",
    "🛑 ",
    "👉🏽",
    "\ufeff",
    "Please ",
    "pls ",
    "Por favor, ",
)
AFTER = ("", " ", ".", "!!!", "”", '"', "'", "»", "*", ")", " 🙏🏽", "❤️", "\n\n", "\u00a0", " please", " por favor")
LAST = (
    "",
    " thanks",
    ", thank you!",
    " gracias.",
    "\n\nSent from my iPhone",
    "\nEnviado desde mi iPhone",
    "\nJane Doe",
)
LAST_MORE = (" -- John", "\n> Hi Ann, reply STOP to end", "\nOn Tue, Jan 6, 2026 at 9:00 AM Clinic wrote:\nHi Ann")


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "Stop.", "“Stop”", "«STOP»", "S T O P", "s.t.o.p.", "S-T-O-P", "s\nt\no\np", "STOPPPP", "SSTTOOPP"),
        *("STOP STOP STOP", "STOPSTOP", "stop, quit, end", "Reply STOP", "re: stop", "STOP\r\n", "[STOP]", "/stop"),
        *(
            "ＳＴＯＰ",
            "ЅТОР",
            "ⓈⓉⓄⓅ",
            "🅂🅃🄾🄿",
            "sᴛᴏᴘ",
            "S̶T̶O̶P̶",
            "st0p",
            "$top",
            "STOP\u3164",
            "STOP™",
            "STOP 1️⃣",
            "STOP 🇺🇸",
        ),
        *("STOP\nJane Doe\n555-0123", "STOP 555-555-0123", "STOP—Jane", "Stop. Thank you, Mary", "STOP asap"),
        *("stpo", "sotp", "unsubcribe", "Unsuscribe", "cancle", "un subscribe", "st op", "opt-out!", "Arrêt"),
        *("no mas", "No más, gracias", "¡Basta!", "Parar por favor", "Disliked “Hi” STOP"),
    ],
)
def test_a_keyword_of_stopping_is_one_in_any_decoration(text: str) -> None:
    assert classify(text) == "stop"


@drawn(
    daily=150,
    many=3000,
    keyword=st.sampled_from(sorted(KINDS)),
    case=st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
    inside=st.sampled_from(("", *INVISIBLE)),
    before=st.sampled_from(BEFORE),
    after=st.sampled_from(AFTER),
    last=st.sampled_from((*LAST, *LAST_MORE)),
)
def test_a_decorated_keyword_keeps_its_meaning(
    keyword: str, case: type[str], inside: str, before: str, after: str, last: str
) -> None:
    text = before + inside.join(case(keyword)) + after + last

    assert classify(text) == KINDS[keyword]


@drawn(
    daily=50,
    many=1000,
    keyword=st.sampled_from([word for word in KINDS if " " not in word and KINDS[word] == "stop"]),
    between=st.sampled_from(" .-_*·,\u00a0\n"),
    more=st.integers(0, 5),
)
def test_letters_apart_and_repeated_are_the_same_word(keyword: str, between: str, more: int) -> None:
    assert classify(between.join(keyword)) == "stop"
    assert classify(keyword + keyword[-1] * more) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        # English, of the angry, the polite and the hurried
        *("please take me off your list", "quit texting me", "do not contact me again", "don't text this number"),
        *("wrong number, stop texting", "remove my number", "No more messages", "lose my number", "opt me out"),
        *("I no longer want these texts", "STOP TEXTING ME!!!!", "stop txtin me", "pls dont text me no more"),
        *("Could you remove me from this list? Thank you", "Never text me again", "how do i stop these messages"),
        *("I'd like to be taken off this texting list", "please opt out my number", "cancel these texts"),
        *("End all communication with me", "I revoke my consent", "DO NOT CALL OR TEXT", "These texts need to stop"),
        *("Put me on your do not call list", "Please don't send me any more reminders", "I want to unsubscribe"),
        *("I would appreciate it if you would stop sending me text messages.", "Pls. Stop. Sending. Messages."),
        *("He passed away. Please stop contacting us.", "My son is not a patient, please stop texting about him"),
        # Spanish of several countries, with and without accents, and Spanglish
        *("ya no me manden mensajes", "dejen de escribirme", "no quiero recibir más mensajes", "quítenme de la lista"),
        *("borren mi número", "Quiero darme de baja", "deja de textearme", "No deseo que me contacten"),
        *("Les agradecería que no me enviaran más mensajes", "parenle a los mensajes", "cancelar suscripción"),
        *("stop los mensajes", "no more mensajes porfa", "no me texteen", "Ya no me llamen"),
    ],
)
def test_who_names_what_shall_end_is_believed(text: str) -> None:
    assert classify(text) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        *("leave me alone", "go away", "not interested", "wrong number", "stop it", "Fuck off", "Don't bother me"),
        *("unsubscribe from portal emails", "STOP. Already had my mammogram.", "opt out of the study", "cancelled"),
        *("This is not her number anymore", "I never gave you permission to text me", "who gave you this number"),
        *("Tired of these texts", "She passed away in May", "I'm blocking this number", "start texting me again"),
        *("no me interesa", "Déjenme en paz", "número equivocado", "Mi mamá falleció", "Ya paren", "no molesten"),
        *("Reply STOP to end", "texts not wanted", "I'm not a patient there", "Stop blowing up my phone"),
    ],
)
def test_who_may_want_an_end_waits_for_a_person(text: str) -> None:
    assert classify(text) == "unsure"


@pytest.mark.parametrize(
    "text",
    [
        *("I'll stop by tomorrow", "can I stop taking my metformin?", "bus stop", "the pain won't stop", "the end"),
        *("end of the month", "please cancel my appointment", "I quit smoking", "when does it end?", "don't stop!"),
        *("please don't stop texting me", "Why did you stop texting me?", "I will stop texting you", "I have cancer"),
        *("he won't stop calling me", "I never got a message from you", "No calls..messages..missed calls"),
        *("can you help me find the clinic", "start of next week", "yes I will be there", "who is this?", "C", "👍"),
        *("remove the stitches", "Please stop by the pharmacy for me", "my pharmacy is Stop & Shop", "", " \n"),
        *("no gracias", "alto colesterol", "Puedo parar de tomar la medicina?", "quiero cancelar mi cita"),
        *("me dieron de alta ayer", "no puedo salir del trabajo", "Para mañana está bien", "baja de peso"),
    ],
)
def test_talk_that_only_uses_the_words_is_something_else(text: str) -> None:
    assert classify(text) == "other"


@pytest.mark.parametrize(
    "text",
    [
        *("How do I make these go away", "I want off this thing", "turn off texting for my phone", "never again"),
        *("STOP i dont live there anymore", "Use email instead of text", "this is not my doctor, leave me be"),
        *("Not gonna need these anymore thanks", "I dont belong to this clinic", "pause the texts please", "hard pass"),
        *("please, no further messages to this phone", "You keep texting a dead man", "exclude me", "I decline"),
        *("put an end to this", "what gives you the right to text me", "use my home phone not this", "too many texts"),
        *("I am not her, remove this cell", "demasiados mensajes", "ya le dije que no", "quiero salir de la lista"),
        *("por favor pare con esto", "este numero ya no es de maria", "me cambié de clínica", "no quiero"),
    ],
)
def test_whoever_has_had_enough_in_other_words_is_heard(text: str) -> None:
    assert classify(text) in ("stop", "unsure")


@pytest.mark.parametrize("text", ["stop it lah", "stop bugging me haha", "ok end already", "cancel liao", "stop. haha"])
def test_banter_opts_nobody_out(text: str) -> None:
    assert classify(text) != "stop"


@pytest.mark.parametrize("verb", ["Liked", "Loved", "Laughed at", "Disliked", "Emphasized", "Reacted 👍 to", "👍 to"])
@pytest.mark.parametrize("quoted", ["“Hi Ann, reply STOP to end”", '"STOP"', "“Reply STOP…"])
def test_a_reaction_to_a_message_of_ours_is_no_wish(verb: str, quoted: str) -> None:
    assert classify(f"{verb} {quoted}") == "other"


@pytest.mark.parametrize("text", ["Le gustó “Responda STOP”", "Se rió de “STOP”", "Liked an image", "> Reply STOP"])
def test_reactions_in_spanish_and_bare_quotations_are_no_wish_either(text: str) -> None:
    assert classify(text) == "other"


def test_our_own_message_sent_back_is_no_wish() -> None:
    assert classify("Hi Ann, your mammogram is due. Reply STOP to end texts") == "other"
    assert classify("STOP\nHi Ann, your mammogram is due. Reply STOP to end texts") != "other"


def test_staff_are_told_what_was_recognised() -> None:
    assert reading("STOP!").why == "the keyword alone"
    assert reading("take me off your list").why == "asks to be taken off the list"


@drawn(daily=200, many=3000, text=st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_string_has_a_meaning(text: str) -> None:
    assert classify(text) in ("stop", "start", "help", "unsure", "other")


@pytest.mark.parametrize("piece", ["do not ", "stop the ", "no me ", "s.", "\n", "“", "Loved “", "on ", "\u200b", "ﷺ"])
def test_only_the_length_of_a_text_message_is_looked_at(piece: str) -> None:
    assert classify(piece * 20_000 + " STOP") in ("other", "unsure", "stop")
