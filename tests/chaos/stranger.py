"""A stranger who orders as fast as the pages let, from one address with several browsers, and never pays."""

import time

from shop.tour.browser import NotOnPage, autofill
from tests.chaos.books import Books
from tests.chaos.buyers import CUSTOMER
from tests.chaos.disasters import ORDERS_MAX, PIECES_MAX
from tests.chaos.people import GivesUp, Seen, Visitor, at_once, patiently
from tests.chaos.steps import Stockpile
from tests.chaos.world import World

# Of those for documentation (RFC 5737).
ADDRESS = "203.0.113.66"
EMAIL = "stranger@example.com"
PAUSE_S = 0.2


def stockpile(world: World, seen: Seen, step: Stockpile) -> None:
    """See that others are left their part."""
    give_up = time.monotonic() + step.for_s

    def order_on(_index: int) -> None:
        try:
            while time.monotonic() < give_up:
                with Visitor("en-US,en", ADDRESS) as browser:
                    while time.monotonic() < give_up and _order(world, seen, browser, step.slug):
                        seen.outcome("the stranger ordered")
                seen.outcome("the stranger was refused")
                time.sleep(PAUSE_S)
        except GivesUp:
            seen.outcome("the stranger gave up")

    at_once(step.browsers, order_on)
    count = orders(Books(world))
    if count > ORDERS_MAX:
        seen.find(f"a stranger who never pays has {count} orders, not {ORDERS_MAX} at most")


def orders(books: Books) -> int:
    """How many the stranger has for which goods are held."""
    return books.count(f"SELECT count(*) FROM jumun_orders_order WHERE email = '{EMAIL}' AND state = 'placed'")


def _order(world: World, seen: Seen, browser: Visitor, slug: str) -> bool:
    """Whether it was taken."""
    try:
        product = patiently(seen, lambda: browser.follow(browser.open(f"{world.store_url}/products/{slug}/")))
        add = product.form("/cart/add/")
        patiently(seen, lambda: browser.submit(product, add, {"quantity": str(PIECES_MAX)}))
        checkout = patiently(seen, lambda: browser.follow(browser.open(f"{world.store_url}/checkout/")))
        form = checkout.form("/checkout/")
    except NotOnPage:
        return False
    values = autofill(form, CUSTOMER | {"email": EMAIL, "name": "STRANGER", "address-line1": "1 Sejong-daero"})
    return patiently(seen, lambda: browser.submit(checkout, form, values)).location is not None
