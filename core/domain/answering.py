"""What a text from a phone does by itself, and what is answered to it (T6, O8).

Twilio answers some words itself, and after a STOP it lets nothing more through to the number. So we answer only what it
does not, never twice, in one segment, without a name or a word of health: nobody knows who holds the phone.
"""

import unicodedata
from dataclasses import dataclass

STOP, START, HELP, UNSURE, OTHER = "stop", "start", "help", "unsure", "other"
NEW, DONE = "new", "done"
KINDS = {STOP: "Stop", START: "Start", HELP: "Help", UNSURE: "Unsure", OTHER: "Reply"}

# What Twilio answers itself when the whole text is this, in any case (its default handling of opt-outs).
_TWILIO_STOPS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_TWILIO_STARTS = frozenset({"START", "YES", "UNSTOP"})
_TWILIO = {STOP: _TWILIO_STOPS, START: _TWILIO_STARTS, HELP: frozenset[str]()}

_LONGEST = 160  # characters of one segment in GSM-7
_TWO_UNITS = frozenset("`^{}\\[]~|")  # of ASCII: not in GSM-7, or counted twice
_ANSWERS = {  # no letter with an accent that GSM-7 does not have: it would make two segments of one
    "en": {
        STOP: "{practice}: you get no more texts from us. Reply START to get them again.",
        START: "{practice}: you get texts from us again. Reply STOP to end them.",
        HELP: "{practice}: for help call {number}. Reply STOP to get no more texts.",
    },
    "es": {
        STOP: "{practice}: ya no le enviaremos mensajes de texto. Responda START para recibirlos de nuevo.",
        START: "{practice}: le enviaremos mensajes de texto de nuevo. Responda STOP para no recibirlos.",
        HELP: "{practice}: para ayuda llame al {number}. Responda STOP para no recibir mensajes de texto.",
    },
}


@dataclass(frozen=True)
class Situation:
    """What is known when a text comes.

    is_number     it comes from a telephone number, so that texts could go there
    is_stopped    an earlier text, or a person who read one, has stopped texts to the number
    is_helped     the number was told how to get help less than a minute ago
    """

    is_number: bool
    is_stopped: bool = False
    is_helped: bool = False


@dataclass(frozen=True)
class Following:
    """What follows: the kind of the text, whether it waits for a person, what it does, and what is answered.

    `does` is 'stop', 'start' or nothing; `answer` one of those, 'help' or nothing.
    """

    kind: str
    status: str
    does: str = ""
    answer: str = ""


def kind_of(classified: str, body: str, opt_out_type: str) -> str:
    """What a text is. Twilio's word counts most, then the words by which Twilio stops a number."""
    if opt_out_type in ("STOP", "START", "HELP"):
        return opt_out_type.lower()
    return STOP if _word(body) in _TWILIO_STOPS else classified


def following(kind: str, body: str, opt_out_type: str, situation: Situation) -> Following:
    """What follows from a text of this kind."""
    if not situation.is_number:
        return Following(kind, DONE if kind in (START, HELP) else NEW)
    answer = "" if _twilio_answers(kind, body, opt_out_type) else kind
    if kind == STOP:
        return Following(STOP, DONE) if situation.is_stopped else Following(STOP, DONE, STOP, answer)
    if kind == START and situation.is_stopped:
        return Following(START, DONE, START, answer)
    if kind == HELP:
        return Following(HELP, DONE, answer="" if situation.is_helped else HELP)
    return Following(UNSURE if kind == UNSURE else OTHER, NEW)  # 'Yes' may well answer a question of ours


def answer_text(answer: str, *, language: str | None, practice: str, number: str) -> str:
    """The words of an answer, within one segment: a practice's long name is cut."""
    words = _ANSWERS["es" if language == "es" else "en"][answer]
    room = _LONGEST - len(words.format(practice="", number=number))
    return words.format(practice=_plain(practice)[:room].strip() or "Careloop", number=number)


def _twilio_answers(kind: str, body: str, opt_out_type: str) -> bool:
    return kind != HELP and (bool(opt_out_type) or _word(body) in _TWILIO.get(kind, frozenset()))


def _word(body: str) -> str:
    return body.strip().upper()


def _plain(text: str) -> str:
    """In letters that take one unit of a text each."""
    letters = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(letter for letter in letters if " " <= letter <= "}" and letter not in _TWO_UNITS)
