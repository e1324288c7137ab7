"""`jumun.db.fast` reads what the ORM reads, of every kind of field that we have."""

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from jumun.db.fast import change, find
from jumun.invoices.models import Invoice
from jumun.orders.models import Order, OrderLine
from jumun.outbox.models import Job
from jumun.payments.models import Payment, Refund
from jumun.storefront.models import Product
from tests.factories import item, paid_order, place_order
from tests.storefront.shop import product

pytestmark = pytest.mark.django_db


def cells(rows: list[Model]) -> list[dict[str, object]]:
    return [{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields} for row in rows]


@pytest.mark.parametrize("model", [Order, OrderLine, Payment, Refund, Invoice, Job, Product])
def test_rows_are_as_the_orm_reads_them(model: type[Model]) -> None:
    order = paid_order(lines=[item(), item(sku="CUP-2")])
    paid_order()
    product()
    payment = order.payments.get()
    Refund.objects.create(payment=payment, amount_minor=1, currency="KRW", params={"amount": [1, "원"]})

    found = [
        row for pk in model._default_manager.order_by("pk").values_list("pk", flat=True) if (row := find(model, id=pk))
    ]
    assert cells(found) == cells(list(model._default_manager.order_by("pk")))
    assert model._default_manager.exists()


def test_several_values_and_none() -> None:
    first, second = (place_order(name=name) for name in ("가", "나"))

    assert find(Order, name="나", state="placed") == second
    assert find(Order, name="가", state="paid") is None
    assert find(Order, state="placed") == first


def test_nothing_is_changed_where_no_value_may_stand() -> None:
    order = place_order()

    assert not change(order, {"name": "나"}, where={"state": ()})
    assert Order.objects.get().name == order.name != "나"


def test_what_was_found_can_be_saved() -> None:
    order = find(Order, id=place_order().pk)
    assert order is not None
    order.name = "김바다"
    order.save(update_fields=["name"])

    assert Order.objects.get().name == "김바다"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database")
def test_locked_rows_are_locked_as_the_orm_does() -> None:
    order = place_order()
    with transaction.atomic(), CaptureQueriesContext(connection) as said:
        find(Order, reference=order.reference, locked=True)
        Order.objects.select_for_update(no_key=True).get(reference=order.reference)

    assert [query["sql"].partition(" FOR ")[2] for query in said] == ["NO KEY UPDATE"] * 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database")
@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_for_no_time() -> None:
    with pytest.raises(TransactionManagementError):
        find(Order, reference="any", locked=True)
