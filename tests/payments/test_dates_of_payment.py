"""Documents say on which day money moved at Stripe, however late we learn of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.business_day import business_day
from jumun.invoices.models import CreditNote
from jumun.orders.models import Order
from jumun.payments.merge import apply
from jumun.payments.models import Payment
from jumun.payments.refunds.lost_dispute import credit_lost
from tests.factories import paid_order, place_order, refund_snapshot
from tests.payments.disputing import dispute_of
from tests.payments.paying import work
from tests.payments.stripe_says import deliver, event, session_of

pytestmark = pytest.mark.django_db

# In Seoul the last hour of November.
PAID_AT = datetime(2026, 11, 30, 14, 30, tzinfo=UTC)


def stamp(moment: datetime) -> int:
    return int(moment.timestamp())


@pytest.fixture(autouse=True)
def _december(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Seoul"
    monkeypatch.setattr(timezone, "now", lambda: PAID_AT + timedelta(days=1))


def ordered_in_november() -> Order:
    order = place_order()
    Order.objects.filter(pk=order.pk).update(placed_at=PAID_AT - timedelta(hours=1))
    order.refresh_from_db()
    return order


def session_paid(order: Order, **charge: Any) -> dict[str, Any]:
    session = session_of(order)
    session["payment_intent"]["latest_charge"] |= charge
    return session


def dates(order: Order) -> tuple[datetime | None, datetime | None, Any]:
    order.refresh_from_db()
    assert order.invoice.document.paid is not None
    return order.paid_at, order.payments.get().paid_at, order.invoice.document.paid.paid_on


def test_a_payment_learnt_of_on_the_next_day_was_paid_when_its_charge_was_made() -> None:
    order = ordered_in_november()
    apply(session_paid(order, created=stamp(PAID_AT)))
    assert dates(order) == (PAID_AT, PAID_AT, PAID_AT.date())
    assert order.invoice.document.issued_on == datetime(2026, 12, 1, tzinfo=UTC).date()


def test_an_event_that_names_no_charge_is_dated_by_stripe() -> None:
    order = ordered_in_november()
    deliver(event(session_of(order, payment_intent="pi_bare"), created=stamp(PAID_AT)))
    work()
    assert dates(order) == (PAID_AT, PAID_AT, PAID_AT.date())


def test_a_bank_debit_is_paid_when_its_money_comes_and_not_when_it_is_ordered() -> None:
    order = ordered_in_november()
    ordered_at = PAID_AT - timedelta(days=4)
    movement = {"object": "balance_transaction", "created": stamp(PAID_AT)}
    apply(session_paid(order, created=stamp(ordered_at), balance_transaction=movement))
    assert dates(order)[2] == PAID_AT.date()


@pytest.mark.parametrize("created", [stamp(PAID_AT) + 10**7, -1, "now", None, 10**17])
def test_a_time_that_cannot_be_gives_the_day_on_which_we_learnt_of_it(created: Any) -> None:
    order = ordered_in_november()
    apply(session_paid(order, created=created))
    assert dates(order)[0] == timezone.now()


def test_nobody_has_paid_before_they_ordered() -> None:
    order = ordered_in_november()
    apply(session_paid(order, created=1))
    assert dates(order)[0] == order.placed_at


def paid_in_november() -> Payment:
    order = ordered_in_november()
    apply(session_paid(order, created=stamp(PAID_AT)))
    return order.payments.get()


def test_a_credit_note_names_the_day_of_the_refund() -> None:
    payment = paid_in_november()
    apply(refund_snapshot(payment, 1_000, created=stamp(PAID_AT)))
    note = CreditNote.objects.get().document
    assert note.paid is not None
    assert (note.paid.paid_on, note.issued_on) == (PAID_AT.date(), business_day())
    assert payment.refunds.get().created_at == PAID_AT


def test_a_credit_note_of_a_lost_dispute_names_the_day_on_which_the_money_was_taken() -> None:
    payment = paid_order().payments.get()
    raw = dispute_of(payment, status="lost")
    raw["balance_transactions"][0]["created"] = stamp(PAID_AT)
    apply(json.loads(json.dumps(raw)))
    note = credit_lost(payment.disputes.get()).document
    assert note.paid is not None
    assert note.paid.paid_on == PAID_AT.date()
