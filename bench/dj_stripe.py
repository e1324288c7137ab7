"""dj-stripe's webhook in an environment of its own, with Paywright as its Stripe."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import peers
from bench.paywright import Client
from bench.serving import Server, serving
from bench.stage import Stage
from paywright.testing import Paywright
from shop.run.configuration import HOST, SERVED_BY

PATH = "/stripe/webhook/5b1d2c6e-4d1f-4a8e-9e7c-000000000001/"
# It accepts keys of Stripe's length alone.
KEY = "sk_test_" + "bench0" * 4


@contextmanager
def dj_stripe(stage: Stage, secret: str) -> Iterator[tuple[Server, dict[str, Any]]]:
    """The server, deployed as the store is, and a PaymentIntent that its Stripe knows. Raises `PeerMissing`."""
    program, url = str(peers.python("dj-stripe")), stage.empty_postgresql("dj_stripe")
    with Paywright() as stripe:
        Client(stripe).buy()
        (paid,) = stripe.events("payment_intent.succeeded")
        given = {"STRIPE_API_BASE": stripe.api_base, "STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": secret}
        peers.run("dj-stripe", "serve_dj_stripe.py", database=url, **given)
        command = [program, "-m", "gunicorn", "serve_dj_stripe:application", *SERVED_BY, "--bind", f"{HOST}:{{port}}"]
        with serving(url, command, **peers.environment(url, **given)) as server:
            yield server, paid["data"]["object"]
