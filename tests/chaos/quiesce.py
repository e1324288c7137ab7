"""After the storm: no more faults, everything runs, all that was late arrives, and the books are reconciled."""

import json
import time
from typing import Any

from tests.chaos.books import Books
from tests.chaos.truth import pending_deliveries
from tests.chaos.world import World

ROUNDS_MAX = 14
IDLE_TIMEOUT_S = 180.0
ROUND_MIN = 125
# Before every run.
SINCE = "2000-01-01T00:00:00Z"


class NeverQuiet(Exception):
    """Work or an order remains unfinished however long one waits."""


def quiesce(world: World, books: Books) -> dict[str, Any]:
    """Return what reconciliation had to mend. Raises `NeverQuiet`."""
    world.end_faults()
    world.wait_until_ready()
    for _round in range(ROUNDS_MAX):
        _wait_until_idle(world, books)
        if not books.waiting() and not books.unsettled() and not pending_deliveries(world):
            break
        # Retries wait for up to an hour, unpaid orders for two; the bank answers within minutes.
        world.advance(ROUND_MIN)
    told: dict[str, Any] = json.loads(reconcile(world, "--repair").stdout)
    _wait_until_idle(world, books)
    if waiting := books.waiting() + books.unsettled():
        raise NeverQuiet(f"{waiting} rows wait for ever")
    return told


def reconcile(world: World, *options: str) -> Any:
    """``manage.py reconcile`` over the whole run."""
    return world.run("-m", "django", "reconcile", "--since", SINCE, "--json", *options)


def _wait_until_idle(world: World, books: Books) -> None:
    """Until nothing is due at Paywright and no worker has anything in hand."""
    world.tell_paywright("POST", "settle", {"timeout_s": 60})
    give_up = time.monotonic() + IDLE_TIMEOUT_S
    while books.due(world.clock.now()):
        if time.monotonic() > give_up:
            raise NeverQuiet("workers were still busy")
        time.sleep(0.2)
