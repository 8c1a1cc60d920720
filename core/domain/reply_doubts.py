"""Whether a reply may be about our messages and an end of them, when no wording of the tables fits it.

People find more words than tables hold. A sentence that names what comes (texts, the list, the number) and has a word
of refusal waits for a person; one that says that something has not come yet is ordinary.
"""

import re

from core.domain.reply_refusals import GONE, LOUD, OURS, OWN_CARE, WELCOME

_LONGEST = 30  # words; whoever writes more tells a story

_WHAT = re.compile(
    r"\b(?:texts?|texting|messag\w+|sms|contact\w*|lists?|numbers?|reminders|notifications|alerts|calling|spam"
    r"|communications?"
    r"|mensajes?|textos?|lista|numero|telefono|celular|recordatorios|llamadas|escrib\w+|mand\w+)\b"
)
_REFUSAL = re.compile(
    r"\b(?:stop|quit|cease|desist|never|remove\w*|delete\w*|erase|unsub\w*|optout|opting|enough|wrong|tired|sick"
    r"|annoying"
    r"|harass\w*|alone|anymore|no more|no need|rid|lose|refuse|cancel|without my|taken off|take (?:\w+ ){1,3}off"
    r"|not (?:\w+ ){0,3}?(?:want|need|wish|like|ask|any|more|again|consent|authorize|care|interested|me|us|send|keep)"
    r"|basta|dej\w+ de|paren?|par\w+le|quit\w+|borr\w+|elimin\w+|retir\w+|saqu\w+|cancel\w+|hart[oa]|cans\w+|equivoc\w+"
    r"|(?:no|ya) (?:\w+ )?(?:me|nos|quiero|deseo|mas|pedi|es el|soy|sigan?))\b"
)
_ORDINARY = re.compile(
    r"\b(?:(?:did|have|has|had|was|could|can) not (?:\w+ )?(?:get|got|receive|received|see|seen|find|open|read"
    r"|reply|respond"
    r"|answer|hear|make|have|send)|do not (?:\w+ )?(?:have|know|remember|understand|think|see)|never (?:got"
    r"|received|heard)"
    r"|(?:not|never|i|will|would|did you|if you|usually) (?:ever )?(?:stop|quit)"
    r"|no (?:me )?(?:lleg\w+|recib\w+|vi)|(?:he|she|they) (?:\w+ )?not)\b"
)


_SHORT = 14  # words


def is_loud(text: str) -> bool:
    """Whether a text begins with a word of refusal in capitals, as our own messages ask for it."""
    return LOUD.match(text) is not None


def may_refuse(words: str) -> bool:
    """Whether a sentence names our messages and a refusal, or wants them gone in other words."""
    sentences = words.split(" . ")
    if words.count(" ") < _SHORT and any(_is_away(each) for each in sentences):
        return True
    return words.count(" ") < _LONGEST and any(
        _WHAT.search(each) and _REFUSAL.search(each) and not _ORDINARY.search(each) for each in sentences
    )


def _is_away(sentence: str) -> bool:
    """Whether a short sentence may want our messages gone, and is not about the patient's own care."""
    if OWN_CARE.search(sentence):
        return False
    if GONE.search(sentence):
        return True
    return bool(OURS.search(sentence)) and not WELCOME.search(sentence) and not _ORDINARY.search(sentence)
