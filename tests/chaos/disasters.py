"""What goes wrong with the machine, with the operator and with strangers, rather than on the way to Stripe."""

import random
from collections.abc import Iterable, Iterator

from tests.chaos.steps import (
    AnotherAccount,
    BackUp,
    Buyer,
    LoseEverything,
    Step,
    Stockpile,
    WrongClock,
    WrongSecret,
)

# Ahead, as a machine shows whose battery is empty, and behind, as after a change to winter time by hand.
AHEAD_MIN, BEHIND_MIN = 3 * 24 * 60, -60
LASTS_S = 15.0
# Lanes but that of events wait for half a minute for a clock that has leapt, and then go by it.
AHEAD_S = (LASTS_S, 40.0)
# A run of fewer orders is over before a deployment is.
ORDERS_MIN = 24
# What the store's settings let one address hold: so many unpaid orders, of so many pieces each.
ORDERS_MAX, PIECES_MAX = 20, 99
BROWSERS = 4
# Between the backup and the loss, in orders.
SOLD_BETWEEN = 12


def disasters(draw: random.Random, orders: int, coveted: str) -> Iterator[tuple[float, Step]]:
    """Steps, and after how many orders each is: one of each kind, where the run has the time."""
    latest = orders * 0.8
    yield draw.uniform(1, latest), WrongClock(BEHIND_MIN, min(LASTS_S, orders / 4))
    if orders >= ORDERS_MIN:
        yield draw.uniform(1, latest), WrongClock(AHEAD_MIN, draw.choice(AHEAD_S))
        yield draw.uniform(1, latest), WrongSecret(LASTS_S)
        yield draw.uniform(1, latest), AnotherAccount(LASTS_S)
        yield draw.uniform(1, latest), Stockpile(coveted, BROWSERS, LASTS_S)
        backed_up = draw.uniform(orders * 0.2, latest - SOLD_BETWEEN)
        yield backed_up, BackUp()
        yield backed_up + SOLD_BETWEEN, LoseEverything(archive_survives=draw.random() < 0.5)


def enough_of(coveted: str, buyers: Iterable[Buyer]) -> int:
    """As many pieces as everybody can have who wants some, whatever a stranger holds.

    Who is not answered presses the button again, and may then have twice as many in the cart.
    """
    wanted = sum(quantity for buyer in buyers for slug, quantity in buyer.basket if slug == coveted)
    return 2 * wanted + ORDERS_MAX * PIECES_MAX
