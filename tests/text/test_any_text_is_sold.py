"""Whatever people type in an order is paid, printed, mailed, exported and found, or refused before the database."""

import csv
import io
from typing import Any

import pytest
from django.core import mail as django_mail
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from jumun.backoffice.large_list import search
from jumun.errors import OrderRefused
from jumun.exports.csv import stream_csv
from jumun.exports.formula import unguard
from jumun.invoices import mail
from jumun.invoices.documents.einvoice_scope import NOT_XML
from jumun.orders.models import Order
from jumun.text import is_damaged, normalized
from tests.factories import item, pay, place_order
from tests.invoices.en16931 import NAMESPACES

pytestmark = [pytest.mark.django_db, pytest.mark.long, pytest.mark.once]

# With --hypothesis-profile=thorough, ten times the thousand of that profile.
EXAMPLES = 10_000 if settings().max_examples == 1_000 else 200
BT_44 = "//ram:BuyerTradeParty/ram:Name/text()"

# Every script, and what breaks layouts: marks without a letter, joiners, directions, emoji families, old Hangul.
LETTERS = "กี้ শ্রী க்ஷ ខ្មែរ မြန်မာ محمَّد שָׁלוֹם ߒߞߏ 김하늘 𠮷 ᄒᆞᆫ 👩‍👩‍👧 ﷺ ｶﾞ é".split()
HARD = st.sampled_from([*LETTERS, *"=1+1 \"' <b> # $x$ // \\ 100%_".split(), " ", "\u202ex", "\u200b"])
assigned = st.characters(exclude_categories=["Cn", "Co"])
anything = st.text(assigned, max_size=40) | st.lists(HARD, max_size=8).map("".join) | st.text(max_size=60)


@pytest.fixture(autouse=True)
def _seller(settings: Any) -> None:
    settings.JUMUN = {"SELLER": {"NAME": "주문상점", "TAX_ID": "120-81-47521"}}


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(name=anything, address=anything, city=anything, article=anything)
def test_any_text_is_sold(name: str, address: str, city: str, article: str) -> None:
    try:
        order = place_order(name=name, address=address, city=city, lines=[item(name=article)])
    except OrderRefused:
        assert not (normalized(name) and normalized(article)) or any(map(is_damaged, (name, address, city, article)))
        return
    line = order.lines.get()
    invoice = pay(order).invoice
    assert order.state == "paid"

    document = invoice.document
    frozen = (document.buyer.name, document.buyer.city, document.lines[0].description)
    assert frozen == (order.name, order.city, line.name)

    mail.send(invoice)
    message = django_mail.outbox.pop()
    assert message.attachments[0].content == invoice.pdf()
    assert invoice.pdf().startswith(b"%PDF-")
    assert order.number in message.subject
    assert message.message().as_bytes()

    found = etree.fromstring(invoice.xml()).xpath(BT_44, namespaces=NAMESPACES)
    assert found == [NOT_XML.sub("", order.name)]

    [row] = csv.DictReader(io.StringIO(exported(order).decode("utf-8-sig"), newline=""))
    columns = ("customer_name", "address", "city")
    assert [unguard(row[column]) for column in columns] == [order.name, order.address, order.city]

    for word in searched_words(order.name):
        assert order in search(Order.objects.all(), ("number", "name", "email"), word)


def exported(order: Order) -> bytes:
    return b"".join(stream_csv(Order.objects.filter(pk=order.pk)))


def searched_words(name: str) -> list[str]:
    """Quotation marks join words in a search, and a backslash stands for what follows it."""
    return [word for word in name.split() if not set(word) & set("\"'\\")]
