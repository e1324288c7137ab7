"""Mistakes that a project makes silently: `manage.py check` names each with what to do."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import global_settings
from django.core.checks import run_checks
from django.test import Client
from django.urls import include, path
from pytest_django.fixtures import Settings

from jumun.languages import offered, switchable

urlpatterns = [path("elsewhere/", include("django.conf.urls.i18n"))]


def found() -> dict[str, Any]:
    return {str(message.id): message for message in run_checks()}


def test_the_store_itself_is_clean() -> None:
    assert {id for id in found() if id.startswith(("jumun.", "shop."))} == set()


def test_addresses_that_are_not_included(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    told = found()["jumun.E004"]
    assert __name__ in told.msg
    assert 'path("", include("jumun.urls"))' in told.hint


@pytest.mark.parametrize(
    ("values", "id", "words"),
    [
        ({"STRIPE_SECRET_KEY": ""}, "jumun.E011", "is unset"),
        ({"STRIPE_SECRET_KEY": "pk_test_x"}, "jumun.E011", "not a secret key"),
        ({"STRIPE_SECRET_KEY": "abc"}, "jumun.E011", "not a secret key"),
        ({"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_API_BASE": "http://127.0.0.1:12111"}, "jumun.E013", "instead of"),
        ({"STRIPE_SECRET_KEY": "rk_live_x", "STRIPE_API_BASE": "http://127.0.0.1:12111"}, "jumun.E013", "12111"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "jumun.W012", "is unset"),
    ],
)
def test_keys(settings: Settings, values: dict[str, str], id: str, words: str) -> None:
    for name, value in values.items():
        setattr(settings, name, value)
    told = found()[id]
    assert words in told.msg
    assert told.hint
    assert not any(key in told.msg for name, key in values.items() if name != "STRIPE_API_BASE" and key), (
        "no key is shown"
    )


def test_without_keys_the_store_says_that_run_has_its_own(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STRIPE_SECRET_KEY = ""
    assert "./run manage" in found()["shop.E001"].hint
    monkeypatch.delenv("JUMUN_SECRET_KEY")
    assert "50 random characters" in found()["shop.W002"].hint


def test_a_probe_middleware_that_is_not_the_first(settings: Settings) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[1:], settings.MIDDLEWARE[0]]
    assert "jumun.W008" in found()


LOCALE = "django.middleware.locale.LocaleMiddleware"


@pytest.mark.parametrize(
    ("languages", "has_middleware", "id", "switch"),
    [
        (global_settings.LANGUAGES, True, "jumun.W006", ["en", "ko"]),
        (global_settings.LANGUAGES, False, None, []),
        ([("en", "English"), ("ko", "Korean")], True, None, ["en", "ko"]),
        ([("en", "English"), ("ko", "Korean")], False, "jumun.W007", []),
        ([("ko", "Korean")], True, None, []),
        ([("de", "German"), ("fr", "French"), ("en", "English")], True, None, []),
        ([("de", "German"), ("en-gb", "English"), ("ko", "Korean")], True, None, ["en-gb", "ko"]),
        ([("de", "German"), ("fr", "French")], True, None, []),
    ],
)
@pytest.mark.django_db
def test_the_switch_offers_what_jumun_has_and_the_project_enables(
    settings: Settings, client: Client, languages: Any, has_middleware: bool, id: str | None, switch: list[str]
) -> None:
    settings.LANGUAGES = languages
    settings.LANGUAGE_CODE = languages[0][0]
    if not has_middleware:
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != LOCALE]
    assert {each for each in found() if each in {"jumun.W006", "jumun.W007"}} == ({id} if id else set())
    assert [code for code, _name in switchable()] == switch
    assert all(name for _code, name in offered())
    for page in ("/cart/", "/admin/login/"):
        buttons = client.get(page).content.decode().count('name="language"')
        assert buttons == len(switch), page


APPS = ["exports", "payments", "invoices", "orders", "outbox"]


def start(*apps: str) -> subprocess.CompletedProcess[str]:
    """``manage.py check`` of a project with these apps of Jumun's, and Django's."""
    program = (
        "import sys; from django.conf import settings; import django; from django.core.management import call_command;"
        "names = 'contenttypes auth sessions messages admin staticfiles'.split();"
        "settings.configure(INSTALLED_APPS=sys.argv[1:] + [f'django.contrib.{name}' for name in names]);"
        "django.setup(); call_command('check')"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *apps], capture_output=True, text=True, env={"PATH": os.environ["PATH"]}
    )


@pytest.mark.parametrize("missing", ["jumun.outbox", "jumun.orders", "jumun.invoices", "jumun.payments", "jumun"])
def test_an_app_that_is_missing_is_named(missing: str) -> None:
    apps = [*(f"jumun.{name}" for name in APPS), "jumun"]
    apps.remove(missing)
    last = start(*apps).stderr.splitlines()[-1]
    assert last == (
        "django.core.exceptions.ImproperlyConfigured: "
        f'INSTALLED_APPS has "jumun.exports" but not "{missing}", which it needs: add it.'
    )


def test_a_storefront_that_stands_behind_what_it_replaces() -> None:
    said = start(*(f"jumun.{name}" for name in APPS), "jumun", "jumun.storefront").stderr
    assert 'Put "jumun.storefront" before "jumun".' in said
    said = start("jumun.storefront", *(f"jumun.{name}" for name in APPS), "jumun").stderr
    assert "jumun.W005" not in said
