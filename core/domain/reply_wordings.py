"""Free wordings of a wish not to be texted any more, in English: tables read from top to bottom.

The FCC holds that any reasonable words revoke consent (47 CFR 64.1200(a)(10)). So whoever names what comes (texts,
messages, contact, the list, the number) together with a wish to end it is believed; whoever is only annoyed, or
somebody else, waits for a person. The words are those of core.domain.reply_text.plain: lower case, abbreviations
written out, ' . ' between sentences.
"""

import re
from dataclasses import dataclass

_KINDS = r"(?:all|any|more|of|the|these|this|those|them|that|your|my|me|us|such|other|further|future|so|many|sending)"
_SORTS = (
    r"(?:stupid|damn|dumb|fucking|annoying|constant|daily|weekly|unwanted|automated|automatic|unsolicited|spam|text|sms"
    r"|phone|health|clinic|care|medical|appointment|reminder|marketing|campaign|alert|fucken|freaking|silly|robo)"
)
OUR = rf"(?:(?:{_KINDS}|{_SORTS}) ){{0,5}}"
MANY = (
    r"(?:messages|texts|sms|notifications?|alerts|reminders|updates|communications?|correspondence|robotexts?"
    r"|robocalls?"
    r"|mensajes|textos)"
)
ONE = r"(?:message|text|texto|mensaje|texting|messaging|contact)"
_SOON = (
    r"(?:please|now|here|already|so|i|immediately|asap|right|ok|okay|every|all|thanks?|anymore|any|again"
    r"|ever|at|about|on|or)"
)
END = r"(?= \.|$)"
_US = r"(?:me|us|this|these|my|our)"
_TAIL = rf"(?:{END}| (?:{_US}|{_SOON})\b)"
_LATER = (
    r"(?!(?: \w+){0,3} (?:until|till|til|while|when|before|unless|if|today|tonight|tomorrow|now|yet|during|back|after"
    r"|because|cuz|cos|first|late|lol|that|work|instead)\b)"
)
_NOT = r"(?:do not|never|no longer|please not|not to|(?:can|could|would|will) you not|must not|should not|please no)"
EVEN = r"(?:(?:please|ever|you dare|even|dare|try to|attempt to|keep|be|continue to|bother to|reply or|call or) )*"
_LIST = (
    r"(?:(?:your|the|this|that|these|those|all|any|our|texting|text|texts|message|messages|messaging|contact|calling|of"
    r"|mailing|phone|distribution|sms|marketing|reminder|notification|subscriber|patient|stupid|damn|fucking) )*"
    r"(?:lists?|systems?|data ?bases?|texts|texting|messages|messaging|contacts|sms|distribution|alerts|notifications"
    r"|reminders|rolodex|mailings?|records)"
)
_WHO = (
    r"(?:me|us|him|her|them|my \w+(?: \w+)?|this (?:\w+ )?(?:number|phone)|the number|number|this"
    r"|(?:your|our|his) (?:phone )?number)"
)
_DROP = (
    r"(?:take|get|remove|delete|erase|drop|scratch|strike|scrub|cross|pull|keep|wipe|purge|exclude|leave|sign|taken)"
)
_CONSENT = r"(?:consent|permission|authori[sz]ation)"


@dataclass(frozen=True)
class Wording:
    """A row: `pattern` is said by people who want what `why` says.

    asks   whether it asks us: then 'I stop texting' and 'he stops texting' are no wish; 'I opt out' is one
    """

    why: str
    pattern: re.Pattern[str]
    asks: bool = True


def wording(why: str, *patterns: str, asks: bool = True) -> Wording:
    """A row of several patterns of whole words."""
    return Wording(why, re.compile(rf"\b(?:{'|'.join(patterns)})"), asks)


STOP = (
    wording(
        "asks for an end of messages",
        rf"(?:stop|quit|cease|discontinue|halt|no more|enough)(?: it| already)?(?: with| of)? {OUR}(?:{MANY}\b"
        rf"|calls{END})",
        rf"(?:stop|quit|cease|discontinue) {OUR}(?:text|message|contact|communication|texto|mensaje)\b(?! back)",
        rf"(?:end|cancel|terminate|turn off|shut off|disable|deactivate) {OUR}(?:{MANY}|subscription"
        rf"|communication)\b",
        rf"(?:these|those|your|the|this|all) (?:{_SORTS} )*(?:{MANY}|texting|messaging|calls)"
        r"(?: (?:to|must|should|need|needs|have|has|better|please))+ (?:stop|end|cease)\b",
        rf"(?:make|have) {OUR}{MANY} (?:stop|end)\b",
        rf"(?:stop|quit) (?:receiving|getting) {OUR}(?:{MANY}|these|this|them|those|{ONE})\b",
        rf"no more {OUR}{ONE}\b",
    ),
    wording(
        "asks how to end messages",
        rf"how (?:do|can|could|to|would) (?:i |we )?(?:stop|end|cancel|turn off|get rid of|get off)"
        rf" {OUR}(?:{MANY}|lists?)\b",
        r"(?:want|like|wish|need|asking|prefer) (?:to )?(?:stop|quit) (?:receiving|getting) "
        rf"{OUR}(?:{MANY}|these|this|them|those|{ONE})\b",
        asks=False,
    ),
    wording(
        "asks not to be texted",
        r"(?:stop|quit|cease|refrain from|desist from|discontinue) (?:all |the |this |your |fucking |calling and "
        rf"|calling or |calling )*(?:texting|messaging|contacting|robotexting)(?: (?:and|or) calling)?{_TAIL}",
        rf"(?:stop|quit) calling(?: me| us)?(?:{END}| (?:please|at|on|about|and|so|i|every|all|now|already|or|for|from"
        r"|asap|again|thanks|anymore|ever|this number|this phone|my (?:phone|number|house|cell)|we|to)\b)",
        r"(?:stop|quit) (?:sending|writing)(?: to| out)?(?: me| us| my phone| this number)?"
        rf"(?:{END}| (?:{_KINDS} )*(?:{MANY}|{ONE}|these|this|those|stuff|things|crap|shit|junk|please|so|info"
        rf"|anything"
        r"|information|bs|bullshit|here|anymore|to (?:me|my|us|this))\b)",
        rf"{_NOT} {EVEN}(?:text|texting|message|messaging|sms|contact|contacted|contacting|reply to)(?: or"
        rf" \w+)?{_TAIL}{_LATER}",
        rf"{_NOT} {EVEN}(?:call|calling)(?: or text| or message)(?:{END}| me| us| this| my| again)",
        rf"{_NOT} {EVEN}(?:call|calling|write)(?: me| us| here| my \w+| this \w+)? (?:again|anymore|any more|no"
        rf" more|ever)\b",
        rf"{_NOT} {EVEN}send(?:ing)?(?: me| us| my \w+| this \w+)* (?:{_KINDS} )*(?:{MANY}|{ONE}|these|this"
        rf"|anything)\b",
        r"number (?:should|must|is|can) not (?:to )?(?:be )?(?:texted|contacted|messaged)",
        rf"not use (?:this|my) (?:\w+ )?number (?:for|to) {OUR}(?:{MANY}|{ONE})",
        r"do not (?:contact|call|text|disturb) (?:list|registry)",
        r"(?:refrain|abstain) from (?:contacting|calling|sending)",
    ),
    wording(
        "does not want messages",
        r"(?:do not|no longer|not|never) (?:(?:really|even|ever|currently|longer) )*(?:want|wish|care|need|desire)"
        r"(?! to (?:send|write|text|message|type|see|read|miss|lose)\b)"
        rf"(?: \w+){{0,6}}? (?:{MANY}|texting|texted|messaged|contacted|hear from you)\b",
        r"(?:do not|no longer|not|never) (?:want|wish|need|care for) "
        rf"(?:any |your |another |more |these |this |get |receive |to get |to receive ){{1,3}}{ONE}\b",
        r"(?:prefer|rather|like|wish|choose|request|ask|asking|want)(?: that)?(?: you)? not (?:to )?(?:be |get "
        r"|receive |have )"
        rf"{OUR}(?:{MANY}|texted|messaged|contacted)\b",
        r"no longer interested in(?: \w+){0,3}? (?:messages|texts|texting)\b",
        rf"^(?:please )?no (?:text |more |further |robo )*(?:{MANY}|{ONE})(?: please| thanks| to this number|"
        rf" anymore)*$",
        asks=False,
    ),
    wording(
        "asks to be taken off the list",
        rf"{_DROP} (?:{_WHO} )?(?:off|from|out|of)(?: of)? {_LIST}\b",
        rf"(?:remove|delete|erase|scrub|lose|drop|unlist) (?:(?:me|us)(?:{END}| (?:please|now|immediately|asap"
        rf"|thanks)\b)"
        rf"|(?:my|this|the|our) (?:phone |cell |mobile )?(?:number|contact|info|information)\b)",
        rf"(?:take|get) me off(?: of)? (?:this|these){END}",
        r"(?:take|get) (?:my|this) (?:name|number)(?: and \w+)? off\b",
    ),
    wording(
        "opts out",
        rf"(?:(?:^|\. |to |please |i )optout|opting out|opt (?:me|us|my (?:phone )?number|this number) out)\b(?! of"
        rf" (?!{OUR}(?:{MANY}|{ONE}|this|it)\b))",
        rf"unsub(?:scribe)?\b(?:{END}| (?:me|us|my|this|these|please|now|thanks)\b| from {_LIST}\b)",
        rf"(?:revoke|withdraw|rescind|retract|cancel)(?:ing)? (?:my |all |any |our |prior |previous )*{_CONSENT}"
        r"(?= \.|$| (?:to|for) (?:receive|be|text|contact|call|message|send)\w*\b)",
        rf"(?:do|does|did) not (?:have|give|grant) (?:you )?(?:my |any )*{_CONSENT} (?:to|for) (?:text|contact|call"
        rf"|messag)",
        r"(?:end|cancel|stop) (?:my |this |the |your )*(?:text |sms |messaging )+(?:service|program|subscription)\b",
        asks=False,
    ),
)

# Said just before a wish, these make it past, another's, a question why, or the opposite.
TURNED = re.compile(
    r"\b(?:(?:do|does|did|is|was|can|could|will|would|should|must|to|just|please) not|never|no|without|not"
    r"|(?:did|if|when|why do|why would|why are|why have|until|since|before|unless|once|after|because|thought|hope"
    r"|do|whenever) you"
    r"|(?:why|if|when|how come)(?: (?:did|do|have))? (?:i|we|they|he|she)"
    r")$"
)
NO_ORDER = re.compile(
    r"\b(?:i|we)(?: (?:will|can|could|should|might|may|must|had|have|did|am|was|going|to|just|need|want|try|tried"
    r"|really|do"
    r"|ever|gotta|then|also|even|always|almost|usually|never|not|would|like|decided|are|were))*$"
    r"|\b(?:he|she|they|him|her|them|it|who|people|everyone|nobody|somebody|someone|mom|dad)(?: (?:to|will|would"
    r"|should|can|must|needs?|had|has|have|just|did|do|does|never|not|also|is|was))*$"
    r"|\b(?:bus|next|first|last|non|every|gas|pit|full|rest|train|which|have|has|got|had|are|is|there)$"
)
