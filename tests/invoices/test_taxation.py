"""Every way to be taxed, from the order to the paper and to an e-invoice that passes the rules of EN 16931."""

from typing import Any

import pytest
from django.core.checks import run_checks
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from jumun import money
from jumun.errors import AmountOutOfRange, OrderRefused
from jumun.invoices.documents.document import Document
from jumun.invoices.documents.einvoice import einvoice
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.customer_and_items import Item
from jumun.orders.totals import amounts_of
from jumun.tax_ids import InvalidTaxId
from tests.factories import item, paid_order, pay, place_order
from tests.invoices.crediting import credit
from tests.invoices.documents import document, line
from tests.invoices.en16931 import NAMESPACES, violations
from tests.invoices.pdftotext import text_of

BERLIN = {
    "NAME": "Papier & Tinte GmbH",
    "ADDRESS": ["Torstraße 49"],
    "POSTAL_CODE": "10119",
    "CITY": "Berlin",
    "COUNTRY": "DE",
    "TAX_ID": "DE136695976",
}
PARIS = {"name": "Encre SARL", "city": "Paris", "postal_code": "75001", "country": "FR", "tax_id": "FR 40 303 265 045"}
STATEMENTS = {
    "S": {"en": "19%", "ko": "19%"},
    "Z": {"en": "Zero-rated: VAT at 0%.", "ko": "부가세 영세율(0%)이 적용됩니다."},
    "E": {"en": "Exempt from VAT.", "ko": "부가세 면세 품목입니다."},
    "AE": {"en": "Reverse charge: the recipient is liable for VAT.", "ko": "대리납부(reverse charge)"},
}


PRICES = {
    True: {"en": "Prices include VAT.", "ko": "단가와 금액은 부가세 포함입니다."},
    False: {"en": "Prices do not include VAT.", "ko": "단가와 금액은 부가세 별도입니다."},
}


@pytest.fixture
def berlin(settings: Any) -> None:
    settings.JUMUN = {"CURRENCY": "EUR", "SELLER": BERLIN}


def values(invoice: Invoice, path: str) -> list[str | None]:
    return [element.text for element in etree.fromstring(invoice.xml()).iterfind(f".//{path}", NAMESPACES)]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("including", [True, False])
@pytest.mark.parametrize("category", STATEMENTS)
def test_what_is_ordered_is_on_the_paper_and_passes_the_rules(
    berlin: None, category: str, including: bool, language: str
) -> None:
    taxed = {"tax_rate_ppm": 190_000 if category == "S" else 0, "tax_category": category}
    lines = [item(quantity=3, unit_price_minor=3_333, **taxed)]
    order = paid_order(
        lines=lines, currency="EUR", language=language, prices_include_tax=including, discount_minor=1_000, **PARIS
    )
    invoice = order.invoice
    assert violations(invoice.xml()) == []
    path = "ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:CategoryCode"
    assert values(invoice, path) == [category]
    text = text_of(invoice.document)
    assert STATEMENTS[category][language] in text
    assert PRICES[including][language] in text
    assert {"en": "Discount -€10.00", "ko": "할인 -€10.00"}[language] in text
    assert order.total_minor == (8_999 if including or category != "S" else 10_709)


@pytest.mark.django_db
def test_the_buyers_vat_identifier_is_checked_printed_and_in_the_e_invoice(berlin: None) -> None:
    invoice = paid_order(lines=[item(tax_rate_ppm=0, tax_category="AE")], currency="EUR", **PARIS).invoice
    assert invoice.document.buyer.tax_id == "FR40303265045"
    assert "VAT 번호 FR40303265045" in text_of(invoice.document)
    assert values(invoice, "ram:BuyerTradeParty/ram:SpecifiedTaxRegistration/ram:ID") == ["FR40303265045"]


@pytest.mark.django_db
def test_a_korean_business_is_named_by_its_registration_number() -> None:
    invoice = paid_order(tax_id="1208147521").invoice
    assert "사업자등록번호 120-81-47521" in text_of(invoice.document)
    path = "ram:BuyerTradeParty/ram:SpecifiedLegalOrganization/ram:ID"
    assert values(invoice, path) == ["120-81-47521"]
    assert violations(invoice.xml()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("country", "tax_id"),
    [
        *(("KR", "120-81-47522"), ("KR", "120-81"), ("DE", "DE136695977"), ("FR", "FR1")),
        *(("GB", "XI980780685"), ("MC", "FR53000004606"), ("RE", "FR40303265046"), ("AX", "FI20774741")),
        *(("GR", "EL094259217"), ("GR", "GR094259217")),
    ],
)
def test_a_mistyped_number_is_refused(country: str, tax_id: str) -> None:
    with pytest.raises(InvalidTaxId, match=tax_id):
        place_order(country=country, tax_id=tax_id)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("country", "typed", "written"),
    [
        ("GB", "XI980780684", "XI980780684"),
        ("GB", "xi 980 7806 84", "XI980780684"),
        ("MC", "FR53000004605", "FR53000004605"),
        ("GR", "GR094259216", "EL094259216"),
        ("GR", "EL 094259216", "EL094259216"),
        ("GR", "ＥＬ０９４２５９２１６", "EL094259216"),
        ("RE", "FR 40 303 265 045", "FR40303265045"),
        ("AX", "FI20774740", "FI20774740"),
        # A business abroad that is registered in the EU.
        ("CH", "DE136695976", "DE136695976"),
    ],
)
def test_a_vat_identifier_of_the_eu_is_one_wherever_its_owner_is(
    berlin: None, country: str, typed: str, written: str
) -> None:
    invoice = paid_order(
        lines=[item(tax_rate_ppm=0, tax_category="AE")], currency="EUR", **PARIS | {"country": country, "tax_id": typed}
    ).invoice
    assert invoice.document.buyer.tax_id == written
    assert values(invoice, "ram:BuyerTradeParty/ram:SpecifiedTaxRegistration/ram:ID") == [written]
    assert values(invoice, "ram:BuyerTradeParty/ram:SpecifiedLegalOrganization/ram:ID") == []
    assert f"VAT 번호 {written}" in text_of(invoice.document)
    assert violations(invoice.xml()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("country", "tax_id"),
    [
        *(("GB", "GB980780684"), ("IM", "GB980780684"), ("CH", "CHE-123.456.789 MWST"), ("US", "12-3456789")),
        # A Mexican RFC that begins like a Romanian identifier, and a national number of the EU.
        *(("MX", "ROGA850101ABC"), ("DE", "30/123/45678"), ("GR", "094259216")),
    ],
)
def test_any_other_number_is_kept_and_is_not_a_vat_identifier(berlin: None, country: str, tax_id: str) -> None:
    invoice = paid_order(currency="EUR", **PARIS | {"country": country, "tax_id": tax_id}).invoice
    assert values(invoice, "ram:BuyerTradeParty/ram:SpecifiedTaxRegistration/ram:ID") == []
    assert values(invoice, "ram:BuyerTradeParty/ram:SpecifiedLegalOrganization/ram:ID") == [tax_id]
    assert violations(invoice.xml()) == []


@pytest.mark.django_db
def test_reverse_charge_needs_somebody_who_pays_the_tax() -> None:
    with pytest.raises(OrderRefused, match="tax identifier"):
        place_order(lines=[item(tax_rate_ppm=0, tax_category="AE")])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seller", "found"),
    [
        ({"TAX_ID": "123-45-67890"}, ["jumun.E027"]),
        ({"TAX_ID": "1234567891"}, ["jumun.W028"]),
        ({"COUNTRY": "DE", "TAX_ID": "DE136695977"}, ["jumun.E027"]),
        ({"COUNTRY": "DE", "TAX_ID": "DE136695976"}, []),
        ({"COUNTRY": "GB", "TAX_ID": "XI980780685"}, ["jumun.E027"]),
        ({"COUNTRY": "GR", "TAX_ID": "GR094259216"}, ["jumun.W028"]),
        ({"COUNTRY": "GR", "TAX_ID": "EL094259216"}, []),
        ({"COUNTRY": "DE", "TAX_ID": "30/123/45678"}, []),
        ({"COUNTRY": "US", "TAX_ID": "12-3456789"}, []),
        ({}, []),
    ],
)
def test_the_sellers_number_is_checked_when_the_shop_starts(settings, seller: dict[str, str], found: list[str]) -> None:
    settings.JUMUN = {"SELLER": seller}
    assert [message.id for message in run_checks() if message.id in {"jumun.E027", "jumun.W028"}] == found


items = st.builds(
    lambda price, quantity, off, rate: Item(
        sku="x",
        name="x",
        unit_price_minor=price,
        quantity=quantity,
        discount_minor=price * quantity * off // 100,
        tax_rate_ppm=rate,
    ),
    st.integers(0, 10**6),
    st.integers(1, 99),
    st.sampled_from([0, 0, 7, 100]),
    st.sampled_from([100_000, 190_000, 55_000, 82_500, 0]),
)


@settings(max_examples=300)
@given(st.lists(items, min_size=1, max_size=100), st.booleans(), st.sampled_from(["KRW", "EUR", "KWD"]), st.data())
@example([Item(sku="x", name="x", unit_price_minor=19, quantity=1, tax_rate_ppm=0)] * 3, True, "KWD", 50)
def test_lines_discounts_and_taxes_add_up_to_the_unit(
    lines: list[Item], including: bool, currency: str, data: Any
) -> None:
    prices_minor = sum(line.price_minor for line in lines)
    discount_minor = data if isinstance(data, int) else data.draw(st.integers(0, prices_minor))
    amounts = amounts_of(lines, currency, prices_include_tax=including, discount_minor=discount_minor)
    own_minor = sum(line.discount_minor for line in lines)
    assert sum(amount.discount_minor for amount in amounts) == own_minor + discount_minor
    tax_minor = sum(amount.tax_minor for amount in amounts)
    total_minor = prices_minor - discount_minor + (0 if including else tax_minor)
    assert sum(amount.total_minor for amount in amounts) == total_minor
    for rate in {sold.tax_rate_ppm for sold in lines}:
        group = [amount for sold, amount in zip(lines, amounts, strict=True) if sold.tax_rate_ppm == rate]
        gross_minor = sum(amount.total_minor for amount in group)
        assert sum(amount.tax_minor for amount in group) == money.included_tax(gross_minor, rate)
        assert all(0 <= amount.tax_minor <= amount.total_minor for amount in group)


@settings(max_examples=15, deadline=None)
@given(st.lists(items, min_size=1, max_size=100), st.booleans())
def test_the_won_of_many_lines_is_rounded_as_the_standard_wants(lines: list[Item], including: bool) -> None:
    """BR-S-09: less than one won between the tax of a rate and the rate times its net, however many lines there are."""
    assert violations(einvoice(_document(lines, including))) == []


def _document(lines: list[Item], including: bool) -> Document:
    amounts = amounts_of(lines, "KRW", prices_include_tax=including)
    frozen = [
        line(
            position,
            quantity=sold.quantity,
            unit_price_minor=sold.unit_price_minor,
            discount_minor=amount.discount_minor,
            rate_ppm=sold.tax_rate_ppm,
            tax_category="S" if sold.tax_rate_ppm else "E",
            amounts=amount,
        )
        for position, (sold, amount) in enumerate(zip(lines, amounts, strict=True), start=1)
    ]
    return document(*frozen, prices_include_tax=including)


@pytest.mark.django_db
@pytest.mark.parametrize("discount_minor", [-1, 11_001])
def test_a_discount_is_never_more_than_there_is_to_pay(discount_minor: int) -> None:
    with pytest.raises(AmountOutOfRange):
        place_order(discount_minor=discount_minor)


@pytest.mark.django_db
def test_a_discounted_order_is_paid_and_credited_like_any() -> None:
    lines = [item(name="Cup", quantity=3, unit_price_minor=5_500), item(name="Tea", quantity=1, unit_price_minor=999)]
    invoice = pay(place_order(lines=lines, discount_minor=2_000)).invoice
    one_cup = CreditNote.creditable_minor(invoice, {1: 1})
    note = credit(invoice, one_cup, lines={1: 1})
    assert [(line.quantity, line.unit_price_minor - one_cup) for line in note.document.lines] == [(-1, 629)]
    credit(invoice, CreditNote.creditable_minor(invoice), "re_2")
    assert CreditNote.creditable_minor(invoice) == 0
