"""What the audit says of an order that its lines or its timeline contradict (invariants I1 and I10)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.orders.audits import (
    orders_are_as_their_timeline_says,
    orders_are_what_their_lines_add_up_to,
    references_cannot_be_guessed,
)
from jumun.orders.models import Order, OrderLine
from jumun.orders.timeline import Kind
from jumun.payments.merge import apply
from tests.clocks import clock_ahead
from tests.factories import item, pay, place_order, refund_snapshot

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def order(monkeypatch: pytest.MonkeyPatch) -> Order:
    """One that waits; beside it orders that ended five hours after they were placed, of which nothing is told."""
    with clock_ahead(monkeypatch, -5 * HOUR):
        expired, canceled, paid = (place_order() for _ in range(3))
    expired.expire()
    canceled.cancel()
    apply(refund_snapshot(pay(paid).payments.get(), 1_000))
    place_order(prices_include_tax=False)
    place_order(currency="KWD", lines=[item(unit_price_minor=1_234, quantity=1), item(sku="TEA", tax_rate_ppm=0)])
    return place_order(lines=[item(), item(sku="TEA", unit_price_minor=11, quantity=1), item(sku="E", tax_rate_ppm=0)])


def change(order: Order, **values: Any) -> None:
    Order.objects.filter(pk=order.pk).update(**values)
    order.refresh_from_db()


def change_line(order: Order, position: int, **values: int) -> None:
    """Of the order too, so that only the line contradicts itself."""
    line = order.lines.get(position=position)
    change(order, **{name: getattr(order, name) + values[name] - getattr(line, name) for name in values})
    OrderLine.objects.filter(pk=line.pk).update(**values)


@pytest.mark.parametrize(
    "check",
    [references_cannot_be_guessed, orders_are_what_their_lines_add_up_to, orders_are_as_their_timeline_says],
)
def test_of_orders_as_they_were_placed_nothing_is_told(check: Callable[[], Any]) -> None:
    assert list(check()) == []


@pytest.mark.parametrize("reference", ["a" * 21, "a" * 21 + "/", "20261123-7K3M9XQD-0000"])
def test_a_reference_that_could_be_guessed_is_named(order: Order, reference: str) -> None:
    number = reference if reference.startswith("2026") else order.number
    change(order, reference=reference, number=number)
    assert list(references_cannot_be_guessed()) == [(number, "has a reference that could be guessed")]


@pytest.mark.parametrize(
    ("field", "told"), [("total_minor", "₩22,012 with ₩1,001 of tax"), ("tax_minor", "₩22,011 with ₩1,002 of tax")]
)
def test_an_order_that_is_not_what_its_lines_add_up_to_is_named(order: Order, field: str, told: str) -> None:
    change(order, **{field: getattr(order, field) + 1})
    problem = f"is over {told}, but its lines add up to ₩22,011 with ₩1,001 of tax"
    assert list(orders_are_what_their_lines_add_up_to()) == [(order.number, problem)]


def test_the_rounding_is_part_of_the_total() -> None:
    order = Order.objects.get(currency="KWD")
    assert order.rounding_minor == -4
    change(order, rounding_minor=-3)
    problem = "is over KWD 12.230 with KWD 0.112 of tax, but its lines add up to KWD 12.231 with KWD 0.112 of tax"
    [(number, told)] = orders_are_what_their_lines_add_up_to()
    assert (number, told.replace("\xa0", " ")) == (order.number, problem)


def test_an_order_that_lacks_lines_is_named(order: Order) -> None:
    first = order.lines.get(position=1)
    change(order, total_minor=order.total_minor - first.total_minor, tax_minor=order.tax_minor - first.tax_minor)
    first.delete()
    assert list(orders_are_what_their_lines_add_up_to()) == [(order.number, "lacks a line")]
    order.lines.all().delete()
    assert list(orders_are_what_their_lines_add_up_to()) == [(order.number, "has no lines")]


@pytest.mark.parametrize(
    ("position", "values", "told"),
    [
        # The first is of 11,000 won with 1,000 of tax, the second of 11 with 1, the third of 11,000 without.
        (1, {"tax_minor": 1_001}, None),
        (1, {"tax_minor": 1_002}, "line 1 is over ₩11,000 with ₩1,002 of tax"),
        (1, {"tax_minor": 998}, "line 1 is over ₩11,000 with ₩998 of tax"),
        (2, {"total_minor": 12}, "line 2 is over ₩12 with ₩1 of tax"),
        (3, {"tax_minor": 1}, "line 3 is over ₩11,000 with ₩1 of tax"),
    ],
)
def test_a_line_that_contradicts_itself_is_named(
    order: Order, position: int, values: dict[str, int], told: str | None
) -> None:
    change_line(order, position, **values)
    problems = [(order.number, f"{told}, which its price or tax rate contradicts")] if told else []
    assert list(orders_are_what_their_lines_add_up_to()) == problems


def test_the_tax_of_a_line_may_be_one_and_a_half_off(order: Order) -> None:
    """Of 11,005 won, 1,000.45 are tax."""
    order = place_order(lines=[item(unit_price_minor=11_005, quantity=1)])
    change_line(order, 1, tax_minor=999)
    assert list(orders_are_what_their_lines_add_up_to()) == []


@pytest.mark.parametrize("state", ["paid", "expired", "cancelled"])
def test_a_state_that_the_timeline_does_not_tell_of_is_named(order: Order, state: str) -> None:
    change(order, state=state, paid_at=timezone.now() if state == "paid" else None)
    problem = f"is {order.get_state_display()}, but its timeline does not say so"
    assert list(orders_are_as_their_timeline_says()) == [(order.number, problem)]


@pytest.mark.parametrize("state", ["paid", "expired", "cancelled"])
def test_an_order_that_ended_and_waits_again_is_named(state: str) -> None:
    order = Order.objects.get(state=state)
    change(order, state="placed", paid_at=None)
    problem = "is awaiting payment, but its timeline says that it was paid or closed"
    assert list(orders_are_as_their_timeline_says()) == [(order.number, problem)]


@pytest.mark.parametrize(("state", "end"), [("expired", Kind.EXPIRED), ("cancelled", Kind.CANCELED)])
def test_an_order_that_was_paid_and_is_closed_is_named(state: str, end: Kind) -> None:
    order = Order.objects.get(state="paid")
    order.record(end)
    change(order, state=state, paid_at=None, closed_at=timezone.now())
    problem = "is closed, but its timeline says that it was paid"
    assert list(orders_are_as_their_timeline_says()) == [(order.number, problem)]


def test_an_amount_that_the_timeline_contradicts_is_named(order: Order) -> None:
    change(order, total_minor=22_012)
    problem = "is over ₩22,012, but its timeline says ₩22,011"
    assert list(orders_are_as_their_timeline_says()) == [(order.number, problem)]
    paid = Order.objects.get(state="paid")
    change(paid, total_minor=1_001)
    problems = [text for number, text in orders_are_as_their_timeline_says() if number == paid.number]
    assert problems == ["is over ₩1,001, but its timeline says ₩11,000"] * 2


@pytest.mark.parametrize(
    ("state", "field", "problem"),
    [
        ("cancelled", "placed_at", "was placed at another time than its timeline says"),
        ("cancelled", "closed_at", "was closed at another time than its timeline says"),
        ("expired", "closed_at", "was closed at another time than its timeline says"),
    ],
)
def test_a_time_that_the_timeline_contradicts_by_more_than_an_hour_is_named(
    state: str, field: str, problem: str
) -> None:
    order = Order.objects.get(state=state)
    right = getattr(order, field)
    for off, problems in ((59 * MINUTE, []), (61 * MINUTE, [(order.number, problem)])):
        for wrong in (right + off, right - off):
            change(order, **{field: wrong})
            assert list(orders_are_as_their_timeline_says()) == problems


def test_an_order_may_be_paid_long_before_we_hear_of_it_but_not_after(monkeypatch: pytest.MonkeyPatch) -> None:
    order = Order.objects.get(state="paid")
    right = order.paid_at
    assert right is not None
    for off in (-100 * HOUR, 59 * MINUTE):
        change(order, paid_at=right + off)
        assert list(orders_are_as_their_timeline_says()) == []
    change(order, paid_at=right + 61 * MINUTE)
    problem = "was paid later than its timeline says"
    assert list(orders_are_as_their_timeline_says()) == [(order.number, problem)]
    now = timezone.now()
    with clock_ahead(monkeypatch, -72 * HOUR):
        assert place_order().mark_paid(at=now)
    assert list(orders_are_as_their_timeline_says()) == [], "no time of these three days proves anything"


def test_an_order_that_is_closed_has_a_time_and_no_other_has(order: Order) -> None:
    closed = Order.objects.get(state="cancelled")
    change(closed, closed_at=None)
    problem = "was closed at another time than its timeline says"
    assert list(orders_are_as_their_timeline_says()) == [(closed.number, problem)]
    change(closed, closed_at=timezone.now())
    change(order, closed_at=timezone.now())
    problem = "has a time at which it was closed, but its timeline does not say so"
    assert list(orders_are_as_their_timeline_says()) == [(order.number, problem)]


def test_an_order_expires_after_it_was_placed(order: Order) -> None:
    for after in (30 * MINUTE, -59 * MINUTE):
        change(order, expires_at=order.placed_at + after)
        assert list(orders_are_as_their_timeline_says()) == []
    change(order, expires_at=order.placed_at - 61 * MINUTE)
    assert list(orders_are_as_their_timeline_says()) == [(order.number, "expires before it was placed")]
