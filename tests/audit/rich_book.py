"""A book with all that can become of an order, made by the calls that the store makes, for the audit to look at."""

from datetime import timedelta

from django.utils import timezone

from jumun.invoices.documents.make_pdf import MadePdf
from jumun.invoices.models import Cancellation, CreditNote, Invoice
from jumun.orders.models import Order
from jumun.payments.checkout.open import _params
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Dispute, Payment, Refund
from jumun.payments.refunds.lost_dispute import credit_lost
from jumun.payments.refunds.refund import _params as refund_params
from jumun.payments.stripe.snapshots import SessionSnapshot
from tests.factories import item, pay, place_order, refund_snapshot
from tests.payments.balance import movement, payout_of
from tests.payments.disputing import dispute_of
from tests.payments.stripe_says import session_of

APPLE_PAY = {"brand": "visa", "last4": "4242", "wallet": {"type": "apple_pay"}}


def fill() -> None:
    """Orders paid, refunded in part, wholly and in vain, lost and won, paid twice, canceled, expired and waiting."""
    main = _paid()
    _refund_in_part(main)
    _fail_a_refund(_paid())
    _lose(_paid())
    _win(_paid())
    pay(_paid().order)
    place_order().cancel()
    _expire()
    _open_checkout(place_order())
    for model in (Invoice, CreditNote, Cancellation):
        for issued in model.objects.all():
            issued.archive_pdf(MadePdf(content=f"%PDF-{issued.number}".encode(), layout="site"))


def _paid() -> Payment:
    """The payment of an order with two rates of tax, captured and paid out."""
    order = place_order(
        lines=[item(), item(sku="TEA", name="녹차", tax_rate_ppm=0, tax_category="E", discount_minor=500)],
        tax_id="123-45-67891",
    )
    checkout = _open_checkout(order)
    session = session_of(order, id=checkout.session_id)
    session["payment_intent"]["latest_charge"]["payment_method_details"] = {"type": "card", "card": APPLE_PAY}
    pay(order, **session)
    payment = order.payments.get()
    charge = movement(f"txn_{payment.charge_id}", order.total_minor, source=str(payment.charge_id), category="charge")
    payout_id, total = f"po_{order.pk}", order.total_minor
    out = movement(f"txn_{payout_id}", -total, source=payout_id, category="payout")
    status = {"status": "paid", "reconciliation_status": "completed"}
    apply(payout_of(id=payout_id, amount=total, balance_transactions={"data": [charge, out]}, **status))
    return payment


def _open_checkout(order: Order) -> Checkout:
    checkout = Checkout.objects.create(order=order, expires_at=timezone.now() + timedelta(hours=1))
    checkout.freeze(_params(checkout, success_url="https://x/?{CHECKOUT_SESSION_ID}", cancel_url="https://x"))
    opened = {"status": "open", "payment_status": "unpaid", "payment_intent": None, "url": "https://checkout.x"}
    checkout.advance(SessionSnapshot.parse(session_of(order, id=f"cs_test_{order.number}", **opened)))
    return checkout


def _expire() -> None:
    order = place_order()
    checkout = _open_checkout(order)
    over = {"status": "expired", "payment_status": "unpaid", "payment_intent": None}
    apply(session_of(order, id=checkout.session_id, **over))
    order.expire()


def _refund(payment: Payment, amount_minor: int, **values: object) -> Refund:
    """Asked for here, and answered by Stripe with its movement."""
    asked = Refund.objects.create(
        payment=payment, amount_minor=amount_minor, currency=payment.currency, reason="requested_by_customer"
    )
    asked.freeze(refund_params(asked, payment.order, amount_minor))
    refund_id = f"re_{asked.pk}"
    back = movement(f"txn_{refund_id}", -amount_minor, source=refund_id, category="refund")
    apply(
        refund_snapshot(
            payment, amount_minor, id=refund_id, metadata=asked.params["metadata"], balance_transaction=back
        )
    )
    asked.refresh_from_db()
    return asked


def _refund_in_part(payment: Payment) -> None:
    _refund(payment, 1_000)


def _fail_a_refund(payment: Payment) -> None:
    failed = _refund(payment, 2_000)
    again = movement(f"txn_again_{failed.pk}", 2_000, source=str(failed.refund_id), category="refund_failure")
    values = {"status": "failed", "failure_reason": "lost_or_stolen_card", "failure_balance_transaction": again}
    apply(refund_snapshot(payment, 2_000, id=failed.refund_id, **values))
    _refund(payment, payment.amount_minor)


def _lose(payment: Payment) -> None:
    withdrawn = movement("txn_lost", -payment.amount_minor, source="du_lost", category="dispute", fee=1_500)
    apply(dispute_of(payment, id="du_lost", balance_transactions=[withdrawn]))
    apply(dispute_of(payment, id="du_lost", status="lost", balance_transactions=[withdrawn]))
    credit_lost(Dispute.objects.get(dispute_id="du_lost"))


def _win(payment: Payment) -> None:
    amount = payment.amount_minor
    moved = [
        movement("txn_taken", -amount, source="du_won", category="dispute", fee=1_500),
        movement("txn_given", amount, source="du_won", category="dispute_reversal"),
    ]
    apply(dispute_of(payment, id="du_won", balance_transactions=moved[:1]))
    apply(dispute_of(payment, id="du_won", status="won", balance_transactions=moved))
