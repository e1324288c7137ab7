"""Whatever differs between our books and Stripe's, a dry run names all that the repair then writes, and no more."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from jumun.audit import findings
from jumun.db import append_only
from jumun.invoices.models import Cancellation, CreditNote
from jumun.orders.models import Order, OrderLine, TimelineEntry
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import (
    BalanceTransaction,
    Checkout,
    Difference,
    Dispute,
    Payment,
    Payout,
    Reconciliation,
    Refund,
)
from jumun.payments.refunds.lost_dispute import credit_lost
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.disputing import DISPUTED_CARD, LOSING, answer, dispute_of
from tests.payments.paying import PENDING_REFUND_CARD, URLS, buy, pay_unnoticed, session_id
from tests.payments.reconciling import reconcile
from tests.payments.stripe_says import session_of

pytestmark = [pytest.mark.django_db, pytest.mark.long]

DECLINED_CARD = "4000000000000002"
KEPT = (Reconciliation, Difference)


@dataclass
class Shop:
    """A shop whose books agree with Stripe's, before something is planted."""

    stripe: Paywright

    def paid(self, **values: Any) -> Payment:
        payment = buy(self.stripe, **values)
        self.settle()
        return payment

    def refunded(self, **values: Any) -> Refund:
        payment = buy(self.stripe, **values)
        self.stripe.refund(payment.payment_intent_id, amount=4_000)
        self.settle()
        return payment.refunds.get()

    def lost(self) -> Dispute:
        payment = buy(self.stripe, card=DISPUTED_CARD)
        reconcile("--repair")
        answer(self.stripe, payment.disputes.get().dispute_id, LOSING)
        self.settle()
        dispute = payment.disputes.get()
        credit_lost(dispute)
        return dispute

    def paid_out(self) -> Payout:
        buy(self.stripe)
        self.stripe.advance("9d")
        self.settle()
        return Payout.objects.get()

    def settle(self) -> None:
        # Past the moment at which Stripe writes down what charges cost.
        self.stripe.advance(10)
        reconcile("--repair")


# What is changed in our database behind Jumun's back.


def total_changed(shop: Shop) -> None:
    Order.objects.filter(pk=shop.paid().order_id).update(total_minor=11_001)


def payment_amount_changed(shop: Shop) -> None:
    Payment.objects.filter(pk=shop.paid().pk).update(amount_minor=11_500)


def payment_failed(shop: Shop) -> None:
    Payment.objects.filter(pk=shop.paid().pk).update(status="failed")


def payment_settles_nothing(shop: Shop) -> None:
    Payment.objects.filter(pk=shop.paid().pk).update(settles_order=False)


def payment_deleted(shop: Shop) -> None:
    Payment.objects.filter(pk=shop.paid().pk).delete()


def refund_deleted(shop: Shop) -> None:
    Refund.objects.filter(pk=shop.refunded().pk).delete()


def refund_failed(shop: Shop) -> None:
    Refund.objects.filter(pk=shop.refunded().pk).update(status="failed")


def refund_canceled(shop: Shop) -> None:
    Refund.objects.filter(pk=shop.refunded().pk).update(status="canceled")


def refund_amount_changed(shop: Shop) -> None:
    Refund.objects.filter(pk=shop.refunded().pk).update(amount_minor=4_100)


def refund_finished_early(shop: Shop) -> None:
    Refund.objects.filter(pk=shop.refunded(card=PENDING_REFUND_CARD).pk).update(status="canceled")


def dispute_won(shop: Shop) -> None:
    Dispute.objects.filter(pk=shop.lost().pk).update(status="won")


def dispute_amount_changed(shop: Shop) -> None:
    Dispute.objects.filter(pk=shop.lost().pk).update(amount_minor=12_000)


def dispute_deleted(shop: Shop) -> None:
    Dispute.objects.filter(pk=shop.lost().pk).delete()


def fee_changed(shop: Shop) -> None:
    BalanceTransaction.objects.filter(source_id=shop.paid().charge_id).update(amount_minor=1, net_minor=1, fee_minor=0)


def fee_deleted(shop: Shop) -> None:
    BalanceTransaction.objects.filter(source_id=shop.paid().charge_id).delete()


def payout_amount_changed(shop: Shop) -> None:
    Payout.objects.filter(pk=shop.paid_out().pk).update(amount_minor=7)


def payout_failed_here(shop: Shop) -> None:
    Payout.objects.filter(pk=shop.paid_out().pk).update(status="failed")


def payout_deleted(shop: Shop) -> None:
    Payout.objects.filter(pk=shop.paid_out().pk).delete()


def fee_of_a_payout_changed(shop: Shop) -> None:
    shop.paid_out()
    BalanceTransaction.objects.filter(reporting_category="charge").update(fee_minor=0, net_minor=11_000)


def credit_note_deleted(shop: Shop) -> None:
    refund = shop.refunded()
    with append_only.lifted(connection):
        CreditNote.objects.filter(refund_id=refund.refund_id).delete()


def order_unpaid(shop: Shop) -> None:
    Order.objects.filter(pk=shop.paid().order_id).update(state="placed", paid_at=None)


def order_expired(shop: Shop) -> None:
    Order.objects.filter(pk=shop.paid().order_id).update(state="expired", paid_at=None, closed_at=timezone.now())


def tax_rate_changed(shop: Shop) -> None:
    OrderLine.objects.filter(order=shop.paid().order_id).update(tax_rate_ppm=50_000)


def payment_invented(shop: Shop) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    shop.stripe.pay(session_id(order), card=DECLINED_CARD)
    intent = gateway.retrieve_session(session_id(order))["payment_intent"]["id"]
    invented = session_of(order, id=session_id(order), payment_intent=intent)
    apply(invented)


def paid_without_payment(shop: Shop) -> None:
    Order.objects.filter(pk=place_order().pk).update(state="paid", paid_at=timezone.now())


def refund_invented(shop: Shop) -> None:
    refund = shop.refunded()
    values = {"status": "succeeded", "refund_id": "re_invented", "amount_minor": 100, "currency": "KRW"}
    refund.payment.refunds.create(**values)


def dispute_invented(shop: Shop) -> None:
    apply(dispute_of(shop.paid(), balance_transactions=[], created=int(timezone.now().timestamp())))


def another_account(shop: Shop) -> None:
    shop.paid()
    shop.stripe.reset()


def checkout_expired(shop: Shop) -> None:
    Checkout.objects.filter(order=shop.paid().order_id).update(state="expired")


# What happens at Stripe, and no webhook tells.


def paid_in_silence(shop: Shop) -> None:
    pay_unnoticed(shop.stripe)
    shop.stripe.advance(10)


def paid_and_refunded_in_silence(shop: Shop) -> None:
    order = pay_unnoticed(shop.stripe)
    shop.stripe.refund(session_id(order), amount=2_500)
    shop.stripe.refund(session_id(order), amount=2_600)
    shop.stripe.advance(10)


def paid_with_another_amount(shop: Shop) -> None:
    order = pay_unnoticed(shop.stripe)
    shop.stripe.advance(10)
    Order.objects.filter(pk=order.pk).update(total_minor=11_001)


def paid_twice(shop: Shop) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    again = gateway.create_session(order.checkouts.get().params, idempotency_key=order.number)
    shop.stripe.pay(session_id(order))
    shop.stripe.pay(again["id"])
    shop.stripe.advance(10)


def paid_after_all(shop: Shop) -> None:
    order = pay_unnoticed(shop.stripe)
    shop.stripe.advance(10)
    Order.objects.filter(pk=order.pk).update(state="cancelled", closed_at=timezone.now())


def forget(order: Order) -> None:
    """As a database does that is restored to the state before the order."""
    with append_only.lifted(connection):
        for model in (TimelineEntry, OrderLine, Checkout):
            model._default_manager.filter(order=order).delete()
        order.delete()


def database_restored(shop: Shop) -> None:
    orders = [pay_unnoticed(shop.stripe) for _ in range(4)]
    shop.stripe.advance(10)
    for order in orders[1:]:
        forget(order)
    reconcile("--repair", "--since", (timezone.now() + timedelta(days=1)).isoformat())


def refunded_in_the_dashboard(shop: Shop) -> None:
    shop.stripe.refund(shop.paid().payment_intent_id, amount=2_500)


def disputed_at_the_bank(shop: Shop) -> None:
    shop.stripe.dispute(shop.paid().payment_intent_id)


def payout_returned(shop: Shop) -> None:
    shop.stripe.trigger("payout.failed")


PLANTED: list[tuple[Callable[[Shop], None], set[str], set[str]]] = [
    # What is planted, what must be named, and of that what no repair can put right.
    (total_changed, {"amount_mismatch", "invoice_differs"}, {"amount_mismatch", "invoice_differs"}),
    (payment_amount_changed, {"payment_differs", "balance_differs"}, {"payment_differs", "balance_differs"}),
    (payment_failed, {"payment_differs"}, set()),
    (payment_settles_nothing, {"payment_differs"}, set()),
    (payment_deleted, {"transaction_missing", "payment_missing"}, set()),
    (refund_deleted, {"transaction_missing", "refund_missing"}, set()),
    (refund_failed, {"refund_differs"}, set()),
    (refund_canceled, {"refund_differs"}, set()),
    (refund_amount_changed, {"refund_differs"}, set()),
    (refund_finished_early, {"refund_differs"}, set()),
    (dispute_won, {"dispute_differs"}, set()),
    (dispute_amount_changed, {"dispute_differs"}, set()),
    (dispute_deleted, {"dispute_missing"}, set()),
    (fee_changed, {"transaction_differs"}, set()),
    (fee_deleted, {"transaction_missing"}, set()),
    (payout_amount_changed, {"payout_differs"}, set()),
    (payout_failed_here, {"payout_differs"}, set()),
    (payout_deleted, {"payout_missing"}, set()),
    (fee_of_a_payout_changed, {"transaction_differs"}, set()),
    (credit_note_deleted, {"document_missing"}, set()),
    (order_unpaid, {"order_differs"}, set()),
    (order_expired, {"order_differs"}, set()),
    (tax_rate_changed, {"invoice_differs"}, {"invoice_differs"}),
    (checkout_expired, {"checkout_differs"}, set()),
    (paid_without_payment, {"order_differs", "order_without_invoice"}, {"order_differs", "order_without_invoice"}),
    (refund_invented, {"refund_differs"}, {"refund_differs"}),
    (dispute_invented, {"dispute_differs"}, {"dispute_differs"}),
    (another_account, {"payment_not_at_stripe"}, {"payment_not_at_stripe"}),
    (payment_invented, {"payment_not_at_stripe", "checkout_differs"}, {"payment_not_at_stripe"}),
    (paid_in_silence, {"payment_missing", "transaction_missing"}, set()),
    (paid_and_refunded_in_silence, {"transaction_missing", "payment_missing", "refund_missing"}, set()),
    (paid_with_another_amount, {"transaction_missing", "amount_mismatch"}, {"amount_mismatch"}),
    (paid_twice, {"transaction_missing", "payment_missing", "payment_doubled"}, {"payment_doubled"}),
    (paid_after_all, {"transaction_missing", "payment_missing"}, set()),
    (database_restored, {"transaction_missing", "payment_missing", "paid_without_order"}, {"paid_without_order"}),
    (refunded_in_the_dashboard, {"transaction_missing", "refund_missing"}, set()),
    (disputed_at_the_bank, {"transaction_missing", "dispute_missing"}, set()),
    (payout_returned, {"payout_missing", "payout_failed", "transaction_missing"}, {"payout_failed"}),
]
# What stays of what was written behind Jumun's back: a gap of numbers, a time of closing without an entry.
TRACES = (credit_note_deleted, order_expired, paid_after_all)
NAMES = [plant.__name__ for plant, _named, _left in PLANTED]


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of the database but those of the reconciliation itself."""
    models = [model for model in apps.get_models() if model._meta.app_label.startswith("jumun") and model not in KEPT]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


def named(report: dict[str, Any]) -> set[tuple[str, ...]]:
    return {
        (row["kind"], row["object_id"], row["order_number"], row["problem"])
        for row in (*report["differences"], *report["not_ours"]["sales"])
    }


def kinds(report: dict[str, Any]) -> set[str]:
    return {row["kind"] for row in report["differences"]}


def rehearse_and_repair() -> tuple[dict[str, Any], dict[str, Any]]:
    """What a dry run reports, which changes nothing, and what the repair reports right after it."""
    before = everything()
    code, told = reconcile()
    assert everything() == before
    repaired = reconcile("--repair")[1]
    assert named(told) == named(repaired)
    if code == 0:
        assert everything() == before
    return told, repaired


@pytest.fixture
def shop(stripe: Paywright) -> Shop:
    return Shop(stripe)


@pytest.mark.parametrize(("plant", "right", "left"), PLANTED, ids=NAMES)
def test_a_dry_run_names_what_the_repair_writes(
    shop: Shop, plant: Callable[[Shop], None], right: set[str], left: set[str]
) -> None:
    plant(shop)
    told, repaired = rehearse_and_repair()
    assert kinds(told) == right
    assert {row["kind"] for row in repaired["differences"] if not row["repaired"]} == left
    code, again = reconcile()
    assert (kinds(again), code) == (left, 1 if left else 0)
    assert not Cancellation.objects.exists()
    if not left and plant not in TRACES:
        assert list(findings()) == []
