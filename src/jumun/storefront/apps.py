from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "jumun.storefront"
    label = "jumun_storefront"
    verbose_name = "Jumun · storefront"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jumun.storefront import stock  # noqa: F401  (its receivers)
