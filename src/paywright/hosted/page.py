"""Routes of the hosted page: show it, pay, pass or fail the 3D Secure challenge."""

from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from paywright.acts import Acts
from paywright.background import Background
from paywright.checkout.pay import Paid, finish_authentication, pay_session
from paywright.hosted import entry, texts, view
from paywright.hosted.templates import render
from paywright.store import Store, Transaction

Json = dict[str, Any]

FORM_BYTES_MAX = 20_000
_DECLINES = frozenset(["insufficient_funds", "expired_card", "incorrect_cvc", "processing_error"])

TEST_CARDS = (
    ("4242424242424242", "card_paid"),
    ("4000000000000002", "card_declined"),
    ("4000002500003155", "card_3ds"),
    ("4000000000009995", "card_funds"),
    ("4000000000000127", "card_cvc_wrong"),
    ("4000000000000069", "card_expired"),
    ("5555555555554444", "card_mastercard"),
    ("378282246310005", "card_amex"),
    ("4000000000000259", "card_dispute"),
    ("4000000000005126", "card_refund_fails"),
)


class HostedPage:
    """The pages below ``/c``."""

    def __init__(self, store: Store, background: Background) -> None:
        self.store = store
        self.background = background
        self.acts = Acts(store, background)

    def routes(self) -> list[Route]:
        return [
            Route("/c/pay/{session}", self.show, methods=["GET"]),
            Route("/c/pay/{session}", self.pay, methods=["POST"]),
            Route("/c/3ds/{intent}", self.show_challenge, methods=["GET"]),
            Route("/c/3ds/{intent}", self.end_challenge, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        session = self._session(request.path_params["session"])
        if session is None or not _is_open(session):
            return _closed(request, session)
        return _form(request, session)

    async def pay(self, request: Request) -> Response:
        session = self._session(request.path_params["session"])
        if session is not None and session["status"] == "complete":
            # A second press of the button: the same buyer goes on to where the first one led.
            return _to_success(session)
        if session is None or not _is_open(session):
            return _closed(request, session)
        checked = entry.check(await _values(request), now=self.store.clock.now(), countries=view.country_codes())
        if checked.entry is None:
            return _form(request, session, checked, status=400)
        with self.store.transaction() as tx:
            paid = pay_session(tx, session, checked.entry)
        return await self._go_on(request, session, paid, checked)

    async def show_challenge(self, request: Request) -> Response:
        intent, session = self._challenge(request)
        if intent is None or intent["status"] != "requires_action":
            return _closed(request, session)
        return _challenge_page(request, intent, session)

    async def end_challenge(self, request: Request) -> Response:
        intent, session = self._challenge(request)
        if session is not None and session["status"] == "complete":
            return _to_success(session)
        if intent is None or session is None or intent["status"] != "requires_action" or not _is_open(session):
            return _closed(request, session)
        passed = (await _values(request)).get("result") == "complete"
        with self.store.transaction() as tx:
            paid = finish_authentication(tx, session, passed=passed)
        return await self._go_on(request, session, paid, None)

    async def _go_on(self, request: Request, session: Json, paid: Paid, checked: entry.Checked | None) -> Response:
        self.background.wake()
        if paid.outcome == "requires_action":
            return RedirectResponse(f"/c/3ds/{session['payment_intent']}", 303)
        if paid.outcome == "declined":
            return _form(request, session, checked, declined=paid.code, status=402)
        await self.acts.wait_for_webhook(paid)
        return _to_success(session)

    def _session(self, identifier: str) -> Json | None:
        with self.store.transaction() as tx:
            return tx.find(identifier, "checkout.session")

    def _challenge(self, request: Request) -> tuple[Json | None, Json | None]:
        with self.store.transaction() as tx:
            intent = tx.find(request.path_params["intent"], "payment_intent")
            return intent, _session_of(tx, intent)


def _session_of(tx: Transaction, intent: Json | None) -> Json | None:
    return tx.find(intent["_session"]) if intent and intent.get("_session") else None


def _is_open(session: Json | None) -> bool:
    return session is not None and session["status"] == "open"


def _to_success(session: Json) -> Response:
    url = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    return RedirectResponse(url, 303, headers={"Referrer-Policy": "no-referrer"})


def _language(request: Request, session: Json | None) -> str:
    return texts.choose((session or {}).get("locale"), request.headers.get("accept-language", ""))


def _form(
    request: Request,
    session: Json,
    checked: entry.Checked | None = None,
    *,
    declined: str | None = None,
    status: int = 200,
) -> Response:
    language = _language(request, session)
    details = session["customer_details"] or {}
    values = {"email": details.get("email") or "", "country": view.COUNTRY_DEFAULT[language]}
    context = {
        "session": session,
        "summary": view.summary(session, language),
        "merchant": view.merchant(session),
        "values": checked.values if checked else values,
        "errors": checked.errors if checked else {},
        "email_fixed": bool(session["customer_email"]),
        "decline": _decline_key(declined),
        "countries": view.countries(language),
        "test_cards": TEST_CARDS,
        "cancel_url": session["cancel_url"],
    }
    return render("pay.html", language, context, status=status, headers=view.security_headers(session))


def _decline_key(code: str | None) -> str | None:
    if code is None:
        return None
    if code == "payment_intent_authentication_failure":
        return "decline_authentication"
    # The reason "lost" or "stolen" is not for the buyer's eyes.
    return f"decline_{code}" if code in _DECLINES else "decline_card_declined"


def _challenge_page(request: Request, intent: Json, session: Json | None) -> Response:
    language = _language(request, session)
    amount = view.money(intent["amount"], intent["currency"], language)
    headers = view.security_headers(session)
    return render("challenge.html", language, {"amount": amount, "intent": intent}, headers=headers)


def _closed(request: Request, session: Json | None) -> Response:
    language = _language(request, session)
    state = {"complete": "paid", "expired": "expired"}.get((session or {}).get("status", ""), "missing")
    context = {"state": state, "return_url": _return_url(session, state)}
    status = 404 if state == "missing" else 200
    return render("closed.html", language, context, status=status, headers=view.security_headers(session))


def _return_url(session: Json | None, state: str) -> str | None:
    if session is None:
        return None
    if state == "paid":
        return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
    return str(session["cancel_url"]) if session["cancel_url"] else None


async def _values(request: Request) -> dict[str, str]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            return {}
    parsed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    return {name: found[-1] for name, found in parsed.items()}
