"""Routes of the hosted page: show it, pay, pass or fail the 3D Secure challenge."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from paywright.api.addresses import with_query
from paywright.checkout.changes import choose_shipping, note_answers, remove_promotion, set_promotion
from paywright.checkout.discounts import by_code
from paywright.checkout.pay import Paid, finish_authentication, pay_session
from paywright.hosted import entry, texts, view
from paywright.hosted.offers import filled, offers
from paywright.hosted.render import render
from paywright.payments.confirm import authenticate
from paywright.sandbox.acts import Acts
from paywright.sandbox.background import Background
from paywright.state.store import Store, Transaction

Json = dict[str, Any]

FORM_BYTES_MAX = 20_000
FIELDS_MAX = 50
_DECLINES = frozenset(["insufficient_funds", "expired_card", "incorrect_cvc", "processing_error"])


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
            Route("/c/pay/{session}/promotion", self.promotion, methods=["POST"]),
            Route("/c/pay/{session}/shipping", self.shipping, methods=["POST"]),
            Route("/c/3ds/{intent}", self.show_challenge, methods=["GET"]),
            Route("/c/3ds/{intent}", self.end_challenge, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        session = self._session(request.path_params["session"])
        if session is None or not _is_open(session):
            return _closed(request, session)
        with self.store.transaction() as tx:
            return _form(self._view(tx, request, session), filling=filled(request.query_params.get("fill", "")))

    async def pay(self, request: Request) -> Response:
        session = self._session(request.path_params["session"])
        if session is not None and session["status"] == "complete":
            # The buyer pressed the button twice: redirect as after the first press.
            return _to_success(session)
        if session is None or not _is_open(session):
            return _closed(request, session)
        values = await _values(request)
        # Read again: another request may have ended the session while this one's body arrived.
        with self.store.transaction() as tx:
            session = tx.get(session["id"])
            if session["status"] != "open":
                return _to_success(session) if session["status"] == "complete" else _closed(request, session)
            checked = entry.check(session, values, now=tx.now, countries=view.offered_countries(session))
            if checked.entry is None:
                return _form(self._view(tx, request, session), checked, status=400)
            note_answers(session, checked.values)
            paid = pay_session(tx, session, checked.entry)
        return await self._go_on(request, session, paid, checked)

    async def promotion(self, request: Request) -> Response:
        """Apply or remove a promotion code; the page shows the new total."""
        values = await _values(request)
        with self.store.transaction() as tx:
            session = tx.find(request.path_params["session"], "checkout.session")
            if session is None or not _is_open(session) or not session["allow_promotion_codes"]:
                return _closed(request, session)
            if "remove" in values:
                remove_promotion(tx, session)
            else:
                code = by_code(tx, values.get("promotion_code", ""), session)
                if code is None or not set_promotion(tx, session, code):
                    return _form(replace(self._view(tx, request, session), promotion_wrong=True), status=400)
        return RedirectResponse(f"/c/pay/{session['id']}", 303)

    async def shipping(self, request: Request) -> Response:
        """Choose one of the session's shipping options."""
        values = await _values(request)
        with self.store.transaction() as tx:
            session = tx.find(request.path_params["session"], "checkout.session")
            if session is None or not _is_open(session):
                return _closed(request, session)
            choose_shipping(tx, session, values.get("shipping_rate", ""))
        return RedirectResponse(f"/c/pay/{session['id']}", 303)

    async def show_challenge(self, request: Request) -> Response:
        with self.store.transaction() as tx:
            intent, session = _challenge(tx, request)
        if intent is None or intent["status"] != "requires_action":
            return _closed(request, session)
        return _challenge_page(request, intent, session)

    async def end_challenge(self, request: Request) -> Response:
        passed = (await _values(request)).get("result") == "complete"
        # Read only now: another press of the button may have ended the challenge while this one's body arrived.
        with self.store.transaction() as tx:
            intent, session = _challenge(tx, request)
            if session is not None and session["status"] == "complete":
                return _to_success(session)
            if intent is None or intent["status"] != "requires_action":
                return _back_to_merchant(intent) if intent and not session else _closed(request, session)
            if session is None:
                authenticate(tx, intent, passed=passed)
            elif _is_open(session):
                paid = finish_authentication(tx, session, passed=passed)
            else:
                return _closed(request, session)
        if session is None:
            self.background.wake()
            return _back_to_merchant(intent)
        return await self._go_on(request, session, paid, None)

    async def _go_on(self, request: Request, session: Json, paid: Paid, checked: entry.Checked | None) -> Response:
        self.background.wake()
        if paid.outcome == "requires_action":
            return RedirectResponse(f"/c/3ds/{session['payment_intent']}", 303)
        if paid.outcome == "declined":
            with self.store.transaction() as tx:
                return _form(self._view(tx, request, session), checked, declined=paid.code, status=402)
        await self.acts.wait_for_webhook(paid)
        return _to_success(session)

    def _view(self, tx: Transaction, request: Request, session: Json) -> "Shown":
        rates = [tx.get(option["shipping_rate"]) for option in session["shipping_options"]]
        code = tx.get(session["_promotion_code"])["code"] if session["_promotion_code"] else None
        return Shown(session, _language(request, session), rates, code)

    def _session(self, identifier: str) -> Json | None:
        with self.store.transaction() as tx:
            return tx.find(identifier, "checkout.session")


def _challenge(tx: Transaction, request: Request) -> tuple[Json | None, Json | None]:
    """The intent that a challenge is about, and its session unless the merchant made it without Checkout."""
    intent = tx.find(request.path_params["intent"], "payment_intent")
    return intent, tx.find(intent["_session"]) if intent and intent.get("_session") else None


def _back_to_merchant(intent: Json) -> Response:
    """As Stripe ends a redirect: to the merchant's ``return_url``, which learns which intent it was and how it went."""
    url = intent.get("_return_url")
    if not url:
        return RedirectResponse(f"/_paywright/payments/{intent['id']}", 303)
    outcome = "succeeded" if intent["status"] in ("succeeded", "processing") else "failed"
    query = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": outcome,
    }
    return RedirectResponse(with_query(url, query), 303, headers={"Referrer-Policy": "no-referrer"})


def _is_open(session: Json | None) -> bool:
    return session is not None and session["status"] == "open"


def _to_success(session: Json) -> Response:
    url = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    return RedirectResponse(url, 303, headers={"Referrer-Policy": "no-referrer"})


def _language(request: Request, session: Json | None) -> str:
    return texts.choose((session or {}).get("locale"), request.headers.get("accept-language", ""))


@dataclass(frozen=True)
class Shown:
    """The context of the payment form, besides the entry."""

    session: Json
    language: str
    shipping_rates: list[Json]
    promotion_code: str | None
    promotion_wrong: bool = False


def _form(
    shown: Shown,
    checked: entry.Checked | None = None,
    *,
    declined: str | None = None,
    filling: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    session, language = shown.session, shown.language
    details = session["customer_details"] or {}
    offered = view.offered_countries(session)
    values = {
        "country": view.COUNTRY_DEFAULT[language],
        "method": session["payment_method_types"][0],
        **(filling or {}),
    }
    values["email"] = details.get("email") or values.get("email", "")
    context = {
        "session": session,
        "summary": view.summary(session, language),
        "merchant": view.merchant(session),
        "values": checked.values if checked else values,
        "errors": checked.errors if checked else {},
        "email_fixed": bool(session["customer_email"]),
        "decline": _decline_key(declined),
        "countries": [(code, name) for code, name in view.countries(language) if code in offered],
        "offers": offers(session),
        # Never send a security code back, except those of the listed cards.
        "cvc": (filling or {}).get("card_cvc", ""),
        "cancel_url": session["cancel_url"],
        "needs_payment": entry.needs_payment(session),
        "address_fields": list(entry.ADDRESS_FIELDS) if entry.needs_address(session) else [],
        "custom_fields": [{**custom, "name": entry.custom_name(custom)} for custom in session["custom_fields"]],
        "shipping": view.shipping(session, shown.shipping_rates, language),
        "promotion_code": shown.promotion_code,
        "promotion_wrong": shown.promotion_wrong,
    }
    return render("pay.html", language, context, status=status, headers=view.security_headers(session))


def _decline_key(code: str | None) -> str | None:
    if code is None:
        return None
    if code == "payment_intent_authentication_failure":
        return "decline_authentication"
    # The buyer must not learn that the card was reported lost or stolen.
    return f"decline_{code}" if code in _DECLINES else "decline_card_declined"


def _challenge_page(request: Request, intent: Json, session: Json | None) -> Response:
    language = _language(request, session)
    amount = view.money(intent["amount"], intent["currency"], language)
    returns = [intent["_return_url"]] if intent.get("_return_url") else []
    headers = view.security_headers(session, *returns)
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
    try:
        parsed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return {}
    return {name: found[-1] for name, found in parsed.items()}
