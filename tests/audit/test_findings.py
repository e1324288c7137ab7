"""Every promise is broken once behind Jumun's back, and the books check names the row."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection

from jumun.audit import codes, findings
from jumun.db import append_only
from jumun.exports import cells, columns, texts
from jumun.invoices import archive
from jumun.invoices.models import IssuedDocument
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.models import Checkout, InboxEvent, Payment, Refund
from tests.factories import item, paid_order, pay, place_order
from tests.invoices.crediting import credit
from tests.payments.stripe_says import deliver, event, session_of

pytestmark = pytest.mark.django_db


def found() -> list[tuple[str, str]]:
    return [(row.invariant, row.subject) for row in findings(files=True)]


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


def fail_the_payment(order: Order) -> None:
    Payment.objects.filter(order=order).update(status="failed")


def change_the_currency(order: Order) -> None:
    Payment.objects.filter(order=order).update(currency="USD")


def change_the_mode(order: Order) -> None:
    Payment.objects.filter(order=order).update(livemode=True)


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
    Refund.objects.create(payment=payment, **{"refund_id": "re_1"} | defaults | values)


def refund_without_a_credit_note(order: Order) -> None:
    refund_beside_stripe(order)


def refund_too_much(order: Order) -> None:
    refund_beside_stripe(order, status="pending", amount_minor=order.total_minor + 1)


def intend_too_much(order: Order) -> None:
    refund_beside_stripe(order, refund_id=None, status="creating", amount_minor=order.total_minor + 1)


def credit_too_much(order: Order) -> None:
    refund_beside_stripe(order, amount_minor=1)
    credit(order.invoice, 1)
    with append_only.lifted(connection):
        sql("UPDATE jumun_invoices_creditnote SET amount_minor = %s", order.total_minor + 1)


def number_beside_the_series(order: Order) -> None:
    with append_only.lifted(connection):
        sql("UPDATE jumun_invoices_invoice SET number = 'FORGED-2026-000001'")


def open_a_second_checkout(order: Order) -> None:
    sql("DROP INDEX jumun_one_open_checkout_per_order")
    for number in range(2):
        Checkout.objects.create(order=order, session_id=f"cs_{number}", state="open", expires_at=order.placed_at)


def shorten_the_reference(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(reference="a" * 21)


def name_it_by_its_number(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(reference="20261123-7K3M9XQD-0000000", number="20261123-7K3M9XQD-0000000")


def spoil_the_reference(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(reference="a" * 21 + "/")


def forget_the_mail(order: Order) -> None:
    Job.objects.filter(kind="invoices.mail").delete()


def wait_too_long(order: Order) -> None:
    deliver(event(session_of(order)))
    InboxEvent.objects.update(run_at=order.placed_at - timedelta(hours=2))


def hang_in_a_worker(order: Order) -> None:
    deliver(event(session_of(order)))
    InboxEvent.objects.update(received_at=order.placed_at - timedelta(days=1))
    assert InboxEvent.claim(1)


def leave_a_mail_lying(order: Order) -> None:
    Job.objects.filter(kind="invoices.mail").update(run_at=order.placed_at - timedelta(hours=2))


def number_like_a_formula(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(number="=1+1")


def credit_without_a_refund(order: Order) -> None:
    credit(order.invoice, 1, "re_2")


def forge_the_document(order: Order) -> None:
    # Whoever owns the database can take the triggers away.
    with append_only.lifted(connection):
        sql("UPDATE jumun_invoices_invoice SET document_json = document_json || ' '")


def forge_document_and_hash(order: Order) -> None:
    text = order.invoice.document_json
    dearer = text.replace(f'"total_minor":{order.total_minor}', f'"total_minor":{order.total_minor + 1}')
    swap_the_document(order, dearer)


def number_the_document_anew(order: Order) -> None:
    swap_the_document(order, order.invoice.document_json.replace("-000001", "-000002"))


def swap_the_document(order: Order, text: str) -> None:
    with append_only.lifted(connection):
        values = (text, archive.digest(text.encode()))
        sql("UPDATE jumun_invoices_invoice SET document_json = %s, document_sha256 = %s", *values)


def name_somebody_else(order: Order) -> None:
    order.invoice.keep_pdf()
    swap_the_document(order, order.invoice.document_json.replace(order.name, "홍길동"))


def forge_a_credit_note(order: Order) -> None:
    refund_beside_stripe(order, amount_minor=1)
    credit(order.invoice, 1)
    with append_only.lifted(connection):
        sql("UPDATE jumun_invoices_creditnote SET document_json = document_json || ' '")


def forge_the_pdf_of_a_credit_note(order: Order) -> None:
    refund_beside_stripe(order, amount_minor=1)
    forge_pdf_of(credit(order.invoice, 1))


def forge_a_cancellation(order: Order) -> None:
    credit(order.invoice, 1).cancel()
    with append_only.lifted(connection):
        sql("UPDATE jumun_invoices_cancellation SET document_json = document_json || ' '")


def forge_the_pdf_of_a_cancellation(order: Order) -> None:
    forge_pdf_of(credit(order.invoice, 1).cancel())


def forge_the_pdf(order: Order) -> None:
    forge_pdf_of(order.invoice)


def forge_pdf_of(issued: IssuedDocument) -> None:
    issued.keep_pdf()
    name = issued.archived.name
    archive.storage().delete(name)
    archive.storage().save(name, ContentFile(b"%PDF-forged"))


@pytest.mark.parametrize(
    ("sin", "invariant"),
    [
        (refund_without_a_credit_note, "I2"),
        (credit_without_a_refund, "I2"),
        (credit_too_much, "I2"),
        (refund_too_much, "I8"),
        (intend_too_much, "I8"),
        (fail_the_payment, "I1"),
        (change_the_currency, "I1"),
        (change_the_mode, "I1"),
        (number_beside_the_series, "I3"),
        (open_a_second_checkout, "I9"),
        (shorten_the_reference, "I10"),
        (name_it_by_its_number, "I10"),
        (spoil_the_reference, "I10"),
        (forget_the_mail, "I11"),
        (leave_a_mail_lying, "I11"),
        (wait_too_long, "I6"),
        (hang_in_a_worker, "I6"),
        (number_like_a_formula, "I12"),
        (unpay, "I1"),
        (unpay, "I2"),
        (change_the_amount, "I1"),
        (pay_twice_in_silence, "I9"),
        (count_too_far, "I3"),
        (forge_the_document, "I4"),
        (forge_document_and_hash, "I4"),
        (number_the_document_anew, "I4"),
        (name_somebody_else, "I4"),
        (forge_the_pdf, "I4"),
        (forge_a_credit_note, "I4"),
        (forge_the_pdf_of_a_credit_note, "I4"),
        (forge_a_cancellation, "I4"),
        (forge_the_pdf_of_a_cancellation, "I4"),
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
    Job.objects.filter(kind="payments.auto_refund").delete()
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
    out = capsys.readouterr().out
    assert f"I2  {order.number}: is paid and has no invoice\n    -> manage.py reconcile --repair" in out


def test_every_invariant_is_checked() -> None:
    assert codes() == [f"I{number}" for number in (*range(1, 14), 15)]


def test_a_damaged_file_is_found_only_by_who_reads_all_files() -> None:
    forge_the_pdf(paid_order())
    assert list(findings()) == []
    out = StringIO()
    call_command("audit", stdout=out)
    assert "not read: --files" in out.getvalue()
    with pytest.raises(SystemExit):
        call_command("audit", "--files", stdout=out)


FORMULAS = ["=1+1", "\t=1+1", "'=1+1", "+82 10-1234-5678", "-2+3", "＝1+1", '"=1', "@x\n=1"]


def test_what_customers_typed_is_exported_with_the_guard() -> None:
    for formula in FORMULAS:
        place_order(name=formula, city=formula, lines=[item(name=formula, sku=formula)])
    assert found() == []


def test_what_stripe_reports_is_exported_with_the_guard() -> None:
    Payment.objects.filter(order=paid_order()).update(card_brand="\u200b@SUM(A1)", method="=1+1")
    assert "I12" not in {code for code, _subject in found()}


def test_an_export_without_the_guard_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for database in (cells, texts):
        monkeypatch.setitem(database._BY_KIND, columns.Kind.FILLED_IN, database._BY_KIND[columns.Kind.CODE])
    place_order()
    order = place_order(name="=1+1")
    by_line = place_order(lines=[item(name="@SUM(A1)")])
    problem = "would start a formula in a spreadsheet"
    assert {(row.invariant, row.subject, row.problem) for row in findings()} == {
        ("I12", order.number, f"its customer_name {problem}"),
        ("I12", by_line.number, f"its article {problem}"),
    }
