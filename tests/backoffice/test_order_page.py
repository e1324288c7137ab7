import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jumun.orders.models import Order
from jumun.payments.models import Checkout, InboxEvent
from tests.factories import item, paid_order, pay, place_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(staff):
    return staff(is_superuser=True)


def page_of(client, order: Order) -> str:
    response = client.get(f"/admin/jumun_orders/order/{order.pk}/change/")
    assert response.status_code == 200
    return response.content.decode()


def receive(order: Order, event_id: str, **values) -> None:
    defaults = {"type": "charge.updated", "livemode": False, "payload": "{}", "created_at": timezone.now()}
    InboxEvent.objects.create(event_id=event_id, order=order, **defaults | values)


def test_it_tells_who_ordered_what_and_how_it_was_paid(client):
    order = paid_order(
        name="김하늘",
        language="en",
        lines=[item(name="백자 머그컵", unit_price_minor=5500, quantity=2, tax_rate_ppm=75_000)],
    )
    page = page_of(client, order)
    for text in (
        "김하늘",
        "haneul@example.com",
        "세종대로 110",
        "백자 머그컵",
        "₩5,500",
        "7.5%",
        "₩11,000",
        "Visa •••• 4242",
    ):
        assert text in page
    assert order.payments.get().stripe_url in page
    assert f"/admin/jumun_invoices/invoice/{order.invoice.pk}/invoice.pdf" in page


def test_net_and_tax_are_shown_beside_the_total(client):
    page = page_of(client, place_order(lines=[item(unit_price_minor=5500, quantity=2, tax_rate_ppm=100_000)]))
    assert "₩10,000" in page
    assert "₩1,000" in page


def test_events_show_their_tries_and_what_went_wrong(client):
    order = place_order()
    receive(order, "evt_1", state="parked", attempts=15, last_error="MalformedSnapshot: no amount")
    page = page_of(client, order)
    assert "evt_1" in page
    assert "MalformedSnapshot: no amount" in page
    assert "parked" in page


def test_a_payment_that_does_not_match_stands_out(client):
    order = place_order()
    pay(order, amount_total=1)
    page = page_of(client, order)
    assert "Set aside: does not match this order" in page
    assert "another amount" in page


def test_a_checkout_shows_its_state_but_not_the_address_where_it_can_be_paid(client):
    order = place_order()
    Checkout.objects.create(
        order=order, session_id="cs_test_9", url="https://checkout.stripe.com/c/pay/cs_9", expires_at=timezone.now()
    )
    page = page_of(client, order)
    assert "cs_test_9" in page
    assert "https://checkout.stripe.com" not in page


def test_the_number_of_queries_does_not_depend_on_what_is_there(client):
    def queries(order: Order) -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(client, order)
        return len(captured)

    simple = queries(paid_order())
    busy = paid_order(lines=[item(sku=f"S{number}") for number in range(20)])
    for number in range(10):
        pay(busy)
        receive(busy, f"evt_{number}")
    assert queries(busy) == simple
    assert simple <= 15


def test_an_order_that_does_not_exist_is_not_found(client):
    assert client.get("/admin/jumun_orders/order/999999/change/").status_code == 404
    assert client.get("/admin/jumun_orders/order/abc/change/").status_code == 404


def test_the_invoice_is_there_for_staff_as_pdf(client):
    order = paid_order()
    response = client.get(f"/admin/jumun_invoices/invoice/{order.invoice.pk}/invoice.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    assert response.content == order.invoice.pdf()
