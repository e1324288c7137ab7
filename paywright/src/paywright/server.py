"""Run the application until a signal says stop."""

import signal
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paywright.api.hosts import Hosts
    from paywright.sandbox.faults import Faults
    from paywright.state.store import Store

NEEDED = ("starlette", "uvicorn", "websockets", "jinja2", "httptools", "orjson", "babel")
"""The modules of the extra ``server``."""


class NotInstalled(Exception):
    """The extra ``server`` is missing."""


class AddressTaken(Exception):
    """The port cannot be listened on."""


def check_installed() -> None:
    """Raise NotInstalled, with the command that installs it, when the extra ``server`` is missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise NotInstalled(
            f"the server needs the extra \"server\": pip install 'paywright[server]' (missing: {', '.join(missing)})"
        )


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


def serve(listener: socket.socket, store: "Store", faults: "Faults", hosts: "Hosts") -> None:
    """Serve until SIGTERM or Ctrl-C; a delivery under way is given up and stays pending."""
    # uvicorn handles the signals while it runs and raises them again when it has stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
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


def _websocket(*arguments: Any, **named: Any) -> Any:
    """Load the websocket library at the first connection: few need it, and it would slow every start."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    return WebSocketsSansIOProtocol(*arguments, **named)


def _exit(number: int, frame: object) -> None:
    raise SystemExit(0)
