"""The sandbox's own routes below ``/_paywright``: pay a session without a browser, look at payments."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paywright import cards
from paywright.background import Background
from paywright.checkout.pay import Paid, finish_authentication, pay_session
from paywright.hosted.page import WEBHOOK_WAIT_S
from paywright.objects import public
from paywright.panel.pages import Pages
from paywright.payments.methods import CardEntry
from paywright.store import Store, Transaction

Json = dict[str, Any]

BODY_BYTES_MAX = 20_000


class Refused(Exception):
    """A control request that cannot be carried out; becomes a JSON answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """What tests and people do to the server, as opposed to what Stripe's clients do."""

    def __init__(self, store: Store, background: Background) -> None:
        self.store = store
        self.background = background

    def routes(self) -> list[Route]:
        return [
            Route("/_paywright/sessions/{session}/pay", self.pay, methods=["POST"]),
            *Pages(self.store).routes(),
        ]

    async def pay(self, request: Request) -> Response:
        """Pay, as the card in the JSON body would: 200 with the outcome, also for a decline."""
        try:
            asked = await _json(request)
            with self.store.transaction() as tx:
                session = _open_session(tx, request.path_params["session"])
                paid = _pay(tx, session, asked)
        except Refused as refusal:
            return JSONResponse({"error": {"message": str(refusal)}}, refusal.status)
        self.background.wake()
        if paid.event:
            await self.background.courier.wait_for_first_answer(paid.event, WEBHOOK_WAIT_S)
        return JSONResponse(
            {
                "outcome": paid.outcome,
                "code": paid.code,
                "message": paid.message,
                "payment_intent": session["payment_intent"],
                "session": public(session),
            }
        )


def _open_session(tx: Transaction, identifier: str) -> Json:
    session = tx.find(identifier, "checkout.session")
    if session is None:
        raise Refused(404, f"No such checkout.session: '{identifier}'")
    if session["status"] != "open":
        raise Refused(409, f"The session is {session['status']}, so it cannot be paid.")
    return session


def _pay(tx: Transaction, session: Json, asked: Json) -> Paid:
    challenge = asked.get("three_d_secure")
    if challenge not in (None, "complete", "fail"):
        raise Refused(400, 'three_d_secure must be "complete" or "fail".')
    if "card" in asked:
        paid = pay_session(tx, session, _entry(session, asked))
        if paid.outcome != "requires_action" or challenge is None:
            return paid
    elif challenge is None or not _is_challenged(tx, session):
        raise Refused(400, 'Give a test card: {"card": "4242424242424242"}.')
    return finish_authentication(tx, session, passed=challenge == "complete")


def _is_challenged(tx: Transaction, session: Json) -> bool:
    intent = tx.find(session["payment_intent"] or "")
    return intent is not None and intent["status"] == "requires_action"


def _entry(session: Json, asked: Json) -> CardEntry:
    card = cards.find(str(asked["card"]))
    if card is None:
        raise Refused(400, f"Not a test card: {str(asked['card'])[:30]}")
    email = asked.get("email") or (session["customer_details"] or {}).get("email") or "buyer@example.com"
    billing = {
        "email": str(email),
        "name": str(asked.get("name", "Test Buyer")),
        "address": {"country": str(asked.get("country", card.country))},
    }
    return CardEntry(card, 12, 2034, billing)


async def _json(request: Request) -> Json:
    body = await request.body()
    try:
        value = json.loads(body or b"{}") if len(body) <= BODY_BYTES_MAX else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refused(400, "The body must be a JSON object.")
    return value
