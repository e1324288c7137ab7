"""A Stripe that takes calls and never answers must not take the shop with it."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from jumun.payments.stripe import gateway
from tests.factories import place_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def silence(settings: Any) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.setblocking(False)
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield listener


def press(reference: str) -> int:
    return Client().post("/payment/process/", {"order": reference}).status_code


def test_who_waits_in_vain_is_told(silence: socket.socket, settings: Any) -> None:
    settings.JUMUN = {"STRIPE_TIMEOUT_S": 0.2}
    assert press(place_order().reference) == 503
    caller, _ = silence.accept()
    caller.close()


def test_few_wait_and_the_others_are_told_without_a_call(
    silence: socket.socket, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(gateway, "TURN_TIMEOUT_S", 0.05)
    settings.JUMUN = {"STRIPE_WAITING_MAX": 2}
    turns = gateway._waiting()
    # Two customers wait for Stripe.
    assert all(turns.acquire(blocking=False) for _ in range(2))
    assert press(place_order().reference) == 503
    with pytest.raises(BlockingIOError):
        silence.accept()


def test_the_worker_has_more_patience_than_a_customer(settings: Any) -> None:
    settings.JUMUN = {"STRIPE_TIMEOUT_S": 60}
    with gateway.for_somebody_waiting():
        hurried = gateway._client()
    assert hurried is not gateway._client()


def test_a_turn_is_given_back_after_every_call(settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    settings.JUMUN = {"STRIPE_WAITING_MAX": 1}
    order = place_order()
    assert [press(order.reference) for _ in range(3)] == [503, 503, 503]
    assert gateway._waiting().acquire(blocking=False)
    gateway._waiting().release()
