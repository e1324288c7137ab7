"""What does not add up in our own books once Stripe's objects are merged."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from django.db.models import Exists, OuterRef, Q

from jumun.errors import OrderRefused
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.audits.balance import movements_that_differ, payouts_that_do_not_add_up
from jumun.payments.models import Difference, Dispute, Payment, QuarantinedSnapshot, Reconciliation
from jumun.payments.reconcile.compare import Comparison
from jumun.payments.reconcile.problem_text import amount_text, held_difference
from jumun.payments.reconcile.repair import trial

# Reported of one invoice: all lines of a long order may have changed.
PROBLEMS_MAX = 5
Kind = Difference.Kind


def internal_checks(run: Reconciliation, comparison: Comparison) -> Iterator[Difference]:
    """What staff must decide, however old, and what does not add up in the books as the repair leaves them."""
    yield from _orders_not_paid(run)
    yield from comparison.after_repair(lambda: _checks(run))


def _checks(run: Reconciliation) -> Iterator[Difference]:
    """Only queries of our database. Each difference names its order."""
    yield from _undecided()
    yield from _orders_without_payment(run)
    yield from _orders_without_invoice(run)
    yield from _orders_unlike_their_invoice(run)
    for object_id, number, problem in movements_that_differ(run.since):
        yield Difference(kind=Kind.BALANCE_DIFFERS, object_id=object_id, order_number=number, problem=problem)
    for payout_id, problem in payouts_that_do_not_add_up():
        yield Difference(kind=Kind.PAYOUT_DOES_NOT_ADD_UP, object_id=payout_id, problem=problem)


def _orders_not_paid(run: Reconciliation) -> Iterator[Difference]:
    """Orders that are not paid, although a payment on record settled them: that payment pays them again."""
    settling = Payment.objects.filter(settles_order=True, status=Payment.Status.PAID)
    for payment in settling.exclude(order__state=Order.State.PAID).order_by("order_id").select_related("order"):
        order = payment.order
        paid = amount_text(payment.amount_minor, payment.currency)
        is_paid = False
        with trial(keep=run.repair):
            is_paid = _pay_again(payment)
        outcome = f"state {order.state} → paid" if is_paid else "the goods are no longer available"
        yield _order_difference(
            order,
            f"{order.state} here, though {payment.payment_intent_id} paid {paid} for it; {outcome}",
            repaired=is_paid and run.repair,
        )


def _pay_again(payment: Payment) -> bool:
    order = Order.objects.select_for_update(no_key=True).get(pk=payment.order_id)
    at = payment.paid_at or payment.created_at
    try:
        is_paid = order.mark_paid(at=at) or order.revive(at=at)
    except OrderRefused:
        return False
    if is_paid and not Invoice.objects.filter(order=order).exists():
        payment.order = order
        Invoice.issue(order, paid_by=payment.reference(payment.payment_intent_id, at=at))
    return is_paid


def _undecided() -> Iterator[Difference]:
    # An automatic refund of a disputed payment waits for the bank, not for staff.
    at_the_bank = Q(reason__in=Payment.AUTO_REFUNDED, payment__disputes__in=Dispute.blocking())
    waiting = QuarantinedSnapshot.objects.filter(resolved_at=None).exclude(at_the_bank)
    # A fraud warning says nothing about the books. The report lists it apart, like open disputes.
    others = waiting.exclude(reason=QuarantinedSnapshot.Reason.FRAUD_WARNING)
    for row in others.select_related("order", "payment"):
        yield Difference(**held_difference(row))


def _orders_without_payment(run: Reconciliation) -> Iterator[Difference]:
    settling = Payment.objects.filter(order=OuterRef("pk"), settles_order=True, status=Payment.Status.PAID)
    paid = Order.objects.filter(state=Order.State.PAID, paid_at__gte=run.since)
    for order in paid.filter(~Exists(settling)):
        total = amount_text(order.total_minor, order.currency)
        yield _order_difference(order, f"{total} paid here, but there is no payment from Stripe")


def _orders_without_invoice(run: Reconciliation) -> Iterator[Difference]:
    for order in Order.objects.filter(state=Order.State.PAID, paid_at__gte=run.since, invoice=None):
        total = amount_text(order.total_minor, order.currency)
        yield _order_difference(order, f"{total} paid, but no invoice was issued", kind=Kind.ORDER_WITHOUT_INVOICE)


def _order_difference(
    order: Order, problem: str, *, kind: Kind = Kind.ORDER_DIFFERS, repaired: bool = False
) -> Difference:
    number = order.number
    return Difference(kind=kind, object_id=number, order_number=number, problem=problem, repaired=repaired)


def _orders_unlike_their_invoice(run: Reconciliation) -> Iterator[Difference]:
    issued = Invoice.objects.filter(issued_at__gte=run.since).select_related("order").prefetch_related("order__lines")
    for invoice in issued.iterator(chunk_size=200):
        if problems := list(islice(_unlike_invoice(invoice), PROBLEMS_MAX)):
            number, problem = invoice.order.number, "; ".join(problems)
            yield Difference(kind=Kind.INVOICE_DIFFERS, object_id=invoice.number, order_number=number, problem=problem)


def _unlike_invoice(invoice: Invoice) -> Iterator[str]:
    """Where the order, or one of its lines, is not what the frozen document says."""
    document, order = invoice.document, invoice.order
    if (order.total_minor, order.currency) != (document.total_minor, document.currency):
        total = amount_text(order.total_minor, order.currency)
        yield f"the order is over {total}, its invoice over {amount_text(document.total_minor, document.currency)}"
    frozen = {line.position: line for line in document.lines}
    lines = {line.position: line for line in order.lines.all()}
    for position in sorted({*frozen, *lines}):
        then, now = frozen.get(position), lines.get(position)
        if then is None or now is None:
            yield f"line {position} is {'on the invoice' if then else 'in the order'} only"
            continue
        texts = {
            "article number": (then.sku, now.sku),
            "quantity": (str(then.quantity), str(now.quantity)),
            "tax category": (then.tax_category, now.tax_category),
            "tax rate": (_percent(then.tax_rate_ppm), _percent(now.tax_rate_ppm)),
        }
        for name in ("unit price", "discount", "tax", "total"):
            field = f"{name.replace(' ', '_')}_minor"
            texts[name] = (
                amount_text(getattr(then, field), document.currency),
                amount_text(getattr(now, field), order.currency),
            )
        for name, (on_invoice, in_order) in texts.items():
            if on_invoice != in_order:
                yield f"line {position}: {name} {in_order} in the order, {on_invoice} on its invoice"


def _percent(rate_ppm: int) -> str:
    return f"{Decimal(rate_ppm).scaleb(-4).normalize():f} %"
