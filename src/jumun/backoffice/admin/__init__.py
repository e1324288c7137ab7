"""What the admin site shows. Django imports this module; each of the others registers the models of one app."""

from django.apps import apps
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from jumun.backoffice.admin import balance, credit_notes, disputes, invoices, orders, outbox, payments, quarantined

__all__ = ["balance", "credit_notes", "disputes", "invoices", "orders", "outbox", "payments", "quarantined"]

if apps.is_installed("jumun.storefront"):
    from jumun.backoffice.admin import catalogue

    __all__ += ["catalogue"]

admin.site.site_header = admin.site.site_title = _("Jumun backoffice")
admin.site.index_title = _("Overview")
