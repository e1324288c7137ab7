from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "jumun.storefront"
    label = "jumun_storefront"
    verbose_name = "Jumun · storefront"
    default_auto_field = "django.db.models.BigAutoField"
