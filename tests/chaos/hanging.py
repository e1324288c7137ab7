"""What hangs for a while: Stripe and the mail server. Watches meanwhile that no payment waits for them."""

import time
from dataclasses import dataclass, field

from tests.chaos.books import Books
from tests.chaos.people import Seen
from tests.chaos.steps import HangMail, HangStripe
from tests.chaos.world import World

# From the acknowledgement of the event that says so to the paid order.
PAID_WITHIN_S = 10.0
LOOK_EVERY_S = 0.25
UNPROCESSED = (
    "SELECT event_id FROM jumun_payments_inboxevent WHERE state = 'ready' AND type = 'checkout.session.completed'"
)


def hang_stripe(world: World, seen: Seen, step: HangStripe) -> None:
    """Note the events that waited too long. By the machine's clock, since the store's may leap."""
    books = Books(world)
    # What was there before may wait for another try, or for the lease of a worker that was killed.
    waits = Waits(books.column(UNPROCESSED))
    until = time.monotonic() + step.for_s
    with world.hanging_stripe(step.calls, for_s=step.for_s):
        while time.monotonic() < until:
            waits.look(books.column(UNPROCESSED), time.monotonic())
            time.sleep(LOOK_EVERY_S)
    seen.outcome(f"events of payments that came while Stripe hung ({step.calls})", waits.count)
    for event in waits.too_long:
        seen.find(f"{event} had not paid its order after {PAID_WITHIN_S:g} s, while Stripe hung ({step.calls})")


def hang_mail(world: World, seen: Seen, step: HangMail) -> None:
    """The workers' other work is judged by what becomes of it."""
    world.mail.hang()
    time.sleep(step.for_s)
    world.mail.live()
    seen.outcome("the mail server hung")


@dataclass
class Waits:
    """How long each event has been waiting."""

    ignored: set[str]
    since: dict[str, float] = field(default_factory=dict)
    too_long: list[str] = field(default_factory=list)
    count: int = 0

    def look(self, waiting: set[str], now_s: float) -> None:
        """These are waiting now."""
        for event in waiting - self.ignored - self.since.keys():
            self.since[event] = now_s
            self.count += 1
        for event, since_s in list(self.since.items()):
            if event not in waiting:
                del self.since[event]
            elif now_s - since_s > PAID_WITHIN_S:
                self.too_long.append(event)
                self.ignored.add(event)
                del self.since[event]
