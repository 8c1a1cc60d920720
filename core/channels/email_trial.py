"""Trying a mail server: it is asked everything up to the mail itself, and nothing is sent unless that is wanted."""

from core.channels.email import Access, EmailChannel
from core.channels.handing_over import NoConnection, Outgoing
from core.domain.account_step import Step
from core.errors import SendError

_CONNECT_TIMEOUT, _REPLY_TIMEOUT = 5.0, 10.0  # seconds; somebody is waiting
_SAFE = {"none": "in clear text", "starttls": "with STARTTLS", "tls": "with TLS"}
_ADVICE = {
    "no_tls": "Check CARELOOP_SMTP_SECURITY, and that the certificate is valid for the host's name. CARELOOP_SMTP_CA "
    "names certificates that vouch for a server of your own.",
    "login_refused": "Check CARELOOP_SMTP_USER and the password. Some providers ask for a password made for programs.",
    "server_busy": "Try again in some minutes, or ask whoever runs the mail server.",
    "connection_broke": "Try again, or ask whoever runs the mail server.",
    "sender_refused": "Ask whoever runs the mail server to let this account send from the From Email Address.",
    "address_refused": "The server does not pass mails on to this address. Check CARELOOP_SMTP and the login.",
    "message_refused": "Read the server's words, and ask whoever runs it.",
}
_WORDS = {
    "no_tls": "No safe connection came about",
    "login_refused": "The login was refused",
    "server_busy": "The server takes nothing just now",
    "connection_broke": "The server ended the connection",
    "sender_refused": "The server does not take mails from this From Email Address",
    "address_refused": "The server does not take mails to the address that was tried",
    "message_refused": "The server refused the test mail",
}
_NO_CONNECTION = {
    "gaierror": "There is no such host. Check the name in CARELOOP_SMTP.",
    "ConnectionRefusedError": "Nothing listens there. Check host and port in CARELOOP_SMTP.",
    "SMTPServerDisconnected": "It says nothing a mail server says, or not in time. Check the port; one that speaks TLS "
    "from the first byte needs CARELOOP_SMTP_SECURITY=tls.",
    "TimeoutError": "It does not answer. Check host and port in CARELOOP_SMTP, and the firewall.",
}


def try_mail_server(
    host: str,
    port: int,
    access: Access,
    *,
    sender: str,
    recipient: str,
    mail: bytes = b"",
    connect_timeout: float = _CONNECT_TIMEOUT,
    reply_timeout: float = _REPLY_TIMEOUT,
) -> list[Step]:
    """Connect, agree on TLS, log in, and offer a mail from `sender` to `recipient` without sending it; with `mail` that
    one is sent afterwards. Ends with the first step that fails."""
    steps: list[Step] = []
    channel = EmailChannel(host, port, access, connect_timeout=connect_timeout, reply_timeout=reply_timeout)
    with channel:
        try:
            channel.probe()
            login = f", logged in as {access.user}" if access.user else ", without a login"
            steps.append(Step(True, f"Connected to {host}:{port} {_SAFE[access.security]}{login}"))
            channel.offer(sender=sender, recipient=recipient)
            steps.append(Step(True, "The server takes mails from the From Email Address; none was sent"))
            if mail:
                channel.hand_over(Outgoing(recipient, mail, sender=sender))
                steps.append(Step(True, "A test mail is on its way to your own address"))
        except SendError as error:
            steps.append(_failed(error, host, port))
    return steps


def _failed(error: SendError, host: str, port: int) -> Step:
    if isinstance(error, NoConnection):
        advice = _NO_CONNECTION.get(error.reply, "Check host, port and security of the mail server.")
        return Step(False, f"{host}:{port} cannot be reached", advice)
    said = f" ({' '.join(filter(None, (error.code, error.reply)))})" if error.code or error.reply else ""
    words = _WORDS.get(error.reason, "The mail server could not be used")
    return Step(False, f"{words}{said}", _ADVICE.get(error.reason, "Check the settings of the mail server."))
