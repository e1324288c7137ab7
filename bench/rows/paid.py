"""From the arrival of an event to the commit that makes its order paid, at an even 50 events a second.

The store runs as `./run` runs it: web server and one worker. Meanwhile the worker makes the PDFs and sends the mails of
the orders that are paid. Stripe, which it asks for the card, answers at once.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg

from bench.answering import answering
from bench.events import p99, request_of, send
from bench.process import cpu_s, environment, in_django, started
from bench.row import OURS, Row, Run, bench
from bench.serving import serving
from bench.stage import Stage

PER_S = 50
CONNECTIONS = 16
LOOK_EVERY_S = 0.005
GIVE_UP_S = 300
PAID = "SELECT reference FROM jumun_orders_order WHERE reference = ANY(%s) AND state = 'paid'"


@bench(
    Row(
        "paid",
        f'event to "paid" visible, {PER_S} events/s, PDFs and mails behind them: 99 of 100 within',
        "ms",
        bound=250,
    ),
    Row(
        "paid-cpu",
        "the same: processor time of the worker, without its PDF engine, for an event",
        "ms",
        bound=1000 / PER_S,
    ),
    warm_up=True,
)
def paid(stage: Stage, stack: ExitStack) -> Mapping[str, Run]:
    url, count = stage.postgresql(), 200 if stage.quick else 500
    stripe = stack.enter_context(answering())
    store = stack.enter_context(serving(url))
    work = [sys.executable, "-m", "django", "work"]
    worker = stack.enter_context(started(work, environment(url, STRIPE_API_BASE=stripe.url)))
    sender = stack.enter_context(ThreadPoolExecutor(1))

    def ours() -> Mapping[str, float]:
        sessions = in_django("unpaid", str(count), database=url)
        stripe.objects |= {session["id"]: json.dumps(session).encode() for session in sessions}
        requests = [
            request_of(session | {"payment_intent": session["payment_intent"]["id"]}, "checkout.session.completed")
            for session in sessions
        ]
        cpu_before_s, begun = cpu_s(worker.pid), time.perf_counter()
        sending = sender.submit(send, store.port, requests, connections=CONNECTIONS, per_s=PER_S)
        references = [session["client_reference_id"] for session in sessions]
        seen = _when_paid(url, references)
        sending.result()
        took_ms = [(seen[reference] - begun - number / PER_S) * 1000 for number, reference in enumerate(references)]
        return {"paid": p99(took_ms), "paid-cpu": (cpu_s(worker.pid) - cpu_before_s) * 1000 / count}

    return {OURS: ours}


def _when_paid(url: str, references: Sequence[str]) -> Mapping[str, float]:
    """When each order was first seen to be paid."""
    seen: dict[str, float] = {}
    missing, give_up = set(references), time.monotonic() + GIVE_UP_S
    with psycopg.connect(url, autocommit=True) as connection:
        while missing and time.monotonic() < give_up:
            found = connection.execute(PAID, [list(missing)]).fetchall()
            now = time.perf_counter()
            seen |= {reference: now for (reference,) in found}
            missing -= seen.keys()
            time.sleep(LOOK_EVERY_S)
    if missing:
        raise RuntimeError(f"{len(missing)} orders were not paid in {GIVE_UP_S} s")
    return seen
