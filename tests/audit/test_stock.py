import pytest

from jumun.audit import findings
from jumun.storefront.models import Product, Reservation
from jumun.storefront.stock import reserve
from tests.factories import place_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> Product:
    from jumun.storefront.models import Category

    category = Category.objects.create(slug="tea", name_ko="차")
    product = Product.objects.create(
        sku="T", slug="t", category=category, name_ko="차", price_minor=1000, currency="KRW", stock_quantity=10
    )
    order = place_order()
    reserve(order, [(product, 3)])
    return product


def subjects() -> list[str]:
    return [row.subject for row in findings() if row.invariant == "I7"]


def test_stock_in_order_has_no_findings(product: Product) -> None:
    assert subjects() == []


def test_a_counter_that_lost_a_reservation_is_named(product: Product) -> None:
    Product.objects.update(reserved_quantity=2)
    assert subjects() == ["T"]


def test_a_reservation_that_outlived_its_order_is_named(product: Product) -> None:
    reservation = Reservation.objects.select_related("order").get()
    reservation.order.expire()
    Reservation.objects.update(state="held")
    Product.objects.update(reserved_quantity=3)
    assert subjects() == [f"{reservation.order.number} T"]
