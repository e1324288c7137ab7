import dataclasses
import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumun.invoices.documents.einvoice import einvoice
from jumun.invoices.documents.einvoice_scope import EInvoiceError
from tests.invoices.documents import BERLIN, BUYER, CREDIT_NOTE, SEOUL, document, line, long_document
from tests.invoices.en16931 import violations

pytestmark = pytest.mark.no_database

PARIS = dataclasses.replace(BERLIN, name="Encre SARL", city="Paris", country="FR", tax_id="FR12345678901")
BELFAST = dataclasses.replace(BERLIN, name="Inkwell Ltd", city="Belfast", country="GB", tax_id="XI980780684")
ATHENS = dataclasses.replace(BERLIN, name="Melani AE", city="Athína", country="GR", tax_id="EL094259216")
MONACO = dataclasses.replace(BERLIN, name="Encre SAM", city="Monaco", country="MC", tax_id="FR53000004605")

DOCUMENTS = {
    "seoul": document(),
    "berlin": document(seller=BERLIN, currency="EUR", locale="en"),
    "several rates": document(
        line(1, rate_ppm=190_000, quantity=3, unit_price_minor=1_999),
        line(2, rate_ppm=70_000, discount_minor=100, sku="B-1"),
        line(3, rate_ppm=0, tax_category="E"),
        line(4, rate_ppm=0, tax_category="Z"),
        seller=BERLIN,
        currency="EUR",
        supplied_on=datetime.date(2026, 11, 22),
    ),
    "without tax in the prices": document(
        line(quantity=3, unit_price_minor=3_333, prices_include_tax=False), prices_include_tax=False, currency="USD"
    ),
    "reverse charge": document(line(rate_ppm=0, tax_category="AE"), seller=BERLIN, buyer=PARIS),
    "within the union": document(line(rate_ppm=0, tax_category="K"), seller=BERLIN, buyer=PARIS),
    "to Northern Ireland": document(line(rate_ppm=0, tax_category="K"), seller=BERLIN, buyer=BELFAST),
    "from Northern Ireland": document(line(rate_ppm=0, tax_category="K"), seller=BELFAST, buyer=PARIS),
    "to Greece": document(line(rate_ppm=0, tax_category="K"), seller=BERLIN, buyer=ATHENS),
    "to Monaco": document(line(rate_ppm=0, tax_category="K"), seller=BERLIN, buyer=MONACO),
    "export": document(line(rate_ppm=0, tax_category="G"), seller=BERLIN),
    "outside the scope": document(line(rate_ppm=0, tax_category="O"), seller=BERLIN),
    "unpaid": document(paid=None),
    "no card": document(paid=dataclasses.replace(document().paid, card_brand="", card_last4="")),
    "test": document(livemode=False, notes=("첫째", "둘째")),
    "free": document(line(unit_price_minor=0)),
    "a negative line": document(line(1), line(2, "Rabatt", unit_price_minor=-1_000)),
    "three decimals": document(line(unit_price_minor=11_000), currency="KWD"),
    "credit note": document(line(quantity=-2), refers_to_issued_on=datetime.date(2026, 11, 1), **CREDIT_NOTE),
    "200 lines": long_document(200, seller=BERLIN, currency="EUR"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_passes_the_xml_schema_and_the_schematron(name):
    assert violations(einvoice(DOCUMENTS[name])) == []


def test_the_rules_see_a_wrong_sum_a_wrong_identifier_and_a_missing_element():
    xml = einvoice(DOCUMENTS["berlin"])
    assert any("BR-CO-15" in rule for rule in violations(xml.replace(b">110.00</ram:Grand", b">111.00</ram:Grand")))
    assert any("BR-CO-09" in rule for rule in violations(xml.replace(b">DE136695976<", b">136695976<")))
    assert violations(xml.replace(b"<ram:TypeCode>380</ram:TypeCode>", b""))


items = st.builds(
    lambda quantity, price, rate: {"quantity": quantity, "unit_price_minor": price, "rate_ppm": rate},
    st.integers(1, 99),
    st.integers(0, 10**7),
    st.sampled_from([190_000, 70_000, 100_000, 55_000]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(items, min_size=1, max_size=30), st.booleans(), st.sampled_from([1, -1]))
def test_whatever_is_sold_or_returned_passes_the_rules(sold, prices_include_tax, sign):
    lines = [
        line(n, prices_include_tax=prices_include_tax, **item | {"quantity": sign * item["quantity"]})
        for n, item in enumerate(sold, start=1)
    ]
    kind = CREDIT_NOTE if sign < 0 else {}
    bought = document(*lines, prices_include_tax=prices_include_tax, seller=BERLIN, currency="EUR", **kind)
    assert violations(einvoice(bought)) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"seller": dataclasses.replace(BERLIN, country="")}, "country of the seller"),
        ({"buyer": dataclasses.replace(BUYER, country="")}, "country of the buyer"),
        ({"buyer": dataclasses.replace(BUYER, name="")}, "name and the country of the buyer"),
        ({"seller": dataclasses.replace(BERLIN, tax_id="")}, "tax identifier of the seller"),
    ],
)
def test_what_the_standard_asks_for_and_the_document_lacks_is_named(changes, complaint):
    with pytest.raises(EInvoiceError, match=complaint):
        einvoice(document(**changes))


@pytest.mark.parametrize("country", ["XK", "ZZ", "AN", "kr"])
def test_a_country_that_the_standard_does_not_know_is_named(country):
    with pytest.raises(EInvoiceError, match=country):
        einvoice(document(buyer=dataclasses.replace(BUYER, country=country)))


@pytest.mark.parametrize(
    ("category", "seller", "buyer"),
    [
        ("K", SEOUL, PARIS),
        ("K", BERLIN, dataclasses.replace(PARIS, tax_id="30326504500017")),
        ("K", BERLIN, dataclasses.replace(BELFAST, tax_id="GB980780684")),
        ("G", SEOUL, BUYER),
        ("G", dataclasses.replace(BERLIN, tax_id="30/123/45678"), BUYER),
    ],
)
def test_what_leaves_the_country_untaxed_needs_vat_identifiers(category, seller, buyer):
    with pytest.raises(EInvoiceError, match="VAT identifiers"):
        einvoice(document(line(rate_ppm=0, tax_category=category), seller=seller, buyer=buyer))


@pytest.mark.parametrize("category", ["S", "Z", "E", "AE"])
@pytest.mark.parametrize("seller", [SEOUL, BERLIN, dataclasses.replace(BERLIN, tax_id="30/123/45678")])
@pytest.mark.parametrize("buyer", [PARIS, dataclasses.replace(BUYER, tax_id="120-81-47521")])
def test_whoever_sells_to_whom_keeps_the_rules(category, seller, buyer):
    sold = line(rate_ppm=190_000 if category == "S" else 0, tax_category=category)
    assert violations(einvoice(document(sold, seller=seller, buyer=buyer, currency="EUR"))) == []


def test_reverse_charge_needs_the_buyers_tax_identifier():
    with pytest.raises(EInvoiceError, match="buyer who is liable"):
        einvoice(document(line(rate_ppm=0, tax_category="AE")))


def test_a_third_decimal_is_refused_and_not_rounded():
    with pytest.raises(EInvoiceError, match="two decimals"):
        einvoice(document(line(unit_price_minor=11_111), currency="KWD"))
