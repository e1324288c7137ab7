"""Orders in currencies with rules of their own go the whole way: placed, paid, refunded, invoiced and exported."""

import csv
import io
import random
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pypdf import PdfReader

from jumun.audit import findings
from jumun.errors import NotRefundable
from jumun.exports.csv import stream
from jumun.invoices.documents.einvoice_scope import EInvoiceError
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.payments.merge import apply
from jumun.payments.models import Payment
from jumun.payments.refunds.refund import refund
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import item
from tests.payments.paying import pay_unnoticed
from tests.payments.test_checkout import session_id

pytestmark = pytest.mark.django_db

THREE_DECIMALS = ["KWD", "BHD", "OMR", "JOD", "TND"]


def buy(stripe: Paywright, **values: Any) -> Payment:
    order = pay_unnoticed(stripe, **values)
    apply(gateway.retrieve_session(session_id(order)))
    order.refresh_from_db()
    assert order.state == "paid"
    return order.payments.get()


def make_refund(payment: Payment, **what: Any) -> int:
    made = refund(payment, reason="", by=None, **what)
    assert made.status == "succeeded"
    return made.amount_minor


def exported() -> dict[str, str]:
    text = b"".join(stream(Order.objects.all())).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    return row


def printed(document: Invoice | CreditNote) -> str:
    pages = PdfReader(io.BytesIO(document.pdf())).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_billions_of_rupiah_are_paid_refunded_and_invoiced(stripe: Paywright) -> None:
    billions = item(unit_price_minor=999_999_999_999, quantity=1)
    payment = buy(stripe, currency="IDR", language="en", lines=[billions])
    assert payment.amount_minor == 999_999_999_999
    invoice = Invoice.objects.get()
    assert invoice.document.total_minor == 999_999_999_999
    assert "9,999,999,999.99" in printed(invoice)
    assert make_refund(payment, amount_minor=123_456_789_012) == 123_456_789_012
    assert make_refund(payment, amount_minor=876_543_210_987) == 876_543_210_987
    assert exported()["total"] == "9999999999.99"
    assert exported()["refunded"] == "9999999999.99"
    assert list(findings()) == []


@pytest.mark.parametrize("currency", ["ISK", "UGX"])
def test_whole_units_are_sent_in_hundredths(stripe: Paywright, currency: str) -> None:
    payment = buy(stripe, currency=currency, lines=[item(unit_price_minor=5_001, quantity=3)], prices_include_tax=False)
    assert gateway.retrieve_payment_intent(payment.payment_intent_id)["amount"] == 100 * payment.amount_minor
    make_refund(payment, amount_minor=1_234)
    make_refund(payment, lines={1: 1})
    sent = [found["amount"] for found in gateway.refunds_of(payment.payment_intent_id)]
    assert all(amount % 100 == 0 for amount in sent)


@pytest.mark.parametrize("currency", THREE_DECIMALS)
@pytest.mark.parametrize("including", [True, False])
def test_every_order_in_a_three_decimal_currency_is_sold_and_given_back(
    stripe: Paywright, currency: str, including: bool
) -> None:
    draw = random.Random(currency)  # noqa: S311  (any prices will do, the same ones each time)
    lines = [
        item(
            name=f"Tea {number}",
            unit_price_minor=draw.randint(100, 9_999),
            quantity=draw.randint(1, 4),
            tax_rate_ppm=draw.choice([0, 50_000, 100_000]),
        )
        for number in range(4)
    ]
    payment = buy(stripe, currency=currency, language="en", lines=lines, prices_include_tax=including)
    order = payment.order
    assert payment.amount_minor == order.total_minor
    assert order.total_minor % 10 == 0
    document = Invoice.objects.get().document
    assert document.net_minor + document.tax_minor + document.rounding_minor == document.total_minor
    left = {line.position: line.quantity for line in order.lines.all()}
    make_refund(payment, lines={1: 1})
    left[1] -= 1
    make_refund(payment, amount_minor=50)
    for position, quantity in left.items():
        if quantity:
            make_refund(payment, lines={position: quantity})
    payment.refresh_from_db()
    if payment.refundable_minor:
        make_refund(payment, amount_minor=payment.refundable_minor)
    documents = [document, *(note.document for note in CreditNote.objects.all())]
    for name in ("net_minor", "tax_minor", "rounding_minor", "total_minor"):
        assert sum(getattr(each, name) for each in documents) == 0, name
    assert list(findings()) == []


def test_the_rounding_is_shown_wherever_the_sums_are(stripe: Paywright, client: Client) -> None:
    tea = item(name="Tea", unit_price_minor=1_234, quantity=1, tax_rate_ppm=50_000)
    payment = buy(stripe, currency="KWD", language="en", lines=[tea, tea], prices_include_tax=False)
    order = payment.order
    assert (order.net_minor, order.tax_minor, order.rounding_minor, order.total_minor) == (2_468, 123, -1, 2_590)
    line_items = gateway._client().v1.checkout.sessions.line_items.list(session_id(order)).data
    assert [(line.description, line.amount_total) for line in line_items] == [("Tea", 1_300), ("Tea", 1_290)]
    paper = printed(Invoice.objects.get())
    assert "Rounding -KWD 0.001" in paper.replace("\N{NO-BREAK SPACE}", " ")
    assert "KWD 2.590" in paper.replace("\N{NO-BREAK SPACE}", " ")
    client.cookies["django_language"] = "en"
    customers_page = client.get(order.get_customer_url()).content.decode()
    client.force_login(get_user_model().objects.create_superuser("accountant"))
    staffs_page = client.get(f"/admin/jumun_orders/order/{order.pk}/change/").content.decode()
    for page in (customers_page, staffs_page):
        assert "Rounding" in page
        assert "-KWD 0.001" in page.replace("\N{NO-BREAK SPACE}", " ")
    row = exported()
    assert (row["net"], row["tax"], row["rounding"], row["total"]) == ("2.468", "0.123", "-0.001", "2.590")
    with pytest.raises(EInvoiceError, match="two decimals"):
        Invoice.objects.get().xml()


def test_a_failed_refund_takes_its_rounding_back(stripe: Paywright) -> None:
    tea = item(unit_price_minor=1_234, quantity=1, tax_rate_ppm=50_000)
    payment = buy(stripe, currency="KWD", lines=[tea, tea], prices_include_tax=False)
    make_refund(payment, lines={1: 1})
    note = CreditNote.objects.get()
    canceled = note.cancel()
    assert canceled.document.rounding_minor == -note.document.rounding_minor
    assert canceled.document.total_minor == -note.document.total_minor
    assert CreditNote.creditable_minor(Invoice.objects.get()) == 2_590


def test_pieces_that_are_worth_less_than_can_be_refunded_are_refused(stripe: Paywright) -> None:
    payment = buy(stripe, currency="KWD", lines=[item(), item(unit_price_minor=2, quantity=1, tax_rate_ppm=0)])
    with pytest.raises(NotRefundable):
        make_refund(payment, lines={2: 1})
