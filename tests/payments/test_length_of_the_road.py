"""How many files a reader opens to follow an event until its order is paid, and a refund until it is booked.

docs/webhooks.md shows the walk.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

import jumun
from jumun.outbox.worker import drain
from jumun.payments.models import InboxEvent
from jumun.payments.refunds.refund import refund
from jumun.payments.webhooks.process import process
from jumun.payments.webhooks.receive import store
from paywright.testing import Paywright
from tests.factories import paid_order, paid_session, place_order
from tests.payments.paying import buy
from tests.payments.stripe_says import event

pytestmark = pytest.mark.django_db

ROOT = Path(jumun.__file__).parent
# Values that every room uses (money, settings, the clock, the actor) are no part of the road, and neither are the
# receivers of the public signals.
ROOMS = ("orders", "invoices", "payments", "outbox")
PAID_FILES_MAX = 24
REFUND_FILES_MAX = 31


@contextmanager
def entered() -> Iterator[set[str]]:
    """The files of the rooms of `jumun` in which a function is called by this thread."""
    files: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        # Names in brackets are comprehensions, lambdas and the bodies of modules.
        if event != "call" or frame.f_code.co_name.startswith("<") or not path.is_relative_to(ROOT):
            return
        file = path.relative_to(ROOT)
        if file.parts[0] in ROOMS:
            files.add(str(file))

    sys.setprofile(note)
    try:
        yield files
    finally:
        sys.setprofile(None)


def test_an_event_becomes_paid_in_few_files() -> None:
    # Imports and caches are filled the first time.
    paid_order()
    order = place_order()
    # An event names the PaymentIntent and does not expand it.
    session = paid_session(order) | {"payment_intent": "pi_3road"}
    store(event(session))
    [claimed] = InboxEvent.claim(1)
    with entered() as files:
        process(claimed)
    order.refresh_from_db()
    assert order.state == "paid"
    assert len(files) <= PAID_FILES_MAX, "\n".join(sorted(files))


def test_a_refund_is_booked_in_few_files(stripe: Paywright) -> None:
    payment = buy(stripe)
    drain()
    with entered() as files:
        made = refund(payment, amount_minor=1_000, reason="", by=None)
    assert (made.status, made.booked_at is not None) == ("succeeded", True)
    assert len(files) <= REFUND_FILES_MAX, "\n".join(sorted(files))
