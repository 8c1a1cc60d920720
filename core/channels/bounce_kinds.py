"""What sort of mail it is: a report of a failure, a delay, an automatic answer, or a letter from a person."""

import re

from core.channels.bounce_parts import Report

_DAEMON = re.compile(
    r"mailer-?daemon|mail(?:er)?[ -]?delivery|postmaster|mail[ -]?daemon|mdaemon|delivery[ -]?(?:sub)?system|"
    r"mail[ -]?(?:system|administrator|admin|server|gateway|service|router)|system ?administrator|systemadministrator|"
    r"mta-?(?:daemon|bounce)|bounce-?(?:daemon|handler)|auto-?mailer|delivery (?:agent|status)|content-filter|"
    r"abuse@|devnull|surfcontrol|mailsweeper|mailmarshal|mail ?sender|internet mail|message center|courier|daemon@"
)
_SUBJECT = re.compile(
    r"undeliver|unzustellbar|returned mail|mail returned|return(?:ed)? to sender|delivery (?:status )?(?:notification|"
    r"report|failure|failed|problem|error)|delivery (?:has )?failed|(?:mail|message|e-?mail) (?:delivery|status|could not|"
    r"not delivered|system error|transfer|failed|failure|error|delayed|bounced|rejected|blocked)|failure (?:notice|delivery"
    r"|notification)|failed mail|deliver(?:y|ing|ed)? (?:fail|err|problem|delay)|non[- ]?(?:remis|deliver)|could ?n[o']t be"
    r" (?:deliver|sent)|not (?:be )?deliver|bounce|warning: (?:could not|message)|delayed mail|user unknown|unknown user|"
    r"\bndn\b|\bndr\b|rejected (?:mail|message)|message you sent blocked|message status|mensaje (?:no|devuelt)|non remis|"
    r"échec|no se (?:pudo|ha podido) entregar|zustell|unzustell|nicht zugestellt|не доставлен|недоставлен|配信|送信(?:できません|エラー|失敗)"
    r"|エラーメール|returned to sender|退信|nondeliverable|mailbox (?:unavailable|full)|address (?:unknown|not found)|zwrot|"
    r"mail delivery|message not delivered|fehler|failure|delivery notification"
)
_OPENING = re.compile(
    r"could ?n[o']t (?:be )?deliver|was ?n[o']t (?:able to )?(?:be )?deliver|unable to deliver|undeliverable|not (?:be )?"
    r"delivered|delivery (?:to the following|failed|failure|error|status)|permanent (?:fatal )?error|did not reach the "
    r"following|has been returned|failed recipient|delivery has failed|returned to (?:you|sender)|mail delivery (?:system|"
    r"failed)|message you sent|following (?:recipient|address)|could not be (?:sent|processed)|non[- ]?delivery|mail delivery"
    r"|permanently|rejected (?:recipient|your)|konnte nicht|zugestellt|no pudo ser entregado|n'a pas pu|non remis|"
    r"не может быть|не удалось|送信できません|配信|送信に失敗|the following error|this is an? (?:automat|mail|machine)|"
    r"returned (?:mail|message)|problem delivering|unknown user|user unknown|no such user"
)
_AUTO_SUBJECT = re.compile(
    r"out of (?:the )?office|auto(?:matic|mated)?[- :]*(?:reply|response|respon|answer|antwort)|vacation|abwesen|away from"
    r"|on leave|absence|réponse automatique|respuesta autom|risposta auto|automatisch|自動(?:応答|返信)|不在|auto[- ]?reply"
    r"|автоответ|autorespon|odpowiedź automat|urlaub|out-of-office|i am away|i'm away|on holiday"
)
_DELAY = re.compile(
    r"will (?:keep|continue) (?:to )?(?:try|be tried|retry)|will be (?:re)?(?:tried|retried|attempted)|(?:is|has been|was|been)"
    r" delayed|warning message only|do not need to re-?send|not need to resend|still (?:being )?(?:trying|in (?:the )?queue|"
    r"undelivered|attempt)|delivery attempts will continue|delays? in delivering|not yet been delivered|yet to be delivered"
    r"|no action is required on your part|keep trying|will continue for|delivery (?:is )?delayed"
    r"|could not (?:be delivered|send message) for (?:the )?(?:past )?\d|temporary (?:failure )?report|message delayed"
)
_GIVEN_UP = re.compile(
    r"will not (?:continue|keep|be re|re)|failed permanently|permanent(?:ly)? (?:fatal )?(?:error|fail)|give?n? up|gave up"
    r"|no further|has been returned|could not be delivered to|delivery failed|not going to try"
)
_DELAY_SUBJECT = re.compile(r"delay|warning|verzöger|still (?:being|trying)|will be retried|temporar")


def is_failure_report(report: Report) -> bool:
    """Whether a mail without fields for machines reports that a mail was not delivered."""
    headers = report.headers
    if "x-failed-recipients" in headers or report.report_type == "delivery-status":
        return True
    sender = headers.get("from", "").lower()
    subject = headers.get("subject", "").lower()
    if _AUTO_SUBJECT.search(subject) and not _DAEMON.search(sender):
        return False
    if sender.startswith(("mailer-daemon", "<mailer-daemon")) or "<mailer-daemon@" in sender:
        return True  # nobody else writes from there, whatever the language
    is_from_server = bool(_DAEMON.search(sender)) or headers.get("return-path", "?").strip() == "<>"
    is_titled = bool(_SUBJECT.search(subject))
    opens = bool(_OPENING.search(report.text[:3000].lower()))
    if headers.get("in-reply-to") and not is_from_server and subject.startswith(("re:", "aw:")):
        return False
    return (
        (is_from_server and (is_titled or opens or bool(report.returned)))
        or (is_titled and opens)
        or (is_titled and bool(report.returned))
    )


def is_read_receipt(report: Report) -> bool:
    """Whether a mail says that a person saw a mail, or threw it away unseen (RFC 8098).

    Some servers refuse mails in this form, as 'deleted' by themselves; those are reports of a failure.
    """
    if not report.disposition and report.report_type != "disposition-notification":
        return False
    return "deleted" not in report.disposition.get("disposition", "").lower() or not is_failure_report(report)


def is_auto_reply(report: Report) -> bool:
    """Whether a mail was answered by a machine in a person's name (RFC 3834, 5, and older headers)."""
    headers = report.headers
    submitted = headers.get("auto-submitted", "no").lower()
    return (
        submitted.startswith(("auto-replied", "auto-generated", "auto-notified"))
        or headers.keys()
        & {"x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress", "x-vacation"}
        != set()
        or headers.get("return-path", "?").strip() == "<>"
        or headers.get("precedence", "").lower() in ("auto_reply", "auto-reply", "junk")
        or bool(_AUTO_SUBJECT.search(headers.get("subject", "").lower()))
    )


def is_delay(report: Report) -> bool:
    """Whether the mail is still under way: its server says that it goes on trying."""
    subject = report.headers.get("subject", "").lower()
    text = " ".join(report.text[:6000].lower().split())
    if _GIVEN_UP.search(text) and not _DELAY_SUBJECT.search(subject):
        return False
    return bool(_DELAY.search(text))
