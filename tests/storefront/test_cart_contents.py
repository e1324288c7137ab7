"""What a cart holds, without pages: its quantities, its token, and what it says of goods and totals."""

from typing import Any

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore

from jumun.errors import AmountTooLarge, AmountTooSmall, TooManyLines
from jumun.orders.customer_and_items import LINES_MAX
from jumun.storefront.cart import SESSION_CART, Cart
from jumun.storefront.models import Product
from tests.storefront.shop import product

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Any:
    return SessionStore()


def filled(session: Any, *quantities: int, **values: Any) -> tuple[Cart, list[Product]]:
    cart = Cart(session)
    products = [product(**values) for _ in quantities]
    for one, quantity in zip(products, quantities, strict=True):
        cart.change(one, quantity)
    return cart, products


def test_the_session_keeps_it(session: Any) -> None:
    cart, (tea,) = filled(session, 2)
    again = Cart(session)
    assert (again.token, again.quantity_of(tea.sku), again.article_count) == (cart.token, 2, 2)
    assert [(line.product, line.quantity, line.total_minor) for line in again.lines] == [(tea, 2, 22_000)]


def test_each_empty_cart_has_a_token_that_nobody_guesses() -> None:
    tokens = {Cart(SessionStore()).token for _ in range(3)}
    assert [len(token) for token in tokens] == [22, 22, 22]


def test_an_article_that_is_not_in_it_counts_nothing(session: Any) -> None:
    cart, _ = filled(session, 2)
    assert cart.quantity_of("nothing") == 0


def test_its_lines_are_in_the_order_in_which_they_were_added(session: Any) -> None:
    first, second = product(sku="Z"), product(sku="A")
    cart = Cart(session)
    for one in (first, second):
        cart.change(one, 1)
    assert [line.product for line in cart.lines] == [first, second]


@pytest.mark.parametrize(("wanted", "kept"), [(99, 99), (100, 99), (1, 1), (0, 0), (-1, 0)])
def test_a_line_holds_from_one_to_ninety_nine(session: Any, wanted: int, kept: int) -> None:
    tea = product(stock_quantity=200)
    cart = Cart(session)
    assert cart.change(tea, wanted) == kept
    assert cart.quantity_of(tea.sku) == kept
    assert [line.quantity_max for line in cart.lines] == ([99] if kept else [])


def test_a_line_holds_no_more_than_there_is(session: Any) -> None:
    cart, (tea,) = filled(session, 5, stock_quantity=3)
    assert cart.quantity_of(tea.sku) == 3
    assert [(line.is_short, line.quantity_max) for line in cart.lines] == [(False, 3)]
    assert not cart.has_shortage


def test_a_shortage_of_one_article_is_one_of_the_cart(session: Any) -> None:
    cart, (tea, _coffee) = filled(session, 3, 3, stock_quantity=3)
    for reserved, left in ((1, 2), (3, 0)):
        Product.objects.filter(pk=tea.pk).update(reserved_quantity=reserved)
        cart = Cart(session)
        assert [(line.is_short, line.quantity_max) for line in cart.lines] == [(True, left), (False, 3)]
        assert cart.has_shortage


def test_it_holds_as_many_lines_as_an_order(session: Any) -> None:
    session[SESSION_CART] = {"token": "t", "quantities": {f"S{number}": 1 for number in range(LINES_MAX - 1)}}
    cart = Cart(session)
    last, other = product(), product()
    assert cart.change(last, 1) == 1
    with pytest.raises(TooManyLines):
        cart.change(other, 1)
    assert cart.change(last, 2) == 2


def test_every_change_makes_another_token_and_the_same_contents_none(session: Any) -> None:
    cart, (tea,) = filled(session, 1)
    tokens = [cart.token]
    cart.change(tea, 1)
    cart.remove("nothing")
    assert [cart.token] == tokens
    cart.change(tea, 2)
    tokens.append(cart.token)
    cart.remove(tea.sku)
    tokens.append(cart.token)
    assert len(set(tokens)) == 3
    assert {len(token) for token in tokens} == {22}
    assert Cart(session).token == tokens[-1]


def test_a_change_is_seen_at_once(session: Any) -> None:
    cart, (tea,) = filled(session, 1)
    assert [line.quantity for line in cart.lines] == [1]
    assert cart.summary.total_minor == 11_000
    cart.change(tea, 2)
    assert [line.quantity for line in cart.lines] == [2]
    assert cart.summary.total_minor == 22_000


def test_one_article_is_taken_out_alone(session: Any) -> None:
    cart, (tea, coffee) = filled(session, 1, 2)
    cart.remove(tea.sku)
    assert [(line.product, line.quantity) for line in cart.lines] == [(coffee, 2)]


@pytest.mark.parametrize("end", [{"active": False}, {"currency": "USD"}])
def test_what_is_no_longer_sold_is_dropped_and_counted(session: Any, end: dict[str, Any]) -> None:
    _, (gone, kept) = filled(session, 1, 2)
    Product.objects.filter(pk=gone.pk).update(**end)
    cart = Cart(session)
    assert [line.product for line in cart.lines] == [kept]
    assert cart.drop_vanished() == 1
    assert (cart.quantity_of(gone.sku), cart.quantity_of(kept.sku)) == (0, 2)
    token = cart.token
    assert cart.drop_vanished() == 0
    assert cart.token == token


def test_a_cart_that_was_ordered_is_empty(session: Any) -> None:
    cart, _ = filled(session, 1)
    assert cart.lines
    cart.close()
    assert (cart.article_count, cart.lines) == (0, [])
    assert SESSION_CART not in session
    cart.close()


def test_its_total_must_be_one_that_stripe_charges(session: Any) -> None:
    assert filled(session, 1)[0].refusal is None
    assert isinstance(filled(SessionStore(), 1, price_minor=100)[0].refusal, AmountTooSmall)
    assert isinstance(filled(SessionStore(), 99, price_minor=90_000_000, stock_quantity=99)[0].refusal, AmountTooLarge)


def test_its_form_names_the_token_and_what_it_shows(session: Any) -> None:
    from jumun.storefront.summary import read_signed

    cart, _ = filled(session, 2)
    assert read_signed(cart.form_token) == (cart.token, cart.summary)
    assert cart.summary.currency == "KRW"
