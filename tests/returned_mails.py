"""Invented returned mails in the layouts of many mail servers, for the tests of their reader."""

OURS = "desk@clinic.example"  # who wrote the mail that came back
RETURNED = f"Message-ID: <c1.7@clinic.example>\nFrom: {OURS}\nTo: {{to}}\nSubject: A note from your clinic\n\nHello\n"


def letter(
    text: str, *, sender: str = "MAILER-DAEMON@mx.example", subject: str = "Returned mail", **headers: str
) -> bytes:
    """A plain mail to us; `headers` with underscores for hyphens."""
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"From: {sender}\nTo: {OURS}\nSubject: {subject}\n{more}\n{text}".encode()


def report(*groups: str, text: str = "Sorry.", to: str = "ada@example.org", kind: str = "delivery-status") -> bytes:
    """A report with fields for machines (RFC 3464), one text of fields for each recipient."""
    status = "\n\n".join(("Reporting-MTA: dns; mx.example", *groups))
    return letter(
        f"--B\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--B\nContent-Type: message/{kind}\n\n{status}\n\n"
        f"--B\nContent-Type: message/rfc822\n\n{RETURNED.format(to=to)}\n--B--\n",
        Content_Type=f'multipart/report; report-type={kind}; boundary="B"',
    )


def group(
    address: str = "ada@example.org", *, action: str = "failed", status: str = "5.0.0", said: str = "", **more: str
) -> str:
    """The fields of one recipient."""
    lines = [f"Final-Recipient: rfc822; {address}", f"Action: {action}", f"Status: {status}"]
    lines += [f"Diagnostic-Code: smtp; {said}"] if said else []
    return "\n".join((*lines, *(f"{name.replace('_', '-')}: {value}" for name, value in more.items())))


# server -> (text of its report, what follows from it); all are about ada@example.org
LAYOUTS = {
    "postfix": (
        "I could not hand your message on.\n\n<ada@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1\n"
        "    <ada@example.org>: Recipient address rejected: User unknown (in reply to RCPT TO command)\n",
        "definitive",
    ),
    "qmail": (
        "Hi. This is the qmail-send program.\nThis is a permanent error; I've given up.\n\n<ada@example.org>:\n"
        "Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{returned}",
        "definitive",
    ),
    "qmail, quoting": (
        "<ada@example.org>:\n192.0.2.1 does not like recipient.\nRemote host said: 552 5.2.2 Over quota\n"
        "Giving up on 192.0.2.1.\n",
        "temporary",
    ),
    "exim": (
        "A message that you sent could not be delivered to one or more of its recipients.\nThe following address(es) "
        "failed:\n\n  ada@example.org\n    SMTP error from remote mail server after RCPT TO:<ada@example.org>:\n"
        "    host mx.example.org [192.0.2.1]: 550 No such user here\n\n------ This is a copy of the message, including "
        "all the headers. ------\n\n{returned}",
        "definitive",
    ),
    "exim, asking for the sender": (
        "The following address(es) failed:\n\n  ada@example.org\n    SMTP error from remote mail server after MAIL "
        "FROM:<desk@clinic.example>:\n    550 5.1.0 desk@clinic.example does not exist here\n",
        "temporary",
    ),
    "sendmail": (
        "   ----- The following addresses had permanent fatal errors -----\n<ada@example.org>\n\n   ----- "
        "Transcript of session follows -----\n"
        "... while talking to mx.example.org.:\n>>> RCPT To:<ada@example.org>\n<<< 550 5.1.1 "
        "<ada@example.org>... User unknown\n\n   ----- Unsent message follows -----\n{returned}",
        "definitive",
    ),
    "exchange 5.5": (
        "Your message\n\n  To:      ada@example.org\n  Subject: Virus season\n\ndid not reach the following "
        "recipient(s):\n\nada@example.org on Thu, 1 Oct 2026 10:00:00 -0500\n    The recipient name is not recognized\n"
        "    MSEXCH:IMS:ORG 0 (000C05A6) Unknown Recipient\n",
        "definitive",
    ),
    "exchange 2010": (
        "Delivery has failed to these recipients or groups:\n\nada@example.org<mailto:ada@example.org>\n\nDiagnostic "
        "information for administrators:\n\nada@example.org\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\n"
        "Original message headers:\n\n{returned}",
        "definitive",
    ),
    "domino": (
        "Your message\n\n  Subject: A note\n\nwas not delivered to:\n\n  ada@example.org\n\nbecause:\n\n  User ada "
        "(ada@example.org) not listed in Domino Directory\n",
        "definitive",
    ),
    "notes in Japanese": (
        "------- Failure Reasons  --------\n\nディレクトリのリストにありません\nada@example.org\n\n"
        "------- Returned Message --------\n{returned}",
        "definitive",
    ),
    "groupwise": (
        "The message that you sent was undeliverable to the following:\n\tada@example.org (mailbox is full)\n",
        "temporary",
    ),
    "messaging server": (
        "Your message cannot be delivered to the following recipients:\n\n  Recipient address: ada@example.org\n  "
        "Reason: Illegal host/domain name found\n",
        "definitive",
    ),
    "james": (
        "Error message below:\n550 - Requested action not taken: no such user here\n\nMessage details:\n  MAIL FROM: "
        "desk@clinic.example\n  RCPT TO: ada@example.org\n  From: desk@clinic.example\n",
        "definitive",
    ),
    "imail": ("Unknown user: ada@example.org\n\n\nOriginal message follows.\n\n{returned}", "definitive"),
    "surfcontrol": (
        "Your message could not be sent.\nAddressed To: ada@example.org\n\nFailed to send to identified host,\n"
        "ada@example.org: [192.0.2.1], 550 ada@example.org... No such user\n",
        "definitive",
    ),
    "mailmarshal": (
        "Your message:\n   From:    desk@clinic.example\n   Subject: A note\n\nCould not be delivered because of\n\n"
        "550 5.1.1 User unknown\n\nThe following recipients were affected:\n    ada@example.org\n",
        "definitive",
    ),
    "m-filter": (
        "以下のメールアドレスへの送信に失敗しました。\nada@example.org\n\n-------server message\n"
        "550 5.2.2 mailbox full\n\n"
        "-------SMTP command\nDATA\n\n-------original message\n{returned}",
        "temporary",
    ),
    "mobile phones in Japan": (
        "Your mail sent on: Thu, 1 Oct 2026 10:00:00 +0900\n    Could not be delivered to: <ada@example.org>\n    As "
        "their mailbox is full.\n",
        "temporary",
    ),
    "interscan": (
        "Unable to deliver message to <ada@example.org>\n\nSent <<< RCPT TO:<ada@example.org>\nReceived >>> 550 5.1.1 "
        "unknown recipient\n",
        "definitive",
    ),
    "square brackets": (
        "---The following addresses had delivery errors---\n\nada@example.org [User unknown]\n",
        "definitive",
    ),
    "stars": (
        "Delivery to the following recipients was aborted after 2 days:\n  * ada@example.org\n",
        "temporary",
    ),
    "quotation marks": (
        'The following address\nfailed:\n\n"ada@example.org":\nSMTP error from remote server after RCPT command:\n'
        "5.1.1 user unknown\n\n--- The header of the original message is following. ---\n\n{returned}",
        "definitive",
    ),
    "zoho": (
        "This is a permanent error.\n\nada@example.org Invalid Address, ERROR_CODE :550, ERROR_CODE :mailbox over "
        "quota\n",
        "temporary",
    ),
    "yahoo": (
        "Sorry, we were unable to deliver your message to the following address.\n\n<ada@example.org>:\nRemote host "
        "said: 554 delivery error: dd This user doesn't have a yahoo.com account (ada@example.org) [-9] [RCPT_TO]\n",
        "definitive",
    ),
    "gmail": (
        "Delivery to the following recipient failed permanently:\n\n     ada@example.org\n\nTechnical details of "
        "permanent failure:\nThe error that the other server returned was:\n550 5.1.1 The account does not exist. "
        "Please try double-checking the address\n\n----- Original message -----\n\n{returned}",
        "definitive",
    ),
    "opensmtpd": (
        "    An error has occurred while attempting to deliver a message for\n    the following list of "
        "recipients:\n\nada@example.org: 550 5.7.1 Message rejected as spam\n\n    Below is a copy of the original "
        "message:\n\n{returned}",
        "temporary",
    ),
    "X.400 gateway": (
        "did not reach the following recipient(s):\n\nc=US;a= ;p=ORG;dda:SMTP=ada@example.org; on Thu, 1 Oct 2026\n"
        "    Unknown Recipient\n",
        "definitive",
    ),
    "German": ("Die folgende Adresse ist nicht zustellbar:\n\n<ada@example.org>: Empfänger unbekannt\n", "definitive"),
    "French": ("<ada@example.org>:\n550 Adresse d'au moins un destinataire invalide\n", "definitive"),
    "Spanish": ("<ada@example.org>:\nEl buzón está lleno\n", "temporary"),
    "Russian": ("<ada@example.org>:\n550 Пользователь не найден\n", "definitive"),
    "Polish": ("<ada@example.org>:\n550 Skrzynka odbiorcy jest przepełniona\n", "temporary"),
}
