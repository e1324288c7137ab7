from collections.abc import Iterator

import pytest

from jumun.errors import StripeRefused, StripeUnavailable
from jumun.orders.models import Order
from jumun.outbox import handlers
from jumun.outbox.lanes import Lane
from tests.orders.placing import CUSTOMER, TEA


@pytest.fixture
def kinds() -> Iterator[list[str]]:
    """Three kinds of job, and no others; what the first one did is in the list."""
    done: list[str] = []
    before = dict(handlers._handlers)
    # Only ours: the store's recurring jobs would go out to Stripe.
    handlers._handlers.clear()

    @handlers.job("test.note", lane=Lane.MONEY)
    def note(text: str) -> None:
        done.append(text)

    @handlers.job("test.place_then_fail", lane=Lane.MONEY)
    def place_then_fail() -> None:
        Order.place(lines=[TEA], customer=CUSTOMER)
        raise StripeUnavailable("the line is down")

    @handlers.job("test.hopeless", lane=Lane.MONEY, network=True)
    def hopeless() -> None:
        raise StripeRefused("no")

    yield done
    handlers._handlers.clear()
    handlers._handlers.update(before)
