"""What a browser gets of a document: to keep but ask for again, well named, and kept from search engines."""

import pytest
from django.test import Client
from lxml import etree

from jumun.invoices.documents.einvoice_scope import EInvoiceError
from jumun.invoices.models import Invoice
from tests.factories import item, paid_order, place_order
from tests.invoices.crediting import credit

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice() -> Invoice:
    return paid_order().invoice


def get(invoice: Invoice, **headers: str):
    return Client().get(invoice.get_customer_url(), headers=headers)


def test_the_browser_may_keep_it_and_asks_again_each_time(invoice: Invoice) -> None:
    response = get(invoice)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'
    assert {part.strip() for part in response["Cache-Control"].split(",")} == {"private", "no-cache"}
    assert response["X-Robots-Tag"] == "noindex"
    again = get(invoice, if_none_match=response["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_a_request_for_a_part_gets_the_whole(invoice: Invoice) -> None:
    response = get(invoice, range="bytes=0-99")
    assert (response.status_code, response.content) == (200, get(invoice).content)


def test_head_has_the_length_of_the_whole(invoice: Invoice) -> None:
    response = Client().head(invoice.get_customer_url())
    assert (response.status_code, response.content) == (200, b"")
    assert int(response["Content-Length"]) == len(get(invoice).content)


def test_credit_note_and_cancellation_are_given_as_an_invoice_is(invoice: Invoice) -> None:
    note = credit(invoice, 4_000)
    for issued in (note, note.cancel()):
        address = issued.get_customer_url()
        response = Client().get(address)
        assert response["Content-Disposition"] == f'inline; filename="{issued.number}.pdf"'
        assert {part.strip() for part in response["Cache-Control"].split(",")} == {"private", "no-cache"}
        assert response["X-Robots-Tag"] == "noindex"
        assert Client().get(address, headers={"if-none-match": response["ETag"]}).status_code == 304
        xml = Client().get(address.replace(".pdf", ".xml"))
        assert xml["Content-Disposition"] == f'attachment; filename="{issued.number}.xml"'


@pytest.mark.parametrize("name", ["invoice.pdf", "invoice.xml"])
def test_without_invoice_or_reference_there_is_nothing(name: str) -> None:
    assert Client().get(f"/orders/{place_order().reference}/{name}").status_code == 404
    assert Client().get(f"/orders/guessed/{name}").status_code == 404


def test_the_e_invoice_says_what_the_invoice_says() -> None:
    book = item(name="책", tax_rate_ppm=0, tax_category="E")
    order = paid_order(lines=[item(), book])
    response = Client().get(f"/orders/{order.reference}/invoice.xml")
    assert response["Content-Disposition"] == f'attachment; filename="{order.invoice.number}.xml"'
    tree = etree.fromstring(response.content)
    assert order.invoice.number in tree.xpath("//*[local-name()='ID']/text()")
    assert {"S", "E"} <= set(tree.xpath("//*[local-name()='CategoryCode']/text()"))
    assert f"/orders/{order.reference}/invoice.xml" in Client().get(order.get_customer_url()).content.decode()


def test_the_paper_carries_the_e_invoice() -> None:
    order = paid_order()
    pdf = order.invoice.pdf()
    assert b"factur-x.xml" in pdf


def test_where_the_standard_wants_more_the_reader_is_told_and_the_paper_is_there(settings) -> None:
    settings.JUMUN = {"SELLER": {"NAME": "Without a number"}}
    order = paid_order()
    response = Client().get(f"/orders/{order.reference}/invoice.xml")
    assert response.status_code == 404
    assert "tax identifier of the seller" in response.content.decode()
    assert "invoice.xml" not in Client().get(order.get_customer_url()).content.decode()
    assert b"factur-x.xml" not in order.invoice.pdf()


def test_the_seller_registration_is_on_the_paper(settings) -> None:
    settings.JUMUN = {"SELLER": {"REGISTRATION": ["대표자 김주문"]}}
    assert paid_order().invoice.document.seller.registration == ("대표자 김주문",)


def test_without_its_packages_there_is_no_e_invoice_and_the_error_names_them(
    invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jumun.invoices.models.issued.find_spec", lambda _name: None)
    with pytest.raises(EInvoiceError, match="not installed"):
        invoice.xml()
