from django.apps import AppConfig


class JumunConfig(AppConfig):
    """What the apps share: base template, stylesheet and fonts."""

    name = "jumun"
    label = "jumun"
    verbose_name = "Jumun"
