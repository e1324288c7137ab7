"""The same store once, and as on two machines: events to paid orders, as many as go through.

"Machines" are processes with ports of their own and one PostgreSQL in common. All run on the machine of the bench, so
that its cores are the limit; the row says what a second pair costs or brings there.
"""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from bench.confirming import Stripe, stripe_answering, unpaid, when_paid, working
from bench.events import send
from bench.row import OURS, Bench, Contestant, PeerMissing, Row
from bench.serving import Server, serving
from bench.stage import Stage
from tests.rabbitmq import find_rabbitmq, running_rabbitmq

CONNECTIONS = 8
ONE, CELERY = "one web, one worker", "two web, two Celery on RabbitMQ"
WORK = (sys.executable, "-m", "django", "work")
CELERYS = (
    *(sys.executable, "-m", "celery", "-A", "tests.outbox.celery_app", "worker", "--concurrency", "1"),
    *("--loglevel", "ERROR", "--without-gossip", "--without-mingle"),
)

MACHINES = Row(
    name="machines", title="events to paid orders: two web servers, two workers", unit="orders/s", better="more"
)


def _round(url: str, stripe: Stripe, count: int, stores: Sequence[Server]) -> dict[str, float]:
    orders = unpaid(url, stripe, count)
    begun = time.perf_counter()
    senders = [
        threading.Thread(
            target=send, args=(store.port, orders.requests[number :: len(stores)]), kwargs={"connections": CONNECTIONS}
        )
        for number, store in enumerate(stores)
    ]
    for sender in senders:
        sender.start()
    last = max(when_paid(url, orders.references).values())
    for sender in senders:
        sender.join()
    return {MACHINES.name: count / (last - begun)}


def _with(url: str, count: int, machines: int, worker: Sequence[str], **more: str) -> dict[str, float]:
    with ExitStack() as stack:
        stripe = stack.enter_context(stripe_answering())
        stores = [stack.enter_context(serving(url, **more)) for _ in range(machines)]
        for _ in range(machines):
            stack.enter_context(working(url, worker, STRIPE_API_BASE=stripe.url, **more))
        _round(url, stripe, count // 10, stores)  # imports and connections are there from now on
        return _round(url, stripe, count, stores)


def _with_celery(url: str, count: int) -> dict[str, float]:
    script = find_rabbitmq()
    if script is None:
        raise PeerMissing("RabbitMQ is not installed")
    with running_rabbitmq(script) as broker:
        return _with(url, count, 2, CELERYS, BROKER_URL=broker, DJANGO_SETTINGS_MODULE="bench.site.celery_settings")


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url, count = stage.postgresql(), 100 if stage.quick else 500
    yield [
        Contestant(OURS, lambda: _with(url, count, 2, WORK)),
        Contestant(ONE, lambda: _with(url, count, 1, WORK)),
        Contestant(CELERY, lambda: _with_celery(url, count)),
    ]


BENCH = Bench(rows=(MACHINES,), contestants=contestants, grows=False)
