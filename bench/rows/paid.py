"""From the arrival of an event to the commit that makes its order paid, at an even 50 events a second.

The store runs as `./run` runs it: web server and one worker. Meanwhile the worker makes the PDFs and sends the mails of
the orders that are paid. Stripe, which it asks for the card, answers at once. The limit is one commit.
"""

import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from bench.confirming import Stripe, stripe_answering, unpaid, when_paid, working
from bench.events import p99, send
from bench.row import LIMIT, OURS, Bench, Contestant, Row
from bench.serving import Server, cpu_s, serving
from bench.stage import Stage

PER_S = 50
CONNECTIONS = 16

PAID = Row(
    name="paid",
    title=f'event to "paid" visible, {PER_S} events/s, PDFs and mails behind them: 99 of 100 within',
    unit="ms",
    better="less",
    bound=250,
)
MEDIAN = Row(name="paid-median", title=f'event to "paid" visible, {PER_S} events/s: median', unit="ms", better="less")
CPU = Row(
    name="paid-cpu",
    title="the same: processor time of the worker, without its PDF engine, for an event",
    unit="ms",
    better="less",
)


def _round(url: str, store: Server, worker: int, stripe: Stripe, count: int) -> dict[str, float]:
    before = cpu_s(worker)
    took = _took_ms(url, store, stripe, count)
    return {
        PAID.name: p99(took),
        MEDIAN.name: statistics.median(took),
        CPU.name: (cpu_s(worker) - before) * 1000 / count,
    }


def _took_ms(url: str, store: Server, stripe: Stripe, count: int) -> list[float]:
    orders, begun = unpaid(url, stripe, count), time.perf_counter()
    sender = threading.Thread(
        target=send, args=(store.port, orders.requests), kwargs={"connections": CONNECTIONS, "per_s": PER_S}
    )
    sender.start()
    seen = when_paid(url, orders.references)
    sender.join()
    return [(seen[name] - begun - number / PER_S) * 1000 for number, name in enumerate(orders.references)]


def _one_commit(url: str, count: int) -> dict[str, float]:
    took = []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(count):
            begun = time.perf_counter()
            connection.execute("UPDATE jumun_orders_order SET phone = phone WHERE id = 1")
            took.append((time.perf_counter() - begun) * 1000)
            time.sleep(1 / PER_S)
    return {PAID.name: p99(took), MEDIAN.name: statistics.median(took)}


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url, count = stage.postgresql(), 200 if stage.quick else 500
    with (
        stripe_answering() as stripe,
        serving(url) as store,
        working(url, [sys.executable, "-m", "django", "work"], STRIPE_API_BASE=stripe.url) as worker,
    ):
        ours = Contestant(OURS, lambda: _round(url, store, worker, stripe, count))
        ours.run()  # imports and connections are there from now on
        yield [ours, Contestant(LIMIT, lambda: _one_commit(url, count))]


BENCH = Bench(rows=(PAID, MEDIAN, CPU), contestants=contestants)
