"""Texts that come from phones, and those that went there before, for tests."""

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select, update
from twilio.request_validator import RequestValidator

from core import inbox
from core.inbox import Incoming
from core.store.database import reading, writing
from core.store.schema import opt_outs, recipients, replies
from core.twilio_account import twilio_access
from core.workbench import Workbench
from tests.clinic import add_campaign

ADA, BOB, NOBODY = "+15550100101", "+15550100102", "+15550100190"
OURS = "+15550100200"


def sid(number: int) -> str:
    """The id that Twilio gives a text."""
    return f"SM{number:032x}"


def incoming(number: int, body: str, *, sender: str = ADA, opt_out_type: str = "") -> Incoming:
    """A text from a phone."""
    return Incoming(sid(number), sender, OURS, body, opt_out_type)


def take(wb: Workbench, number: int, body: str, *, sender: str = ADA, opt_out_type: str = "") -> str:
    """Take one text in; returns the answer."""
    [answer] = inbox.take_all(wb.as_user("patient"), [incoming(number, body, sender=sender, opt_out_type=opt_out_type)])
    return answer


def kept(wb: Workbench) -> list[Any]:
    """All replies as they are kept, the first one first."""
    with reading(wb.engine) as connection:
        return list(connection.execute(select(replies).order_by(replies.c.reply_id)))


def stops(wb: Workbench) -> list[tuple[str | None, str, str, str, bool]]:
    """Address, type, source, who made it and whether it is in force, of every opt-out."""
    question = select(opt_outs).order_by(opt_outs.c.opt_out_id)
    with reading(wb.engine) as connection:
        return [
            (row.address, row.type, row.source, row.made_by, row.removed_at is None)
            for row in connection.execute(question)
        ]


def text_campaign(wb: Workbench, patient_ids: list[str], *, address: str = ADA, **changes: Any) -> str:
    """A text campaign that was handed over to these patients at one number."""
    campaign_id = add_campaign(wb, patient_ids, channel="text", **changes)
    with writing(wb.engine) as connection:
        connection.execute(
            update(recipients)
            .where(recipients.c.campaign_id == campaign_id)
            .values(address=address, state="handed_over", language="en", handed_over_at=wb.now(), finished_at=wb.now())
        )
    return campaign_id


def form(number: int, body: str, *, sender: str = ADA, **more: str) -> dict[str, str]:
    """The fields with which Twilio hands a text in."""
    return {"MessageSid": sid(number), "From": sender, "To": OURS, "Body": body, "NumSegments": "1", **more}


def signed(wb: Workbench, fields: dict[str, str], *, path: str = "/twilio/text") -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request as Twilio would send it to the public address."""
    signature = RequestValidator(twilio_access(wb.settings).token).compute_signature(
        wb.settings.public_url + path, fields
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return urlencode(fields).encode(), headers
