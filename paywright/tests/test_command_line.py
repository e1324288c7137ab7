"""``paywright serve`` and the commands that talk to a running server."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from paywright.remote import RemoteRefusal, post
from paywright.state.store import StateUnreadable, Store
from paywright.testing import NotStarted, Paywright
from tests.conformance.client import client_of
from tests.conformance.receiver import WAIT_S


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "paywright", *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "command"),
        (("nonsense",), "nonsense"),
        (("serve", "--port", "99999"), "--port"),
        (("serve", "--port", "abc"), "--port"),
        (("serve", "--forward-to", "localhost:8000"), "localhost:8000"),
        (("serve", "--forward-to", "ftp://x/"), "ftp://x/"),
        (("serve", "--forward-to", "http://x:0/"), "http://x:0/"),
        (("serve", "--secret", "nope"), "whsec_"),
        (("serve", "--fault", "nonsense"), "unknown fault 'nonsense'"),
        (("serve", "--fault", "drop:probability=many"), "probability must be a number"),
        (("serve", "--fault", "duplicate:times=1.5"), "whole numbers"),
        (("serve", "--fault", "drop:match"), "match is a text"),
        (("serve", "--fault", "drop:count=-1"), "count is a whole number"),
        (("serve", "--fee-percent", "101"), "percent is a number from 0 to 100, not '101'"),
        (("serve", "--fee-fixed-usd", "some"), "fixed_usd is a number from 0 to 1000, not 'some'"),
        (("serve", "--business-name", " "), "--business-name"),
        (("serve", "--port", "0", "--state", "/dev/null/x"), "/dev/null/x"),
        (("advance", "soon", "--url", "http://127.0.0.1:9"), "http://127.0.0.1:9"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(arguments, says):
    done = run(*arguments)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("paywright: ")
    assert says in done.stderr


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr


def test_a_state_file_of_something_else_is_refused(tmp_path):
    other = tmp_path / "other"
    other.write_text("not a database, and long enough to be looked at " * 100)

    done = run("serve", "--port", "0", "--state", str(other))

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert str(other) in done.stderr
    assert other.read_text().startswith("not a database")


def damage(path):
    """Keep the first page, by which SQLite knows its own, and spoil the rest."""
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def make_newer(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(("spoil", "says"), [(damage, "malformed"), (make_newer, "not one of this version")])
def test_a_state_that_cannot_be_read_on_is_one_line(tmp_path, spoil, says):
    path = tmp_path / "state.sqlite3"
    Store(path, "http://127.0.0.1").close()
    spoil(path)

    done = run("serve", "--port", "0", "--state", str(path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert says in done.stderr


def test_two_servers_do_not_share_a_state(tmp_path):
    path = tmp_path / "state.sqlite3"
    store = Store(path, "http://127.0.0.1")

    with pytest.raises(StateUnreadable, match="in use by another"):
        Store(path, "http://127.0.0.1")

    store.close()
    Store(path, "http://127.0.0.1").close()


@pytest.mark.parametrize("body", [b"<h1>\nno\n</h1>", b"<h1>yes</h1>"])
def test_a_server_that_is_no_paywright_is_told_from_one(body):
    class Other(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(404 if b"no" in body else 200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.handle_request, daemon=True).start()
        with pytest.raises(RemoteRefusal) as refused:
            post(f"http://127.0.0.1:{other.server_port}", "/_paywright/clock", {})

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(number, tmp_path):
    server = Paywright(state=tmp_path / "state.sqlite3").start()
    process = server.process
    process.send_signal(number)

    assert process.wait(WAIT_S) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["state.sqlite3"]


def test_commands_talk_to_the_running_server(paywright, new_session):
    session = new_session()

    paid = run(
        "pay", session.id, "--card", "4000002500003155", "--three-d-secure", "complete", "--url", paywright.api_base
    )
    advanced = run("advance", "1h", "--url", paywright.api_base)
    triggered = run("trigger", "customer.created", "--url", paywright.api_base)
    nonsense = run("advance", "soon", "--url", paywright.api_base)

    assert json.loads(paid.stdout)["outcome"] == "succeeded"
    assert json.loads(advanced.stdout)["offset_s"] >= 3_600
    assert json.loads(triggered.stdout)["object"] == "customer"
    assert (nonsense.returncode, "not a span of time" in nonsense.stderr) == (2, True)


def test_a_server_that_cannot_start_says_so(tmp_path):
    with pytest.raises(NotStarted, match="code 2"):
        Paywright(options=("--fault", "nonsense")).start()


def test_the_business_and_its_fees_are_given_at_the_start(tmp_path):
    options = ("--business-name", "주문 상점", "--fee-percent", "0", "--fee-fixed-usd", "1.25")
    with Paywright(options=options) as server:
        client = client_of(server)
        line = {"price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "x"}}, "quantity": 1}
        session = client.v1.checkout.sessions.create(
            params={"mode": "payment", "line_items": [line], "success_url": "https://shop.example/"}
        )
        page = httpx.get(session.url.replace("http://localhost", server.api_base), trust_env=False).text
        server.pay(session.id)
        server.advance(10)

        assert "주문 상점" in page
        assert client.v1.accounts.retrieve_current().settings.dashboard.display_name == "주문 상점"
        assert client.v1.balance_transactions.list().data[0].fee == 125


def test_the_secret_may_come_by_the_environment():
    """Where the list of processes does not show it; a wrong one is named like any other bad input."""
    environment = {**os.environ, "PAYWRIGHT_SECRET": "whsec_dev"}
    command = [sys.executable, "-m", "paywright", "serve", "--port", "0", "--forward-to", "http://127.0.0.1:9/"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline() + process.stdout.readline()
        process.terminate()
    wrong = subprocess.run(command, env={**environment, "PAYWRIGHT_SECRET": "x"}, capture_output=True, text=True)

    assert "signed with the given secret" in said
    assert (wrong.returncode, wrong.stderr) == (2, "paywright: PAYWRIGHT_SECRET must be whsec_ and what follows it\n")
