"""The account of the Twilio sandbox as its REST API shows it: the account, its number and its messaging service.

It has the one number that texts and calls come from, with the application's address for texts that come in, and a
messaging service when one was named at the start.
"""

from typing import Any

from aiohttp import web

from core.channels import twilio_sandbox_answers as answers
from core.channels.twilio_sandbox_exchange import Exchange
from core.channels.twilio_sandbox_http import json
from core.channels.twilio_sandbox_magic import Refusal

_MADE = 1_700_000_000.0  # when account and number were made, in seconds since 1970
_NUMBER_SID = "PN" + "0" * 32
_CAPABILITIES = {"voice": True, "sms": True, "mms": False, "fax": False}


class AccountResource:
    """Accounts/{Sid}.json, its numbers and caller ids, and Services/{Sid} of the messaging API."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def add_to(self, app: web.Application) -> None:
        account = self._exchange.account
        app.router.add_get(f"/{answers.API_VERSION}/Accounts/{account}.json", self.account)
        app.router.add_get(answers.path_of(account, "IncomingPhoneNumbers"), self.numbers)
        app.router.add_get(answers.path_of(account, "OutgoingCallerIds"), self.caller_ids)
        app.router.add_get(answers.path_of(account, "SMS/ShortCodes"), self.short_codes)
        app.router.add_get("/v1/Services/{sid}", self.service)
        app.router.add_get("/v1/Services/{sid}/PhoneNumbers", self.service_numbers)

    async def account(self, _request: web.Request) -> web.Response:
        """The account itself, without its token: the real one shows it to whoever has it already."""
        sid = self._exchange.account
        return json(
            {
                "sid": sid,
                "friendly_name": "Sandbox",
                "status": self._exchange.status,
                "type": "Full",
                "owner_account_sid": sid,
                "date_created": answers.moment(_MADE),
                "date_updated": answers.moment(_MADE),
                "uri": f"/{answers.API_VERSION}/Accounts/{sid}.json",
                "subresource_uris": {},
            }
        )

    async def numbers(self, request: web.Request) -> web.Response:
        """The numbers, those that hold the digits asked for as the real one finds them."""
        asked = request.query.get("PhoneNumber", "").replace("*", "").lstrip("+")
        found = [self._number()] if asked in self._exchange.number else []
        return self._page("incoming_phone_numbers", "IncomingPhoneNumbers", found)

    async def caller_ids(self, _request: web.Request) -> web.Response:
        """Verified numbers of others: none."""
        return self._page("outgoing_caller_ids", "OutgoingCallerIds", [])

    async def short_codes(self, _request: web.Request) -> web.Response:
        """Short codes: none."""
        return self._page("short_codes", "SMS/ShortCodes", [])

    async def service(self, request: web.Request) -> web.Response:
        """The messaging service that was named at the start."""
        sid = self._known_service(request)
        made = answers.iso(_MADE)
        return json(
            {
                "sid": sid,
                "account_sid": self._exchange.account,
                "friendly_name": "Sandbox",
                "date_created": made,
                "date_updated": made,
                "inbound_request_url": self._webhook(),
                "inbound_method": "POST",
                "use_inbound_webhook_on_number": False,
                "us_app_to_person_registered": True,
                "validity_period": 14_400,
                "usecase": "undeclared",
                "url": f"https://messaging.twilio.com/v1/Services/{sid}",
            }
        )

    async def service_numbers(self, request: web.Request) -> web.Response:
        """The senders of the service: the one number."""
        sid = self._known_service(request)
        url = f"https://messaging.twilio.com/v1/Services/{sid}/PhoneNumbers"
        number = {
            "sid": _NUMBER_SID,
            "account_sid": self._exchange.account,
            "service_sid": sid,
            "phone_number": self._exchange.number,
            "country_code": "US",
            "capabilities": ["SMS", "Voice"],
            "date_created": answers.iso(_MADE),
            "date_updated": answers.iso(_MADE),
            "url": f"{url}/{_NUMBER_SID}",
        }
        meta = {"page": 0, "page_size": 50, "first_page_url": url, "url": url, "key": "phone_numbers"}
        return json({"phone_numbers": [number], "meta": {**meta, "next_page_url": None, "previous_page_url": None}})

    def _known_service(self, request: web.Request) -> str:
        sid = request.match_info["sid"]
        if not self._exchange.service or sid != self._exchange.service:
            raise Refusal(20404)
        return sid

    def _number(self) -> dict[str, Any]:
        account, number = self._exchange.account, self._exchange.number
        return {
            "sid": _NUMBER_SID,
            "account_sid": account,
            "phone_number": number,
            "friendly_name": number,
            "capabilities": _CAPABILITIES,
            "sms_url": self._webhook(),
            "sms_method": "POST",
            "sms_application_sid": "",
            "voice_url": "",
            "voice_method": "POST",
            "status": "in-use",
            "date_created": answers.moment(_MADE),
            "date_updated": answers.moment(_MADE),
            "uri": answers.path_of(account, f"IncomingPhoneNumbers/{_NUMBER_SID}"),
        }

    def _webhook(self) -> str:
        return f"{self._exchange.webhooks}/text" if self._exchange.webhooks else ""

    def _page(self, key: str, resource: str, items: list[dict[str, Any]]) -> web.Response:
        path = answers.path_of(self._exchange.account, resource)
        return json(answers.page(key, items, path=path, query={}, number=0, size=50, more=False))
