"""Webhooks never came; what Stripe knows is brought in all the same."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from jumun.audit import findings
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.checkout import open_checkout
from jumun.payments.models import QuarantinedSnapshot
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.test_checkout import URLS, session_id

pytestmark = pytest.mark.django_db


def paid_in_silence(stripe: Paywright) -> Order:
    order = place_order()
    open_checkout(order, **URLS)
    stripe.pay(session_id(order))
    return order


def reconcile(*options: str) -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("reconcile", "--json", *options, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_a_lost_webhook_is_found_and_without_repair_nothing_changes(stripe: Paywright) -> None:
    order = paid_in_silence(stripe)
    code, report = reconcile()
    assert (code, report["ok"]) == (1, False)
    [difference] = report["differences"]
    assert (difference["order_number"], difference["repaired"]) == (order.number, False)
    assert difference["problem"].startswith("placed, checkout open here, paid, checkout complete, payment paid")
    order.refresh_from_db()
    assert order.state == "placed"
    assert not Invoice.objects.exists()


def test_repair_brings_it_in_by_the_one_road_and_then_the_books_agree(stripe: Paywright) -> None:
    orders = [paid_in_silence(stripe) for _ in range(3)]
    assert reconcile("--repair")[0] == 0
    for order in orders:
        order.refresh_from_db()
        assert order.state == "paid"
    assert Invoice.objects.count() == 3
    assert reconcile() == (0, {"ok": True, "differences": []})
    assert list(findings()) == []


def test_more_sessions_than_one_page_are_all_compared(stripe: Paywright) -> None:
    for _ in range(103):
        open_checkout(place_order(), **URLS)
    oldest = Order.objects.earliest("pk")
    stripe.pay(session_id(oldest))
    [difference] = reconcile("--repair")[1]["differences"]
    assert difference["order_number"] == oldest.number


def test_what_staff_must_decide_keeps_the_books_apart_until_they_did(stripe: Paywright) -> None:
    order = paid_in_silence(stripe)
    Order.objects.filter(pk=order.pk).update(total_minor=order.total_minor + 1)
    assert reconcile("--repair")[0] == 1
    assert reconcile("--repair")[0] == 1
    QuarantinedSnapshot.objects.get(reason="amount").resolve(by=None)
    assert reconcile()[0] == 0


def test_when_stripe_cannot_be_asked_the_command_says_so(settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="could not be asked"):
        call_command("reconcile")


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="is no time"):
        call_command("reconcile", "--since", "yesterday-ish")
