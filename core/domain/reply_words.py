"""Words of text messages: keywords by themselves, what may stand around them, and how people abbreviate.

Sources: Twilio's default keywords ('Twilio support for opt-out keywords', and 'Advanced Opt-Out': STOP, STOPALL,
UNSUBSCRIBE, CANCEL, END, QUIT, REVOKE, OPTOUT; START, YES, UNSTOP; HELP, INFO; in Canada ARRET), the FCC's words
(47 CFR 64.1200(a)(10): stop, quit, end, revoke, opt out, cancel, unsubscribe), the CTIA's Messaging Principles, and
REMOVE of other carriers' lists. Accents are taken off before a word is looked up.
"""

from typing import Literal

ReplyKind = Literal["stop", "start", "help", "unsure", "other"]


def _words(*lines: str) -> list[str]:
    return " ".join(lines).split()


_STOP = _words(
    "stop stopall unsubscribe unsub cancel end quit revoke optout remove",
    # Spanish
    "alto parar pare paren basta cancelar cancele cancelen cancela detener detenga detengan nomas baja salir",
    "desuscribir desuscribirme desuscribirse desinscribir eliminar quitar suspender",
    # French, as in Canada; Portuguese
    "arret arrett arrete arretes arretez arreter sair",
)
_UNSURE = _words(
    "stops stopped stopping stopit unsubscribed cancelled canceled cancels cancelado ended removed enough nomore opt",
    "halt cease desist discontinue terminate block spam para fin terminar detente borrar dejar dejen deje",
)
# A bare YES restores at Twilio, so it does here; where nothing was stopped it changes nothing.
_START = _words("start unstop yes optin subscribe resubscribe iniciar comenzar empezar reanudar")
_HELP = _words("help info ayuda informacion")
_KINDS: tuple[tuple[ReplyKind, list[str]], ...] = (
    ("stop", _STOP),
    ("unsure", _UNSURE),
    ("start", _START),
    ("help", _HELP),
)
KEYWORDS = {word: kind for kind, words in _KINDS for word in words}
STOP_WORDS = tuple(_STOP)
# Slips of these are known for what they are; short words have too many neighbours ('end' and 'and').
SLIPPED = tuple(_words("unsubscribe stopall cancel revoke optout remove cancelar cancelen detener detengan"))
SLIPS = frozenset(
    _words(
        "stpo sotp tsop stp stip stol stoo stoip sttop dtop atop ztop wtop stob stopo stopl stopm stopq stlp syop srop",
        "stahp sto qiut quti qut qyit cancl cacel unsuscribe unsubcribe unsubscibe unscribe unsubscrib opout",
    )
)
# Near a keyword or a word below, and words of their own.
NO_SLIPS = frozenset(
    _words(
        "cancer cancers canceled cancels evoke invoke revoked revoker removed remover removes remote subscribe",
        "massage massages testing contracting contract message messages messaged received optouts",
    )
)
LONG_WORDS = ("unsubscribe", "messages", "message", "texting", "messaging", "contacting", "mensajes", "mensaje")

# What may stand around a keyword without changing it.
DECORATION = frozenset(
    _words(
        "please kindly thanks thank thankyou gracias muchas mil reply text txt send respond re fw fwd immediately asap"
    )
)
PHRASES = (
    ("thank you", "thanks"),
    ("por favor", "please"),
    ("opt out", "optout"),
    ("opt in", "optin"),
    ("no mas", "nomas"),
    ("un subscribe", "unsubscribe"),
)

_LONGHANDS = {
    "please": "pls plz plze plse pleas pleaze plss plzz porfavor porfa porfis xfa xfavor pf pleasee",
    "thanks": "thx thnx tnx ty tks thnks thankyou thanx",
    "text": "txt txet",
    "texts": "txts",
    "texting": "txting txtin textin txtn texing textng",
    "message": "msg mesage messege messge",
    "messages": "msgs mesages messeges messges msges mssgs",
    "messaging": "msging messagin msgin messageing",
    "sending": "sendin sendng",
    "calling": "callin",
    "mensajes": "msjs mensages msjes mnsjs mjs",
    "mensaje": "msj mensage mnsj",
    "number": "nbr num numbr nmber",
    "you": "u yu yall",
    "your": "ur yr",
    "are": "r",
    "to": "2",
    "for": "4",
    "and": "n",
    "me": "mee",
    "do not": "dont dnt donot dun",
    "does not": "doesnt",
    "did not": "didnt dint",
    "can not": "cant cannot",
    "could not": "couldnt",
    "will not": "wont",
    "would not": "wouldnt",
    "should not": "shouldnt",
    "is not": "isnt aint",
    "i will": "ill",
    "i am": "im",
    "i have": "ive",
    "i would": "id",
    "want to": "wanna",
    "going to": "gonna",
    "anymore": "anymor nomor",
    "receive": "recieve recive",
    "contact": "contac",
    "unsubscribe": "unsuscribe unsubcribe unsubscibe unscribe unsubscrib unsusbcribe unsubscride",
    "que": "q k",
    "numero": "nro numer",
    "se equivoco": "seequivoco",
}
ABBREVIATIONS = {short: long for long, shorts in _LONGHANDS.items() for short in shorts.split()}
