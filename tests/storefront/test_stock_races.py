import pytest
from django.test import Client

from jumun.errors import OutOfStock
from jumun.orders.customer_and_items import Customer
from jumun.orders.models import Order
from jumun.storefront.models import Product, Reservation
from jumun.storefront.stock import reserve
from tests.factories import pay, place_order
from tests.races import at_once
from tests.storefront.shop import ADDRESS, buy, checkout, counts, form_token, product, put

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS = 32


def test_of_32_simultaneous_buyers_of_10_pieces_ten_get_one() -> None:
    tea = product(stock_quantity=10)
    clients = [Client() for _ in range(BUYERS)]
    for client in clients:
        put(client, tea)
    tokens = [form_token(client) for client in clients]
    statuses = at_once(BUYERS, lambda i: checkout(clients[i], form_token=tokens[i]).status_code)
    assert sorted(statuses) == [303] * 10 + [409] * 22
    assert counts(tea) == (0, 10, 0)
    assert Order.objects.count() == Reservation.objects.count() == 10


def test_buyers_of_the_same_two_things_in_opposite_order_do_not_block_each_other() -> None:
    cup, tea = product(stock_quantity=20), product(stock_quantity=20)

    def order(index: int) -> bool:
        goods = [(cup, 1), (tea, 2)]
        try:
            reserve(place_order(), goods if index % 2 else goods[::-1])
        except OutOfStock:
            return False
        return True

    assert sum(at_once(16, order)) == 10
    assert (counts(cup), counts(tea)) == ((0, 10, 10), (0, 20, 0))


def test_one_form_sent_ten_times_at_once_places_one_order(client: Client) -> None:
    tea = product(stock_quantity=10)
    put(client, tea, 2)
    data = ADDRESS | {"form_token": form_token(client)}
    cookies = client.cookies.output(header="", sep=";")

    def press(_index: int) -> tuple[int, str]:
        impatient = Client()
        impatient.cookies.load(cookies)
        answer = impatient.post("/checkout/", data)
        return answer.status_code, answer.headers.get("Location", "")

    assert set(at_once(10, press)) == {(303, "/payment/process/")}
    assert Order.objects.count() == 1
    assert counts(tea) == (0, 2, 8)


def test_goods_paid_and_cancelled_at_once_are_counted_once(client: Client) -> None:
    tea = product(stock_quantity=10)
    order = buy(client, tea, 4)
    at_once(8, lambda i: order.cancel() if i % 2 else pay(Order.objects.get(pk=order.pk)))
    order.refresh_from_db()
    assert counts(tea) == ((4, 0, 6) if order.state == "paid" else (0, 0, 10))


def test_stock_adds_up_whatever_happens(client: Client) -> None:
    """Invariant I7 while buying, paying and cancelling go on at once."""
    tea = product(stock_quantity=12)

    def live(index: int) -> None:
        order = Order.place(lines=[tea.item(3)], customer=Customer(name="a", email="a@example.com"))
        try:
            reserve(order, [(tea, 3)])
        except OutOfStock:
            return
        if index % 3 == 0:
            pay(order)
        elif index % 3 == 1:
            order.expire()

    at_once(15, live)
    sold, reserved, free = counts(tea)
    assert sold + reserved + free == 12
    assert min(sold, reserved, free) >= 0
    held = Reservation.objects.filter(state="held").values_list("quantity", flat=True)
    assert (sum(held), Product.objects.count()) == (reserved, 1)
