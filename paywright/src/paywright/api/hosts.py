"""Which requests are answered: those that name this server, and those of its own pages.

A web page that a developer has open can send requests to 127.0.0.1, and by DNS rebinding under a name of the page's
own, so that the browser lets the page read the answers. The server has no login. The Host header distinguishes these
requests from the developer's.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Hosts:
    """The names that this server answers to: IP addresses, which no DNS server can point elsewhere, ``localhost`` and
    those given.
    """

    def __init__(self, *urls: str, names: Iterable[str] = ()) -> None:
        """``urls`` are the server's own addresses, ``names`` further host names."""
        self._origins = {_origin(url) for url in urls}
        self._names = {_host(_origin(url)) for url in urls} | {name.lower() for name in names}

    def refusal(self, method: str, headers: list[tuple[str, str]]) -> str | None:
        """Why a request with these headers is not answered, or None. ``method`` is empty for a websocket."""
        named = [value for name, value in headers if name == "host"]
        if len(named) != 1 or not self._knows(_host(named[0])):
            given = named[0][:100] if named else ""
            return f"Paywright does not answer to the host {given!r}: start it with --allow-host NAME if it is yours."
        if method not in SAFE_METHODS and self._is_of_another_site(named[0], dict(headers)):
            return "This request came from another site."
        return None

    def _knows(self, host: str) -> bool:
        return host == "localhost" or host.endswith(".localhost") or host in self._names or _is_address(host)

    def _is_of_another_site(self, host: str, headers: dict[str, str]) -> bool:
        # Browsers send the first to addresses that they trust, such as 127.0.0.1. It is the better one: under the
        # hosted page's Referrer-Policy a form's Origin is "null".
        if site := headers.get("sec-fetch-site"):
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        return origin is not None and _origin(origin) != host.lower() and _origin(origin) not in self._origins


class Guard:
    """ASGI middleware that refuses what `Hosts` does, with 403 and the reason."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        reason = self._hosts.refusal(scope.get("method", ""), headers)
        if reason is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            # In the shape of the API's errors, which SDKs read.
            answer = JSONResponse({"error": {"message": reason, "type": "invalid_request_error"}}, 403)
            await answer(scope, receive, send)


def _origin(url: str) -> str:
    """Host and port as a Host header has them; empty for ``null`` and for anything that is not a URL."""
    return url.lower().partition("://")[2].partition("/")[0]


def _host(text: str) -> str:
    """The host name of a Host header, without its port."""
    try:
        return (urlsplit(f"//{text}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
