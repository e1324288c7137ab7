"""The paper of a refund: what it says, adds up to, and that nobody changes it."""

import pytest
from django.db import IntegrityError, connection, transaction

from jumun.invoices.documents.document import DocumentError
from jumun.invoices.models import CreditNote, DocumentIsFrozen
from tests.factories import item, paid_order
from tests.invoices.crediting import credit

pytestmark = pytest.mark.django_db


def test_it_names_its_invoice_its_customer_and_how_it_was_refunded() -> None:
    invoice = paid_order(language="en").invoice
    document = credit(invoice, 11_000).document
    assert (document.kind, document.refers_to) == ("credit_note", invoice.number)
    assert (document.buyer, document.seller) == (invoice.document.buyer, invoice.document.seller)
    assert document.paid is not None
    assert document.paid.stripe_id == "re_1"
    assert [(line.quantity, line.unit_price_minor) for line in document.lines] == [(-2, 5_500)]


def test_a_part_is_named_so_in_the_customers_language() -> None:
    lines = [item(name="Cup", unit_price_minor=6_000, quantity=1), item(name="Tea", unit_price_minor=2_000, quantity=2)]
    document = credit(paid_order(language="en", lines=lines).invoice, 5_000).document
    assert [(line.description, line.quantity, line.total_minor) for line in document.lines] == [
        ("Partial refund: Cup", -1, -3_000),
        ("Partial refund: Tea", -1, -2_000),
    ]
    assert "부분 환불" in credit(paid_order(language="ko").invoice, 1, "re_2").document.lines[0].description


def test_lines_without_a_share_are_left_out() -> None:
    lines = [item(name="Gift", unit_price_minor=0), item(name="Cup", unit_price_minor=6_000)]
    document = credit(paid_order(lines=lines).invoice, 12_000).document
    assert [(line.position, line.description) for line in document.lines] == [(1, "Cup")]


@pytest.mark.parametrize("amount_minor", [0, -1, 11_001])
def test_it_never_exceeds_its_invoice(amount_minor: int) -> None:
    with pytest.raises(DocumentError):
        credit(paid_order().invoice, amount_minor)
    assert not CreditNote.objects.exists()


def test_all_of_them_together_never_exceed_their_invoice() -> None:
    invoice = paid_order().invoice
    credit(invoice, 10_000)
    with pytest.raises(DocumentError):
        credit(invoice, 1_001, "re_2")


def test_one_refund_has_one() -> None:
    invoice = paid_order().invoice
    credit(invoice, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        credit(invoice, 1)


@pytest.mark.parametrize("sql", ["UPDATE {} SET document_json = '{{}}'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete_it(sql: str) -> None:
    note = credit(paid_order().invoice, 1)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        cursor.execute(sql.format("jumun_invoices_creditnote"))
    with pytest.raises(DocumentIsFrozen):
        note.save()
    with pytest.raises(DocumentIsFrozen):
        note.delete()
