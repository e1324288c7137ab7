from collections.abc import Iterable

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from jumun.invoices.mail import send
from jumun.orders.models import Order
from tests.factories import item, paid_order

pytestmark = pytest.mark.django_db

KOREAN = ("김하늘 님", "결제가 완료되었습니다", "합계", "₩11,000", "₩1,000", "대한민국")
ENGLISH = ("Hello 김하늘", "Thank you for your order", "Total", "₩11,000", "₩1,000", "South Korea")


def mailed(order: Order) -> EmailMultiAlternatives:
    mail.outbox.clear()
    send(order.invoice)
    message = mail.outbox[0]
    assert isinstance(message, EmailMultiAlternatives)
    return message


@pytest.mark.parametrize(("language", "words"), [("ko", KOREAN), ("en", ENGLISH)])
def test_both_parts_say_the_same_in_the_customers_language(language: str, words: Iterable[str]) -> None:
    order = paid_order(language=language)
    message = mailed(order)
    html = str(message.alternatives[0][0])
    for word in (*words, order.number, order.invoice.number, order.reference, "백자 머그컵"):
        assert word in message.body, word
        assert word in html, word
    assert message.to == ["haneul@example.com"]


def test_a_name_is_shown_as_it_is_in_text_and_harmless_in_html() -> None:
    message = mailed(paid_order(name="Tom & <b>Co</b>", lines=[item(name="Cup <i>")]))
    html = str(message.alternatives[0][0])
    assert "Tom & <b>Co</b>" in message.body
    assert "Tom &amp; &lt;b&gt;Co&lt;/b&gt;" in html
    assert "<i>" not in html


def test_the_mail_fetches_nothing_from_elsewhere() -> None:
    html = str(mailed(paid_order()).alternatives[0][0])
    assert "src=" not in html
    assert "url(" not in html
