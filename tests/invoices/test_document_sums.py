import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumun.invoices.documents.document import DocumentError, taxes_of
from tests.invoices.documents import document, line

pytestmark = pytest.mark.no_database

priced = st.builds(
    lambda quantity, price, rate, discount: {
        "quantity": quantity,
        "unit_price_minor": price,
        "rate_ppm": rate,
        "discount_minor": min(discount, quantity * price),
    },
    st.integers(1, 1_000),
    st.integers(0, 10**9),
    st.sampled_from([0, 70_000, 82_500, 100_000, 190_000]),
    st.integers(0, 10**6),
)


@given(st.lists(priced, min_size=1, max_size=20), st.booleans())
def test_net_and_tax_make_the_total_whatever_is_sold(items, prices_include_tax):
    lines = [line(n, prices_include_tax=prices_include_tax, **item) for n, item in enumerate(items, start=1)]
    invoice = document(*lines, prices_include_tax=prices_include_tax)
    assert invoice.net_minor + invoice.tax_minor == invoice.total_minor
    assert sum(subtotal.total_minor for subtotal in invoice.taxes) == invoice.total_minor


def test_subtotals_are_by_rate_and_category_highest_rate_first():
    lines = (
        line(1, rate_ppm=0, tax_category="E"),
        line(2, rate_ppm=70_000),
        line(3, rate_ppm=190_000),
        line(4, rate_ppm=190_000),
        line(5, rate_ppm=0),
    )
    assert [(tax.tax_category, tax.tax_rate_ppm, tax.total_minor) for tax in taxes_of(lines)] == [
        ("S", 190_000, 22_000),
        ("S", 70_000, 11_000),
        ("E", 0, 11_000),
        ("S", 0, 11_000),
    ]


def test_tax_rounded_once_per_rate_and_spread_over_the_lines_is_accepted():
    first = line(1, unit_price_minor=5, rate_ppm=100_000)
    second = dataclasses.replace(line(2, unit_price_minor=6, rate_ppm=100_000), net_minor=6, tax_minor=0)
    assert document(first, second).tax_minor == first.tax_minor


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"total_minor": 11_001}, "total_minor is 11001, but net, tax and rounding are 11000"),
        ({"net_minor": 9_999}, "net_minor"),
        ({"tax_minor": 999}, "tax_minor"),
        ({"taxes": ()}, "subtotals"),
        ({"lines": (), "taxes": (), "net_minor": 0, "tax_minor": 0, "total_minor": 0}, "at least one line"),
        ({"number": ""}, "has a number"),
        ({"currency": "krw"}, "upper case"),
        ({"kind": "credit_note"}, "refers to what"),
        ({"refers_to": "INV-1"}, "refers to what"),
        ({"kind": "credit_note", "refers_to": "INV-1"}, "wrong sign"),
        ({"rounding_minor": 1}, "net, tax and rounding are 11001"),
        ({"rounding_minor": 1, "total_minor": 11_001}, "1 is not a rounding in KRW"),
        ({"rounding_minor": 10, "total_minor": 11_010, "currency": "KWD"}, "10 is not a rounding in KWD"),
    ],
)
def test_a_document_that_contradicts_itself_cannot_be_made(change, complaint):
    with pytest.raises(DocumentError, match=complaint):
        document(**change)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"position": 2}, "Line 1 is numbered 2"),
        ({"quantity": 2}, "quantity times price"),
        ({"discount_minor": 1}, "quantity times price"),
        ({"net_minor": 9_999}, "do not add up"),
        ({"net_minor": 9_000, "tax_minor": 2_000}, "is not the tax at"),
        ({"tax_category": "E"}, "has no rate"),
        ({"tax_rate_ppm": 0}, "is not the tax at"),
    ],
)
def test_a_line_that_contradicts_itself_is_named(change, complaint):
    with pytest.raises(DocumentError, match=complaint):
        document(dataclasses.replace(line(), **change))


def test_an_invoice_and_the_credit_note_for_all_of_it_add_up_to_nothing():
    lines = (line(1, quantity=3, unit_price_minor=3_333), line(2, unit_price_minor=777, rate_ppm=70_000))
    returned = (
        line(1, quantity=-3, unit_price_minor=3_333),
        line(2, quantity=-1, unit_price_minor=777, rate_ppm=70_000),
    )
    invoice = document(*lines)
    credit_note = document(*returned, kind="credit_note", number="CN-2026-000001", refers_to=invoice.number)
    assert invoice.net_minor + credit_note.net_minor == 0
    assert invoice.tax_minor + credit_note.tax_minor == 0
