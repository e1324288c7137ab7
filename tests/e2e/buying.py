"""What a customer does, step by step."""

from playwright.sync_api import Page

from shop.run.configuration import Configuration

PAID, DECLINED, THREE_D_SECURE = "4242424242424242", "4000000000000002", "4000002500003155"


def order_something(page: Page, store: Configuration) -> None:
    """From the catalogue to Stripe's page."""
    page.goto(store.store_url)
    page.locator("a[href^='/products/']").first.click()
    page.click("form.buy button")
    # Without JavaScript this is the cart already; with it, the article's page with a count of one.
    page.wait_for_selector("#cart-count > span")
    page.click("a.cart-link")
    page.click("main a[href='/checkout/']")
    fill_checkout(page)
    page.wait_for_url("**/payment/process/**")
    page.click("form[action='/payment/process/'] button")
    page.wait_for_url(f"{store.paywright_url}/c/pay/**")


def fill_checkout(page: Page) -> None:
    """A customer in Seoul, and the order button."""
    for name, value in {
        "name": "김하늘",
        "email": "haneul@example.com",
        "postal_code": "04524",
        "city": "서울",
        "address": "세종대로 110",
        "phone": "010-1234-5678",
    }.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=country]", "KR")
    page.click("form.checkout button")


def pay(page: Page, card: str) -> None:
    """Fill in the hosted page and press its button."""
    page.fill("[name=card_number]", card)
    page.fill("[name=card_expiry]", "12 / 34")
    page.fill("[name=card_cvc]", "123")
    page.fill("[name=name]", "HANEUL KIM")
    page.click("#pay")
