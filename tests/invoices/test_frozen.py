"""What was issued cannot be changed or taken back, not even by somebody who writes SQL."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from jumun.audit import findings
from jumun.invoices.models import DocumentIsFrozen, Invoice, Series
from jumun.orders.models import Order
from tests.factories import paid_order

pytestmark = pytest.mark.django_db

INVOICES, SERIES = "jumun_invoices_invoice", "jumun_invoices_series"


def refused(sql: str) -> bool:
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        cursor.execute(sql)
    return True


@pytest.mark.parametrize(
    "change",
    [
        "number = 'INV-1999-000001'",
        "document_json = '{}'",
        "document_sha256 = ''",
        "issued_at = '2020-01-01'",
        "order_id = order_id + 1",
        "id = id + 1",
    ],
)
def test_no_column_of_an_invoice_changes(change: str) -> None:
    paid_order()
    assert refused(f"UPDATE {INVOICES} SET {change}")  # noqa: S608  (the test's own words)


def test_an_invoice_is_never_deleted() -> None:
    invoice = paid_order().invoice
    assert refused(f"DELETE FROM {INVOICES}")  # noqa: S608
    with pytest.raises(DocumentIsFrozen):
        invoice.delete()
    with pytest.raises(DocumentIsFrozen):
        invoice.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.all().delete()
    assert Invoice.objects.get() == invoice


@pytest.mark.parametrize(
    "row",
    [
        "(id, number, issued_at, document_json, document_sha256, seal, order_id)"
        " SELECT id, 'INV-1', issued_at, '{}', '', '', order_id + 1",
        "(number, issued_at, document_json, document_sha256, seal, order_id)"
        " SELECT number, issued_at, '{}', '', '', order_id + 1",
        "(number, issued_at, document_json, document_sha256, seal, order_id)"
        " SELECT 'INV-1', issued_at, '{}', '', '', order_id",
    ],
)
def test_an_invoice_is_never_replaced(row: str) -> None:
    order = paid_order()
    verb = "INSERT" if connection.vendor == "postgresql" else "REPLACE"
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute(f"{verb} INTO {INVOICES} {row} FROM {INVOICES}")
    assert Invoice.objects.get().document_json == order.invoice.document_json


@pytest.mark.parametrize("column", ["", "id, "])
def test_a_counter_is_never_replaced(column: str) -> None:
    paid_order()
    verb = "INSERT" if connection.vendor == "postgresql" else "REPLACE"
    columns = f"{column}prefix, year, last_number, step"
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute(f"{verb} INTO {SERIES} ({columns}) SELECT {column}prefix, year, 0, 1 FROM {SERIES}")  # noqa: S608
    assert Series.objects.get().last_number == 1


def test_no_table_is_emptied_at_once() -> None:
    paid_order()
    connection.check_constraints()  # PostgreSQL empties no table on which a check is still to come
    # SQLite has no TRUNCATE; its DELETE without a condition takes a short cut that triggers must switch off.
    empty = "TRUNCATE {} CASCADE" if connection.vendor == "postgresql" else "DELETE FROM {}"
    assert refused(empty.format(INVOICES))
    assert refused(empty.format(SERIES))


@pytest.mark.parametrize(
    "change",
    [
        "last_number = last_number - 1",
        "last_number = last_number + 2",
        "last_number = last_number + 2, step = 1",
        "step = 0",
        "last_number = last_number - 1, step = -1",
        "last_number = 0",
        "year = 2020",
        "prefix = 'X'",
        "begun_after = 1, last_number = last_number + 1",
        "last_number = last_number + 1, head = 'x'",
        "last_seal = 'x', step = 2",
    ],
)
def test_a_counter_moves_only_forward_and_by_one(change: str) -> None:
    paid_order()
    paid_order()
    assert refused(f"UPDATE {SERIES} SET {change}")  # noqa: S608
    assert Series.objects.get().last_number == 2


def test_a_counter_that_has_counted_stays() -> None:
    paid_order()
    assert refused(f"DELETE FROM {SERIES}")  # noqa: S608


def test_a_shop_may_go_on_with_the_numbers_of_another_program() -> None:
    year = timezone.localdate().year
    Series.go_on_after("TEST-INV", year, 499)
    assert [paid_order().invoice.number for _ in range(2)] == [f"TEST-INV-{year}-000500", f"TEST-INV-{year}-000501"]
    assert list(findings()) == []
    with pytest.raises(IntegrityError), transaction.atomic():
        Series.go_on_after("TEST-INV", year, 900)


def test_the_triggers_come_back_with_every_migrate(transactional_db: None) -> None:
    paid_order()
    with connection.cursor() as cursor:
        after = f" ON {INVOICES}" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER jumun_invoice_no_delete{after}")
    call_command("migrate", verbosity=0)
    assert refused(f"DELETE FROM {INVOICES}")  # noqa: S608


def test_a_database_with_test_invoices_only_can_be_emptied(transactional_db: None) -> None:
    paid_order()
    call_command("flush", interactive=False, verbosity=0)
    assert not Order.objects.exists()
    paid_order()
    assert refused(f"DELETE FROM {INVOICES}")  # noqa: S608


def test_a_database_with_real_invoices_is_not_emptied(settings) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_jumun"
    paid_order()
    with pytest.raises(CommandError, match="real money"):
        call_command("flush", interactive=False, verbosity=0)
    assert Invoice.objects.count() == 1
