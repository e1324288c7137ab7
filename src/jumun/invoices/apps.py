from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvoicesConfig(AppConfig):
    name = "jumun.invoices"
    label = "jumun_invoices"
    verbose_name = _("Invoices")
    default_auto_field = "django.db.models.BigAutoField"
