"""RabbitMQ for the tests, where it is installed: on ports and in folders of its own, as whoever runs the tests."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT_S = 60


def find_rabbitmq() -> str | None:
    """The server's own script; what Debian has on PATH is a wrapper around it that wants to be the service's user."""
    found = shutil.which("rabbitmq-server")
    script = Path(found).resolve().parent / "rabbitmq-server" if found else None
    return str(script) if script and script.is_file() else None


@contextmanager
def running_rabbitmq(script: str) -> Iterator[str]:
    """Celery's address of a fresh server."""
    port, own_port, epmd_port = _free_ports(3)
    with tempfile.TemporaryDirectory(prefix="jumun-rabbitmq-", ignore_cleanup_errors=True) as folder:
        environment = {
            "PATH": os.environ["PATH"],
            # Where Erlang keeps its cookie.
            "HOME": folder,
            "ERL_EPMD_PORT": str(epmd_port),
            "RABBITMQ_NODENAME": "jumun-test@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(own_port),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": f"{folder}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
        }
        server = subprocess.Popen([script], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(server, port)
            yield f"amqp://guest:guest@127.0.0.1:{port}//"
        finally:
            server.terminate()
            server.wait(timeout=90)
            # Erlang's directory of nodes outlives them.
            subprocess.run(["epmd", "-port", str(epmd_port), "-kill"], stdout=subprocess.DEVNULL, check=False)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert server.poll() is None, "rabbitmq-server has ended"
            assert time.monotonic() < deadline, "rabbitmq-server does not answer"
            time.sleep(0.1)
        else:
            return
