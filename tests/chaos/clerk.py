"""A member of staff at a browser, who works through the admin's own pages."""

from decimal import Decimal
from typing import Any

from shop.run.configuration import STAFF_NAME
from shop.tour.browser import Browser, NotOnPage, Page, value_of
from tests.chaos.people import Seen, patiently
from tests.chaos.world import PASSWORD, World

NOTHING_TO_REFUND = "nothing to refund"


class Clerk:
    """Logs in where that is asked for."""

    def __init__(self, world: World, seen: Seen, browser: Browser) -> None:
        self.world = world
        self.seen = seen
        self.browser = browser

    def open(self, path: str) -> Page:
        """A page of the admin, after logging in if need be."""
        page = self._follow(lambda: self.browser.open(f"{self.world.staff_url}{path}"))
        if "/login/" not in page.url:
            return page
        form = page.form("/login/")
        values = {"username": STAFF_NAME, "password": PASSWORD}
        return self._follow(lambda: self.browser.submit(page, form, values))

    def number_of(self, reference: str) -> str | None:
        """By which staff find an order that a customer knows by its reference."""
        customers_view = patiently(self.seen, lambda: self.browser.open(f"{self.world.store_url}/orders/{reference}/"))
        return customers_view.attribute("data-order-number")

    def order(self, reference: str) -> Page:
        """The order's page. Raises `NotOnPage`."""
        listed = self.open(f"/admin/jumun_orders/order/?q={self.number_of(reference)}")
        return self._go(listed, r"/jumun_orders/order/\d+/change/")

    def refund_form(self, reference: str) -> Page | None:
        """The page on which the order's payment is refunded, if there is one."""
        try:
            page = self._go(self.order(reference), r"/payment/\d+/refund/")
        except NotOnPage:
            return None
        return page if page.soup.select("[name=amount]") else None

    def refund(self, page: Page | None, percent: int) -> str:
        """What became of refunding a share of what is left."""
        if page is None:
            return NOTHING_TO_REFUND
        left = value_of(page.form_with("amount"), "[name=amount]")
        return self._send_refund(page, {"amount": part_of(left, percent)})

    def refund_piece(self, page: Page | None, line: int, *, restock: bool) -> str:
        """What became of refunding a piece of one of the lines of which some are left."""
        enabled = page.form_with("amount").select("[name]:not([disabled])") if page else []
        fields = [str(field["name"]) for field in enabled]
        left = sorted(name for name in fields if name.startswith("quantity_"))
        if page is None or not left:
            return NOTHING_TO_REFUND
        chosen = left[line % len(left)]
        back = chosen.replace("quantity", "restock")
        values = {"what": "lines", chosen: "1"} | ({back: "1"} if restock and back in fields else {})
        return f"by line: {self._send_refund(page, values)}"

    def cancel(self, reference: str) -> str:
        """What became of cancelling the order."""
        try:
            page = self._go(self.order(reference), r"/order/\d+/cancel/")
            form = page.form("/cancel/")
        except NotOnPage:
            return "nothing to cancel"
        answer = self._follow(lambda: self.browser.submit(page, form))
        return "cancelled" if "The order is cancelled" in answer.text else "not cancelled"

    def replay(self, reference: str) -> str:
        """What became of having the order's events processed again."""
        listed = self.open(f"/admin/jumun_payments/inboxevent/?q={self.number_of(reference)}")
        if not listed.soup.select("[name=_selected_action]"):
            return "no events to replay"
        form = listed.form_with("_selected_action")
        first = value_of(form, "[name=_selected_action]")
        values = {"action": "try_again", "select_across": "1", "_selected_action": first}
        self._follow(lambda: self.browser.submit(listed, form, values))
        return "events replayed"

    def _send_refund(self, page: Page, values: dict[str, str]) -> str:
        form = page.form_with("amount")
        answer = patiently(self.seen, lambda: self.browser.submit(page, form, {**values, "confirmed": "on"}))
        return "refunded or on its way" if answer.location else "refund refused"

    def _go(self, page: Page, link: str) -> Page:
        return self.open(page.link(link).removeprefix(self.world.staff_url))

    def _follow(self, act: Any) -> Page:
        return patiently(self.seen, lambda: self.browser.follow(act()))


def part_of(left: str, percent: int) -> str:
    """So much of an amount, with its decimals, and at least the smallest that there is."""
    amount = Decimal(left)
    unit = Decimal(1).scaleb(int(amount.as_tuple().exponent))
    return f"{max(unit, (amount * percent / 100).quantize(unit)):f}" if amount else left
