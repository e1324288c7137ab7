import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.translation import gettext_lazy as _

from jumun.views import RequestRefused

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# NUL, and half of a surrogate pair as UTF-8 would write it.
DAMAGED = re.compile(rb"\x00|\xed[\xa0-\xbf][\x80-\xbf]")
PROBES = ("jumun:healthz", "jumun:readyz")


def probe_middleware(get_response: GetResponse) -> GetResponse:
    """Answer a load balancer's probes for any host name, over plain HTTP and without a session.

    Place it first: a probe names the machine by its IP address, which Django's ``SecurityMiddleware`` and
    ``CommonMiddleware`` refuse or redirect.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        # Other requests cost only this comparison.
        if request.path_info.endswith(("/healthz", "/readyz")):
            try:
                match = resolve(request.path_info)
            except Resolver404:
                return get_response(request)
            if match.view_name in PROBES:
                response: HttpResponse = match.func(request)
                # As Django's CommonMiddleware does; without it a server may close the connection.
                response["Content-Length"] = str(len(response.content))
                return response
        return get_response(request)

    return middleware


def query_middleware(get_response: GetResponse) -> GetResponse:
    """Answer 400 to parameters with NUL or half of a surrogate pair.

    Nobody types those, and PostgreSQL refuses even to compare with them, so every view that uses one would fail.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        query = request.META.get("QUERY_STRING", "")
        if query and DAMAGED.search(unquote_to_bytes(query.encode("latin-1", "replace"))):
            raise RequestRefused(_("The address holds characters that no text has."))
        return get_response(request)

    return middleware
