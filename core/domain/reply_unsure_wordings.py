"""Free wordings, in English, of people who may want no more messages, or may be somebody else: a person decides."""

from core.domain.reply_wordings import END, EVEN, MANY, ONE, OUR, wording

_ANNOY = r"(?:bother|bug|harass|spam|annoy|pester|disturb|mess|stalk)"
_ALONE = r"(?:me|us|him|her|them|(?:my|our|this) \w+)"
UNSURE = (
    wording(
        "may ask for an end",
        rf"(?:stop|quit|cease) \w+ing (?:up )?(?:me|us|my|our|this|these)\b|no (?:more )?(?:texts?|texting"
        rf"|messages){END}",
        r"^(?:stop|stopall|unsub\w*|optout) (?!by\b|and\b|in\b|at\b|over\b|watch\b|sign\b|the\b|for\b|using\b|taking\b)"
        r"\w+(?: \w+)?$",
        rf"(?:please|just) (?:remove|delete)\b(?: it)?{END}|remove{END}|(?:get|take|count|leave) (?:me|us)"
        rf" out(?:{END}| of (?:this|these|your))",
        r"cancel (?:my |this |the )?(?:enrollment|membership|registration|account|number)\b|quit it\b",
        r"(?:take|get) (?:my|this|his|her|our|the) (?:\w+ ){0,2}(?:number|name|phone|cell|info\w*) (?:off|out)",
    ),
    wording(
        "may ask to be taken off",
        r"be (?:removed|deleted|taken (?:off|out)|unsubscribed)\b|(?:number|name|me) (?:removed|taken off|deleted"
        r"|off)\b",
        asks=False,
    ),
    wording(
        "may ask for an end",
        r"optout\b",
        r"opt(?:ed|ing) ?out\b",
        r"unsub\w*",
        r"(?:stop|quit) (?:texting|messaging|contacting|sending)\b",
        rf"(?:stop|quit) calling (?:me|us|here|him|her|my|this){END}",
        r"(?:call|text|message|contact|write|send) (?:me |us )?(?:no more|anymore)\b",
        rf"(?:(?:^|\. )(?:please |hey |hi |ok |so |just )*)?(?:do not|never) {EVEN}(?:call|text|message|contact"
        rf"|write|send|email)\b",
        r"stop(?: (?:it|this|that|now|already|immediately|asap|everything|or|all)(?: \w+){0,8})?$",
        rf"(?:please|now|texts?|messages|just) stop{END}",
        rf"(?:please )?(?:cancel|end|quit|turn off|discontinue|terminate) (?:it|this|these|them|everything|all|service)"
        rf"(?: (?:service|program|please))?{END}",
        r"(?:^|please )turn (?:these|them|this|those) off",
        r"cease and desist|knock it off|cut it out",
        rf"(?:remove|delete) (?:me|my name|us|from)\b|take me off{END}|(?:take|get) me off (?:of )?(?:your|this"
        rf"|these)\b",
        r"(?:forget|block) my number|un ?enroll|dis ?enroll|deactivate my|withdraw me|sign me (?:out|off)",
        r"(?:take|remove) (?:him|her|my \w+) (?:off|from) (?:your|the) ",
    ),
    wording(
        "has asked for an end",
        rf"(?:i|just) want out{END}|block me\b",
        r"(?:said|replied|texted|typed|sent|wrote) stop\b|want (?:them|these|it|this|all this) to (?:stop|end)\b",
        r"(?:text|call|message|contact) (?:me|us) again and|(?:remove|delete) my (?:email|phone|name|data|info"
        r"|contact)\b",
        r"(?:opt|cancel|drop|delete) me\b|no more from you|no more$|(?:texts|messages) not wanted|not (?:get"
        r"|receive) any ?more\b",
        r"(?:told you(?: guys)? to|tell you to|asked you to|ask you to|want you to|need you to|make it|make"
        r" this) stop\b",
        asks=False,
    ),
    wording(
        "may not want messages",
        r"(?:not|no longer) interested|no interest in",
        r"(?:do not|no longer|not) (?:want|need) (?:this|these|them|your|any of|to be (?:a )?part)\b",
        r"(?:do not|no longer) (?:want|wish|care) (?:to )?(?:be|receive|get|hear|participate|continue)\b",
        rf"(?:done|finished|over) with (?:these|your|this|the) |over (?:these|your) {MANY}|unwanted|unsolicited",
        r"(?:did not|never) ask(?:ed)? for (?:this|these|your|any)\b|if you (?:text|call|message|contact) (?:me|us)"
        r" (?:again|one)",
        r"(?:who gave|where did|how did) you (?:get |have )?(?:guys get )?(?:my|this) number",
        r"not signing up for|did not (?:sign up|subscribe|consent|agree to|opt in)|never (?:signed up|gave|agreed"
        r"|consented)",
        rf"(?:tired|sick|fed up|enough) (?:of|with) {OUR}(?:{MANY}|{ONE}|this)\b|too many {OUR}{MANY}\b",
        r"(?:prefer|rather) (?:not|phone|calls|email|mail)\b|pay per text|cost(?:s|ing)? me money|landline",
        r"why (?:do|are) you (?:keep |guys )*(?:text|messag|contact)\w* (?:me|us)\b",
        r"no contact\b|do not disturb|do not do text",
        asks=False,
    ),
    wording(
        "is annoyed",
        rf"leave {_ALONE}(?: \w+)? (?:alone|in peace)|(?:^|please |just )(?:go away|get lost|buzz off|back off)"
        rf"|screw you|fuck"
        rf" (?:you|this)",
        r"(?:fu+ck|f|fk|piss|bug|screw|sod|eff|bugger) off\b",
        rf"(?:stop|quit|do not|never) (?:\w+ )?{_ANNOY}\w{{0,4}}(?:{END}| (?:me|us|my|the)\b)",
        r"(?:(?:this|it) is|are) (?:spam|harassment)|reported as|report(?:ing)? (?:you|this)|block(?:ing|ed)?"
        r" (?:you|this)\b"
        r"|(?:my|a|your) (?:lawyer|attorney) |to the fcc|suing you|sue you|harass(?:ment|ing)|stop the spam",
        asks=False,
    ),
    wording(
        "may be somebody else",
        r"wrong (?:number|person|phone|guy|gal|lady|patient|contact)|^(?:sorry )?wrong(?: no| one| please|$)",
        r"no ?(?:one|body) (?:here )?(?:by|named|with|called)\b|does not live here|not know (?:who you|this person"
        r"|you)\b",
        r"(?:not|no longer) (?:my|his|her|their|\w+s) (?:\w+ )?(?:number|phone)\b|this is not \w+(?: \w+)?$",
        r"(?:not|no longer|never)(?: been)? (?:a |your |the )?patient\b|changed (?:doctors|clinics|providers)|not"
        r" who you",
        r"passed away|deceased|passed on\b|(?:husband|wife|mother|father|mom|dad|son|daughter) (?:has )?died",
        asks=False,
    ),
    wording(
        "may want messages again",
        r"(?:start|resume|begin) (?:texting|messaging|sending|messages|texts)|sign me (?:back )?up|(?:back|again)"
        r" on (?:the|your) list",
    ),
)
