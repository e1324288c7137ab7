"""A store is ready where its database has the tables of this version and takes writes; and again at once."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, OperationalError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from jumun.db import read_only
from jumun.outbox import readiness, worker
from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job
from jumun.payments.models import InboxEvent
from jumun.payments.webhooks.receive import store
from tests.payments.stripe_says import event
from tests.storefront.shop import product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    readiness.forget()
    read_only._reconnect_until_s = 0.0
    yield
    readiness.forget()
    read_only._reconnect_until_s = 0.0


def ready(client: Client) -> tuple[int, str]:
    answer = client.get("/readyz", headers={"Host": "10.0.0.7"})
    return answer.status_code, answer.json().get("reason", "")


@contextmanager
def applied(app: str, name: str) -> Iterator[None]:
    """With such a row among the applied migrations."""
    recorder = MigrationRecorder(connection)
    recorder.record_applied(app, name)
    try:
        yield
    finally:
        recorder.record_unapplied(app, name)


@contextmanager
def unapplied(app: str, name: str) -> Iterator[None]:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied(app, name)
    try:
        yield
    finally:
        recorder.record_applied(app, name)


def test_a_database_that_lacks_a_migration_is_not_ready(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with unapplied("jumun_invoices", "0003_restored_backups"):
        assert ready(client) == (503, "schema")
        assert "jumun_invoices.0003_restored_backups" in caplog.text
        assert "migrate" in caplog.text
        with pytest.raises(CommandError, match="lacks migrations"):
            call_command("work", "--once", stdout=StringIO())
    readiness.forget()
    assert ready(client) == (200, "")


def test_a_database_made_by_a_newer_version_is_not_ready(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with applied("jumun_orders", "0099_later"):
        assert ready(client) == (503, "schema")
        assert "newer version of Jumun (jumun_orders.0099_later)" in caplog.text


def test_what_another_app_has_left_behind_keeps_nobody_from_being_ready(client: Client) -> None:
    with applied("removed_app", "0001_initial"), applied("auth", "0099_squashed_away"):
        assert ready(client) == (200, "")


def test_the_schema_is_not_asked_for_by_each_probe(client: Client) -> None:
    ready(client)
    with unapplied("jumun_invoices", "0003_restored_backups"):
        assert ready(client) == (200, "")


def test_a_worker_waits_until_the_schema_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SCHEMA_AGAIN_S", 0.02)
    Job.objects.create(kind="nobody.handles_this", lane=Lane.MONEY, key="a")
    stop = threading.Event()
    with unapplied("jumun_invoices", "0003_restored_backups"):
        thread = threading.Thread(target=worker.work, args=(stop,), kwargs={"lanes": [Lane.MONEY]})
        thread.start()
        stop.wait(0.5)
        assert Job.objects.get().attempts == 0
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


@contextmanager
def taking_no_writes() -> Iterator[None]:
    """This connection, as one that was opened while the whole database took none."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA query_only = ON")
        else:
            cursor.execute("SET default_transaction_read_only = on")
    yield


def test_a_database_that_takes_no_writes_is_not_ready_and_is_so_again_at_once(client: Client) -> None:
    with taking_no_writes():
        assert ready(client) == (503, "read-only")
        # The connection of that time is given up. Probes come often: the answer is kept for half a second.
        readiness.forget()
        assert ready(client) == (200, "")


def test_a_writer_that_holds_sqlite_does_not_make_it_unready(client: Client) -> None:
    with closing(connections.create_connection("default")) as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("UPDATE jumun_outbox_job SET attempts = 0")
        assert ready(client) == (200, "")
        other.rollback()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout")
            assert cursor.fetchone() == (20_000,)


def test_pages_that_write_say_503_meanwhile_and_work_at_the_next_request(client: Client) -> None:
    client.raise_request_exception = False
    form = {"sku": product().sku, "quantity": 1}
    with taking_no_writes():
        refused = client.post("/cart/add/", form)
        assert (refused.status_code, refused["Retry-After"]) == (503, "10")
        assert client.post("/cart/add/", form).status_code == 303


def test_a_connection_that_was_opened_meanwhile_by_a_page_that_only_reads_is_given_up_too(client: Client) -> None:
    """Another thread's: what it has is not known to the one whose write was refused."""
    form = {"sku": product().sku, "quantity": 1}
    begun, recovered = threading.Event(), threading.Event()
    statuses: list[int] = []

    def read_then_write() -> None:
        with taking_no_writes():
            begun.set()
            recovered.wait(30)
            statuses.append(Client(raise_request_exception=False).post("/cart/add/", form).status_code)
        connection.close()

    thread = threading.Thread(target=read_then_write)
    thread.start()
    begun.wait(30)
    with taking_no_writes():
        assert ready(client) == (503, "read-only")
    recovered.set()
    thread.join(30)
    assert statuses == [303]


def test_an_event_is_stored_as_soon_as_the_database_takes_writes_again() -> None:
    with taking_no_writes():
        store(event({"id": "ch_1", "object": "charge"}, "charge.refunded"))
    assert InboxEvent.objects.count() == 1


@pytest.mark.parametrize("kind", [InternalError, OperationalError])
def test_a_refusal_by_postgresql_is_known_by_its_code(client: Client, kind: type[Exception]) -> None:
    """As psycopg tells it, on whichever database the tests run."""

    class ReadOnlySqlTransaction(Exception):
        sqlstate = "25006"

    def refusing(run: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("UPDATE", "INSERT")):
            raise kind("cannot execute in a read-only transaction") from ReadOnlySqlTransaction()
        return run(sql, *rest)

    client.raise_request_exception = False
    form = {"sku": product().sku, "quantity": 1}
    with connection.execute_wrapper(refusing):
        assert ready(client) == (503, "read-only")
        assert client.post("/cart/add/", form).status_code == 503


def test_a_file_that_cannot_be_written_is_noticed(tmp_path: Path) -> None:
    """SQLite's own error, of a database that was opened for reading alone."""
    with closing(sqlite3.connect(tmp_path / "a.sqlite3")) as made:
        made.execute("CREATE TABLE a (b)")
    with (
        closing(sqlite3.connect(f"file:{tmp_path}/a.sqlite3?mode=ro", uri=True)) as reader,
        pytest.raises(sqlite3.OperationalError) as refusal,
    ):
        reader.execute("INSERT INTO a VALUES (1)")
    assert read_only.is_read_only(refusal.value)
    assert not read_only.is_read_only(OperationalError("database is locked"))
