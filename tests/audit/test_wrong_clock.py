"""What was written down under a wrong clock is no forgery, and hides none."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jumun.audit import findings
from jumun.invoices.documents.make_pdf import MadePdf
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment, Refund
from tests.audit import rich_book
from tests.clocks import clock_ahead
from tests.factories import paid_order, pay, place_order, refund_snapshot

pytestmark = pytest.mark.django_db
AHEAD = timedelta(days=3)


def audited() -> set[str]:
    # No worker runs, so jobs wait.
    return {f"{found.subject}: {found.problem}" for found in findings() if found.invariant != "I11"}


@pytest.mark.parametrize("by", [AHEAD, -AHEAD])
def test_what_began_under_a_wrong_clock_and_ended_under_the_right_one_is_in_order(
    by: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place_order()
    with clock_ahead(monkeypatch, by):
        order, closed = place_order(), place_order()
        payment = paid_order().payments.get()
        before.cancel()
    pay(order)
    ended = {"state": Checkout.State.EXPIRED, "expires_at": timezone.now() + timedelta(hours=1)}
    Checkout.objects.create(order=order, **ended)
    # The goods of an order that was placed under a clock that was ahead are not held until that day.
    Order.objects.filter(pk=closed.pk).update(expires_at=timezone.now())
    closed.refresh_from_db()
    closed.expire()
    apply(refund_snapshot(payment, 1_000))
    for model in (Invoice, CreditNote):
        for issued in model.objects.all():
            issued.archive_pdf(MadePdf(content=b"%PDF", layout="site"))
    assert audited() == set()


def test_other_times_are_compared_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the days before the clock was wrong."""
    rich_book.fill()
    old = timezone.now() - timedelta(days=30)
    payment, refund = Payment.objects.earliest("pk"), Refund.objects.earliest("pk")
    order = place_order()
    with clock_ahead(monkeypatch, AHEAD):
        place_order()
    place_order()
    Payment.objects.filter(pk=payment.pk).update(created_at=old - AHEAD)
    Order.objects.filter(pk=payment.order_id).update(placed_at=old)
    Refund.objects.filter(pk=refund.pk).update(booked_at=old - AHEAD, created_at=old)
    Order.objects.filter(pk=order.pk).update(expires_at=old - AHEAD, placed_at=old)
    problems = "\n".join(audited())
    for subject, problem in (
        (payment.payment_intent_id, "is older than order"),
        (refund.refund_id, "was booked before it was made"),
        (order.number, "expires before it was placed"),
    ):
        assert any(line.startswith(f"{subject}: ") and problem in line for line in problems.splitlines()), problems
