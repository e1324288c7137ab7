"""All texts of a printed document, in the reader's language, as strings for the template. No Django."""

import datetime
import functools
import io
from collections.abc import Mapping
from decimal import Decimal
from itertools import accumulate
from typing import Any

import segno
from babel.dates import format_date
from babel.numbers import format_decimal

from jumun import money
from jumun.countries import country_name
from jumun.invoices.documents.document import Document, Language, Line, Party, TaxSubtotal
from jumun.invoices.documents.font_characters import has_bold
from jumun.invoices.documents.labels import labels_of
from jumun.invoices.documents.payment_methods import method_text
from jumun.tax_ids import EU, is_vat_id

LARGEST_FIRST = frozenset({"JP", "KR"})
CITY_BEFORE_POSTAL_CODE = frozenset({"AU", "CA", "GB", "US"}) | LARGEST_FIRST


def printed(document: Document) -> dict[str, Any]:
    """A JSON tree of strings, and of the few numbers that the layout needs, for the template to place.

    In a document in both languages, `second` repeats the words in the second language. Dates and amounts occur once.
    """
    text = labels_of(document)
    amount = functools.cache(functools.partial(money.format, currency=document.currency, locale=document.language))
    carried = accumulate(_priced_minor(document, line) for line in document.lines)
    second = [_words(document, language, is_second=True) for language in document.languages[1:]]
    return _words(document, document.language) | {
        "second": second[0] if second else None,
        "kind": document.kind,
        "number": document.number,
        "facts": _facts(document, text),
        "settled": document.paid is not None,
        "seller": _party(document.seller, document.language),
        "buyer": _party(document.buyer, document.language),
        "lines": [
            _line(line, text, amount) | {"carried": amount(carried_minor)}
            for line, carried_minor in zip(document.lines, carried, strict=True)
        ],
        "line_amount_includes_tax": document.prices_include_tax,
        "taxes": [_subtotal(subtotal, text, amount) for subtotal in document.taxes],
        "net": amount(document.net_minor),
        "tax": amount(document.tax_minor),
        "rounding": amount(document.rounding_minor) if document.rounding_minor else "",
        "total": amount(document.total_minor),
        "notes": list(document.notes),
        "order_url": document.order_url,
        "order_qr": _qr(document.order_url) if document.order_url else "",
    }


def _words(document: Document, language: Language, *, is_second: bool = False) -> dict[str, Any]:
    """The words in one language."""
    text = labels_of(document, language)
    abroad = document.seller.country != document.buyer.country
    return {
        "language": language,
        "labels": text,
        "title": text[document.kind],
        "status": text["open" if document.paid is None else f"settled_{document.settlement}"],
        "test": "" if document.livemode else text["test"],
        "countries": {
            "seller": country_name(document.seller.country, language) if abroad else "",
            "buyer": country_name(document.buyer.country, language) if abroad else "",
        },
        "prices_note": text["prices_include_tax" if document.prices_include_tax else "prices_exclude_tax"],
        "statements": _statements(document, text),
        "total_label": text["credit_total" if document.kind == "credit_note" else "total"],
        "payment": _payment(document, language, dated=not is_second),
    }


def _facts(document: Document, text: Mapping[str, str]) -> list[dict[str, str]]:
    """Each with the key of its label."""
    facts = [("number", document.number, ""), ("issued_on", _date(document.issued_on, document), "")]
    if document.supplied_on:
        facts.append(("supplied_on", _date(document.supplied_on, document), ""))
    if document.refers_to:
        facts.append((f"corrects_{document.kind}", document.refers_to, _corrected_date(document, text)))
    if document.order_number:
        facts.append(("order", document.order_number, ""))
    return [{"label": label, "value": value, "detail": detail} for label, value, detail in facts]


def _corrected_date(document: Document, text: Mapping[str, str]) -> str:
    if document.refers_to_issued_on is None:
        return ""
    return text["corrects_dated"].format(date=_date(document.refers_to_issued_on, document))


def _party(party: Party, language: str) -> dict[str, Any]:
    return {
        "name": party.name,
        "name_is_bold": has_bold(party.name),
        "address": [line for line in address_lines(party, language) if line],
        "contact": [line for line in (party.email, party.phone) if line],
        "tax_id": party.tax_id,
        "tax_id_label": _tax_id_label(party),
        "registration": list(party.registration),
    }


def address_lines(party: Party, language: str) -> list[str]:
    """The address in the order in which the party's country writes it."""
    if party.country in LARGEST_FIRST and language == "ko":
        postal_code = f"({party.postal_code})" if party.postal_code else ""
        return [_joined(postal_code, party.region, party.city), *party.address_lines]
    if party.country in CITY_BEFORE_POSTAL_CODE:
        city = f"{party.city}," if party.city and party.region else party.city
        return [*party.address_lines, _joined(city, party.region, party.postal_code)]
    return [*party.address_lines, _joined(party.postal_code, party.city), party.region]


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)


def _tax_id_label(party: Party) -> str:
    if party.country == "KR":
        return "tax_id_kr"
    return "tax_id_eu" if party.country in EU or is_vat_id(party.tax_id, party.country) else "tax_id"


def _priced_minor(document: Document, line: Line) -> int:
    return line.total_minor if document.prices_include_tax else line.net_minor


def _line(line: Line, text: Mapping[str, str], amount: Any) -> dict[str, str]:
    priced_minor = line.unit_price_minor * line.quantity - line.discount_minor
    return {
        "position": str(line.position),
        "description": line.description,
        "sku": line.sku,
        "quantity": str(line.quantity),
        "unit_price": amount(line.unit_price_minor),
        "discount": amount(-line.discount_minor) if line.discount_minor else "",
        "category": line.tax_category,
        "rate": _rate(line.tax_category, line.tax_rate_ppm, text),
        "amount": amount(priced_minor),
    }


def _subtotal(subtotal: TaxSubtotal, text: Mapping[str, str], amount: Any) -> dict[str, str]:
    return {
        "category": subtotal.tax_category,
        "rate": _rate(subtotal.tax_category, subtotal.tax_rate_ppm, text),
        "net": amount(subtotal.net_minor),
        "tax": amount(subtotal.tax_minor),
        "gross": amount(subtotal.total_minor),
    }


def _rate(category: str, rate_ppm: int, text: Mapping[str, str]) -> str:
    if category != "S":
        return text[f"category_{category}"]
    return format_decimal(Decimal(rate_ppm).scaleb(-4), format="0.####", locale="en") + "%"


def _statements(document: Document, text: Mapping[str, str]) -> list[str]:
    keys = (f"statement_{subtotal.tax_category}" for subtotal in document.taxes)
    return [text[key] for key in keys if key in text]


def _payment(document: Document, language: Language, *, dated: bool) -> dict[str, str] | None:
    paid, text = document.paid, labels_of(document, language)
    if paid is None:
        return None
    sentence = text[f"paid_{document.settlement}"]
    if not dated:
        sentence = text.get(f"undated_{document.settlement}", sentence)
    method = method_text(paid, language) or text["method_other"]
    return {
        "heading": text[f"payment_{document.settlement}"],
        "sentence": sentence.format(method=method, date=_date(paid.paid_on, document)),
        "reference_label": text[f"reference_{document.settlement}"],
        "reference": paid.stripe_id,
    }


def _qr(url: str) -> str:
    """A QR code as SVG. The mask is fixed: choosing the best of eight takes four times as long."""
    svg = io.BytesIO()
    segno.make_qr(url, error="m", boost_error=False, mask=2).save(svg, kind="svg", border=0, omitsize=True)
    return svg.getvalue().decode()


def _date(date: datetime.date, document: Document) -> str:
    """Written out; ISO 8601 in a document in both languages."""
    if len(document.languages) > 1:
        return date.isoformat()
    return format_date(date, format="long", locale=document.language)
