"""What Twilio asks below {public_url}/twilio: texts of patients come in at POST /twilio/text."""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core import inbox
from core.inbox import Incoming
from core.web.together import Together
from core.web.twilio_gate import failure, message, opened_once, refusal, signed_form, twiml
from core.workbench import Workbench


def routes(open_workbench: Callable[[], Workbench]) -> list[BaseRoute]:
    """The routes that Twilio asks. `open_workbench` gives a workbench on which the patient acts."""

    def take(texts: Sequence[Incoming]) -> list[str]:
        return inbox.take_all(open_workbench(), texts)

    together = Together(take)
    workbench = opened_once(open_workbench)

    async def text(request: Request) -> Response:
        fields = await signed_form(request, await workbench())
        if isinstance(fields, Response):
            return fields
        incoming = _incoming(fields)
        if incoming is None:
            return refusal(400, "The request names no message")
        try:
            return twiml(message(await together.answer(incoming)))
        except Exception as error:  # whose own words could hold what the patient wrote
            return failure(error)

    return [Route("/twilio/text", text, methods=["POST"])]


def _incoming(fields: dict[str, str]) -> Incoming | None:
    provider_id = fields.get("MessageSid") or fields.get("SmsSid", "")
    if not (provider_id.isascii() and provider_id.isalnum() and len(provider_id) <= inbox.LONGEST_ID):
        return None
    return Incoming(
        provider_id=provider_id,
        from_number=fields.get("From", ""),
        to_number=fields.get("To", ""),
        body=fields.get("Body", ""),
        opt_out_type=fields.get("OptOutType", "").strip().upper(),
    )
