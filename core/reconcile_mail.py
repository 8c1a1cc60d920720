"""What logs of mail servers, folders of mails and the sandbox's outbox tell after a restore: which mails have left.

Each of our mails has a Message-ID that follows from campaign and recipient and is signed with the home's key, so it is
found in any text.
"""

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core.audit import record_in
from core.channels.email_frame import message_id
from core.domain.organisation import EMAIL
from core.domain.role import OPERATE
from core.errors import CareloopError, NotAllowed
from core.store import replay_rows as rows
from core.store import restore_rows
from core.store.database import writing
from core.store.secret import secret_key
from core.workbench import Workbench, needs

_OURS = re.compile(rb"([0-9a-z][0-9a-z-]{0,31})\.([0-9]{1,18})\.([0-9a-f]{20})@")
_PIECE, _OVERLAP = 1 << 20, 256
# By how a file begins: logs that were rotated are packed.
_PACKED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_NO_MAIL_OF_OURS = (
    "No mail of this home is named there, so it does not tell what has left. Give the log of the mail server that "
    "sends for this home, from before the backup until now, also its older pieces such as mail.log.2.gz; "
    "it must hold the Message-ID of each mail."
)
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class MailFound:
    """`found`: recipients who wait no more because their mail left; `strange`: mails of ours of no recipient here."""

    found: int
    strange: int


@needs(OPERATE)
def read_mail_logs(wb: Workbench, paths: Sequence[Path]) -> MailFound:
    """Look through files, or folders with all files in them, such as a Maildir; packed with gzip, bzip2 or xz as well.
    Taking a log says that it covers the time since the backup for emails, so one without a single mail of this home
    is refused. Raises NotAllowed then and when nothing waits, CareloopError for what cannot be read."""
    key = secret_key(wb.settings.home)
    seen = {name for path in _files(paths) for name in _names(key, path)}
    with writing(wb.engine) as connection:
        restored = restore_rows.open_restore(connection)
        if restored is None:
            raise NotAllowed("No restored backup waits to be reconciled.")
        if not seen:
            raise NotAllowed(_NO_MAIL_OF_OURS)
        at, found = wb.now(), 0
        for one in rows.unsettled(connection, EMAIL):
            if (one.campaign_id, one.recipient_id) in seen:
                domain = one.from_email.rpartition("@")[2].lower()
                name = message_id(key, campaign_id=one.campaign_id, recipient_id=one.recipient_id, domain=domain)
                left = {"handed_over_at": restored.made_at, "finished_at": at, "next_at": None}
                rows.change(connection, one.recipient_id, state="handed_over", reason="", message_id=name, **left)
                found += 1
        strange = len(seen) - rows.known_recipients(connection, seen)
        told = [*restored.sources.get("mail_logs", []), {"found": found, "strange": strange, "at": at.isoformat()}]
        restore_rows.keep_sources(connection, restored.restore_id, dict(restored.sources) | {"mail_logs": told})
        record_in(wb, connection, "restore.mail_log", restored.archive_id, found=found, strange=strange)
    return MailFound(found, strange)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.is_file())
        elif path.exists():
            yield path
        else:
            raise CareloopError(f"There is no file {path}. Check its name.")


def _names(key: bytes, path: Path) -> Iterator[tuple[str, int]]:
    """Campaign and recipient of each Message-ID of this home in a file, also of one that is cut by a piece's end."""
    try:
        with _opened(path) as file:
            rest = b""
            while piece := file.read(_PIECE):
                text = rest + piece
                for campaign, recipient, signature in _OURS.findall(text):
                    name = (campaign.decode(), int(recipient))
                    if _is_signed(key, *name, signature.decode()):
                        yield name
                rest = text[-_OVERLAP:]
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile):
        raise CareloopError(
            f"{path} is packed and damaged or not complete. Unpack it yourself or copy it anew."
        ) from None
    except OSError as error:
        raise CareloopError(f"{path} cannot be read: {error.strerror or error}. Check your rights.") from None


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        begun = file.read(6)
    if begun.startswith(_ZSTANDARD):
        raise CareloopError(f"{path} is packed with Zstandard. Unpack it first.")
    found: IO[bytes] | None = next((unpacks(path) for mark, unpacks in _PACKED.items() if begun.startswith(mark)), None)
    return found or path.open("rb")


def _is_signed(key: bytes, campaign_id: str, recipient_id: int, signature: str) -> bool:
    made = message_id(key, campaign_id=campaign_id, recipient_id=recipient_id, domain="")
    return made == f"<{campaign_id}.{recipient_id}.{signature}@>"
