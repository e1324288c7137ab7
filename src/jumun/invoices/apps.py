from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class InvoicesConfig(AppConfig):
    name = "jumun.invoices"
    label = "jumun_invoices"
    verbose_name = _("Invoices")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jumun.invoices import checks  # noqa: F401
        from jumun.invoices.frozen import install_after_migrate

        post_migrate.connect(install_after_migrate, sender=self)
