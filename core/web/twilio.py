"""What Twilio asks below {public_url}/twilio, all by POST.

/text          a patient's text
/text-status, /call-status   what became of a text or call of ours; its attempt stands in the address
/call          a call was answered: what is it to say
/call-key      a key was pressed in it
"""

from collections.abc import Awaitable, Callable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core import calls, inbox, receipts
from core.domain.organisation import PHONE, TEXT
from core.inbox import Incoming
from core.receipts import Status, status_of
from core.web.together import Together
from core.web.twilio_gate import failure, instructions, message, opened_once, refusal, signed_form, twiml
from core.workbench import Workbench

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(open_workbench: Callable[[], Workbench], open_dispatcher: Callable[[], Workbench]) -> list[BaseRoute]:
    """The routes that Twilio asks. `open_workbench` gives a workbench on which the patient acts, `open_dispatcher` one
    on which the dispatcher does."""
    return [
        Route("/twilio/text", _texts(open_workbench), methods=["POST"]),
        Route("/twilio/text-status", _statuses(open_dispatcher, TEXT), methods=["POST"]),
        Route("/twilio/call-status", _statuses(open_dispatcher, PHONE), methods=["POST"]),
        Route("/twilio/call", _call(open_dispatcher, _answered), methods=["POST"]),
        Route("/twilio/call-key", _call(open_workbench, _pressed), methods=["POST"]),
    ]


def _texts(open_workbench: Callable[[], Workbench]) -> Endpoint:
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

    return text


def _statuses(open_workbench: Callable[[], Workbench], channel: str) -> Endpoint:
    def take(statuses: Sequence[Status]) -> list[None]:
        receipts.take_all(open_workbench(), statuses)
        return [None] * len(statuses)

    together = Together(take)
    workbench = opened_once(open_workbench)

    async def status(request: Request) -> Response:
        fields = await signed_form(request, await workbench())
        if isinstance(fields, Response):
            return fields
        told = status_of(channel, fields, attempt=request.query_params.get("attempt", ""))
        if told is None:
            return refusal(400, "The request names no message and status")
        try:
            await together.answer(told)
        except Exception as error:
            return failure(error)
        return twiml()

    return status


def _call(open_workbench: Callable[[], Workbench], work: Callable[[Workbench, str, dict[str, str]], str]) -> Endpoint:
    workbench = opened_once(open_workbench)

    async def call(request: Request) -> Response:
        wb = await workbench()
        fields = await signed_form(request, wb)
        if isinstance(fields, Response):
            return fields
        try:
            content = await run_in_threadpool(work, wb, request.query_params.get("attempt", ""), fields)
        except Exception as error:
            return failure(error)
        return instructions(content)

    return call


def _answered(wb: Workbench, attempt: str, fields: dict[str, str]) -> str:
    return calls.answered(
        wb, attempt, provider_id=fields.get("CallSid", "")[:64], answered_by=fields.get("AnsweredBy", "")
    )


def _pressed(wb: Workbench, attempt: str, fields: dict[str, str]) -> str:
    return calls.pressed(wb, attempt, provider_id=fields.get("CallSid", "")[:64], key=fields.get("Digits", ""))


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
