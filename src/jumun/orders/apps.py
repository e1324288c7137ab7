from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "jumun.orders"
    label = "jumun_orders"
    verbose_name = "Jumun · orders"
    default_auto_field = "django.db.models.BigAutoField"
