"""Every value of a credit note and of its cancellation, and what is refused; without a database."""

import dataclasses
import datetime

import pytest

from jumun.invoices.compose import UNNUMBERED
from jumun.invoices.compose_credit_note import compose_cancellation, compose_credit_note
from jumun.invoices.documents.document import Document, DocumentError
from tests.invoices.documents import VISA, document, line

INVOICED_ON = datetime.date(2026, 11, 20)
CREDITED_ON = datetime.date(2026, 11, 24)
CANCELED_ON = datetime.date(2026, 11, 30)


def invoice() -> Document:
    """Three cups of 6,000 and a tea of 2,000 won, 20,000 with 1,818 of tax."""
    cups, tea = line(1, quantity=3, unit_price_minor=6_000), line(2, quantity=1, unit_price_minor=2_000)
    taxed = [dataclasses.replace(each, tax_minor=round(each.total_minor / 11)) for each in (cups, tea)]
    lines = [dataclasses.replace(each, net_minor=each.total_minor - each.tax_minor) for each in taxed]
    return dataclasses.replace(document(*lines), number="INV-2026-000001", issued_on=INVOICED_ON)


def credited(amount_minor: int, lines: dict[int, int] | None = None, *before: Document) -> Document:
    return compose_credit_note(
        invoice(), amount_minor=amount_minor, lines=lines, credited=before, issued_on=CREDITED_ON, refunded_to=VISA
    )


def rows(note: Document) -> list[tuple[int, int, int, int, int, int]]:
    return [
        (each.corrects_position, each.corrects_quantity, each.quantity, each.unit_price_minor, each.discount_minor,
         each.total_minor)
        for each in note.lines
    ]  # fmt: skip


def test_a_credit_note_names_its_invoice_its_day_and_where_the_money_went() -> None:
    note = credited(20_000)
    assert (note.kind, note.number) == ("credit_note", UNNUMBERED)
    assert (note.refers_to, note.refers_to_issued_on) == ("INV-2026-000001", INVOICED_ON)
    assert (note.issued_on, note.paid, note.rounding_minor) == (CREDITED_ON, VISA, 0)
    assert (note.net_minor, note.tax_minor, note.total_minor) == (-18_182, -1_818, -20_000)


def test_the_whole_of_it_is_credited_as_it_was_sold() -> None:
    assert rows(credited(20_000)) == [(1, -3, -3, 6_000, 0, -18_000), (2, -1, -1, 2_000, 0, -2_000)]
    # All pieces named one by one are the whole too.
    assert rows(credited(20_000, {1: 3, 2: 1})) == rows(credited(20_000))


def test_an_amount_is_no_piece() -> None:
    assert rows(credited(5_000)) == [(1, 0, -1, 4_500, 0, -4_500), (2, 0, -1, 500, 0, -500)]


def test_after_a_part_came_back_the_rest_is_an_amount() -> None:
    first = credited(6_000, {1: 1})
    assert rows(first) == [(1, -1, -1, 6_000, 0, -6_000)]
    assert rows(credited(14_000, None, first)) == [(1, 0, -1, 12_000, 0, -12_000), (2, -1, -1, 2_000, 0, -2_000)]


@pytest.mark.parametrize("amount_minor", [0, -1, 20_001])
def test_more_than_is_left_or_nothing_is_refused(amount_minor: int) -> None:
    with pytest.raises(DocumentError, match="not within the 20000 left to be credited"):
        credited(amount_minor)


def test_no_more_than_its_pieces_are_worth_comes_back_for_them() -> None:
    with pytest.raises(DocumentError, match="not within the 6000 left of the lines"):
        credited(6_001, {1: 1})


def test_a_cancellation_takes_back_each_value_of_the_note() -> None:
    note = dataclasses.replace(credited(9_000, {1: 2}), number="CN-2026-000001")
    assert rows(note) == [(1, -2, -2, 6_000, -3_000, -9_000)]
    canceled = compose_cancellation(note, issued_on=CANCELED_ON)
    assert (canceled.kind, canceled.refers_to, canceled.issued_on) == ("cancellation", "CN-2026-000001", CANCELED_ON)
    assert rows(canceled) == [(1, 2, 2, 6_000, 3_000, 9_000)]
    [taken], [given] = note.lines, canceled.lines
    assert (given.net_minor, given.tax_minor) == (-taken.net_minor, -taken.tax_minor) == (8_182, 818)
    assert (canceled.net_minor, canceled.tax_minor, canceled.total_minor) == (8_182, 818, 9_000)
    assert [tax.tax_minor for tax in canceled.taxes] == [818]


def test_a_cancellation_takes_back_the_rounding() -> None:
    """Of 20,003 fils, Stripe charges 20,000."""
    lines = document(line(1, quantity=1, unit_price_minor=20_003), currency="KWD")
    sold = dataclasses.replace(lines, number="INV-2026-000002", rounding_minor=-3, total_minor=20_000)
    note = compose_credit_note(sold, amount_minor=20_000, issued_on=CREDITED_ON, refunded_to=VISA)
    assert ([each.total_minor for each in note.lines], note.rounding_minor, note.total_minor) == ([-20_003], 3, -20_000)
    canceled = compose_cancellation(note, issued_on=CANCELED_ON)
    assert (canceled.rounding_minor, canceled.total_minor) == (-3, 20_000)


def test_as_many_pieces_come_back_as_are_named_whatever_they_are_worth() -> None:
    """Two of three pieces may be worth all of a line's one won, but the third stays with the customer."""
    sold = document(line(1, quantity=3, unit_price_minor=1, discount_minor=2), line(2, quantity=1))
    note = compose_credit_note(sold, amount_minor=1, lines={1: 2}, issued_on=CREDITED_ON, refunded_to=VISA)
    assert rows(note) == [(1, -2, -2, 1, -1, -1)]


def test_the_whole_of_a_rate_is_credited_with_the_taxes_that_its_lines_were_sold_with() -> None:
    cups, tea = invoice().lines
    taxed = [
        dataclasses.replace(each, tax_minor=tax_minor, net_minor=each.total_minor - tax_minor)
        for each, tax_minor in ((cups, 1_637), (tea, 181))
    ]
    note = compose_credit_note(document(*taxed), amount_minor=20_000, issued_on=CREDITED_ON, refunded_to=VISA)
    assert [each.tax_minor for each in note.lines] == [-1_637, -181]


def test_a_piece_that_takes_along_what_is_too_little_for_a_refund_is_an_amount() -> None:
    """Two pieces of 4 fils cost 10; after one of them nothing would be left that Stripe refunds."""
    lines = document(line(1, quantity=2, unit_price_minor=4), currency="KWD")
    sold = dataclasses.replace(lines, rounding_minor=2, total_minor=10)
    note = compose_credit_note(sold, amount_minor=10, lines={1: 1}, issued_on=CREDITED_ON, refunded_to=VISA)
    assert (rows(note), note.rounding_minor) == ([(1, -1, -1, 8, 0, -8)], -2)


def test_a_note_of_nothing_but_a_rounding_is_refused() -> None:
    lines = document(line(1, quantity=1, unit_price_minor=20_003), line(2, unit_price_minor=0), currency="KWD")
    sold = dataclasses.replace(lines, rounding_minor=-3, total_minor=20_000)
    first = compose_credit_note(sold, amount_minor=9, issued_on=CREDITED_ON, refunded_to=VISA)
    with pytest.raises(DocumentError, match="0 is not within the 0 left of the lines"):
        compose_credit_note(
            sold, amount_minor=1, lines={2: 1}, credited=[first], issued_on=CREDITED_ON, refunded_to=VISA
        )
