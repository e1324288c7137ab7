"""Invoices to be put on paper: Korean, in won, no two alike."""

import datetime
import random
from collections.abc import Iterator

from jumun import money
from jumun.invoices.documents.document import Document, Line, Party, PaymentReference, taxes_of
from tests.invoices.documents import SEOUL

SYLLABLES = "가나다라마바사아자차카타파하한지노트연필잉크종이책상의자컵커피봉투우표도장붓먹벼루서울부산"
RATE_PPM = 100_000


def invoices(lines: int, count: int) -> Iterator[Document]:
    """``count`` paid invoices over so many lines each, the same every time."""
    chance = random.Random(20261124)  # noqa: S311  (nothing secret: the same documents each time)
    for number in range(1, count + 1):
        yield _invoice(chance, number, lines)


def _invoice(chance: random.Random, number: int, count: int) -> Document:
    lines = tuple(_line(chance, position) for position in range(1, count + 1))
    (subtotal,) = taxes = taxes_of(lines)
    day = datetime.date(2026, 11, 23)
    return Document(
        kind="invoice",
        number=f"INV-2026-{number:06d}",
        issued_on=day,
        seller=SEOUL,
        buyer=Party(name=_word(chance, 3), address_lines=(f"{_word(chance, 4)}로 {number}",), country="KR"),
        currency="KRW",
        lines=lines,
        taxes=taxes,
        net_minor=subtotal.net_minor,
        tax_minor=subtotal.tax_minor,
        total_minor=subtotal.total_minor,
        paid=PaymentReference(card_brand="visa", card_last4="4242", stripe_id=f"pi_{number:024d}", paid_on=day),
        order_number=f"20261123-{number:08d}",
        order_url=f"https://shop.example/orders/{number:022d}/",
        locale="ko",
    )


def _line(chance: random.Random, position: int) -> Line:
    quantity, price_minor = chance.randint(1, 9), chance.randint(10, 9_999) * 100
    total_minor = quantity * price_minor
    tax_minor = money.included_tax(total_minor, RATE_PPM)
    return Line(
        position=position,
        description=f"{_word(chance, 4)} {_word(chance, 3)} A{chance.randint(1, 999)}",
        sku=f"SKU-{chance.randint(1, 99_999):05d}",
        quantity=quantity,
        unit_price_minor=price_minor,
        tax_rate_ppm=RATE_PPM,
        net_minor=total_minor - tax_minor,
        tax_minor=tax_minor,
        total_minor=total_minor,
    )


def _word(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(SYLLABLES, k=length))
