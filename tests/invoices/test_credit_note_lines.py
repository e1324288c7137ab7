"""Pieces that come back are credited as such, and however an invoice is given back, all notes add up to it."""

import dataclasses
import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumun import money
from jumun.invoices.compose_credit_note import compose_cancellation, compose_credit_note, value_of_lines
from jumun.invoices.documents.document import DocumentError, taxes_of
from jumun.invoices.documents.einvoice import einvoice
from jumun.invoices.models import CreditNote
from tests.factories import item, paid_order
from tests.invoices.crediting import credit
from tests.invoices.documents import VISA, document, line
from tests.invoices.en16931 import violations

TODAY = datetime.date(2026, 11, 24)
CUPS_AND_TEA = [item(name="Cup", unit_price_minor=6_000, quantity=3), item(name="Tea", unit_price_minor=2_000)]


@pytest.mark.django_db
def test_the_pieces_that_come_back_are_named_at_their_price() -> None:
    invoice = paid_order(language="en", lines=CUPS_AND_TEA).invoice
    assert CreditNote.creditable_minor(invoice, {1: 2}) == 12_000
    (returned,) = credit(invoice, 12_000, lines={1: 2}).document.lines
    assert (returned.description, returned.quantity, returned.unit_price_minor) == ("Cup", -2, 6_000)
    assert (returned.total_minor, returned.tax_minor) == (-12_000, -1_091)
    assert (CreditNote.creditable_minor(invoice), CreditNote.creditable_minor(invoice, {1: 1})) == (10_000, 6_000)


@pytest.mark.django_db
def test_less_than_their_price_may_be_given_back_for_pieces() -> None:
    (returned,) = credit(paid_order(lines=CUPS_AND_TEA).invoice, 5_000, lines={1: 1}).document.lines
    assert (returned.quantity, returned.discount_minor, returned.total_minor) == (-1, -1_000, -5_000)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lines", "complaint"), [({3: 1}, "no line 3"), ({1: 4}, "4 of 3 left"), ({1: 0}, "0 of 3"), ({}, "0 left")]
)
def test_what_was_not_bought_cannot_come_back(lines: dict[int, int], complaint: str) -> None:
    with pytest.raises(DocumentError, match=complaint):
        credit(paid_order(lines=CUPS_AND_TEA).invoice, 6_000, lines=lines)
    assert not CreditNote.objects.exists()


@pytest.mark.django_db
def test_a_piece_comes_back_once_and_for_what_an_earlier_note_has_left_of_it() -> None:
    invoice = paid_order(lines=[item(unit_price_minor=6_000, quantity=2)]).invoice
    credit(invoice, 2_000, "re_1")
    assert CreditNote.creditable_minor(invoice, {1: 1}) == 5_000
    credit(invoice, 5_000, "re_2", lines={1: 1})
    with pytest.raises(DocumentError, match="2 of 1 left"):
        CreditNote.creditable_minor(invoice, {1: 2})
    credit(invoice, 5_000, "re_3", lines={1: 1})
    assert CreditNote.creditable_minor(invoice) == 0


@pytest.mark.django_db
def test_a_piece_that_came_back_for_nothing_does_not_come_back_again() -> None:
    lines = [item(name="Cup", unit_price_minor=6_000, quantity=3), item(name="Pin", unit_price_minor=1, quantity=3)]
    invoice = paid_order(language="en", lines=lines).invoice
    first = credit(invoice, 1, "re_1", lines={1: 1, 2: 1}).document
    assert [(line.corrects_position, line.corrects_quantity, line.total_minor) for line in first.lines] == [
        (1, -1, -1),
        (2, -1, 0),
    ]
    rest = credit(invoice, CreditNote.creditable_minor(invoice), "re_2").document
    assert [(line.description, line.corrects_quantity, line.total_minor) for line in rest.lines] == [
        ("Partial refund: Cup", 0, -17_999),
        ("Partial refund: Pin", 0, -3),
    ]


def invoice_of(bought, *, currency="KRW"):
    lines = [
        line(position, quantity=quantity, unit_price_minor=price, rate_ppm=rate)
        for position, (quantity, price, rate) in enumerate(bought, start=1)
    ]
    return document(*with_one_tax_a_rate(lines), currency=currency)


def with_one_tax_a_rate(lines):
    """The lines as an order has them: tax is rounded once for all of a rate."""
    shared = list(lines)
    for rate in {sold.tax_rate_ppm for sold in lines}:
        group = [index for index, sold in enumerate(lines) if sold.tax_rate_ppm == rate]
        amounts = [lines[index].total_minor for index in group]
        taxes = money.share_tax(money.included_tax(sum(amounts), rate), amounts, rate, included=True)
        for index, tax_minor in zip(group, taxes, strict=True):
            changes = {"tax_minor": tax_minor, "net_minor": lines[index].total_minor - tax_minor}
            shared[index] = dataclasses.replace(lines[index], **changes)
    return shared


sold = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 10**5), st.sampled_from([190_000, 100_000, 55_000])),
    min_size=1,
    max_size=8,
).filter(lambda lines: any(quantity * price for quantity, price, _rate in lines))


@settings(max_examples=150)
@given(sold, st.data())
def test_however_it_is_given_back_the_notes_never_exceed_the_invoice_and_add_up_to_it(lines, data):
    invoice = invoice_of(lines)
    notes: list[Any] = []
    while left := value_of_lines(invoice, notes):
        pieces = (data.draw(st.booleans()) and _pieces(invoice, notes, data)) or None
        most = value_of_lines(invoice, notes, pieces) if pieces else left
        if not most:
            pieces, most = None, left
        share = most if len(notes) > 4 else data.draw(st.integers(1, most))
        if len(notes) > 6:
            pieces, share = None, left
        note = compose_credit_note(
            invoice, amount_minor=share, lines=pieces, credited=notes, issued_on=TODAY, refunded_to=VISA
        )
        assert note.total_minor == -share
        with pytest.raises(DocumentError):
            compose_credit_note(invoice, amount_minor=left + 1, credited=notes, issued_on=TODAY, refunded_to=VISA)
        undone = compose_cancellation(dataclasses.replace(note, number="CN-1"), issued_on=TODAY)
        assert (undone.total_minor, undone.tax_minor) == (share, -note.tax_minor)
        notes.append(note)
        assert min(_pieces_left(invoice, notes).values()) >= 0
    everything = [credited for note in notes for credited in note.lines]
    for total in taxes_of(everything):
        (own,) = [tax for tax in invoice.taxes if tax.tax_rate_ppm == total.tax_rate_ppm]
        assert (total.net_minor, total.tax_minor) == (-own.net_minor, -own.tax_minor)


def _pieces_left(invoice, notes):
    left = {bought.position: bought.quantity for bought in invoice.lines}
    for credited in (back for note in notes for back in note.lines):
        left[credited.corrects_position] += credited.corrects_quantity
    return left


def _pieces(invoice, notes, data):
    left = _pieces_left(invoice, notes)
    chosen = {position: data.draw(st.integers(0, quantity)) for position, quantity in left.items()}
    return {position: quantity for position, quantity in chosen.items() if quantity}


@settings(max_examples=25)
@given(sold, st.data(), st.sampled_from(["KRW", "EUR"]))
def test_a_part_given_back_and_its_cancellation_pass_the_rules_of_the_standard(lines, data, currency):
    invoice = invoice_of(lines, currency=currency)
    amount_minor = data.draw(st.integers(1, invoice.total_minor))
    note = compose_credit_note(invoice, amount_minor=amount_minor, issued_on=TODAY, refunded_to=VISA)
    note = dataclasses.replace(note, number="CN-2026-000001")
    undone = dataclasses.replace(compose_cancellation(note, issued_on=TODAY), number="CN-2026-000002")
    for corrected in (note, undone):
        assert violations(einvoice(corrected)) == []
