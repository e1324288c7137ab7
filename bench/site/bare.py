"""The least that a durable acknowledgement can be: WSGI, an HMAC and one INSERT, without Django."""

import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

SECRET = os.environ["STRIPE_WEBHOOK_SECRET"].encode()
INSERT = "INSERT INTO bench_event (event_id, type, payload) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_own = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] != "POST":
        return _answer(start_response, "200 OK", b"ready")
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    parts = dict(part.split("=") for part in environ["HTTP_STRIPE_SIGNATURE"].split(","))
    expected = hmac.new(SECRET, parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, parts["v1"]):
        return _answer(start_response, "400 Bad Request", b"")
    event = json.loads(body)
    _connection().execute(INSERT, (event["id"], event["type"], body.decode()), prepare=True)
    return _answer(start_response, "200 OK", b"stored")


def _connection() -> "psycopg.Connection[tuple[Any, ...]]":
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    found: psycopg.Connection[tuple[Any, ...]] = _own.connection
    return found


def _answer(start_response: Callable[..., object], status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
