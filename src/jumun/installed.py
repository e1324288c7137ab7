"""Each of Jumun's apps needs those below it. A missing one is an error when Django starts."""

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured

# Lowest first; each needs all before it.
LAYERS = ("jumun", "jumun.outbox", "jumun.orders", "jumun.invoices", "jumun.payments", "jumun.exports")
HIGHEST_NEEDED = {"jumun.storefront": "jumun.payments", "jumun.backoffice": "jumun.exports"}


class InstalledApp(AppConfig):
    """Raises `ImproperlyConfigured` before Django meets models without an app.

    Import the module, not the class: Django takes every `AppConfig` in an ``apps`` module for the app's own.
    """

    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        highest = HIGHEST_NEEDED.get(self.name, self.name)
        needed = LAYERS[: LAYERS.index(highest) + 1]
        missing = [name for name in needed if not apps.is_installed(name)]
        if missing:
            named = ", ".join(f'"{name}"' for name in missing)
            raise ImproperlyConfigured(f'INSTALLED_APPS has "{self.name}" but not {named}, which it needs: add it.')
        super().import_models()
