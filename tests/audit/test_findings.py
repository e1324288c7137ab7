"""Every promise is broken once behind Jumun's back, and the books check names the row."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection

from jumun import frozen
from jumun.audit import findings
from jumun.invoices import archive
from jumun.invoices.models import ArchivedPdf, IssuedDocument
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.models import Payment, Refund
from tests.factories import paid_order, pay, place_order
from tests.invoices.crediting import credit
from tests.payments.stripe_says import deliver, event, session_of

pytestmark = pytest.mark.django_db


def found() -> list[tuple[str, str]]:
    return [(row.invariant, row.subject) for row in findings()]


def sql(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_books_in_order_have_no_findings() -> None:
    paid_order()
    place_order()
    place_order().expire()
    assert found() == []
    out = StringIO()
    call_command("audit", "--json", stdout=out)
    assert json.loads(out.getvalue())["ok"] is True


def pay_without_stripe(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(state="paid", paid_at=order.placed_at)


def unpay(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(state="placed", paid_at=None)


def change_the_amount(order: Order) -> None:
    Payment.objects.filter(order=order).update(amount_minor=1)


def pay_twice_in_silence(order: Order) -> None:
    Payment.objects.create(
        order=order,
        payment_intent_id="pi_second",
        status="paid",
        livemode=order.livemode,
        amount_minor=order.total_minor,
        currency=order.currency,
    )


def count_too_far(order: Order) -> None:
    sql("UPDATE jumun_invoices_series SET last_number = last_number + 1")


def refund_beside_stripe(order: Order, **values: Any) -> None:
    payment = order.payments.get()
    defaults = {"amount_minor": order.total_minor, "currency": order.currency, "status": "succeeded"}
    Refund.objects.create(payment=payment, refund_id="re_1", **defaults | values)


def refund_without_a_credit_note(order: Order) -> None:
    refund_beside_stripe(order)


def refund_too_much(order: Order) -> None:
    refund_beside_stripe(order, status="pending", amount_minor=order.total_minor + 1)


def credit_without_a_refund(order: Order) -> None:
    credit(order.invoice, 1, "re_2")


def forge_the_document(order: Order) -> None:
    # Whoever owns the database can take the triggers away.
    with frozen.lifted(connection):
        sql("UPDATE jumun_invoices_invoice SET document_json = document_json || ' '")


def forge_a_credit_note(order: Order) -> None:
    refund_beside_stripe(order, amount_minor=1)
    credit(order.invoice, 1)
    with frozen.lifted(connection):
        sql("UPDATE jumun_invoices_creditnote SET document_json = document_json || ' '")


def forge_the_pdf_of_a_credit_note(order: Order) -> None:
    refund_beside_stripe(order, amount_minor=1)
    forge_pdf_of(credit(order.invoice, 1))


def forge_the_pdf(order: Order) -> None:
    forge_pdf_of(order.invoice)


def forge_pdf_of(issued: IssuedDocument) -> None:
    ArchivedPdf.keep(issued)
    name = issued.archived.name
    archive.storage().delete(name)
    archive.storage().save(name, ContentFile(b"%PDF-forged"))


@pytest.mark.parametrize(
    ("sin", "invariant"),
    [
        (refund_without_a_credit_note, "I2"),
        (credit_without_a_refund, "I2"),
        (refund_too_much, "I8"),
        (unpay, "I1"),
        (unpay, "I2"),
        (change_the_amount, "I1"),
        (pay_twice_in_silence, "I9"),
        (count_too_far, "I3"),
        (forge_the_document, "I4"),
        (forge_the_pdf, "I4"),
        (forge_a_credit_note, "I4"),
        (forge_the_pdf_of_a_credit_note, "I4"),
    ],
)
def test_what_breaks_a_paid_order_is_named(sin: Callable[[Order], None], invariant: str) -> None:
    order = paid_order()
    sin(order)
    assert invariant in {code for code, _subject in found()}


def test_an_order_paid_by_nobody_is_named() -> None:
    order = place_order()
    pay_without_stripe(order)
    assert {("I1", order.number), ("I2", order.number)} <= set(found())


def test_a_second_payment_on_its_way_back_is_no_finding() -> None:
    pay(paid_order())
    assert found() == []


def test_a_second_payment_that_is_kept_is_named() -> None:
    pay(paid_order())
    Job.objects.filter(kind="payments.give_back").delete()
    assert [code for code, _subject in found()] == ["I9"]


def test_work_that_was_given_up_is_named() -> None:
    order = place_order()
    deliver(event(session_of(order, amount_total="many")))
    call_command("work", "--once", stdout=StringIO())
    Job.objects.create(kind="invoices.mail", key="invoices.mail:X", state="parked")
    assert [code for code, _subject in found()] == ["I6", "I11"]


def test_the_command_fails_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    order = place_order()
    pay_without_stripe(order)
    with pytest.raises(SystemExit) as ended:
        call_command("audit")
    assert ended.value.code == 1
    assert f"I2  {order.number}: is paid and has no invoice" in capsys.readouterr().out
