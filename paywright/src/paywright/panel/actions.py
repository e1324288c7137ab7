"""The control panel's buttons: plain form posts that come back to the page they were on."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from paywright.api.errors import ApiError
from paywright.panel.render import render
from paywright.sandbox import durations, stories
from paywright.sandbox.acts import Acts, Refused
from paywright.sandbox.background import Background
from paywright.sandbox.faults import parsed
from paywright.sandbox.refusal import Refusal
from paywright.state.store import Store

Json = dict[str, Any]
Form = dict[str, str]

FORM_BYTES_MAX = 10_000


class Actions:
    """Each button is one act of ``paywright.sandbox.acts``."""

    def __init__(self, store: Store, background: Background) -> None:
        self.background = background
        self.acts = Acts(store, background)

    def routes(self) -> list[Route]:
        acts: dict[str, Callable[[Form], Awaitable[object]]] = {
            "pay": self._pay,
            "expire": self._expire,
            "refund": self._refund,
            "dispute": self._dispute,
            "resend": self._resend,
            "advance": self._advance,
            "trigger": self._trigger,
            "fault": self._fault,
            "fees": self._fees,
            "calm": self._calm,
        }
        return [Route(f"/_paywright/do/{name}", _button(act), methods=["POST"]) for name, act in acts.items()]

    async def _pay(self, form: Form) -> object:
        challenge = {"three_d_secure": form["three_d_secure"]} if form.get("three_d_secure") else {}
        return await self.acts.pay(form.get("id", ""), {"card": form.get("card", ""), **challenge})

    async def _expire(self, form: Form) -> object:
        return self.acts.expire(form.get("id", ""))

    async def _refund(self, form: Form) -> object:
        amount = form.get("amount", "").strip()
        if amount and not (amount.isascii() and amount.isdigit()):
            raise Refused(400, "The amount must be a whole number of minor units.")
        return self.acts.refund(form.get("id", ""), amount=int(amount) if amount else None)

    async def _dispute(self, form: Form) -> object:
        return self.acts.dispute(form.get("id", ""), reason=form.get("reason", ""), inquiry="inquiry" in form)

    async def _resend(self, form: Form) -> object:
        return self.acts.resend(form.get("id", ""), None)

    async def _advance(self, form: Form) -> object:
        await self.background.advance(durations.seconds(form.get("span", "")))
        return None

    async def _trigger(self, form: Form) -> object:
        return await stories.tell(self.acts, form.get("event", ""))

    async def _fault(self, form: Form) -> object:
        self.background.faults.active.append(parsed(form.get("fault", "")))
        return None

    async def _fees(self, form: Form) -> object:
        return self.acts.set_fees({name: form.get(name, "") for name in ("percent", "fixed_usd")})

    async def _calm(self, form: Form) -> object:
        self.background.faults.active.clear()
        return None


def _button(act: Callable[[Form], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
    async def press(request: Request) -> Response:
        form = await _form(request)
        try:
            await act(form)
        except (Refusal, ApiError) as refusal:
            return refused(request, refusal)
        return RedirectResponse(_way_back(form), 303)

    return press


STRIPES_WORDS = {
    "charge_already_refunded": "The charge has already been refunded.",
    "charge_disputed": "The charge has been charged back; it cannot be refunded.",
    "resource_missing": "There is no such object here.",
    "amount": "More cannot be refunded than is left.",
}
"""The meaning of the API's refusals by code or parameter, to translate them: Stripe words them in English only."""


def refused(request: Request, refusal: Refusal | ApiError) -> Response:
    """The page that says, in the browser's language, why nothing was done, above the API's own message."""
    if isinstance(refusal, Refusal):
        context = {"text": refusal.text, "filled": refusal.filled, "said": None}
    else:
        known = str(refusal.body.get("code") or refusal.body.get("param"))
        text = STRIPES_WORDS.get(known, "The API refuses it.")
        context = {"text": text, "filled": {}, "said": refusal.body["message"]}
    return render(request, "refused.html", context, status=refusal.status)


def _way_back(form: Form) -> str:
    payment = form.get("payment", "")
    return f"/_paywright/payments/{payment}" if payment.isidentifier() else "/_paywright/"


async def _form(request: Request) -> Form:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            return {}
    try:
        parsed_form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in parsed_form.items()}
