"""Invoices in three-decimal currencies: whatever comes back of them, in whatever parts, nothing is left over."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jumun import money
from jumun.invoices.compose_credit_note import compose_cancellation, compose_credit_note, value_of_lines
from jumun.invoices.documents.document import Document, DocumentError
from jumun.orders.customer_and_items import Item
from jumun.orders.totals import amounts_of, totals_of
from tests.invoices.documents import VISA, document, line

DAY = datetime.date(2026, 11, 30)
items = st.builds(
    Item,
    sku=st.just("TEA"),
    name=st.just("Tea"),
    unit_price_minor=st.integers(1, 20_000),
    quantity=st.integers(1, 4),
    tax_rate_ppm=st.sampled_from([0, 50_000, 100_000, 150_000]),
)


def invoice_of(sold, *, including):
    amounts = amounts_of(sold, "KWD", prices_include_tax=including)
    totals = totals_of(amounts, "KWD")
    lines = [
        line(
            position,
            quantity=item.quantity,
            unit_price_minor=item.unit_price_minor,
            rate_ppm=item.tax_rate_ppm,
            prices_include_tax=including,
            amounts=amount,
        )
        for position, (item, amount) in enumerate(zip(sold, amounts, strict=True), start=1)
    ]
    rounding = {"rounding_minor": totals.rounding_minor, "total_minor": totals.total_minor}
    return document(*lines, currency="KWD", prices_include_tax=including, **rounding)


@given(st.lists(items, min_size=1, max_size=5), st.booleans(), st.data())
def test_all_parts_that_come_back_are_the_invoice(sold, including, data):
    invoice = invoice_of(sold, including=including)
    assume(invoice.total_minor >= money.charge_min_minor("KWD"))
    standing: list[Document] = []

    def credit(amount_minor, lines=None):
        note = compose_credit_note(
            invoice,
            amount_minor=amount_minor,
            lines=lines,
            credited=standing,
            issued_on=DAY,
            refunded_to=replace(VISA, stripe_id="re_1"),
        )
        assert note.total_minor == -amount_minor
        standing.append(note)

    for _ in range(data.draw(st.integers(0, 5), "parts")):
        left_minor = value_of_lines(invoice, standing)
        kind = data.draw(st.sampled_from(["amount", "pieces", "cancel"]))
        if kind == "cancel" and standing:
            note = standing.pop(data.draw(st.integers(0, len(standing) - 1)))
            canceled = compose_cancellation(replace(note, number="CN-1"), issued_on=DAY)
            assert canceled.total_minor == -note.total_minor
        elif kind == "amount" and left_minor >= 10:
            credit(10 * data.draw(st.integers(1, left_minor // 10)))
        elif kind == "pieces":
            taken: dict[int, int] = {}
            for each in standing:
                for part in each.lines:
                    taken[part.corrects_position] = taken.get(part.corrects_position, 0) - part.corrects_quantity
            free = {at.position: at.quantity - taken.get(at.position, 0) for at in invoice.lines}
            position = data.draw(st.sampled_from(sorted(free)))
            if free[position]:
                pieces = {position: data.draw(st.integers(1, free[position]))}
                worth_minor = value_of_lines(invoice, standing, pieces)
                assert worth_minor % 10 == 0
                if 0 < worth_minor <= left_minor:
                    credit(worth_minor, pieces)
    if left_minor := value_of_lines(invoice, standing):
        credit(left_minor)
    for name in ("net_minor", "tax_minor", "rounding_minor", "total_minor"):
        assert getattr(invoice, name) + sum(getattr(note, name) for note in standing) == 0, name


def test_what_is_too_little_to_be_refunded_goes_with_the_last_pieces():
    crumb = Item(sku="CRUMB", name="Crumb", unit_price_minor=1, quantity=1)
    tea = Item(sku="TEA", name="Tea", unit_price_minor=164, quantity=1)
    invoice = invoice_of([crumb, tea], including=True)
    assert value_of_lines(invoice, [], {2: 1}) == invoice.total_minor == 170
    note = compose_credit_note(invoice, amount_minor=170, lines={2: 1}, issued_on=DAY, refunded_to=VISA)
    assert [part.total_minor for part in note.lines] == [-1, -164]
    assert (note.rounding_minor, note.total_minor) == (-5, -170)


def test_pieces_take_no_more_than_they_are_worth():
    invoice = document(line(1), line(2))
    with pytest.raises(DocumentError, match="left of the lines"):
        compose_credit_note(invoice, amount_minor=22_000, lines={1: 1}, issued_on=DAY, refunded_to=VISA)
