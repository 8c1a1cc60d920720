"""How people say in a few words that they have had enough, in English and Spanish: expressions without accents.

None of them makes a reply a 'stop'. They only decide whether a person looks at it first, so they may be generous.
"""

import re

# Wanting it gone, without a word for what.
_AWAY = (
    r"(?:turn|switch|shut|want|get|sign|log) (?:\w+ ){0,3}off", "want out", "opt out", "go away", "get lost",
    "buzz off",
    "shut up", "make (?:this|these|it|them) (?:stop|end|go)", "put an end", "end (?:this|these|it|them)", "cut it out",
    "knock it off", "kill (?:these|this|it)", r"stop (?:with|the|this|that|it|all)", "leave (?:me|us|her|him)",
    "please (?:stop|quit)(?! (?:by|at|in|over|for))", "(?:these|this|them|those|it) anymore",
    "no (?:further|longer|more)",
    "never (?:signed|asked|agreed|again)", "done with", "had it with", "enough", "i quit", "last time", "drop me",
    "forget (?:me|it)", "changed my mind", "no need", "do not need (?:it|this|these|your)", "not for (?:me|us)",
    "hard pass",
    "remove(?: (?:me|my|us|this|it|her|him|number|cell|please|now)|$)",
    "pause", r"suspend\w*", "discontinue", "terminate", "halt", "cease", "unenroll", "disenroll", r"deactivat\w+",
    r"disabl\w+", "mut(?:e|ed|ing)", r"block\w*", "strike", "scratch", r"exclud\w+", r"declin\w+", r"refus\w+",
)  # fmt: skip
# Anger, law, and who is allowed what.
_RIGHTS = (
    r"harass\w*", r"spam\w*", "junk", "unwanted", "intrusive", "invasive", r"annoy\w*", r"bother\w*", "permission",
    r"consent\w*", "privacy", "private", "right to (?:text|call|contact)", "who (?:gave|give) (?:you|u)",
    "how did (?:you|u) get (?:my|this)", "lawyer", "attorney", "fcc", "sue", "lawsuit",
)  # fmt: skip
# Somebody else's number, or no patient any more.
_NOT_ME = (
    "do not know (?:you|who you)", "not (?:her|him)", "not (?:my|a) (?:doctor|clinic|patient|practice|number)",
    "belong",
    "moved (?:away|to|out)", "new doctor", "another doctor", "switched", "dead", "deceased", "died", "passed away",
)  # fmt: skip
# Another way instead.
_OTHER_WAY = (
    r"instead of (?:text\w*|sms|messag\w+)", r"rather (?:\w+ )?(?:call|email|mail|letters?)",
    "(?:emails?|calls?|mail|letters?) only", "only (?:emails?|calls?|letters?|by|accept|take|use|answer)",
    "landline only", "home phone not", "can ?not read",
)  # fmt: skip
_SPANISH = (
    "por favor (?:stop|pare|paren)", "please (?:pare|paren)", r"detengan\w*", r"deteng\w+", "cesen", "nunca mas",
    "largo",
    "fuera", "ya le dije", "ya les dije", "ya estuvo", "dejame", "dejenme", r"molest\w+", "harto", "harta",
    "demasiados? (?:mensajes|textos)", r"desactiv\w+", "darme de baja", "dar de baja", r"excluy\w+", r"rechaz\w+",
    "(?:quiero|me voy a) salir", "^no quiero$", "(?:ya )?no es de", "ya no vive", "fallecio", "murio",
    "no (?:soy|es) (?:paciente|mi|ella|el)", "cambie de (?:clinica|doctor|medico)", "abogado", r"demandar\w*",
    "quien les dio", "privacidad", "permiso", r"autoriz\w+", "consentimiento", "por correo (?:mejor|nada mas)",
    r"mejor (?:por )?(?:correo|carta|llam\w+)",
)  # fmt: skip
GONE = re.compile(rf"(?:\b|^)(?:{'|'.join((*_AWAY, *_RIGHTS, *_NOT_ME, *_OTHER_WAY, *_SPANISH))})(?:\b|$)")

# What comes from us; whoever names it and does not thank or ask for it may want no more.
OURS = re.compile(
    r"\w.*\b(?:texts|texted|texting|messages|messaging|sms|reminders|alerts|notifications|contact me|mensajes|textos"
    r"|recordatorios|mensajitos)\b|\b(?:texts|texted|texting|messages|messaging|sms|reminders|alerts|mensajes|textos)\b.*\w$"
)
WELCOME = re.compile(
    r"\b(?:missed|thanks?|thank you|thx|got|received|saw|seen|ok|okay|love|like|helpful|good|great|text me|call me"
    r"|send me|please send|gracias|recibi|bueno|bien|mandeme|envieme|llameme|when|what|where|which|cuando|donde|cual)\b"
)
# What people talk about with their clinic; then such words are about that.
OWN_CARE = re.compile(
    r"\b(?:appointment|appt|visit|medicine|medication|meds?|pills?|dose|prescription|refill|insulin|metformin|pain"
    r"|bleed\w*|smok\w+|drink\w*|bus|school|test|lab|results?|stitches|doctor said|cita|consulta|medicina|pastillas?"
    r"|receta|dolor|fum\w+|examen|resultados?)\b"
)
# A word of refusal in capitals at the beginning, as our own messages ask for it.
LOUD = re.compile(r"\W*(?:STOP|QUIT|CANCEL|UNSUBSCRIBE|REMOVE|ALTO|PARE|BASTA|NO MORE|NO MAS|ENOUGH)\b")
