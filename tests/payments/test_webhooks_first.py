from io import BytesIO
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection

from jumun.orders.models import Order
from jumun.outbox.process import process
from jumun.payments.models import InboxEvent
from jumun.payments.webhooks.receive import store
from jumun.payments.webhooks.wsgi import WebhooksFirst
from tests.factories import paid_order, place_order
from tests.payments.stripe_says import event, session_of, signature

pytestmark = pytest.mark.django_db
PATH = "/payment/webhooks/"


def post(body: bytes, header: str, **environ: Any) -> tuple[int, bytes]:
    """Status and body of what the store answers, past the middleware."""
    told: list[int] = []
    lengths: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        told.append(int(status[:3]))
        lengths.extend(value for name, value in headers if name == "Content-Length")

    request = {
        **{"REQUEST_METHOD": "POST", "PATH_INFO": PATH, "SERVER_NAME": "localhost", "SERVER_PORT": "80"},
        **{"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "HTTP_STRIPE_SIGNATURE": header},
        **environ,
    }
    answer = b"".join(WebhooksFirst(get_wsgi_application())(request, start_response))
    assert lengths == [str(len(answer))], "the connection can be used again"
    return told[0], answer


def body_of(order: Order) -> bytes:
    return event(session_of(order))


def test_a_notification_is_stored_before_it_is_answered() -> None:
    body = body_of(place_order())
    assert [post(body, signature(body)) for _ in range(2)] == [(200, b"stored")] * 2
    assert InboxEvent.objects.get().payload == body.decode()


def test_what_stripe_did_not_sign_is_refused_and_not_stored() -> None:
    body = body_of(place_order())
    assert post(body + b" ", signature(body))[0] == 400
    assert post(body, "")[0] == 400
    assert post(b"x" * 2_000_000, "")[0] == 413
    assert post(body, signature(body), REQUEST_METHOD="GET")[0] == 405
    assert not InboxEvent.objects.exists()


def test_the_address_without_its_last_slash_takes_notifications_too() -> None:
    body = body_of(place_order())
    assert post(body, signature(body), PATH_INFO=PATH.removesuffix("/")) == (200, b"stored")
    assert InboxEvent.objects.get().payload == body.decode()


def test_every_other_address_is_djangos() -> None:
    assert post(b"", "", REQUEST_METHOD="GET", PATH_INFO="/healthz")[0] == 200


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_meanwhile_is_replaced() -> None:
    body = body_of(place_order())
    if connection.vendor == "postgresql":
        assert connection.connection is not None
        connection.connection.close()
    assert post(body, signature(body)) == (200, b"stored")


def test_what_cannot_be_stored_is_asked_for_again() -> None:
    def shut_down(*_: Any) -> None:
        raise OperationalError("terminating connection due to administrator command")

    body = body_of(place_order())
    with connection.execute_wrapper(shut_down):
        assert post(body, signature(body))[0] == 503
    assert not InboxEvent.objects.exists()


def test_what_an_event_costs_is_pinned(django_assert_num_queries: Any) -> None:
    paid_order()  # the first of a year begins the series of its invoices
    store(body_of(place_order()))
    (row,) = InboxEvent.claim(1)
    with django_assert_num_queries(20):
        process(row)
    assert row.state == "done"
