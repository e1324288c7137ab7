"""Refund a payment in the admin, as a member of staff who may."""

import uuid
from typing import Any

from jumun.payments.models import Payment

REFUNDER = ("jumun_payments.view_payment", "jumun_payments.refund_payment", "jumun_orders.view_order")


def refund_url(payment: Payment) -> str:
    return f"/admin/jumun_payments/payment/{payment.pk}/refund/"


def refund_form(**values: str) -> dict[str, str]:
    return {"amount": "3,000", "reason": "duplicate", "confirmed": "on", "key": str(uuid.uuid4())} | values


def text_of(response: Any) -> str:
    return str(response.content.decode())
