from django.utils.translation import gettext_lazy as _

from jumun import installed
from jumun.db.append_only import freeze


class OrdersConfig(installed.InstalledApp):
    name = "jumun.orders"
    label = "jumun_orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from jumun.orders import checks  # noqa: F401
        from jumun.orders.timeline import REFUSALS

        freeze(self, *REFUSALS)
