"""The sandbox's own JSON routes below ``/_paywright``, for tests and for the command line.

Requests must be JSON, which no form of a foreign web page can send without the browser asking first.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from orjson import JSONDecodeError, dumps, loads
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paywright.api.addresses import is_web_address
from paywright.api.errors import ApiError
from paywright.sandbox import durations, stories
from paywright.sandbox.acts import Acts, Refused
from paywright.sandbox.background import Background
from paywright.sandbox.faults import made
from paywright.sandbox.refusal import Refusal
from paywright.state.store import Store
from paywright.webhooks.forwarding import set_forward
from paywright.webhooks.targets import TargetRefused

Json = dict[str, Any]

BODY_BYTES_MAX = 100_000
SETTLE_S = 30.0
SETTLE_MAX_S = 600


class Control:
    """JSON in, JSON out."""

    def __init__(self, store: Store, background: Background) -> None:
        self.store = store
        self.background = background
        self.acts = Acts(store, background)

    def routes(self) -> list[Route]:
        return [
            Route(f"/_paywright/{path}", _json(act), methods=[method])
            for method, path, act in (
                ("POST", "sessions/{id}/pay", self.pay),
                ("POST", "payments/{id}/refund", self.refund),
                ("POST", "payments/{id}/dispute", self.dispute),
                ("POST", "payouts/{id}/fail", self.fail_payout),
                ("POST", "events/{id}/resend", self.resend),
                ("POST", "endpoints/{id}/roll", self.roll),
                ("POST", "trigger", self.trigger),
                ("GET", "clock", self.clock),
                ("POST", "clock", self.advance),
                ("GET", "faults", self.show_faults),
                ("PUT", "faults", self.set_faults),
                ("GET", "fees", self.show_fees),
                ("PUT", "fees", self.set_fees),
                ("GET", "deliveries", self.deliveries),
                ("PUT", "forward", self.forward),
                ("POST", "settle", self.settle),
                ("POST", "reset", self.reset),
            )
        ]

    async def pay(self, identifier: str, asked: Json) -> Json:
        """Pay a session as the card or IBAN would; 200 also for a decline."""
        return await self.acts.pay(identifier, asked)

    async def refund(self, identifier: str, asked: Json) -> Json:
        return self.acts.refund(identifier, amount=asked.get("amount"), reason=asked.get("reason"))

    async def dispute(self, identifier: str, asked: Json) -> Json:
        return self.acts.dispute(
            identifier,
            reason=str(asked.get("reason", "fraudulent")),
            amount=asked.get("amount"),
            inquiry=bool(asked.get("inquiry", False)),
        )

    async def fail_payout(self, identifier: str, asked: Json) -> Json:
        return self.acts.fail_payout(identifier)

    async def resend(self, identifier: str, asked: Json) -> Json:
        return self.acts.resend(identifier, asked.get("endpoint"))

    async def roll(self, identifier: str, asked: Json) -> Json:
        return self.acts.roll_secret(identifier, durations.seconds(str(asked.get("expires_in", "24h"))))

    async def trigger(self, _: str, asked: Json) -> Json:
        return await stories.tell(self.acts, str(asked.get("event", "")))

    async def clock(self, _: str, asked: Json) -> Json:
        return {"now": self.store.clock.now(), "offset_s": self.store.clock.offset_s}

    async def advance(self, _: str, asked: Json) -> Json:
        await self.background.advance(durations.seconds(str(asked.get("advance", ""))))
        return await self.clock("", {})

    async def show_faults(self, _: str, asked: Json) -> Json:
        return {"faults": [fault.shown() for fault in self.background.faults.active]}

    async def set_faults(self, _: str, asked: Json) -> Json:
        given = asked.get("faults")
        if not isinstance(given, list):
            raise Refused(400, 'Give a list: {"faults": [{"kind": "drop"}]}.')
        self.background.faults.active = [made(fault) for fault in given]
        return await self.show_faults("", {})

    async def show_fees(self, _: str, asked: Json) -> Json:
        return self.store.fees.shown()

    async def set_fees(self, _: str, asked: Json) -> Json:
        """Set the fees of payments that settle from now on; a missing member keeps its value."""
        return self.acts.set_fees(asked)

    async def deliveries(self, _: str, asked: Json) -> Json:
        return {"deliveries": self.acts.deliveries(asked.get("event"))}

    async def forward(self, _: str, asked: Json) -> Json:
        url, secret = asked.get("url"), str(asked.get("secret", ""))
        if url is not None and not is_web_address(str(url)):
            raise Refused(400, "url must be an http(s) address, or null to forward nowhere.")
        if url is not None:
            self._check_target(str(url))
        if not secret.startswith("whsec_"):
            raise Refused(400, "secret must begin with whsec_.")
        set_forward(self.store, url, secret)
        return {"url": url}

    def _check_target(self, url: str) -> None:
        try:
            self.store.targets.check(urlsplit(url).hostname or "")
        except TargetRefused as refusal:
            raise Refused(400, str(refusal)) from None

    async def settle(self, _: str, asked: Json) -> Json:
        timeout_s = asked.get("timeout_s", SETTLE_S)
        if type(timeout_s) not in (int, float) or not 0 <= timeout_s <= SETTLE_MAX_S:
            raise Refused(400, f"timeout_s must be a number from 0 to {SETTLE_MAX_S}.")
        return {"settled": await self.background.settled(timeout_s)}

    async def reset(self, _: str, asked: Json) -> Json:
        self.background.faults.active = []
        await self.acts.reset()
        return {"reset": True}


def _json(act: Callable[[str, Json], Awaitable[Json]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            asked = await _body(request)
            return _answer(200, await act(request.path_params.get("id", ""), asked))
        except Refusal as refusal:
            return _refusal(refusal.status, str(refusal))
        except ApiError as refusal:
            return _refusal(refusal.status, refusal.body["message"])

    return answer


def _refusal(status: int, message: str) -> Response:
    return _answer(status, {"error": {"message": message}})


def _answer(status: int, value: Json) -> Response:
    return Response(dumps(value), status, media_type="application/json")


async def _body(request: Request) -> Json:
    if request.method == "GET":
        return dict(request.query_params)
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused(415, "Send JSON with Content-Type: application/json.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise Refused(413, "The body is too large.")
    try:
        value = loads(body or b"{}")
    except JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Refused(400, "The body must be a JSON object.")
    return value
