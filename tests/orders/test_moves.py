"""What each move of an order changes, whom it tells, and what a stale copy learns."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.dispatch import Signal
from django.utils import timezone, translation

from jumun.audit import findings
from jumun.conf import jumun
from jumun.errors import OrderRefused, OutOfStock
from jumun.orders.checks import check_actor_middleware
from jumun.orders.customer_and_items import Customer
from jumun.orders.models import Order
from jumun.orders.signals import order_canceled, order_paid
from tests.factories import CUSTOMER, item, place_order

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def order() -> Order:
    return place_order()


@pytest.fixture
def heard() -> Any:
    """Whom the public signals told of what, after the order's own change."""
    told: list[tuple[str, Order, str]] = []

    def listener(name: str) -> Any:
        def hear(order: Order, **_: Any) -> None:
            told.append((name, order, Order.objects.get(pk=order.pk).state))

        return hear

    listeners: list[tuple[Signal, Any]] = [(order_paid, listener("paid")), (order_canceled, listener("canceled"))]
    for signal, hear in listeners:
        signal.connect(hear)
    yield told
    for signal, hear in listeners:
        signal.disconnect(hear)


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def kinds(order: Order) -> list[str]:
    return list(order.timeline.order_by("pk").values_list("kind", flat=True))


# Placing


def test_it_is_written_down_as_it_was_returned() -> None:
    before = timezone.now()
    lines = [
        item(sku="A", name="Cup", unit_price_minor=5_500, quantity=2, discount_minor=500),
        item(sku="B", name="Rice", unit_price_minor=3_000, quantity=1, tax_rate_ppm=0),
        item(sku="C", name="Book", unit_price_minor=3_000, quantity=1, tax_rate_ppm=0, tax_category="E"),
    ]
    order = place_order(lines=lines, discount_minor=1_650)
    assert stored(order).__dict__.keys() == order.__dict__.keys()
    assert (order.state, order.livemode, order.language, order.currency) == ("placed", False, "ko", "KRW")
    assert order.customer == Customer(**CUSTOMER) == stored(order).customer
    assert (order.total_minor, order.tax_minor, order.rounding_minor, order.net_minor) == (14_850, 859, 0, 13_991)
    assert before <= order.placed_at <= timezone.now()
    assert order.expires_at - order.placed_at == timedelta(seconds=jumun().order_expires_s)
    rows = [
        (
            line.position,
            line.sku,
            line.name,
            line.unit_price_minor,
            line.quantity,
            line.discount_minor,
            line.tax_rate_ppm,
        )
        for line in stored(order).lines.all()
    ]
    assert rows == [
        (1, "A", "Cup", 5_500, 2, 1_550, 100_000),
        (2, "B", "Rice", 3_000, 1, 300, 0),
        (3, "C", "Book", 3_000, 1, 300, 0),
    ]
    assert [(line.tax_category, line.tax_minor, line.total_minor) for line in stored(order).lines.all()] == [
        ("S", 859, 9_450),
        ("Z", 0, 2_700),
        ("E", 0, 2_700),
    ]
    assert order.discount_minor == 2_150
    [entry] = order.timeline.all()
    assert (entry.kind, entry.details) == ("placed", {"amount_minor": 14_850})


def test_tax_and_discount_on_top_of_prices_without_it() -> None:
    order = place_order(
        lines=[item(unit_price_minor=1_000, quantity=10)], prices_include_tax=False, discount_minor=1_000
    )
    assert (order.prices_include_tax, order.tax_minor, order.total_minor) == (False, 900, 9_900)


def test_what_it_is_not_told_is_the_shops() -> None:
    def place(**values: Any) -> Order:
        return Order.place(lines=[item()], customer=Customer(**CUSTOMER), **values)

    for language in ("ko", "en"):
        with translation.override(language):
            order = place()
        assert (order.currency, order.language, order.form_token) == ("KRW", language, None)
    assert (order.prices_include_tax, order.discount_minor) == (True, 0)
    placed = place(currency="USD", language="ko", form_token="token")
    assert (Order.of_form("token"), placed.currency) == (placed, "USD")
    with translation.override(None):
        assert place().language == "en"


def test_an_order_is_whole_or_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(Order, "record", fail)
    with pytest.raises(RuntimeError):
        place_order()
    assert not Order.objects.exists()


@pytest.mark.parametrize("field", ["address", "postal_code", "city"])
def test_there_is_somewhere_to_deliver_to_if_any_part_of_it_is_known(field: str) -> None:
    nowhere = {"address": "", "postal_code": "", "city": ""}
    assert not place_order(**nowhere).has_address
    assert place_order(**nowhere | {field: "Seoul"}).has_address


def test_only_an_address_has_lines() -> None:
    order = place_order(
        name="Haneul\nKim",
        city="Se\noul",
        address="1 Main Street\nFloor 2",
        lines=[item(sku="CUP\n1", name="Tea\ncup")],
    )
    assert (order.lines.get().sku, order.lines.get().name) == ("CUP 1", "Tea cup")
    assert (order.name, order.city, order.address) == ("Haneul Kim", "Se oul", "1 Main Street\nFloor 2")


def test_its_page_is_known_by_its_reference(order: Order) -> None:
    assert order.get_customer_url() == f"/orders/{order.reference}/"
    assert len(order.reference) == 22
    assert len(order.number.partition("-")[2]) == 8


# Waiting


def test_it_can_be_paid_as_long_as_it_waits_and_in_its_own_mode(order: Order, settings: Any) -> None:
    payable = []
    for key in ("sk_test_jumun", "sk_live_jumun"):
        settings.STRIPE_SECRET_KEY = key
        payable.append(order.is_payable)
    settings.STRIPE_SECRET_KEY = "sk_test_jumun"
    order.expire()
    assert [*payable, order.is_payable] == [True, False, False]


def test_it_is_overdue_from_its_end_on_and_while_it_waits(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    now = order.expires_at
    for clock, is_overdue in ((now - HOUR, False), (now, True), (now + HOUR, True)):
        monkeypatch.setattr("jumun.orders.models.timezone.now", lambda clock=clock: clock)
        assert order.is_overdue is is_overdue
    monkeypatch.undo()
    order.cancel()
    Order.objects.update(expires_at=timezone.now() - HOUR)
    assert not stored(order).is_overdue


def test_its_goods_are_kept_longer_and_never_shorter(order: Order) -> None:
    other = place_order()
    before, others = order.expires_at, other.expires_at
    order.extend_hold(before - HOUR)
    assert order.expires_at == stored(order).expires_at == before
    order.extend_hold(before + HOUR)
    assert order.expires_at == stored(order).expires_at == before + HOUR
    assert stored(other).expires_at == others


def test_what_somebody_else_has_kept_for_longer_or_ended_stays_so(order: Order) -> None:
    late = order.expires_at + 5 * HOUR
    Order.objects.filter(pk=order.pk).update(expires_at=late)
    order.extend_hold(order.expires_at + HOUR)
    assert order.expires_at == stored(order).expires_at == late
    assert stored(order).cancel()
    order.extend_hold(late + HOUR)
    assert stored(order).expires_at == late


# Moving


def test_a_paid_order_tells_once(order: Order, heard: Any) -> None:
    at = timezone.now() - HOUR
    assert order.mark_paid(at=at)
    assert (order.state, order.paid_at) == ("paid", at) == (stored(order).state, stored(order).paid_at)
    assert heard == [("paid", order, "paid")]
    assert order.timeline.last().details == {"amount_minor": order.total_minor}
    assert not order.mark_paid(at=timezone.now())
    assert not order.revive(at=timezone.now())
    assert stored(order).paid_at == at
    assert kinds(order) == ["placed", "paid"]
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("end", "state", "kind"), [("expire", "expired", "expired"), ("cancel", "cancelled", "canceled")]
)
def test_an_order_ends_once_and_may_be_revived(order: Order, heard: Any, end: str, state: str, kind: str) -> None:
    assert getattr(order, end)()
    assert order.state == stored(order).state == state
    closed_at = stored(order).closed_at
    assert closed_at == order.closed_at is not None
    assert not order.cancel()
    assert not order.expire()
    assert heard == [("canceled", order, state)]
    assert kinds(order) == ["placed", kind]
    assert order.revive(at=timezone.now())
    assert (stored(order).state, stored(order).closed_at) == ("paid", closed_at)
    assert heard[1:] == [("paid", order, "paid")]


def test_what_waits_is_not_revived(order: Order) -> None:
    assert not order.revive(at=timezone.now())
    assert stored(order).state == "placed"


def test_a_stale_copy_learns_all_that_happened(order: Order) -> None:
    stale, staler = stored(order), stored(order)
    order.cancel()
    assert not stale.mark_paid(at=timezone.now())
    assert (stale.state, stale.closed_at) == ("cancelled", order.closed_at)
    order.revive(at=timezone.now())
    assert not staler.expire()
    assert (staler.state, staler.paid_at, staler.closed_at) == ("paid", order.paid_at, order.closed_at)


@pytest.mark.parametrize("error", [OutOfStock("A", 0), RuntimeError()])
def test_what_a_receiver_refuses_has_not_happened(order: Order, error: Exception) -> None:
    order.expire()
    before = kinds(order)

    def refuse(**_: Any) -> None:
        raise error

    order_paid.connect(refuse)
    try:
        with pytest.raises(type(error)):
            order.revive(at=timezone.now())
    finally:
        order_paid.disconnect(refuse)
    assert (stored(order).state, stored(order).paid_at, kinds(order)) == ("expired", None, before)
    if isinstance(error, OrderRefused):
        assert (order.state, order.paid_at) == ("expired", None)


def test_an_end_that_a_receiver_refuses_has_not_happened(order: Order) -> None:
    def refuse(**_: Any) -> None:
        raise RuntimeError

    order_canceled.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            order.cancel()
    finally:
        order_canceled.disconnect(refuse)
    assert (stored(order).state, kinds(order)) == ("placed", ["placed"])


# Correcting


def test_a_correction_is_of_one_order_and_its_customer_alone(order: Order) -> None:
    other = place_order()
    corrected = replace(order.customer, name="이하늘", city="부산")
    assert order.correct(corrected)
    assert order.customer == stored(order).customer == corrected
    assert stored(other).customer == Customer(**CUSTOMER)
    assert kinds(order) == ["placed", "corrected"]
    assert kinds(other) == ["placed"]


def test_a_paid_orders_customer_stays_and_a_stale_copy_learns_it(order: Order) -> None:
    stale = stored(order)
    order.correct(replace(order.customer, city="부산"))
    order.mark_paid(at=timezone.now())
    assert not stale.correct(replace(order.customer, city="대구"))
    assert (stale.state, stale.city, stored(order).city) == ("paid", "부산", "부산")
    assert kinds(order) == ["placed", "corrected", "paid"]


def test_a_correction_is_whole_or_not_there(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(Order, "record", fail)
    with pytest.raises(RuntimeError):
        order.correct(replace(order.customer, city="부산"))
    assert stored(order).city == CUSTOMER["city"]


@pytest.mark.parametrize(
    ("category", "before", "after", "refused"),
    [
        ("AE", "120-81-47521", "", True),
        ("AE", "120-81-47521", "124-81-00998", False),
        ("Z", "120-81-47521", "", False),
        ("Z", "", "", False),
    ],
)
def test_reverse_charge_keeps_its_tax_identifier(category: str, before: str, after: str, refused: bool) -> None:
    order = place_order(lines=[item(tax_rate_ppm=0, tax_category=category)], tax_id=before)
    customer = replace(order.customer, tax_id=after)
    if refused:
        with pytest.raises(OrderRefused) as refusal:
            order.correct(customer)
        assert refusal.value.field == "tax_id"
    else:
        assert order.correct(customer)
    assert bool(stored(order).tax_id) is bool(before if refused else after)


# The timeline, and checks


def test_whoever_acts_is_named_within_what_the_columns_hold(order: Order) -> None:
    from jumun.actor import Actor, Cause, acting

    with acting(lambda: Cause(actor=Actor.STAFF, name="n" * 300, source="s" * 300)):
        order.cancel()
    entry = order.timeline.order_by("pk").last()
    assert (entry.actor, entry.actor_name, entry.source) == ("staff", "n" * 254, "s" * 255)
    assert (entry.order, entry.kind, entry.details) == (order, "canceled", {})


@pytest.mark.parametrize(
    ("reference", "is_named"),
    [("A" * 21, True), ("A" * 22, False), ("A" * 22 + "=", True), ("Az09_-" * 4, False), (None, True)],
)
def test_a_reference_that_could_be_guessed_is_named(order: Order, reference: str | None, is_named: bool) -> None:
    place_order()
    number = order.number if reference else "20261130-ABCDEFGHJKMNPQ"
    Order.objects.filter(pk=order.pk).update(number=number, reference=reference or number)
    with translation.override("en"):
        found = [(row.subject, row.problem) for row in findings() if row.invariant == "I10"]
    assert found == ([(number, "has a reference that could be guessed")] if is_named else [])


def test_a_site_without_the_middleware_is_told_so(settings: Any) -> None:
    assert check_actor_middleware() == []
    settings.MIDDLEWARE = [name for name in site_settings.MIDDLEWARE if "actor" not in name]
    [warning] = check_actor_middleware()
    assert warning.id == "jumun.W003"
    assert "AuthenticationMiddleware" in str(warning.hint)
