"""Killed at every commit of every path, right before it and right after it: a fresh worker and a reconciliation end in
the same books, with each effect once.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from jumun.audit import findings
from jumun.errors import OutOfStock
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.orders.signals import order_paid
from jumun.outbox.models import Job
from jumun.outbox.worker import drain
from jumun.payments.checkout import end_unpaid_orders
from jumun.payments.merge import apply
from jumun.payments.models import InboxEvent, Refund, WebhookReception
from jumun.payments.refunds import refund as refunding
from jumun.payments.stripe import gateway
from jumun.payments.webhooks.reception import reception
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.paying import buy, pay_unnoticed, session_id
from tests.payments.stripe_says import deliver, event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

WRITES = ("INSERT", "UPDATE", "DELETE")


class Killed(BaseException):
    """Whoever catches it can write nothing any more, as nobody can after kill -9."""


class Commits:
    """Counts this thread's commits, and kills at one of them: from then on every statement fails."""

    def __init__(self, kill_at: int | None = None, moment: str = "") -> None:
        self.count = 0
        self._kill_at = kill_at
        self._moment = moment
        self.is_dead = False

    def commit(self, real: Callable[[], Any]) -> Any:
        self.count += 1
        self.is_dead = self.count == self._kill_at
        if self.is_dead and self._moment == "before":
            raise Killed
        answer = real()
        if self.is_dead:
            raise Killed
        return answer


@contextmanager
def counting(commits: Commits) -> Iterator[None]:
    """Both kinds of commit: that of a transaction, and that of a statement which is one by itself."""
    database: Any = connection  # what is private there has no types
    real_commit, real_rollback = database._commit, database._rollback

    def commit() -> None:
        try:
            commits.commit(real_commit)
        except Killed:
            real_rollback()  # as the database does when its client is gone; nothing is left to undo after a commit
            raise

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if commits.is_dead:
            raise Killed
        if connection.in_atomic_block or not sql.startswith(WRITES):
            return execute(sql, params, many, context)
        return commits.commit(lambda: execute(sql, params, many, context))

    database._commit = commit
    try:
        with connection.execute_wrapper(statement):
            yield
    finally:
        database._commit = real_commit


Act = Callable[[], object]


def killed_everywhere(prepare: Callable[[], tuple[Order, Act]], afterwards: Callable[[Order], None]) -> list[Order]:
    """Do ``act`` on a new order for each commit that it has, before and after, and recover; return the orders."""
    order, act = prepare()
    reception.forget()
    whole = Commits()
    with counting(whole):
        act()
    afterwards(order)
    orders = [order]
    assert whole.count, "a path without a commit is none"
    for kill_at in range(1, whole.count + 1):
        for moment in ("before", "after"):
            order, act = prepare()
            # A new process each time: what it writes once a minute it writes now.
            reception.forget()
            with pytest.raises(Killed), counting(Commits(kill_at, moment)):
                act()
            recover()
            afterwards(order)
            orders.append(order)
    return orders


def recover() -> None:
    """Time goes by: the leases of the dead run out, and what they left is worked off by somebody else."""
    for queue in (InboxEvent, Job):
        queue.objects.filter(state="ready").update(run_at=timezone.now())
    refunding.enqueue_unanswered()
    drain()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refund whose answer was lost is looked for now, not in a minute."""
    monkeypatch.setattr(refunding, "RESUME_AFTER", timedelta(0))


def reconcile() -> None:
    call_command("reconcile", "--repair", stdout=StringIO(), stderr=StringIO())
    drain()


def assert_all_is_well(orders: list[Order], *, states: set[str], mails_again: int = 0) -> None:
    """Clean books, each effect once, one mail a cause, and so many again: by who was killed after the mail server had
    taken it and before that was written down.
    """
    assert list(findings()) == []
    for order in orders:
        order.refresh_from_db()
        is_paid = order.state == "paid"
        assert order.state in states
        assert Invoice.objects.filter(order=order).count() == order.payments.count() == is_paid
    told = Counter(str(message.extra_headers["Message-ID"]) for message in mail.outbox)
    assert len(told) == Invoice.objects.count() + CreditNote.objects.count()
    assert sum(told.values()) == len(told) + mails_again


def unpaid(orders: list[Order]) -> int:
    return Order.objects.filter(pk__in=[order.pk for order in orders], state="placed").count()


def test_the_checkout(stripe: Paywright, client: Client) -> None:
    def press(order: Order) -> str:
        return str(client.post("/payment/process/", {"order": order.reference})["Location"])

    def prepare() -> tuple[Order, Act]:
        order = place_order()
        return order, lambda: press(order)

    def the_customer_goes_on(order: Order) -> None:
        address = press(order)
        assert order.checkouts.count() == 1
        assert address == order.checkouts.get().url
        stripe.pay(session_id(order))

    orders = killed_everywhere(prepare, the_customer_goes_on)
    reconcile()
    assert_all_is_well(orders, states={"paid"})


def test_the_webhook_and_all_that_the_worker_does(stripe: Paywright) -> None:
    # The row is made by the first event of all, and changed by those that follow.
    WebhookReception.accept(timezone.now())

    def prepare() -> tuple[Order, Act]:
        order = pay_unnoticed(stripe)
        [paid] = [e for e in stripe.events("checkout.session.completed") if order.reference in str(e)]

        def hear_and_work() -> None:
            deliver(event(paid["data"]["object"]))
            drain()

        return order, hear_and_work

    orders = killed_everywhere(prepare, lambda _order: None)
    assert unpaid(orders) == 1, "only the event that was killed before it was stored waits for the reconciliation"
    reconcile()
    assert_all_is_well(orders, states={"paid"}, mails_again=1)


def test_the_customers_return(stripe: Paywright, client: Client) -> None:
    def prepare() -> tuple[Order, Act]:
        order = pay_unnoticed(stripe)
        return order, lambda: client.get("/payment/completed/", {"session_id": session_id(order)})

    orders = killed_everywhere(prepare, lambda _order: None)
    assert unpaid(orders) == 1
    reconcile()
    assert_all_is_well(orders, states={"paid"})


def test_a_refund_and_what_follows_it(stripe: Paywright) -> None:
    def prepare() -> tuple[Order, Act]:
        payment = buy(stripe)
        drain()
        key = str(uuid4())

        def refund() -> None:
            refunding.refund(payment, amount_minor=3000, reason="", by=None, key=key)
            drain()

        return payment.order, refund

    orders = killed_everywhere(prepare, lambda _order: None)
    reconcile()
    assert_all_is_well(orders, states={"paid"}, mails_again=1)
    for order in orders:
        ours = Refund.objects.filter(payment__order=order)
        assert set(ours.values_list("status", flat=True)) <= {"succeeded"}
        assert CreditNote.objects.filter(invoice__order=order).count() == ours.count() <= 1
    assert len(orders) - Refund.objects.count() == 1, "only the one killed before it was written down is none"


def test_an_expiry(stripe: Paywright, client: Client) -> None:
    def prepare() -> tuple[Order, Act]:
        order = place_order()
        client.post("/payment/process/", {"order": order.reference})
        Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

        def expire_it() -> None:
            end_unpaid_orders.enqueue_overdue()
            drain()

        return order, expire_it

    def time_goes_on(order: Order) -> None:
        end_unpaid_orders.enqueue_overdue()
        drain()

    orders = killed_everywhere(prepare, time_goes_on)
    reconcile()
    assert_all_is_well(orders, states={"expired"})
    assert {state for order in orders for state in order.checkouts.values_list("state", flat=True)} == {"expired"}


def sold_out(**_: Any) -> None:
    raise OutOfStock("CUP-1", 0)


def test_a_late_payment_that_goes_back(stripe: Paywright) -> None:
    def prepare() -> tuple[Order, Act]:
        order = pay_unnoticed(stripe)
        order.expire()
        order_paid.connect(sold_out)
        apply(gateway.retrieve_session(session_id(order)))
        order_paid.disconnect(sold_out)
        assert order.payments.get().rejection_reason == "paid_after_close"
        return order, drain

    orders = killed_everywhere(prepare, lambda _order: None)
    for order in orders:
        payment = order.payments.get()
        at_stripe = list(gateway.refunds_of(payment.payment_intent_id))
        assert [refund["amount"] for refund in at_stripe] == [payment.amount_minor]
        assert payment.refunds.get().status == "succeeded"
    assert list(findings()) == []
    told = Counter(str(message.extra_headers["Message-ID"]) for message in mail.outbox)
    assert len(told) == 2 * len(orders), "the customer and the shop"
    assert sum(told.values()) == len(told) + 2, "who was killed after the mail server had taken it"
