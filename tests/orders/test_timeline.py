"""What happened to an order, who did it and on what occasion, for good."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from jumun.orders.models import Order, TimelineEntry
from jumun.orders.timeline import Kind
from jumun.outbox.worker import drain
from jumun.payments.models import InboxEvent, QuarantinedSnapshot
from jumun.payments.refunds.refund import refund
from paywright.testing import Paywright
from tests.factories import paid_order, pay, place_order
from tests.payments.paying import buy
from tests.payments.stripe_says import deliver, event, session_of

pytestmark = pytest.mark.django_db


def told(order: Order) -> list[tuple[str, str]]:
    return list(order.timeline.order_by("pk").values_list("kind", "actor"))


def last(order: Order, kind: Kind) -> TimelineEntry:
    return order.timeline.filter(kind=kind).latest("pk")


def test_from_the_order_to_the_mail() -> None:
    order = place_order()
    deliver(event(session_of(order)))
    drain()
    assert told(order) == [
        ("placed", "program"),
        ("paid", "stripe"),
        ("invoice_issued", "stripe"),
        ("invoice_sent", "worker"),
    ]
    assert last(order, Kind.PAID).source == InboxEvent.objects.get().event_id
    assert last(order, Kind.INVOICE_SENT).source == f"invoices.mail:{order.invoice.number}"


def test_what_happens_once_is_told_once() -> None:
    order = place_order()
    session = session_of(order)
    for _ in range(3):
        deliver(event(session))
        drain()
    assert [kind for kind, _actor in told(order)].count("paid") == 1


def test_what_was_rolled_back_was_not_told() -> None:
    order = place_order()
    with transaction.atomic():
        order.expire()
        transaction.set_rollback(True)
    assert told(order) == [("placed", "program")]
    assert order.expire()
    assert not order.cancel()
    assert told(order) == [("placed", "program"), ("expired", "program")]


def test_the_customer_who_pays_and_comes_back(client: Client, stripe: Paywright) -> None:
    order = place_order()
    client.post("/payment/process/", {"order": order.reference})
    session_id = str(order.checkouts.get().session_id)
    stripe.pay(session_id)
    client.get("/payment/completed/", {"session_id": session_id})
    opened, paid = last(order, Kind.CHECKOUT_OPENED), last(order, Kind.PAID)
    assert (opened.actor, opened.source, opened.details) == (
        "customer",
        "POST /payment/process/",
        {"checkout": session_id},
    )
    assert (paid.actor, paid.source) == ("customer", "GET /payment/completed/")


def test_staff_are_named(admin_client: Client) -> None:
    order = pay(place_order(), amount_total=1)
    row = QuarantinedSnapshot.objects.get()
    values = {"action": "resolve", "_selected_action": row.pk, "index": 0}
    admin_client.post("/admin/jumun_payments/quarantinedsnapshot/", values)
    resolved = last(order, Kind.QUARANTINE_RESOLVED)
    assert (resolved.actor, resolved.actor_name) == ("staff", "admin")
    assert resolved.source == "POST /admin/jumun_payments/quarantinedsnapshot/"
    assert last(order, Kind.QUARANTINED).details == {"reason": "amount", "object": row.object_id}


def test_a_refund_from_the_button_to_the_credit_note(stripe: Paywright) -> None:
    payment = buy(stripe)
    refund(payment, amount_minor=3000, reason="", by=None)
    drain()
    kinds = [kind for kind, _actor in told(payment.order) if kind.startswith(("refund", "credit"))]
    assert kinds == ["refund_requested", "refund_succeeded", "credit_note_issued", "credit_note_sent"]
    assert last(payment.order, Kind.REFUND_SUCCEEDED).details == {"amount_minor": 3000}


def test_a_command_is_named(stripe: Paywright) -> None:
    order = place_order()
    Client().post("/payment/process/", {"order": order.reference})
    stripe.pay(str(order.checkouts.get().session_id))
    call_command("reconcile", "--repair", verbosity=0)
    assert (last(order, Kind.PAID).actor, last(order, Kind.PAID).source) == ("command", "manage.py reconcile")


@pytest.mark.parametrize(
    "change", ["UPDATE {} SET kind = 'expired'", "UPDATE {} SET actor_name = ''", "DELETE FROM {}"]
)
def test_the_database_refuses_to_change_it(change: str) -> None:
    order = paid_order()
    before = told(order)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        cursor.execute(change.format(TimelineEntry._meta.db_table))
    assert told(order) == before


def test_an_order_page_needs_no_search_through_all_timelines() -> None:
    order = place_order()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan: Any = order.timeline.order_by("id").explain()
    assert "jumun_timeline_of_order" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
