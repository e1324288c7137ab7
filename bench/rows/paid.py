"""From the arrival of an event to the commit that makes its order paid, at an even 100 events a second, and at 25.

The store runs as `./run` runs it: web server and one worker. Stripe, which the worker asks for the card, answers at
once. The limit is one commit.
"""

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

PER_S, CALM_PER_S = 100, 25
CONNECTIONS = 16

PAID = Row(
    name="paid",
    title='event to "paid" visible, 100 events/s: 99 of 100 within',
    unit="ms",
    better="less",
    bound=250,
)
MEDIAN = Row(name="paid-median", title='event to "paid" visible, 100 events/s: median', unit="ms", better="less")
CALM = Row(
    name="paid-calm",
    title=f'event to "paid" visible, {CALM_PER_S} events/s: 99 of 100 within',
    unit="ms",
    better="less",
    bound=250,
)
CPU = Row(name="paid-cpu", title="the worker's processor time for an event", unit="ms", better="less")


def _round(url: str, store: Server, worker: int, stripe: Stripe, count: int) -> dict[str, float]:
    calm = _took_ms(url, store, stripe, count // 2, per_s=CALM_PER_S)
    before = cpu_s(worker)
    took = _took_ms(url, store, stripe, count, per_s=PER_S)
    return {
        PAID.name: p99(took),
        MEDIAN.name: sorted(took)[count // 2],
        CPU.name: (cpu_s(worker) - before) * 1000 / count,
        CALM.name: p99(calm),
    }


def _took_ms(url: str, store: Server, stripe: Stripe, count: int, *, per_s: int) -> list[float]:
    orders, begun = unpaid(url, stripe, count), time.perf_counter()
    sender = threading.Thread(
        target=send, args=(store.port, orders.requests), kwargs={"connections": CONNECTIONS, "per_s": per_s}
    )
    sender.start()
    seen = when_paid(url, orders.references)
    sender.join()
    return [(seen[name] - begun - number / per_s) * 1000 for number, name in enumerate(orders.references)]


def _one_commit(url: str, count: int) -> dict[str, float]:
    took = []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(count):
            begun = time.perf_counter()
            connection.execute("UPDATE jumun_orders_order SET phone = phone WHERE id = 1")
            took.append((time.perf_counter() - begun) * 1000)
            time.sleep(1 / PER_S)
    return {PAID.name: p99(took), MEDIAN.name: sorted(took)[count // 2]}


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


BENCH = Bench(rows=(PAID, MEDIAN, CALM, CPU), contestants=contestants)
