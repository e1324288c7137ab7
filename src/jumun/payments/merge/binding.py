"""What binds an object of Stripe's to one of our orders (invariant I1)."""

from jumun import money
from jumun.db.fast import find
from jumun.orders.models import Order
from jumun.payments.models import Payment, QuarantinedSnapshot
from jumun.payments.stripe.metadata import is_another_sites
from jumun.payments.stripe.snapshots import IntentSnapshot

Reason = QuarantinedSnapshot.Reason


def locked_order(reference: str) -> Order | None:
    """The order, locked against whoever would change it or what belongs to it.

    But not against rows that merely refer to it, such as a line of its timeline: who has locked another row before, and
    adds one, would wait for us at their commit while we wait for that row.
    """
    return find(Order, reference=reference, locked=True)


def mismatch(order: Order | None, livemode: bool, amount: int, currency: str) -> str | None:
    """Why the object must not touch the order, or ``None`` (invariant I1)."""
    if order is None:
        return Reason.UNKNOWN_ORDER
    if livemode != order.livemode:
        return Reason.LIVEMODE
    if currency != order.currency:
        return Reason.CURRENCY
    if amount != money.to_stripe(order.total_minor, order.currency):
        return Reason.AMOUNT
    return None


def order_of_intent(payment_intent_id: str, raw_intent: object) -> tuple[Order | None, str | None]:
    """Whose a PaymentIntent is, locked, and why what belongs to it must not touch that order, if so.

    ``raw_intent`` is the PaymentIntent where it is expanded. Raises `MalformedSnapshot`.
    """
    known = Payment.objects.filter(payment_intent_id=payment_intent_id).select_related("order").first()
    if known is not None:
        return locked_order(known.order.reference), None
    if isinstance(raw_intent, dict):
        intent = IntentSnapshot.parse(raw_intent)
        if intent.metadata.order_reference:
            order = locked_order(intent.metadata.order_reference)
            if is_another_sites(order, intent.metadata.site):
                return None, None
            return order, mismatch(order, intent.livemode, intent.amount, intent.currency)
    return None, None


def part_of_payment_minor(
    payment: Payment, amount: int, currency: str, *, may_exceed: bool = False
) -> tuple[int, str | None]:
    """What a refund or dispute is over, and why it cannot be one of ``payment``, if so.

    ``may_exceed`` tells that it may be over more than was paid.
    """
    if currency != payment.currency:
        return 0, Reason.CURRENCY
    try:
        amount_minor = money.from_stripe(amount, currency)
    except money.MoneyError:
        # A fraction of a currency that is charged in whole units only.
        return 0, Reason.AMOUNT
    is_part = amount_minor > 0 and (may_exceed or amount_minor <= payment.amount_minor)
    return amount_minor, None if is_part else Reason.AMOUNT
