"""Logos: which files can be one, what is kept of them, and where they are shown."""

import base64
import io
import struct
import zlib
from email import message_from_bytes
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import select

from core import logos, templates
from core.channels.pictures import read_picture
from core.domain.role import CHANGE_ORGANISATION
from core.domain.user import User
from core.errors import DataError, NotAllowed, NotFound
from core.mailer import mailer
from core.paper_forms import consent_form
from core.store import accounts
from core.store.database import reading
from core.store.schema import audit
from core.workbench import Workbench
from tests.clinic import CAMPAIGN
from tests.pdfs import reader
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_cli import careloop

START = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 20">'
BAR = '<rect width="80" height="20" fill="#0f6e6a"/>'
SVG = f"{START}{BAR}</svg>".encode()


def png(width: int = 300, height: int = 100, mode: str = "RGB", **more: Any) -> bytes:
    return picture("PNG", width, height, mode, **more)


def picture(kind: str, width: int, height: int, mode: str = "RGB", **more: Any) -> bytes:
    kept = io.BytesIO()
    Image.new(mode, (width, height), 1).save(kept, kind, **more)
    return kept.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is that large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


GOOD = [
    ("png", png(), "png"),
    ("png with holes", png(mode="RGBA"), "png"),
    ("png of 16 bits", png(mode="I;16"), "png"),
    ("jpeg", picture("JPEG", 300, 100), "jpeg"),
    ("jpeg for print", picture("JPEG", 300, 100, "CMYK"), "jpeg"),
    ("svg", SVG, "svg"),
    ("svg after a declaration", b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n' + SVG, "svg"),
    ("svg with a style sheet", f"{START}<style>.a{{fill:#f00}}</style><path class='a' d='M0 0h9v9z'/></svg>", "svg"),
    ("svg with a gradient", f"{START}<defs><linearGradient id='g'><stop offset='0' stop-color='red'/><stop offset='1' "
     "stop-color='blue'/></linearGradient></defs><rect fill='url(#g)' width='80' height='20'/></svg>", "svg"),
    ("svg with a part used twice", f"{START}<defs><path id='a' d='M0 0h9v9z'/></defs><use href='#a'/></svg>", "svg"),
    ("svg with notes", f"{START}<title>x</title><metadata>y</metadata><n:x xmlns:n='urn:n'/>{BAR}</svg>", "svg"),
    ("svg with a doctype", '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">' + SVG.decode(), "svg"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "kind"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_a_picture_is_known_by_its_content(content: bytes | str, kind: str) -> None:
    found = read_picture(content if isinstance(content, bytes) else content.encode())

    assert found.kind == kind and found.width > found.height > 0
    assert read_picture(found.content).kind == kind


LOOP = f"{START}<defs><g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g></defs><use href='#a'/></svg>"
USED = [f"<use href='#g{n}'/>" * 10 for n in range(9)]
LAUGHS = "".join(f"<g id='g{n}'>{used}</g>" for n, used in enumerate(USED, start=1))
BAD = [
    ("nothing", b"", "empty"),
    ("spaces", b" \n", "empty"),
    ("text", b"just words", "no picture"),
    ("gif", picture("GIF", 300, 100, "P"), "no picture"),
    ("pdf", b"%PDF-1.7", "no picture"),
    ("too many bytes", b"\x89PNG\r\n\x1a\n" + b"x" * 2_000_001, "2.0 MB"),
    ("a large one", bomb(6_000, 6_000), "6,000 by 6,000"),
    ("a bomb", bomb(60_000, 60_000), "too many"),
    ("a flat bomb", bomb(2_000_000_000, 1), "too many"),
    ("truncated png", png()[:-30], "damaged"),
    ("only a signature", b"\x89PNG\r\n\x1a\n", "damaged"),
    ("damaged jpeg", b"\xff\xd8\xff\xe0" + b"\x00" * 50, "damaged"),
    ("tiny", png(4, 4), "only 4 by 4"),
    ("a line", png(2000, 20), "12 times"),
    ("html", b"<html><body>x</body></html>", "no SVG"),
    ("no xml", b"<svg", "can be read"),
    ("svg without a namespace", b"<svg viewBox='0 0 8 8'><rect width='8' height='8'/></svg>", "no SVG"),
    ("script", f"{START}{BAR}<script>alert(1)</script></svg>", "program"),
    ("script in what is left out", f"{START}<metadata><script>1</script></metadata>{BAR}</svg>", "program"),
    ("script of another vocabulary", f"{START}<x:script xmlns:x='urn:x'>1</x:script>{BAR}</svg>", "program"),
    ("event", f"{START}<rect onload='x()' width='8' height='8'/></svg>", "program"),
    ("link", f"{START}<a href='https://example.org'>{BAR}</a></svg>", "link"),
    ("javascript", f"{START}<use href='javascript:x()'/></svg>", "another file"),
    ("picture within", f"{START}<image href='file:///etc/passwd' width='8' height='8'/></svg>", "another picture"),
    ("part of another file", f"{START}<use href='other.svg#a'/></svg>", "another file"),
    ("old link", f"{START}<use xmlns:x='http://www.w3.org/1999/xlink' x:href='https://x/a'/></svg>", "another"),
    ("colour from elsewhere", f"{START}<rect fill='url(https://x/#a)' width='8' height='8'/></svg>", "another"),
    ("import", f"{START}<style>@import 'x.css';</style>{BAR}</svg>", "style sheet"),
    ("hidden address", f"{START}<rect style='fill:u\\72l(x)' width='8' height='8'/></svg>", "style sheet"),
    ("page within", f"{START}<foreignObject/>{BAR}</svg>", "web page"),
    ("letters", f"{START}<text y='9'>Clinic</text></svg>", "paths"),
    ("filter", f"{START}<filter id='f'/>{BAR}</svg>", "filter"),
    ("movement", f"{START}<rect width='8' height='8'><animate/></rect></svg>", "moves"),
    ("entities", f"<!DOCTYPE svg [<!ENTITY a 'b'>]>{START}{BAR}&a;</svg>", "entities"),
    ("laughs", f"<!DOCTYPE svg [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]>{START}<g id='&c;'/></svg>", "entities"),
    ("file as entity", f"<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>{START}&a;</svg>", "entities"),
    ("circle of parts", LOOP, "printed"),
    ("laughs of parts", f"{START}<defs><g id='g0'>{BAR}</g>{LAUGHS}</defs><use href='#g9'/></svg>", "printed"),
    ("too deep", f"{START}{'<g>' * 5000}{'</g>' * 5000}</svg>", "groups"),
    ("too many", f"{START}{BAR * 4000}</svg>", "parts"),
    ("no size", f"<svg xmlns='http://www.w3.org/2000/svg'>{BAR}</svg>", "how wide"),
    ("endless", f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 inf nan'>{BAR}</svg>", "how wide"),
    ("nothing drawn", f"{START}</svg>", "shows nothing"),
    ("no colour", f"{START}<rect width='8' height='8' fill='nocolour'/></svg>", "printed"),
    ("no path", f"{START}<path d='what?'/></svg>", "printed"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "says"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_cannot_be_a_logo_is_refused_with_the_reason(content: bytes | str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_picture(content if isinstance(content, bytes) else content.encode())


def test_nothing_but_the_picture_is_kept() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "secret-place")
    exif = Image.Exif()
    exif[0x010E] = "secret-place"
    files = [png(pnginfo=notes) + b"<script>secret-place</script>", picture("JPEG", 300, 100, exif=exif)]
    files.append(f"{START}<!-- secret-place --><desc>secret-place</desc>{BAR}</svg>".encode())

    for content in files:
        assert b"secret-place" in content and b"secret-place" not in read_picture(content).content


def test_a_large_picture_is_made_smaller_and_a_turned_one_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    large, turned = read_picture(png(4000, 1000)), read_picture(picture("JPEG", 100, 300, exif=exif))

    assert (large.width, large.height) == (1200, 300)
    assert (turned.width, turned.height) == (300, 100)


def test_logos_are_kept_listed_chosen_and_removed(bench: Workbench) -> None:  # noqa: F811
    first = logos.add(bench, "Example Clinic", png())
    second = logos.add(bench, "  North\nClinic ", SVG)

    assert {(one.name, one.kind, one.content) for one in logos.logos(bench)} == {
        ("Example Clinic", "png", b""),
        ("North Clinic", "svg", b""),
    }
    assert logos.logo(bench, first.logo_id).content == first.content
    logos.choose(bench, second.logo_id)
    assert bench.organisation().logo == second.logo_id
    assert logos.organisation_logo(bench) == second
    assert logos.organisation_logo(bench, kinds=("png", "jpeg")) == first
    logos.remove(bench, second.logo_id)
    assert bench.organisation().logo == "" and logos.organisation_logo(bench) == first
    logos.remove(bench, first.logo_id)
    assert logos.organisation_logo(bench) is None
    with pytest.raises(NotFound):
        logos.remove(bench, first.logo_id)
    with reading(bench.engine) as connection:
        done = connection.execute(select(audit.c.action).where(audit.c.action.startswith("logo"))).scalars().all()
    assert sorted(done) == ["logo.added", "logo.added", "logo.chosen", "logo.removed", "logo.removed"]


def test_a_name_is_needed_and_taken_once(wb: Workbench) -> None:
    logos.add(wb, "Example Clinic", png())

    for name, says in (("EXAMPLE clinic", "has this name"), (" \t", "no name"), ("x" * 121, "121 characters")):
        with pytest.raises(NotAllowed, match=says):
            logos.add(wb, name, SVG)


def test_only_who_may_change_the_organisation_changes_its_logos(wb: Workbench) -> None:
    logo = logos.add(wb, "Example Clinic", png())
    accounts.add_user(wb.engine, User("olga", "Olga", roles=frozenset({"analyst"})), at=wb.now(), by="ana")
    olga = wb.as_user("olga")

    assert not olga.user.may(CHANGE_ORGANISATION)
    for act in (
        lambda: logos.add(olga, "Another", png()),
        lambda: logos.choose(olga, logo.logo_id),
        lambda: logos.remove(olga, logo.logo_id),
    ):
        with pytest.raises(NotAllowed, match="administrator"):
            act()
    assert logos.organisation_logo(olga) == logo


@pytest.mark.parametrize("content", [png(), SVG, picture("JPEG", 300, 100), png(mode="RGBA")])
def test_a_form_shows_the_logo_and_says_whose_it_is(wb: Workbench, content: bytes) -> None:
    logos.add(wb, "Example Clinic", content)

    document = reader(consent_form(wb))

    parts = document.trailer["/Root"]["/StructTreeRoot"]["/K"][0].get_object()["/K"]  # type: ignore[index]
    assert [part.get_object()["/Alt"] for part in parts if part.get_object()["/S"] == "/Figure"] == [
        "Example Health Group"
    ]
    assert len(document.pages) == 2
    assert len(document.pages[0].images) == (0 if content == SVG else 1)


def test_an_email_carries_the_logo_and_its_preview_shows_it(wb: Workbench) -> None:
    svg = logos.add(wb, "Drawing", SVG)
    logo = logos.add(wb, "Picture", png())
    logos.choose(wb, svg.logo_id)

    mail = mailer(wb, CAMPAIGN).compose(
        {"patient.first_name": "Ada"}, recipient_id=None, to="a@example.org", at=wb.now()
    )
    preview = templates.invented(wb, CAMPAIGN)

    pictures = [part for part in message_from_bytes(mail).walk() if part.get_content_maintype() == "image"]
    assert [part.get_payload(decode=True) for part in pictures] == [logo.content]
    assert base64.b64encode(logo.content).decode() in preview.html and "cid:" not in preview.html


def test_the_command_line_keeps_logos(wb: Workbench) -> None:
    home = wb.settings.home
    file = home.parent / "logo.exe"
    file.write_bytes(png())

    added = careloop(home, "logo", "add", file, "--name", "Example Clinic")
    assert added.returncode == 0 and "Example Clinic (png" in added.stdout
    logo_id = added.stdout.split()[0]
    assert f"* {logo_id}" in careloop(home, "logo", "list").stdout
    assert careloop(home, "logo", "choose", logo_id).returncode == 0
    assert careloop(home, "logo", "remove", logo_id).returncode == 0
    assert "There is no logo" in careloop(home, "logo", "list").stdout
    missing = careloop(home, "logo", "add", home / "none.png", "--name", "x")
    assert missing.returncode == 2 and "cannot be read" in missing.stderr
