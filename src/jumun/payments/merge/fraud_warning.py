from typing import Any

from jumun.orders.models import Order
from jumun.payments.models import Payment, QuarantinedSnapshot
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.stripe.snapshots import FraudWarningSnapshot


def merge_fraud_warning(raw: dict[str, Any]) -> Order | None:
    """An issuer's report that a card was stolen or misused, before any dispute: staff can still refund the payment.

    A warning about any payment that is not ours is another shop's.
    """
    warning = FraudWarningSnapshot.parse(raw)
    payment = _payment_of(warning)
    if payment is None or payment.livemode != warning.livemode:
        return None
    order = Order.locked(payment.order.reference)
    if order is not None:
        reason = QuarantineReason.FRAUD_WARNING
        QuarantinedSnapshot.keep(object_id=warning.id, reason=reason, order=order, snapshot=raw, payment=payment)
    return order


def _payment_of(warning: FraudWarningSnapshot) -> Payment | None:
    payments = Payment.objects.select_related("order")
    if warning.payment_intent_id:
        return payments.filter(payment_intent_id=warning.payment_intent_id).first()
    return payments.filter(charge_id=warning.charge_id).first() if warning.charge_id else None
