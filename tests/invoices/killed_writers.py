"""Writers that pay orders and are killed at random, each a process of its own.

``python -m tests.invoices.killed_writers SEED``, with the test database in `DATABASE_URL`. One import serves all: this
process forks them, and another one in the place of each that it kills. It prints how many it killed.
"""

import os
import random
import select
import signal
import sys
import time
from typing import Any

import django

WRITERS = 24
PAYMENTS_PER_KILL = 10
KILL_WITHIN_S = 0.02
WAITS_MAX = 10
# A writer sends a byte for each payment.
REPORTS, REPORT = os.pipe()


def main(seed: int) -> None:
    django.setup()
    from django.db import connections

    from jumun.orders.models import Order

    chance = random.Random(seed)  # noqa: S311  (when to kill)
    placed = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    _warm_up(placed[0])
    connections.close_all()
    shares = {_fork(share): share for share in (placed[start::WRITERS] for start in range(WRITERS))}
    try:
        print(_kill_until_done(shares, chance))
    finally:
        for pid in shares:
            os.kill(pid, signal.SIGKILL)


def _kill_until_done(shares: dict[int, list[int]], chance: random.Random) -> int:
    """How many were killed until all that ``shares`` (by process) says was done.

    One falls after every few payments, so that a slow machine gets on as well as a quick one.
    """
    kills, paid, next_kill = 0, 0, 1
    while shares:
        ready, _, _ = select.select([REPORTS], [], [], 0.2)
        paid += len(os.read(REPORTS, 4096)) if ready else 0
        for pid in list(shares):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del shares[pid]
                assert status == 0, f"a writer failed: {status}"
        if shares and paid >= next_kill:
            time.sleep(chance.uniform(0, KILL_WITHIN_S))
            kills += _replace(chance.choice(sorted(shares)), shares)
            next_kill = paid + chance.randint(1, 2 * PAYMENTS_PER_KILL)
    return kills


def _replace(victim: int, shares: dict[int, list[int]]) -> bool:
    """Kill a writer and let another take over its share; ``False`` where it had just ended."""
    os.kill(victim, signal.SIGKILL)
    _pid, status = os.waitpid(victim, 0)
    share = shares.pop(victim)
    if status:
        shares[_fork(share)] = share
    return bool(status)


def _warm_up(pk: int) -> None:
    """Pay once and take it back, so that all that a first payment loads is loaded once, here."""
    from django.db import transaction

    from jumun.orders.models import Order
    from tests.payments.stripe_says import session_of

    with transaction.atomic():
        _apply(session_of(Order.objects.get(pk=pk)))
        transaction.set_rollback(True)


def _fork(share: list[int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _pay(share)
    except BaseException as error:  # noqa: BLE001  (the parent tells the test)
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def _pay(share: list[int]) -> None:
    from jumun.orders.models import Order
    from tests.payments.stripe_says import session_of

    for order in Order.objects.filter(pk__in=share, state=Order.State.PLACED).order_by("pk"):
        session = session_of(order, id=f"cs_{order.pk}")
        # Each process counts from 1.
        session["payment_intent"]["id"] = f"pi_{order.pk}"
        session["payment_intent"]["latest_charge"]["id"] = f"ch_{order.pk}"
        _apply(session)
        os.write(REPORT, b".")


def _apply(session: dict[str, Any]) -> None:
    """As the worker does: a writer that SQLite kept waiting too long comes again."""
    from django.db import OperationalError, connection

    from jumun.payments.merge import apply

    for _ in range(WAITS_MAX):
        try:
            apply(session)
            return
        except OperationalError:
            if connection.vendor != "sqlite":
                raise
    raise AssertionError("the database stays locked")


if __name__ == "__main__":
    main(int(sys.argv[1]))
