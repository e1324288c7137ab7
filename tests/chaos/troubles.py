"""More troubles: names that are hard to print, a Stripe and a mail server that hang, a PDF engine that dies."""

import random
import signal
from collections.abc import Iterator
from dataclasses import replace

from tests.chaos.names import ADDRESSES, NAMES
from tests.chaos.steps import Buyer, HangMail, HangStripe, KillEngine, Step

HARD_NAME_PROBABILITY = 0.2
# Longer than an event may wait (`hanging.PAID_WITHIN_S`), so that those of the first seconds can be judged.
HANGS_S = 15.0
# Where only GET hangs, buyers still reach the payment page, so that more payments are made meanwhile.
HANGING_CALLS = ("*", "GET *", "GET *")
# How many orders there are to one of each.
ORDERS_PER_HANG = 60
ORDERS_PER_KILL = 6


def with_hard_names(draw: random.Random, buyers: list[Buyer]) -> list[Buyer]:
    """The same buyers; some have a name or an address that is hard to print."""
    names, addresses = list(NAMES.values()), list(ADDRESSES.values())
    return [
        replace(buyer, name=draw.choice(names), address=draw.choice(addresses))
        if draw.random() < HARD_NAME_PROBABILITY
        else buyer
        for buyer in buyers
    ]


def troubles(draw: random.Random, orders: int) -> Iterator[tuple[float, Step]]:
    """Steps, and after how many orders each is: at least one of each kind."""
    for _hang in range(max(1, orders // ORDERS_PER_HANG)):
        yield draw.uniform(1, orders), HangStripe(draw.choice(HANGING_CALLS), HANGS_S)
        yield draw.uniform(1, orders), HangMail(HANGS_S)
    for _kill in range(max(1, orders // ORDERS_PER_KILL)):
        ending = draw.choice([signal.SIGKILL, signal.SIGABRT])
        yield draw.uniform(1, orders), KillEngine(ending, round(draw.uniform(0, 0.5), 3))
