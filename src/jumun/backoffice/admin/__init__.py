"""The admin of Jumun's models. Django imports this module, which imports the others."""

from django.apps import apps

from jumun.backoffice.admin import balance, credit_notes, disputes, invoices, orders, outbox, payments, quarantined

__all__ = ["balance", "credit_notes", "disputes", "invoices", "orders", "outbox", "payments", "quarantined"]

if apps.is_installed("jumun.storefront"):
    from jumun.backoffice.admin import catalogue

    __all__ += ["catalogue"]
