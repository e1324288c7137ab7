"""The simulator's troubles do what they say, and what they lead to is noticed."""

import signal
import smtplib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from jumun.storefront.forms import CheckoutForm
from tests.chaos import plan
from tests.chaos.buyers import typed
from tests.chaos.engine import end, engines
from tests.chaos.hanging import PAID_WITHIN_S, Waits
from tests.chaos.mail import post
from tests.chaos.names import ADDRESSES, NAMES
from tests.chaos.readiness import Readiness
from tests.chaos.steps import PAID, Arrive, Buyer, HangMail, HangStripe, KillEngine
from tests.waiting import wait_until

pytestmark = pytest.mark.long

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FIELDS = {
    "name": "name",
    "email": "email",
    "country": "country",
    "postal_code": "postal-code",
    "city": "address-level2",
    "address": "address-line1",
    "phone": "tel",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_the_checkout_form_takes_every_hard_name_and_address(name: str, address: str) -> None:
    known = typed(Buyer(number=0, basket=(), name=NAMES[name], address=ADDRESSES[address]))
    form = CheckoutForm({field: known[purpose] for field, purpose in FIELDS.items()})
    assert form.is_valid(), form.errors


def test_a_plan_has_every_trouble_and_some_hard_names() -> None:
    steps = plan.make(7, 60).steps
    assert {type(step) for step in steps} >= {HangStripe, HangMail, KillEngine}
    named = [step.buyer.name in NAMES.values() for step in steps if isinstance(step, Arrive)]
    assert any(named)
    assert not all(named)


def test_the_people_of_a_seed_stay_the_same_whatever_troubles_there_are() -> None:
    buyers = [step.buyer for step in plan.make(7, 60).steps if isinstance(step, Arrive)]
    # As they were before there were troubles.
    assert [(*buyer.basket, *buyer.tries) for buyer in buyers[:3]] == [
        (("patchwork-bojagi", 2), PAID),
        (("four-seasons-postcards", 1),),
        (("celadon-tea-cup", 1), PAID),
    ]


@pytest.fixture
def server():
    with post(seed=1, busy=0) as server:
        yield server


def send(server: Any) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=0.3) as client:
        client.sendmail("shop@example.com", ["a@example.com"], "Message-ID: <1@example.com>\r\n\r\nHello")


def test_a_mail_server_that_hangs_takes_the_connection_and_says_nothing(server) -> None:
    server.hang()
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(server)
    server.live()
    send(server)
    assert server.message_ids() == ["<1@example.com>"]


def test_a_busy_mail_server_takes_nothing() -> None:
    with post(seed=1, busy=1) as server:
        with pytest.raises(smtplib.SMTPException):
            send(server)
        assert server.message_ids() == []


def test_a_process_that_renders_is_found_below_its_parent_and_ended() -> None:
    # As the store starts it, except that it only waits.
    code = "import time; time.sleep(60)"
    rendering = [sys.executable, "-c", code, "-m", "jumun.invoices.documents.render_child"]
    parent = f"import subprocess; subprocess.run({rendering!r})"
    with subprocess.Popen([sys.executable, "-c", parent]) as shop:
        try:
            wait_until(lambda: engines([shop.pid]), within_s=30)
            found = engines([shop.pid])
            assert engines([shop.pid + 1_000_000]) == []
            assert end(found[0], signal.SIGABRT)
            assert shop.wait(timeout=10) == 0
            assert not end(found[0], signal.SIGABRT)
        finally:
            shop.kill()


def test_a_payment_that_waits_while_stripe_hangs_is_noticed_once() -> None:
    waits = Waits(ignored={"evt_before"})
    waits.look({"evt_before", "evt_quick", "evt_slow"}, 0)
    waits.look({"evt_before", "evt_slow"}, PAID_WITHIN_S)
    assert waits.too_long == []
    for later_s in (1, 2):
        waits.look({"evt_before", "evt_slow"}, PAID_WITHIN_S + later_s)
    assert waits.too_long == ["evt_slow"]
    assert waits.count == 2


ROW = ("jumun_outbox_job 1", NOW - timedelta(seconds=40))


@pytest.mark.parametrize(
    ("answer", "before", "after", "is_true"),
    [
        ({"ok": True, "oldest_waiting_s": 0}, None, None, True),
        ({"ok": True, "oldest_waiting_s": 40.2}, ROW, ROW, True),
        ({"ok": True, "oldest_waiting_s": 0}, ROW, ROW, False),
        ({"ok": True, "oldest_waiting_s": 40}, None, None, False),
        # Nobody knows what was the oldest in between.
        ({"ok": True, "oldest_waiting_s": 3}, ROW, None, True),
        ({"ok": False, "oldest_waiting_s": 0}, None, None, False),
        (503, None, None, False),
        ("ReadTimeout", None, None, False),
    ],
)
def test_a_readyz_that_is_not_true_is_noticed(answer: object, before: Any, after: Any, is_true: bool) -> None:
    books: Any = SimpleNamespace()
    readiness = Readiness("http://127.0.0.1", books, lambda: NOW, lambda: True)
    readiness.judge(answer, before=before, after=after, now=NOW, took_s=0.1)
    assert (readiness.wrong == []) is is_true
