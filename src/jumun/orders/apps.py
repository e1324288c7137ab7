from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from jumun.frozen import freeze


class OrdersConfig(AppConfig):
    name = "jumun.orders"
    label = "jumun_orders"
    verbose_name = _("Orders")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jumun.orders import checks  # noqa: F401
        from jumun.orders.timeline import REFUSALS

        freeze(self, *REFUSALS)
