"""The admin's login, throttled and logged. A project turns it on for any of its admin sites::

    admin.site.login_form = LoginForm                                # urls.py
    MIDDLEWARE += ["jumun.backoffice.login.login_middleware"]        # settings.py

Why not a library, and who may lock out whom: docs/decisions/0080-login-throttle.md
"""

import logging
import math
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables

from jumun.backoffice.login_throttle import ADDRESS, BROWSER, NAME, PAIR, Key, LoginThrottle, normalized_name
from jumun.client_address import client_address, client_network

logger = logging.getLogger("jumun.login")

COOKIE = "jumun_known_browser"
COOKIE_MAX_AGE_S = 180 * 24 * 3600
# Attributes of the request by which the form reports to the middleware.
WAIT, KNOWN = "_jumun_login_wait", "_jumun_login_known"

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class LoginForm(AdminAuthenticationForm):
    """Django's form, which checks no password while the user must wait, and does not reveal whether a name exists."""

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if not username or not self.cleaned_data.get("password") or self.request is None:
            return super().clean()
        keys = _keys(self.request, username)
        if wait := LoginThrottle.begin(keys):
            setattr(self.request, WAIT, wait)
            _log(logging.WARNING, "login refused, too many failures", self.request, username)
            raise _throttled(wait)
        try:
            cleaned = super().clean()
        except ValidationError:
            _log(logging.WARNING, "login failed", self.request, username)
            raise
        LoginThrottle.succeeded(keys)
        setattr(self.request, KNOWN, normalized_name(username))
        _log(logging.INFO, "login", self.request, username)
        return cleaned


def login_middleware(get_response: GetResponse) -> GetResponse:
    """Answer refused attempts with 429, and mark browsers that have logged in, which strangers cannot lock out.

    The form also throttles without it.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        wait: timedelta | None = getattr(request, WAIT, None)
        if wait is not None:
            response.status_code = 429
            response["Retry-After"] = str(math.ceil(wait.total_seconds()))
        name: str | None = getattr(request, KNOWN, None)
        if name is not None:
            _mark(response, name)
        return response

    return middleware


def _mark(response: HttpResponseBase, name: str) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps({"name": name, "browser": secrets.token_urlsafe(16)}, salt=COOKIE),
        max_age=COOKIE_MAX_AGE_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _keys(request: HttpRequest, username: str) -> list[Key]:
    """A browser known under that name counts separately; others count by name, by address and by both."""
    name = normalized_name(username)
    if browser := _known_browser(request, name):
        return [Key.of(BROWSER, "browser", name, browser)]
    keys = [Key.of(NAME, "name", name)]
    if network := client_network(request):
        keys += [Key.of(PAIR, "pair", name, network), Key.of(ADDRESS, "address", network)]
    return keys


def _known_browser(request: HttpRequest, name: str) -> str:
    try:
        mark = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=COOKIE_MAX_AGE_S)
        return str(mark["browser"]) if mark["name"] == name else ""
    except (signing.BadSignature, KeyError, TypeError):
        return ""


def _throttled(wait: timedelta) -> ValidationError:
    minutes = math.ceil(wait.total_seconds() / 60)
    message = ngettext(
        "Too many failed logins. Please try again in %(minutes)d minute.",
        "Too many failed logins. Please try again in %(minutes)d minutes.",
        minutes,
    )
    return ValidationError(message % {"minutes": minutes}, code="throttled")


def _log(level: int, what: str, request: HttpRequest, username: str) -> None:
    """Logs only names that exist, because people sometimes type their password into the wrong field."""
    users = get_user_model()
    is_known = users._default_manager.filter(**{users.USERNAME_FIELD: username}).exists()
    who = repr(username) if is_known else "an unknown name"
    logger.log(level, "%s: %s from %s", what, who, client_address(request) or "an unknown address")
