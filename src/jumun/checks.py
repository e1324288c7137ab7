"""System checks of a project's configuration. Each says what to do."""

from typing import Any

from django.apps import apps
from django.conf import global_settings, settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import NoReverseMatch, reverse

from jumun import languages
from jumun.conf import InvalidSetting, jumun

PROBES = "jumun.middleware.probe_middleware"


@register()
def check_order_of_apps(**_: Any) -> list[CheckMessage]:
    """The storefront's templates must come before Jumun's own of the same name."""
    names = [config.name for config in apps.get_app_configs()]
    if "jumun.storefront" not in names or names.index("jumun.storefront") < names.index("jumun"):
        return []
    return [
        Warning(
            'INSTALLED_APPS has "jumun.storefront" behind "jumun", so its pages show neither the shop nor the cart.',
            hint='Put "jumun.storefront" before "jumun".',
            id="jumun.W005",
        )
    ]


@register()
def check_urls(**_: Any) -> list[CheckMessage]:
    """The project includes the order's pages and the webhook."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    try:
        reverse("jumun:payment-webhooks")
    except NoReverseMatch:
        return [
            Error(
                f'{settings.ROOT_URLCONF} does not include "jumun.urls": orders have no pages, and Stripe no webhook.',
                hint='Add to its urlpatterns: path("", include("jumun.urls")).',
                id="jumun.E004",
            )
        ]
    return []


@register()
def check_languages(**_: Any) -> list[CheckMessage]:
    """Readers can choose between the languages that Jumun has."""
    has_middleware = languages.LOCALE_MIDDLEWARE in settings.MIDDLEWARE
    if dict(settings.LANGUAGES).keys() == dict(global_settings.LANGUAGES).keys():
        if not has_middleware:
            return []
        return [
            Warning(
                "LANGUAGES is unset, so Django takes every language that it has for one of the site's.",
                hint='Name those that your site has. Jumun is translated into English and Korean: LANGUAGES = [("en", '
                '"English"), ("ko", "한국어")].',
                id="jumun.W006",
            )
        ]
    if len(languages.offered()) > 1 and not has_middleware:
        return [
            Warning(
                "LANGUAGES offers a choice, but nothing obeys it: the language switch is not shown.",
                hint=f'Add "{languages.LOCALE_MIDDLEWARE}" to MIDDLEWARE, after the SessionMiddleware.',
                id="jumun.W007",
            )
        ]
    return []


@register(deploy=True)
def check_proxies(**_: Any) -> list[CheckMessage]:
    """Behind a proxy, the client's address is in a header."""
    try:
        count = jumun().trusted_proxy_count
    except InvalidSetting:  # jumun.E001 reports it
        return []
    if count or not settings.SECURE_PROXY_SSL_HEADER:
        return []
    return [
        Warning(
            'SECURE_PROXY_SSL_HEADER names a proxy, but JUMUN["TRUSTED_PROXY_COUNT"] is 0: all clients seem to have '
            "the proxy's address, so limits for each address do not work.",
            hint="Set it to the number of proxies that add to X-Forwarded-For.",
            id="jumun.W037",
        )
    ]


@register()
def check_probes(**_: Any) -> list[CheckMessage]:
    """The probe middleware comes before those that would refuse or redirect a probe."""
    if PROBES not in settings.MIDDLEWARE or settings.MIDDLEWARE[0] == PROBES:
        return []
    return [
        Warning(
            f'"{PROBES}" is not the first of MIDDLEWARE: a probe by IP address may get 400 or 301.',
            hint="Move it to the beginning.",
            id="jumun.W008",
        )
    ]
