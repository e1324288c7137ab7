"""What binds an object of Stripe's to an order of ours, and what keeps it away (invariant I1)."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.merge import apply
from jumun.payments.merge.intent import order_of_intent
from jumun.payments.models import BalanceTransaction, Dispute, Payment, QuarantinedSnapshot, Refund
from jumun.payments.refunds.lost_dispute import credit_lost
from jumun.payments.stripe.snapshots import IntentSnapshot, Reader
from jumun.payments.stripe.snapshots.intent import NestedIntent
from jumun.payments.stripe.snapshots.reader import read_child
from tests.factories import item, paid_order, place_order, refund_snapshot
from tests.invoices.crediting import credit
from tests.payments.balance import movement
from tests.payments.disputing import dispute_of
from tests.payments.stripe_says import charge_of, session_of

pytestmark = pytest.mark.django_db

SITE = "https://another.example.com"


@pytest.fixture
def order() -> Order:
    return place_order()


@pytest.fixture
def payment() -> Payment:
    return paid_order().payments.get()


def set_aside() -> list[tuple[str, str, int | None, int | None]]:
    return list(QuarantinedSnapshot.objects.order_by("pk").values_list("object_id", "reason", "order", "payment"))


@pytest.mark.parametrize(
    ("livemode", "amount", "currency", "reason"),
    [
        (False, 11_000, "KRW", None),
        (True, 11_000, "KRW", "livemode"),
        (False, 11_000, "USD", "currency"),
        (False, 10_999, "KRW", "amount"),
        (False, 11_001, "KRW", "amount"),
        (True, 1, "USD", "livemode"),
        (False, 1, "USD", "currency"),
    ],
)
def test_mode_currency_and_amount_must_be_the_orders(
    order: Order, livemode: bool, amount: int, currency: str, reason: str | None
) -> None:
    assert Payment.mismatch(order, livemode, amount, currency) == reason


def test_isk_is_counted_in_hundredths() -> None:
    iceland = place_order(currency="ISK")
    assert Payment.mismatch(iceland, False, 1_100_000, "ISK") is None
    assert Payment.mismatch(iceland, False, 11_000, "ISK") == "amount"


@pytest.mark.parametrize(
    ("amount", "currency", "part"),
    [
        (11_000, "KRW", (11_000, None)),
        (1, "KRW", (1, None)),
        (0, "KRW", (0, "amount")),
        (-1, "KRW", (-1, "amount")),
        (11_001, "KRW", (11_001, "amount")),
        (11_000, "USD", (0, "currency")),
    ],
)
def test_a_part_is_of_the_payments_currency_and_at_most_all_of_it(
    payment: Payment, amount: int, currency: str, part: tuple[int, str | None]
) -> None:
    assert payment.part_minor(amount, currency) == part


def test_a_bank_may_ask_for_more_but_not_for_nothing(payment: Payment) -> None:
    assert payment.part_minor(11_001, "KRW", may_exceed=True) == (11_001, None)
    assert payment.part_minor(0, "KRW", may_exceed=True) == (0, "amount")


def test_a_fraction_of_a_whole_currency_is_no_part() -> None:
    payment = paid_order(currency="ISK").payments.get()
    assert payment.part_minor(100, "ISK") == (1, None)
    assert payment.part_minor(150, "ISK") == (0, "amount")


def intent(order: Order, **changes: Any) -> dict[str, Any]:
    return {
        "id": "pi_new",
        "livemode": False,
        "amount": order.total_minor,
        "currency": "krw",
        "metadata": {"order_reference": order.reference},
    } | changes


def read(raw: Any) -> NestedIntent:
    """A PaymentIntent as a refund carries it, expanded or not."""
    return read_child(IntentSnapshot.parse, Reader({"payment_intent": raw}), "payment_intent")


def test_a_payment_that_is_known_tells_whose_it_is(payment: Payment) -> None:
    paid_order()
    foreign = intent(place_order())
    assert order_of_intent(payment.payment_intent_id, read(foreign)) == (payment.order, None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [({}, None), ({"amount": 1}, "amount"), ({"currency": "usd"}, "currency"), ({"livemode": True}, "livemode")],
)
def test_one_that_is_not_known_tells_it_by_its_metadata(
    order: Order, change: dict[str, Any], reason: str | None
) -> None:
    assert order_of_intent("pi_new", read(intent(order, **change))) == (order, reason)


def test_one_that_names_an_order_nobody_knows_is_set_aside_unless_it_is_another_sites(order: Order) -> None:
    names = {"order_reference": "lost-with-the-disk"}
    assert order_of_intent("pi_new", read(intent(order, metadata=names))) == (None, "unknown_order")
    assert order_of_intent("pi_new", read(intent(order, metadata=names | {"site": SITE}))) == (None, None)
    here = {"order_reference": order.reference, "site": SITE}
    assert order_of_intent("pi_new", read(intent(order, metadata=here))) == (order, None)


@pytest.mark.parametrize("raw", ["pi_new", None, {"metadata": {}}])
def test_one_that_names_no_order_is_another_shops(order: Order, raw: Any) -> None:
    raw = intent(order) | raw if isinstance(raw, dict) else raw
    assert order_of_intent("pi_new", read(raw)) == (None, None)


# Sessions


def test_the_first_session_that_pays_settles_with_all_that_it_tells(order: Order) -> None:
    session = session_of(order)
    charge = session["payment_intent"]["latest_charge"]
    fee = movement("txn_1", 11_000, source=charge["id"], category="charge", fee=619)
    charge |= {"balance_transaction": fee, "refunds": {"data": []}}
    assert apply(session) == order
    payment = order.payments.get()
    assert (payment.status, payment.settles_order, payment.charge_id) == ("paid", True, charge["id"])
    assert (payment.amount_minor, payment.currency, payment.livemode, payment.card_last4) == (
        11_000,
        "KRW",
        False,
        "4242",
    )
    document = order.invoice.document
    assert document.paid is not None
    assert (document.paid.stripe_id, document.paid.card_last4) == (payment.payment_intent_id, "4242")
    assert BalanceTransaction.objects.get().fee_minor == 619
    assert set_aside() == []


def test_refunds_that_came_with_the_session_are_booked_too(order: Order) -> None:
    session = session_of(order)
    refund = refund_snapshot(
        Payment(currency="KRW", payment_intent_id=session["payment_intent"]["id"]), 1_000, id="re_1"
    )
    session["payment_intent"]["latest_charge"] |= {"refunds": {"data": [refund]}}
    apply(session)
    assert Refund.objects.get().status == "succeeded"
    assert order.invoice.credit_notes.get().amount_minor == 1_000


def test_a_session_that_is_open_has_no_payment_yet(order: Order) -> None:
    apply(session_of(order, status="open", payment_status="unpaid"))
    assert not order.payments.exists()
    order.refresh_from_db()
    assert order.state == "placed"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"payment_status": "unpaid"}, "processing"),
        ({"payment_status": "unpaid", "payment_intent": {"id": "pi_x", "status": "canceled"}}, "failed"),
        ({"payment_status": "unpaid", "payment_intent": {"id": "pi_x", "status": "requires_payment_method"}}, "failed"),
        ({}, "paid"),
    ],
)
def test_a_session_tells_how_far_its_payment_is(order: Order, changes: dict[str, Any], status: str) -> None:
    apply(session_of(order, **changes))
    assert order.payments.get().status == status
    order.refresh_from_db()
    assert order.state == ("paid" if status == "paid" else "placed")
    assert set_aside() == []


@pytest.mark.parametrize(
    ("changes", "reason", "taken"),
    [
        ({"amount_total": 10_999}, "amount", (10_999, "KRW", False)),
        ({"amount_total": 1}, "amount", (1, "KRW", False)),
        ({"currency": "usd"}, "currency", (11_000, "USD", False)),
        ({"livemode": True}, "livemode", (11_000, "KRW", True)),
    ],
)
def test_money_that_does_not_match_is_in_the_books_as_what_it_is(
    order: Order, changes: dict[str, Any], reason: str, taken: tuple[int, str, bool]
) -> None:
    session = session_of(order, **changes)
    assert apply(session) == order
    payment = order.payments.get()
    assert (payment.amount_minor, payment.currency, payment.livemode) == taken
    assert (payment.status, payment.rejection_reason, payment.settles_order) == ("paid", reason, False)
    assert set_aside() == [(session["id"], reason, order.pk, payment.pk)]
    assert json.loads(QuarantinedSnapshot.objects.get().snapshot) == session


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_total": 0},
        {"amount_total": 10_999, "payment_status": "unpaid"},
        {"amount_total": 150, "currency": "isk"},
        {"amount_total": 10_999, "payment_intent": None},
    ],
)
def test_what_took_nothing_that_can_be_booked_is_set_aside_without_a_payment(
    order: Order, changes: dict[str, Any]
) -> None:
    session = session_of(order, **changes)
    apply(session)
    assert not Payment.objects.exists()
    [(object_id, _reason, _order, payment)] = set_aside()
    assert (object_id, payment) == (session["id"], None)


def test_a_session_that_is_paid_without_a_payment_is_for_staff(order: Order) -> None:
    session = session_of(order, payment_intent=None, payment_status="no_payment_required")
    apply(session)
    order.refresh_from_db()
    assert order.state == "placed"
    assert set_aside() == [(session["id"], "no_payment", order.pk, None)]


def test_a_second_payment_is_rejected_and_the_first_stays(order: Order) -> None:
    apply(session_of(order))
    second = session_of(order)
    for _ in range(2):
        apply(second)
    payment = Payment.objects.get(payment_intent_id=second["payment_intent"]["id"])
    assert (payment.rejection_reason, payment.settles_order) == ("second_payment", False)
    assert set_aside() == [(second["id"], "second_payment", order.pk, payment.pk)]
    assert order.payments.filter(settles_order=True).count() == 1


def test_each_session_of_a_payment_of_no_use_is_for_staff(order: Order) -> None:
    apply(session_of(order))
    second = session_of(order)
    for session_id in (second["id"], "cs_test_again"):
        apply(second | {"id": session_id})
    assert [row[:2] for row in set_aside()] == [
        (second["id"], "second_payment"),
        ("cs_test_again", "second_payment"),
    ]


@pytest.mark.parametrize("end", [Order.expire, Order.cancel])
def test_an_order_that_has_ended_is_revived_by_its_payment(order: Order, end: Callable[[Order], bool]) -> None:
    end(order)
    apply(session_of(order))
    order.refresh_from_db()
    assert (order.state, order.payments.get().settles_order) == ("paid", True)


def test_one_that_was_rejected_stays_rejected(order: Order) -> None:
    session = session_of(order, amount_total=10_999)
    apply(session)
    apply(session | {"amount_total": 11_000})
    order.refresh_from_db()
    assert order.state == "placed"
    assert order.payments.get().rejection_reason == "amount"


def test_another_orders_payment_pays_nothing_here(order: Order, payment: Payment) -> None:
    session = session_of(order, payment_intent=payment.payment_intent_id)
    assert apply(session) == order
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.state, payment.rejection_reason) == ("placed", "")
    assert set_aside() == [(session["id"], "foreign_payment", order.pk, payment.pk)]


def test_what_another_orders_payment_tells_is_not_learnt_here(order: Order) -> None:
    other = place_order()
    pending = session_of(other, payment_status="unpaid")
    apply(pending)
    intent = pending["payment_intent"]
    fee = movement("txn_1", 11_000, source=intent["latest_charge"]["id"], category="charge")
    charge = intent["latest_charge"] | {"balance_transaction": fee}
    apply(session_of(order, payment_intent=intent | {"latest_charge": charge}))
    payment = other.payments.get()
    assert (payment.status, payment.rejection_reason) == ("processing", "")
    assert not BalanceTransaction.objects.exists()
    assert not order.payments.exists()


def test_a_session_that_names_its_order_in_its_metadata_alone_pays_nothing_unseen(order: Order) -> None:
    session = session_of(order, client_reference_id=None)
    assert apply(session) is None
    assert set_aside() == [(session["id"], "unknown_order", None, None)]


def test_a_payment_that_settled_stays_wanted_whatever_its_session_tells_later(order: Order) -> None:
    session = session_of(order)
    apply(session)
    apply(session | {"amount_total": 1})
    payment = order.payments.get()
    assert (payment.settles_order, payment.rejection_reason) == (True, "")
    assert set_aside() == [(session["id"], "amount", order.pk, payment.pk)]


def forget_payment(order: Order) -> dict[str, Any]:
    """As a backup that was restored without the last rows may have: the session whose payment is lost."""
    session = session_of(order)
    apply(session)
    BalanceTransaction.objects.all().delete()
    order.payments.all().delete()
    return session


def test_a_payment_of_which_only_the_record_was_lost_is_known_by_its_invoice(order: Order) -> None:
    session = forget_payment(order)
    paid_order()
    second = session_of(order)
    apply(second)
    assert order.payments.get().rejection_reason == "second_payment"
    apply(session)
    assert order.payments.get(settles_order=True).payment_intent_id == session["payment_intent"]["id"]
    assert [row[1] for row in set_aside()] == ["second_payment"]


def test_one_payment_settles_an_order_whatever_its_invoice_says(order: Order) -> None:
    session = forget_payment(order)
    values = {"amount_minor": order.total_minor, "currency": "KRW", "livemode": False}
    order.payments.create(payment_intent_id="pi_other", status="paid", settles_order=True, **values)
    apply(session)
    assert order.payments.get(settles_order=False).rejection_reason == "second_payment"


@pytest.mark.parametrize("invoiced", [False, True])
def test_an_order_that_was_paid_elsewhere_takes_no_money(order: Order, invoiced: bool) -> None:
    order.mark_paid(at=timezone.now())
    if invoiced:
        Invoice.issue(order, paid_by=None)
    session = session_of(order)
    apply(session)
    payment = order.payments.get()
    assert (payment.settles_order, payment.rejection_reason) == (False, "second_payment")
    assert set_aside() == [(session["id"], "second_payment", order.pk, payment.pk)]


def test_a_status_nobody_knows_is_for_staff(order: Order) -> None:
    session = session_of(order, payment_status="paid_in_shells")
    apply(session)
    order.refresh_from_db()
    assert order.state == "placed"
    assert set_aside() == [(session["id"], "unknown_status", order.pk, None)]
    apply(session_of(order, status="unheard_of", amount_total=1))
    assert QuarantinedSnapshot.objects.count() == 2
    assert QuarantinedSnapshot.objects.first().reason == "amount"


@pytest.mark.parametrize("site", ["", "https://another.example.com"])
def test_of_unknown_orders_only_paid_ones_that_we_named_are_kept(order: Order, site: str) -> None:
    named = {"order_reference": "lost", "site": site}
    lost = session_of(order, client_reference_id="lost", metadata=named)
    assert apply(lost | {"payment_status": "unpaid"}) is None
    assert apply(lost | {"metadata": {}}) is None
    assert set_aside() == []
    assert apply(lost) is None
    assert set_aside() == ([] if site else [(lost["id"], "unknown_order", None, None)])


@pytest.mark.parametrize("mode", ["setup", "subscription"])
def test_setups_of_others_are_left_alone_and_named_ones_are_not(order: Order, mode: str) -> None:
    assert apply({"object": "checkout.session", "client_reference_id": order.reference, "mode": mode}) is None
    session = session_of(order, metadata={}, mode="payment")
    assert apply(session) == order
    order.refresh_from_db()
    assert order.state == "paid"


# Charges


def test_a_charge_tells_the_card_fee_and_refunds_of_an_order_that_waits(order: Order) -> None:
    fee = movement("txn_1", 11_000, source="ch_1", category="charge", fee=619)
    assert apply(charge_of(order, "pi_1", balance_transaction=fee)) == order
    payment = order.payments.get()
    assert (payment.status, payment.charge_id, payment.card_last4) == ("unpaid", "ch_1", "4242")
    assert BalanceTransaction.objects.count() == 1


def test_a_declined_charge_is_only_told_for_its_refunds(order: Order) -> None:
    assert apply(charge_of(order, "pi_1", status="failed")) == order
    assert not Payment.objects.exists()
    refund = refund_snapshot(Payment(currency="KRW", payment_intent_id="pi_1"), 1_000)
    apply(charge_of(order, "pi_1", status="failed", refunds={"data": [refund]}))
    payment = order.payments.get()
    assert (payment.charge_id, payment.refunds.get().amount_minor) == (None, 1_000)


@pytest.mark.parametrize("change", [{"metadata": {}}, {"metadata": {"order_reference": "lost"}}])
def test_a_charge_of_no_order_of_ours_is_left_alone(order: Order, change: dict[str, Any]) -> None:
    assert apply(charge_of(order, "pi_1", **change)) is None
    assert not Payment.objects.exists()


def test_a_charge_without_a_payment_or_with_another_amount_waits_for_its_session(order: Order) -> None:
    for change in ({"payment_intent": None}, {"amount": 1}, {"currency": "usd"}, {"livemode": True}):
        assert apply(charge_of(order, "pi_1", **change)) == order
    assert not Payment.objects.exists()
    apply(session_of(order, payment_intent="pi_1", amount_total=1))
    apply(charge_of(order, "pi_1", amount=1))
    assert order.payments.get().charge_id == "ch_1"


def test_a_charge_of_another_orders_payment_changes_nothing(order: Order, payment: Payment) -> None:
    fee = movement("txn_1", 11_000, source="ch_x", category="charge")
    foreign = charge_of(order, payment.payment_intent_id, id="ch_x", balance_transaction=fee)
    assert apply(foreign) == order
    payment.refresh_from_db()
    assert payment.charge_id != "ch_x"
    assert not BalanceTransaction.objects.exists()


# Disputes


def test_a_dispute_is_joined_with_its_movements(payment: Payment) -> None:
    assert apply(dispute_of(payment)) == payment.order
    dispute = Dispute.objects.get()
    assert (dispute.payment, dispute.status, dispute.amount_minor) == (payment, "needs_response", 11_000)
    assert BalanceTransaction.objects.get().transaction_id == "txn_withdrawn"
    given_back = movement("txn_back", 11_000, source="du_1", category="dispute_reversal")
    both = [*dispute_of(payment)["balance_transactions"], given_back]
    for _ in range(2):
        apply(dispute_of(payment, status="won", balance_transactions=both))
    told = payment.order.timeline.filter(kind__startswith="dispute").order_by("pk")
    assert list(told.values_list("kind", flat=True)) == [
        "dispute_opened",
        "dispute_funds_withdrawn",
        "dispute_won",
        "dispute_funds_reinstated",
    ]


def test_what_fits_is_not_told_to_staff(payment: Payment) -> None:
    apply(charge_of(payment.order, payment.payment_intent_id))
    apply(dispute_of(payment, status="won", balance_transactions=[]))
    apply(refund_snapshot(payment, 1_000))
    assert not payment.order.timeline.filter(kind="quarantined").exists()
    assert set_aside() == []


def test_a_dispute_of_a_payment_that_does_not_match_its_order_is_for_staff(order: Order) -> None:
    raw = dispute_of(Payment(amount_minor=1, currency="KRW", payment_intent_id="pi_new"))
    assert apply(raw | {"payment_intent": intent(order, amount=1)}) == order
    assert not Payment.objects.exists()
    assert set_aside() == [("du_1", "amount", order.pk, None)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"livemode": True}, "livemode"), ({"currency": "usd"}, "currency"), ({"amount": 0}, "amount")],
)
def test_a_dispute_that_does_not_match_is_for_staff(payment: Payment, change: dict[str, Any], reason: str) -> None:
    raw = dispute_of(payment, **change)
    assert apply(raw) == payment.order
    assert not Dispute.objects.exists()
    assert not BalanceTransaction.objects.exists()
    assert set_aside() == [("du_1", reason, payment.order.pk, None)]
    assert json.loads(QuarantinedSnapshot.objects.get().snapshot) == raw


def test_one_dispute_is_of_one_payment(payment: Payment) -> None:
    apply(dispute_of(payment))
    other = paid_order().payments.get()
    apply(dispute_of(other, status="lost"))
    assert (Dispute.objects.get().payment, Dispute.objects.get().status) == (payment, "needs_response")
    assert set_aside() == [("du_1", "foreign_payment", other.order.pk, None)]


def test_each_payment_has_disputes_of_its_own(payment: Payment) -> None:
    other = paid_order().payments.get()
    apply(dispute_of(payment))
    both = [
        movement("txn_a", -11_000, source="du_2", category="dispute"),
        movement("txn_b", 11_000, source="du_2", category="dispute_reversal"),
    ]
    apply(dispute_of(other, id="du_2", balance_transactions=both, status="won"))
    moved = other.order.timeline.filter(kind__startswith="dispute_funds").order_by("pk")
    assert list(moved.values_list("kind", flat=True)) == ["dispute_funds_withdrawn", "dispute_funds_reinstated"]
    assert list(Dispute.objects.order_by("pk").values_list("dispute_id", "payment")) == [
        ("du_1", payment.pk),
        ("du_2", other.pk),
    ]
    assert set_aside() == []


def test_the_note_of_a_dispute_stands_until_that_is_won(payment: Payment) -> None:
    apply(dispute_of(payment, status="lost", balance_transactions=[]))
    credit_lost(payment.disputes.get())
    apply(dispute_of(payment, status="lost", balance_transactions=[], due_by=None))
    assert payment.order.invoice.credit_notes.standing().count() == 1
    withdrawn, back = (movement(f"txn_{sign}", sign, source="du_1", category="dispute") for sign in (-11_000, 11_000))
    apply(dispute_of(payment, status="won", balance_transactions=[withdrawn, back]))
    assert payment.order.invoice.credit_notes.standing().count() == 0


@pytest.mark.parametrize(("status", "goes_back"), [("needs_response", False), ("won", True), ("lost", True)])
def test_money_of_no_use_goes_back_once_its_dispute_is_over(payment: Payment, status: str, goes_back: bool) -> None:
    apply(session_of(payment.order))
    second = Payment.objects.get(settles_order=False)
    for disputed in (payment, second):
        dispute_id = f"du_{disputed.pk}"
        apply(dispute_of(disputed, id=dispute_id, status=status, balance_transactions=[]))
    enqueued = Job.objects.filter(kind="payments.auto_refund", key__contains=":du_").values_list("args", flat=True)
    assert list(enqueued) == ([{"payment_pk": second.pk}] if goes_back else [])


def test_a_dispute_of_no_payment_of_ours_is_another_shops(payment: Payment) -> None:
    assert apply(dispute_of(payment, payment_intent=None)) is None
    assert apply(dispute_of(payment, payment_intent="pi_theirs")) is None
    assert not Dispute.objects.exists()
    assert set_aside() == []


def test_the_shop_hears_of_a_dispute_once(payment: Payment) -> None:
    from jumun.orders.signals import order_disputed

    heard: list[Order] = []

    def hear(order: Order, **_: Any) -> None:
        heard.append(order)

    order_disputed.connect(hear)
    try:
        for status in ("needs_response", "under_review"):
            apply(dispute_of(payment, status=status))
    finally:
        order_disputed.disconnect(hear)
    assert heard == [payment.order]


# Warnings of fraud


def warning_of(payment: Payment, **changes: Any) -> dict[str, Any]:
    warning = {"id": f"issfr_{payment.pk}", "object": "radar.early_fraud_warning", "livemode": False}
    return warning | {"payment_intent": payment.payment_intent_id, "charge": "ch_1", "fraud_type": "misc"} | changes


def test_each_payment_has_warnings_of_its_own_which_are_told_once(payment: Payment) -> None:
    other = paid_order().payments.get()
    QuarantinedSnapshot.keep(object_id=f"issfr_{payment.pk}", reason="malformed", order=payment.order, snapshot={})
    for warned in (payment, other, payment, other):
        assert apply(warning_of(warned)) == warned.order
    assert set_aside()[1:] == [(f"issfr_{row.pk}", "fraud_warning", row.order.pk, row.pk) for row in (payment, other)]


def test_a_warning_names_its_payment_by_its_charge_at_least(payment: Payment) -> None:
    paid_order()
    assert apply(warning_of(payment, payment_intent=None, charge=payment.charge_id)) == payment.order
    assert apply(warning_of(payment, payment_intent=None, charge="ch_theirs")) is None
    assert apply(warning_of(payment, livemode=True)) is None


# Refunds, and what cannot be read


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"payment_intent": "pi_theirs"}, None),
        ({"amount": 11_001}, "amount"),
        ({"status": "unheard_of"}, "unknown_status"),
        ({"status": "failed"}, "refund_failed"),
        ({"status": "canceled"}, None),
    ],
)
def test_a_refund_that_staff_must_look_at_is_kept_with_its_payment(
    payment: Payment, change: dict[str, Any], reason: str | None
) -> None:
    raw = refund_snapshot(payment, 1_000, id="re_1") | change
    for _ in range(2):
        apply(raw)
    assert set_aside() == ([("re_1", reason, payment.order.pk, payment.pk)] if reason else [])
    if reason:
        assert json.loads(QuarantinedSnapshot.objects.get().snapshot) == raw


def test_refunds_within_a_charge_are_read_one_by_one(payment: Payment) -> None:
    good = refund_snapshot(payment, 1_000, id="re_good")
    foreign = refund_snapshot(payment, 1_000, id="re_foreign", payment_intent="pi_theirs")
    refunds = [{"object": "refund"}, {"id": "re_odd", "object": "refund"}, foreign, good | {"payment_intent": None}]
    apply(charge_of(payment.order, payment.payment_intent_id, refunds={"data": refunds}))
    assert [refund.refund_id for refund in Refund.objects.all()] == ["re_good"]
    pks = payment.order.pk, payment.pk
    assert set_aside() == [
        (payment.payment_intent_id, "malformed", *pks),
        ("re_odd", "malformed", *pks),
        ("re_foreign", "foreign_payment", *pks),
    ]


def test_what_a_refund_made_elsewhere_tells_is_written_down(payment: Payment) -> None:
    away = movement("txn_away", -1_000, source="re_1", category="refund")
    raw = refund_snapshot(payment, 1_000, id="re_1", reason="duplicate", balance_transaction=away)
    assert apply(raw) == payment.order
    refund = Refund.objects.get()
    assert (refund.payment, refund.status, refund.amount_minor, refund.currency) == (payment, "succeeded", 1_000, "KRW")
    assert (refund.reason, refund.refusal, refund.booked_at is not None) == ("duplicate", "", True)
    assert BalanceTransaction.objects.get().transaction_id == "txn_away"
    told = payment.order.timeline.get(kind="refund_succeeded")
    assert told.details["amount_minor"] == 1_000


def test_a_refund_that_failed_tells_why_and_takes_its_note_back(payment: Payment) -> None:
    apply(refund_snapshot(payment, 1_000, id="re_1"))
    assert payment.order.invoice.credit_notes.standing().count() == 1
    apply(refund_snapshot(payment, 1_000, id="re_1", status="failed", failure_reason="declined"))
    assert (Refund.objects.get().status, Refund.objects.get().refusal) == ("failed", "declined")
    assert payment.order.invoice.credit_notes.standing().count() == 0
    apply(refund_snapshot(payment, 2_000, id="re_2", status="failed", failure_reason="lost_or_stolen_card"))
    assert Refund.objects.get(refund_id="re_2").refusal == "lost_or_stolen_card"


def test_a_refund_was_made_now_at_the_latest(payment: Payment) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    apply(refund_snapshot(payment, 1_000, created=int(tomorrow.timestamp())))
    assert Refund.objects.get().created_at <= timezone.now()


def test_an_invoice_is_credited_by_the_refunds_of_its_own_payment(payment: Payment) -> None:
    for paid in (payment.order, paid_order()):
        apply(session_of(paid))
    for second in Payment.objects.filter(settles_order=False):
        apply(refund_snapshot(second, 1_000))
    apply(refund_snapshot(payment, 2_000))
    assert [note.amount_minor for note in CreditNote.objects.all()] == [2_000]


def test_a_refund_that_nobody_told_of_books_nothing(payment: Payment) -> None:
    values = {"amount_minor": 500, "currency": "KRW", "status": "succeeded"}
    forged = Refund.objects.create(payment=payment, refund_id="re_forged", **values)
    apply(refund_snapshot(payment, 1_000))
    forged.refresh_from_db()
    assert forged.booked_at is None
    assert [note.amount_minor for note in CreditNote.objects.all()] == [1_000]


def test_a_refund_that_replaces_another_is_credited_once_that_has_failed(payment: Payment) -> None:
    first, second = (refund_snapshot(payment, 6_000) for _ in range(2))
    for raw in (first, second):
        apply(raw)
    assert [note.refund_id for note in CreditNote.objects.standing()] == [first["id"]]
    apply(first | {"status": "failed"})
    assert [note.refund_id for note in CreditNote.objects.standing()] == [second["id"]]


@pytest.mark.parametrize(("credited_minor", "left"), [(10_000, [1_000]), (10_999, [1]), (11_000, [])])
def test_a_refund_is_credited_by_what_is_left_of_its_invoice_and_told_by_mail_where_that_is_nothing(
    payment: Payment, credited_minor: int, left: list[int]
) -> None:
    credit(payment.order.invoice, credited_minor, "du_1")
    raw = refund_snapshot(payment, 11_000)
    apply(raw)
    assert [note.amount_minor for note in CreditNote.objects.filter(refund_id=raw["id"])] == left
    assert Job.objects.filter(kind="payments.mail_refund").exists() is not bool(left)


def test_a_refund_that_is_told_again_keeps_its_note(payment: Payment) -> None:
    raw = refund_snapshot(payment, 1_000)
    for _ in range(2):
        apply(raw)
    assert payment.order.invoice.credit_notes.standing().count() == 1


def test_a_name_of_an_intention_may_be_anything(payment: Payment) -> None:
    for number, name in enumerate(["", "x", "-1", "9" * 18, "9" * 19, "9" * 60, "١"]):
        apply(refund_snapshot(payment, 10 + number, id=f"re_{number}", metadata={"refund": name}))
    assert Refund.objects.count() == 7


def test_a_refund_of_an_order_whose_payment_was_never_heard_of_is_for_staff(order: Order) -> None:
    names = {"order_reference": order.reference}
    raw = refund_snapshot(Payment(currency="KRW", payment_intent_id="pi_lost"), 1, id="re_1", metadata=names)
    assert apply(raw) == order
    assert set_aside() == [("re_1", "unknown_payment", order.pk, None)]
    lost = {"order_reference": "lost"}
    assert apply(raw | {"id": "re_2", "metadata": lost}) is None
    assert apply(raw | {"id": "re_3", "metadata": lost | {"site": SITE}}) is None
    assert apply(raw | {"id": "re_4", "metadata": {}}) is None
    assert set_aside()[1:] == [("re_2", "unknown_payment", None, None)]
    assert apply(raw | {"id": "re_5", "payment_intent": intent(order, metadata=lost), "metadata": lost}) is None
    assert set_aside()[2:] == [("re_5", "unknown_order", None, None)]


def test_a_refund_whose_payment_does_not_match_its_order_is_for_staff(order: Order) -> None:
    raw = refund_snapshot(Payment(currency="KRW", payment_intent_id="pi_new"), 1, id="re_1")
    assert apply(raw | {"payment_intent": intent(order, amount=1)}) == order
    assert not Refund.objects.exists()
    assert set_aside() == [("re_1", "amount", order.pk, None)]
    assert apply(raw | {"id": "re_2", "payment_intent": intent(order)}) == order
    assert Refund.objects.get().payment.status == "unpaid"
    assert Refund.objects.get().booked_at is None


def test_a_movement_that_cannot_be_read_is_set_aside_alone(payment: Payment) -> None:
    good = movement("txn_good", -11_000, source="du_1", category="dispute")
    odd: list[dict[str, Any]] = [{"id": "txn_odd", "object": "balance_transaction"}, {"object": "balance_transaction"}]
    apply(dispute_of(payment, balance_transactions=[*odd, good]))
    assert BalanceTransaction.objects.get().transaction_id == "txn_good"
    order = payment.order
    assert set_aside() == [("txn_odd", "malformed", order.pk, None), (order.number, "malformed", order.pk, None)]
    assert [json.loads(row.snapshot) for row in QuarantinedSnapshot.objects.order_by("pk")] == odd


def test_pieces_that_another_refund_has_credited_are_credited_by_their_amount() -> None:
    payment = paid_order(lines=[item(quantity=2)]).payments.get()
    for name, pieces in (("first", 2), ("second", 1)):
        asked = Refund.objects.create(
            payment=payment, amount_minor=5_500, currency="KRW", params={"metadata": {"refund": name}}
        )
        asked.lines.create(line=payment.order.lines.get(), quantity=pieces)
        apply(refund_snapshot(payment, 5_500, id=f"re_{name}", metadata={"refund": name}))
    first, second = payment.order.invoice.credit_notes.order_by("pk")
    assert [(note.refund_id, note.amount_minor) for note in (first, second)] == [
        ("re_first", 5_500),
        ("re_second", 5_500),
    ]
    assert [note.document.lines[0].corrects_quantity for note in (first, second)] == [-2, 0]
