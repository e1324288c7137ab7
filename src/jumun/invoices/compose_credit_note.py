"""Compose the document of a credit note from its invoice, and that of a cancellation from its credit note.

Without the database.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jumun import money
from jumun.invoices.compose import UNNUMBERED
from jumun.invoices.documents.document import (
    Document,
    DocumentError,
    Kind,
    Line,
    PaymentReference,
    TaxSubtotal,
    taxes_of,
)
from jumun.invoices.documents.labels import labels_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What earlier credit notes left of an invoice line: the quantity, and the amounts including tax."""

    line: Line
    quantity: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is credited of a line now. ``quantity`` is 0 if only an amount is credited."""

    rest: Rest
    quantity: int
    total_minor: int

    @property
    def is_whole(self) -> bool:
        line, left = self.rest.line, self.rest.quantity
        # A quantity credited before may have had no value, and must not be credited twice.
        return self.total_minor == line.total_minor and left == line.quantity and self.quantity in {0, left}


def compose_credit_note(
    invoice: Document,
    *,
    amount_minor: int,
    lines: Mapping[int, int] | None = None,
    credited: Iterable[Document] = (),
    issued_on: datetime.date,
    refunded_to: PaymentReference,
) -> Document:
    """The credit note of ``invoice`` for ``amount_minor``, tax included; ``credited`` are the earlier credit notes.

    ``lines`` are the returned quantities by position. Raises `DocumentError` for more than is left.
    """
    credited = tuple(credited)
    rests = _rests(invoice, credited)
    left_minor = _left_minor(invoice, credited)
    if not 0 < amount_minor <= left_minor:
        raise DocumentError(f"{amount_minor} is not within the {left_minor} left to be credited.")
    values_minor = _credited_values(rests, lines, invoice.currency)
    rest_minor = sum(rest.total_minor for rest in rests) - sum(values_minor)
    # Credit the full value of the lines if the rest then rounds to what remains; otherwise credit the amount.
    is_rounded = money.round_to_charge(rest_minor, invoice.currency) == left_minor - amount_minor
    lines_minor = sum(values_minor) if is_rounded else amount_minor
    parts = _parts(rests, lines_minor, values_minor, lines or {})
    taxes_minor = _taxes(invoice, rests, parts)
    credit_lines = tuple(
        _line(invoice, part, tax_minor, position)
        for position, (part, tax_minor) in enumerate(zip(parts, taxes_minor, strict=True), start=1)
    )
    return _correcting(
        invoice,
        "credit_note",
        credit_lines,
        rounding_minor=lines_minor - amount_minor,
        issued_on=issued_on,
        paid=refunded_to,
    )


def compose_cancellation(note: Document, *, issued_on: datetime.date) -> Document:
    """The document that reverses ``note`` exactly."""
    lines = tuple(map(_negative, note.lines))
    return _correcting(note, "cancellation", lines, rounding_minor=-note.rounding_minor, issued_on=issued_on)


def value_of_lines(invoice: Document, credited: Iterable[Document], lines: Mapping[int, int] | None = None) -> int:
    """What is left to credit of ``invoice``, or of the quantities in ``lines``. Raises `DocumentError`.

    What remains afterwards is rounded as an order of it would be, so that roundings do not add up.
    """
    credited = tuple(credited)
    left_minor = _left_minor(invoice, credited)
    if lines is None:
        return left_minor
    rests = _rests(invoice, credited)
    rest_minor = sum(rest.total_minor for rest in rests) - sum(_values(rests, lines))
    return left_minor - money.round_to_charge(rest_minor, invoice.currency)


def _left_minor(invoice: Document, credited: Iterable[Document]) -> int:
    return invoice.total_minor + sum(note.total_minor for note in credited)


def _rests(invoice: Document, credited: Iterable[Document]) -> list[Rest]:
    before: dict[int, list[Line]] = {}
    for note in credited:
        for line in note.lines:
            before.setdefault(line.corrects_position, []).append(line)
    return [
        Rest(
            line=line,
            quantity=line.quantity + sum(other.corrects_quantity for other in before.get(line.position, ())),
            tax_minor=line.tax_minor + sum(other.tax_minor for other in before.get(line.position, ())),
            total_minor=line.total_minor + sum(other.total_minor for other in before.get(line.position, ())),
        )
        for line in invoice.lines
    ]


def _credited_values(rests: Sequence[Rest], lines: Mapping[int, int] | None, currency: str) -> list[int]:
    """The value credited of each line; a remainder that is too small to refund on its own is included."""
    all_minor = [rest.total_minor for rest in rests]
    if lines is None:
        return all_minor
    values_minor = _values(rests, lines)
    return values_minor if money.round_to_charge(sum(all_minor) - sum(values_minor), currency) else all_minor


def _parts(
    rests: Sequence[Rest], lines_minor: int, values_minor: Sequence[int], lines: Mapping[int, int]
) -> list[Part]:
    """The amount, spread over the lines in proportion to their values."""
    if not 0 < lines_minor <= sum(values_minor):
        raise DocumentError(f"{lines_minor} is not within the {sum(values_minor)} left of the lines.")
    shares = money.allocate(lines_minor, values_minor)
    parts = [
        Part(rest=rest, quantity=lines.get(rest.line.position, 0), total_minor=share)
        for rest, share in zip(rests, shares, strict=True)
    ]
    return [part for part in parts if part.total_minor or part.quantity]


def _values(rests: Sequence[Rest], lines: Mapping[int, int]) -> list[int]:
    """The value of the returned quantity of each line."""
    unknown = lines.keys() - {rest.line.position for rest in rests}
    if unknown:
        raise DocumentError(f"The invoice has no line {', '.join(map(str, sorted(unknown)))}.")
    return [_value(rest, lines[rest.line.position]) if rest.line.position in lines else 0 for rest in rests]


def _value(rest: Rest, quantity: int) -> int:
    if not 0 < quantity <= rest.quantity:
        raise DocumentError(f"Line {rest.line.position}: {quantity} of {rest.quantity} left cannot come back.")
    return money.allocate(rest.total_minor, [quantity, rest.quantity - quantity])[0]


def _taxes(invoice: Document, rests: Sequence[Rest], parts: Sequence[Part]) -> list[int]:
    """The tax of each part: rounded once for each rate, then spread over its lines; the last part takes the rest."""
    taxes_minor = [0] * len(parts)
    for subtotal in invoice.taxes:
        indices = [index for index, part in enumerate(parts) if _is_taxed_by(subtotal, part.rest.line)]
        for index, tax_minor in zip(indices, _shares(subtotal, rests, [parts[i] for i in indices]), strict=True):
            taxes_minor[index] = tax_minor
    return taxes_minor


def _shares(subtotal: TaxSubtotal, rests: Sequence[Rest], parts: Sequence[Part]) -> list[int]:
    left = [rest for rest in rests if _is_taxed_by(subtotal, rest.line)]
    left_minor, left_tax_minor = sum(rest.total_minor for rest in left), sum(rest.tax_minor for rest in left)
    parts_minor = [part.total_minor for part in parts]
    if left_minor == subtotal.total_minor == sum(parts_minor):
        return [part.rest.line.tax_minor for part in parts]
    tax_minor = money.part_of_tax(
        sum(parts_minor), subtotal.tax_rate_ppm, left_minor=left_minor, left_tax_minor=left_tax_minor
    )
    return money.share_tax(tax_minor, parts_minor, subtotal.tax_rate_ppm, included=True)


def _is_taxed_by(subtotal: TaxSubtotal, line: Line) -> bool:
    return (line.tax_category, line.tax_rate_ppm) == (subtotal.tax_category, subtotal.tax_rate_ppm)


def _line(invoice: Document, part: Part, tax_minor: int, position: int) -> Line:
    """The part as a quantity at its price if that adds up; otherwise as an amount."""
    line = part.rest.line
    quantity = line.quantity if part.is_whole else part.quantity
    priced_minor = part.total_minor if invoice.prices_include_tax else part.total_minor - tax_minor
    credited = replace(
        line,
        position=position,
        corrects_position=line.position,
        corrects_quantity=-quantity,
        net_minor=tax_minor - part.total_minor,
        tax_minor=-tax_minor,
        total_minor=-part.total_minor,
    )
    if quantity and priced_minor <= line.unit_price_minor * quantity:
        return replace(credited, quantity=-quantity, discount_minor=priced_minor - line.unit_price_minor * quantity)
    partial_refund = " / ".join(labels_of(invoice, language)["partial_refund"] for language in invoice.languages)
    return replace(
        credited,
        description=f"{partial_refund}: {line.description}",
        quantity=-1,
        unit_price_minor=priced_minor,
        discount_minor=0,
    )


def _negative(line: Line) -> Line:
    return replace(
        line,
        corrects_quantity=-line.corrects_quantity,
        quantity=-line.quantity,
        discount_minor=-line.discount_minor,
        net_minor=-line.net_minor,
        tax_minor=-line.tax_minor,
        total_minor=-line.total_minor,
    )


def _correcting(
    corrected: Document, kind: Kind, lines: tuple[Line, ...], *, rounding_minor: int, **changes: Any
) -> Document:
    return replace(
        corrected,
        kind=kind,
        number=UNNUMBERED,
        refers_to=corrected.number,
        refers_to_issued_on=corrected.issued_on,
        lines=lines,
        taxes=taxes_of(lines),
        net_minor=sum(line.net_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines),
        rounding_minor=rounding_minor,
        total_minor=sum(line.total_minor for line in lines) + rounding_minor,
        **changes,
    )
