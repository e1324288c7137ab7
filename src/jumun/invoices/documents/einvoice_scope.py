"""Which documents can be an e-invoice. Apart from `einvoice`, so that pages need not load the XML library. No Django.

EN 16931 allows every currency and country of ISO 4217 and 3166: a Korean seller's invoice in won as well as a German
one in euros. It requires names, countries, a tax identifier and amounts with at most two decimals.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from importlib.util import find_spec
from typing import TypeVar, cast

from jumun import money
from jumun.countries import country_codes
from jumun.errors import JumunError
from jumun.invoices.documents.document import Document, Line, Party, TaxSubtotal, with_texts
from jumun.tax_ids import is_vat_id

Part = TypeVar("Part", Document, Party)

CENT = Decimal("0.01")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Kosovo, to which ISO 3166-1 assigns no code (BR-CL-14).
NO_COUNTRY = frozenset({"XK"})


class EInvoiceError(JumunError):
    """The document lacks something that EN 16931 requires, or has something that it cannot express."""


def has_einvoice(document: Document) -> bool:
    """Whether `document` has the data for an e-invoice, and the XML library is installed."""
    try:
        check(document)
    except EInvoiceError:
        return False
    return find_spec("drafthorse") is not None


def writable(part: Part) -> Part:
    """A document, or a part of one, without the characters that XML 1.0 excludes (section 2.2): most controls."""
    return cast(Part, with_texts(part, lambda text: NOT_XML.sub("", text)))


def check(document: Document) -> None:
    """Raises `EInvoiceError` with the reason if `document` cannot be an e-invoice."""
    parts: list[Line | Document] = [*document.lines, document]
    for role, party in (("seller", document.seller), ("buyer", document.buyer)):
        if not (writable(party).name.strip() and party.country):
            raise EInvoiceError(f"EN 16931 asks for the name and the country of the {role}.")
        if party.country not in country_codes() - NO_COUNTRY:
            raise EInvoiceError(f"EN 16931 takes countries of ISO 3166-1 only, and {party.country!r} is not one.")
    categories = {subtotal.tax_category for subtotal in document.taxes}
    if not document.seller.tax_id:
        raise EInvoiceError("EN 16931 asks for the tax identifier of the seller.")
    if categories & {"AE", "K"} and not document.buyer.tax_id:
        raise EInvoiceError("EN 16931 asks for the tax identifier of a buyer who is liable for the tax.")
    # BR-IC-02 and BR-G-02
    identified = [document.seller, *([document.buyer] if "K" in categories else [])]
    if categories & {"K", "G"} and not all(is_vat_id(party.tax_id, party.country) for party in identified):
        raise EInvoiceError("EN 16931 asks for VAT identifiers where goods leave the country untaxed.")
    if "O" in categories and len(categories) > 1:
        raise EInvoiceError("EN 16931 does not mix what is outside the scope of tax with anything else.")
    if not all(_is_rate_of_net(subtotal, document.currency) for subtotal in document.taxes):
        raise EInvoiceError("EN 16931 allows less than one unit of the currency for rounding a rate's tax.")
    if money.exponent(document.currency) == 3 and not all(_has_two_decimals(part) for part in parts):
        raise EInvoiceError(f"EN 16931 has two decimals, too few for these amounts in {document.currency}.")


def _is_rate_of_net(subtotal: TaxSubtotal, currency: str) -> bool:
    """BR-S-09. In a currency without decimals, a small credit note can violate it."""
    tax, net = (money.to_decimal(amount, currency) for amount in (subtotal.tax_minor, subtotal.net_minor))
    exact = (abs(net) * subtotal.tax_rate_ppm / money.PPM).quantize(CENT, ROUND_HALF_UP)
    return abs(abs(tax) - exact) < 1


def _has_two_decimals(part: Line | Document) -> bool:
    return part.net_minor % 10 == part.tax_minor % 10 == part.total_minor % 10 == 0
