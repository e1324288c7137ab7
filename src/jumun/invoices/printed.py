"""Every text on the paper, in the reader's language: what `document` says, as strings for the template. No Django."""

import datetime
import functools
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Any

import segno
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from jumun import money
from jumun.invoices.document import Document, Line, Party, PaymentReference, TaxSubtotal
from jumun.tax_ids import EU

LABELS = Path(__file__).with_name("labels.json")

LARGEST_FIRST = frozenset({"JP", "KR"})
CITY_BEFORE_POSTAL_CODE = frozenset({"AU", "CA", "GB", "US"}) | LARGEST_FIRST
CARD_BRANDS = {  # as Stripe writes them: https://docs.stripe.com/api/charges/object, payment_method_details.card.brand
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos Australia",
    "jcb": "JCB",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}


def printed(document: Document) -> dict[str, Any]:
    """A JSON tree of strings (and the few numbers that lay-out needs) that the template only has to place."""
    text = labels_of(document)
    amount = functools.cache(functools.partial(money.format, currency=document.currency, locale=document.locale))
    carried = accumulate(_priced_minor(document, line) for line in document.lines)
    abroad = document.seller.country != document.buyer.country
    return {
        "labels": text,
        "language": document.locale,
        "kind": document.kind,
        "title": text[document.kind],
        "number": document.number,
        "facts": _facts(document, text),
        "settled": document.paid is not None,
        "status": _status(document, text),
        "test": "" if document.livemode else text["test"],
        "seller": _party(document.seller, text, document.locale, with_country=abroad),
        "buyer": _party(document.buyer, text, document.locale, with_country=abroad),
        "lines": [
            _line(line, text, amount) | {"carried": amount(carried_minor)}
            for line, carried_minor in zip(document.lines, carried, strict=True)
        ],
        "prices_note": text["prices_include_tax" if document.prices_include_tax else "prices_exclude_tax"],
        "line_amount_includes_tax": document.prices_include_tax,
        "taxes": [_subtotal(subtotal, text, amount) for subtotal in document.taxes],
        "statements": _statements(document, text),
        "net": amount(document.net_minor),
        "tax": amount(document.tax_minor),
        "total": amount(document.total_minor),
        "total_label": text["credit_total" if document.kind == "credit_note" else "total"],
        "payment": _payment(document.paid, document, text) if document.paid else None,
        "notes": list(document.notes),
        "order_url": document.order_url,
        "order_qr": _qr(document.order_url) if document.order_url else "",
    }


def labels_of(document: Document) -> Mapping[str, str]:
    """The words of the paper in the document's language, with the name that its tax has for the seller."""
    return _labels(document.locale, document.seller.country)


@functools.cache
def _labels(locale: str, seller_country: str) -> Mapping[str, str]:
    texts = json.loads(LABELS.read_text(encoding="utf-8"))[locale]
    tax = texts["sales_tax"] if seller_country == "US" else texts["tax"]
    return {key: text.replace("{tax}", tax) for key, text in texts.items()} | {"tax": tax}


def _facts(document: Document, text: Mapping[str, str]) -> list[dict[str, str]]:
    facts = [(text["number"], document.number, ""), (text["issued_on"], _date(document.issued_on, document), "")]
    if document.supplied_on:
        facts.append((text["supplied_on"], _date(document.supplied_on, document), ""))
    if document.refers_to:
        facts.append((text[f"corrects_{document.kind}"], document.refers_to, _corrected_date(document, text)))
    if document.order_number:
        facts.append((text["order"], document.order_number, ""))
    return [{"label": label, "value": value, "detail": detail} for label, value, detail in facts]


def _corrected_date(document: Document, text: Mapping[str, str]) -> str:
    if document.refers_to_issued_on is None:
        return ""
    return text["corrects_dated"].format(date=_date(document.refers_to_issued_on, document))


def _status(document: Document, text: Mapping[str, str]) -> str:
    return text["open" if document.paid is None else f"settled_{document.settlement}"]


def _party(party: Party, text: Mapping[str, str], locale: str, *, with_country: bool) -> dict[str, Any]:
    country = _country(party.country, locale) if with_country else ""
    tax_id = f"{_tax_id_label(party.country, text)} {party.tax_id}" if party.tax_id else ""
    return {
        "name": party.name,
        "address": [line for line in (*address_lines(party, locale), country) if line],
        "contact": [line for line in (party.email, party.phone) if line],
        "tax_id": tax_id,
        "registration": list(party.registration),
    }


def address_lines(party: Party, locale: str) -> list[str]:
    """The address in the order in which the party's country writes it."""
    if party.country in LARGEST_FIRST and locale == "ko":
        postal_code = f"({party.postal_code})" if party.postal_code else ""
        return [_joined(postal_code, party.region, party.city), *party.address_lines]
    if party.country in CITY_BEFORE_POSTAL_CODE:
        city = f"{party.city}," if party.city and party.region else party.city
        return [*party.address_lines, _joined(city, party.region, party.postal_code)]
    return [*party.address_lines, _joined(party.postal_code, party.city), party.region]


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)


def _country(code: str, locale: str) -> str:
    name: str = Locale.parse(locale).territories.get(code, code)
    return name


def _tax_id_label(country: str, text: Mapping[str, str]) -> str:
    if country == "KR":
        return text["tax_id_kr"]
    return text["tax_id_eu" if country in EU else "tax_id"]


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
        "discount": f"{text['discount']} {amount(-line.discount_minor)}" if line.discount_minor else "",
        "rate": _rate(line.tax_category, line.tax_rate_ppm, text),
        "amount": amount(priced_minor),
    }


def _subtotal(subtotal: TaxSubtotal, text: Mapping[str, str], amount: Any) -> dict[str, str]:
    return {
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


def _payment(paid: PaymentReference, document: Document, text: Mapping[str, str]) -> dict[str, str]:
    method = text["method_other"]
    if paid.card_last4:
        brand = CARD_BRANDS.get(paid.card_brand, paid.card_brand.replace("_", " ").title())
        method = text["method_card"].format(brand=brand, last4=paid.card_last4).strip()
    return {
        "heading": text[f"payment_{document.settlement}"],
        "sentence": text[f"paid_{document.settlement}"].format(method=method, date=_date(paid.paid_on, document)),
        "reference_label": text[f"reference_{document.settlement}"],
        "reference": paid.stripe_id,
    }


def _qr(url: str) -> str:
    """A QR code as SVG. One mask for all: to choose the prettiest of eight takes four times as long."""
    svg = io.BytesIO()
    segno.make_qr(url, error="m", boost_error=False, mask=2).save(svg, kind="svg", border=0, omitsize=True)
    return svg.getvalue().decode()


def _date(date: datetime.date, document: Document) -> str:
    return format_date(date, format="long", locale=document.locale)
