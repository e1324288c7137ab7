import datetime

import pytest
from lxml import etree

from jumun.invoices.documents.einvoice import einvoice
from tests.invoices.documents import BERLIN, SEOUL, document, line
from tests.invoices.en16931 import NAMESPACES

pytestmark = pytest.mark.no_database


def values(invoice, path):
    return [element.text for element in etree.fromstring(einvoice(invoice)).iterfind(f".//{path}", NAMESPACES)]


def test_it_says_what_the_paper_says():
    invoice = document(line(1, quantity=2, sku="NB-A5"), line(2, rate_ppm=0, tax_category="E"), notes=("감사합니다",))
    assert values(invoice, "rsm:ExchangedDocument/ram:ID") == ["INV-2026-000123"]
    assert values(invoice, "rsm:ExchangedDocument/ram:TypeCode") == ["380"]
    assert values(invoice, "ram:IssueDateTime/udt:DateTimeString") == ["20261123"]
    assert values(invoice, "ram:SellerTradeParty/ram:Name") == ["주문상점 주식회사"]
    assert values(invoice, "ram:BuyerTradeParty/ram:Name") == ["이서연"]
    assert values(invoice, "ram:SpecifiedTradeProduct/ram:Name") == ["한지 노트 A5", "한지 노트 A5"]
    assert values(invoice, "ram:SellerAssignedID") == ["NB-A5"]
    assert values(invoice, "ram:BilledQuantity") == ["2", "1"]
    assert values(invoice, "ram:TaxBasisTotalAmount") == ["31000"]
    assert values(invoice, "ram:TaxTotalAmount") == ["2000"]
    assert values(invoice, "ram:GrandTotalAmount") == ["33000"]
    assert values(invoice, "ram:DuePayableAmount") == ["0"]
    assert values(invoice, "ram:InvoiceCurrencyCode") == ["KRW"]
    assert values(invoice, "ram:PaymentReference") == ["pi_3QKxYz2eZvKYlo2C1a2b3c4d"]
    assert values(invoice, "ram:ApplicableTradeSettlementFinancialCard/ram:ID") == ["4242"]
    assert values(invoice, "ram:ExemptionReason") == ["부가세 면세 품목입니다."]
    assert values(invoice, "ram:IncludedNote/ram:Content") == ["감사합니다"]


def test_a_credit_note_has_positive_amounts_and_names_its_invoice():
    credit_note = document(
        line(quantity=-2),
        kind="credit_note",
        number="CN-2026-000001",
        refers_to="INV-2026-000123",
        refers_to_issued_on=datetime.date(2026, 11, 1),
    )
    assert values(credit_note, "rsm:ExchangedDocument/ram:TypeCode") == ["381"]
    assert values(credit_note, "ram:BilledQuantity") == ["2"]
    assert values(credit_note, "ram:GrandTotalAmount") == ["22000"]
    assert values(credit_note, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == ["INV-2026-000123"]
    assert values(credit_note, "ram:FormattedIssueDateTime/qdt:DateTimeString") == ["20261101"]


def test_a_price_is_net_and_exact_enough_to_give_the_line_again():
    invoice = document(line(quantity=3, unit_price_minor=3_333, rate_ppm=190_000), seller=BERLIN, currency="EUR")
    (price,), (net,) = values(invoice, "ram:ChargeAmount"), values(invoice, "ram:LineTotalAmount[1]")[:1]
    assert round(3 * float(price), 2) == float(net)


def test_a_vat_identifier_and_a_national_number_are_told_apart():
    path = "ram:SellerTradeParty/ram:SpecifiedTaxRegistration/ram:ID"
    for seller, scheme in ((BERLIN, "VA"), (SEOUL, "FC")):
        identifier = etree.fromstring(einvoice(document(seller=seller))).find(f".//{path}", NAMESPACES)
        assert identifier is not None
        assert (identifier.get("schemeID"), identifier.text) == (scheme, seller.tax_id)


def test_a_test_payment_says_so():
    assert values(document(livemode=False), "ram:IncludedNote/ram:Content") == [
        "테스트: 실제 결제가 아니며 세무 증빙이 아닙니다"
    ]


def test_hostile_text_is_only_text():
    assert values(document(line(description="</ram:Name><x>&xxe;")), "ram:SpecifiedTradeProduct/ram:Name") == [
        "</ram:Name><x>&xxe;"
    ]
