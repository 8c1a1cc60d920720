"""The organisation's own documents: what they are by what they hold, who may change them."""

import io
import zipfile
from dataclasses import replace

import pytest
from sqlalchemy import delete, event, insert

from core import downloads
from core.channels.documents import kind_of
from core.domain.user import Scope
from core.errors import DataError, NotAllowed, NotFound
from core.store.database import writing
from core.store.schema import merges, open_gaps, patients
from core.workbench import Workbench
from tests.letters import add_people, clinic_that_prints, letter_campaign, printed


def _office(*parts: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for part in ("[Content_Types].xml", *parts):
            out.writestr(part, "<x/>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"\x89PNG\r\n\x1a\n....", "png"),
        (b"\xff\xd8\xff\xe0....", "jpg"),
        (_office("word/document.xml"), "docx"),
        (_office("xl/workbook.xml"), "xlsx"),
        (_office("ppt/presentation.xml"), "pptx"),
        ("Ayuno de ocho horas: ñandú\r\n".encode(), "txt"),
        ("\ufeffName,Value".encode(), "txt"),
    ],
)
def test_what_a_document_is_by_what_it_holds(content: bytes, ending: str) -> None:
    assert kind_of(content).ending == ending


@pytest.mark.parametrize(
    "content",
    [
        b"", b"  \n", b"\xff\xfe\x00", b"MZ\x90\x00", b"PK\x03\x04broken", _office("other/part.xml"),
        _office("word/document.xml", "word/vbaProject.bin"), b"<svg>\x00</svg>", b"GIF89a\x01\x00\x80",
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(content: bytes) -> None:
    with pytest.raises(DataError):
        kind_of(content)


def test_a_document_is_kept_under_its_name_with_the_ending_of_what_it_is(wb: Workbench) -> None:
    added = downloads.add_document(wb, "Fasting instructions.docx", "Given out before lab work.", b"%PDF-1.7\n")
    assert added.name == "Fasting instructions.docx.pdf"
    second = downloads.add_document(wb, "Consent.pdf", "", b"%PDF-1.7\n")
    assert [each.name for each in downloads.documents(wb)] == [second.name, added.name] == ["Consent.pdf", added.name]
    assert downloads.content(wb, second.file_id).content == b"%PDF-1.7\n"
    with pytest.raises(NotAllowed, match="has this name"):
        downloads.add_document(wb, "consent", "", b"%PDF-1.7\n")
    downloads.delete(wb, second.file_id)
    assert len(downloads.documents(wb)) == 1
    with pytest.raises(NotFound):
        downloads.content(wb, second.file_id)


@pytest.mark.parametrize("name", ["", " ", "../secret", "a/b", "a\\b", "x" * 200, 'a"b'])
def test_names_that_do_not_do(wb: Workbench, name: str) -> None:
    with pytest.raises(NotAllowed):
        downloads.add_document(wb, name, "", b"%PDF-1.7\n")


def test_only_who_may_change_the_organisation_adds_and_deletes_documents(wb: Workbench) -> None:
    added = downloads.add_document(wb, "Consent", "", b"%PDF-1.7\n")
    analyst = replace(wb, user=replace(wb.user, roles=frozenset({"analyst"})))
    assert downloads.content(analyst, added.file_id).size == 9
    with pytest.raises(NotAllowed, match="administrator"):
        downloads.add_document(analyst, "Other", "", b"%PDF-1.7\n")
    with pytest.raises(NotAllowed, match="administrator"):
        downloads.delete(analyst, added.file_id)


def test_which_files_are_somebodys_is_two_questions_however_many_campaigns_there_are(wb: Workbench) -> None:
    clinic_that_prints(wb)
    ids = add_people(wb, [{}, {"group_id": "g2"}, {}])
    campaigns = [letter_campaign(wb, [each]) for each in ids]
    for each in campaigns:
        printed(wb, each)
    own = {campaigns[0].campaign_id, campaigns[2].campaign_id}
    other = replace(wb, user=replace(wb.user, user_id="bo", scope=Scope(groups=frozenset({"g1"}))))
    asked: list[str] = []
    event.listen(wb.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert {each.campaign_id for each in downloads.files(other)} == own
    assert len([each for each in asked if each.startswith("SELECT")]) == 2


def test_letters_of_a_record_that_was_merged_stay_those_of_who_made_them(wb: Workbench) -> None:
    clinic_that_prints(wb)
    add_people(wb, [{}, {}])
    bo = replace(wb, user=replace(wb.user, user_id="bo", scope=Scope(groups=frozenset({"g1"}))))
    printed(bo, letter_campaign(bo, ["p1"]))
    with writing(wb.engine) as connection:
        merged = {"merged_id": "p1", "patient_id": "p2", "source": "staff", "merged_on": wb.today()}
        connection.execute(insert(merges).values(**merged, made_at=wb.now(), made_by="ana"))
        connection.execute(delete(open_gaps).where(open_gaps.c.patient_id == "p1"))
        connection.execute(delete(patients).where(patients.c.patient_id == "p1"))
    assert {each.kind for each in downloads.files(bo)} == {"letters", "labels"}


def test_a_document_of_more_than_twenty_megabytes_is_refused(wb: Workbench) -> None:
    with pytest.raises(DataError, match="20 MB"):
        downloads.add_document(wb, "Large", "", b"%PDF-" + b"x" * downloads.MOST_BYTES)


@pytest.mark.parametrize("name", ["Guide.pdf", "Guide.PDF ", "Guide.docx", "Photo.jpeg"])
def test_text_whose_name_promises_another_kind_of_file_is_refused(wb: Workbench, name: str) -> None:
    with pytest.raises(DataError, match="damaged, or was renamed"):
        downloads.add_document(wb, name, "", b"<html><script>alert(1)</script></html>")
    assert downloads.documents(wb) == []
    assert downloads.add_document(wb, "Guide v. 2", "", b"Call us.").name == "Guide v. 2.txt"


@pytest.mark.parametrize("typed", ["annex\u202efdp.exe", "annex\u2066fdp.exe", "annex\u200bfdp.exe"])
def test_a_name_that_would_turn_around_is_kept_without_what_turns_it(wb: Workbench, typed: str) -> None:
    assert downloads.add_document(wb, typed, "", b"%PDF-1.7\n").name == "annexfdp.exe.pdf"


def _docx(relations: bytes, **parts: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("word/document.xml", "<w:document/>")
        file.writestr("word/_rels/settings.xml.rels", relations)
        for name, content in parts.items():
            file.writestr(f"word/{name}", content)
    return packed.getvalue()


_RELATION = '<R><Relationship Id="r1" Type="http://x/relationships/{}" Target="http://x.example/a" {}/></R>'


@pytest.mark.parametrize("kind", ["attachedTemplate", "oleObject", "frame", "image", "subDocument"])
def test_a_document_that_fetches_a_part_of_itself_from_elsewhere_is_refused(kind: str) -> None:
    with pytest.raises(DataError, match="from elsewhere"):
        kind_of(_docx(_RELATION.format(kind, 'TargetMode="External"').encode()))


def test_a_document_with_links_and_parts_of_its_own_is_taken() -> None:
    for relation in (_RELATION.format("hyperlink", 'TargetMode="External"'), _RELATION.format("image", "")):
        assert kind_of(_docx(relation.encode())).ending == "docx"


@pytest.mark.parametrize(
    "name", ["vbaProject.bin", "VBAPROJECT.BIN", "activeX/activeX1.xml", "embeddings/oleObject1.bin"]
)
def test_a_document_with_what_runs_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="macros"):
        kind_of(_docx(b"<Relationships/>", **{name: b"x"}))


def test_a_list_of_relations_that_unpacks_without_end_is_not_unpacked() -> None:
    with pytest.raises(DataError, match="from elsewhere"):
        kind_of(_docx(b" " * 50_000_000))


def test_letters_and_labels_are_for_who_may_print_or_export(wb: Workbench) -> None:
    clinic_that_prints(wb)
    made = printed(wb, letter_campaign(wb, add_people(wb, [{}])))
    document = downloads.add_document(wb, "Consent", "", b"%PDF-1.7\n")
    clerk, manager, analyst = (
        replace(wb, user=replace(wb.user, user_id=role, roles=frozenset({role})))
        for role in ("opt_out_clerk", "manager", "analyst")
    )

    assert {each.kind for each in downloads.files(clerk)} == {"letters", "labels"}
    for file in made.files:
        with pytest.raises(NotAllowed, match=r"name patients with their addresses\..*Ask somebody who may: analyst"):
            downloads.content(clerk, file.file_id)
        assert downloads.content(manager, file.file_id).content == downloads.content(analyst, file.file_id).content
    assert downloads.content(clerk, document.file_id).size == 9
