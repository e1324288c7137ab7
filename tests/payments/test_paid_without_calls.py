"""An order is paid by what the event holds. What the event leaves out is fetched later, and nobody waits for it."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from jumun.audit import findings
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.outbox import queues
from jumun.outbox.models import Job
from jumun.outbox.process import process
from jumun.payments.models import BalanceTransaction, Dispute, InboxEvent, Payment, Payout, Refund
from jumun.payments.stripe import gateway
from jumun.payments.stripe.circuit_breaker import FAILURES_MAX
from jumun.payments.webhooks.process import process as process_event
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.disputing import DISPUTED_CARD, LOSING, answer
from tests.payments.paying import pay_unnoticed, work
from tests.payments.stripe_says import deliver, event, session_of
from tests.payments.test_worker_killed import until
from tests.processes import worker

ORDERS = 40


class Called(BaseException):
    """Not to be caught by anything that is tested."""


@pytest.fixture
def uncallable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever calls Stripe while an event is processed fails the test."""
    process, call = process_event, gateway._call
    within: list[InboxEvent] = []

    def guarded_process(row: InboxEvent) -> None:
        within.append(row)
        try:
            process(row)
        finally:
            within.pop()

    def guarded_call(*args: Any) -> Any:
        if within:
            raise Called(f"{within[-1]} called Stripe")
        return call(*args)

    monkeypatch.setattr(queues, "_queues", queues._queues | {InboxEvent: guarded_process})
    monkeypatch.setattr(gateway, "_call", guarded_call)


def events_of(stripe: Paywright, *kinds: str) -> list[bytes]:
    """Those events, oldest first; all where no kinds are named."""
    return [json.dumps(one).encode() for one in stripe.events() if not kinds or one["type"] in kinds]


def completions() -> QuerySet[Job]:
    return Job.objects.filter(kind="payments.complete")


def hear_all(stripe: Paywright, *, backwards: bool) -> None:
    told = events_of(stripe)
    for payload in reversed(told) if backwards else told:
        assert deliver(payload).status_code == 200
    work()
    assert {row.state for row in InboxEvent.objects.all()} <= {"done", "ignored"}


@pytest.mark.django_db
@pytest.mark.parametrize("backwards", [False, True])
def test_no_event_calls_stripe_and_the_books_are_complete_in_the_end(
    stripe: Paywright, uncallable: None, backwards: bool
) -> None:
    paid, disputed = pay_unnoticed(stripe), pay_unnoticed(stripe, card=DISPUTED_CARD)
    intent_id = gateway.retrieve_session(str(paid.checkouts.get().session_id))["payment_intent"]["id"]
    stripe.refund(intent_id, amount=2_500)
    [dispute] = [row for page in gateway.pages("disputes", since=timezone.now() - timedelta(days=1)) for row in page]
    answer(stripe, dispute["id"], LOSING)
    stripe.advance("9d")
    hear_all(stripe, backwards=backwards)
    assert {order.state for order in (Order.objects.get(pk=row.pk) for row in (paid, disputed))} == {"paid"}
    for payment in Payment.objects.all():
        assert (payment.method, payment.card_last4) in {("card", "4242"), ("card", "0259")}
        assert BalanceTransaction.objects.get(source_id=payment.charge_id).fee_minor
    assert Refund.objects.get().status == "succeeded"
    assert CreditNote.objects.get().amount_minor == 2_500
    assert Dispute.objects.get().status == "lost"
    assert all(payout.adds_up for payout in Payout.objects.filter(status="paid"))
    assert not completions().exclude(state="done").exists()
    assert list(findings()) == []


@pytest.mark.django_db
def test_the_charges_event_comes_first_and_names_the_card_on_the_invoice(stripe: Paywright, uncallable: None) -> None:
    pay_unnoticed(stripe)
    hear_all(stripe, backwards=False)
    paid = Invoice.objects.get().document.paid
    assert paid is not None
    assert (paid.method, paid.card_brand, paid.card_last4) == ("card", "visa", "4242")


@pytest.mark.django_db
def test_what_is_lacking_is_fetched_once_however_often_it_is_missed(stripe: Paywright, monkeypatch: Any) -> None:
    order = pay_unnoticed(stripe)
    [completed] = events_of(stripe, "checkout.session.completed")
    for number in range(3):
        assert deliver(completed.replace(b'"evt_', b'"evt_again%d' % number)).status_code == 200
    fetched: list[str] = []
    call = gateway._call

    def counted(what: Any, kind: str, object_id: str = "") -> Any:
        fetched.append(object_id)
        return call(what, kind, object_id)

    monkeypatch.setattr(gateway, "_call", counted)
    work()
    assert fetched == [order.checkouts.get().session_id]
    assert order.payments.get().card_last4 == "4242"


@pytest.mark.django_db
def test_a_refund_of_an_unknown_payment_waits_for_stripe_and_not_the_others_for_it(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe)
    intent_id = gateway.retrieve_session(str(order.checkouts.get().session_id))["payment_intent"]["id"]
    stripe.refund(intent_id, amount=2_500)
    [created] = events_of(stripe, "refund.created")
    deliver(created)
    [row] = InboxEvent.claim(1)
    process(row)
    assert (row.state, Refund.objects.count(), completions().count()) == ("done", 0, 1)
    stripe.faults({"kind": "error_before", "match": "GET *"})
    work()
    assert completions().get().state == "ready"
    stripe.faults()
    completions().update(run_at=timezone.now())
    work()
    assert Refund.objects.get().payment.payment_intent_id == intent_id


@pytest.fixture
def silence() -> Iterator[socket.socket]:
    """A Stripe that takes every call and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        listener.setblocking(False)
        yield listener


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.django_db(transaction=True)
def test_forty_orders_are_paid_within_seconds_while_stripe_hangs(silence: socket.socket, tmp_path: Path) -> None:
    orders = [place_order() for _ in range(ORDERS)]
    for order in orders:
        assert deliver(event(session_of(order, payment_intent=f"pi_{order.number}"))).status_code == 200
    with worker(tmp_path, STRIPE_API_BASE=address(silence)):
        until(lambda: InboxEvent.objects.filter(state="done").exists())
        begun_s = time.monotonic()
        until(lambda: Order.objects.filter(state="paid").count() == ORDERS)
        took_s = time.monotonic() - begun_s
    # Each call would have kept the next event waiting for `STRIPE_TIMEOUT_S`, which is 20 seconds.
    assert took_s < 20
    assert Invoice.objects.count() == ORDERS
    assert not InboxEvent.objects.exclude(state="done").exists()


@pytest.mark.django_db
def test_after_a_few_calls_in_vain_customers_are_told_without_a_call(silence: socket.socket, settings: Any) -> None:
    settings.STRIPE_API_BASE, settings.JUMUN = address(silence), {"STRIPE_TIMEOUT_S": 0.2}

    def press() -> int:
        return Client().post("/payment/process/", {"order": place_order().reference}).status_code

    assert [press() for _ in range(FAILURES_MAX)] == [503] * FAILURES_MAX
    callers = 0
    with suppress(BlockingIOError):
        while True:
            silence.accept()[0].close()
            callers += 1
    assert callers >= FAILURES_MAX
    assert press() == 503
    with pytest.raises(BlockingIOError):
        silence.accept()


@pytest.mark.django_db
def test_a_stripe_that_is_back_completes_what_was_lacking(
    stripe: Paywright, settings: Any, silence: socket.socket
) -> None:
    order = pay_unnoticed(stripe)
    [completed] = events_of(stripe, "checkout.session.completed")
    sandbox = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE, settings.JUMUN = address(silence), {"STRIPE_TIMEOUT_S": 0.1}
    deliver(completed)
    work()
    order.refresh_from_db()
    assert (order.state, order.payments.get().card_last4) == ("paid", "")
    settings.STRIPE_API_BASE = sandbox
    completions().update(run_at=timezone.now())
    work()
    assert order.payments.get().card_last4 == "4242"
