"""The mail around a message: headers, practice name or logo, footer with the stop link, HTML and plain text.

What is the same for every recipient is made and encoded once (`compile_frame`); filling it in for one recipient costs
about a tenth of building it anew with the standard library. Nothing here is sent, and nothing is read but the frame.
"""

import binascii
import hmac
import re
import textwrap
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache, lru_cache
from html import escape
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template

from core.domain.address import is_email, phone_link, phone_text
from core.domain.one_line import one_line
from core.errors import SettingsError

_BODY = "\ue000body\ue000"  # private-use characters: no frame and no setting holds them
_STOP_URL = "\ue000stop\ue000"
_BOUNDARY = "=_careloop"  # '=_' never stands in quoted-printable or base64, so no body can hold it
_RELATED = "=_careloop_with_logo"
_LOGO = 'src="cid:logo"'
_LINE = 76  # characters in a line of a header
_FOLD = "\r\n "
_WORD_BYTES = 45  # in one encoded word, which may have 75 characters

WORDS = {
    "en": {
        "why": "You get this email because you are a patient of {practice} and this address is in your records.",
        "stop_before": "Rather not get health emails from us?",
        "stop_link": "Stop these emails",
        "stop_after": "You do not need to sign in.",
    },
    "es": {
        "why": "Recibe este correo porque es paciente de {practice} y esta dirección figura en su expediente.",
        "stop_before": "¿Prefiere no recibir correos de salud nuestros?",
        "stop_link": "Dejar de recibir estos correos",
        "stop_after": "No necesita iniciar sesión.",
    },
}


@dataclass(frozen=True)
class Logo:
    """A picture that comes with the mail, so that nothing is fetched from elsewhere. subtype: png or jpeg."""

    content: bytes
    subtype: str

    @property
    def address(self) -> str:
        """The picture itself as an address, for a page that is no mail."""
        return f"data:image/{self.subtype};base64,{binascii.b2a_base64(self.content, newline=False).decode()}"


@dataclass(frozen=True)
class _Part:
    """A frame cut at its lines: `lines` holds encoded bytes where nothing changes, text where something does."""

    text: str
    lines: tuple[bytes | str, ...]

    def filled(self, body: str, stop_url: str) -> str:
        return self.text.replace(_BODY, body).replace(_STOP_URL, stop_url)

    def encoded(self, body: str, stop_url: str) -> bytes:
        return b"".join(
            [
                line
                if isinstance(line, bytes)
                else _quoted_printable(line.replace(_BODY, body).replace(_STOP_URL, stop_url))
                for line in self.lines
            ]
        )


@dataclass(frozen=True)
class Frame:
    """One frame for one sender and language, ready to be filled in."""

    sender: bytes  # the From header
    domain: str  # of the sender, for Message-IDs
    html_part: _Part
    text_part: _Part
    logo: bytes = b""  # the encoded part, empty without one
    logo_address: str = ""  # the logo for a preview, where no part comes along

    def html(self, body: str, *, stop_url: str) -> str:
        """The whole page as a patient sees it. `body` is clean HTML with its fields filled in."""
        page = self.html_part.filled(body, escape(stop_url))
        return page.replace(_LOGO, f'src="{self.logo_address}"', 1) if self.logo_address else page

    def text(self, body: str, *, stop_url: str) -> str:
        """The plain-text part."""
        return self.text_part.filled(body, stop_url)

    def compose(
        self, *, to: str, subject: str, html: str, text: str, message_id: str, at: datetime, stop_url: str
    ) -> bytes:
        """The mail as it goes to the server: CRLF line ends, 7-bit clean, no line above 998 characters.

        `html` and `text` are the bodies without frame, `message_id` comes with its angle brackets. Raises ValueError
        for an address that eligibility would have refused: that is a bug, nothing else may stand in a header.
        """
        if not is_email(to):
            raise ValueError("not an address that can be written to")
        return b"".join(
            (
                self.sender,
                b"To: ", to.encode("ascii"), b"\r\n",
                _header("Subject", one_line(subject)),
                b"Date: ", _date(at), b"\r\n",
                b"Message-ID: ", message_id.encode("ascii"), b"\r\n",
                b"List-Unsubscribe: <", stop_url.encode("ascii"), b">\r\n",
                b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                # Keeps holiday notices from answering a mailbox that nobody reads (RFC 3834).
                b"Auto-Submitted: auto-generated\r\n",
                b"MIME-Version: 1.0\r\n",
                _ALTERNATIVE,
                _PLAIN_PART, self.text_part.encoded(text, stop_url),
                _RELATED_OPEN if self.logo else b"",
                _HTML_PART_WITH_LOGO if self.logo else _HTML_PART, self.html_part.encoded(html, escape(stop_url)),
                self.logo,
                _END,
            )
        )  # fmt: skip


def compile_frame(
    *,
    practice: str,
    from_email: str,
    from_name: str,
    postal_address: str = "",
    call_back_number: str = "",
    language: str = "en",
    logo: Logo | None = None,
) -> Frame:
    """A frame for one campaign and language. Raises SettingsError for a From Email Address that is none."""
    if not is_email(from_email):
        raise SettingsError("The From Email Address is not an email address. Change it under Delivery.")
    words = WORDS.get(language, WORDS["en"])
    facts = {
        "language": language if language in WORDS else "en",
        "practice": one_line(practice),
        "postal_address": one_line(postal_address),
        "phone": phone_text(one_line(call_back_number)),
        "phone_link": phone_link(call_back_number),
        "logo": logo is not None,
        "body": _BODY,
        "stop_url": _STOP_URL,
        **{name: sentence.format(practice=one_line(practice)) for name, sentence in words.items()},
    }
    return Frame(
        sender=_sender(from_name, from_email),
        domain=from_email.rpartition("@")[2].lower(),
        html_part=_part("email.html", facts, html=True),
        text_part=_part("email.txt", facts, html=False),
        logo=_logo_part(logo) if logo else b"",
        logo_address=logo.address if logo else "",
    )


@lru_cache(maxsize=4)  # asked for the mail and for what is written down about it
def message_id(key: bytes, *, campaign_id: str, recipient_id: int | str, domain: str) -> str:
    """The Message-ID of one recipient's message: the same at every try, so that bounces and logs can be matched.

    The last part is signed with the home's secret key, so that nobody else can make one up.
    """
    name = f"{campaign_id}.{recipient_id}"
    signature = hmac.digest(key, b"message-id:" + name.encode(), "sha256").hex()[:20]
    return f"<{name}.{signature}@{domain}>"


def return_address(key: bytes, address: str, recipient_id: int) -> str:
    """Where one recipient's mail returns to: the address with the recipient in it, signed (VERP).

    Whoever gets a mail at 'bounces+123.0f...@example.org' knows whose it was, whatever the mail itself says.
    """
    local, _, domain = address.rpartition("@")
    return f"{local}+{recipient_id}.{_return_signature(key, recipient_id)}@{domain}"


def returned_recipient(key: bytes, address: str) -> int | None:
    """The recipient in an address made by `return_address`; None when it is not one of ours."""
    found = _RETURN_ADDRESS.search(address.lower())
    if not found:
        return None
    recipient_id, signature = int(found[1]), found[2]
    return recipient_id if hmac.compare_digest(signature, _return_signature(key, recipient_id)) else None


def signed_recipients(key: bytes, content: bytes) -> list[int]:
    """The recipients whose signed return address or Message-ID stands anywhere in a mail, each once."""
    text = content[:_LOOKED_AT].decode("latin-1")
    returned = (returned_recipient(key, found[0]) for found in _RETURN_ADDRESS.finditer(text.lower()))
    named = (_recipient_of(key, found) for found in _MESSAGE_ID.finditer(text))
    return list(dict.fromkeys(each for each in (*returned, *named) if each is not None))


def _recipient_of(key: bytes, found: re.Match[str]) -> int | None:
    made = message_id(key, campaign_id=found[1], recipient_id=int(found[2]), domain="")
    return int(found[2]) if hmac.compare_digest(made, f"<{found[1]}.{found[2]}.{found[3]}@>") else None


_LOOKED_AT = 2_000_000  # bytes of a mail
_RETURN_ADDRESS = re.compile(r"\+([0-9]{1,18})\.([0-9a-f]{16})@")
_MESSAGE_ID = re.compile(r"\b([0-9a-z_-]{1,32})\.([0-9]{1,18})\.([0-9a-f]{20})@")


def _return_signature(key: bytes, recipient_id: int) -> str:
    return hmac.digest(key, f"return:{recipient_id}".encode(), "sha256").hex()[:16]


def _sender(name: str, address: str) -> bytes:
    """The From header. A name in plain letters stands in quotation marks, so that no comma ends it."""
    shown = one_line(name).translate({ord(c): None for c in '"\\<>'})
    if not shown:
        return f"From: {address}\r\n".encode("ascii")
    words = [f'"{shown}"'] if _is_plain(shown) and len(shown) < _LINE // 2 else _encoded_words(shown)
    return f"From: {_FOLD.join([*words, f'<{address}>'])}\r\n".encode("ascii")


@lru_cache(maxsize=4)
def _date(at: datetime) -> bytes:
    """The same for a whole batch."""
    return format_datetime(at).encode("ascii")


@lru_cache(maxsize=1024)
def _header(name: str, value: str) -> bytes:
    """One header of one line of text, folded and encoded.

    The standard library's is not used: it decodes what looks encoded ('=?utf-8?q?=0d=0aBcc:...?=' in a patient's name)
    and writes the line end that comes out.
    """
    if not _is_plain(value):
        return f"{name}: {_FOLD.join(_encoded_words(value))}\r\n".encode("ascii")
    line = f"{name}: {value}"
    if len(line) > _LINE:
        line = _FOLD.join(textwrap.wrap(line, _LINE, break_long_words=False, break_on_hyphens=False))
    return f"{line}\r\n".encode("ascii")


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text and all(len(word) < _LINE - 20 for word in text.split())


def _encoded_words(text: str) -> list[str]:
    """The text in encoded words (RFC 2047), each of whole letters and at most 75 characters long."""
    pieces = [b""]
    for letter in text:
        code = letter.encode("utf-8", "replace")
        if len(pieces[-1]) + len(code) > _WORD_BYTES:
            pieces.append(b"")
        pieces[-1] += code
    return [f"=?utf-8?b?{binascii.b2a_base64(piece, newline=False).decode('ascii')}?=" for piece in pieces]


def _part(frame: str, facts: dict[str, object], *, html: bool) -> _Part:
    text = _template(frame, html=html).render(facts)
    lines: list[bytes | str] = []
    for line in text.splitlines(keepends=True):
        changes = _BODY in line or _STOP_URL in line
        if not changes and lines and isinstance(lines[-1], bytes):
            lines[-1] += _quoted_printable(line)
        else:
            lines.append(line if changes else _quoted_printable(line))
    return _Part(text, tuple(lines))


@cache
def _template(frame: str, *, html: bool) -> Template:
    source = (resources.files("core.library") / "frames" / frame).read_text(encoding="utf-8")
    environment = Environment(autoescape=html, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701  # nosec B701 # plain text, or escaped where it is HTML
    return environment.from_string(source)


def _quoted_printable(text: str) -> bytes:
    """Lines may break softly anywhere, hard only where the text breaks; each ends with CRLF."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = text.encode("utf-8", "replace")
    return binascii.b2a_qp(plain, istext=True).replace(b"\n", b"\r\n")


def _logo_part(logo: Logo) -> bytes:
    head = (
        f"\r\n--{_RELATED}\r\nContent-Type: image/{one_line(logo.subtype)}\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-ID: <logo>\r\nContent-Disposition: inline\r\n\r\n"
    )
    encoded = binascii.b2a_base64(logo.content, newline=False)
    lines = b"\r\n".join(encoded[start : start + 76] for start in range(0, len(encoded), 76))
    return head.encode("ascii") + lines + f"\r\n--{_RELATED}--\r\n".encode("ascii")


_TEXT_HEADERS = "Content-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_ALTERNATIVE = f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n\r\n'.encode("ascii")
_PLAIN_PART = f"--{_BOUNDARY}\r\n{_TEXT_HEADERS.format('plain')}".encode("ascii")
_HTML_PART = f"\r\n--{_BOUNDARY}\r\n{_TEXT_HEADERS.format('html')}".encode("ascii")
_RELATED_OPEN = (
    f'\r\n--{_BOUNDARY}\r\nContent-Type: multipart/related; type="text/html"; boundary="{_RELATED}"\r\n\r\n'
).encode("ascii")
_HTML_PART_WITH_LOGO = f"--{_RELATED}\r\n{_TEXT_HEADERS.format('html')}".encode("ascii")
_END = f"\r\n--{_BOUNDARY}--\r\n".encode("ascii")
