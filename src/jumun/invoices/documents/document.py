"""What an invoice or a credit note says: a tree of frozen values that adds up, and its canonical JSON.

This tree is all that a renderer gets, and its JSON is what is kept. Amounts are integers in the currency's
minor unit (see `jumun.money`), rates are parts per million. A credit note has negative quantities and amounts,
so that an invoice, its credit notes and their cancellations can simply be added. No Django.
"""

import datetime
import json
import re
import types
import typing
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal

from jumun import money
from jumun.errors import JumunError

SCHEMA_VERSION = 1
LONE_SURROGATE = re.compile("[\ud800-\udfff]")

# A cancellation takes back a credit note whose refund failed.
Kind = Literal["invoice", "credit_note", "cancellation"]
Language = Literal["ko", "en"]
# Of a paper in both languages the first is the order's, in which its dates, amounts and addresses are written too.
Locale = Literal["ko", "en", "ko+en", "en+ko"]
# UNCL5305 as EN 16931 uses it: standard, zero-rated, exempt, reverse charge, intra-community, export, outside scope.
TaxCategory = Literal["S", "Z", "E", "AE", "K", "G", "O"]


def later(default: Any) -> Any:
    """A field that documents did not always have: left out of the JSON where it holds ``default``, so that the JSON of
    earlier documents, and their hashes, stay what they are.
    """
    return field(default=default, metadata={"later": True})


class DocumentError(JumunError, ValueError):
    """A document that contradicts itself, or a text that is not a document's canonical JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller or buyer. `country` is ISO 3166-1 alpha-2 or empty; `registration` are lines for the seller's footer."""

    name: str
    address_lines: tuple[str, ...] = ()
    postal_code: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""
    tax_id: str = ""
    registration: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One position. `unit_price_minor` and `discount_minor` include tax if the document's prices do.

    On what corrects an invoice `corrects_position` is the invoice's line, and `corrects_quantity` the pieces that come
    back, with the sign of `quantity`; 0 where an amount is given back and no piece.
    """

    position: int
    corrects_position: int = 0
    corrects_quantity: int = 0
    description: str
    sku: str = ""
    quantity: int
    unit_price_minor: int
    discount_minor: int = 0
    tax_rate_ppm: int
    tax_category: TaxCategory = "S"
    net_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSubtotal:
    """The sums of all lines of one tax category and rate."""

    tax_category: TaxCategory
    tax_rate_ppm: int
    net_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReference:
    """How the total was paid, or refunded, in Stripe's words ("card", "apple_pay", "visa"); empty where not known.

    `card_last4` may be the last digits of a bank account.
    """

    method: str = later("")
    wallet: str = later("")
    card_brand: str = ""
    card_last4: str = ""
    stripe_id: str
    paid_on: datetime.date

    @property
    def is_dispute(self) -> bool:
        """Whether nobody refunded, but the buyer's bank took the money: Stripe's ids of disputes begin so."""
        return self.stripe_id.startswith(("du_", "dp_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An invoice, credit note or cancellation. Raises `DocumentError` if it does not add up to the unit.

    `rounding_minor` is what the total differs by from net and tax, because Stripe charges three-decimal currencies in
    steps of ten. Dates are calendar days where the seller keeps its books. `refers_to` is the number of the invoice
    that a credit note corrects, or of the credit note that a cancellation takes back. `livemode` is False for Stripe's
    test payments: the paper says so.
    """

    kind: Kind
    number: str
    issued_on: datetime.date
    supplied_on: datetime.date | None = None
    refers_to: str = ""
    refers_to_issued_on: datetime.date | None = None
    seller: Party
    buyer: Party
    currency: str
    prices_include_tax: bool = True
    lines: tuple[Line, ...]
    taxes: tuple[TaxSubtotal, ...]
    net_minor: int
    tax_minor: int
    rounding_minor: int = 0
    total_minor: int
    paid: PaymentReference | None = None
    order_number: str = ""
    order_url: str = ""
    locale: Locale
    notes: tuple[str, ...] = ()
    livemode: bool = True

    @property
    def languages(self) -> tuple[Language, ...]:
        """In which the paper is written: the order's, and beneath it the other one where it is in both."""
        return tuple(typing.cast(Language, language) for language in self.locale.split("+"))

    @property
    def language(self) -> Language:
        """The order's, which comes first."""
        return self.languages[0]

    @property
    def settlement(self) -> str:
        """By which name labels and mails know how the document is settled."""
        return f"{self.kind}_of_dispute" if self.paid and self.paid.is_dispute else self.kind

    def __post_init__(self) -> None:
        _check_head(self)
        for position, line in enumerate(self.lines, start=1):
            _check_line(line, position, prices_include_tax=self.prices_include_tax)
        if self.taxes != taxes_of(self.lines):
            raise DocumentError("The tax subtotals are not the sums of the lines by category and rate.")
        for name in ("net_minor", "tax_minor"):
            lines_minor = sum(getattr(line, name) for line in self.lines)
            if getattr(self, name) != lines_minor:
                raise DocumentError(f"{name} is {getattr(self, name)}, but the lines add up to {lines_minor}.")
        payable_minor = self.net_minor + self.tax_minor + self.rounding_minor
        if self.total_minor != payable_minor:
            raise DocumentError(f"total_minor is {self.total_minor}, but net, tax and rounding are {payable_minor}.")
        _check_rounding(self)


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """`value`, a document or a part of one, with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(with_texts(item, change) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: with_texts(getattr(value, f.name), change) for f in fields(value)})
    return value


def as_typed(document: Document) -> Document:
    """`document` to be frozen: the texts as people typed them, composed (NFC).

    Half a character (a lone surrogate), which UTF-8 cannot hold, becomes the replacement character U+FFFD.
    """
    written = canonical_json(document)
    if _composed(written) == written:  # and so is every text in it, which is cheaper to ask
        return document
    composed: Document = with_texts(document, _composed)
    return composed


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", LONE_SURROGATE.sub("\ufffd", text))


def taxes_of(lines: typing.Iterable[Line]) -> tuple[TaxSubtotal, ...]:
    """The subtotals of `lines` by tax category and rate, the highest rate first."""
    groups: dict[tuple[int, TaxCategory], list[Line]] = {}
    for line in lines:
        groups.setdefault((-line.tax_rate_ppm, line.tax_category), []).append(line)
    return tuple(
        TaxSubtotal(
            tax_category=category,
            tax_rate_ppm=-negative_rate_ppm,
            net_minor=sum(line.net_minor for line in group),
            tax_minor=sum(line.tax_minor for line in group),
            total_minor=sum(line.total_minor for line in group),
        )
        for (negative_rate_ppm, category), group in sorted(groups.items())
    )


def canonical_json(document: Document) -> str:
    """The one text of this document: sorted keys, no white space, non-ASCII as it is, the schema's version within."""
    tree = {"schema_version": SCHEMA_VERSION, **_plain(document)}
    return json.dumps(tree, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    """What JSON knows: the fields of a part of the document, and a date as text. `asdict` takes three times as long."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    named = ((each, getattr(value, each.name)) for each in fields(value))
    return {each.name: held for each, held in named if not ("later" in each.metadata and held == each.default)}


def from_json(text: str) -> Document:
    """The document whose canonical JSON is `text`. Raises `DocumentError` for anything else, however close."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"The document is not JSON: {error}") from error
    if not isinstance(tree, dict) or tree.pop("schema_version", None) != SCHEMA_VERSION:
        raise DocumentError(f"The document has no schema_version {SCHEMA_VERSION}.")
    document: Document = _value(Document, tree, "document")
    if canonical_json(document) != text:
        raise DocumentError("The document's JSON is not in its canonical form.")
    return document


def _check_head(document: Document) -> None:
    if not document.number or not document.lines:
        raise DocumentError("A document has a number and at least one line.")
    if money.currency_code(document.currency) != document.currency:
        raise DocumentError(f"The currency code {document.currency!r} is not in upper case.")
    if (document.kind == "invoice") == bool(document.refers_to):
        raise DocumentError("A credit note or cancellation, and nothing else, refers to what it corrects.")
    if document.total_minor > 0 if document.kind == "credit_note" else document.total_minor < 0:
        raise DocumentError(f"The total of this {document.kind} has the wrong sign: {document.total_minor}.")


def _check_rounding(document: Document) -> None:
    # What is left of an invoice is rounded anew after each correction, which therefore can take several roundings.
    step_minor = money.charge_step_minor(document.currency)
    is_correction = document.kind != "invoice" and step_minor > 1
    if abs(document.rounding_minor) >= step_minor and not is_correction:
        raise DocumentError(f"{document.rounding_minor} is not a rounding in {document.currency}.")


def _check_line(line: Line, position: int, *, prices_include_tax: bool) -> None:
    if line.position != position:
        raise DocumentError(f"Line {position} is numbered {line.position}.")
    priced_minor = line.total_minor if prices_include_tax else line.net_minor
    if priced_minor != line.unit_price_minor * line.quantity - line.discount_minor:
        raise DocumentError(f"Line {position}: quantity times price less discount is not {priced_minor}.")
    if line.net_minor + line.tax_minor != line.total_minor:
        raise DocumentError(f"Line {position}: net and tax do not add up to the total.")
    if line.tax_category != "S" and line.tax_rate_ppm:
        raise DocumentError(f"Line {position}: category {line.tax_category} has no rate, not {line.tax_rate_ppm} ppm.")
    # A unit of leeway: tax is rounded once for all lines of a rate and spread over them (see `money.share_tax`).
    own_minor = money.included_tax(line.total_minor, line.tax_rate_ppm)
    if abs(line.tax_minor - own_minor) > (1 if line.tax_rate_ppm else 0):
        raise DocumentError(f"Line {position}: {line.tax_minor} is not the tax at {line.tax_rate_ppm} ppm.")


def _value(expected: Any, value: Any, path: str) -> Any:
    """`value` from JSON as the type `expected` of a field, strictly: True is no int, a missing key no default."""
    if is_dataclass(expected):
        return _dataclass(expected, value, path)
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin is types.UnionType:
        return None if value is None else _value(arguments[0], value, path)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], item, f"{path}[{index}]") for index, item in enumerate(value))
    if origin is Literal and value in arguments:
        return value
    if expected is datetime.date and isinstance(value, str):
        return _date(value, path)
    if origin is None and type(value) is expected:
        return value
    raise DocumentError(f"{path}: {value!r} is not allowed here.")


def _dataclass(expected: Any, value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise DocumentError(f"{path} is not an object.")
    hints = typing.get_type_hints(expected)
    absent = {each.name for each in fields(expected) if "later" in each.metadata and each.name not in value}
    if set(value) | absent != set(hints):
        raise DocumentError(f"{path} has missing or unknown keys: {sorted((set(value) | absent) ^ set(hints))}.")
    return expected(**{name: _value(hints[name], held, f"{path}.{name}") for name, held in value.items()})


def _date(text: str, path: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise DocumentError(f"{path}: {text!r} is not a date.") from error
