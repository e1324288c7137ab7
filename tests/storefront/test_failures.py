"""With JavaScript a request that goes wrong is told on the page that it was sent from."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from jumun.storefront.models import Product
from tests.pages import Pages
from tests.storefront.shop import HTMX, product, put

PHONE = {"width": 390, "height": 844}
browser = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def tea() -> Product:
    return product(name_ko="녹차", stock_quantity=9)


@pytest.fixture
def shop(pages: Pages, live_server: LiveServer, tea: Product) -> Iterator[Page]:
    with pages.visit(locale="ko-KR", viewport=PHONE) as page:
        page.goto(live_server.url + tea.get_absolute_url())
        yield page
        page.context.set_offline(False)
        page.unroute_all()


def press_add(page: Page) -> None:
    page.click(".buy button")


def press_more(page: Page, tea: Product) -> None:
    page.click(f"#more-{tea.pk}")


def to_cart(page: Page) -> None:
    press_add(page)
    page.click(".added a")
    expect(page.locator(".cart-quantity")).to_contain_text("1")


def reads(page: Page, text: str) -> None:
    """The message is there for eyes, wherever the page was scrolled to, and for screen readers."""
    message = page.locator("#messages [role=alert], #messages .message-warning")
    expect(message).to_contain_text(text)
    expect(message).to_be_in_viewport()


class TestInABrowser:
    pytestmark = browser

    def test_lost_cookies(self, shop: Page) -> None:
        shop.context.clear_cookies()
        press_add(shop)
        reads(shop, "쿠키")

    def test_lost_cookies_in_the_cart(self, shop: Page, tea: Product) -> None:
        to_cart(shop)
        shop.context.clear_cookies()
        press_more(shop, tea)
        reads(shop, "쿠키")

    def test_offline(self, shop: Page, tea: Product) -> None:
        shop.context.set_offline(True)
        press_add(shop)
        reads(shop, "연결")
        shop.context.set_offline(False)
        to_cart(shop)
        shop.context.set_offline(True)
        press_more(shop, tea)
        reads(shop, "연결")
        shop.context.set_offline(False)
        press_more(shop, tea)
        expect(shop.locator(".cart-quantity")).to_contain_text("2")
        expect(shop.locator("#messages .message")).to_have_count(0)

    def test_no_answer_in_time(self, shop: Page) -> None:
        kept: list[Route] = []
        shop.route("**/cart/add/", lambda route: kept.append(route))  # noqa: PLW0108 (Playwright marks what it is given)
        shop.evaluate("htmx.config.timeout = 50")
        press_add(shop)
        reads(shop, "연결")

    @pytest.mark.parametrize("status", [400, 502])
    def test_an_error(self, shop: Page, status: int) -> None:
        shop.route("**/cart/add/", lambda route: route.fulfill(status=status, body="<h1>Bad</h1>"))
        press_add(shop)
        reads(shop, "다시 불러와")

    def test_an_article_off_sale(self, shop: Page, tea: Product) -> None:
        Product.objects.update(active=False)
        press_add(shop)
        reads(shop, "더 이상 판매하지 않")

    def test_an_article_off_sale_in_the_cart(self, shop: Page, tea: Product) -> None:
        to_cart(shop)
        Product.objects.update(active=False)
        press_more(shop, tea)
        reads(shop, "더 이상 판매하지 않")
        expect(shop.locator("#cart")).to_contain_text("비어 있습니다")

    def test_quick_presses_add_up(self, shop: Page, tea: Product) -> None:
        for _ in range(3):
            press_add(shop)
        expect(shop.locator("#cart-count")).to_contain_text("3")
        shop.goto(urljoin(shop.url, "/cart/"))
        # Before the first answer can be there.
        shop.evaluate(f"for (let i = 0; i < 5; i++) document.getElementById('more-{tea.pk}').click()")
        shop.evaluate(f"for (let i = 0; i < 2; i++) document.getElementById('fewer-{tea.pk}').click()")
        expect(shop.locator(".cart-quantity")).to_contain_text("6")
        expect(shop.locator(".grand dd")).to_have_text("₩66,000")
        expect(shop.locator("#cart-count")).to_contain_text("6")


@pytest.mark.django_db
class TestWithoutABrowser:
    def cart(self, client: Client) -> Any:
        return client.session.get("jumun_cart", {}).get("quantities", {})

    @pytest.mark.parametrize(
        ("steps", "left"), [((1, 1), 4), ((-1,), 1), ((-1, -1, -1), None), ((99,), 9), ((-99,), None)]
    )
    def test_a_step_counts_from_what_is_in_the_cart(
        self, client: Client, tea: Product, steps: tuple[int, ...], left: int | None
    ) -> None:
        put(client, tea, 2)
        for step in steps:
            assert client.post("/cart/change/", {"sku": tea.sku, "step": step}).status_code == 303
        assert self.cart(client).get(tea.sku) == left

    @pytest.mark.parametrize("step", ["", "x", "100", "-100", "1.5", "9" * 40])
    def test_a_wrong_step_changes_nothing(self, client: Client, tea: Product, step: str) -> None:
        put(client, tea, 2)
        assert client.post("/cart/change/", {"sku": tea.sku, "step": step}, headers=HTMX).status_code == 200
        assert self.cart(client) == {tea.sku: 2}

    def test_an_article_off_sale_is_told_without_javascript_too(self, client: Client, tea: Product) -> None:
        put(client, tea)
        Product.objects.update(active=False)
        answer = client.post("/cart/change/", {"sku": tea.sku, "step": 1}, follow=True)
        assert "더 이상 판매하지 않는 상품 1개" in answer.content.decode()
