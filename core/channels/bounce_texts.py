"""What the words of a mail server say about an address: one table, read from top to bottom.

Servers word a refusal freely and often give it a code that says something else ('550 5.1.1 mailbox full', '550 5.7.1 no
such user'), so words count before codes (core.channels.bounce_codes). The order is the precedence. What may be over
later or is about the sender comes first: to take a full mailbox for a dead one silences a patient for ever, while a dead
address that is tried once more costs one mail. The last rows are vague words; a clear code is believed before them.
"""

import re
from dataclasses import dataclass

_USER = (
    r"(?:user ?(?:name|id)?|users|recipients?|rcpt|receiver|addressee|mail ?box(?:es)?|mail ?drop|inbox|(?:e-?mail )?"
    r"address(?:es)?|e-?mail|(?:e-?mail )?accounts?|acct|customer|subscriber|alias|local[ -]?part|person|login|member"
    r"|maildir|destination|mail(?:user)?|dest)"
)
_NEAR = r"[^.;!?\n]{0,60}?"
_IS_NOT = (
    r"(?:does ?n[o']t|do ?n[o']t|did ?n[o']t|is ?n[o']t|was ?n[o']t|were not|has not been|can ?n[o']t be|could ?n[o']t be"
    r"|no longer|not|never)"
)
_DEAD_WORD = (
    rf"(?:unknown|unkown|invalid|non-?exist[ae]nt|un-?recogni[sz]ed|undefined|undeliverable address|bad|"
    rf"{_IS_NOT} (?:\w+ )?(?:exist|exists|found|find|known|valid|recogni[sz]ed|registered|defined|listed|present|"
    rf"hosted|resolved|provisioned|local|deliverable|a (?:valid|known|registered|local)|an? \S+ (?:user|account|address)))"
)
_NO_LONGER = (
    r"(?:disabled|de-?activated|closed|terminated|discontinued|deleted|removed|cancell?ed|expired|inactive|"
    r"in-active|not active|not been active|abandoned|obsolete|retired|"
    r"(?:no longer|not any ?more|not any longer) (?:\w+ )?"
    r"(?:active|valid|available|used|in use|in service|accept\w*|receiv\w*|work\w*|on server|monitored|supported|open))"
)
_DOMAIN = r"(?:domain(?: ?name)?|host(?: ?name)?|host or domain name|destination (?:host|domain|server|system))"


@dataclass(frozen=True)
class Words:
    """A row: `pattern` (on lower-case words, addresses taken out) means `reason`. `is_vague` gives way to a code."""

    reason: str
    pattern: re.Pattern[str]
    is_vague: bool = False


def _row(reason: str, *patterns: str, is_vague: bool = False) -> Words:
    return Words(reason, re.compile("|".join(patterns)), is_vague)


TABLE = (
    # Callbacks quote what they heard about the *sender's* address, in the words used for dead recipients.
    _row(
        "sender",
        r"sender verif\w*|verif\w+ (?:of |for )?(?:the )?sender|call-?(?:out|back) verif",
        rf"\b(?:sender|from|envelope[- ]from|return[- ]path|mail from)(?:'s)?(?: (?:e-?mail )?(?:address|domain|host))?"
        rf"(?::? \(address\))?:? (?:was |is |has been |were )?(?:reject|refus|denied|not allowed|not permitted|not accept"
        rf"|block|{_DEAD_WORD})",
        r"\b(?:invalid|bad|unknown|unauthori[sz]ed|forged|unacceptable) (?:sender|from|return|mail from|envelope)",
        r"domain of (?:the )?sender|sender(?:'s)? (?:e-?mail )?(?:domain|address)|(?:accept|receive) mail from|sender (?:id|policy)|sender (?:is )?(?:not|un)\W?auth",
        r"\byour (?:domain|e-?mail address|ip|host|server|mail server|message|address)\b.{0,40}"
        r"(?:block|reject|refus|denied|not (?:exist|allowed|permitted|accept)|does not resolve)",
        r"(?:cannot|can't|unable to) (?:resolve|find|verify) your|reverse (?:dns|lookup|mapping)|\bptr\b|\brdns\b",
        r"in reply to mail from|helo command rejected|sender was rejected|my name was rejected",
    ),
    # The most specific thing about a mailbox, and it proves that there is one. Often under 550 5.1.1 or 5.0.0.
    _row(
        "full",
        r"over[- ]?(?:the |its |his |her |their |disk |mail ?box )?quota|quota[^.;\n]{0,30}(?:exceed|full|reach|violat)",
        r"exceed\w*[^.;\n]{0,40}(?:quota|storage|disk|space|mail ?box|allowed size of|maximum number of messages)",
        rf"\b{_USER}\b[^.;\n]{{0,50}}\b(?:full|exceed\w*|over ?flow\w*|overdrawn|out of (?:space|storage))\b",
        r"\bfull (?:mail ?box|inbox)|insufficient (?:system |disk |mail )?(?:storage|space|quota)",
        r"(?:not enough|no|out of|insufficient)[^.;\n]{0,20} space|no space left|(?:disk|storage|spool|system)[^.;\n]{0,12}"
        r" full|too (?:many|much) (?:messages|mail) (?:in|on)|number of messages in|over (?:storage|size) limit",
        r"does not have enough (?:space|room|storage)|reached (?:its|the|his|her) (?:\w+ )?(?:limit|quota)",
        r"(?:postfach|mailbox|speicher\w*|posteingang)[^.;\n]{0,40}(?:voll|überschritten|erschöpft|ausgeschöpft)",
        r"(?:bo[iî]te|bal|messagerie)[^.;\n]{0,40}(?:pleine|satur)|quota (?:dépassé|superado|superata|excedid)",
        r"(?:buz[oó]n|casilla|caixa|casella)[^.;\n]{0,40}(?:llen[oa]|excedid|cheia|lotad|piena)|mailbox (?:è|vol)\b",
        r"переполнен|превышен\w* (?:квот|лимит|размер)|skrzynk\w+[^.;\n]{0,40}(?:pełn|przepełn)|przepełnion",
        r"容量[^。\n]{0,30}(?:超|オーバー|一杯|いっぱい)|(?:一杯|いっぱい|満杯)|已满|空间不足|邮箱满",
    ),
    _row(
        "greylisted",
        r"gr[ea]y-?list|try (?:it )?again later|(?:re)?try (?:again )?in \d|come back later|please retry|later retry",
        r"temporar(?:y|ily)|vorübergehend|temporairement|temporalmente|временно|一時的|\bdeferred\b|not yet authori",
        r"(?:too many|rate|excessive|frequency)[^.;\n]{0,30}(?:connections|sessions|limit|rate|messages|per hour)|throttl",
        r"receiving mail (?:at a rate|too quickly)|too (?:fast|quickly)|too busy|resources unavailable",
    ),
    # The mailbox exists and waits for its owner or for a bill.
    _row("suspended", r"suspend|\[suspend\]|\b(?:frozen|locked|on hold|on vacation)\b|gesperrt|unpaid"),
    # Blocked sender or content, in words that mean nothing else. Vague ones ('policy', 'denied') stand at the end.
    _row(
        "blocked",
        r"spamhaus|spamcop|sorbs|\b\w*rbls?\b|\bdnsbl|black-? ?list|block-? ?list|blocklist|deny-? ?list|senderbase"
        r"|senderscore|barracuda ?(?:central|reputation)|reputation|\bspf\b|\bdkim\b|\bdmarc\b|domainkeys|unsolicited",
        r"\bspam(?:my|ming|mer)?\b[^.;\n]{0,30}(?:detect|block|reject|score|filter|message|mail|content|like|list|source)",
        r"(?:as|is|be|like|for|contains?|probabl\w+|of|identified|suspected|no|classified as|looks like)"
        r" (?:\w+ )?(?:spam|junk|uce|ube)\b",
        r"bulk e?-?mail|phish|\bvirus|malware|infected|malicious|banned|content (?:reject|filter|block|restrict)",
        r"blocked (?:using|by|for|due|because|at|from|due)|(?:ip|host|message|mail|e-?mail|connection|network|url|link)"
        r"[^.;\n]{0,40} (?:is|was|has been|been|are|were) (?:\w+ )?(?:blocked|blacklisted|banned)|spam block",
        r"attachment|listed (?:at|in|on|by) \S*(?:bl|list|spam)|open (?:proxy|relay)|dynamic ip|dial-?up|not whitelisted",
        r"challenge|verification (?:link|request)|message (?:was )?(?:refused|rejected)(?: by| due)|content denied",
    ),
    _row(
        "too_big",
        r"(?:message|mail|e-?mail|size|file)[^.;\n]{0,40}(?:too (?:big|large|long)|exceeds?\b[^.;\n]{0,40}"
        r"(?:size|limit|maximum|length)|size limit|oversize)|size (?:limit )?exceed|recipsizelimit|max(?:imum)? (?:\w+ )?size",
    ),
    _row(
        "relay",
        r"relay\w*[^.;\n]{0,40}(?:denied|not|prohibit|forbidden|disallow|refus|restrict|reject)",
        r"(?:not|unable to|cannot|can't|won't|refus\w+ to|no|don't|denied|allow\w*|unauthori[sz]ed)[^.;\n]{0,24}\brelay",
        r"rcpthosts|(?:must|need to) (?:first )?(?:authenticate|check (?:for )?(?:new )?mail)|pop before smtp",
    ),
    _row(
        "loop",
        r"mail loop|loops? back|looping|routing loop|forwarding loop|delivery loop|hop count|too many (?:hops|received)",
        r"(?:exceeded|maximum)[^.;\n]{0,12}hops?\b",
    ),
    _row(
        "expired",
        r"(?:message|mail|envelope|queue|delivery(?: time)?|retry\S*|timeout)[^.;\n]{0,24}\bexpired|expired after",
        r"queue too long|too long in (?:the )?queue|in the queue (?:for )?too long|retry time|message too old|timeout exceeded",
        r"(?:not|n't|undeliverable|unable|unsuccessful)[^.;\n]{0,40}(?:within|for|in|after) "
        r"(?:over |more than |the (?:last|past) )?\d+ ?(?:day|hour|minute|tag|stunde)",
    ),
    _row(
        "network",
        r"(?:connect\w*|session|conversation|transaction|read|smtp|dns|lookup|server|command|greeting)[^.;\n]{0,40}"
        r"(?:time[d -]*out|refused|reset|fail|lost|dropped|abort|closed|broken|interrupted)",
        r"time[d -]*out|lost connection|(?:un|not )reachable|not respond|no (?:answer|response|route)|(?:could not|couldn't"
        r"|cannot|can't|unable to|failed to) (?:establish|connect|contact|reach|open|make)|refused connection",
        r"bad connection|network (?:error|problem|is)|name ?server (?:timeout|loop|fail)|unexpected name server reply"
        r"|servfail|server failure|host not found,? try again|all hosts have been failing|host is down|hosts? unavailable",
        r"\bstarttls\b|\btls\b|\bssl\b|certificate|handshake",
    ),
    # From here on: the address is dead.
    _row(
        "moved",
        r"(?:user|recipient|mailbox|account|address|person|he|she|employee|has|have)[^.;\n]{0,30}(?:has |have |is |was )?"
        r"(?:moved\b|changed (?:his|her|their|its|the)? ?(?:e-?mail )?address|relocated)",
        r"no longer (?:at|with|here|works?|working|employed|an? (?:employee|customer|member|user|subscriber|student)|"
        r"associated)|left the (?:company|organi)|address (?:has |was )?(?:been )?changed|forwarding (?:order )?expired"
        r"|owner has changed|has left|mailbox moved|user moved|new address is|please update your address|ausgeschieden",
        r"retired (?:user|employee)|not (?:at|with) this (?:company|address)|адрес изменен",
    ),
    _row(
        "no_domain",
        rf"\b{_DOMAIN}\b(?: \S+){{0,2}}?(?: is| was| name)? ?{_DEAD_WORD}",
        rf"\b(?:unknown|invalid|no such|nonexistent|non-existent|bad|illegal) (?:mail |e-?mail )?{_DOMAIN}\b",
        r"\bnxdomain|host unknown|unrout(?:e)?able|no route to (?:the )?(?:domain|address)|any host (?:by|named)|null ?mx"
        r"|find a gateway|lookups? failed permanently|non-?existent (?:host|domain)|no valid (?:hosts?|mx)\b",
        r"illegal host|(?:service|domain) (?:name )?not known|domain must exist|domain (?:is )?(?:not valid|has no|lacks|without)|no smtp service|never accepts? (?:e-?)?mail"
        r"|does ?n[o']t (?:have|accept|receive) (?:any )?(?:mx|e-?mail|mail)\b|(?:domain|host)[^.;\n]{0,40}"
        r"(?:doesnt exist|nicht gefunden|existiert nicht|unbekannt|n'existe|no existe|inexist|не найден|не существует|見つか)",
        r"couldn'?t (?:find|be found)[^.;\n]{0,30}(?:domain|host|mail exchanger)|no mail (?:exchanger|server)s? for",
        r"data record of requested type|name not found|resolver\.adr\.(?:invalidsmtp|exnotfound)|not a (?:valid )?domain",
    ),
    _row(
        "closed",
        rf"\b{_USER}\b[^.;!?\n]{{0,60}}?\b{_NO_LONGER}",
        rf"\b(?:disabled|closed|inactive|deactivated|discontinued|deleted|expired|cancell?ed|terminated) "
        rf"(?:\w+ )?{_USER}\b|mailbox_?disabled|not accepting (?:any )?(?:mail|messages|e-?mail)s? (?:any ?more|any longer)",
        r"(?:konto|postfach|adresse|benutzer)[^.;\n]{0,40}(?:deaktiviert|geschlossen|gelöscht|abgemeldet|nicht mehr)",
        r"(?:compte|adresse|boîte)[^.;\n]{0,40}(?:désactivé|fermé|supprimé|clôturé)|cuenta[^.;\n]{0,40}"
        r"(?:desactivad|cancelad|deshabilitad|cerrad)|(?:ящик|аккаунт|пользовател)\w*[^.;\n]{0,40}(?:заблокирован"
        r"|отключен|удал[её]н|неактив)|解約|退会|無効",
    ),
    _row(
        "no_mailbox",
        rf"\b{_USER}\b{_NEAR}\b{_DEAD_WORD}",
        rf"\b(?:unknown|unkown|invalid|no such|illegal|incorrect|non-?exist[ae]nt|undefined|unrecogni[sz]ed|bad|wrong|"
        rf"unidentified|un-?routable|undeliverable|improper|not a (?:valid|known)|no valid|no known|unresolvable"
        rf"|could not (?:find|resolve)|cannot (?:find|resolve)|can't (?:find|resolve)|couldn't (?:find|resolve)|not find"
        rf"|no matching|unable to (?:find|resolve)|unable to locate|no active|there is no|have no|has no|not have an?"
        rf"|n't have an?) (?:\S+ ){{0,3}}?{_USER}\b",
        r"\bno (?:mailbox|user|account|recipient|address|one|person|such)(?: \S+){0,3}? (?:here|by that|with that|found"
        r"|exists?|at this|known)|no mailbox|nosuchuser|not our customer|user not local|unknown local ?-?part|no_such",
        r"(?:adr\.recip\w*notfound|recipientnotfound|recipnotfound)|mailnickname|5\.1\.10 resolver|not in (?:the )?"
        r"(?:directory|address ?book|local recipient|.{0,20}recipient (?:list|map|table))|not listed in",
        r"(?:name|recipient|user)[^.;\n]{0,30}(?:not recogni[sz]ed|not be resolved)|mailbox name not allowed"
        r"|(?:not|n't) (?:a |an )?(?:\S+ )?(?:user|subscriber|customer|member)s? (?:here|at|of|on)\b",
        r"requested (?:mail )?action (?:not taken|aborted)[:,;]? ?(?:mailbox (?:is )?unavailable|no such)(?! or access)",
        r"mailbox (?:is )?(?:unavailable|not available)(?! or access)|no (?:valid )?(?:recipients?|forward ?path) (?:for|at)"
        r"|ex_nouser|\bnouser\b|bad-mailbox|rcp-p\d|undisclosed recipients? unknown",
        r"(?:5\.4\.1|all recipient addresses|recipient address) ?rejected: access denied[^\n]{0,20}as\(201806281\)",
        r"#?5\.1\.0 (?:- )?address rejected|address (?:\S+ )?not (?:exist|found|known)",
        # German
        r"(?:empfänger|benutzer|adresse|postfach|konto|teilnehmer|mailbox|adressat|account)\w*[^.;\n]{0,60}"
        r"(?:unbekannt|nicht (?:gefunden|existier\w+|bekannt|vorhanden|gültig|zugestellt werden, da)|existier\w+ nicht"
        r"|ungültig|gibt es nicht|nicht \(mehr\))|unbekannte[rn]? (?:empfänger|benutzer|adress\w*|nutzer)|kein(?:en|e)? "
        r"(?:postfach|benutzer|empfänger|mailbox)|ungültige[rn]? (?:empfänger|adresse)",
        # French, Spanish, Portuguese, Italian, Dutch, Polish, Swedish
        r"(?:utilisateur|destinataire|adresse|compte|bo[iî]te)\w*[^.;\n]{0,60}(?:inconnu|n'existe|inexistant|invalide"
        r"|introuvable|non (?:trouvé|valide|répertorié))|non répertorié",
        r"(?:usuario|usuário|destinatari[oa]?|cuenta|conta|direcci[oó]n|endereço|buz[oó]n|casilla|caixa)\w*[^.;\n]{0,60}"
        r"(?:desconoci|desconhecid|no existe|n[aã]o existe|inexist|no encontrad|n[aã]o encontrad|inv[aá]lid|no v[aá]lid)",
        r"(?:utente|destinatario|indirizzo|casella|account)\w*[^.;\n]{0,60}(?:sconosciut|inesistent|non (?:esiste|trovat"
        r"|valid))|(?:gebruiker|adres|ontvanger|mailbox|postbus)\w*[^.;\n]{0,60}(?:onbekend|bestaat niet|niet gevonden)"
        r"|onbekende (?:gebruiker|ontvanger)|(?:użytkownik|adres|konto|skrzynk|odbiorc)\w*[^.;\n]{0,60}(?:nieznan|nie istnieje"
        r"|nie znaleziono)|nie ma takiego|brak (?:takiego )?(?:użytkownika|konta)|okänd (?:användare|mottagare)",
        # Russian, Japanese, Chinese
        r"(?:пользовател|адрес|получател|ящик|аккаунт)\w*[^.;\n]{0,60}(?:не (?:найден|существует|зарегистр)|неизвест"
        r"|несуществ|отсутству)|(?:нет такого|неизвестный|несуществующ\w+|неверный) (?:пользовател|адрес|ящик|получател)",
        r"(?:存在しません|存在しない|見つかりません|みつかりません|見つからない|宛先不明|あて先不明|登録されていま|不明です|間違って"
        r"|リストにありません|不存在|无此用户|查无此人|找不到)",
    ),
    # Vague: any of these is also said of dead addresses, so a code that is about the address is believed first.
    _row(
        "blocked",
        r"\bspam\b|\bjunk\b|policy|access denied|denied|administrative|not (?:allowed|permitted|authori[sz]ed|accept)"
        r"|restrict|prohibit|forbidden|authenticat|unauthori[sz]ed|security|protected|filter|blocked|refus|reject",
        is_vague=True,
    ),
    _row(
        "system",
        r"(?:local|system|internal|configuration|server|mailer|i/o|data format|protocol|syntax|queue|unknown mailer) ?error"
        r"|can't create|cannot (?:open|create|write|append)|permission denied|command died|delivery failed|unavailable",
        is_vague=True,
    ),
)

_ADDRESS = re.compile(r"<?[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+>?")
_BLANK = re.compile(r"\s+")
# Explanations for people list what *might* be wrong; from such a word on to the end of the clause nothing is said.
_PERHAPS = re.compile(
    r"(?:\b(?:might|could be|possibly|perhaps|maybe|whether|make sure|please (?:check|verify|confirm|contact)|unless|either"
    r"|if (?:you|the|this|it|he|your))\b|(?<!\d )\bmay\b(?! ?,? ?\d))[^.;!?\n]*"
)


def plain_words(text: str) -> str:
    """The words of a reply in the form that the table reads: lower case, one space, addresses and guesses taken out."""
    text = _ADDRESS.sub("(address)", text[:4000])
    text = _BLANK.sub(" ", text).replace("’", "'")
    return _PERHAPS.sub("", text).lower().replace("<(address)>", "(address)")


def reason_in(words: str, *, is_vague: bool) -> str:
    """The reason that the clear (or the vague) rows of the table find in `words`, or '' when none does."""
    return next((row.reason for row in TABLE if row.is_vague == is_vague and row.pattern.search(words)), "")
