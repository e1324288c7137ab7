import re

import pytest
from django.utils.translation import override

from jumun.actor import Actor
from jumun.backoffice.timeline import ACTORS, SENTENCES, timeline_of
from jumun.orders.models import TimelineEntry
from jumun.orders.timeline import Kind
from tests.factories import paid_order, pay, place_order

pytestmark = pytest.mark.django_db


def lines(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page))


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Paid: ₩11,000."), ("ko", "₩11,000 결제되었습니다.")],
)
def test_the_order_page_tells_it_in_the_readers_language(staff, language, sentence):
    order = paid_order()
    client = staff("jumun_orders.view_order", "jumun_orders.view_timelineentry", language=language)
    page = lines(client.get(f"/admin/jumun_orders/order/{order.pk}/change/").content.decode())
    assert sentence in page
    assert order.invoice.number in page


def test_reasons_are_translated_when_they_are_shown():
    order = pay(place_order(), amount_total=1)
    with override("en"):
        assert "another amount" in [told.what for told in timeline_of(order)][-1]
    with override("ko"):
        assert "another amount" not in [told.what for told in timeline_of(order)][-1]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_everything_that_can_happen_has_a_sentence(language):
    assert set(SENTENCES) == set(Kind)
    assert set(ACTORS) == set(Actor)
    order = place_order()
    for kind in Kind:
        order.record(kind)
    with override(language):
        told = list(timeline_of(order))
    assert len(told) == len(Kind) + 1
    assert not any("%" in line.what for line in told)


def test_what_was_paid_in_another_currency_is_told_in_that():
    order = pay(place_order(), currency="usd", amount_total=1_234)
    payment = order.payments.get()
    payment.refunds.create(amount_minor=1_234, currency="USD", status="succeeded", refund_id="re_1").record_status()
    with override("en"):
        assert [told.what for told in timeline_of(order)][-1] == "Refunded: $12.34."


def test_a_kind_that_this_version_does_not_know_is_shown_as_it_is():
    order = place_order()
    TimelineEntry.objects.create(order=order, kind="teleported", actor="robot")
    assert [(told.who, told.what) for told in timeline_of(order)][-1] == ("robot", "teleported")
