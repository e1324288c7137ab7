from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from jumun.frozen import freeze


class InvoicesConfig(AppConfig):
    name = "jumun.invoices"
    label = "jumun_invoices"
    verbose_name = _("Invoices")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jumun.invoices import checks  # noqa: F401
        from jumun.invoices.frozen import REFUSALS

        freeze(self, *REFUSALS)
