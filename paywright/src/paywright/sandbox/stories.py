"""``trigger``: make a supported event happen, with the whole story of objects that leads to it."""

from collections.abc import Awaitable, Callable
from typing import Any

from paywright.api.call import Call
from paywright.api.lists import page
from paywright.api.versions import API_VERSION
from paywright.payments.disputes import LOSING, WINNING, close_by_merchant, submit_evidence
from paywright.payments.methods import detach
from paywright.payments.settle import settle_now
from paywright.resources import balance, checkout_sessions, customers, discounts, products, tax_rates
from paywright.sandbox.acts import Acts, Refused
from paywright.state import ids

Json = dict[str, Any]
Story = Callable[[Acts], Awaitable[Json]]

AMOUNT = 2_000
SOON_S = 10
"""Seconds by which a story advances the clock, so that later events happen."""
DAYS_TO_PAYOUT = 3


async def tell(acts: Acts, event: str) -> Json:
    """Make ``event`` happen; return the object the story was about. Raises Refused for an unknown event."""
    story = STORIES.get(event)
    if story is None:
        raise Refused(
            400, "cannot trigger '{event}'; known: {known}", event=event[:100], known=", ".join(sorted(STORIES))
        )
    subject = await story(acts)
    acts.background.wake()
    await acts.background.settled(SOON_S)
    return {"event": event, "object": subject.get("object"), "id": subject.get("id")}


def _made(acts: Acts, create: Callable[[Call], Json], **params: Any) -> Json:
    """Create an object as an API call does."""
    with acts.store.transaction() as tx:
        return create(Call(tx, params, {}, "", API_VERSION))


def _session(acts: Acts, currency: str = "usd") -> Json:
    line = {
        "price_data": {"currency": currency, "unit_amount": AMOUNT, "product_data": {"name": "Test product"}},
        "quantity": 1,
    }
    address = f"{acts.store.base_url}/_paywright/"
    return _made(
        acts, checkout_sessions.create, mode="payment", line_items=[line], success_url=address, cancel_url=address
    )


def _paid(card: str, **more: str) -> Story:
    async def story(acts: Acts) -> Json:
        session = _session(acts)
        await acts.pay(session["id"], {"card": card, **more})
        return session

    return story


def _debited(iban: str) -> Story:
    async def story(acts: Acts) -> Json:
        session = _session(acts, "eur")
        await acts.pay(session["id"], {"iban": iban})
        await acts.background.advance(SOON_S)
        return session

    return story


async def _settled(acts: Acts) -> Json:
    session = await _paid("4242424242424242")(acts)
    await acts.background.advance(SOON_S)
    return session


async def _expired(acts: Acts) -> Json:
    session = _session(acts)
    await acts.pay(session["id"], {"card": "4000000000000002"})
    return acts.expire(session["id"])


def _refunded(card: str) -> Story:
    async def story(acts: Acts) -> Json:
        paid = await acts.pay(_session(acts)["id"], {"card": card})
        refund = acts.refund(paid["payment_intent"])
        await acts.background.advance(SOON_S)
        return refund

    return story


def _disputed(evidence: str | None = None, *, accept: bool = False) -> Story:
    async def story(acts: Acts) -> Json:
        paid = await acts.pay(_session(acts)["id"], {"card": "4242424242424242"})
        dispute = acts.dispute(paid["payment_intent"], reason="fraudulent")
        with acts.store.transaction() as tx:
            stored = tx.get(dispute["id"])
            if accept:
                close_by_merchant(tx, stored)
            elif evidence:
                submit_evidence(tx, stored, {"uncategorized_text": evidence}, submit=True)
        await acts.background.advance(SOON_S)
        return dispute

    return story


async def _available(acts: Acts) -> None:
    paid = await acts.pay(_session(acts)["id"], {"card": "4000000000000077"})
    with acts.store.transaction() as tx:
        settle_now(tx, tx.get(tx.get(paid["payment_intent"])["latest_charge"]))


async def _payout(acts: Acts) -> Json:
    await _available(acts)
    payout = _made(acts, balance.create_payout, amount=AMOUNT // 2, currency="usd")
    await acts.background.advance(SOON_S)
    return payout


async def _payout_paid(acts: Acts) -> Json:
    payout = await _payout(acts)
    await acts.background.advance(DAYS_TO_PAYOUT * 86_400)
    return payout


async def _payout_reconciled(acts: Acts) -> Json:
    await _available(acts)
    await acts.background.advance((1 + DAYS_TO_PAYOUT) * 86_400)
    return {}


async def _payout_failed(acts: Acts) -> Json:
    return acts.fail_payout((await _payout_paid(acts))["id"])


def _customer(then: Callable[[Call], Json] | None = None, **params: Any) -> Story:
    async def story(acts: Acts) -> Json:
        customer = _made(acts, customers.create, email="buyer@example.com", name="Test Buyer")
        if then is not None:
            with acts.store.transaction() as tx:
                then(Call(tx, params, {"customer": customer["id"]}, "", API_VERSION))
        return customer

    return story


def _creation(create: Callable[[Call], Json], **params: Any) -> Story:
    async def story(acts: Acts) -> Json:
        return _made(acts, create, **params)

    return story


def _method(*, detached: bool = False) -> Story:
    async def story(acts: Acts) -> Json:
        customer = _made(acts, customers.create, email="buyer@example.com", payment_method="pm_card_visa")
        with acts.store.transaction() as tx:
            (method,) = page(tx, "payment_method", "", {"customer": customer["id"]})["data"]
            return detach(tx, method) if detached else method

    return story


async def _promotion_code(acts: Acts) -> Json:
    coupon = _made(acts, discounts.create_coupon, percent_off=10.0, id=ids.random_text(8))
    return _made(acts, discounts.create_promotion_code, promotion={"type": "coupon", "coupon": coupon["id"]})


_GOOD, _DECLINED, _CHALLENGED = "4242424242424242", "4000000000000002", "4000002500003155"

STORIES: dict[str, Story] = {
    **dict.fromkeys(
        ("checkout.session.completed", "payment_intent.created", "payment_intent.succeeded", "charge.succeeded"),
        _paid(_GOOD),
    ),
    "charge.updated": _settled,
    "charge.failed": _paid(_DECLINED),
    "payment_intent.payment_failed": _paid(_DECLINED),
    "payment_intent.requires_action": _paid(_CHALLENGED),
    "checkout.session.expired": _expired,
    "payment_intent.canceled": _expired,
    "payment_intent.processing": _debited("AT611904300234573201"),
    "charge.pending": _debited("AT611904300234573201"),
    "checkout.session.async_payment_succeeded": _debited("AT611904300234573201"),
    "checkout.session.async_payment_failed": _debited("AT861904300235473202"),
    **dict.fromkeys(("charge.refunded", "refund.created", "refund.updated", "charge.refund.updated"), _refunded(_GOOD)),
    "refund.failed": _refunded("4000000000005126"),
    "charge.dispute.created": _disputed(),
    "charge.dispute.funds_withdrawn": _disputed(),
    "charge.dispute.updated": _disputed(LOSING),
    "radar.early_fraud_warning.created": _paid("4000000000005423"),
    "radar.early_fraud_warning.updated": _refunded("4000000000005423"),
    "charge.dispute.closed": _disputed(accept=True),
    "charge.dispute.funds_reinstated": _disputed(WINNING),
    "payout.created": _payout,
    "payout.updated": _payout,
    "payout.paid": _payout_paid,
    "payout.failed": _payout_failed,
    "payout.reconciliation_completed": _payout_reconciled,
    "customer.created": _customer(),
    "customer.updated": _customer(customers.update, name="Changed Name"),
    "customer.deleted": _customer(customers.delete),
    "payment_method.attached": _method(),
    "payment_method.detached": _method(detached=True),
    "coupon.created": _creation(discounts.create_coupon, percent_off=10.0),
    "promotion_code.created": _promotion_code,
    "product.created": _creation(products.create_product, name="Test product"),
    "price.created": _creation(
        products.create_price, currency="usd", unit_amount=AMOUNT, product_data={"name": "Test product"}
    ),
    "tax_rate.created": _creation(tax_rates.create, display_name="VAT", inclusive=False, percentage=10.0),
}
