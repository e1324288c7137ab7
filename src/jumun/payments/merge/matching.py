"""Which of our orders and payments a Stripe object belongs to, and whether it matches them (invariant I1)."""

from jumun import money
from jumun.orders.models import Order
from jumun.payments.models import Payment
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.stripe.metadata import is_another_sites
from jumun.payments.stripe.snapshots import Unreadable
from jumun.payments.stripe.snapshots.intent import NestedIntent


def locked_order(reference: str) -> Order | None:
    """The order, locked against changes of itself and of what belongs to it.

    The lock does not keep out rows that only refer to the order, such as a line of its timeline. Otherwise a
    transaction that has locked another row and then adds a timeline entry would wait for us, while we wait for its row.
    """
    return Order.objects.select_for_update(no_key=True).filter(reference=reference).first()


def mismatch(order: Order, livemode: bool, amount: int, currency: str) -> str | None:
    """Why the object does not match the order, or ``None`` where it does."""
    if livemode != order.livemode:
        return QuarantineReason.LIVEMODE
    if currency != order.currency:
        return QuarantineReason.CURRENCY
    if amount != money.to_stripe(order.total_minor, order.currency):
        return QuarantineReason.AMOUNT
    return None


def order_of_intent(payment_intent_id: str, intent: NestedIntent) -> tuple[Order | None, str | None]:
    """The order of a PaymentIntent, locked, and why the object around it does not match that order, if so.

    Raises `MalformedSnapshot` for an ``intent`` that is needed and cannot be read.
    """
    payments = Payment.objects.filter(payment_intent_id=payment_intent_id)
    known_reference = payments.values_list("order__reference", flat=True).first()
    if known_reference is not None:
        return locked_order(known_reference), None
    if isinstance(intent, Unreadable):
        raise intent.error
    if intent is None or not intent.metadata.order_reference:
        return None, None
    order = locked_order(intent.metadata.order_reference)
    if is_another_sites(order, intent.metadata.site):
        return None, None
    if order is None:
        return None, QuarantineReason.UNKNOWN_ORDER
    return order, mismatch(order, intent.livemode, intent.amount, intent.currency)


def part_of_payment_minor(
    payment: Payment, amount: int, currency: str, *, may_exceed: bool = False
) -> tuple[int, str | None]:
    """The amount of a refund or dispute in our minor units, and why it cannot belong to ``payment``, if so.

    With ``may_exceed`` it may be more than was paid.
    """
    if currency != payment.currency:
        return 0, QuarantineReason.CURRENCY
    try:
        amount_minor = money.from_stripe(amount, currency)
    except money.MoneyError:
        # A fraction of a currency that is charged in whole units only.
        return 0, QuarantineReason.AMOUNT
    is_part = amount_minor > 0 and (may_exceed or amount_minor <= payment.amount_minor)
    return amount_minor, None if is_part else QuarantineReason.AMOUNT
