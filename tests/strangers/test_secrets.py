"""Each step of the guide's section "Secrets", while the store sells."""

from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from jumun.orders.models import Order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.models import InboxEvent
from paywright.testing import Paywright
from tests.orders.placing import CUSTOMER, TEA
from tests.payments.paying import URLS, session_id
from tests.payments.stripe_says import deliver, event, session_of, signature
from tests.storefront.shop import checkout, form_token, product, put
from tests.strangers.guide import blocks, variables

pytestmark = pytest.mark.django_db


def steps_of(name: str) -> list[dict[str, str]]:
    [block] = [block for block in blocks("Secrets", "sh") if f"\n{name}=" in block]
    return variables(block)


def accepted(secret: str) -> bool:
    payload = event(session_of(Order.place(lines=[TEA], customer=CUSTOMER)))
    return bool(deliver(payload, signature(payload, secret)).status_code == 200)


def test_the_webhooks_secret_is_rolled_without_losing_an_event(settings: Settings) -> None:
    both, new = [step["STRIPE_WEBHOOK_SECRET"] for step in steps_of("STRIPE_WEBHOOK_SECRET")]
    settings.STRIPE_WEBHOOK_SECRET = "whsec_old"
    assert [accepted("whsec_old"), accepted("whsec_new")] == [True, False]
    settings.STRIPE_WEBHOOK_SECRET = both
    assert [accepted("whsec_old"), accepted("whsec_new")] == [True, True]
    settings.STRIPE_WEBHOOK_SECRET = new
    assert [accepted("whsec_old"), accepted("whsec_new")] == [False, True]


@pytest.mark.django_db(transaction=True)
def test_events_arrive_before_while_and_after_stripe_rolls_it(
    stripe: Paywright, live_server: LiveServer, settings: Settings
) -> None:
    def arrives() -> None:
        before = InboxEvent.objects.count()
        stripe.trigger("checkout.session.completed")
        stripe.settle()
        assert InboxEvent.objects.count() > before

    settings.STRIPE_WEBHOOK_SECRET = old = "whsec_of_before"
    stripe.forward(f"{live_server.url}/payment/webhooks/", secret=old)
    [endpoint] = _endpoints(stripe)
    arrives()
    new = stripe.request("POST", f"endpoints/{endpoint}/roll", {"expires_in": "24h"})["secret"]
    arrives()
    settings.STRIPE_WEBHOOK_SECRET = f"{new},{old}"
    arrives()
    stripe.advance("25h")
    settings.STRIPE_WEBHOOK_SECRET = new
    arrives()
    # Nothing is sent to the next test's database.
    stripe.settle()
    stripe.forward(None)


def _endpoints(stripe: Paywright) -> list[str]:
    from paywright.remote import ask

    found = ask(stripe.api_base, "GET", "/v1/webhook_endpoints", key=stripe.secret_key)["data"]
    return [endpoint["id"] for endpoint in found]


def test_stripes_key_is_changed_between_two_presses_of_pay(
    stripe: Paywright, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    [step] = steps_of("STRIPE_SECRET_KEY")
    order = Order.place(lines=[TEA], customer=CUSTOMER)
    url = open_checkout(order, **URLS)

    settings.STRIPE_SECRET_KEY = step["STRIPE_SECRET_KEY"].replace("_live_", "_test_")

    assert open_checkout(order, **URLS) == url
    stripe.pay(session_id(order))
    # The reconciliation leaves the last seconds to the events that are on their way.
    stripe.advance(10)
    with suppress(SystemExit):
        call_command("reconcile", "--repair")
    # As the guide says: exit code 0.
    call_command("reconcile")
    order.refresh_from_db()
    assert order.state == "paid"


@pytest.fixture
def signed_in(client: Client, admin_user: User) -> Client:
    client.force_login(admin_user)
    return client


def rotate(settings: Settings, step: dict[str, str]) -> None:
    settings.SECRET_KEY = step["JUMUN_SECRET_KEY"] * 20
    settings.SECRET_KEY_FALLBACKS = [key * 20 for key in step["JUMUN_SECRET_KEY_FALLBACKS"].split(",") if key]


def test_djangos_key_is_changed_and_nobody_is_logged_out(signed_in: Client, settings: Settings) -> None:
    settings.SECRET_KEY = "old" * 20
    signed_in.force_login(User.objects.get())
    tea = product()
    put(signed_in, tea)
    token = form_token(signed_in)
    first, second = steps_of("JUMUN_SECRET_KEY")

    rotate(settings, first)
    assert signed_in.get("/admin/").status_code == 200
    assert checkout(signed_in, form_token=token).status_code == 303, "the form was signed with the old key"
    put(signed_in, tea)
    rotate(settings, second)
    assert signed_in.get("/admin/").status_code == 200, "the session is signed with the new key by now"
    assert checkout(signed_in).status_code == 303


def test_after_a_leak_the_old_key_opens_nothing(signed_in: Client, settings: Settings) -> None:
    settings.SECRET_KEY = "old" * 20
    signed_in.force_login(User.objects.get())
    rotate(settings, steps_of("JUMUN_SECRET_KEY")[1])
    answer: Any = signed_in.get("/admin/")
    assert answer.status_code == 302
    assert "login" in answer.headers["Location"]
