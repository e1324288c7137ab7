import os
import re
import signal
import socket

import pytest

from tests.tooling.running import Running, alive, shop
from tests.waiting import wait_until

pytestmark = [pytest.mark.long, pytest.mark.once]

OPEN = "Ctrl-C ends everything"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder; the first start prepares it for all tests of this file."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def start(data, tmp_path):
    started = []

    def begin(**more):
        running = Running(data, log=tmp_path / "log", **more)
        started.append(running)
        return running.wait_until_said(OPEN)

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(90)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_every_process_and_is_no_failure(start, number):
    running = start()
    family = running.family()
    assert running.get("/healthz") == 200

    running.process.send_signal(number)

    assert running.process.wait(90) == 0
    for part in ("gunicorn", "django work", "paywright serve"):
        assert any(part in args for args in family.values())
    assert not any(map(alive, family))
    assert "Traceback" not in running.said


def test_the_first_start_prints_the_password_and_no_later_one(tmp_path):
    def what_is_said():
        running = Running(tmp_path / "var", log=tmp_path / "log").wait_until_said(OPEN)
        running.process.terminate()
        running.process.wait(90)
        return running.said

    assert re.search(r"user staff, password \S{12} \(shown only now\)", what_is_said())
    later = what_is_said()
    assert "shown only now" not in later
    assert f"./run --data {tmp_path / 'var'} manage changepassword staff" in later


def test_killed_with_9_it_leaves_no_process_behind(start):
    running = start()
    family = running.family()

    running.process.kill()
    running.process.wait()

    wait_until(lambda: not any(map(alive, family)))


def test_a_dead_worker_is_replaced(start):
    running = start()
    worker = running.one("django work")

    os.kill(worker, signal.SIGKILL)

    running.wait_until_said("The worker has ended (signal 9); it is started again in 1 s.")
    wait_until(lambda: any("django work" in args for pid, args in running.family().items() if pid != worker))
    assert running.get("/healthz") == 200


@pytest.mark.parametrize(("name", "part"), [("web", "gunicorn"), ("paywright", "paywright serve")])
def test_without_its_servers_the_store_ends_and_says_so(start, name, part):
    running = start()
    family = running.family()

    os.kill(running.one(part), signal.SIGKILL)

    assert running.process.wait(90) == 1
    assert f"{name} has ended unexpectedly (signal 9)" in running.said
    wait_until(lambda: not any(map(alive, family)))


def test_with_a_key_of_stripe_paywright_is_not_started(start):
    running = start(STRIPE_SECRET_KEY="sk_test_of_an_account", STRIPE_WEBHOOK_SECRET="whsec_of_the_cli")

    assert not any("paywright serve" in args for args in running.family().values())
    assert f"stripe listen --all-snapshot --forward-to localhost:{running.port}/payment/webhooks/" in running.said


@pytest.mark.parametrize("option", ["--port", "--paywright-port"])
def test_a_taken_port_is_one_line_that_names_it_and_the_option(option, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = shop(option, port, "--data", tmp_path / "var")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert str(port) in done.stderr
    assert option in done.stderr


def test_a_key_without_a_webhook_secret_is_one_line_too(tmp_path):
    done = shop("--data", tmp_path / "var", STRIPE_SECRET_KEY="sk_test_of_an_account")

    assert done.returncode == 2
    assert done.stderr == (
        "jumun: STRIPE_SECRET_KEY is set but STRIPE_WEBHOOK_SECRET is not: stripe listen --print-secret prints it.\n"
    )


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_what_is_no_port_is_refused(port):
    done = shop("--port", port)

    assert done.returncode == 2
    assert f"{port} is not a port" in done.stderr


def test_in_a_korean_terminal_it_speaks_korean():
    assert "상점의 포트" in shop("--help", LANG="ko_KR.UTF-8").stdout
