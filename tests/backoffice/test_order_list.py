import unicodedata

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jumun.orders.models import Order
from tests.factories import paid_order, place_order

pytestmark = pytest.mark.django_db

LIST = "/admin/jumun_orders/order/"


@pytest.fixture
def client(staff):
    return staff(is_superuser=True)


def listed(client, query: str = "") -> str:
    response = client.get(LIST + query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_row_tells_who_ordered_for_how_much_and_links_to_payment_and_invoice(client):
    order = paid_order(name="Anna Müller", email="anna@example.com", currency="USD", language="en")
    page = listed(client)
    payment = order.payments.get()
    assert order.number in page
    assert "Anna Müller" in page
    assert "anna@example.com" in page
    assert "$110.00" in page
    assert f'href="https://dashboard.stripe.com/test/payments/{payment.payment_intent_id}"' in page
    assert "Visa •••• 4242" in page
    assert f'href="/admin/jumun_invoices/invoice/{order.invoice.pk}/invoice.pdf"' in page


def test_while_the_sandbox_is_in_use_the_payment_links_to_its_own_page(client, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:4242"
    payment = paid_order().payments.get()
    assert f'href="http://127.0.0.1:4242/_paywright/payments/{payment.payment_intent_id}"' in listed(client)


def test_it_speaks_korean(staff):
    paid_order(name="김하늘")
    page = listed(staff(is_superuser=True, language="ko"))
    for word in ("김하늘", "₩11,000", "결제 완료", "이 목록을 CSV로 내보내기", "주문 번호, 이름"):
        assert word in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?state__exact=paid", 1),
        ("?state__exact=placed", 2),
        ("?placed=today", 3),
        ("?placed=last-year", 0),
        ("?country=DE", 1),
        ("?currency=KRW", 2),
        ("?state__exact=placed&country=DE", 1),
        ("?livemode__exact=1", 0),
    ],
)
def test_filters(client, query, count):
    paid_order()
    place_order()
    place_order(country="DE", currency="EUR")
    assert listed(client, query).count("field-total") == count


@pytest.mark.parametrize("find", ["number", "name", "email", "invoice", "payment"])
def test_search_finds_an_order_by_what_people_know_of_it(client, find):
    order = paid_order(name="Anna Müller", email="anna@example.com")
    place_order()
    paid_order()
    known = {
        "number": order.number,
        "name": "müller",
        "email": "anna@example.com",
        "invoice": order.invoice.number,
        "payment": order.payments.get().payment_intent_id,
    }
    page = listed(client, f"?q={known[find]}")
    assert order.number in page
    assert page.count("field-total") == 1


def test_the_number_of_queries_does_not_grow_with_the_list(client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            listed(client)
        return len(captured)

    paid_order()
    few = queries()
    for _ in range(6):
        paid_order()
    place_order()
    assert queries() == few
    assert few <= 9


def test_a_customers_name_is_text_and_never_markup(client):
    place_order(name="<script>alert(1)</script>")
    page = listed(client)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_list_links_to_the_orders_own_page(client):
    order = place_order()
    assert f'href="/admin/jumun_orders/order/{order.pk}/change/"' in listed(client)
    assert Order.objects.count() == 1


@pytest.mark.parametrize("stored", [unicodedata.normalize(form, "김하늘") for form in ("NFC", "NFD")])
@pytest.mark.parametrize("query", [unicodedata.normalize(form, "김하늘") for form in ("NFC", "NFD")])
def test_a_name_is_found_however_it_is_composed(client, stored, query):
    order = place_order(name=stored)
    place_order(name="이바다")
    page = client.get(LIST, {"q": query}).content.decode()
    assert order.number in page
    assert "이바다" not in page


def test_a_search_in_full_width_characters_finds_what_is_stored_in_either(client):
    ascii_, full = place_order(name="Kim 7"), place_order(name="Ｋｉｍ ７")
    page = client.get(LIST, {"q": "Ｋｉｍ\u3000７"}).content.decode()
    assert ascii_.number in page
    assert full.number in page


LISTS = sorted(
    f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    for model in admin.site._registry
    if model._meta.app_label.startswith("jumun_")
)


@pytest.mark.parametrize("address", LISTS)
def test_nul_in_a_search_or_filter_is_refused_and_not_an_error(client, address):
    place_order()
    names = ["q", "id", "state", "state__exact", "country", "currency", "placed", "livemode__exact", "p", "o", "a\0"]
    answers = {name: client.get(address, {name: "a\0b"}).status_code for name in names}
    assert set(answers.values()) == {400}


def test_nul_in_the_address_of_an_export_or_a_row_is_not_an_error(client):
    place_order()
    assert client.get(f"{LIST}export.csv", {"country": "a\0b"}).status_code == 400
    assert client.get(f"{LIST}a%00b/change/").status_code in {302, 404}
