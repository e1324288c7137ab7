"""The session key of a superuser who is logged in."""

from django.contrib.auth import get_user_model
from django.test import Client


def main() -> str:
    user, _made = get_user_model().objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
    browser = Client()
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return str(browser.session.session_key)
