"""From an invoice and an amount to the document of a credit note. No database."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext, override

from jumun import money
from jumun.invoices.compose import UNNUMBERED
from jumun.invoices.document import Document, DocumentError, Line, PaymentReference, taxes_of


def compose_credit_note(
    invoice: Document,
    *,
    amount_minor: int,
    credited_minor: Sequence[int],
    issued_on: datetime.date,
    refunded_to: PaymentReference,
) -> Document:
    """The credit note over ``amount_minor``, tax included, of ``invoice``, of which ``credited_minor`` went before.

    Raises `DocumentError` where they are together more than the invoice.
    """
    with override(invoice.locale):
        lines = tuple(_lines(invoice.lines, amount_minor, credited_minor))
    return replace(
        invoice,
        kind="credit_note",
        number=UNNUMBERED,
        issued_on=issued_on,
        refers_to=invoice.number,
        refers_to_issued_on=invoice.issued_on,
        lines=lines,
        taxes=taxes_of(lines),
        net_minor=sum(line.net_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines),
        total_minor=sum(line.total_minor for line in lines),
        paid=refunded_to,
    )


def _lines(lines: Sequence[Line], amount_minor: int, credited_minor: Sequence[int]) -> Iterable[Line]:
    """The amount spread over what is left of the invoice's lines; the last note takes exactly the rest of each."""
    left = [line.total_minor for line in lines]
    if not 0 < amount_minor <= sum(left) - sum(credited_minor):
        raise DocumentError(f"{amount_minor} is not within what is left of the invoice.")
    for earlier_minor in credited_minor:
        left = _less(left, money.allocate(earlier_minor, left))
    parts = money.allocate(amount_minor, left)
    credited = [(line, rest, part) for line, rest, part in zip(lines, left, parts, strict=True) if part]
    for position, (line, rest, part) in enumerate(credited, start=1):
        yield _whole(line, position) if part == line.total_minor else _part(line, position, rest, part)


def _less(left: Sequence[int], parts: Sequence[int]) -> list[int]:
    return [rest - part for rest, part in zip(left, parts, strict=True)]


def _whole(line: Line, position: int) -> Line:
    """The line taken back as it was invoiced."""
    return replace(
        line,
        position=position,
        quantity=-line.quantity,
        discount_minor=-line.discount_minor,
        net_minor=-line.net_minor,
        tax_minor=-line.tax_minor,
        total_minor=-line.total_minor,
    )


def _part(line: Line, position: int, left_minor: int, part_minor: int) -> Line:
    """Some of what is left of a line. Its taxes are differences, so that all parts add up to the line's own tax."""
    tax_minor = _tax_within(line, left_minor) - _tax_within(line, left_minor - part_minor)
    return replace(
        line,
        position=position,
        description=gettext("Partial refund: %(item)s") % {"item": line.description},
        quantity=-1,
        unit_price_minor=part_minor,
        discount_minor=0,
        net_minor=tax_minor - part_minor,
        tax_minor=-tax_minor,
        total_minor=-part_minor,
    )


def _tax_within(line: Line, gross_minor: int) -> int:
    """The tax in so much of a line; of the whole line it is the line's own."""
    if gross_minor == line.total_minor:
        return line.tax_minor
    return money.included_tax(gross_minor, line.tax_rate_ppm)
