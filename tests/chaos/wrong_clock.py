"""The clock of the store's machine is wrong for a while. Watches that nothing stands still afterwards."""

import time
from datetime import datetime, timedelta

from tests.chaos.books import Books
from tests.chaos.people import Seen
from tests.chaos.steps import WrongClock
from tests.chaos.world import World

# How soon the store has put its times right once the clock is.
RIGHT_WITHIN_S = 60.0
LOOK_EVERY_S = 0.5
# What recurs does so every hour at least, and what failed is tried again within an hour and a quarter. Nothing else
# waits for longer; a minute is for what is just being written.
AHEAD_MAX = timedelta(minutes=76)


def wrong_clock(world: World, seen: Seen, step: WrongClock) -> None:
    """Sell on meanwhile and afterwards, and see whether work waits for a time that came from the wrong clock."""
    with world.wrong_clock(step.ahead_min * 60):
        time.sleep(step.for_s)
    seen.outcome(f"the clock was wrong by {step.ahead_min} minutes")
    books, give_up = Books(world), time.monotonic() + RIGHT_WITHIN_S
    while (waiting := standing_still(books, world.clock.now())) and time.monotonic() < give_up:
        time.sleep(LOOK_EVERY_S)
    for row, run_at in waiting:
        seen.find(f"{row} waits until {run_at} since the clock was wrong by {step.ahead_min} minutes")


def standing_still(books: Books, now: datetime) -> list[tuple[str, object]]:
    """Work that waits for longer than any does, and until when."""
    late = f"state = 'ready' AND run_at > '{now + AHEAD_MAX:%Y-%m-%d %H:%M:%S}'"
    return [
        *books.rows(f"SELECT key, run_at FROM jumun_outbox_job WHERE {late}"),
        *books.rows(f"SELECT event_id, run_at FROM jumun_payments_inboxevent WHERE {late}"),
    ]
