"""The troubles a store has to stand. Each goes on until it is told to stop."""

import random
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos import faults
from tests.chaos.engine import end, engines
from tests.chaos.names import ADDRESSES, NAMES
from tests.chaos.steps import Buyer
from tests.endurance.store import Store

# A server hangs for a third of the time: long enough for many customers to meet it at every step.
PERIOD_S = 60.0
HANGS_FOR = 1 / 3
# Of two documents for each customer, one a second, about one in ten.
ENGINE_LIVES_S = 5.0
# One customer in ten has a name that is hard to print.
HARD_NAME_EVERY = 10
SLUG = "ujeon-green-tea"

Act = Callable[[Store, threading.Event, float], None]


@dataclass(frozen=True)
class Trouble:
    """``act`` makes it, for about so many seconds."""

    act: Act
    has_hard_names: bool = False
    # How long what it holds up may take in addition.
    hangs_s: float = 0.0

    def buyer(self, number: int) -> Buyer:
        """The customer of that number."""
        buyer = Buyer(number=number, basket=((SLUG, 1),))
        if not self.is_hard(number):
            return buyer
        turn = number // HARD_NAME_EVERY
        names, addresses = list(NAMES.values()), list(ADDRESSES.values())
        return Buyer(
            number=number,
            basket=buyer.basket,
            name=names[turn % len(names)],
            address=addresses[turn % len(addresses)],
        )

    def is_hard(self, number: int) -> bool:
        return self.has_hard_names and number % HARD_NAME_EVERY == HARD_NAME_EVERY // 2


def _wait(_store: Store, stop: threading.Event, for_s: float) -> None:
    stop.wait(for_s)


def _hang_stripe(store: Store, stop: threading.Event, for_s: float) -> None:
    """No call is answered, and events come as ever."""
    period_s = min(PERIOD_S, for_s / 2)
    while not stop.wait(period_s * (1 - HANGS_FOR)):
        store.set_faults(faults.hang("*", period_s * HANGS_FOR))
        stop.wait(period_s * HANGS_FOR)
        store.set_faults()


def _hang_mail(store: Store, stop: threading.Event, for_s: float) -> None:
    period_s = min(PERIOD_S, for_s / 2)
    while not stop.wait(period_s * (1 - HANGS_FOR)):
        store.mail.hang()
        stop.wait(period_s * HANGS_FOR)
        store.mail.live()


def _end_engines(store: Store, stop: threading.Event, for_s: float) -> None:
    """Whatever renders is ended again and again, by -9 or as native code ends itself."""
    lives_s = min(ENGINE_LIVES_S, for_s / 6)
    while not stop.wait(random.uniform(0, 2 * lives_s)):
        for engine in engines([store.shop.process.pid]):
            how = random.choice([signal.SIGKILL, signal.SIGABRT])
            if end(engine, how):
                store.kills.append(how.name)


TROUBLES = {
    "hard-names": Trouble(_wait, has_hard_names=True),
    "hanging-stripe": Trouble(_hang_stripe, hangs_s=PERIOD_S * HANGS_FOR),
    "hanging-mail": Trouble(_hang_mail, hangs_s=PERIOD_S * HANGS_FOR),
    "dying-engine": Trouble(_end_engines),
}
