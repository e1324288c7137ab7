from django.apps import AppConfig


class JumunConfig(AppConfig):
    """What the apps share: base template, stylesheet, fonts, and checks of the whole project."""

    name = "jumun"
    label = "jumun"
    verbose_name = "Jumun"

    def ready(self) -> None:
        from jumun import checks  # noqa: F401
        from jumun.db import read_only  # noqa: F401
