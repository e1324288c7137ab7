"""The page on which staff decide about money that matches no order."""

import re
from datetime import timedelta
from typing import Any

import pytest

from jumun.backoffice.quarantine_page import ADVICE
from jumun.payments.merge import apply
from jumun.payments.models import Payment, QuarantinedSnapshot, Refund
from jumun.payments.refunds.refund import refund
from paywright.testing import Paywright
from tests.backoffice.test_refunding import REFUNDER, form, text_of
from tests.factories import paid_order, paid_session, pay, place_order, refund_snapshot
from tests.payments.disputing import dispute_of
from tests.payments.paying import FAILING_REFUND_CARD, buy, hear, work

pytestmark = pytest.mark.django_db

VIEW = "jumun_payments.view_quarantinedsnapshot"
DECIDE = "jumun_payments.change_quarantinedsnapshot"


def address(row: QuarantinedSnapshot, end: str = "change") -> str:
    return f"/admin/jumun_payments/quarantinedsnapshot/{row.pk}/{end}/"


@pytest.fixture
def short() -> QuarantinedSnapshot:
    """An order of 11,000 won for which 10,000 were paid."""
    pay(place_order(), amount_total=10_000)
    return QuarantinedSnapshot.objects.get()


def test_it_says_what_came_and_what_was_expected(short: QuarantinedSnapshot, staff: Any) -> None:
    page = text_of(staff(VIEW, "jumun_payments.view_payment", "jumun_orders.view_order").get(address(short)))
    assert short.order is not None
    assert short.payment is not None
    for told in (
        "₩10,000",
        "₩11,000",
        short.order.number,
        short.payment.payment_intent_id,
        "only a payment of exactly",
    ):
        assert told in page


def test_staff_refund_what_was_taken_and_the_case_closes_itself(stripe: Paywright, staff: Any) -> None:
    payment = buy(stripe)
    # As if somebody had changed the amount at Stripe: the order is of another total, and nobody has been told yet.
    order = place_order(language="en")
    Payment.objects.filter(pk=payment.pk).update(settles_order=False, rejection_reason="amount", order=order)
    QuarantinedSnapshot.keep(object_id="cs_1", reason="amount", order=order, snapshot={}, payment=payment)
    row = QuarantinedSnapshot.objects.get()
    client = staff(VIEW, DECIDE, *REFUNDER)
    refund = f"/admin/jumun_payments/payment/{payment.pk}/refund/"
    assert refund in text_of(client.get(address(row)))
    client.post(refund, form(amount="11,000"))
    work()
    row.refresh_from_db()
    assert row.is_resolved
    page = text_of(client.get(address(row)))
    assert "Settled by itself" in page
    assert refund not in page
    assert Refund.objects.get().status == "succeeded"


def test_marking_it_as_dealt_with_is_confirmed_and_signed(short: QuarantinedSnapshot, staff: Any) -> None:
    client = staff(VIEW, DECIDE)
    assert "Please confirm" in text_of(client.post(address(short, "resolve"), follow=True))
    assert not QuarantinedSnapshot.objects.get().is_resolved
    after = client.post(address(short, "resolve"), {"confirmed": "on"}, follow=True)
    assert QuarantinedSnapshot.objects.get().is_resolved
    assert "Marked as dealt with by staff0" in text_of(after)


@pytest.mark.parametrize("permissions", [(VIEW,), ()])
def test_only_who_may_decide_decides(short: QuarantinedSnapshot, staff: Any, permissions: tuple[str, ...]) -> None:
    client = staff(*permissions)
    assert client.post(address(short, "resolve"), {"confirmed": "on"}).status_code == 403
    assert client.get(address(short, "resolve")).status_code in {403, 405}
    short.refresh_from_db()
    assert not short.is_resolved


def test_without_the_permission_there_is_neither_button_nor_link(short: QuarantinedSnapshot, staff: Any) -> None:
    page = text_of(staff(VIEW).get(address(short)))
    assert "Mark as dealt with" not in page
    assert "/refund/" not in page


def test_money_of_an_unknown_order_is_looked_at_where_it_is(staff: Any, settings: Any) -> None:
    apply(paid_session(place_order(), client_reference_id="somebody-elses"))
    page = text_of(staff(VIEW, DECIDE, *REFUNDER).get(address(QuarantinedSnapshot.objects.get())))
    assert "no order of this shop is meant" in page
    assert "https://dashboard.stripe.com/test/payments/pi_" in page
    assert "/refund/" not in page


def test_another_orders_payment_is_not_offered_to_be_refunded(staff: Any) -> None:
    theirs = paid_order().payments.get()
    pay(place_order(), payment_intent=theirs.payment_intent_id)
    row = QuarantinedSnapshot.objects.get()
    assert (row.reason, row.payment) == ("foreign_payment", theirs)
    assert "/refund/" not in text_of(staff(VIEW, DECIDE, *REFUNDER).get(address(row)))


def test_a_second_payment_needs_nobody(staff: Any) -> None:
    pay(paid_order())
    page = text_of(staff(VIEW, DECIDE).get(address(QuarantinedSnapshot.objects.get())))
    assert "goes back to the customer by itself" in page


@pytest.mark.parametrize(
    "snapshot",
    [
        *("", "[]", "{", '{"amount": {}, "currency": 5}', '{"amount": 1, "currency": "xx"}'),
        *(f'{{"amount": {10**400}, "currency": "usd"}}', "[" * 100_000),
    ],
)
def test_nothing_in_a_snapshot_breaks_the_page(staff: Any, snapshot: str) -> None:
    row = QuarantinedSnapshot.objects.create(object_id="x", reason="unknown_order", snapshot=snapshot)
    assert staff(VIEW).get(address(row)).status_code == 200


def test_a_dispute_that_does_not_fit_is_not_to_be_refunded(staff: Any) -> None:
    apply(dispute_of(paid_order().payments.get(), currency="usd"))
    page = text_of(staff(VIEW, DECIDE, *REFUNDER).get(address(QuarantinedSnapshot.objects.get())))
    assert "must be answered there in time" in page
    assert "Refund the payment" not in page


def offered(client: Any, row: QuarantinedSnapshot) -> int | None:
    """What the row's page offers to refund, in won; ``None`` where it offers nothing."""
    link = re.search(r"payment/\d+/refund/\?amount_minor=(\d+)", text_of(client.get(address(row))))
    if link is None:
        return None
    page = text_of(client.get(f"/admin/jumun_payments/{link[0]}"))
    prefilled = re.search(r'name="amount" value="(\d+)"', page)
    assert prefilled is not None
    assert prefilled[1] == link[1]
    return int(link[1])


@pytest.fixture
def decider(staff: Any) -> Any:
    return staff(VIEW, DECIDE, *REFUNDER)


def test_of_a_refund_that_failed_what_it_was_over_is_offered_again(stripe: Paywright, decider: Any) -> None:
    payment = buy(stripe, card=FAILING_REFUND_CARD, price_minor=208_000)
    for amount_minor in (16_000, 9_000):
        refund(payment, amount_minor=amount_minor, reason="", by=None)
    stripe.advance("1h")
    hear(stripe, payment.payment_intent_id, "refund.failed")
    rows = {row.object_id: row for row in QuarantinedSnapshot.objects.all()}
    failed = {made.amount_minor: rows[str(made.refund_id)] for made in Refund.objects.filter(status="failed")}
    assert {amount_minor: offered(decider, row) for amount_minor, row in failed.items()} == {
        16_000: 16_000,
        9_000: 9_000,
    }
    made = Refund.objects.create(payment=payment, amount_minor=15_000, currency="KRW")
    # What is on its way, or has arrived, is not owed any more; what was refused or failed is.
    assert offered(decider, failed[16_000]) == 1_000
    assert offered(decider, failed[9_000]) is None
    made.refuse("no")
    assert offered(decider, failed[16_000]) == 16_000


def test_no_more_is_offered_than_is_left(decider: Any) -> None:
    payment = paid_order().payments.get()
    apply(refund_snapshot(payment, 8_000, id="re_failed", status="failed"))
    row = QuarantinedSnapshot.objects.get()
    assert offered(decider, row) == 8_000
    # Older than the failure: it paid nothing back of what failed.
    apply(refund_snapshot(payment, 7_000))
    Refund.objects.filter(amount_minor=7_000).update(created_at=row.created_at - timedelta(hours=1))
    assert offered(decider, row) == 4_000
    apply(dispute_of(payment))
    assert offered(decider, row) is None


def test_of_money_that_is_not_the_orders_all_that_is_left_is_offered(short: QuarantinedSnapshot, decider: Any) -> None:
    assert short.payment is not None
    apply(refund_snapshot(short.payment, 4_000))
    apply(refund_snapshot(short.payment, 1_000, status="pending"))
    assert offered(decider, short) == 5_000


@pytest.mark.parametrize(
    "change", [{"amount": 11_001}, {"currency": "usd"}, {"status": "escrowed"}, {"amount": "much"}]
)
def test_an_odd_refund_is_no_reason_to_refund_the_orders_payment(decider: Any, change: dict[str, Any]) -> None:
    order = place_order()
    session = paid_session(order)
    intent = session["payment_intent"]
    odd = {"id": "re_odd", "object": "refund", "status": "succeeded", "amount": 1, "currency": "krw"} | change
    intent["latest_charge"]["refunds"] = {"data": [odd | {"payment_intent": intent["id"]}]}
    apply(session)
    row = QuarantinedSnapshot.objects.get()
    assert row.payment == order.payments.get()
    assert offered(decider, row) is None


@pytest.mark.parametrize("proposed", ["", "-1", "1e3", "١٢", "999999999999", "9" * 50, "<script>"])
def test_no_proposal_breaks_the_refund_page(decider: Any, proposed: str) -> None:
    payment = paid_order().payments.get()
    page = text_of(decider.get(f"/admin/jumun_payments/payment/{payment.pk}/refund/", {"amount_minor": proposed}))
    assert 'name="amount" value="11000"' in page


def test_there_is_advice_for_every_reason() -> None:
    assert set(ADVICE) == set(QuarantinedSnapshot.Reason.values)


def test_the_page_speaks_korean(short: QuarantinedSnapshot, staff: Any) -> None:
    page = text_of(staff(VIEW, DECIDE, language="ko").get(address(short)))
    assert all(words in page for words in ("들어온 내용", "기대한 내용", "할 일", "금전적 손해"))


def test_who_sees_the_payment_but_may_not_refund_it_gets_no_link(short: QuarantinedSnapshot, staff: Any) -> None:
    assert short.payment is not None
    page = text_of(staff(VIEW, "jumun_payments.view_payment").get(address(short)))
    assert short.payment.payment_intent_id in page
    assert "/refund/" not in page
