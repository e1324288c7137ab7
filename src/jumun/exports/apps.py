from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "jumun.exports"
    label = "jumun_exports"
    verbose_name = "Jumun · exports"
    default_auto_field = "django.db.models.BigAutoField"
