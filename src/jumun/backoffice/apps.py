from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    name = "jumun.backoffice"
    label = "jumun_backoffice"
    verbose_name = "Jumun · backoffice"
    default_auto_field = "django.db.models.BigAutoField"
