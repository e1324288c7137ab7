from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "jumun.invoices"
    label = "jumun_invoices"
    verbose_name = "Jumun · invoices"
    default_auto_field = "django.db.models.BigAutoField"
