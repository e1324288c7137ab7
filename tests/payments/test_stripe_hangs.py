"""A Stripe that takes calls and never answers must not take the shop with it."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from jumun.payments import gateway
from tests.factories import place_order
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def silence(settings: Any) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield


def press(reference: str) -> tuple[int, float]:
    began = time.monotonic()
    answer = Client().post("/payment/process/", {"order": reference})
    return answer.status_code, time.monotonic() - began


def test_few_wait_and_the_others_are_told_at_once(silence: None, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(gateway, "TURN_TIMEOUT_S", 0.05)
    settings.JUMUN = {"STRIPE_TIMEOUT_S": 2, "STRIPE_WAITING_MAX": 2}
    references = [place_order().reference for _ in range(8)]
    answers = at_once(8, lambda index: press(references[index]))
    assert {status for status, _ in answers} == {503}
    assert sum(took_s > 3 for _, took_s in answers) <= 2


def test_the_worker_has_more_patience_than_a_customer(settings: Any) -> None:
    settings.JUMUN = {"STRIPE_TIMEOUT_S": 60}
    with gateway.for_somebody_waiting():
        hurried = gateway._client()
    assert hurried is not gateway._client()


def test_a_turn_is_given_back_after_every_call(settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    settings.JUMUN = {"STRIPE_WAITING_MAX": 1}
    order = place_order()
    assert [press(order.reference)[0] for _ in range(3)] == [503, 503, 503]
    assert gateway._waiting().acquire(blocking=False)
    gateway._waiting().release()
