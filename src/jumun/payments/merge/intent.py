"""PaymentIntents: the order that one belongs to, and why a card was declined."""

from typing import Any

from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.payments.models import Payment
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.stripe.metadata import is_another_sites
from jumun.payments.stripe.snapshots import DeclinedSnapshot, Unreadable
from jumun.payments.stripe.snapshots.intent import NestedIntent


def order_of_intent(payment_intent_id: str, intent: NestedIntent) -> tuple[Order | None, str | None]:
    """The order of a PaymentIntent, locked, and why the object around it does not match that order, if so.

    Raises `MalformedSnapshot` for an ``intent`` that is needed and cannot be read.
    """
    payments = Payment.objects.filter(payment_intent_id=payment_intent_id)
    known_reference = payments.values_list("order__reference", flat=True).first()
    if known_reference is not None:
        return Order.locked(known_reference), None
    if isinstance(intent, Unreadable):
        raise intent.error
    if intent is None or not intent.metadata.order_reference:
        return None, None
    order = Order.locked(intent.metadata.order_reference)
    if is_another_sites(order, intent.metadata.site):
        return None, None
    if order is None:
        return None, QuarantineReason.UNKNOWN_ORDER
    return order, Payment.mismatch(order, intent.livemode, intent.amount, intent.currency)


def merge_declined(raw: dict[str, Any]) -> Order | None:
    """Record on the order why a card was declined. Nothing else changes: the customer may try another card."""
    declined = DeclinedSnapshot.parse(raw)
    if not declined.metadata.order_reference or not (declined.code or declined.message):
        return None
    order = Order.locked(declined.metadata.order_reference)
    if order is None:
        return None
    # One entry for each charge, however often Stripe reports it. Without a charge, one entry for each code.
    reported = {"payment": declined.payment_intent_id, "charge": declined.charge_id, "code": declined.code}
    known = order.timeline.filter(kind=Kind.PAYMENT_DECLINED).values_list("details", flat=True)
    if not any(all(entry.get(name) == value for name, value in reported.items()) for entry in known):
        order.record(Kind.PAYMENT_DECLINED, why=declined.message or declined.code, **reported)
    return order
