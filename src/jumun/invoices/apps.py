from django.utils.translation import gettext_lazy as _

from jumun import installed
from jumun.db.append_only import freeze


class InvoicesConfig(installed.InstalledApp):
    name = "jumun.invoices"
    label = "jumun_invoices"
    verbose_name = _("Invoices")

    def ready(self) -> None:
        from jumun.invoices import checks  # noqa: F401
        from jumun.invoices.append_only import REFUSALS

        freeze(self, *REFUSALS)
