"""django-post-office as its README sets it up, on an SQLite file; run by sending.py in processes of their own.

    python tests/benchmarks/django_peer.py queue DATABASE MAILS.json
    python tests/benchmarks/django_peer.py send DATABASE PORT

`queue` keeps a template and a row for each mail, to be merged when it is delivered; `send` runs `send_queued_mail` and
prints {"wall_s", "cpu_s", "sent"}. Its settings are the documented defaults: batches of 100, one process, five threads,
a log row for each mail. The database has write-ahead logging and is synchronous, as ours.
"""

import json
import logging
import resource
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command


def main() -> None:
    """Queue or send."""
    what, database, argument = sys.argv[1:]
    _set_up(database, port=int(argument) if what == "send" else 25)
    if what == "queue":
        _queue(Path(argument))
    else:
        _send(f"{database}.lock")


def _set_up(database: str, *, port: int) -> None:
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": database,
                "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        POST_OFFICE={"BATCH_SIZE": 100},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )
    django.setup()
    logging.getLogger("post_office").setLevel(logging.WARNING)


def _queue(file: Path) -> None:
    from post_office import mail
    from post_office.models import EmailTemplate

    call_command("migrate", verbosity=0)
    told = json.loads(file.read_text("utf-8"))
    template = EmailTemplate.objects.create(name="reminder", **told["template"])
    for start in range(0, len(told["mails"]), 500):
        mail.send_many(
            [
                {
                    "recipients": one["to"],
                    "sender": told["sender"],
                    "template": template,
                    "context": one["context"],
                    "headers": one["headers"],
                    "render_on_delivery": True,
                }
                for one in told["mails"][start : start + 500]
            ]
        )


def _send(lock: str) -> None:
    from post_office.models import STATUS, Email

    cpu, begun = _cpu(), time.monotonic()
    call_command("send_queued_mail", lockfile=lock)
    used = {"wall_s": time.monotonic() - begun, "cpu_s": _cpu() - cpu}
    print(json.dumps({**used, "sent": Email.objects.filter(status=STATUS.sent).count()}))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
