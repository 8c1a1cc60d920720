"""What sort of mail it is: a report of a failure, a delay, an automatic answer, or a letter from a person."""

import re

from core.channels.bounce_parts import Report


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_DAEMON = _any(
    r"mailer-?daemon|mail(?:er)?[ -]?delivery|post_?master|mail[ -]?daemon|mdaemon|delivery[ -]?(?:sub)?system",
    r"mail[ -]?(?:system|administrator|admin|server|gateway|service|router)|system ?administrator",
    r"mta-?(?:daemon|bounce)|bounce-?(?:daemon|handler)|auto-?mailer|delivery (?:agent|status)|content-filter",
    r"surfcontrol|mailsweeper|mailmarshal|mail ?sender|internet mail|message center|courier|daemon@",
)
_SUBJECT = _any(
    r"undeliver|nondeliverable|returned (?:mail|to sender)|mail returned|return to sender|failed mail|bounce",
    r"delivery (?:status )?(?:notification|report|failure|failed|problem|error)|delivery has failed|mail delivery",
    r"(?:mail|message|e-?mail) (?:delivery|status|could not|not delivered|system error|transfer|failed|failure)",
    r"(?:mail|message|e-?mail) (?:error|delayed|bounced|rejected|blocked)|failure (?:notice|delivery|notification)",
    r"deliver(?:y|ing|ed)? (?:fail|err|problem|delay)|non[- ]?(?:remis|deliver)|not (?:be )?deliver",
    r"could ?n[o']t be (?:deliver|sent)|warning: (?:could not|message)|delayed mail|user unknown|unknown user",
    r"\bndn\b|\bndr\b|rejected (?:mail|message)|message you sent blocked|mailbox (?:unavailable|full)",
    r"address (?:unknown|not found)|mensaje (?:no|devuelt)|échec|no se (?:pudo|ha podido) entregar|zwrot",
    r"zustell|не доставлен|недоставлен|配信|送信(?:できません|エラー|失敗)|エラーメール|退信",
)
_OPENING = _any(
    r"could ?n[o']t (?:be )?deliver|was ?n[o']t (?:able to )?(?:be )?deliver|unable to deliver|undeliverable",
    r"not (?:be )?delivered|delivery (?:to the following|failed|failure|error|status)|permanent (?:fatal )?error",
    r"did not reach the following|has been returned|failed recipient|delivery has failed|returned to (?:you|sender)",
    r"mail delivery|could not be (?:sent|processed)|non[- ]?delivery|rejected (?:recipient|your)|the following error",
    r"returned (?:mail|message)|problem delivering|unknown user|user unknown|no such user|konnte nicht|zugestellt",
    r"no pudo ser entregado|n'a pas pu|non remis|не может быть|не удалось|送信できません|送信に失敗|配信",
)
_AUTO_SUBJECT = _any(
    r"out[ -]of[ -](?:the[ -])?office|auto(?:matic|mated)?[- :]*(?:reply|response|respon|answer|antwort)|vacation",
    r"abwesen|away from|on leave|absence|réponse automatique|respuesta autom|risposta auto|automatisch|autorespon",
    r"自動(?:応答|返信)|不在|автоответ|odpowiedź automat|urlaub|i am away|i'm away|on holiday",
)
_DELAY = _any(
    r"will (?:keep|continue) (?:to )?(?:try|be tried|retry)|will be (?:re)?(?:tried|retried|attempted)|keep trying",
    r"(?:is|has been|was|been) delayed|warning message only|do not need to re-?send|not need to resend",
    r"still (?:being )?(?:trying|in (?:the )?queue|undelivered|attempt)|delivery attempts will continue",
    r"delays? in delivering|not yet been delivered|yet to be delivered|no action is required on your part",
    r"will continue for|delivery (?:is )?delayed|temporary (?:failure )?report|message delayed",
    r"could not (?:be delivered|send message) for (?:the )?(?:past )?\d",
)
_GIVEN_UP = _any(
    r"will not (?:continue|keep|be re|re)|failed permanently|permanent(?:ly)? (?:fatal )?(?:error|fail)|give?n? up",
    r"gave up|no further|has been returned|could not be delivered to|delivery failed|not going to try",
)
_DELAY_SUBJECT = _any(r"delay|warning|verzöger|still (?:being|trying)|will be retried|temporar")


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
        or ((is_titled or opens) and bool(report.returned))
    )


def is_complaint(report: Report) -> bool:
    """Whether somebody complained of a mail (RFC 5965); reports of failed signatures or viruses are no complaints."""
    if "x-hmxmroriginalrecipient" in report.returned:
        return True  # Microsoft's own form of it
    if not report.feedback and report.report_type != "feedback-report":
        return False
    return report.feedback.get("feedback-type", "").lower() not in {"auth-failure", "virus", "not-spam", "dmarc"}


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
