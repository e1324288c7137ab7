"""What people and tests do in the sandbox, in place of buyers, banks and Stripe's dashboard."""

from typing import Any

from paywright.checkout.lifecycle import expire_session
from paywright.checkout.pay import Paid, finish_authentication, pay_session
from paywright.money import fees
from paywright.money.payouts import fail_payout, plan_daily
from paywright.payments import cards
from paywright.payments.delayed import IBANS
from paywright.payments.disputes import open_dispute
from paywright.payments.methods import CardEntry, IbanEntry
from paywright.payments.refunds import refund_charge
from paywright.sandbox.background import Background
from paywright.sandbox.refusal import Refusal
from paywright.state import ids
from paywright.state.objects import public
from paywright.state.store import Store, Transaction
from paywright.webhooks.events import plan_delivery

Json = dict[str, Any]

WEBHOOK_WAIT_S = 5.0
"""Stripe holds the buyer back for up to 10 s until the webhook for the completed session is answered, so that
the success page usually finds the order paid. Half of that is plenty on one machine."""

DISPUTE_REASONS = (
    "bank_cannot_process check_returned credit_not_processed customer_initiated debit_not_authorized duplicate"
    " fraudulent general incorrect_account_details insufficient_funds noncompliant product_not_received"
    " product_unacceptable subscription_canceled unrecognized"
).split()


class Refused(Refusal):
    """The act is impossible."""

    def __init__(self, status: int, text: str, **filled: object) -> None:
        super().__init__(text, **filled)
        self.status = status


class Acts:
    """Each act is one transaction; raises Refused or ApiError."""

    def __init__(self, store: Store, background: Background) -> None:
        self.store = store
        self.background = background

    async def pay(self, session_id: str, asked: Json) -> Json:
        """Pay a session; returns once the webhook for its completion was answered (bounded)."""
        with self.store.transaction() as tx:
            session = _open_session(tx, session_id)
            paid = _mistyped(asked) or _pay(tx, session, asked)
        self.background.wake()
        await self.wait_for_webhook(paid)
        return {
            "outcome": paid.outcome,
            "code": paid.code,
            "message": paid.message,
            "payment_intent": session["payment_intent"],
            "session": public(session),
        }

    async def wait_for_webhook(self, paid: Paid) -> None:
        """Wait as Stripe's page does before it sends the buyer back."""
        if paid.event:
            await self.background.courier.wait_for_first_answer(paid.event, WEBHOOK_WAIT_S)

    def expire(self, session_id: str) -> Json:
        with self.store.transaction() as tx:
            session = expire_session(tx, _open_session(tx, session_id))
        self.background.wake()
        return public(session)

    def refund(self, payment: str, *, amount: Any = None, reason: Any = None) -> Json:
        """Refund ``amount`` minor units of a payment, or all that is left."""
        if amount is not None and (type(amount) is not int or amount < 1):
            raise Refused(400, "amount must be a positive integer (minor units).")
        if reason not in (None, "duplicate", "fraudulent", "requested_by_customer"):
            raise Refused(400, "reason must be duplicate, fraudulent or requested_by_customer.")
        with self.store.transaction() as tx:
            refund = refund_charge(tx, _charge_of(tx, payment), amount=amount, reason=reason, metadata={})
        self.background.wake()
        return public(refund)

    def dispute(self, payment: str, *, reason: str, amount: Any = None, inquiry: bool = False) -> Json:
        """Dispute a payment as its cardholder would."""
        if reason not in DISPUTE_REASONS:
            raise Refused(400, "reason must be one of {reasons}.", reasons=", ".join(DISPUTE_REASONS))
        with self.store.transaction() as tx:
            charge = _charge_of(tx, payment)
            amount = charge["amount"] if amount is None else amount
            if type(amount) is not int or not 1 <= amount <= charge["amount"]:
                raise Refused(400, "amount must be 1 to {most} (minor units).", most=charge["amount"])
            dispute = open_dispute(tx, charge, reason=reason, amount=amount, inquiry=inquiry)
        self.background.wake()
        return public(dispute)

    def fail_payout(self, payout_id: str) -> Json:
        with self.store.transaction() as tx:
            payout = fail_payout(tx, tx.require(payout_id, "payout", param="payout", in_path=True))
        self.background.wake()
        return public(payout)

    def resend(self, event_id: str, endpoint: Any) -> Json:
        """Deliver an event again: to one endpoint, or to all existing endpoints that received it."""
        with self.store.transaction() as tx:
            tx.require(event_id, "event", param="id", in_path=True)
            chosen = [str(endpoint)] if endpoint else _those_that_had(tx, event_id)
            for identifier in chosen:
                tx.require(identifier, "webhook_endpoint", param="webhook_endpoint")
                plan_delivery(tx, event_id, identifier)
        self.background.wake()
        return {"event": event_id, "endpoints": chosen}

    def roll_secret(self, endpoint_id: str, expires_in_s: int) -> Json:
        """Give an endpoint a new secret; the old ones sign as well for ``expires_in_s``, at most a day."""
        with self.store.transaction() as tx:
            endpoint = tx.require(endpoint_id, "webhook_endpoint", param="webhook_endpoint", in_path=True)
            until = tx.now + min(expires_in_s, 86_400)
            old = [{**s, "until": min(until, s["until"] or until)} for s in endpoint["_secrets"]]
            secret = ids.webhook_secret()
            endpoint["_secrets"] = [{"secret": secret, "until": None}, *old]
            tx.save(endpoint)
        return {"secret": secret}

    def deliveries(self, event: Any) -> list[Json]:
        """The delivery log, newest first, of one event or of the last hundred deliveries."""
        with self.store.transaction() as tx:
            rows = tx.sql.execute(
                "SELECT id, event, endpoint, state, attempts, next_at FROM delivery"
                " WHERE ? IS NULL OR event = ? ORDER BY id DESC LIMIT 100",
                (event, event),
            ).fetchall()
            return [_delivery(tx, row) for row in rows]

    def set_fees(self, changes: Json) -> Json:
        """Set the fees of payments that settle from now on; a missing member keeps its value."""
        present = self.store.fees.shown()
        if set(changes) - set(present):
            raise Refused(400, "Fees have the members percent and fixed_usd.")
        self.store.fees = fees.parsed(**{**present, **changes})
        return self.store.fees.shown()

    async def reset(self) -> None:
        """Forget everything, for the next test."""
        await self.background.courier.settled()
        self.store.clear()
        self.background.courier.forget()
        with self.store.transaction() as tx:
            plan_daily(tx)
        self.background.wake()


def _those_that_had(tx: Transaction, event_id: str) -> list[str]:
    rows = tx.sql.execute(
        "SELECT endpoint FROM delivery JOIN object ON object.id = endpoint"
        " WHERE event = ? AND kind = 'webhook_endpoint' ORDER BY delivery.id",
        (event_id,),
    )
    return [row[0] for row in rows]


def _delivery(tx: Transaction, row: tuple[Any, ...]) -> Json:
    attempts = tx.sql.execute(
        "SELECT at, status, took_ms, outcome FROM attempt WHERE delivery = ? ORDER BY id", (row[0],)
    )
    return {
        "event": row[1],
        "endpoint": row[2],
        "state": row[3],
        "attempts": [dict(zip(("at", "status", "took_ms", "outcome"), a, strict=True)) for a in attempts],
        "next_at": row[5],
    }


def _open_session(tx: Transaction, identifier: str) -> Json:
    session = tx.find(identifier, "checkout.session")
    if session is None:
        raise Refused(404, "No such checkout.session: '{id}'", id=identifier)
    if session["status"] != "open":
        raise Refused(409, "The session is {state}, so it cannot be paid.", state=session["status"])
    return session


def _charge_of(tx: Transaction, payment: str) -> Json:
    """The successful charge of a PaymentIntent, or of a Checkout Session's."""
    session = tx.find(payment, "checkout.session")
    payment = (session["payment_intent"] or payment) if session else payment
    intent = tx.require(payment, "payment_intent", param="payment_intent", in_path=True)
    charge = tx.find(intent["latest_charge"] or "")
    if charge is None or charge["status"] != "succeeded":
        raise Refused(409, "The payment is {state}: it has no successful charge.", state=intent["status"])
    return charge


def _mistyped(asked: Json) -> Paid | None:
    """Refuse a number with a wrong check digit before any attempt to pay."""
    number = cards.digits(str(asked.get("card", "")))
    if not 12 <= len(number) <= 19 or cards.is_well_formed(number):
        return None
    return Paid("declined", message=cards.NUMBER_INVALID.message, code=cards.NUMBER_INVALID.code)


def _pay(tx: Transaction, session: Json, asked: Json) -> Paid:
    challenge = asked.get("three_d_secure")
    if challenge not in (None, "complete", "fail"):
        raise Refused(400, 'three_d_secure must be "complete" or "fail".')
    if "card" in asked or "iban" in asked:
        paid = pay_session(tx, session, _entry(session, asked))
        if paid.outcome != "requires_action" or challenge is None:
            return paid
    elif challenge is None or not _is_challenged(tx, session):
        raise Refused(400, 'Give a test card: {"card": "4242424242424242"}.')
    return finish_authentication(tx, session, passed=challenge == "complete")


def _is_challenged(tx: Transaction, session: Json) -> bool:
    intent = tx.find(session["payment_intent"] or "")
    return intent is not None and intent["status"] == "requires_action"


def _entry(session: Json, asked: Json) -> CardEntry | IbanEntry:
    card = cards.find(str(asked.get("card", "")))
    iban = str(asked.get("iban", "")).replace(" ", "").upper()
    if card is None and iban not in IBANS:
        raise Refused(400, "Not a test card or test IBAN: {given}", given=str(asked.get("card", iban))[:40])
    if (kind := "card" if card else "sepa_debit") not in session["payment_method_types"]:
        raise Refused(400, "The session does not offer {kind}.", kind=kind)
    email = asked.get("email") or (session["customer_details"] or {}).get("email") or "buyer@example.com"
    billing = {
        "email": str(email),
        "name": str(asked.get("name", "Test Buyer")),
        "address": {"country": str(asked.get("country", card.country if card else iban[:2]))},
    }
    return CardEntry(card, 12, 2034, billing) if card else IbanEntry(iban, billing)
