"""Run the application until a signal says stop."""

import signal
import socket
from pathlib import Path

from paywright.faults import Faults
from paywright.store import Store, Transaction


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


def serve(listener: socket.socket, store: Store, faults: Faults) -> None:
    """Serve until SIGTERM or Ctrl-C; a delivery under way is given up and stays pending."""
    # uvicorn handles the signals while it runs and raises them again when it has stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    import uvicorn

    from paywright.app import create_app

    config = uvicorn.Config(
        create_app(store, faults),
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        server_header=False,
        proxy_headers=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _exit(number: int, frame: object) -> None:
    raise SystemExit(0)


FORWARD_SETTING = "forward_endpoint"


def open_store(path: Path | None, base_url: str) -> Store:
    """Open the state; raise StateUnreadable."""
    return Store(path, base_url)


def set_forward(store: Store, url: str | None, secret: str) -> None:
    """Make ``--forward-to`` the endpoint that gets every event, or switch off that of an earlier run."""
    from paywright.resources.webhook_endpoints import new_endpoint

    with store.transaction() as tx:
        known = tx.find(store.setting(FORWARD_SETTING, ""))
        if url is None:
            _disable(tx, known)
        elif known is None:
            made = new_endpoint(tx, url=url, enabled_events=["*"], secret=secret)
            store.set_setting(FORWARD_SETTING, made["id"])
        else:
            known.update(url=url, status="enabled", _secrets=[{"secret": secret, "until": None}])
            tx.save(known)


def _disable(tx: Transaction, endpoint: dict[str, object] | None) -> None:
    if endpoint is not None:
        tx.save({**endpoint, "status": "disabled"})
