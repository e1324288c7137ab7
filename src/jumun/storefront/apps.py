from django.utils.translation import gettext_lazy as _

from jumun import installed


class StorefrontConfig(installed.InstalledApp):
    name = "jumun.storefront"
    label = "jumun_storefront"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        from jumun.storefront import checks, stock  # noqa: F401  (the latter's receivers)
