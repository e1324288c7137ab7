"""Clerks who refund through the admin's own pages, all of them at the same instant."""

from contextlib import suppress
from decimal import Decimal
from threading import Barrier, BrokenBarrierError

from shop.browser import Browser, NotOnPage, Page
from shop.prepare import STAFF_NAME
from tests.chaos.people import GivesUp, Seen, at_once, patiently
from tests.chaos.plan import Refund
from tests.chaos.world import PASSWORD, World

BARRIER_TIMEOUT_S = 60


class Clerk:
    """A member of staff at a browser."""

    def __init__(self, world: World, seen: Seen, browser: Browser) -> None:
        self.world = world
        self.seen = seen
        self.browser = browser

    def open(self, path: str) -> Page:
        """A page of the admin, after logging in if need be."""
        page = patiently(self.seen, lambda: self.browser.follow(self.browser.open(f"{self.world.store_url}{path}")))
        if "/login/" not in page.url:
            return page
        form = page.form("/login/")
        values = {"username": STAFF_NAME, "password": PASSWORD}
        return patiently(self.seen, lambda: self.browser.follow(self.browser.submit(page, form, values)))

    def refund(self, reference: str, percent: int, together: Barrier) -> str:
        """What the clerk could do: refunded, nothing to refund, refused."""
        page = self._refund_form(reference)
        with suppress(BrokenBarrierError):
            together.wait(BARRIER_TIMEOUT_S)
        if page is None or not any("amount" in form.fields for form in page.forms):
            return "nothing to refund"
        form = page.form_with("amount")
        left = next(value for name, value in form.values if name == "amount")
        values = {"amount": part_of(left, percent), "confirmed": "on"}
        answer = patiently(self.seen, lambda: self.browser.submit(page, form, values))
        return "refunded or on its way" if answer.location else "refund refused"

    def _refund_form(self, reference: str) -> Page | None:
        customers_view = patiently(self.seen, lambda: self.browser.open(f"{self.world.store_url}/orders/{reference}/"))
        number = customers_view.attribute("data-order-number")
        try:
            listed = self.open(f"/admin/jumun_orders/order/?q={number}")
            order = self.open(listed.link(r"/jumun_orders/order/\d+/change/").removeprefix(self.world.store_url))
            return self.open(order.link(r"/payment/\d+/refund/").removeprefix(self.world.store_url))
        except NotOnPage:
            return None


def part_of(left: str, percent: int) -> str:
    """So much of an amount, with its decimals, and at least the smallest that there is."""
    amount = Decimal(left)
    unit = Decimal(1).scaleb(int(amount.as_tuple().exponent))
    return f"{max(unit, (amount * percent / 100).quantize(unit)):f}" if amount else left


def refund(world: World, seen: Seen, step: Refund) -> None:
    """All clerks of the step at once."""
    reference = seen.orders.get(step.buyer.number)
    if reference is None:
        return
    together = Barrier(step.clerks)

    def one(_index: int) -> None:
        with Browser("en-US,en") as browser:
            try:
                seen.outcome(Clerk(world, seen, browser).refund(reference, step.percent, together))
            except GivesUp:
                together.abort()
                seen.outcome("clerk gave up")

    at_once(step.clerks, one)
