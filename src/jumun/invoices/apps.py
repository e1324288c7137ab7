from importlib.util import find_spec
from typing import Any

from django.utils.translation import gettext_lazy as _

from jumun import installed
from jumun.frozen import freeze


class InvoicesConfig(installed.InstalledApp):
    name = "jumun.invoices"
    label = "jumun_invoices"
    verbose_name = _("Invoices")

    def ready(self) -> None:
        from jumun.invoices import checks  # noqa: F401
        from jumun.invoices.frozen import REFUSALS
        from jumun.outbox.signals import worker_started

        freeze(self, *REFUSALS)
        worker_started.connect(_preload, dispatch_uid="jumun.invoices")


def _preload(**_: Any) -> None:
    from jumun.invoices import pdf

    pdf.preload()
    if find_spec("drafthorse"):
        from jumun.invoices import facturx  # noqa: F401  (importing it is what takes long)
