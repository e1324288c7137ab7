"""Buying with each of the three cards, in both languages, in a real browser against the real processes."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from shop.run.configuration import Configuration
from tests.e2e.buying import DECLINED, PAID, THREE_D_SECURE, order_something, pay

pytestmark = [pytest.mark.browser, pytest.mark.long]

WORDS = {
    "ko": {"paid": "결제 완료", "declined": "카드가 거절되었습니다"},
    "en": {"paid": "Paid", "declined": "Your card was declined."},
}


def words(page: Page) -> dict[str, str]:
    return WORDS[str(page.locator("html").get_attribute("lang"))]


def expect_paid(page: Page) -> None:
    page.wait_for_url("**/orders/**")
    expect(page.locator("[data-order-state=paid]")).to_be_visible()
    expect(page.locator("main")).to_contain_text(words(page)["paid"])
    expect(page.locator("a[href$='/invoice.pdf']").first).to_be_visible()


def test_a_card_that_pays(visitor: Page, store: Configuration) -> None:
    order_something(visitor, store)
    pay(visitor, PAID)
    expect_paid(visitor)
    expect(visitor.locator("main")).to_contain_text("4242")
    link = visitor.locator("a[href$='/invoice.pdf']").first.get_attribute("href")
    answer = visitor.request.get(f"{store.store_url}{link}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")


def test_a_card_that_is_declined_and_then_another(visitor: Page, store: Configuration) -> None:
    order_something(visitor, store)
    pay(visitor, DECLINED)
    expect(visitor.get_by_role("alert")).to_contain_text(words(visitor)["declined"])
    visitor.click("#cancel")
    visitor.wait_for_url("**/payment/canceled/**")
    visitor.click("form[action='/payment/process/'] button")
    visitor.wait_for_url(f"{store.paywright_url}/c/pay/**")
    pay(visitor, PAID)
    expect_paid(visitor)


@pytest.mark.parametrize("challenge", ["complete", "fail"])
def test_a_card_that_needs_3d_secure(visitor: Page, store: Configuration, challenge: str) -> None:
    order_something(visitor, store)
    pay(visitor, THREE_D_SECURE)
    visitor.wait_for_url("**/c/3ds/**")
    visitor.click(f"#challenge-{challenge}")
    if challenge == "fail":
        expect(visitor.get_by_role("alert")).to_be_visible()
        pay(visitor, PAID)
    expect_paid(visitor)


def test_an_order_is_nobody_elses_business(page: Page, store: Configuration) -> None:
    order_something(page, store)
    for guess in ("1", "20261123-00000000", "x" * 22):
        for path in (f"/orders/{guess}/", f"/orders/{guess}/invoice.pdf"):
            assert page.request.get(store.store_url + path).status == 404


def test_buying_works_without_javascript(browser: Browser, store: Configuration) -> None:
    with browser.new_context(java_script_enabled=False, locale="ko-KR") as context:
        page = context.new_page()
        order_something(page, store)
        pay(page, PAID)
        page.wait_for_url(re.compile("/orders/"))
        expect(page.locator("[data-order-state=paid]")).to_be_visible()
