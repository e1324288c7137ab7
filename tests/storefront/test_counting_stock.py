"""Which goods are counted, where an order's reservations are in several states, and which are short."""

from typing import Any

import pytest

from jumun.errors import OutOfStock
from jumun.orders.models import Order
from jumun.storefront.models import Product, Reservation
from jumun.storefront.stock import release, reserve, restock, sell
from tests.factories import place_order
from tests.storefront.shop import counts, product

pytestmark = pytest.mark.django_db


def reserved(*quantities: int, stock_quantity: int = 9) -> tuple[Order, list[Product]]:
    order = place_order()
    goods = [product(stock_quantity=stock_quantity) for _ in quantities]
    reserve(order, list(zip(goods, quantities, strict=True)))
    return order, goods


def test_all_goods_of_an_order_are_set_aside_sold_and_taken_back_each_by_its_number() -> None:
    order, (tea, cup) = reserved(1, 3)
    assert (counts(tea), counts(cup)) == ((0, 1, 8), (0, 3, 6))
    assert list(order.reservations.order_by("pk").values_list("product", "sku", "quantity", "state")) == [
        (tea.pk, tea.sku, 1, "held"),
        (cup.pk, cup.sku, 3, "held"),
    ]
    sell(order)
    assert (counts(tea), counts(cup)) == ((1, 0, 8), (3, 0, 6))
    restock(order, {tea.sku: 1})
    restock(order, {cup.sku: 2})
    assert (counts(tea), counts(cup)) == ((0, 0, 9), (1, 0, 8))
    told = order.timeline.filter(kind="restocked").order_by("pk")
    assert [(entry.details["sku"], entry.details["quantity"]) for entry in told] == [(tea.sku, 1), (cup.sku, 2)]


def test_only_the_last_piece_is_the_last() -> None:
    order, (tea,) = reserved(9)
    assert counts(tea) == (0, 9, 0)
    with pytest.raises(OutOfStock) as refusal:
        reserve(place_order(), [(tea, 1)])
    assert (refusal.value.sku, refusal.value.available_quantity) == (tea.sku, 0)
    release(order)
    reserve(place_order(), [(tea, 9)])


def test_of_several_that_are_short_the_first_of_the_catalogue_is_named() -> None:
    first, second = product(stock_quantity=1), product(stock_quantity=2)
    with pytest.raises(OutOfStock) as refusal:
        reserve(place_order(), [(second, 3), (first, 3)])
    assert (refusal.value.sku, refusal.value.available_quantity) == (first.sku, 1)


@pytest.mark.parametrize("end", [{"active": False}, {"currency": "USD"}])
@pytest.mark.parametrize("others", [0, 1])
def test_of_what_is_no_longer_sold_there_is_none(end: dict[str, Any], others: int) -> None:
    gone = product(**end)
    with pytest.raises(OutOfStock) as refusal:
        reserve(place_order(), [(gone, 1), *((product(), 1) for _ in range(others))])
    assert (refusal.value.sku, refusal.value.available_quantity) == (gone.sku, 0)


def test_what_was_released_is_taken_anew_when_it_is_paid_late() -> None:
    order, (tea, cup) = reserved(2, 3)
    release(order)
    assert (counts(tea), counts(cup)) == ((0, 0, 9), (0, 0, 9))
    sell(order)
    assert (counts(tea), counts(cup)) == ((2, 0, 7), (3, 0, 6))
    assert set(order.reservations.values_list("state", flat=True)) == {"sold"}


def test_what_somebody_else_has_bought_meanwhile_is_not_sold_twice() -> None:
    order, (tea,) = reserved(2, stock_quantity=2)
    release(order)
    reserve(place_order(), [(tea, 1)])
    with pytest.raises(OutOfStock):
        sell(order)


def test_what_is_sold_or_released_is_counted_once() -> None:
    order, (tea,) = reserved(2)
    sell(order)
    sell(order)
    release(order)
    assert counts(tea) == (2, 0, 7)
    other, (cup,) = reserved(2)
    release(other)
    release(other)
    assert counts(cup) == (0, 0, 9)


def test_the_goods_of_other_orders_stay_where_they_are() -> None:
    order, (tea,) = reserved(2)
    other = place_order()
    reserve(other, [(tea, 3)])
    sell(order)
    assert counts(tea) == (2, 3, 4)
    release(other)
    assert counts(tea) == (2, 0, 7)
    restock(order, {tea.sku: 5, "other": 1})
    assert counts(tea) == (0, 0, 9)
    restock(order, {tea.sku: 1})
    assert counts(tea) == (0, 0, 9)
    assert order.timeline.filter(kind="restocked").count() == 1


def test_only_what_was_sold_comes_back() -> None:
    order, (tea,) = reserved(2)
    restock(order, {tea.sku: 1})
    assert counts(tea) == (0, 2, 7)
    release(order)
    restock(order, {tea.sku: 1})
    assert counts(tea) == (0, 0, 9)
    assert not order.timeline.filter(kind="restocked").exists()
    assert Reservation.objects.get().returned_quantity == 0


def test_an_order_that_reserved_nothing_moves_nothing() -> None:
    order = place_order()
    tea = product()
    sell(order)
    release(order)
    restock(order, {tea.sku: 1})
    assert counts(tea) == (0, 0, 10)
