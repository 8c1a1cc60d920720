"""Forms on paper: what every page says in both languages, and what a patient's own data does to them."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import strategies as st
from pypdf import PdfWriter
from sqlalchemy import select, update

from core import paper_forms
from core.channels.paper_kit import Kit
from core.channels.pdf_fonts import missing_glyphs, printable_form
from core.domain.opt_out import TYPES
from core.domain.organisation import Organisation
from core.domain.paper_form import Block, Boxes, Fields, Heading, Office, PaperForm, Paragraph, Types
from core.domain.user import Scope, User
from core.errors import NotFound, SettingsError
from core.paper_forms import CONSENT, OPT_OUT, consent_form, left_blank, opt_out_request
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import audit, patients
from core.workbench import Workbench
from tests.clinic import add_clinic, add_patients
from tests.conftest import ROOT
from tests.drawn import drawn
from tests.pages import opened
from tests.pdfs import fields, fonts, page_texts, reader
from tests.test_cli import careloop

BOTH = [(form, language) for form in (CONSENT, OPT_OUT) for language in ("en", "es")]
MADE_BY = {CONSENT: consent_form, OPT_OUT: opt_out_request}


@pytest.fixture
def clinic(wb: Workbench) -> Workbench:
    """With an address, and the patients p1 of group 1 and p2 of group 2."""
    add_clinic(wb)
    numbers: Any = {"phone_mobile": "+15550100199", "phone_home": "+15550100198"}
    add_patients(wb, 1, first="Łucja", last="Nguyễn-Żółć", **numbers)
    add_patients(wb, 1, start=2, group=2)
    address = {"postal_address": "100 Example Street, Springfield, IL 62701"}
    accounts.change_organisation(wb.engine, address, at=wb.now(), by="ana")
    return wb


@pytest.fixture(scope="module")
def blank() -> dict[tuple[str, str], bytes]:
    """Blank forms that were made already, by name and language."""
    return {}


@pytest.fixture
def made(clinic: Workbench, blank: dict[tuple[str, str], bytes]) -> Callable[..., bytes]:
    """Gives a blank form of the clinic: each is made once, since all tests see the same one."""

    def make(name: str, language: str = "en") -> bytes:
        if (name, language) not in blank:
            blank[name, language] = MADE_BY[name](clinic, language=language)
        return blank[name, language]

    return make


def named(wb: Workbench, **changes: Any) -> Workbench:
    return replace(wb, settled=replace(wb.organisation(), **changes))


def form_of(wb: Workbench, name: str, language: str) -> PaperForm:
    return paper_forms._read(wb.organisation(), name, language)


def said(block: Block, form: PaperForm) -> Iterator[str]:
    """What a block says, in the order in which it is read."""
    match block:
        case Paragraph(text, is_item=True):
            yield f"• {text}"
        case Heading(text) | Paragraph(text) | Office(text):
            yield text
        case Fields(each) | Boxes(each):
            yield from (field.label for field in each)
        case Types(rows):
            yield from (form.words[word] for word in ("what", "permanent", "until", "days"))
            for row in rows:
                yield from (row.title, f"{row.about} [{row.name}]".strip())
                yield from [form.words["topics"]] if row.key == "protocol" else []
                yield from "–" * (3 - len(row.durations))


def expected(form: PaperForm, organisation: Organisation) -> list[str]:
    """The text of each page."""
    heads = [
        [organisation.name, organisation.postal_address, "(555) 010-0100", form.title],
        [form.title, organisation.name],
    ]
    pages = []
    for number, (head, page) in enumerate(zip(heads, form.pages, strict=True), start=1):
        texts = [text for block in page for text in said(block, form)]
        last = form.words["page"].format(page=number, pages=2)
        pages.append(" ".join(" ".join([*head, *texts, last]).split()))
    return pages


@pytest.mark.parametrize(("name", "language"), BOTH)
def test_every_page_says_exactly_what_the_form_holds(
    clinic: Workbench, made: Callable[..., bytes], name: str, language: str
) -> None:
    content = made(name, language)

    assert page_texts(content) == expected(form_of(clinic, name, language), clinic.organisation())


@pytest.mark.parametrize(("name", "language"), BOTH)
def test_a_form_can_be_read_anywhere_and_aloud(
    clinic: Workbench, made: Callable[..., bytes], name: str, language: str
) -> None:
    content = made(name, language)

    document = reader(content)
    root = document.trailer["/Root"]
    assert root["/Lang"] == language and root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert document.metadata is not None and document.metadata.title == form_of(clinic, name, language).title
    assert [tuple(page.mediabox[2:]) for page in document.pages] == [(612, 792)] * 2
    assert len(fonts(content)) == 2 and all(fonts(content).values())
    kinds = [element.get_object()["/S"] for element in root["/StructTreeRoot"]["/K"][0].get_object()["/K"]]  # type: ignore[index]
    assert kinds.count("/H1") == 1 and kinds.count("/H2") >= 6 and kinds.count("/P") > 30


@pytest.mark.parametrize("name", [CONSENT, OPT_OUT])
def test_both_languages_ask_the_same(clinic: Workbench, made: Callable[..., bytes], name: str) -> None:
    english, spanish = (form_of(clinic, name, language) for language in ("en", "es"))

    assert [type(block) for block in english.blocks] == [type(block) for block in spanish.blocks]
    assert english.keys == spanish.keys and len(set(english.keys)) == len(english.keys)
    assert english.words.keys() == spanish.words.keys()
    assert fields(made(name)).keys() == fields(made(name, "es")).keys()


def test_the_request_offers_each_type_that_staff_record_with_exactly_its_durations(made: Callable[..., bytes]) -> None:
    kinds = TYPES.values()

    names = fields(made(OPT_OUT))

    boxes = {name for name in names if name.startswith(tuple(f"{key}_" for key in TYPES))}
    assert boxes == {f"{kind.key}_{duration}" for kind in kinds for duration in kind.durations}
    assert names["health_email_permanent"]["/FT"] == "/Btn" and names["health_email_until"]["/FT"] == "/Tx"
    assert "health_phone_permanent" not in names and "global_until" not in names
    text = page_texts(made(OPT_OUT))[0]
    assert all(f"[{kind.name}]" in text for kind in kinds)


def test_the_request_knows_every_reason_that_staff_can_choose(clinic: Workbench) -> None:
    reasons = {reason for kind in TYPES.values() for reason in kind.reasons}

    asked = {key for key in form_of(clinic, OPT_OUT, "en").keys if key.startswith("reason_")}

    assert asked == {f"reason_{reason.lower().replace(' ', '_')}" for reason in reasons}


def test_what_a_form_says_follows_the_settings(clinic: Workbench) -> None:
    changes: dict[str, Any] = {"contacts_per_week": 2, "text_limit": 300, "call_back_number": "+15550100177"}
    text = " ".join(page_texts(consent_form(named(clinic, postal_address="", **changes))))

    for words in ("at most 2 in", "up to 300 characters", "(555) 010-0177", "8:00 a.m. and 9:00 p.m."):
        assert words in text
    assert "write to us" not in text and "Springfield" not in text


def test_a_patient_s_form_holds_what_is_on_file_and_cannot_be_overwritten(clinic: Workbench) -> None:
    content = opt_out_request(clinic, patient_id="p1")
    first, second = page_texts(content)

    for words in ("Łucja Nguyễn-Żółć", "May 4, 1966", "(555) 010-0199", "(555) 010-0198", "p1@example.org"):
        assert words in first
    assert "Łucja Nguyễn-Żółć" in second and "May 4, 1966" in second
    assert "4 de mayo de 1966" in page_texts(consent_form(clinic, patient_id="p1", language="es"))[0]
    assert not {"patient_name", "birth_date", "mobile", "email"} & fields(content).keys()
    assert left_blank(clinic, OPT_OUT, "p1") == []


def test_only_a_patient_s_form_is_in_the_audit_log_and_by_id_alone(clinic: Workbench) -> None:
    consent_form(clinic)
    consent_form(clinic, patient_id="p1", language="es")

    with reading(clinic.engine) as connection:
        lines = connection.execute(select(audit).where(audit.c.action == "form.filled")).all()
    assert [(line.user_id, line.subject, line.details) for line in lines] == [
        ("ana", "p1", {"form": "consent", "language": "es"})
    ]


def test_nobody_gets_a_form_of_a_patient_whom_they_may_not_see(clinic: Workbench) -> None:
    person = User("gil", "Gil Group", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(clinic.engine, person, at=clinic.now(), by="ana")
    gil = clinic.as_user("gil")

    assert consent_form(gil, patient_id="p1").startswith(b"%PDF")
    for ask in (consent_form, opt_out_request):
        with pytest.raises(NotFound):
            ask(gil, patient_id="p2")
    with pytest.raises(NotFound):
        left_blank(gil, CONSENT, "p2")
    with pytest.raises(NotFound, match="en, es"):
        consent_form(gil, language="fr")


HOSTILE = [
    ("Ana <b>Bold</b> {{ x }}", "Ana <b>Bold</b> {{ x }}", []),
    ("Ana\n\rLine\u2028Two\tEnd", "Ana Line Two End", []),
    ("Ana\u202eevil\u200bname", "Anaevilname", []),
    ("a | b: c *2 (d) \\ /", "a | b: c *2 (d) \\ /", []),
    ("Zoe\u0308 e\u0301", "Zoë é", []),
    ("محمد الأمثل", "محمد الأمثل", []),
    ("राजेश", "राजेश", []),
    ("王小明", "王小明", []),
    ("Ana 😀", None, ["name"]),
    ("W" * 300, None, ["name"]),
    ("Maximiliana " * 4, ("Maximiliana " * 4).strip(), []),
]


@pytest.mark.parametrize(("name", "shown", "blank"), HOSTILE, ids=[ascii(row[0])[:24] for row in HOSTILE])
def test_a_name_is_printed_as_it_is_or_left_to_be_written(
    clinic: Workbench, name: str, shown: str | None, blank: list[str]
) -> None:
    with writing(clinic.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p1").values(first=name, last=None))

    content = consent_form(clinic, patient_id="p1")

    first, second = page_texts(content)
    assert left_blank(clinic, CONSENT, "p1") == blank
    if shown is None:
        assert {"patient_name", "patient_again"} <= fields(content).keys()
        assert "Date of birth" in first and "May 4, 1966" in first
    else:
        assert shown in first and shown in second


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Nguyễn Thị Hương, Łukasz Żółć, Şükrü Çağlar, Ğ, ő, ț", ""),
        ("Ξένια Жуков O’Brien – “x” … € ¿¡ ª º", ""),
        ("e\u0301 \u00ad\u200d\ufeff\r\n\t", ""),
        ("Li 李 and 李 王, 한국, さくら", ""),
        ("राम, ਹਰਪ੍ਰੀਤ, தமிழ், สมชาย, ቴዎድሮስ, Արամ, გიორგი", ""),
        ("مُحمّد, می\u200cخواهم, שרה", ""),
        ("葛\U000e0100, 㐂, 𠮷, a\ufe0f, ᄒᆞᆫ, \u2f00", ""),
        ("a\u064b \ue000 \U000f0000 \uffff", "\u064b\ue000\U000f0000\uffff"),
        ("☐ 😀", "☐😀"),
        ("Ana \ud83d", "\ud83d"),
        ("\x00\x1b", ""),
        ("", ""),
    ],
)
def test_letters_without_a_font_are_named(text: str, missing: str) -> None:
    assert missing_glyphs(text) == list(missing)


@pytest.mark.parametrize(("name", "language"), BOTH)
@pytest.mark.parametrize(
    "practice",
    [
        "X",
        "Saint Example’s Regional Health Network and Affiliated Community Physicians of the Greater Springfield Area",
    ],
)
def test_a_form_has_two_pages_whatever_the_organisation_is_called(
    clinic: Workbench, name: str, language: str, practice: str
) -> None:
    address = "Example Medical Office Building, Suite 1200, 100 North Example Boulevard, Springfield, IL 62701-0100"
    known = named(clinic, name=practice, postal_address=address if len(practice) > 1 else "")

    pages = page_texts(MADE_BY[name](known, patient_id="p1", language=language))

    assert len(pages) == 2 and practice in pages[0]
    assert pages[1].endswith(form_of(known, name, language).words["page"].format(page=2, pages=2))


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("name", "Group 🏥", "U\\+1F3E5"),
        ("postal_address", "100 Example Street 😀", "postal_address"),
        ("name", "Long " * 400, "too long"),
    ],
)
def test_a_letterhead_that_cannot_be_printed_says_which_setting_to_change(
    clinic: Workbench, setting: str, value: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        consent_form(named(clinic, **{setting: value}))


def test_a_form_can_be_filled_in_on_the_screen(made: Callable[..., bytes]) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(made(OPT_OUT)))
    for page in writer.pages:
        writer.update_page_form_field_values(page, {"requester_name": "Ana Example", "all_text_permanent": "/Yes"})
    kept = io.BytesIO()
    writer.write(kept)

    filled = fields(kept.getvalue())
    assert filled["requester_name"]["/V"] == "Ana Example" and filled["all_text_permanent"]["/V"] == "/Yes"
    assert filled["requester_name"]["/TU"] == "Your full name, if you are not the patient"
    assert filled["health_email_until"]["/TU"] == "Health reminders by email: Through this date"
    assert "signature" not in filled and "comment" in filled


def test_the_same_request_gives_the_same_bytes(clinic: Workbench) -> None:
    assert consent_form(clinic, patient_id="p1") == consent_form(clinic, patient_id="p1")


@pytest.mark.long
def test_the_same_request_gives_the_same_bytes_in_another_process(clinic: Workbench) -> None:
    script = (
        "import hashlib, os; from datetime import UTC, datetime; from core import paper_forms;"
        "from core.workbench import open_workbench;"
        "wb = open_workbench(clock=lambda: datetime(2026, 11, 24, 18, tzinfo=UTC));"
        "print(hashlib.sha256(paper_forms.opt_out_request(wb, patient_id='p1')).hexdigest())"
    )
    found = set()
    for seed in ("1", "2"):
        environ = {**os.environ, "CARELOOP_HOME": str(clinic.settings.home), "PYTHONHASHSEED": seed}
        run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, check=True)
        found.add(run.stdout)

    assert len(found) == 1


def test_the_command_line_writes_blank_forms(clinic: Workbench) -> None:
    home = clinic.settings.home
    out = home.parent / "form.pdf"

    assert careloop(home, "form", "consent", "--language", "es", "--out", out).returncode == 0
    assert page_texts(out.read_bytes())[0].startswith("Example Health Group")
    assert careloop(home, "form", "opt-out", "--out", out).returncode == 0
    assert "Request to stop messages" in page_texts(out.read_bytes())[0]
    wrong = careloop(home, "form", "consent", "--out", home / "none" / "form.pdf")
    assert wrong.returncode == 2 and "cannot be written" in wrong.stderr
    assert careloop(home, "form", "consent", "--language", "de", "--out", out).returncode == 2


def test_the_name_of_the_file_says_nothing_about_a_patient() -> None:
    assert paper_forms.file_name(OPT_OUT, "es") == "opt-out-form-es.pdf"


def test_the_library_offers_both_forms(clinic: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARELOOP_HOME", str(clinic.settings.home))

    app = opened("library")

    assert not app.exception
    assert [button.proto.label for button in app.get("download_button")] == list(paper_forms.NAMES.values())


def test_a_birth_date_is_written_out(clinic: Workbench) -> None:
    assert paper_forms._day(date(1970, 9, 3), "es") == "3 de septiembre de 1970"
    assert paper_forms._day(date(1970, 9, 3), "en") == "September 3, 1970"


@drawn(
    daily=20,
    many=1000,
    text=st.text(st.sampled_from("aWi.ñ’ Żộ Жщ–1 "), max_size=120),
    width=st.integers(20, 500),
    size=st.integers(7, 17),
)
def test_lines_hold_the_whole_text_and_fit(text: str, width: int, size: int) -> None:
    with Kit(letters=text) as kit:
        lines = kit.wrapped(text, width, size)

        assert "".join("".join(lines).split()) == "".join(text.split())
        assert all(kit.width_of(line, size) <= width + 0.01 for line in lines if len(line) > 1)


@drawn(daily=50, many=5000, text=st.text())
def test_whatever_has_a_font_is_printable(text: str) -> None:
    shown = printable_form(text)

    assert printable_form(shown) == shown
    assert all(letter.isprintable() for letter in shown if letter not in missing_glyphs(text))
