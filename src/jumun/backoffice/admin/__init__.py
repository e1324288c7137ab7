"""What the admin site shows. Django imports this module; each of the others registers the models of one app."""

from django.apps import apps

from jumun.backoffice.admin import balance, credit_notes, disputes, invoices, orders, outbox, payments, quarantined

__all__ = ["balance", "credit_notes", "disputes", "invoices", "orders", "outbox", "payments", "quarantined"]

if apps.is_installed("jumun.storefront"):
    from jumun.backoffice.admin import catalogue

    __all__ += ["catalogue"]
