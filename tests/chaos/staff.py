"""Staff: several at the same instant where a step wants that."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

from tests.chaos.clerk import Clerk
from tests.chaos.people import GivesUp, Seen, Visitor, at_once
from tests.chaos.steps import Buyer, Cancel, Refund, RefundLines, Replay
from tests.chaos.world import World

BARRIER_TIMEOUT_S = 60
# All staff have one between them.
OFFICE_ADDRESS = "198.19.0.1"
# How long a clerk who is to cancel an order waits for it to be placed.
ORDER_TIMEOUT_S = 5.0


def refund(world: World, seen: Seen, step: Refund) -> None:
    """A share of what is left, by all clerks of the step at once."""
    together = Barrier(step.clerks)

    def act(clerk: Clerk, reference: str) -> str:
        form = clerk.refund_form(reference)
        _wait_for_all(together)
        return clerk.refund(form, step.percent)

    _clerks(world, seen, step.buyer, act, together)


def refund_lines(world: World, seen: Seen, step: RefundLines) -> None:
    """One piece each, by all clerks of the step at once."""
    together = Barrier(step.clerks)

    def act(clerk: Clerk, reference: str) -> str:
        form = clerk.refund_form(reference)
        _wait_for_all(together)
        return clerk.refund_piece(form, step.line, restock=step.restock)

    _clerks(world, seen, step.buyer, act, together)


def cancel(world: World, seen: Seen, step: Cancel) -> None:
    """As soon as the order is placed: its buyer may just be paying."""
    give_up = time.monotonic() + ORDER_TIMEOUT_S
    while step.buyer.number not in seen.orders and time.monotonic() < give_up:
        time.sleep(0.05)
    _clerks(world, seen, step.buyer, Clerk.cancel, Barrier(1))


def replay(world: World, seen: Seen, step: Replay) -> None:
    """Whatever came of the order."""
    _clerks(world, seen, step.buyer, Clerk.replay, Barrier(1))


def _clerks(world: World, seen: Seen, buyer: Buyer, act: Callable[[Clerk, str], str], together: Barrier) -> None:
    """Each with a browser, as many as meet at the barrier."""
    reference = seen.orders.get(buyer.number)
    if reference is None:
        return

    def one(_index: int) -> None:
        with Visitor("en-US,en", OFFICE_ADDRESS) as browser:
            try:
                seen.outcome(act(Clerk(world, seen, browser), reference))
            except GivesUp:
                together.abort()
                seen.outcome("clerk gave up")

    at_once(together.parties, one)


def _wait_for_all(together: Barrier) -> None:
    with suppress(BrokenBarrierError):
        together.wait(BARRIER_TIMEOUT_S)
