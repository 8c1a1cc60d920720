"""What every call says beside its message, by language: which keys do what, and how it ends."""

from dataclasses import dataclass

REPEAT, CONNECT, STOP = "1", "2", "9"


@dataclass(frozen=True)
class CallWords:
    """voice, locale   of Twilio's text to speech
    menu            after the message
    wrong_key       before the menu is said again
    connecting      before the call is passed on
    nobody          when nobody takes it there; holds {number}
    stopped         after the key for no more calls; holds {practice}
    goodbye         when no key was pressed
    """

    voice: str
    locale: str
    menu: str
    wrong_key: str
    connecting: str
    nobody: str
    stopped: str
    goodbye: str


WORDS: dict[str, CallWords] = {
    "en": CallWords(
        voice="Polly.Joanna",
        locale="en-US",
        menu="To hear this message again, press 1. To talk with our office, press 2. To get no more calls like this, "
        "press 9.",
        wrong_key="That key does nothing here.",
        connecting="One moment, please. We are connecting you.",
        nobody="Nobody could take your call. Please call us later at {number}.",
        stopped="You will get no more calls like this from {practice} at this number. Goodbye.",
        goodbye="Thank you. Goodbye.",
    ),
    "es": CallWords(
        voice="Polly.Lupe",
        locale="es-US",
        menu="Para escuchar este mensaje otra vez, oprima 1. Para hablar con nuestro consultorio, oprima 2. Para no "
        "recibir más llamadas como esta, oprima 9.",
        wrong_key="Esa tecla no hace nada aquí.",
        connecting="Un momento, por favor. Lo estamos comunicando.",
        nobody="Nadie pudo tomar su llamada. Por favor llámenos más tarde al {number}.",
        stopped="No recibirá más llamadas como esta de {practice} en este número. Adiós.",
        goodbye="Gracias. Adiós.",
    ),
}


def words_of(language: str | None) -> CallWords:
    """The words of a language, else the English ones."""
    return WORDS.get(language or "", WORDS["en"])
