"""Refunds of an order's lines: which quantities are left, and what they are worth."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from jumun.errors import NotRefundable, RefundExceedsOrdered
from jumun.invoices.documents.document import DocumentError
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import OrderLine
from jumun.payments.models import Payment, Refund, RefundLine

# Quantities by the position of their line.
Quantities = Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """How many of one line can still be refunded, and how many can still go back into stock."""

    line: OrderLine
    quantity: int
    restock_quantity: int


def left_of(payment: Payment) -> list[Left]:
    """Every line of the payment's order with what is left of it. It can change unless the payment is locked."""
    lines = RefundLine.objects.filter(refund__payment__order=payment.order_id)
    refunded = _sums(lines.exclude(refund__status__in=Refund.VOID), "quantity")
    # Goods that are back in stock stay there, even if the refund fails later.
    happened = ~Q(refund__status__in=Refund.VOID) | Q(refund__booked_at__isnull=False)
    restocked = _sums(lines.filter(happened), "restock_quantity")
    return [
        Left(
            line=line,
            quantity=line.quantity - refunded.get(line.pk, 0),
            restock_quantity=line.quantity - restocked.get(line.pk, 0),
        )
        for line in payment.order.lines.all()
    ]


def _sums(lines: QuerySet[RefundLine], field: str) -> dict[int, int]:
    return dict(lines.order_by("line").values_list("line").annotate(Sum(field)))


def lines_of(payment: Payment, quantities: Quantities, restock: Quantities) -> list[RefundLine]:
    """The refund's lines, not saved. Raises `RefundExceedsOrdered` and `NotRefundable`."""
    if (quantities or restock) and not payment.settles_order:
        raise NotRefundable(f"{payment} paid for no goods")
    left = {row.line.position: row for row in left_of(payment)}
    found = []
    for position in sorted({*quantities, *restock}):
        row = left.get(position)
        if row is None:
            raise NotRefundable(f"the order has no line {position}")
        quantity, back = quantities.get(position, 0), restock.get(position, 0)
        if min(quantity, back) < 0 or quantity > row.quantity or back > row.restock_quantity:
            raise RefundExceedsOrdered(row.line.name, row.quantity, row.restock_quantity)
        if quantity or back:
            found.append(RefundLine(line=row.line, quantity=quantity, restock_quantity=back))
    return found


def worth_minor(payment: Payment, quantities: Quantities) -> int:
    """The price of these quantities, less what was refunded of their lines by amount. Raises `NotRefundable`."""
    wanted = {position: quantity for position, quantity in quantities.items() if quantity}
    invoice = Invoice.objects.filter(order=payment.order_id).first()
    if not wanted or invoice is None:
        raise NotRefundable("no quantities are given")
    try:
        return CreditNote.creditable_minor(invoice, wanted)
    except DocumentError as error:
        raise NotRefundable(str(error)) from error
