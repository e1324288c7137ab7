"""``stripe listen`` forwards to the store's webhook, which accepts what comes, wherever the CLI is."""

import time
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from jumun.payments.models import InboxEvent
from paywright.testing import Paywright
from tests.payments.paying import pay_unnoticed, work
from tests.stripe_clients import HOW_TO_GET, find_cli, said_secret, start_cli

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(find_cli() is None, reason=f"no Stripe CLI: {HOW_TO_GET}"),
]


def test_an_order_is_paid_by_what_the_cli_forwards(
    stripe: Paywright, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> None:
    webhook = f"{live_server.url}/payment/webhooks/"
    flags = ("--no-wss", "--skip-update", "--all-snapshot", "--forward-to", webhook)
    listening = start_cli(tmp_path, stripe.api_base, "listen", *flags)
    try:
        settings.STRIPE_WEBHOOK_SECRET = said_secret(listening)
        time.sleep(1)  # the secret is said a moment before the connection stands
        order = pay_unnoticed(stripe)
        stripe.settle()

        answers = [attempt["status"] for delivery in stripe.deliveries() for attempt in delivery["attempts"]]
        assert answers
        assert set(answers) == {200}
        assert InboxEvent.objects.filter(type="checkout.session.completed").count() == 1
        work()
        order.refresh_from_db()
        assert order.state == "paid"
    finally:
        listening.terminate()
        listening.communicate(timeout=60)
