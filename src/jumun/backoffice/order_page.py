"""The context of an order's page in the admin."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Prefetch, QuerySet

from jumun.backoffice.cancel_page import PERMISSIONS as CANCEL_PERMISSIONS
from jumun.backoffice.credit_lost_page import PERMISSIONS as CREDIT_LOST_PERMISSIONS
from jumun.backoffice.refund_page import PERMISSIONS as REFUND_PERMISSIONS
from jumun.backoffice.timeline import timeline_of
from jumun.invoices.models import CreditNote
from jumun.orders.models import Order
from jumun.payments.balance_sums import Sums, sums_by_currency, transactions_of
from jumun.payments.models import Dispute, Payment, Refund, RefundLine

# With the customer's address one can correct, pay and cancel the order like the customer.
CUSTOMERS_PAGE_PERMISSION = "jumun_orders.change_order"

User = AbstractBaseUser | AnonymousUser


def order_context(order: Order, user: Any) -> dict[str, Any]:
    """The order and everything related that ``user`` may see, in a fixed number of queries.

    Parts that the user may not see are ``None``, which the template distinguishes from an empty list.
    """
    sees_payments = user.has_perm("jumun_payments.view_payment")
    payments = _payments(order) if sees_payments else None
    disputes = list(_disputes(order)) if user.has_perm("jumun_payments.view_dispute") else None
    return {
        "order": order,
        "may_open_customers_page": user.has_perm(CUSTOMERS_PAGE_PERMISSION),
        "may_cancel": order.state == Order.State.PLACED and user.has_perms(CANCEL_PERMISSIONS),
        "lines": order.lines.all(),
        "settled": next((payment for payment in payments or () if payment.settles_order), None),
        "timeline": timeline_of(order) if user.has_perm("jumun_orders.view_timelineentry") else None,
        "payments": payments,
        "refunds": [refund for payment in payments or () for refund in payment.refunds.all()],
        "balance": _balance(order) if user.has_perm("jumun_payments.view_balancetransaction") else None,
        "disputes": disputes,
        "is_disputed": any(dispute.is_open for dispute in disputes or ()),
        "may_credit_dispute": user.has_perms(CREDIT_LOST_PERMISSIONS),
        "may_refund": user.has_perms(REFUND_PERMISSIONS),
        "credit_notes": _credit_notes(order) if user.has_perm("jumun_invoices.view_creditnote") else None,
        "checkouts": order.checkouts.all() if user.has_perm("jumun_payments.view_checkout") else None,
        "events": order.events.defer("payload") if user.has_perm("jumun_payments.view_inboxevent") else None,
        "quarantined": (
            order.quarantined.defer("snapshot") if user.has_perm("jumun_payments.view_quarantinedsnapshot") else None
        ),
        "invoice": getattr(order, "invoice", None) if user.has_perm("jumun_invoices.view_invoice") else None,
    }


def _payments(order: Order) -> list[Payment]:
    lines = Prefetch("lines", RefundLine.objects.select_related("line"))
    refunds = Prefetch("refunds", Refund.objects.select_related("by").prefetch_related(lines))
    return list(order.payments.prefetch_related(refunds, "disputes"))


def _disputes(order: Order) -> QuerySet[Dispute]:
    return Dispute.objects.filter(payment__order=order).select_related("payment")


def _balance(order: Order) -> dict[str, Sums]:
    """Fees are negative here, so that each row adds up to its net."""
    sums = sums_by_currency(transactions_of(order))
    return {currency: {**row, "taken_fee_minor": -row["fee_minor"]} for currency, row in sums.items()}


def _credit_notes(order: Order) -> QuerySet[CreditNote]:
    return CreditNote.objects.filter(invoice__order=order).select_related("cancellation").defer("document_json")
