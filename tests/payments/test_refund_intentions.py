"""Which refund is meant: by the key of one press of a button, and by the name that an intention left at Stripe."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.errors import BooksOutdated, NotRefundable, StripeRefused, StripeUnavailable
from jumun.invoices.models import Restoration
from jumun.payments.merge import apply
from jumun.payments.models import Payment, Refund
from jumun.payments.refunds.refund import refund, resume
from jumun.payments.stripe import gateway
from tests.factories import paid_order, refund_snapshot

pytestmark = pytest.mark.django_db

OUR_NAME = "0b5c7a52-8f0e-4d5e-9d52-9d7d2f4f7f0a"


def intended(payment: Payment, **values: Any) -> Refund:
    """A refund of 1,000 won whose answer from Stripe was lost."""
    return Refund.objects.create(
        **{
            "payment": payment,
            "idempotency_key": "pressed",
            "amount_minor": 1_000,
            "currency": "KRW",
            "params": {"metadata": {"refund": OUR_NAME}},
        }
        | values
    )


def test_a_key_stands_for_the_refund_of_one_payment() -> None:
    made, other = paid_order().payments.get(), paid_order().payments.get()
    intended(made, status="succeeded", refund_id="re_made")
    with pytest.raises(NotRefundable, match="another refund"):
        refund(other, amount_minor=1_000, reason="", by=None, key="pressed")
    assert Refund.objects.get().payment == made


def test_nothing_is_refunded_until_stripe_has_told_what_a_restored_backup_lacks() -> None:
    payment = paid_order().payments.get()
    Restoration.objects.create(livemode=False, taken_at=timezone.now())
    with pytest.raises(BooksOutdated):
        refund(payment, amount_minor=1_000, reason="", by=None)
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("told", "rows"),
    [
        ({}, {1_000: "re_told"}),
        ({"amount": 2_000}, {1_000: None, 2_000: "re_told"}),
    ],
)
def test_a_refund_that_names_our_intention_is_that_one_if_it_is_over_as_much(
    told: dict[str, Any], rows: dict[int, str | None]
) -> None:
    payment = paid_order().payments.get()
    intended(payment)
    apply(refund_snapshot(payment, 1_000, id="re_told", metadata={"refund": OUR_NAME}) | told)
    assert dict(Refund.objects.values_list("amount_minor", "refund_id")) == rows


@pytest.mark.parametrize("names", [{}, {"refund": "another"}])
def test_a_refund_of_the_same_amount_with_another_name_is_another(names: dict[str, str]) -> None:
    payment = paid_order().payments.get()
    ours = intended(payment)
    apply(refund_snapshot(payment, 1_000, id="re_told", metadata=names))
    ours.refresh_from_db()
    assert (ours.status, ours.refund_id) == ("creating", None)
    assert payment.refunds.exclude(pk=ours.pk).get().refund_id == "re_told"


def test_an_intention_that_stripe_has_answered_is_nobody_elses() -> None:
    payment = paid_order().payments.get()
    intended(payment, status="succeeded", refund_id="re_first")
    apply(refund_snapshot(payment, 1_000, id="re_second", metadata={"refund": OUR_NAME}))
    assert list(Refund.objects.order_by("refund_id").values_list("refund_id", flat=True)) == ["re_first", "re_second"]


def test_the_intention_of_another_payment_stays_its_own() -> None:
    payment, other = paid_order().payments.get(), paid_order().payments.get()
    ours = intended(other)
    apply(refund_snapshot(payment, 1_000, id="re_told", metadata={"refund": OUR_NAME}))
    ours.refresh_from_db()
    assert ours.status == "creating"
    assert payment.refunds.get().refund_id == "re_told"


def answering(monkeypatch: pytest.MonkeyPatch, **answers: Exception | list[Any]) -> None:
    """Stripe as it is asked here, by the name of the call. Any other call is an error."""

    def answer(name: str) -> Any:
        if isinstance(found := answers[name], Exception):
            raise found
        return found

    for name in ("create_refund", "refunds_of", "retrieve_payment_intent"):
        monkeypatch.setattr(gateway, name, lambda *_, name=name, **__: answer(name))


def test_keys_that_do_not_see_the_payment_prove_nothing_and_ask_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = intended(paid_order().payments.get(), created_at=timezone.now() - timedelta(days=2))
    answering(monkeypatch, refunds_of=[], retrieve_payment_intent=StripeRefused("no such payment"))
    with pytest.raises(StripeUnavailable, match="do not see the payment"):
        resume(lost)
    assert Refund.objects.get().status == "creating"


def test_a_fault_that_stripe_keeps_is_told_once_it_is_known_that_nothing_was_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = intended(paid_order().payments.get())
    fault = StripeUnavailable("a fault", replayed=True)
    answering(monkeypatch, create_refund=fault, refunds_of=[], retrieve_payment_intent=[])
    with pytest.raises(StripeUnavailable, match="a fault"):
        resume(lost)
    assert (Refund.objects.get().status, Refund.objects.get().refusal) == ("refused", "a fault")
