"""Answer Stripe's notifications before Django's middleware: they need no session, language or cookie.

In a project's ``wsgi.py``: ``application = WebhooksFirst(get_wsgi_application())``. Without it everything works the
same, but a notification costs twice as much processor time.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class WebhooksFirst:
    """A WSGI application that answers at the webhook's address, and passes every other request to ``application``.

    Django sends neither `request_started` nor `request_finished` for a notification, so the thread keeps its database
    connection. If that is broken, `store` opens another one.
    """

    def __init__(self, application: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        # Django is set up only now.
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
        # So that the connection can be reused. Otherwise Django's CommonMiddleware sets it.
        length = ("Content-Length", str(len(response.content)))
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), length])
        return [response.content]
