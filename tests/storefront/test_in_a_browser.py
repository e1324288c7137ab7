from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from jumun.orders.models import Order
from jumun.storefront.models import Product
from tests.pages import Pages
from tests.storefront.shop import ADDRESS, product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.long]

PHONE_WIDTH = 390


@pytest.fixture
def tea() -> Product:
    return product(name_ko="녹차", stock_quantity=3)


@pytest.fixture
def shop(pages: Pages, live_server: LiveServer, tea: Product) -> Iterator[Page]:
    """The page of an article on a telephone. Whatever the browser refuses or cannot run fails the test."""
    with pages.visit(locale="ko-KR", viewport={"width": PHONE_WIDTH, "height": 844}) as page:
        page.goto(live_server.url + tea.get_absolute_url())
        yield page


def show(page: Page, path: str) -> None:
    page.goto(urljoin(page.url, path))


def put(page: Page) -> None:
    page.click(".buy button")
    expect(page.locator("#messages")).to_contain_text("장바구니에 담았습니다")


def fill(page: Page) -> None:
    page.select_option("[name=country]", "KR")
    for name, value in ADDRESS.items():
        if name != "country":
            page.fill(f"[name={name}]", value)


def test_an_article_is_added_without_leaving_its_page(shop: Page, tea: Product) -> None:
    put(shop)
    assert shop.url.endswith(tea.get_absolute_url())
    expect(shop.locator("#cart-count")).to_contain_text("1")
    shop.click(".added a")
    expect(shop.locator("h1")).to_have_text("장바구니")


def test_the_total_follows_and_the_keyboard_stays_where_it_was(shop: Page, tea: Product) -> None:
    put(shop)
    show(shop, "/cart/")
    more = shop.locator(f"#more-{tea.pk}")
    more.focus()
    shop.keyboard.press("Enter")
    expect(shop.locator(".grand dd")).to_have_text("₩22,000")
    expect(more).to_be_focused()
    shop.keyboard.press("Enter")
    expect(shop.locator(".grand dd")).to_have_text("₩33,000")
    expect(more).to_be_disabled()


def test_removing_the_last_line_empties_the_cart_in_place(shop: Page) -> None:
    put(shop)
    show(shop, "/cart/")
    shop.click(".cart-line .link")
    expect(shop.locator("#cart")).to_contain_text("비어 있습니다")
    expect(shop.locator("#cart-count")).to_be_empty()


def test_errors_are_reached_at_once_and_lead_to_their_fields(shop: Page) -> None:
    put(shop)
    show(shop, "/checkout/")
    shop.click(".checkout button")
    expect(shop.locator(".error-summary")).to_be_focused()
    shop.click(".error-summary a >> nth=0")
    expect(shop.locator("[name=name]")).to_be_focused()


def test_an_impatient_double_click_places_one_order(shop: Page, tea: Product) -> None:
    put(shop)
    show(shop, "/checkout/")
    fill(shop)
    shop.dblclick(".checkout button")
    shop.wait_for_url("**/payment/process/")
    expect(shop.locator("h1")).to_have_text("결제")
    assert Order.objects.count() == 1
    tea.refresh_from_db()
    assert tea.reserved_quantity == 1


def test_no_page_is_wider_than_a_telephone(shop: Page, tea: Product) -> None:
    put(shop)
    for path in ("/", "/categories/tea/", tea.get_absolute_url(), "/cart/", "/checkout/", "/nowhere/"):
        show(shop, path)
        assert shop.evaluate("document.documentElement.scrollWidth") <= PHONE_WIDTH, path
