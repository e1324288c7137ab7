"""One row of every model that the backoffice shows, with the same words in each text that somebody else may write."""

import json
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.utils import timezone

from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.outbox.models import Job
from jumun.payments.models import (
    BalanceTransaction,
    Checkout,
    Difference,
    Dispute,
    InboxEvent,
    Payout,
    QuarantinedSnapshot,
    Reconciliation,
    Refund,
)
from tests.factories import paid_order, pay
from tests.invoices.crediting import credit
from tests.storefront.shop import category, product

SESSION_URL = "https://checkout.stripe.com/c/pay/cs_test_b1Zx#fidkdWxOYHwnPyd1blpxYHZxWjA0"


def everything(words: Any = lambda order: "text") -> Order:
    """A paid order with everything around it; ``words(order)`` stand in each text that is not ours."""
    order = paid_order()
    pay(order)  # a second payment, which is set aside
    text = words(order)
    now = timezone.now()
    payment = order.payments.get(settles_order=True)
    credit(order.invoice, 1).cancel()
    Checkout.objects.create(
        order=order, session_id="cs_test_1", state="expired", url=SESSION_URL, expires_at=now, refusal=text,
        params={"cancel_url": text},
    )  # fmt: skip
    stamps = {"livemode": False, "created_at": now, "payload": json.dumps({"words": text}), "last_error": text}
    InboxEvent.objects.create(event_id="evt_1", type="charge.updated", order=order, state="parked", **stamps)
    InboxEvent.objects.create(event_id="evt_2", type="product.created", state="ignored", **stamps)
    InboxEvent.objects.create(event_id="evt_3", type="price.created", **stamps | {"payload": f"no JSON: {text}"})
    QuarantinedSnapshot.objects.update(snapshot=json.dumps({"status": text, "payment_intent": text}))
    QuarantinedSnapshot.keep(object_id=text, reason="unknown_order", order=None, snapshot={"id": text, "object": text})
    Refund.objects.create(
        payment=payment, status="failed", refund_id="re_9", amount_minor=1, currency="KRW", refusal=text
    )
    Dispute.objects.create(
        dispute_id="dp_1", payment=payment, amount_minor=1, currency="KRW", status="lost", reason="fraudulent",
        opened_at=now, is_charge_refundable=False, transaction_count=0,
    )  # fmt: skip
    BalanceTransaction.objects.create(
        transaction_id="txn_1", type="charge", reporting_category="charge", amount_minor=1, fee_minor=0, net_minor=1,
        currency="KRW", created_at=now, available_at=now,
    )  # fmt: skip
    Payout.objects.create(
        payout_id="po_1", status="failed", amount_minor=1, currency="KRW", livemode=False, automatic=True,
        failure_message=text, arrives_at=now, created_at=now,
    )  # fmt: skip
    run = Reconciliation.objects.create(since=now, repair=False, is_scheduled=True, finished_at=now)
    Difference.objects.create(reconciliation=run, kind="malformed", object_id=text[:255], problem=text, repaired=False)
    Job.objects.filter(kind="invoices.mail").update(args={"words": text}, last_error=text, state="parked")
    order.record(Kind.REFUND_REFUSED, amount_minor=1, why=text)
    product(category=category())
    Group.objects.create(name="Clerks")
    return order


def rows() -> dict[type[Model], Model]:
    """The newest row of each model that has pages."""
    User.objects.get_or_create(username="somebody")
    return {model: model._default_manager.order_by("-pk")[0] for model in admin.site._registry}


def permission(action: str, model: type[Model]) -> str:
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def all_view_permissions() -> list[str]:
    """Of Jumun's own models, the timeline included."""
    ours = [model for model in apps.get_models() if model._meta.app_label.startswith("jumun_")]
    return [permission("view", model) for model in ours if "view" in model._meta.default_permissions]
