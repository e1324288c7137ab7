"""What a checkout asks of Stripe, written down before Stripe is asked: here Stripe never answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.errors import OrderNotPayable, StripeUnavailable
from jumun.orders.models import Order
from jumun.payments.checkout import open as checkouts
from jumun.payments.checkout.open import close_unusable, open_checkout
from jumun.payments.models import Checkout, Payment
from jumun.payments.stripe import gateway
from tests.factories import item, place_order
from tests.payments.paying import URLS

pytestmark = pytest.mark.django_db

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def stripe_is_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(*_: Any, **__: Any) -> None:
        raise StripeUnavailable("no answer")

    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    monkeypatch.setattr(gateway, "create_session", no_answer)


def intended(**values: Any) -> Checkout:
    order = place_order(**values)
    with pytest.raises(StripeUnavailable):
        open_checkout(order, **URLS)
    return order.checkouts.get()


def items(checkout: Checkout) -> list[tuple[int, int, str]]:
    return [
        (row["quantity"], row["price_data"]["unit_amount"], row["price_data"]["product_data"]["name"])
        for row in checkout.params["line_items"]
    ]


def test_it_names_the_order_wherever_stripe_shows_it() -> None:
    checkout = intended(email="haneul@예시.kr", language="ko")
    order, params = checkout.order, checkout.params
    names = {
        "order_reference": order.reference,
        "order_number": order.number,
        "site": params["metadata"]["site"],
        "checkout": params["metadata"]["checkout"],
    }
    assert checkout.is_named(names["checkout"])
    assert params | {"line_items": None, "payment_intent_data": None} == {
        "mode": "payment",
        "line_items": None,
        "client_reference_id": order.reference,
        "customer_email": params["customer_email"],
        "metadata": names,
        "payment_intent_data": None,
        "locale": "ko",
        **URLS,
        "expires_at": int(checkout.expires_at.timestamp()),
    }
    assert params["customer_email"].startswith("haneul@xn--")
    assert params["payment_intent_data"]["metadata"] == names
    assert order.number in params["payment_intent_data"]["description"]
    assert "주문" in params["payment_intent_data"]["description"]


@pytest.mark.parametrize(
    ("language", "locale", "word"),
    [("ko", "ko", "주문"), ("en", "en", "Order"), ("de", "auto", "주문"), ("en-gb", "auto", "Order")],
)
def test_stripes_page_is_in_the_customers_language_or_chooses(language: str, locale: str, word: str) -> None:
    params = intended(language=language).params
    assert params["locale"] == locale
    assert params["payment_intent_data"]["description"].startswith(word)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"unit_price_minor": 5_500, "quantity": 2}, (2, 5_500, "Tea")),
        ({"unit_price_minor": 5_500, "quantity": 2, "discount_minor": 1_000}, (1, 10_000, "Tea × 2")),
        ({"unit_price_minor": 5_500, "quantity": 1, "discount_minor": 1_000}, (1, 4_500, "Tea")),
    ],
)
def test_a_line_is_shown_by_the_piece_where_that_adds_up(
    values: dict[str, Any], expected: tuple[int, int, str]
) -> None:
    checkout = intended(lines=[item(name="Tea", **values)])
    assert items(checkout) == [expected]
    assert checkout.params["line_items"][0]["price_data"]["currency"] == "krw"


def test_lines_are_in_their_order_and_tax_on_top_is_in_their_sums() -> None:
    place_order()
    lines = [
        item(sku="Z", name="Z", unit_price_minor=5_000),
        item(sku="A", name="A", unit_price_minor=1_000, quantity=3),
    ]
    assert items(intended(lines=lines, prices_include_tax=False)) == [(1, 11_000, "Z × 2"), (1, 3_300, "A × 3")]


def test_thousandths_that_stripe_does_not_charge_are_rounded_so_that_the_lines_are_the_total() -> None:
    lines = [
        item(sku=sku, name=sku, unit_price_minor=price, quantity=quantity)
        for sku, price, quantity in (("A", 1_234, 1), ("B", 1_234, 1), ("C", 1_235, 2), ("D", 1_230, 2))
    ]
    checkout = intended(lines=lines, currency="KWD")
    # 1.234, 2.468, 4.938 and 7.398 so far.
    assert items(checkout) == [(1, 1_230, "A"), (1, 1_240, "B"), (1, 2_470, "C × 2"), (2, 1_230, "D")]
    assert checkout.order.total_minor == 7_400


def test_isk_is_asked_for_in_hundredths() -> None:
    assert items(intended(lines=[item(name="Tea", unit_price_minor=700)], currency="ISK")) == [(2, 70_000, "Tea")]


@pytest.mark.parametrize(
    ("wait", "session"),
    [
        (timedelta(minutes=-5), 2 * 60 * MINUTE),
        (30 * MINUTE, 2 * 60 * MINUTE),
        (2 * 60 * MINUTE, 2 * 60 * MINUTE),
        (48 * 60 * MINUTE, (24 * 60 - 1) * MINUTE),
    ],
)
def test_a_session_lasts_as_long_as_its_order_within_what_stripe_allows(wait: timedelta, session: timedelta) -> None:
    order = place_order()
    now = timezone.now()
    Order.objects.update(expires_at=now + wait)
    order.refresh_from_db()
    with pytest.raises(StripeUnavailable):
        open_checkout(order, **URLS)
    ends: datetime = order.checkouts.get().expires_at
    assert ends - now == pytest.approx(session, abs=timedelta(seconds=30))
    order.refresh_from_db()
    assert order.expires_at == max(ends, now + wait)


@pytest.mark.parametrize(
    ("placed_ago", "session", "kept"), [(3 * 60, 31, 31), (24 * 60 - 10, 31, 10), (24 * 60 + 10, 31, 5)]
)
def test_an_order_of_long_ago_is_kept_for_a_session_but_no_longer_than_a_day(
    placed_ago: int, session: int, kept: int
) -> None:
    order = place_order()
    now = timezone.now()
    Order.objects.update(placed_at=now - placed_ago * MINUTE, expires_at=now + 5 * MINUTE)
    order.refresh_from_db()
    with pytest.raises(StripeUnavailable):
        open_checkout(order, **URLS)
    order.refresh_from_db()
    ends: datetime = order.checkouts.get().expires_at
    assert ends - now == pytest.approx(session * MINUTE, abs=timedelta(seconds=30))
    assert order.expires_at - now == pytest.approx(kept * MINUTE, abs=timedelta(seconds=30))


def test_what_cannot_be_asked_of_stripe_is_not_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkouts, "_params", None)
    with pytest.raises(TypeError):
        open_checkout(place_order(), **URLS)
    assert not Checkout.objects.exists()


def test_a_session_that_was_paid_while_it_was_asked_for_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    order = place_order()

    def paid_meanwhile(checkout: Checkout) -> None:
        Checkout.objects.update(state="complete", session_id="cs_1")
        Order.objects.get().mark_paid(at=timezone.now())
        checkout.refresh_from_db()

    monkeypatch.setattr(checkouts, "create", paid_meanwhile)
    with pytest.raises(OrderNotPayable, match=f"{order.number} is paid, its checkout complete"):
        open_checkout(order, **URLS)


@pytest.mark.parametrize("state", ["paid", "expired", "cancelled"])
def test_only_an_order_that_waits_is_paid(state: str) -> None:
    order = place_order()
    Order.objects.filter(pk=order.pk).update(state=state, paid_at=timezone.now() if state == "paid" else None)
    with pytest.raises(OrderNotPayable):
        open_checkout(order, **URLS)
    assert not Checkout.objects.exists()


def test_an_order_whose_payment_is_on_its_way_is_not_paid_again() -> None:
    order, other = place_order(), place_order()
    values: dict[str, Any] = {"livemode": False, "amount_minor": 1, "currency": "KRW"}
    Payment.objects.create(order=order, payment_intent_id="pi_1", status="processing", **values)
    Payment.objects.create(order=other, payment_intent_id="pi_2", status="failed", **values)
    with pytest.raises(OrderNotPayable):
        open_checkout(order, **URLS)
    with pytest.raises(StripeUnavailable):
        open_checkout(other, **URLS)


def test_a_second_press_asks_the_same_again() -> None:
    checkout = intended()
    with pytest.raises(StripeUnavailable):
        open_checkout(checkout.order, **URLS)
    again = checkout.order.checkouts.get()
    assert (again.pk, again.params, again.idempotency_key) == (checkout.pk, checkout.params, checkout.idempotency_key)


def unusable(monkeypatch: pytest.MonkeyPatch, checkout: Checkout) -> bool:
    closed: list[Checkout] = []
    monkeypatch.setattr(checkouts, "close", closed.append)
    close_unusable(checkout.order)
    return closed == [checkout]


@pytest.mark.parametrize(
    ("state", "left", "expected"),
    [
        ("open", 10 * MINUTE, True),
        ("open", 10 * MINUTE + SECOND, False),
        ("creating", 30 * MINUTE, True),
        ("creating", 30 * MINUTE + SECOND, False),
    ],
)
def test_one_that_ends_too_soon_is_closed(
    monkeypatch: pytest.MonkeyPatch, state: str, left: timedelta, expected: bool
) -> None:
    checkout = intended()
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    session = {"session_id": "cs_1", "url": "http://127.0.0.1:9/c/pay/cs_1"} if state == "open" else {}
    Checkout.objects.update(state=state, expires_at=now + left, **session)
    assert unusable(monkeypatch, checkout) is expected


def test_one_for_an_address_that_was_corrected_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = intended()
    assert not unusable(monkeypatch, checkout)
    Order.objects.update(email="other@example.com")
    checkout.order.refresh_from_db()
    assert unusable(monkeypatch, checkout)


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("https://checkout.stripe.com/c/pay/cs_1", "http://127.0.0.1:9", True),
        ("https://checkout.stripe.com/c/pay/cs_1", "", False),
        ("http://127.0.0.1:9/c/pay/cs_1", "", True),
        ("http://127.0.0.1:9/c/pay/cs_1", "http://127.0.0.1:9", False),
    ],
)
def test_one_at_the_sandbox_is_of_no_use_at_stripe_nor_the_other_way_round(
    monkeypatch: pytest.MonkeyPatch, settings: Any, url: str, base: str, expected: bool
) -> None:
    checkout = intended()
    settings.STRIPE_API_BASE = base
    Checkout.objects.update(url=url)
    assert not unusable(monkeypatch, checkout), "it has not been made yet"
    Checkout.objects.update(state="open", session_id="cs_1")
    assert unusable(monkeypatch, checkout) is expected
