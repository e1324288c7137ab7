"""What goes wrong with the machine, with the operator and with strangers, rather than on the way to Stripe."""

import random
from collections.abc import Iterator

from tests.chaos.steps import AnotherAccount, Step, WrongClock, WrongSecret

# Ahead, as a machine shows whose battery is empty, and behind, as after a change to winter time by hand.
AHEAD_MIN, BEHIND_MIN = 3 * 24 * 60, -60
LASTS_S = 15.0
# A run of fewer orders is over before a deployment is.
ORDERS_MIN = 24


def disasters(draw: random.Random, orders: int) -> Iterator[tuple[float, Step]]:
    """Steps, and after how many orders each is: one of each kind, where the run has the time."""
    lasts_s = min(LASTS_S, orders / 4)
    yield draw.uniform(1, orders * 0.8), WrongClock(AHEAD_MIN, lasts_s)
    yield draw.uniform(1, orders * 0.8), WrongClock(BEHIND_MIN, lasts_s)
    if orders >= ORDERS_MIN:
        yield draw.uniform(1, orders * 0.8), WrongSecret(LASTS_S)
        yield draw.uniform(1, orders * 0.8), AnotherAccount(LASTS_S)
