"""Compose the document that an order's invoice freezes."""

import datetime
from typing import cast

from jumun.conf import jumun
from jumun.invoices.documents.document import Document, Line, Locale, Party, PaymentReference, TaxCategory, taxes_of
from jumun.orders.models import Order, OrderLine

# A placeholder until the series assigns the number; no invoice is stored with it.
UNNUMBERED = "-"


def compose(order: Order, *, issued_on: datetime.date, paid_by: PaymentReference | None) -> Document:
    """The invoice document of ``order``. Every value is copied, so later changes do not affect it."""
    lines = tuple(_line(line) for line in order.lines.order_by("position"))
    return Document(
        kind="invoice",
        number=UNNUMBERED,
        issued_on=issued_on,
        seller=_seller(),
        buyer=buyer_of(order),
        currency=order.currency,
        prices_include_tax=order.prices_include_tax,
        lines=lines,
        taxes=taxes_of(lines),
        net_minor=order.net_minor,
        tax_minor=order.tax_minor,
        rounding_minor=order.rounding_minor,
        total_minor=order.total_minor,
        paid=paid_by,
        order_number=order.number,
        order_url=jumun().site_url.rstrip("/") + order.get_customer_url(),
        locale=_locale(order),
        livemode=order.livemode,
    )


def _locale(order: Order) -> Locale:
    if order.language.startswith("ko"):
        return "ko+en" if jumun().invoice_bilingual else "ko"
    return "en+ko" if jumun().invoice_bilingual else "en"


def _line(line: OrderLine) -> Line:
    return Line(
        position=line.position,
        description=line.name,
        sku=line.sku,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        discount_minor=line.discount_minor,
        tax_rate_ppm=line.tax_rate_ppm,
        tax_category=cast(TaxCategory, line.tax_category),
        net_minor=line.total_minor - line.tax_minor,
        tax_minor=line.tax_minor,
        total_minor=line.total_minor,
    )


def _seller() -> Party:
    seller = jumun().seller
    return Party(
        name=seller.name,
        address_lines=seller.address,
        postal_code=seller.postal_code,
        city=seller.city,
        country=seller.country,
        email=seller.email,
        phone=seller.phone,
        tax_id=seller.tax_id,
        registration=seller.registration,
    )


def buyer_of(order: Order) -> Party:
    return Party(
        name=order.name,
        address_lines=(order.address,) if order.address else (),
        postal_code=order.postal_code,
        city=order.city,
        country=order.country,
        email=order.email,
        phone=order.phone,
        tax_id=order.tax_id,
    )
