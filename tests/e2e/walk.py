"""A walk past every page that a customer and a member of staff sees: for axe, for screenshots, for a person's eyes."""

from collections.abc import Iterator

from playwright.sync_api import Page

from shop.run.configuration import Configuration
from tests.e2e.buying import DECLINED, PAID, THREE_D_SECURE, fill_checkout, order_something, pay


def customers_pages(page: Page, store: Configuration) -> Iterator[str]:
    """Show one page after the other in ``page``; yield each one's name while it is shown."""
    page.goto(store.store_url)
    yield "catalogue"
    page.click("nav a[href^='/categories/']")
    yield "category"
    page.goto(store.store_url)
    page.locator("a[href^='/products/']").first.click()
    yield "product"
    page.goto(f"{store.store_url}/cart/")
    yield "cart-empty"
    page.goto(store.store_url)
    page.locator("a[href^='/products/']").first.click()
    page.click("form.buy button")
    page.click("main a[href='/cart/']")
    yield "cart"
    page.click("main a[href='/checkout/']")
    yield "checkout"
    page.click("form.checkout button")
    page.wait_for_selector(".error-summary")
    yield "checkout-errors"
    fill_checkout(page)
    page.wait_for_url("**/payment/process/**")
    yield "process"
    page.click("form[action='/payment/process/'] button")
    page.wait_for_url(f"{store.paywright_url}/c/pay/**")
    yield "hosted"
    pay(page, DECLINED)
    page.wait_for_selector("[role=alert]")
    yield "hosted-declined"
    page.click("#cancel")
    page.wait_for_url("**/payment/canceled/**")
    yield "canceled"
    page.click("form[action='/payment/process/'] button")
    page.wait_for_url(f"{store.paywright_url}/c/pay/**")
    pay(page, THREE_D_SECURE)
    page.wait_for_url("**/c/3ds/**")
    yield "hosted-3ds"
    page.click("#challenge-complete")
    page.wait_for_url("**/orders/**")
    page.wait_for_selector("[data-order-state=paid]")
    yield "order-paid"
    order_something(page, store)
    hosted = page.url
    page.click("#cancel")
    page.wait_for_url("**/payment/canceled/**")
    page.click("main a[href^='/orders/']")
    yield "order-unpaid"
    page.goto(hosted)
    pay(page, PAID)
    page.wait_for_url("**/orders/**")
    page.goto(hosted)
    yield "hosted-complete"
    page.goto(f"{store.store_url}/orders/nobodys/")
    yield "not-found"


def staff_pages(page: Page, store: Configuration, password: str) -> Iterator[str]:
    """The same for the admin, logged in as ``staff``; at least one order must have been paid."""
    page.goto(f"{store.store_url}/admin/")
    yield "admin-login"
    page.fill("[name=username]", "staff")
    page.fill("[name=password]", password)
    page.click("#login-form [type=submit]")
    page.wait_for_selector("#user-tools, .user-tools, #logout-form")
    yield "admin-index"
    page.goto(f"{store.store_url}/admin/jumun_orders/order/")
    yield "admin-orders"
    page.goto(f"{store.store_url}/admin/jumun_orders/order/?state__exact=paid")
    page.locator("#result_list tbody th a").first.click()
    yield "admin-order"
    for name in ("jumun_payments/payment", "jumun_payments/inboxevent", "jumun_invoices/invoice", "jumun_outbox/job"):
        page.goto(f"{store.store_url}/admin/{name}/")
        yield f"admin-{name.partition('/')[2]}s"
    page.goto(f"{store.paywright_url}/_paywright/")
    yield "paywright"
