"""A webhook's durable acknowledgement; the limit does the same without Django, on granian."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from typing import Any

import psycopg

from bench import peers
from bench.events import PATH, SECRET, request_of, send, unique
from bench.row import LIMIT, OURS, Row, Run, bench
from bench.rows.paywright import Client
from bench.serving import Server, gunicorn, serving
from bench.stage import Stage
from paywright.testing import Paywright
from shop.run.configuration import HOST

DJ_STRIPE, PLAIN = "dj-stripe", "construct_event + get_or_create"
CONNECTIONS = 16
KIND = "payment_intent.succeeded"  # a type that the store does not process: what is measured is to take events
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
DJ_STRIPE_PATH = "/stripe/webhook/5b1d2c6e-4d1f-4a8e-9e7c-000000000001/"
DJ_STRIPE_KEY = "sk_test_" + "bench0" * 4  # it accepts keys of Stripe's length alone
# Fewer events: it takes as many in a second as the others in fifty.
DJ_STRIPE_COUNT = 200


@bench(
    Row(
        "webhook",
        "webhook, durable acknowledgement of 2 KB, 16 connections",
        "events/s",
        goals={DJ_STRIPE: 30, PLAIN: 3.5, LIMIT: 0.6},
    ),
    Row("webhook-p99", "webhook at half of that load: 99 of 100 answered within", "ms", bound=25),
    warm_up=True,
)
def webhook(stage: Stage, stack: ExitStack) -> Mapping[str, Run]:
    url, count = stage.postgresql(), 600 if stage.quick else 2_000
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
    store, bare = stack.enter_context(serving(url)), stack.enter_context(serving(url, BARE))

    def measured(server: Server, path: str) -> Mapping[str, float]:
        full = send(server.port, _events(count, path), connections=CONNECTIONS)
        half = send(server.port, _events(count // 2, path), connections=CONNECTIONS, per_s=full.per_s / 2)
        return {"webhook": full.per_s, "webhook-p99": half.p99_ms}

    return {
        OURS: lambda: measured(store, PATH),
        PLAIN: lambda: measured(store, "/bench/webhook/"),
        LIMIT: lambda: measured(bare, "/"),
        DJ_STRIPE: _dj_stripe(stage, stack),
    }


def _events(count: int, path: str) -> list[bytes]:
    return [request_of({"id": unique("pi"), "object": "payment_intent"}, KIND, path) for _ in range(count)]


def _dj_stripe(stage: Stage, stack: ExitStack) -> Run:
    """In an environment of its own, deployed as the store is. Paywright is its Stripe, which it asks a lot."""

    @cache
    def prepared() -> tuple[int, dict[str, Any]]:
        python, url = peers.python("dj-stripe"), stage.empty_postgresql("dj_stripe")
        stripe = stack.enter_context(Paywright())
        Client(stripe).buy()
        (paid,) = stripe.events(KIND)
        intent = paid["data"]["object"]
        keys = {"STRIPE_SECRET_KEY": DJ_STRIPE_KEY, "STRIPE_WEBHOOK_SECRET": SECRET}
        given = {"STRIPE_API_BASE": stripe.api_base, **keys}
        peers.run("dj-stripe", "serve_dj_stripe.py", database=url, **given)
        command = gunicorn("serve_dj_stripe:application", python)
        server = stack.enter_context(serving(url, command, peers.environment(url, **given)))
        # It asks for the account when it first hears of it: one event alone until that is known.
        send(server.port, [request_of(intent, KIND, DJ_STRIPE_PATH)], connections=1)
        return server.port, intent

    def run() -> Mapping[str, float]:
        port, intent = prepared()
        requests = [request_of(intent, KIND, DJ_STRIPE_PATH) for _ in range(DJ_STRIPE_COUNT)]
        return {"webhook": send(port, requests, connections=CONNECTIONS).per_s}

    return run
