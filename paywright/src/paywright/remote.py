"""Speak to a running server's own JSON routes with the standard library alone."""

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

Json = dict[str, Any]

TIMEOUT_S = 120.0


class RemoteRefusal(Exception):
    """The server refused, or could not be reached."""


def post(base_url: str, path: str, body: Json) -> Json:
    return ask(base_url, "POST", path, body)


def ask(base_url: str, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
    """Return the JSON answer; raise RemoteRefusal with the server's own words. ``key`` is for ``/v1``."""
    authorization = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(  # noqa: S310 (http to the sandbox)
        base_url + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", **authorization},
        method=method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            result: Json = json.load(answer)
    except urllib.error.HTTPError as refusal:
        raise RemoteRefusal(f"{_message(refusal)} ({refusal.code})") from None
    except ValueError:
        raise RemoteRefusal(f"{base_url} answers, but is no Paywright") from None
    except (OSError, HTTPException) as problem:
        reason = getattr(problem, "reason", problem)
        raise RemoteRefusal(f"no answer from {base_url}: {reason!s}") from None
    return result


def _message(refusal: urllib.error.HTTPError) -> str:
    text = refusal.read().decode(errors="replace")
    try:
        return str(json.loads(text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return " ".join(text.split())[:300]
