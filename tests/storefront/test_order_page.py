import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from jumun.orders.models import Order
from jumun.payments.models import Payment
from tests.factories import pay, place_order

pytestmark = pytest.mark.django_db


def shown(client: Client, order: Order, query: str = "") -> str:
    answer = client.get(order.get_customer_url() + query)
    assert answer.status_code == 200
    page: str = answer.content.decode()
    assert f'data-order-state="{order.state}"' in page
    return page


def pay_button(page: str) -> bool:
    return 'action="/payment/process/"' in page


def next_look(answer: HttpResponse) -> list[Any]:
    return re.findall(r"^\d+; url=(.+)$", answer.headers.get("Refresh", ""))


def test_an_unpaid_order_shows_what_was_ordered_and_how_to_pay(client: Client) -> None:
    order = place_order()
    page = shown(client, order)
    assert all(word in page for word in (order.number, "백자 머그컵", "₩11,000", "₩1,000", "세종대로 110", "대한민국"))
    assert "+82 10-1234-5678" in page
    assert pay_button(page)
    assert "invoice.pdf" not in page


def test_a_paid_order_shows_the_card_and_the_invoice(client: Client) -> None:
    page = shown(client, pay(place_order()))
    assert "결제 완료" in page
    assert "Visa •••• 4242" in page
    assert "/invoice.pdf" in page
    assert not pay_button(page)


@pytest.mark.parametrize(("end", "words"), [(Order.expire, "결제 기한이 지난"), (Order.cancel, "취소된 주문")])
def test_an_order_that_ended_unpaid_says_that_nothing_was_charged(client: Client, end: Any, words: str) -> None:
    order = place_order()
    end(order)
    page = shown(client, order)
    assert words in page
    assert "청구된 금액은 없으며" in page
    assert not pay_button(page)


def test_back_from_stripe_the_page_looks_again_by_itself_but_not_for_ever(client: Client) -> None:
    order = place_order()
    page = shown(client, order, "?returned=1")
    assert "결제 결과를 확인하고" in page
    looks = 0
    answer = client.get(order.get_customer_url() + "?returned=1")
    while target := next_look(answer):
        looks += 1
        answer = client.get(target[0])
    page = answer.content.decode()
    assert looks == 9
    assert "평소보다 오래" in page


@pytest.mark.parametrize("query", ["?returned=", "?returned=x", "?returned=-1", "?returned=" + "9" * 5000])
def test_nonsense_in_the_address_shows_the_order(client: Client, query: str) -> None:
    assert pay_button(shown(client, place_order(), query))


def test_a_paid_order_does_not_look_again(client: Client) -> None:
    order = pay(place_order())
    assert not next_look(client.get(order.get_customer_url() + "?returned=1"))


def test_a_bank_that_takes_days_is_not_asked_to_pay_twice(client: Client) -> None:
    order = place_order()
    Payment.objects.create(
        order=order, payment_intent_id="pi_1", status="processing", livemode=False, amount_minor=11_000, currency="KRW"
    )
    page = shown(client, order)
    assert "은행에서 결제를 처리" in page
    assert not pay_button(page)


OWN_BASE = {
    "jumun/base.html": "<html><title>{% block title %}{% endblock %}</title>{% block main %}{% endblock %}</html>"
}


@pytest.mark.parametrize("has_own_base", [False, True])
def test_whatever_the_template_an_address_that_opens_an_order_goes_nowhere(
    client: Client, settings: Settings, has_own_base: bool
) -> None:
    """No search engine, no cache and no other site's log learns it."""
    if has_own_base:
        [engine] = settings.TEMPLATES
        app_loaders = ["django.template.loaders.app_directories.Loader"]
        loaders = [("django.template.loaders.locmem.Loader", OWN_BASE), *app_loaders]
        settings.TEMPLATES = [engine | {"APP_DIRS": False, "OPTIONS": engine["OPTIONS"] | {"loaders": loaders}}]
    order = place_order()
    pages = [order.get_customer_url(), f"/payment/process/?order={order.reference}"]
    pages.append(f"/payment/canceled/?order={order.reference}")
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200
        assert ("<meta" in answer.content.decode()) is not has_own_base
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer.headers["Cache-Control"]
    assert next_look(client.get(order.get_customer_url() + "?returned=1"))


@pytest.mark.parametrize("included", [True, False])
def test_what_the_foot_of_the_page_says_of_tax_holds_for_the_order(client: Client, included: bool) -> None:
    order = place_order(prices_include_tax=included)
    assert ("가격에는 세금이 포함되어 있습니다." in shown(client, order)) is included
    assert "가격에는 세금이 포함되어 있습니다." in client.get("/").content.decode()


def test_an_order_without_an_address_shows_none(client: Client) -> None:
    assert "배송지" in shown(client, place_order())
    ticket = place_order(address="", postal_code="", city="")
    assert "배송지" not in shown(client, ticket)


def test_coming_back_unpaid_offers_another_try(client: Client) -> None:
    order = place_order()
    page = client.get(f"/payment/canceled/?order={order.reference}").content.decode()
    assert "청구된 금액은 없습니다" in page
    assert pay_button(page)


@pytest.mark.parametrize("path", ["/payment/canceled/", "/payment/process/"])
def test_a_paid_order_is_not_offered_for_payment_again(client: Client, path: str) -> None:
    order = pay(place_order())
    assert client.get(f"{path}?order={order.reference}").headers["Location"] == order.get_customer_url()


def test_a_payment_service_that_does_not_answer_costs_nothing(client: Client, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    settings.JUMUN = {"STRIPE_TIMEOUT_S": 0.2}
    order = place_order()
    answer = client.post("/payment/process/", {"order": order.reference})
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "결제 서비스가 응답하지 않습니다" in page
    assert pay_button(page)


@pytest.mark.parametrize(
    "path",
    [
        "/orders/1/",
        "/orders/a%00b/",
        "/orders/a%00b/invoice.pdf",
        "/payment/process/",
        "/payment/process/?order=a%00b",
        "/payment/canceled/?order=1",
        "/payment/completed/",
        "/payment/completed/?session_id=a%00b",
    ],
)
def test_a_guessed_address_shows_nothing(client: Client, settings: Settings, path: str) -> None:
    # A project may do without it.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith("query_middleware")]
    place_order()
    assert client.get(path).status_code == 404


def test_an_address_is_written_as_its_country_does(client: Client) -> None:
    order = place_order(name="Ada", address="12 St James's Square", city="London", postal_code="SW1Y 4LE", country="GB")
    page = re.sub(r"\s+", " ", client.get(order.get_customer_url(), headers={"Accept-Language": "en"}).content.decode())
    assert "Ada<br>12 St James&#x27;s Square<br>London SW1Y 4LE<br>United Kingdom<br>" in page
