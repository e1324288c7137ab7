"""One customer, from an article to the invoice, and how long each part took."""

import random
import time
from dataclasses import dataclass

import requests

from shop.tour.browser import Browser, NotOnPage, autofill
from tests.chaos.buyers import CARD, typed
from tests.chaos.people import GivesUp, Seen, patiently
from tests.chaos.steps import PAID, Buyer
from tests.endurance.store import Store

# How long customers fill in their card on Stripe's page, at most.
CARD_S = 10.0
# When somebody stops pressing the button or looking at the page.
GIVES_UP_S = 120.0
LOOK_EVERY_S = 1.0


@dataclass
class Sale:
    """Seconds from the button's first press to the payment page, and from the payment to what followed it."""

    buyer: Buyer
    has_hard_name: bool = False
    page_s: float | None = None
    paid_s: float | None = None
    shown_s: float | None = None
    invoice_s: float | None = None
    mailed_s: float | None = None
    reference: str = ""
    paying_at: float = 0.0

    @property
    def email(self) -> str:
        return f"buyer-{self.buyer.number}@example.com"


def sell(store: Store, sale: Sale) -> None:
    """Buy an article; whatever does not come about stays ``None``."""
    with Browser("en-US,en") as browser:
        try:
            _Visit(store, sale, browser).buy()
        except (GivesUp, NotOnPage, requests.RequestException):
            return


class _Visit:
    def __init__(self, store: Store, sale: Sale, browser: Browser) -> None:
        self.store = store
        self.sale = sale
        self.browser = browser
        self.seen = Seen()

    def buy(self) -> None:
        self._order()
        page = self._go_to_payment()
        time.sleep(random.uniform(0, CARD_S))
        self._pay(page)
        self._look_until_paid()
        self._download_invoice()

    def _order(self) -> None:
        ((slug, quantity),) = self.sale.buyer.basket
        article = self.browser.open(f"{self.store.url}/products/{slug}/")
        self.browser.submit(article, article.form("/cart/add/"), {"quantity": str(quantity)})
        checkout = self.browser.open(f"{self.store.url}/checkout/")
        form = checkout.form("/checkout/")
        known = typed(self.sale.buyer) | {"email": self.sale.email}
        self.process = self.browser.follow(self.browser.submit(checkout, form, autofill(form, known)))
        self.sale.reference = self.process.link(r"/orders/").rstrip("/").rpartition("/")[2]

    def _go_to_payment(self) -> str:
        """Press the button until it leads to Stripe's page."""
        began = time.monotonic()
        form = self.process.form("/payment/process/")
        while time.monotonic() < began + GIVES_UP_S:
            leads_to = self.browser.submit(self.process, form).location or ""
            if leads_to.startswith(self.store.paywright_url):
                self.sale.page_s = time.monotonic() - began
                return leads_to.partition("#")[0]
            time.sleep(LOOK_EVERY_S)
        raise GivesUp

    def _pay(self, address: str) -> None:
        page = self.browser.open(address)
        self.sale.paying_at = time.monotonic()
        answer = self.browser.submit(page, page.form("/c/pay/"), {**CARD, "method": "card", "card_number": PAID})
        patiently(self.seen, lambda: self.browser.follow(answer))

    def _look_until_paid(self) -> None:
        """Look at the order's page until it says so. When it was so is seen by the store."""
        while self._since_payment() < GIVES_UP_S:
            page = self.browser.open(f"{self.store.url}/orders/{self.sale.reference}/")
            if page.attribute("data-order-state") == "paid":
                self.sale.shown_s = self._since_payment()
                return
            time.sleep(LOOK_EVERY_S)
        raise GivesUp

    def _download_invoice(self) -> None:
        while self._since_payment() < GIVES_UP_S:
            answer = self.browser.open(f"{self.store.url}/orders/{self.sale.reference}/invoice.pdf")
            if answer.status == requests.codes.ok and answer.body.startswith(b"%PDF-"):
                self.sale.invoice_s = self._since_payment()
                return
            time.sleep(LOOK_EVERY_S)

    def _since_payment(self) -> float:
        return time.monotonic() - self.sale.paying_at
