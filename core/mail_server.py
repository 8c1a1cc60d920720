"""The connection to the mail server that the settings name."""

from core.channels.email import Access, EmailChannel
from core.domain.account_step import Step
from core.settings import Settings


def mail_channel(settings: Settings) -> EmailChannel:
    """A channel that connects at its first mail; use it with `with`."""
    return EmailChannel(settings.smtp_host, settings.smtp_port, _access(settings))


def try_mail_server(settings: Settings, *, sender: str, recipient: str, mail: bytes = b"") -> list[Step]:
    """See core.channels.email_trial."""
    from core.channels import email_trial

    server = (settings.smtp_host, settings.smtp_port, _access(settings))
    return email_trial.try_mail_server(*server, sender=sender, recipient=recipient, mail=mail)


def _access(settings: Settings) -> Access:
    return Access(settings.smtp_security, settings.smtp_user, settings.smtp_password, settings.smtp_ca)
