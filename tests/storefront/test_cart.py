import pytest
from django.test import Client

from jumun.orders.customer_and_items import LINES_MAX
from tests.storefront.shop import HTMX, product, put

pytestmark = pytest.mark.django_db


def text(client: Client) -> str:
    return client.get("/cart/").content.decode()


def change(client: Client, sku: str, quantity: object) -> None:
    assert client.post("/cart/change/", {"sku": sku, "quantity": quantity}).status_code == 303


def test_an_empty_cart_says_so(client: Client) -> None:
    assert "장바구니가 비어 있습니다" in text(client)


def test_what_was_added_is_there_with_its_total(client: Client) -> None:
    put(client, product(name_ko="녹차", price_minor=11_000), 2)
    put(client, product(name_ko="책", price_minor=17_000, tax_rate_ppm=0))
    shown = text(client)
    assert all(word in shown for word in ("녹차", "₩22,000", "책", "₩39,000"))
    assert "₩2,000" in shown, "the included tax"


def test_adding_again_adds_up(client: Client) -> None:
    tea = product()
    put(client, tea, 2)
    put(client, tea, 3)
    assert "₩55,000" in text(client)


def test_the_quantity_can_be_changed(client: Client) -> None:
    tea = product()
    put(client, tea, 2)
    change(client, tea.sku, 5)
    assert "₩55,000" in text(client)


def test_zero_takes_the_line_out(client: Client) -> None:
    tea = product()
    put(client, tea)
    change(client, tea.sku, 0)
    assert "비어 있습니다" in text(client)


def test_a_line_can_be_removed(client: Client) -> None:
    tea, cup = product(), product()
    put(client, tea)
    put(client, cup)
    client.post("/cart/remove/", {"sku": tea.sku})
    assert tea.get_absolute_url() not in text(client)
    assert cup.get_absolute_url() in text(client)


def test_prices_are_those_of_now(client: Client) -> None:
    tea = product(price_minor=11_000)
    put(client, tea)
    tea.price_minor = 12_500
    tea.save()
    assert "₩12,500" in text(client)


def test_no_more_than_there_is_can_be_put_in(client: Client) -> None:
    tea = product(stock_quantity=3)
    put(client, tea, 5)
    shown = text(client)
    assert "지금 주문할 수 있는 3개를 모두 담았습니다" in shown
    assert "₩33,000" in shown


@pytest.mark.parametrize(
    ("quantity", "complaint"),
    [("", "수량을 입력해"), ("two", "정수"), ("1.5", "정수"), ("-1", "이상"), ("100", "99개까지"), ("9" * 40, "99개")],
)
def test_a_wrong_quantity_is_explained_and_changes_nothing(client: Client, quantity: str, complaint: str) -> None:
    tea = product()
    put(client, tea, 2)
    change(client, tea.sku, quantity)
    shown = text(client)
    assert complaint in shown
    assert "₩22,000" in shown


def test_a_wrong_quantity_on_the_product_page_is_explained_there(client: Client) -> None:
    tea = product()
    answer = client.post("/cart/add/", {"sku": tea.sku, "quantity": "many"}, follow=True)
    assert answer.redirect_chain[-1][0] == tea.get_absolute_url()
    assert "정수" in answer.content.decode()


def test_what_is_no_longer_sold_leaves_the_cart_with_a_word(client: Client) -> None:
    tea, cup = product(), product()
    put(client, tea)
    put(client, cup)
    tea.active = False
    tea.save()
    shown = text(client)
    assert "더 이상 판매하지 않는 상품 1개" in shown
    assert tea.get_absolute_url() not in shown
    assert cup.get_absolute_url() in shown
    assert "더 이상 판매하지 않는" not in text(client), "it is said once"


def test_what_sold_out_meanwhile_is_marked(client: Client) -> None:
    tea = product(stock_quantity=5)
    put(client, tea, 4)
    tea.sold_quantity = 3
    tea.save()
    shown = text(client)
    assert "2개 남음" in shown
    assert "/checkout/" not in shown


def test_a_cart_holds_as_many_lines_as_stripe_takes(client: Client) -> None:
    for _ in range(LINES_MAX):
        put(client, product())
    answer = client.post("/cart/add/", {"sku": product().sku, "quantity": 1}, follow=True)
    assert f"{LINES_MAX}종까지" in answer.content.decode()


@pytest.mark.parametrize("sku", ["nothing", "a\0b", ""])
@pytest.mark.parametrize("path", ["/cart/add/", "/cart/change/"])
def test_an_unknown_article_is_not_found(client: Client, path: str, sku: str) -> None:
    assert client.post(path, {"sku": sku, "quantity": 1}).status_code == 404


@pytest.mark.parametrize("path", ["/cart/add/", "/cart/change/", "/cart/remove/"])
def test_a_cart_is_changed_by_post_from_our_own_pages_only(path: str) -> None:
    careful = Client(enforce_csrf_checks=True)
    assert careful.get(path).status_code == 405
    assert careful.post(path, {"sku": product().sku, "quantity": 1}).status_code == 403


def test_htmx_gets_the_changed_parts_only(client: Client) -> None:
    tea = product()
    added = client.post("/cart/add/", {"sku": tea.sku, "quantity": 2}, headers=HTMX).content.decode()
    changed = client.post("/cart/change/", {"sku": tea.sku, "quantity": 3}, headers=HTMX).content.decode()
    assert "<html" not in added + changed
    assert 'id="cart-count"' in added
    assert "2개" in added
    assert "장바구니에 담았습니다" in added
    assert "₩33,000" in changed


def test_every_page_counts_the_cart(client: Client) -> None:
    put(client, product(), 3)
    assert "3개" in client.get("/").content.decode()


def test_carts_are_each_visitors_own(client: Client) -> None:
    put(client, product())
    assert "비어 있습니다" in text(Client())
