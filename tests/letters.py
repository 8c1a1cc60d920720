"""Letter campaigns of an invented clinic, for tests of printing."""

import io
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update

from core import campaigns, new_campaigns, print_runs, printing
from core.domain.campaign import Campaign, Message
from core.domain.organisation import ReturnAddress
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import open_gaps, patients, recipients
from core.workbench import DISPATCHER, Workbench
from tests.clinic import add_clinic

SENDER = ReturnAddress("main", "Main office", ("Example Health Group", "100 Example Street", "Springfield, IL 62701"))
BODY = "<p>Please call us at {{ call_back_number }}.</p><p>{{ sign_off }}</p>"
HOME = {"address1": "12 Shore Road", "city": "Springfield", "state": "IL", "zip": "62701"}


def clinic_that_prints(wb: Workbench) -> None:
    """Two groups, and where their letters come from."""
    add_clinic(wb)
    changes: dict[str, Any] = {"return_addresses": (SENDER,)}
    accounts.change_organisation(wb.engine, changes, at=wb.now(), by="ana")


def add_people(wb: Workbench, people: Sequence[dict[str, Any]]) -> list[str]:
    """Patients p1, p2 ... of the first group, each living at an address of their own unless it is given."""
    rows = []
    for number, own in enumerate(people, 1):
        known = {"first": "Ada", "last": f"Example{number}", "status": "active", "language": "en"}
        known |= {"group_id": "g1", "pcp_id": "dr1", **HOME, "address1": f"{number} Shore Road"}
        rows.append({"patient_id": f"p{number}", **known, **own})
    with writing(wb.engine) as connection:
        names = sorted({name for row in rows for name in row})
        connection.execute(insert(patients), [{name: row.get(name) for name in names} for row in rows])
        gaps = [{"patient_id": row["patient_id"], "measures": "scr-mammogram"} for row in rows]
        connection.execute(insert(open_gaps), gaps)
    return [str(row["patient_id"]) for row in rows]


def letter_campaign(wb: Workbench, ids: Sequence[str], *, body: str = BODY, **fields: str) -> Campaign:
    """A saved letter campaign for these patients."""
    campaign_id = new_campaigns.create(wb, template_id="ad-hoc-letter", patient_ids=ids)
    kept = campaigns.campaign(wb, campaign_id)
    changes = {"messages": {"en": Message("", body)}, "fields": {**kept.fields, **fields}}
    return campaigns.save(wb, campaign_id, changes, version=kept.version)


def ask(wb: Workbench, campaign: Campaign, *, letters: bool = True, labels: bool = True) -> str:
    """Start a print run of the campaign as it is kept."""
    version = campaigns.campaign(wb, campaign.campaign_id).version
    return print_runs.start(wb, campaign.campaign_id, letters=letters, labels=labels, version=version)


def make(wb: Workbench, worker: str = "w1") -> int:
    """What a dispatcher does."""
    return printing.make_due(wb.as_user(DISPATCHER), worker=worker)


def printed(wb: Workbench, campaign: Campaign, *, letters: bool = True, labels: bool = True) -> print_runs.PrintRun:
    """The run, once it was asked for and made."""
    ask(wb, campaign, letters=letters, labels=labels)
    make(wb)
    return run_of(wb, campaign)


def run_of(wb: Workbench, campaign: Campaign) -> print_runs.PrintRun:
    """The run of a campaign that has one."""
    run = print_runs.run_of(wb, campaign.campaign_id)
    assert run is not None
    return run


def states(wb: Workbench, campaign: Campaign) -> dict[str, tuple[str, str]]:
    """By patient the state and the reason."""
    question = select(recipients.c.patient_id, recipients.c.state, recipients.c.reason)
    with reading(wb.engine) as connection:
        rows = connection.execute(question.where(recipients.c.campaign_id == campaign.campaign_id))
        return {row.patient_id: (row.state, row.reason) for row in sorted(rows)}


def move(wb: Workbench, patient_id: str, **changes: Any) -> None:
    """Change a patient's row."""
    with writing(wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == patient_id).values(changes))


def words_of(content: bytes) -> list[str]:
    """The words of each page of a PDF."""
    import pypdfium2

    with pypdfium2.PdfDocument(io.BytesIO(content)) as document:
        return [page.get_textpage().get_text_range() for page in document]
