"""The guide's nginx in front of gunicorn: slow clients keep nobody else waiting, and addresses are the clients' own.

Needs `nginx` and `openssl` on PATH (apt-get install nginx-light).
"""

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from shop.run.configuration import HOST, SERVED_BY, free_ports
from tests.strangers.guide import blocks

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx: apt-get install nginx-light")

SLOW = 40
PROBES = 10
ANSWER_TIMEOUT_S = 5


class Proxied:
    """The ports of both listeners of the guide's configuration."""

    def __init__(self, https: int, http: int, certificate: Path) -> None:
        self.https, self.http = https, http
        self._trusting = ssl.create_default_context(cafile=certificate)
        # Its name is the shop's, which is reached here by its address.
        self._trusting.check_hostname = False

    def connect(self) -> ssl.SSLSocket:
        plain = socket.create_connection((HOST, self.https), timeout=ANSWER_TIMEOUT_S)
        return self._trusting.wrap_socket(plain, server_hostname="shop.example.com")

    def ask(self, **headers: str) -> dict[str, Any]:
        connection = http.client.HTTPSConnection(HOST, self.https, timeout=ANSWER_TIMEOUT_S, context=self._trusting)
        connection.request("GET", "/healthz", headers={"Host": "shop.example.com", **headers})
        answer = connection.getresponse()
        assert answer.status == 200
        seen: dict[str, Any] = json.loads(answer.read())
        connection.close()
        return seen


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("nginx")
    https, plain = free_ports(2)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((HOST, 0)))
        bind = f"fd://{listener.fileno()}"
        command = [sys.executable, "-m", "gunicorn", "tests.tooling.echo:application", "--bind", bind, *SERVED_BY]
        web = subprocess.Popen(command, pass_fds=[listener.fileno()])
        stack.callback(end, web)
        configured = configuration(folder, https=https, plain=plain, web=listener.getsockname()[1])
        nginx = subprocess.Popen([str(NGINX), "-p", folder, "-c", configured, "-e", folder / "error.log"])
        stack.callback(end, nginx)
        for _ in range(500):
            with socket.socket() as trial:
                if trial.connect_ex((HOST, https)) == 0:
                    break
            assert nginx.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield Proxied(https, plain, folder / "fullchain.pem")


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def configuration(folder: Path, *, https: int, plain: int, web: int) -> Path:
    """The guide's own server blocks, on other ports and with a certificate made here."""
    [servers] = blocks("Behind a proxy", "nginx")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", "/CN=shop.example.com", "-keyout", folder / "key.pem", "-out", folder / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )
    for given, here in (
        ("listen 80;", f"listen {HOST}:{plain};"),
        ("listen 443 ", f"listen {HOST}:{https} "),
        ("/etc/ssl/shop/", f"{folder}/"),
        ("http://127.0.0.1:8000;", f"http://{HOST}:{web};"),
    ):
        assert given in servers
        servers = servers.replace(given, here)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("proxy", "client_body", "fastcgi", "uwsgi", "scgi")
    )
    around = f"daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {paths}\n{servers} }}"
    path = folder / "nginx.conf"
    path.write_text(around)
    return path


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\nHost: shop", b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\nx"]
)
def test_forty_slow_connections_keep_no_probe_waiting(proxied: Proxied, sent: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(SLOW):
            stack.enter_context(proxied.connect()).sendall(sent)
        for _ in range(PROBES):
            proxied.ask()


def test_the_store_sees_the_clients_address_and_https_whatever_the_client_says(proxied: Proxied) -> None:
    seen = proxied.ask(**{"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "http", "X_Forwarded_For": "5.6.7.8"})
    assert seen["HTTP_X_FORWARDED_FOR"] == f"1.2.3.4, {HOST}"
    assert seen["HTTP_X_FORWARDED_PROTO"] == "https"
    assert seen["HTTP_HOST"] == "shop.example.com"


def test_plain_http_is_sent_to_https(proxied: Proxied) -> None:
    connection = http.client.HTTPConnection(HOST, proxied.http, timeout=ANSWER_TIMEOUT_S)
    connection.request("POST", "/cart/add/?a=1", headers={"Host": "shop.example.com"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (308, "https://shop.example.com/cart/add/?a=1")
    connection.close()
