"""What a browser gets of a document: to keep but ask for again, in parts, well named, and kept from search engines."""

import pytest
from django.test import Client
from lxml import etree

from jumun.invoices.einvoice_scope import EInvoiceError
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


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-100", slice(-100, None)),
        ("bytes=5-99999999", slice(5, None)),
        ("bytes=-99999999", slice(0, None)),
    ],
)
def test_a_part_is_given_where_one_is_asked_for(invoice: Invoice, asked: str, part: slice) -> None:
    whole = get(invoice).content
    response = get(invoice, range=asked)
    assert response.status_code == 206
    assert response.content == whole[part]
    first, last = (part.start or 0) % len(whole), (part.stop or len(whole)) - 1
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"
    assert int(response["Content-Length"]) == len(response.content)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(invoice: Invoice, asked: str) -> None:
    response = get(invoice, range=asked)
    assert (response.status_code, response.content) == (416, b"")
    assert response["Content-Range"].startswith("bytes */")


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=5-2", "bytes=0-1,4-5", "pages=1-2", "bytes=a-b"])
def test_a_range_that_is_none_gives_the_whole(invoice: Invoice, asked: str) -> None:
    assert get(invoice, range=asked).status_code == 200


def test_head_tells_of_the_whole_whatever_part_is_asked_for(invoice: Invoice) -> None:
    response = Client().head(invoice.get_customer_url(), headers={"range": "bytes=0-9"})
    assert (response.status_code, response.content) == (200, b"")
    assert int(response["Content-Length"]) == len(get(invoice).content)


def test_a_part_of_something_else_is_not_mixed_in(invoice: Invoice) -> None:
    assert get(invoice, range="bytes=0-9", if_range='"another"').status_code == 200
    assert get(invoice, range="bytes=0-9", if_range=get(invoice)["ETag"]).status_code == 206


def test_credit_note_and_cancellation_are_given_as_an_invoice_is(invoice: Invoice) -> None:
    note = credit(invoice, 4_000)
    for issued in (note, note.cancel()):
        address = issued.get_customer_url()
        response = Client().get(address)
        assert response["Content-Disposition"] == f'inline; filename="{issued.number}.pdf"'
        assert {part.strip() for part in response["Cache-Control"].split(",")} == {"private", "no-cache"}
        assert response["X-Robots-Tag"] == "noindex"
        assert Client().get(address, headers={"if-none-match": response["ETag"]}).status_code == 304
        part = Client().get(address, headers={"range": "bytes=5-9"})
        assert (part.status_code, part.content) == (206, response.content[5:10])
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
