"""Customers: from an article to the paid order, through the pages that everybody sees."""

from http import HTTPStatus
from urllib.parse import urlsplit

from shop.tour.browser import Browser, NotOnPage, Page, autofill
from tests.chaos.people import NO_ORDER, GivesUp, Seen, Visitor, at_once, patiently
from tests.chaos.steps import Buyer
from tests.chaos.truth import open_sessions
from tests.chaos.world import World

LANGUAGES = {"ko": "ko-KR,ko", "en": "en-US,en"}
CUSTOMER = {
    "email": "haneul@example.com",
    "country": "KR",
    "postal-code": "04524",
    "address-level2": "서울",
    "tel": "+82 10-1234-5678",
}
CARD = {"card_expiry": "12 / 40", "card_cvc": "123", "name": "HANEUL KIM", "country": "KR"}


def typed(buyer: Buyer) -> dict[str, str]:
    """What the buyer types, by the purpose of the field."""
    return CUSTOMER | {"name": buyer.name, "address-line1": buyer.address}


def arrive(world: World, seen: Seen, buyer: Buyer) -> None:
    """Order, and unless the buyer takes their time, pay."""
    with Visitor(LANGUAGES[buyer.language], buyer.client_address) as browser:
        Visit(world, seen, buyer, browser).arrive()


def open_late(world: World, seen: Seen, buyer: Buyer) -> None:
    """Go to the payment page of an order that was placed long ago."""
    if buyer.number in seen.orders:
        with Visitor(LANGUAGES[buyer.language], buyer.client_address) as browser:
            Visit(world, seen, buyer, browser).open_late()


def pay_late(world: World, seen: Seen, buyer: Buyer) -> None:
    """Pay in the session that was opened before."""
    with Visitor(LANGUAGES[buyer.language], buyer.client_address) as browser:
        Visit(world, seen, buyer, browser).pay()


class Visit:
    """One buyer's way through the shop."""

    def __init__(self, world: World, seen: Seen, buyer: Buyer, browser: Browser) -> None:
        self.world = world
        self.seen = seen
        self.buyer = buyer
        self.browser = browser

    def arrive(self) -> None:
        """Order, and unless the buyer takes their time, pay."""
        try:
            if not self._order():
                self.seen.outcome("found it sold out")
            elif self.buyer.is_late:
                self.seen.outcome("will pay late")
            elif not self._go_to_payment():
                self.seen.outcome("could not pay")
            else:
                self.pay()
        except (GivesUp, NotOnPage) as error:
            self._give_up("gave up", error)

    def open_late(self) -> None:
        """By the button on the order's own page."""
        try:
            self.process = self._open(f"{self.world.store_url}/orders/{self.seen.orders[self.buyer.number]}/")
            if not self._go_to_payment():
                self.seen.outcome("could not pay late")
        except (GivesUp, NotOnPage) as error:
            self._give_up("gave up", error)

    def pay(self) -> None:
        """Pay in the session opened before, or in all that there are, and come back or not."""
        addresses = self.seen.sessions.get(self.buyer.number, [])[:1]
        try:
            if self.buyer.pays_every_session and self.buyer.number in self.seen.orders:
                addresses += open_sessions(self.world, self.seen.orders[self.buyer.number])
            for address in dict.fromkeys(addresses):
                self._pay_at(address)
        except (GivesUp, NotOnPage) as error:
            self._give_up("gave up paying", error)

    def _give_up(self, outcome: str, error: Exception) -> None:
        # A cart or an order that was lost in the middle of a visit has no page.
        if isinstance(error, NotOnPage) and self.seen.lost is None:
            raise error
        self.seen.outcome(outcome)

    def _open(self, url: str) -> Page:
        return patiently(self.seen, lambda: self.browser.follow(self.browser.open(url)))

    def _order(self) -> bool:
        for slug, quantity in self.buyer.basket:
            self._add(slug, quantity)
        checkout = self._open(f"{self.world.store_url}/checkout/")
        try:
            form = checkout.form("/checkout/")
        except NotOnPage:
            return False
        values = autofill(form, typed(self.buyer))
        answers = at_once(
            self.buyer.orders_at_once,
            lambda _: patiently(self.seen, lambda: self.browser.submit(checkout, form, values)),
        )
        if not all(answer.location for answer in answers):
            return False
        self.process = patiently(self.seen, lambda: self.browser.follow(answers[0]))
        self.seen.names[self.buyer.number] = self.buyer.name
        self.seen.orders[self.buyer.number] = self.process.link(r"/orders/").rstrip("/").rpartition("/")[2]
        return True

    def _add(self, slug: str, quantity: int) -> None:
        article = self._open(f"{self.world.store_url}/products/{slug}/")
        if article.forms("/cart/add/"):
            form = article.form("/cart/add/")
            patiently(self.seen, lambda: self.browser.submit(article, form, {"quantity": str(quantity)}))
        elif slug == self.world.plan.coveted:
            self.seen.find(f"buyer {self.buyer.number} found {slug} sold out, of which a stranger holds a part")

    def _go_to_payment(self) -> bool:
        """Press the button until it leads to Stripe's page; all presses lead to one session."""
        try:
            form = self.process.form("/payment/process/")
        except NotOnPage:
            return False
        answers = at_once(
            self.buyer.pays_at_once,
            lambda _: patiently(self.seen, lambda: self.browser.submit(self.process, form)),
        )
        addresses = [answer.location or "" for answer in answers]
        self.seen.sessions[self.buyer.number] = [
            address.partition("#")[0] for address in addresses if address.startswith(self.world.paywright_url)
        ]
        return bool(self.seen.sessions[self.buyer.number])

    def _pay_at(self, address: str) -> None:
        for number in self.buyer.tries:
            page = self._open(address)
            if not page.forms("/c/pay/"):
                self.seen.outcome("session closed")
                break
            answer = self._submit_card(page, number)
            if answer.status == HTTPStatus.OK or answer.location:
                self._come_back(answer)
                return
        else:
            self.seen.outcome("declined" if self.buyer.tries else "never paid")

    def _submit_card(self, page: Page, number: str) -> Page:
        form = page.form("/c/pay/")
        method = (
            {"method": "card", "card_number": number}
            if number.isdecimal()
            else {"method": "sepa_debit", "iban": number}
        )
        answer = patiently(self.seen, lambda: self.browser.submit(page, form, {**CARD, **method}))
        if answer.location and "/c/3ds/" in answer.location:
            challenge = self._open(answer.location)
            if not challenge.forms("/3ds/"):
                return challenge
            result = {"result": "complete" if self.buyer.passes_challenge else "fail"}
            return patiently(self.seen, lambda: self.browser.submit(challenge, challenge.form("/3ds/"), result))
        return answer

    def _come_back(self, answer: Page) -> None:
        if not self.buyer.comes_back:
            self.seen.outcome("paid and never came back")
            return
        order = patiently(self.seen, lambda: self.browser.follow(answer))
        if not order.url.startswith(self.world.store_url):
            self.seen.outcome("was not sent back")
            return
        state = order.attribute("data-order-state") or f"{NO_ORDER} at {urlsplit(order.url).path}"
        self.seen.states[self.buyer.number] = state
        self.seen.outcome(f"came back to an order that was {state}")
