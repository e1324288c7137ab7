"""Documents to test with: a seller in Seoul or Berlin, any lines."""

import dataclasses
import datetime

from jumun import money
from jumun.invoices.documents.document import Document, Line, Party, PaymentReference, taxes_of

SEOUL = Party(
    name="주문상점 주식회사",
    address_lines=("테헤란로 152, 강남파이낸스센터 12층",),
    postal_code="06236",
    city="서울특별시 강남구",
    country="KR",
    email="billing@jumun.example",
    phone="+82 2 555 0123",
    tax_id="120-81-47521",
    registration=("대표 김하늘", "통신판매업신고 제2026-서울강남-01234호"),
)
BERLIN = Party(
    name="Papier & Tinte GmbH",
    address_lines=("Torstraße 49",),
    postal_code="10119",
    city="Berlin",
    country="DE",
    email="rechnung@papier.example",
    tax_id="DE136695976",
    registration=("Amtsgericht Charlottenburg, HRB 123456 B", "Managing director: Änne Großmann"),
)
BUYER = Party(
    name="이서연",
    address_lines=("월드컵북로 396, 301호",),
    postal_code="03925",
    city="서울특별시 마포구",
    country="KR",
    email="seoyeon@customer.example",
    phone="010-1234-5678",
)
VISA = PaymentReference(
    card_brand="visa", card_last4="4242", stripe_id="pi_3QKxYz2eZvKYlo2C1a2b3c4d", paid_on=datetime.date(2026, 11, 23)
)
# What makes a document a credit note or a cancellation.
CREDIT_NOTE = {"kind": "credit_note", "number": "CN-2026-000001", "refers_to": "INV-2026-000123"}
CANCELLATION = {"kind": "cancellation", "number": "CN-2026-000002", "refers_to": "CN-2026-000001"}


def line(position=1, description="한지 노트 A5", *, quantity=1, unit_price_minor=11_000, rate_ppm=100_000, **more):
    """A line whose price includes tax, unless `prices_include_tax=False`."""
    including = more.pop("prices_include_tax", True)
    amounts = more.pop("amounts", None)
    priced_minor = unit_price_minor * quantity - more.get("discount_minor", 0)
    if including:
        tax_minor = money.included_tax(priced_minor, rate_ppm)
        net_minor = priced_minor - tax_minor
    else:
        net_minor, tax_minor = priced_minor, money.tax_on(priced_minor, rate_ppm)
    if amounts:
        net_minor, tax_minor = amounts.total_minor - amounts.tax_minor, amounts.tax_minor
    return Line(
        position=position,
        description=description,
        quantity=quantity,
        unit_price_minor=unit_price_minor,
        tax_rate_ppm=rate_ppm,
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=net_minor + tax_minor,
        **more,
    )


def document(*lines, **changes):
    """A paid Korean invoice over `lines` (one line by default)."""
    lines = lines or (line(),)
    values = {
        "kind": "invoice",
        "number": "INV-2026-000123",
        "issued_on": datetime.date(2026, 11, 23),
        "seller": SEOUL,
        "buyer": BUYER,
        "currency": "KRW",
        "lines": lines,
        "taxes": taxes_of(lines),
        "net_minor": sum(line.net_minor for line in lines),
        "tax_minor": sum(line.tax_minor for line in lines),
        "total_minor": sum(line.total_minor for line in lines),
        "paid": VISA,
        "order_number": "J-20261123-0042",
        "order_url": "https://shop.example/orders/8Qm3kZ7nT2/",
        "locale": "ko",
    }
    return Document(**values | changes)


def bought_by(name):
    return document(buyer=dataclasses.replace(BUYER, name=name))


def long_document(count=200, **changes):
    """Many lines, each with a name of its own in two scripts."""
    lines = (
        line(n, f"품목 {n:03d} 가나다 Item-{n:03d}", quantity=n % 5 + 1, unit_price_minor=1_100 * n, sku=f"SKU-{n:05d}")
        for n in range(1, count + 1)
    )
    return document(*lines, **changes)
