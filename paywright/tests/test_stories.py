"""``trigger`` makes every event it knows."""

import pytest

from paywright.sandbox.stories import STORIES
from paywright.testing import Paywright
from tests.conformance.receiver import Receiver


@pytest.fixture(scope="module")
def shop():
    shop = Receiver(Paywright.webhook_secret)
    yield shop
    shop.close()
    assert shop.problems == []


@pytest.fixture(scope="module")
def server(shop):
    with Paywright(forward_to=shop.url) as server:
        yield server


@pytest.mark.parametrize("event", sorted(STORIES))
def test_triggering(server, shop, event):
    server.reset()
    shop.events.clear()

    server.trigger(event)
    server.settle()

    assert event in shop.types()


def test_an_event_that_cannot_be_triggered(server):
    with pytest.raises(AssertionError, match="cannot trigger 'nope'; known: "):
        server.trigger("nope")
