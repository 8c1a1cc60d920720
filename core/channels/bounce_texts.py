"""What the words of a mail server say about an address: one table, read from top to bottom.

Servers word a refusal freely and often give it a code that says something else ('550 5.1.1 mailbox full', '550 5.7.1 no
such user'), so clear words count before codes (core.channels.refusals). The order of the rows is the precedence. What
may be over later, or is about the sender, comes first: to take a full mailbox for a dead one silences a patient for
ever, while a dead address that is tried once more costs one mail.
"""

import re
from dataclasses import dataclass

from core.channels.bounce_languages import OTHER_LANGUAGES

_USER = (
    r"(?:user ?(?:name|id)?|users|recipients?|rcpt|receiver|addressee|mail ?box(?:es)?|mail ?drop|inbox|maildir|alias"
    r"|(?:e-?mail )?address(?:es)?|e-?mail|(?:e-?mail )?accounts?|acct|customer|subscriber|local[ -]?part|person|login"
    r"|member)"
)
_NEAR = r"[^.;!?\n]{0,60}?"  # within a clause
_NOT = (
    r"(?:(?:does|do|did|is|was|are|has|have|can|could) ?n[o']t|were not|can(?:no|')t|could ?n[o']t be|can ?n[o']t be"
    r"|has not been|no longer|not|never)"
)
_DEAD = (
    r"(?:unknown|unkown|invalid|non-?exist[ae]nt|un-?recogni[sz]ed|undefined|bad"
    rf"|{_NOT} (?:\w+ )?(?:exists?|found|find|known|valid|recogni[sz]ed|registered|defined|listed|present|hosted"
    r"|resolved|provisioned|local|deliverable|a (?:valid|known|registered|local)|an? \S+ (?:user|account|address)))"
)
_CLOSED = (
    r"(?:disabled|de-?activated|closed|terminated|discontinued|deleted|removed|cancell?ed|expired|in-?active|not active"
    r"|not been active|abandoned|obsolete|retired|(?:no longer|not any ?more|not any longer) (?:\w+ )?(?:active|valid"
    r"|available|used|in use|in service|accept\w*|receiv\w*|work\w*|on server|monitored|supported|open))"
)
_SENDER = (
    r"(?:sender|from|envelope[- ]from|return[- ]path|mail from)(?:'s)?:?(?: (?:e-?mail )?(?:address|domain|host))?"
)
_DOMAIN = (
    r"(?:(?:mail |e-?mail )?domain(?: ?name)?|host(?: ?name)?|host or domain name|destination (?:host|server|system))"
)
_PASSIVE = r"(?:is|was|has been|been|are|were)"
_SPAM_DID = r"(?:detect|block|reject|score|filter|message|mail|content|like|list|source|pattern|point)"


@dataclass(frozen=True)
class Words:
    """A row: `pattern` means `reason`, on lower-case words with addresses taken out."""

    reason: str
    pattern: re.Pattern[str]


def _row(reason: str, *patterns: str) -> Words:
    return Words(reason, re.compile("|".join((*patterns, *OTHER_LANGUAGES.get(reason, ())))))


CLEAR = (
    # Servers that check the sender quote what they heard about *that* address, in the words used for dead recipients.
    _row(
        "sender",
        r"sender verif\w*|verif\w+ (?:of |for )?(?:the )?sender|call-?(?:out|back) verif|sender was rejected",
        rf"\b{_SENDER}(?::? \(address\))?:? (?:{_PASSIVE} )?"
        rf"(?:reject|refus|denied|block|not (?:allowed|permitted|accept)|{_DEAD})",
        r"\b(?:invalid|bad|unknown|unauthori[sz]ed|forged|unacceptable|unrouteable|unroutable) (?:sender|from|return"
        r"|mail from|envelope)",
        r"domain of (?:the )?sender|sender(?:'s)? (?:e-?mail )?(?:domain|address)|(?:accept|receive) mail from"
        r"|sender (?:id|policy)|sender (?:is )?(?:not|un)\W?auth",
        r"\byour (?:domain|e-?mail address|ip|host|server|mail server)\b.{0,40}(?:block|reject|refus"
        r"|denied|not (?:exist|allowed|permitted|accept)|does not resolve)",
        r"(?:cannot|can't|unable to) (?:resolve|find|verify) your|reverse (?:dns|lookup|mapping)|\bptr\b|\brdns\b",
        r"(?:in reply to|after|error in|response to) mail from|>>> mail from[^>]{0,120}<<< [45]|my name was rejected"
        r"|client host|\bhelo command|(?:in|invalid|bad|your|unknown) (?:helo|ehlo)\b|from this (?:unknown )?host"
        r"|your account\b[^.;\n]{0,40}(?:disabled|blocked|suspended|limit)",
    ),
    # The most specific thing about a mailbox, and it proves that there is one. Often under 550 5.1.1 or 5.0.0.
    _row(
        "full",
        r"over[- ]?(?:the |its |his |her |their |disk |mail ?box )?quota",
        r"quota[^.;\n]{0,30}(?:exceed|full|reach|violat)",
        r"exceed\w*[^.;\n]{0,40}(?:quota|storage|disk|space|mail ?box|allowed size of|maximum number of messages)",
        rf"\b{_USER}\b[^.;\n]{{0,50}}\b(?:full|exceed\w*|over ?flow\w*|overdrawn|out of (?:space|storage))\b",
        r"\bfull (?:mail ?box|inbox)|insufficient (?:system |disk |mail )?(?:storage|space|quota)",
        r"(?:not enough|no|out of|insufficient)[^.;\n]{0,20} space|no space left|space (?:is )?not enough",
        r"(?:disk|storage|spool|system)[^.;\n]{0,12} full|too (?:many|much) (?:messages|mail) (?:in|on)",
        r"number of messages in|over (?:storage|size) limit|does not have enough (?:space|room|storage)",
        r"reached (?:its|the|his|her) (?:\w+ )?(?:limit|quota)",
    ),
    _row(
        "greylisted",
        r"gr[ea]y-?list|try (?:it )?again later|(?:re)?try (?:again )?in \d|come back later|please retry|later retry",
        r"temporar(?:y|ily)|\bdeferred\b|not yet authori|too (?:fast|quickly|busy)|resources unavailable|throttl",
        r"(?:too many|rate|excessive|frequency)[^.;\n]{0,30}(?:connections|sessions|limit|rate|messages|per hour)",
        r"receiving mail (?:at a rate|too quickly)",
    ),
    # The mailbox exists and waits for its owner or for a bill.
    _row("suspended", r"suspend|\b(?:frozen|locked|on hold|on vacation)\b|unpaid"),
    _row(
        "blocked",
        r"spamhaus|spamcop|sorbs|\b\w*rbls?\b|\bdnsbl|(?:black|block|deny)-? ?list|senderbase|senderscore|reputation"
        r"|barracuda ?(?:central|reputation)|\bspf\b|\bdkim\b|\bdmarc\b|domainkeys|unsolicited",
        rf"\bspam(?:my|ming|mer)?\b[^.;\n]{{0,30}}{_SPAM_DID}",
        r"(?:as|is|be|like|for|contains?|probabl\w+|of|identified|suspected|no|looks like) (?:\w+ )?"
        r"(?:spam|junk|uce|ube)\b",
        r"bulk e?-?mail|mass mail|phish|\bvirus|malware|infected|malicious|banned|not whitelisted|spam block",
        r"content (?:reject|filter|block|restrict|denied)|attachment|challenge|verification (?:link|request)",
        r"blocked (?:using|by|for|due|because|at|from)|listed (?:at|in|on|by) \S*(?:bl|list|spam)\b",
        r"(?:ip|host|message|mail|e-?mail|connection|network|url|link)[^.;\n]{0,40} "
        rf"{_PASSIVE} (?:\w+ )?(?:blocked|blacklisted|banned)",
        r"too many (?:invalid|bad|unknown|non-?existent)|open (?:proxy|relay)|dynamic ip|dial-?up",
        r"(?:refused|rejected) due to",
    ),
    _row(
        "too_big",
        r"(?:message|mail|e-?mail|size|file)[^.;\n]{0,40}(?:too (?:big|large|long)|size limit|oversize)",
        r"(?:message|mail|e-?mail|size|file)[^.;\n]{0,40}exceeds?\b[^.;\n]{0,40}(?:size|limit|maximum|length)",
        r"size (?:limit )?exceed|recipsizelimit|max(?:imum)? (?:\w+ )?size",
    ),
    _row(
        "relay",
        r"relay(?!=)\w*[^.;\n]{0,40}(?:denied|not|prohibit|forbidden|disallow|refus|restrict|reject)",
        r"(?:not|unable to|cannot|can't|won't|refus\w+ to|don't|denied|allow\w*|unauthori[sz]ed)[^.;\n]{0,24}\brelay",
        r"rcpthosts|(?:must|need to) (?:first )?(?:authenticate|check (?:for )?(?:new )?mail)|pop before smtp|no relay",
    ),
    _row(
        "loop",
        r"mail loop|loops? back|looping|(?:routing|forwarding|delivery) loop|hop count|too many (?:hops|received)",
        r"(?:exceeded|maximum)[^.;\n]{0,12}hops?\b",
    ),
    _row(
        "expired",
        r"(?:message|mail|envelope|queue|delivery(?: time)?|retry\S*|timeout)[^.;\n]{0,24}\bexpired|expired after",
        r"queue too long|in (?:the )?queue (?:for )?too long|retry time|message too old|timeout exceeded",
        r"(?:not|n't|undeliverable|unable|unsuccessful)[^.;\n]{0,40}(?:within|for|in|after) (?:over |more than "
        r"|the (?:last|past) )?\d+ ?(?:day|hour|minute|tag|stunde)",
    ),
    _row(
        "network",
        r"(?:connect\w*|session|conversation|dns|lookup(?= fail)|greeting)[^.;\n]{0,40}"
        r"(?:time[d -]*out|refused|reset|fail(?!ed permanently)|lost|dropped|abort|closed|broken|interrupted)",
        r"time[d -]*out|lost connection|(?:un|not )reachable|not respond|no (?:answer|response)|refused connection",
        r"(?:could not|couldn't|cannot|can't|unable to|failed to) (?:establish|connect|contact|reach|open|make)",
        r"bad connection|network (?:error|problem|is)|name ?server (?:timeout|loop|fail)|unexpected name server reply",
        r"malformed (?:or \w+ )?name ?server|servfail|server failure|host not found,? try again|host is down",
        r"all hosts have been failing|hosts? unavailable|\bstarttls\b|\btls\b|\bssl\b|certificate|handshake",
    ),
    # From here on the address is dead.
    _row(
        "moved",
        r"(?:user|recipient|mailbox|account|address|person|he|she|employee) (?:\S+ ){0,3}?(?:moved\b|relocated)",
        r"changed (?:(?:his|her|their|its|the) )?(?:e-?mail )?address|address (?:has |was )?(?:been )?changed",
        r"no longer (?:at|with|here|works?|working|employed|associated|an? (?:employee|customer|member|user|subscriber"
        r"|student))|left the (?:company|organi)|has left|owner has changed",
        r"forwarding (?:order )?expired|new address is|please update your address|retired (?:user|employee)",
        r"not (?:at|with) this (?:company|address)",
    ),
    _row(
        "no_domain",
        rf"\b{_DOMAIN}(?: \(?[\w.-]+\)?)?(?: name)? (?:{_PASSIVE} )?{_DEAD}",
        rf"\b(?:unknown|invalid|no such|non-?existent|bad|illegal) {_DOMAIN}\b",
        r"\bnxdomain|host unknown|unroute?able|any host (?:by|named)|null ?mx|lookups? failed permanently",
        r"non-?existent (?:host|domain)|no valid (?:hosts?|mx)\b|illegal host|(?:service|domain) (?:name )?not known",
        r"domain must exist|domain (?:is )?(?:not valid|has no|lacks)|domain doesnt exist|no smtp service",
        r"never accepts? "
        r"(?:e-?)?mail|does ?n[o']t (?:have|accept|receive) (?:any )?(?:mx|e-?mail|mail)\b(?! (?:over|from|via))",
        r"not a (?:valid )?domain|to find the (?:recipient )?domain",
        r"couldn'?t (?:find|be found)[^.;\n]{0,30}(?:domain|host|mail exchanger)|no mail (?:exchanger|server)s? for",
        r"data record of requested type|name not found|resolver\.adr\.(?:invalidsmtp|exnotfound)",
    ),
    _row(
        "closed",
        rf"\b{_USER}\b{_NEAR}\b{_CLOSED}",
        r"\b(?:disabled|closed|inactive|deactivated|discontinued|deleted|expired|cancell?ed|terminated) "
        rf"(?:\w+ )?{_USER}\b",
        r"not accepting (?:any )?(?:mail|messages|e-?mail)s? (?:any ?more|any longer)",
    ),
    _row(
        "no_mailbox",
        rf"\b{_USER}\b{_NEAR}\b{_DEAD}",
        r"\b(?:unknown|unkown|invalid|no such|illegal|incorrect|non-?exist[ae]nt|undefined|unrecogni[sz]ed|bad|wrong"
        r"|unidentified|un-?routable|undeliverable|improper|not a (?:valid|known)|no (?:valid|known|matching|active)"
        r"|(?:could not|cannot|can't|couldn't|unable to|not) (?:find|resolve|locate)|there is no|ha(?:ve|s) no"
        rf"|(?:not|n't) have an?) (?:\S+ ){{0,3}}?{_USER}\b",
        r"\bno (?:mail ?box|user|account|recipient|address|one|person|such)(?: \S+){0,3}? (?:here|by that|with that"
        r"|found|exists?|at this|known)|no mail ?box|nosuchuser|not our customer|user not local|unknown local ?-?part",
        r"adr\.recip\w*notfound|recipientnotfound|recipnotfound|not in (?:the )?(?:directory|address ?book"
        r"|local recipient|.{0,20}recipient (?:list|map|table))|not listed in",
        r"(?:name|recipient|user)[^.;\n]{0,30}(?:not recogni[sz]ed|not be resolved)|mailbox name not allowed",
        r"(?:not|n't) (?:a |an )?(?:\S+ )?(?:user|subscriber|customer|member)s? (?:here|at|of|on)\b",
        r"no such(?: \w+)? here|not in my (?:\S+ ){0,3}?\S*(?:rcpt|recipient)|user missing home directory|is not local",
        r"no matches to nameserver query",
        # RFC 5321 words 550 like this, and Microsoft's servers say it of unknown users and of nothing else.
        r"(?:mail ?box|account) (?:is )?(?:unavailable|not available)(?! or access)",
        r"ex_nouser|\bnouser\b|bad-mailbox|rcp-p\d",
        # Microsoft's directory check at the edge; elsewhere 'access denied' says nothing about the address.
        r"5\.4\.1 (?:<?\(address\)>?:? )?recipient address rejected: access denied",
        r"recipient address rejected: access denied[^\n]{0,20}as\(201806281\)",
        r"#?5\.1\.0 (?:- )?address rejected",
    ),
)

# Any of these is said of dead addresses too, so a code that is about the address is believed before them.
VAGUE = (
    _row(
        "blocked",
        r"\bspam\b|\bjunk\b|policy|denied|administrative|not (?:allowed|permitted|authori[sz]ed|accept)|restrict",
        r"prohibit|forbidden|authenticat|unauthori[sz]ed|security|protected|filter|blocked|refus|reject",
    ),
    _row(
        "system",
        r"(?:local|system|internal|configuration|server|mailer|i/o|data format|protocol|syntax|queue) ?error",
        r"can't create|cannot (?:open|create|write|append)|permission denied|command died|delivery failed|unavailable",
    ),
)

_ADDRESS = re.compile(r"<?[^\s<>()\[\]\"',;:]{1,80}@[^\s<>()\[\]\"',;:]+>?")
_BLANK = re.compile(r"\s+")
# Explanations for people list what *might* be wrong: from such a word to the end of the clause nothing is said.
_PERHAPS = re.compile(
    r"(?:(?i:\b(?:might|could be|possibly|perhaps|maybe|whether|make sure|please (?:check|verify|confirm|contact)"
    r"|unless|either|möglicherweise|eventuell|vielleicht|peut-être|posiblemente|quizás|puede que|возможно"
    r"|if (?:you|the|this|it|he|your))\b)|(?<!\d )\bmay\b(?! ?,? ?\d))[^.;!?\n]*"
)
_LONGEST = 4000


def plain_words(text: str) -> str:
    """The words of a reply in the form that the table reads: lower case, one space, addresses and guesses taken out."""
    text = _ADDRESS.sub("(address)", text[:_LONGEST])
    text = _BLANK.sub(" ", text).replace("’", "'")
    return _PERHAPS.sub("", text).lower().replace("_", " ")


def reason_in(words: str, rows: tuple[Words, ...]) -> str:
    """The reason of the first row that finds something in `words`, or '' when none does."""
    return next((row.reason for row in rows if row.pattern.search(words)), "")
