"""Stripe's events are refused, or stop: the operator is told, and strangers cannot make a write of each request."""

import io
import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from jumun.backoffice.dashboard import concerns
from jumun.orders.models import Order
from jumun.payments.models import Difference, InboxEvent, Payment, Reconciliation, WebhookReception
from jumun.payments.webhooks.reception import PERIOD_S, WRITES_MAX, Reception, reception
from tests.factories import paid_order
from tests.orders.placing import CUSTOMER, TEA
from tests.payments.stripe_says import deliver, event, session_of, signature

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_new_process() -> Iterator[None]:
    reception.forget()
    yield
    reception.forget()


@pytest.fixture
def payload() -> bytes:
    return event(session_of(Order.place(lines=[TEA], customer=CUSTOMER, language="ko")))


def refuse(payload: bytes, times: int = 3) -> None:
    for _ in range(times):
        assert deliver(payload, signature(payload, "whsec_of_another_endpoint")).status_code == 400


def warnings(client: Client) -> Any:
    return client.get("/readyz").json().get("warnings", [])


def status() -> str:
    told = io.StringIO()
    try:
        call_command("work", "--status", stdout=told)
    except SystemExit as end:
        told.write(f"exit {end.code}")
    return told.getvalue()


def texts(user: User) -> list[str]:
    return [str(concern.text) for concern in concerns(user)]


def test_a_wrong_secret_is_loud(
    client: Client, admin_user: User, payload: bytes, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    assert warnings(client) == []
    with caplog.at_level(logging.INFO, "jumun.payments"):
        refuse(payload, 5)

    (record,) = [found for found in caplog.records if found.name == "jumun.payments"]
    assert record.levelno == logging.ERROR
    assert "STRIPE_WEBHOOK_SECRET" in record.getMessage()
    assert settings.STRIPE_WEBHOOK_SECRET not in record.getMessage()
    assert "evt_" not in record.getMessage()
    assert warnings(client) == ["stripe_events_refused"]
    assert "5 of Stripe's events were refused" in status()
    assert status().endswith("exit 1")
    [concern] = concerns(admin_user)
    assert concern.count == 5
    assert "whsec_" not in str(concern.text)
    client.force_login(admin_user)
    assert "never" in client.get("/admin/", headers={"accept-language": "en"}).content.decode()
    told = io.StringIO()
    call_command("inbox", stdout=told)
    assert "last accepted: never; refused since then: 5" in told.getvalue()


def test_the_next_accepted_event_ends_the_alarm(client: Client, admin_user: User, payload: bytes) -> None:
    refuse(payload)
    assert deliver(payload).status_code == 200
    assert warnings(client) == []
    assert texts(admin_user) == []
    assert WebhookReception.current().refused_count == 0
    refuse(payload)
    assert warnings(client) == ["stripe_events_refused"], "and another alarm is not held back"
    assert "Last accepted: never" not in texts(admin_user)[0]


def test_a_wrong_clock_is_told_from_a_wrong_secret(payload: bytes, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        deliver(payload, signature(payload, at=time.time() - 3600))
    assert WebhookReception.current().refused_reason == "too_old"
    assert "clock" in caplog.text


def test_no_secret_is_told_too(payload: bytes, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ""
    refuse(payload)
    assert WebhookReception.current().refused_reason == "no_secret"
    assert "unset" in caplog.text


@pytest.mark.parametrize("header", ["", "x", "t=1,v1=abc", "v1=" + "0" * 64, "t=1,v0=" + "0" * 64, "t=1" * 3000])
def test_a_scanner_without_a_signature_raises_no_alarm(
    client: Client, header: str, payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        assert deliver(payload, header).status_code == 400
    assert not WebhookReception.objects.exists()
    assert warnings(client) == []
    assert [record for record in caplog.records if record.name == "jumun.payments"] == []


def test_one_or_two_refusals_raise_no_alarm(client: Client, admin_user: User, payload: bytes) -> None:
    refuse(payload, 2)
    assert warnings(client) == []
    assert texts(admin_user) == []


def test_a_forged_flood_is_few_writes_and_lines(payload: bytes, caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    flooded = Reception(clock=lambda: now)
    with CaptureQueriesContext(connection) as queries:
        for _ in range(1_000):
            flooded.refused("wrong_signature")
    assert len([query for query in queries if "UPDATE" in query["sql"]]) <= WRITES_MAX + 1
    assert len(caplog.records) == 1
    now = PERIOD_S
    flooded.refused("wrong_signature")
    assert WebhookReception.current().refused_count == 1_001, "what was not written at once is not lost"
    assert "(1000 since" in caplog.records[1].getMessage()


def test_accepted_events_are_written_down_once_a_minute(payload: bytes) -> None:
    now = 0.0
    busy = Reception(clock=lambda: now)
    busy.accepted()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(100):
            busy.accepted()
    assert len(queries) == 0
    now = PERIOD_S
    with CaptureQueriesContext(connection) as queries:
        busy.accepted()
    assert len(queries) == 1


@pytest.mark.django_db(transaction=True)
def test_the_answer_to_stripe_does_not_depend_on_it(payload: bytes) -> None:
    def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "webhookreception" in sql:
            raise OperationalError("the disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(broken):
        assert deliver(payload).status_code == 200
        assert deliver(payload, signature(payload, "whsec_other")).status_code == 400
    assert InboxEvent.objects.count() == 1


def run(*, missing: int, ago: timedelta = timedelta(minutes=1)) -> Reconciliation:
    made = Reconciliation.objects.create(
        since=timezone.now() - timedelta(hours=25), repair=True, is_scheduled=True, started_at=timezone.now() - ago
    )
    for number in range(missing):
        made.differences.create(kind=Difference.Kind.EVENT_MISSING, object_id=f"evt_{number}", repaired=True)
    made.finish()
    return made


def test_events_that_stop_while_payments_come_in_by_reconciliation(
    client: Client, admin_user: User, payload: bytes
) -> None:
    deliver(payload)
    WebhookReception.objects.update(accepted_at=timezone.now() - timedelta(hours=2))
    run(missing=0)
    assert warnings(client) == [], "a quiet hour"

    brought_in = run(missing=4)

    assert warnings(client) == ["stripe_events_stopped"]
    [concern] = concerns(admin_user)
    assert concern.count == 4
    assert concern.address.endswith(f"/{brought_in.pk}/change/")
    reception.forget()
    deliver(event(session_of(Order.objects.get())))
    assert warnings(client) == [], "they come again"
    assert len(concerns(admin_user)) == 1, "what was repaired today is still told"
    Reconciliation.objects.update(started_at=timezone.now() - timedelta(hours=25))
    assert concerns(admin_user) == []


def test_a_webhook_that_was_never_verified(client: Client, admin_user: User, payload: bytes) -> None:
    paid_order()
    assert warnings(client) == [], "its event may be on its way"
    Payment.objects.update(paid_at=timezone.now() - timedelta(minutes=6))
    assert warnings(client) == ["stripe_events_never_came"]
    assert len(texts(admin_user)) == 1
    deliver(payload)
    assert warnings(client) == []


def test_another_key_in_place_of_the_secret_is_found_by_a_check(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRET = "whsec_right,sk_test_wrong"
    (message,) = [found for found in run_checks() if found.id == "jumun.W014"]
    assert "sk_test" not in message.msg
