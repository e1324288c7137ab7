"""Webhooks never came; what Stripe knows is brought in all the same."""

import json
import threading
from contextvars import copy_context
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from jumun.audit import findings
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.orders.signals import order_paid
from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job
from jumun.outbox.stopping import stops_at
from jumun.outbox.worker import work_once
from jumun.payments.balance_sums import sums_by_currency, transactions_of
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import (
    BalanceTransaction,
    Dispute,
    InboxEvent,
    Payout,
    QuarantinedSnapshot,
    Reconciliation,
    Refund,
)
from jumun.payments.reconcile.compare import Comparison
from jumun.payments.reconcile.internal_checks import internal_checks
from jumun.payments.reconcile.single_fetches import not_at_stripe, unfinished
from jumun.payments.reconcile.walk import EVENT_TYPES_MAX, STEPS
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import paid_order, place_order
from tests.payments.balance import payout_of
from tests.payments.disputing import DISPUTED_CARD, LOSING, answer, dispute_of
from tests.payments.paying import URLS, buy, pay_unnoticed, session_id, work
from tests.payments.reconciling import kinds, reconcile
from tests.payments.stripe_says import deliver

pytestmark = [pytest.mark.django_db, pytest.mark.long]


def test_a_lost_webhook_is_found_and_without_repair_nothing_changes(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe)
    # The reconciliation leaves the last seconds to the events that are on their way.
    stripe.advance(10)
    code, report = reconcile()
    assert (code, report["ok"]) == (1, False)
    difference, fee = report["differences"]
    assert (difference["order_number"], difference["repaired"]) == (order.number, False)
    assert (difference["kind"], fee["kind"]) == ("payment_missing", "transaction_missing")
    assert difference["problem"].startswith("not here; at Stripe: status paid, amount ₩11,000, paid ")
    assert "order state placed → paid, paid never → 20" in difference["problem"]
    assert f"invoice of {order.number} over ₩11,000" in difference["problem"]
    order.refresh_from_db()
    assert order.state == "placed"
    assert not Invoice.objects.exists()


def test_the_old_shop_on_the_same_account_is_no_difference_and_is_never_set_aside(stripe: Paywright) -> None:
    line = {"quantity": 1, "price_data": {"currency": "krw", "unit_amount": 9000, "product_data": {"name": "old"}}}
    for number in range(3):
        params = {"mode": "payment", "success_url": "http://x.example/", "line_items": [line]}
        names = {"client_reference_id": f"1002{number}", "customer_email": "old@example.com"}
        made = gateway.create_session({**params, **names}, idempotency_key=f"old {number}")
        stripe.pay(made["id"])
    for options in ((), ("--repair",)):
        code, report = reconcile(*options)
        assert (code, report["ok"], report["differences"]) == (0, True, [])
        assert not QuarantinedSnapshot.objects.exists()


def test_repair_brings_it_in_by_the_one_road_and_then_the_books_agree(stripe: Paywright) -> None:
    orders = [pay_unnoticed(stripe) for _ in range(3)]
    # Past the moment at which Stripe writes down what the charges cost.
    stripe.advance(10)
    assert reconcile("--repair")[0] == 0
    for order in orders:
        order.refresh_from_db()
        assert order.state == "paid"
    assert Invoice.objects.count() == 3
    code, report = reconcile()
    assert (code, report["ok"], report["differences"]) == (0, True, [])
    assert list(findings()) == []


def test_more_sessions_than_one_page_are_all_compared(stripe: Paywright, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "PAGE_LENGTH", 2)
    for _ in range(5):
        open_checkout(place_order(), **URLS)
    oldest = Order.objects.earliest("pk")
    stripe.pay(session_id(oldest))
    # Past the moment at which Stripe writes down what the charge costs.
    stripe.advance(10)
    differences = reconcile("--repair")[1]["differences"]
    assert {difference["order_number"] for difference in differences} == {oldest.number}


def test_what_staff_must_decide_keeps_the_books_apart_until_they_did(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe)
    Order.objects.filter(pk=order.pk).update(total_minor=order.total_minor + 1)
    assert reconcile("--repair")[0] == 1
    assert reconcile("--repair")[0] == 1
    QuarantinedSnapshot.objects.get(reason="amount").resolve(by=None)
    # Stripe may tell of the fee only now.
    assert reconcile("--repair")[0] == 0


def test_a_refund_and_a_dispute_made_elsewhere_are_told_apart(stripe: Paywright) -> None:
    refunded, disputed = buy(stripe), buy(stripe, card=DISPUTED_CARD)
    stripe.refund(refunded.payment_intent_id, amount=2_500)
    code, report = reconcile()
    assert code == 1
    assert {("refund_missing", False), ("dispute_missing", False)} <= set(kinds(report))
    code, report = reconcile("--repair")
    assert code == 0
    assert (refunded.refunds.get().amount_minor, disputed.disputes.get().status) == (2_500, "needs_response")
    [open_dispute] = report["open_disputes"]
    assert open_dispute["order_number"] == disputed.order.number
    assert report["balance"]["KRW"]["refunded_minor"] == -2_500
    assert report["balance"]["KRW"]["disputed_minor"] == -11_000
    assert list(findings()) == []


def test_fees_that_nobody_told_of_are_brought_in(stripe: Paywright) -> None:
    buy(stripe)
    stripe.advance(10)
    assert kinds(reconcile()[1]) == [("transaction_missing", False)]
    assert kinds(reconcile("--repair")[1]) == [("transaction_missing", True)]
    assert kinds(reconcile()[1]) == []


def test_a_fee_that_was_tampered_with_is_written_again(stripe: Paywright) -> None:
    payment = buy(stripe)
    stripe.advance(10)
    reconcile("--repair")
    BalanceTransaction.objects.update(amount_minor=1, net_minor=1, fee_minor=0)
    assert [row.invariant for row in findings()] == ["I5"]
    assert kinds(reconcile("--repair")[1]) == [("transaction_differs", True)]
    payment.refresh_from_db()
    assert BalanceTransaction.objects.get(source_id=payment.charge_id).amount_minor == 11_000


def test_a_payment_that_stripe_does_not_know_is_named(stripe: Paywright) -> None:
    order = paid_order()
    code, report = reconcile("--repair")
    assert (code, kinds(report)) == (1, [("payment_not_at_stripe", False)])
    assert report["differences"][0]["order_number"] == order.number


def test_payouts_are_brought_in_and_must_add_up(stripe: Paywright) -> None:
    buy(stripe)
    stripe.advance("9d")
    assert ("payout_missing", True) in kinds(reconcile("--repair")[1])
    payout = Payout.objects.get()
    assert (payout.status, payout.itemised_minor) == ("paid", payout.amount_minor)
    BalanceTransaction.objects.filter(reporting_category="charge").delete()
    assert ("I5", payout.payout_id) in {(row.invariant, row.subject) for row in findings()}
    reconcile("--repair")
    assert list(findings()) == []


def test_webhooks_switched_off_for_an_hour_end_in_the_same_books(stripe: Paywright) -> None:
    """What a shop with webhooks would know, one without them knows after a repair."""
    happened = [buy_and_more(stripe, hears=True), buy_and_more(stripe, hears=False)]
    assert ends(happened[1]) != ends(happened[0])
    assert reconcile("--repair")[0] == 0
    assert ends(happened[1]) == ends(happened[0])
    assert reconcile()[0] == 0
    assert list(findings()) == []


def buy_and_more(stripe: Paywright, *, hears: bool) -> list[Order]:
    """An hour in a shop: bought, bought and refunded, bought and disputed and lost, left lying; fees became known."""
    orders = [pay_unnoticed(stripe), pay_unnoticed(stripe), pay_unnoticed(stripe, card=DISPUTED_CARD), place_order()]
    open_checkout(orders[-1], **URLS)
    intents = [gateway.retrieve_session(session_id(order))["payment_intent"]["id"] for order in orders[:3]]
    stripe.refund(intents[1], amount=4_000)
    [dispute] = [row for page in gateway.pages("disputes", since=long_ago()) for row in page][:1]
    answer(stripe, dispute["id"], LOSING)
    gateway.expire_session(session_id(orders[-1]))
    stripe.advance("1h")
    if hears:
        for event in stripe.events():
            deliver(json.dumps(event).encode())
        work()
    return orders


def long_ago() -> datetime:
    return timezone.now() - timedelta(days=1)


def ends(orders: list[Order]) -> list[Any]:
    """What the books say of each order, without the names and numbers that no two orders share."""
    return [
        (
            Order.objects.get(pk=order.pk).state,
            *(order.checkouts.get().state, Invoice.objects.filter(order=order).count()),
            list(order.payments.values_list("status", "settles_order", "card_last4")),
            list(Refund.objects.filter(payment__order=order).values_list("status", "amount_minor")),
            list(Dispute.objects.filter(payment__order=order).values_list("status", "amount_minor")),
            list(CreditNote.objects.filter(invoice__order=order).values_list("amount_minor", flat=True)),
            sums_by_currency(transactions_of(order)),
        )
        for order in orders
    ]


def test_an_event_that_never_came_is_put_into_the_inbox(stripe: Paywright, monkeypatch: pytest.MonkeyPatch) -> None:
    pay_unnoticed(stripe)
    stripe.advance(10)
    later = timezone.now() + timedelta(minutes=10)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert ("event_missing", True) in kinds(reconcile("--repair")[1])
    assert InboxEvent.objects.filter(type="checkout.session.completed", state="ready").count() == 1
    assert kinds(reconcile()[1]) == []


def test_a_dispute_older_than_the_window_is_asked_after(stripe: Paywright) -> None:
    payment = buy(stripe, card=DISPUTED_CARD)
    reconcile("--repair")
    answer(stripe, payment.disputes.get().dispute_id, LOSING)
    Dispute.objects.update(opened_at=timezone.now() - timedelta(days=40))
    reconcile("--repair", "--since", (timezone.now() + timedelta(days=1)).isoformat())
    assert payment.disputes.get().status == "lost"


def leave_open_things() -> None:
    """A dispute and a payout that are not at their end, and that no sandbox knows."""
    apply(dispute_of(paid_order().payments.get()))
    apply(payout_of(status="in_transit", created=1_700_000_000))


def test_leftovers_of_another_sandbox_are_named_and_stop_nothing(stripe: Paywright) -> None:
    leave_open_things()
    code, report = reconcile("--repair", "--since", (timezone.now() + timedelta(days=1)).isoformat())
    assert (code, kinds(report)) == (1, [("dispute_differs", False), ("payout_differs", False)])
    assert Reconciliation.objects.get().finished_at


def test_leftovers_of_test_mode_are_no_affair_of_live_mode(stripe: Paywright, settings: Any) -> None:
    leave_open_things()
    settings.STRIPE_SECRET_KEY = "sk_live_x"
    run = Reconciliation.begin(since=timezone.now() + timedelta(days=1), repair=True)
    comparison = Comparison(repair=True)
    assert list(unfinished(run, comparison)) == []
    run.since = timezone.now() - timedelta(days=1)
    found = [*internal_checks(run, comparison), *not_at_stripe(run, comparison)]
    assert [difference.kind for difference in found] == []


def test_events_so_old_that_they_may_have_been_purged_are_not_missed(
    stripe: Paywright, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay_unnoticed(stripe)
    settings.JUMUN = {"FINISHED_WORK_KEPT_S": 300}
    later = timezone.now() + timedelta(minutes=10)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert "event_missing" not in {kind for kind, _repaired in kinds(reconcile("--repair")[1])}


def test_an_interrupted_run_goes_on_where_it_was(stripe: Paywright, settings: Any) -> None:
    orders = [pay_unnoticed(stripe), place_order()]
    open_checkout(orders[1], **URLS)
    gateway.expire_session(session_id(orders[1]))
    api_base, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="goes on from here"):
        call_command("reconcile", "--repair")
    settings.STRIPE_API_BASE = api_base
    run = Reconciliation.objects.get()
    # As if it had come as far as the newer of the two before the line broke, and had been begun after both.
    run.step = "checkout.sessions"
    run.advance(after=session_id(orders[1]), count=1)
    Reconciliation.objects.update(started_at=timezone.now() + timedelta(hours=1))
    err = StringIO()
    call_command("reconcile", "--repair", stdout=StringIO(), stderr=err)
    assert "going on with the run" in err.getvalue()
    run.refresh_from_db()
    assert run.finished_at is not None
    assert [order.checkouts.get().state for order in orders] == ["complete", "open"]
    assert reconcile("--repair")[0] == 0
    assert orders[1].checkouts.get().state == "expired"
    assert Reconciliation.objects.count() == 2


def interrupted(**values: Any) -> Reconciliation:
    run = Reconciliation.begin(since=timezone.now() - timedelta(days=1), repair=True)
    Reconciliation.objects.update(**values)
    return run


def test_an_interrupted_run_catches_up_with_what_was_made_since(stripe: Paywright) -> None:
    interrupted(step="payouts")
    order = pay_unnoticed(stripe)
    assert ("payment_missing", True) in kinds(reconcile("--repair")[1])
    order.refresh_from_db()
    assert order.state == "paid"
    assert Reconciliation.objects.count() == 1


def test_a_run_of_another_sandbox_is_begun_anew(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe)
    interrupted(step="payouts", after="po_nobodys", started_at=timezone.now() + timedelta(hours=1))
    assert ("payment_missing", True) in kinds(reconcile("--repair")[1])
    order.refresh_from_db()
    assert order.state == "paid"


def test_what_cannot_be_merged_is_named_and_the_others_are_compared(stripe: Paywright) -> None:
    orders = [pay_unnoticed(stripe) for _ in range(3)]

    def fail(order: Order, **_: Any) -> None:
        if order == orders[1]:
            raise ZeroDivisionError("a receiver of the project's")

    order_paid.connect(fail)
    try:
        code, report = reconcile("--repair")
    finally:
        order_paid.disconnect(fail)
    [row] = [row for row in report["differences"] if not row["repaired"]]
    assert (code, row["kind"], row["object_id"]) == (1, "not_merged", session_id(orders[1]))
    assert "ZeroDivisionError" in row["problem"]
    assert [Order.objects.get(pk=order.pk).state for order in orders] == ["paid", "placed", "paid"]
    assert reconcile("--repair")[0] == 0


def work_while_stopping() -> None:
    stop = threading.Event()
    stop.set()
    stops_at(stop)
    work_once(Lane.UPKEEP)


def test_a_worker_told_to_stop_lets_go_of_a_reconciliation_and_the_next_goes_on(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe)
    Job.ensure_recurring()
    Job.objects.filter(kind="payments.reconcile").update(run_at=timezone.now())
    copy_context().run(work_while_stopping)
    order.refresh_from_db()
    assert (order.state, Reconciliation.objects.get().finished_at) == ("placed", None)
    assert Job.objects.get(kind="payments.reconcile").attempts == 0
    work_once(Lane.UPKEEP)
    order.refresh_from_db()
    assert order.state == "paid"
    assert Reconciliation.objects.get().finished_at is not None


def test_when_stripe_cannot_be_asked_the_command_says_so(settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="could not be asked"):
        call_command("reconcile")


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="is not a time"):
        call_command("reconcile", "--since", "yesterday-ish")


def test_no_listing_of_events_has_more_types_than_stripe_takes() -> None:
    assert max(len(step.types) for step in STEPS) <= EVENT_TYPES_MAX
