"""A webhook's durable acknowledgement; the limit does the same without Django, on granian."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import psycopg

from bench import peers
from bench.dj_stripe import PATH as DJ_STRIPE_PATH
from bench.dj_stripe import dj_stripe
from bench.events import SECRET, event_of, request_of, send, unique
from bench.row import LIMIT, OURS, Bench, Contestant, Row
from bench.serving import serving
from bench.stage import Stage
from shop.run.configuration import HOST

DJ_STRIPE = "dj-stripe"
PLAIN = "construct_event + get_or_create"
CONNECTIONS = 16
PATH = "/payment/webhooks/"
BARE = [
    *(sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4"),
    *("--no-ws", "--log-level", "warning", "--host", HOST, "--port", "{port}", "bench.site.bare:application"),
]
TABLE = """
CREATE TABLE IF NOT EXISTS bench_event (
    id bigserial PRIMARY KEY, event_id varchar(255) NOT NULL UNIQUE, type varchar(100) NOT NULL,
    payload text NOT NULL, received_at timestamptz NOT NULL DEFAULT now()
)
"""

RATE = Row(
    name="webhook",
    title="webhook, durable acknowledgement of 2 KB, 16 connections",
    unit="events/s",
    better="more",
    goals={DJ_STRIPE: 30, PLAIN: 3.5, LIMIT: 0.6},
)
LATENCY = Row(
    name="webhook-p99",
    title="webhook at half of that load: 99 of 100 answered within",
    unit="ms",
    better="less",
    bound=25,
)


def _events(count: int, path: str) -> list[bytes]:
    """Of a type that nobody processes: what is measured is to take them."""
    return [request_of(event_of({"id": unique("pi"), "object": "payment_intent"}, KIND), path) for _ in range(count)]


KIND = "payment_intent.succeeded"


def _measured(port: int, path: str, count: int) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        full = send(port, _events(count, path), connections=CONNECTIONS)
        half = send(port, _events(count // 2, path), connections=CONNECTIONS, per_s=full.per_s / 2)
        return {RATE.name: full.per_s, LATENCY.name: half.p99_ms}

    return run


@contextmanager
def _dj_stripe(stage: Stage) -> Iterator[peers.Run]:
    """Fewer events: it takes as many in a second as the others in fifty."""
    with dj_stripe(stage, SECRET) as (server, intent):

        def run(count: int = 200) -> dict[str, float]:
            requests = [request_of(event_of(intent, KIND), DJ_STRIPE_PATH) for _ in range(count)]
            return {RATE.name: send(server.port, requests, connections=CONNECTIONS).per_s}

        # It asks for the account when it first hears of it: one at a time until that is known.
        send(server.port, [request_of(event_of(intent, KIND), DJ_STRIPE_PATH)], connections=1)
        run(32)
        yield run


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url = stage.postgresql()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
    count = 600 if stage.quick else 2_000
    with serving(url) as store, serving(url, BARE) as bare, ExitStack() as stack:
        found = [
            Contestant(OURS, _measured(store.port, PATH, count)),
            Contestant(PLAIN, _measured(store.port, "/bench/webhook/", count)),
            Contestant(LIMIT, _measured(bare.port, "/", count)),
        ]
        for contestant in found:
            contestant.run()  # imports and connections are there from now on
        yield [*found, Contestant(DJ_STRIPE, peers.when_first_run(stack, lambda: _dj_stripe(stage)))]


BENCH = Bench(rows=(RATE, LATENCY), contestants=contestants)
