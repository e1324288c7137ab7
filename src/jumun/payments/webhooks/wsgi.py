"""Stripe's notifications need no session, language or cookie: they go past the middleware, to the same view.

In a project's ``wsgi.py``: ``application = WebhooksFirst(get_wsgi_application())``. Without it everything is the same,
only that a notification costs twice as much.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class WebhooksFirst:
    """A WSGI application that answers at the webhook's address itself, and leaves all others to ``application``.

    Neither `request_started` nor `request_finished` is sent for a notification, so its thread keeps the connection to
    the database as it is. Its only statement stores the event, and `store` opens another connection where this one is
    broken.
    """

    def __init__(self, application: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        # Only now is Django set up.
        from django.core.handlers.exception import convert_exception_to_response
        from django.core.handlers.wsgi import WSGIRequest
        from django.urls import reverse

        from jumun.payments.webhooks.views import webhook

        self._application = application
        path = reverse("jumun:payment-webhooks")
        self._paths = {path, path.removesuffix("/")}
        self._request_of = WSGIRequest
        self._webhook = convert_exception_to_response(webhook)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") not in self._paths:
            return self._application(environ, start_response)
        response = self._webhook(self._request_of(environ))
        assert isinstance(response, HttpResponse)  # noqa: S101 (for the type checker: not one to be awaited)
        # By which the connection can be used again; Django's CommonMiddleware would tell it.
        length = ("Content-Length", str(len(response.content)))
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), length])
        return [response.content]
