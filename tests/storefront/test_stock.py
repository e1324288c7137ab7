import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from jumun.errors import OutOfStock
from jumun.orders.models import Order
from jumun.storefront.models import Product, Reservation
from jumun.storefront.stock import release, reserve
from tests.factories import pay, place_order
from tests.storefront.shop import buy, counts, product

pytestmark = pytest.mark.django_db


def test_an_order_sets_its_goods_aside(client: Client) -> None:
    tea = product(stock_quantity=5)
    buy(client, tea, 2)
    assert counts(tea) == (0, 2, 3)


def test_paid_goods_are_sold(client: Client) -> None:
    tea = product(stock_quantity=5)
    pay(buy(client, tea, 2))
    assert counts(tea) == (2, 0, 3)


@pytest.mark.parametrize("end", [Order.expire, Order.cancel])
def test_goods_of_an_order_that_ends_unpaid_can_be_bought_again(client: Client, end: object) -> None:
    tea = product(stock_quantity=5)
    order = buy(client, tea, 5)
    assert callable(end)
    end(order)
    assert counts(tea) == (0, 0, 5)


def test_goods_are_released_once(client: Client) -> None:
    tea = product(stock_quantity=5)
    mine, other = buy(client, tea, 2), buy(client, tea, 2)
    assert mine.cancel()
    assert not mine.cancel()
    release(mine)
    assert counts(tea) == (0, 2, 3)
    assert [row.state for row in other.reservations.all()] == ["held"]


def test_an_order_gets_all_its_goods_or_none() -> None:
    plenty, scarce = product(stock_quantity=9), product(stock_quantity=1)
    order = place_order()
    with pytest.raises(OutOfStock) as refusal:
        reserve(order, [(plenty, 2), (scarce, 2)])
    assert (refusal.value.sku, refusal.value.available_quantity) == (scarce.sku, 1)
    assert counts(plenty) == (0, 0, 9)
    assert not Reservation.objects.exists()


def test_each_article_is_counted_by_its_own_quantity() -> None:
    many, few = product(stock_quantity=9), product(stock_quantity=9)
    orders = [place_order() for _ in range(2)]
    for order in orders:
        reserve(order, [(few, 1), (many, 3)])
    assert (counts(many), counts(few)) == ((0, 6, 3), (0, 2, 7))
    pay(orders[0])
    orders[1].cancel()
    assert (counts(many), counts(few)) == ((3, 0, 6), (1, 0, 8))


def test_what_is_no_longer_sold_cannot_be_reserved() -> None:
    gone = product(active=False)
    with pytest.raises(OutOfStock) as refusal:
        reserve(place_order(), [(gone, 1)])
    assert refusal.value.available_quantity == 0


@pytest.mark.parametrize("others", [0, 1])
def test_what_has_been_deleted_meanwhile_cannot_be_reserved(others: int) -> None:
    gone, more = product(), [product() for _ in range(others)]
    goods = [(Product.objects.get(pk=gone.pk), 1), *((one, 1) for one in more)]
    gone.delete()

    with pytest.raises(OutOfStock) as refusal:
        reserve(place_order(), goods)

    assert (refusal.value.sku, refusal.value.available_quantity) == ("", 0)
    assert [counts(one) for one in more] == [(0, 0, one.stock_quantity) for one in more]
    assert not Reservation.objects.exists()


def test_orders_from_elsewhere_move_no_stock() -> None:
    tea = product(sku="CUP-1", stock_quantity=5)
    place_order().cancel()
    pay(place_order())
    assert counts(tea) == (0, 0, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"stock_quantity": 4},
        {"reserved_quantity": 9},
        {"sold_quantity": 8},
        {"reserved_quantity": -1},
        {"sold_quantity": -1},
        {"price_minor": 0},
    ],
)
def test_the_database_refuses_impossible_stock(wrong: dict[str, int]) -> None:
    tea = product(stock_quantity=10, reserved_quantity=3, sold_quantity=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=tea.pk).update(**wrong)
    assert counts(tea) == (2, 3, 5)
