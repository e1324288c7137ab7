"""What the store counts on of the web server that it is served by, whichever that is."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from shop.run.configuration import HOST, SERVED_BY

pytestmark = pytest.mark.once

ANSWER_TIMEOUT_S = 30


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as listener:
        bind = f"fd://{listener.fileno()}"
        command = [sys.executable, "-m", "gunicorn", "tests.tooling.echo:application", "--bind", bind, *SERVED_BY]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        yield listener.getsockname()[1]
        process.terminate()
        process.wait()


def headers_seen(port: int, *lines: bytes) -> dict[str, str]:
    """What an application is given of a request with these header lines."""
    with socket.create_connection((HOST, port), timeout=ANSWER_TIMEOUT_S) as connection:
        connection.sendall(b"\r\n".join([b"GET / HTTP/1.1", b"Host: shop", b"Connection: close", *lines, b"", b""]))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    body = answer.partition(b"\r\n\r\n")[2]
    found: dict[str, str] = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])
    return found


def test_a_cookie_in_korean_takes_no_other_cookie_with_it(port: int) -> None:
    """Browsers send what a script of the page has set as UTF-8, in one header with the session's cookie."""
    line = "sessionid=abc; searched=한글"

    seen = headers_seen(port, f"Cookie: {line}".encode())

    # WSGI's strings hold bytes (PEP 3333).
    assert seen["HTTP_COOKIE"].encode("latin-1").decode() == line


def test_a_header_that_a_proxy_does_not_replace_is_not_taken_for_the_one_it_does(port: int) -> None:
    seen = headers_seen(port, b"X-Forwarded-Proto: http", b"X_Forwarded_Proto: https", b"Stripe_Signature: t=1")

    assert seen["HTTP_X_FORWARDED_PROTO"] == "http"
    assert "HTTP_STRIPE_SIGNATURE" not in seen
