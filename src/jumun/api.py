"""The public Python API: everything that a project imports. All else is private and may change in any release.

The names are loaded when they are first used, so that `settings.py`, `wsgi.py` and `celery.py` may import this module
before Django is set up. Only the parts of the apps that the project has installed can be loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jumun import errors, money
    from jumun.backoffice.login import LoginForm
    from jumun.db.page_queries import limit_page_queries
    from jumun.exports.csv import stream_csv
    from jumun.exports.download import csv_response
    from jumun.invoices.models import Cancellation, CreditNote, Invoice
    from jumun.orders.customer_and_items import Customer, Item
    from jumun.orders.models import Order, OrderLine
    from jumun.orders.signals import order_canceled, order_disputed, order_paid, order_refunded
    from jumun.outbox.celery import BEAT_SCHEDULE
    from jumun.payments.checkout.end_unpaid_orders import cancel_order
    from jumun.payments.checkout.open import open_checkout
    from jumun.payments.models import Dispute, Payment, Refund
    from jumun.payments.refunds.refund import refund
    from jumun.payments.webhooks.wsgi import WebhooksFirst

__all__ = [
    "BEAT_SCHEDULE",
    "Cancellation",
    "CreditNote",
    "Customer",
    "Dispute",
    "Invoice",
    "Item",
    "LoginForm",
    "Order",
    "OrderLine",
    "Payment",
    "Refund",
    "WebhooksFirst",
    "cancel_order",
    "csv_response",
    "errors",
    "limit_page_queries",
    "money",
    "open_checkout",
    "order_canceled",
    "order_disputed",
    "order_paid",
    "order_refunded",
    "refund",
    "stream_csv",
]

_HOMES = {
    "jumun": "errors money",
    "jumun.backoffice.login": "LoginForm",
    "jumun.db.page_queries": "limit_page_queries",
    "jumun.exports.csv": "stream_csv",
    "jumun.exports.download": "csv_response",
    "jumun.invoices.models": "Cancellation CreditNote Invoice",
    "jumun.orders.models": "Order OrderLine",
    "jumun.orders.customer_and_items": "Customer Item",
    "jumun.orders.signals": "order_canceled order_disputed order_paid order_refunded",
    "jumun.outbox.celery": "BEAT_SCHEDULE",
    "jumun.payments.checkout.end_unpaid_orders": "cancel_order",
    "jumun.payments.checkout.open": "open_checkout",
    "jumun.payments.models": "Dispute Payment Refund",
    "jumun.payments.refunds.refund": "refund",
    "jumun.payments.webhooks.wsgi": "WebhooksFirst",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME_OF[name]
    return import_module(f"jumun.{name}") if home == "jumun" else getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
