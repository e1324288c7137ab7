"""A stranger who orders without paying holds few goods, and not for long; customers who share an address go on."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from jumun.orders.models import Order
from jumun.outbox.worker import drain
from jumun.payments.checkout import end_unpaid_orders
from jumun.payments.checkout.open import open_checkout
from jumun.storefront.models import Origin, Product
from jumun.storefront.unpaid_order_limit import forget_old
from paywright.testing import Paywright
from tests.factories import pay
from tests.payments.paying import URLS
from tests.races import at_once
from tests.storefront.shop import buy, checkout, counts, form_token, product, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea() -> Product:
    return product(stock_quantity=99)


def attempt(client: Client, tea: Product, **values: Any) -> Any:
    put(client, tea)
    return checkout(client, **values)


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def test_a_browser_has_three_unpaid_orders(client: Client, tea: Product) -> None:
    orders = [buy(client, tea) for _ in range(3)]

    answer = attempt(client, tea, name="이하늘")

    page = answer.content.decode()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 7200
    assert "결제하지 않은 주문이 3건" in page
    assert orders[-1].get_customer_url() in page, "there is a way on"
    assert "이하늘" in page, "what was typed is kept"
    assert Order.objects.count() == 3
    assert counts(tea) == (0, 3, 96)
    assert "₩11,000" in client.get("/cart/").content.decode(), "the cart is kept too"


def test_it_is_said_in_english_too(client: Client, tea: Product) -> None:
    client.cookies["django_language"] = "en"
    for _ in range(3):
        buy(client, tea)
    page = attempt(client, tea).content.decode()
    assert "You have 3 orders that are not paid yet." in page
    assert "120 minutes" in page


def test_a_form_that_has_ordered_already_is_not_limited(client: Client, tea: Product) -> None:
    for _ in range(2):
        buy(client, tea)
    put(client, tea)
    token = form_token(client)
    assert checkout(client, form_token=token).status_code == 303
    assert checkout(client, form_token=token, name="김바다").status_code == 303
    assert Order.objects.latest("id").name == "김바다"


def test_whoever_pays_can_go_on(client: Client, tea: Product) -> None:
    for _ in range(5):
        pay(buy(client, tea))
    assert attempt(client, tea).status_code == 303


def test_orders_that_ended_unpaid_count_until_their_time_is_over(client: Client, tea: Product) -> None:
    for _ in range(3):
        buy(client, tea).cancel()
    assert attempt(client, tea).status_code == 429, "else the goods could be held anew at once, for ever"
    Order.objects.update(placed_at=timezone.now() - timedelta(hours=2))
    assert checkout(client).status_code == 303


def test_an_address_has_twenty_whatever_its_cookies(tea: Product) -> None:
    answers = [attempt(at("203.0.113.7"), tea).status_code for _ in range(22)]
    assert answers == [303] * 20 + [429] * 2
    refused = attempt(at("203.0.113.7"), tea).content.decode()
    assert "같은 네트워크" in refused
    assert attempt(at("203.0.113.8"), tea).status_code == 303


def test_all_addresses_of_one_ipv6_customer_are_one(settings: Settings, tea: Product) -> None:
    settings.JUMUN = settings.JUMUN | {"UNPAID_ORDERS_PER_ADDRESS_MAX": 1}
    assert attempt(at("2001:db8:1:2::1"), tea).status_code == 303
    assert attempt(at("2001:db8:1:2:ffff::9"), tea).status_code == 429
    assert attempt(at("2001:db8:1:3::1"), tea).status_code == 303


def test_customers_behind_one_address_do_not_suffer(tea: Product) -> None:
    """Thirty of an office buy at lunch, and pay."""
    for _ in range(30):
        colleague = at("203.0.113.7")
        assert attempt(colleague, tea).status_code == 303
        pay(Order.objects.latest("id"))


def test_customers_of_a_proxy_that_is_not_declared_are_not_taken_for_one(settings: Settings, tea: Product) -> None:
    settings.JUMUN = settings.JUMUN | {"UNPAID_ORDERS_PER_ADDRESS_MAX": 1}
    for number in range(3):
        client = Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
        assert attempt(client, tea).status_code == 303


def test_a_declared_proxy_tells_the_addresses(settings: Settings, tea: Product) -> None:
    settings.JUMUN = settings.JUMUN | {"UNPAID_ORDERS_PER_ADDRESS_MAX": 1, "TRUSTED_PROXY_COUNT": 1}

    def of(forwarded: str) -> int:
        return int(attempt(Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=forwarded), tea).status_code)

    assert [of("203.0.113.1"), of("1.2.3.4, 203.0.113.1"), of("203.0.113.2")] == [303, 429, 303]


@pytest.mark.django_db(transaction=True)
def test_orders_sent_at_once_are_counted_one_after_the_other(settings: Settings, tea: Product) -> None:
    settings.JUMUN = settings.JUMUN | {"UNPAID_ORDERS_PER_ADDRESS_MAX": 4}
    clients = [at("203.0.113.7") for _ in range(10)]
    for client in clients:
        put(client, tea)
    tokens = [form_token(client) for client in clients]
    answers = at_once(10, lambda index: checkout(clients[index], form_token=tokens[index]).status_code)
    assert sorted(answers) == [303] * 4 + [429] * 6
    assert counts(tea) == (0, 4, 95)


def test_goods_are_held_for_twenty_minutes_before_somebody_begins_to_pay(client: Client, tea: Product) -> None:
    order = buy(client, tea, 9)
    assert order.expires_at - order.placed_at == timedelta(minutes=20)
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    end_unpaid_orders.enqueue_overdue()
    drain()
    assert counts(tea) == (0, 0, 99)


def test_whoever_begins_to_pay_has_the_whole_time(client: Client, tea: Product, stripe: Paywright) -> None:
    order = buy(client, tea)
    open_checkout(order, **URLS)
    order.refresh_from_db()
    assert order.expires_at - order.placed_at == timedelta(hours=2)
    assert order.checkouts.get().expires_at == order.expires_at.replace(microsecond=0)


def test_pressing_pay_again_and_again_holds_goods_for_a_day(client: Client, tea: Product, stripe: Paywright) -> None:
    order = buy(client, tea)
    now = timezone.now()
    Order.objects.update(placed_at=now - timedelta(hours=23, minutes=50), expires_at=now)
    order.refresh_from_db()
    open_checkout(order, **URLS)
    order.refresh_from_db()
    assert order.expires_at == order.placed_at + timedelta(days=1)


def test_a_project_that_keeps_orders_for_less_holds_no_longer(client: Client, tea: Product, settings: Settings) -> None:
    settings.JUMUN = settings.JUMUN | {"ORDER_EXPIRES_S": 600}
    order = buy(client, tea)
    assert order.expires_at - order.placed_at == timedelta(minutes=10)


def test_no_address_and_no_session_is_stored_and_old_ones_are_forgotten(client: Client, tea: Product) -> None:
    attempt(at("203.0.113.7"), tea)
    stored = str(list(Origin.objects.values()))
    assert Origin.objects.count() == 2
    assert "203.0.113" not in stored
    forget_old()
    assert Origin.objects.count() == 2
    Origin.objects.update(seen_at=timezone.now() - timedelta(hours=3))
    forget_old()
    assert Origin.objects.count() == 0
    assert Order.objects.count() == 1


def nobody(request: HttpRequest) -> bool:
    return request.POST["name"] != "봇"


GUARD = f"{__name__}.nobody"


def test_a_guard_of_the_project_decides(client: Client, tea: Product, settings: Settings) -> None:
    settings.JUMUN = settings.JUMUN | {"ORDER_GUARD": GUARD}
    answer = attempt(client, tea, name="봇")
    assert answer.status_code == 403
    assert "자동 주문" in answer.content.decode()
    assert Order.objects.count() == 0
    assert checkout(client).status_code == 303


@pytest.mark.parametrize("path", ["nowhere.at.all", "jumun.conf.nothing", "jumun.conf.Paper.x", "json.__name__", "x"])
def test_a_guard_that_is_not_there_is_found_before_the_first_customer(settings: Settings, path: str) -> None:
    settings.JUMUN = settings.JUMUN | {"ORDER_GUARD": path}
    assert "jumun.E036" in [message.id for message in run_checks()]
    settings.JUMUN = settings.JUMUN | {"ORDER_GUARD": GUARD}
    assert "jumun.E036" not in [message.id for message in run_checks()]
