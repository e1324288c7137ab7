"""Who sees what: a visitor nothing, staff only what they were given the permission for."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.models import Checkout, InboxEvent, QuarantinedSnapshot
from tests.factories import paid_order, pay
from tests.invoices.crediting import credit

pytestmark = pytest.mark.django_db

MODELS = [
    ("jumun_orders", "order"),
    ("jumun_payments", "payment"),
    ("jumun_payments", "refund"),
    ("jumun_payments", "dispute"),
    ("jumun_payments", "balancetransaction"),
    ("jumun_payments", "payout"),
    ("jumun_payments", "reconciliation"),
    ("jumun_payments", "checkout"),
    ("jumun_payments", "inboxevent"),
    ("jumun_payments", "quarantinedsnapshot"),
    ("jumun_invoices", "invoice"),
    ("jumun_invoices", "creditnote"),
    ("jumun_invoices", "cancellation"),
    ("jumun_invoices", "series"),
    ("jumun_outbox", "job"),
]


@pytest.fixture
def order() -> Order:
    """A paid order with one row of everything around it."""
    order = paid_order()
    pay(order)  # a second payment, which is set aside
    credit(order.invoice, 1).cancel()
    Checkout.objects.create(order=order, session_id="cs_test_1", state="complete", expires_at=timezone.now())
    InboxEvent.objects.create(
        event_id="evt_1", type="charge.updated", livemode=False, payload="{}", order=order, created_at=timezone.now()
    )
    return order


def addresses(order: Order) -> list[tuple[str, str]]:
    """Every page of the backoffice with the permission that opens it."""
    found = []
    rows: dict[str, Any] = {
        "order": order,
        "payment": order.payments.first(),
        "checkout": order.checkouts.get(),
        "inboxevent": order.events.get(),
        "quarantinedsnapshot": QuarantinedSnapshot.objects.get(),
        "invoice": order.invoice,
        "creditnote": order.invoice.credit_notes.get(),
        "cancellation": order.invoice.credit_notes.get().cancellation,
        "job": Job.objects.first(),
    }
    for app, model in MODELS:
        permission = f"{app}.view_{model}"
        found.append((f"/admin/{app}/{model}/", permission))
        if model in rows:
            found.append((f"/admin/{app}/{model}/{rows[model].pk}/change/", permission))
    for model, stem in (("invoice", "invoice"), ("creditnote", "credit-note"), ("cancellation", "cancellation")):
        address = f"/admin/jumun_invoices/{model}/{rows[model].pk}/{stem}"
        found += [(f"{address}.{kind}", f"jumun_invoices.view_{model}") for kind in ("pdf", "xml")]
    return found


def test_a_visitor_is_sent_to_the_login(order):
    for address in [address for address, _ in addresses(order)] + ["/admin/jumun_orders/order/export.csv"]:
        response = Client().get(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith("/admin/login/?next="), address


def test_a_customer_with_an_account_is_sent_to_the_login(order):
    client = Client()
    client.force_login(User.objects.create_user("customer"))
    for address, _ in addresses(order):
        assert client.get(address).status_code == 302, address


def test_staff_without_the_permission_are_refused(order, staff):
    client = staff()
    for address, _ in addresses(order):
        assert client.get(address).status_code == 403, address


def test_staff_with_the_permission_are_let_in(order, staff):
    for address, permission in addresses(order):
        assert staff(permission).get(address).status_code == 200, address


def test_nobody_adds_changes_or_deletes_what_stripe_and_customers_made(order, staff):
    client = staff(is_superuser=True)
    for app, model in MODELS:
        assert client.get(f"/admin/{app}/{model}/add/").status_code == 403, model
    for address, _ in addresses(order):
        if address.endswith("/change/"):
            assert client.get(address.replace("/change/", "/delete/")).status_code == 403, address
            assert client.post(address, {"state": "paid"}).status_code in {403, 405}, address


def test_the_overview_shows_staff_without_permissions_no_figure(order, staff):
    page = staff().get("/admin/").content.decode()
    assert "Orders today" not in page
    assert "Needs attention" not in page


def test_an_orders_page_shows_only_what_its_reader_may_see(order, staff):
    alone = staff("jumun_orders.view_order").get(f"/admin/jumun_orders/order/{order.pk}/change/").content.decode()
    payment = order.payments.first()
    for hidden in (payment.payment_intent_id, "cs_test_1", "evt_1", order.invoice.number):
        assert hidden not in alone
    everything = staff(is_superuser=True).get(f"/admin/jumun_orders/order/{order.pk}/change/").content.decode()
    for shown in (payment.payment_intent_id, "cs_test_1", "evt_1", order.invoice.number):
        assert shown in everything


def test_who_may_see_what_stripe_was_told_does_not_learn_the_customers_own_address(order, staff):
    """By the reference anybody sees the order and its invoice."""
    told = f'{{"client_reference_id": "{order.reference}"}}'
    Checkout.objects.update(params={"cancel_url": f"/payment/canceled/?order={order.reference}"})
    InboxEvent.objects.update(payload=told)
    QuarantinedSnapshot.objects.update(snapshot=told)
    for address, permission in addresses(order):
        if address.endswith("/change/") and permission != "jumun_orders.view_order":
            page = staff(permission).get(address).content.decode()
            assert order.reference not in page, address


def test_the_list_shows_payment_and_invoice_only_to_those_who_may_see_them(order, staff):
    alone = staff("jumun_orders.view_order").get("/admin/jumun_orders/order/").content.decode()
    assert order.number in alone
    assert order.invoice.number not in alone
    assert "dashboard.stripe.com" not in alone
