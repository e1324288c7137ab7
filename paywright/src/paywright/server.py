"""Run the application until a signal says stop."""

import signal
import socket
import sys
from types import ModuleType
from typing import Any

from paywright.api.hosts import Hosts
from paywright.sandbox.faults import Faults
from paywright.state.store import Store


class AddressTaken(Exception):
    """The port cannot be listened on."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as problem:
        listener.close()
        raise AddressTaken(f"cannot listen on {host}:{port} ({problem.strerror}); choose another --port") from None
    return listener


def address(listener: socket.socket) -> str:
    """The URL of a listening socket, as a browser on this machine reaches it."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def serve(listener: socket.socket, store: Store, faults: Faults, hosts: Hosts) -> None:
    """Serve until SIGTERM or Ctrl-C; a delivery under way is given up and stays pending."""
    # uvicorn handles the signals while it runs and raises them again when it has stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    _spare_uvicorns_command_line()
    from uvicorn.config import Config
    from uvicorn.server import Server

    from paywright.app import create_app

    config = Config(
        create_app(store, faults, hosts),
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        server_header=False,
        proxy_headers=False,
        loop="asyncio",
        http="httptools",
        ws=_websocket,  # type: ignore[arg-type]
    )
    Server(config).run(sockets=[listener])


def _spare_uvicorns_command_line() -> None:
    """Importing uvicorn imports its own command line with click: a fifth of our start, and used by nobody here."""
    if "uvicorn" not in sys.modules:
        unused = ModuleType("uvicorn.main")
        unused.__dict__.update(main=None, run=None, Server=None)
        sys.modules[unused.__name__] = unused


def _websocket(*arguments: Any, **named: Any) -> Any:
    """Load the websocket library at the first connection: few need it, and it would slow every start."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    return WebSocketsSansIOProtocol(*arguments, **named)


def _exit(number: int, frame: object) -> None:
    raise SystemExit(0)
