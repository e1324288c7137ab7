"""What every Paywright that the tests start does besides its work: it writes down each answer, event and crash.

This module is loaded within the server's process, and so imports nothing that would slow its start. What it writes is
checked by ``tests.conformance.said``.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

VARIABLE = "PAYWRIGHT_SAID"
"""Names the folder in which each server keeps a file of its own."""

PROGRAM = (sys.executable, "-m", "tests.conformance.paywright")
"""In place of ``python -m paywright``."""


def install() -> None:
    """Have this process write down what it says from now on."""
    from paywright import app
    from paywright.webhooks import delivery, events

    log = _Log(folder())
    create, emit, delivered = app.create_app, events.emit, events.delivered_body

    def create_app(*given: Any) -> Any:
        return _Listening(create(*given), log)

    def emitted(*given: Any, **named: Any) -> Any:
        event = emit(*given, **named)
        log.write("event", event)
        return event

    def delivered_body(*given: Any) -> bytes:
        body = delivered(*given)
        log.write("event", json.loads(body))
        return body

    vars(app).update(create_app=create_app)
    vars(events).update(emit=emitted)
    vars(delivery).update(delivered_body=delivered_body)


class _Log:
    """One JSON document a line, each written at once, so that a killed server leaves whole lines."""

    def __init__(self, where: Path) -> None:
        self._file = os.open(where / f"{os.getpid()}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, kind: str, value: Any) -> None:
        os.write(self._file, json.dumps({kind: value}).encode() + b"\n")


class _Listening:
    """Passes everything on, and writes down what ``/v1`` answers."""

    def __init__(self, app: ASGIApp, log: _Log) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        heard: list[Message] = []

        async def overheard(message: Message) -> None:
            heard.append(message)
            await send(message)

        listens = scope["type"] == "http" and scope["path"].startswith("/v1/")
        try:
            await self._app(scope, receive, overheard if listens else send)
        except Exception:
            self._log.write("crash", [_asked(scope), traceback.format_exc()])
            raise
        if heard:
            self._log.write("answer", [*_asked(scope), heard[0]["status"], _text(heard)])


def _asked(scope: Scope) -> list[str]:
    return [scope.get("method", scope["type"]), scope.get("path", "")]


def _text(heard: list[Message]) -> str:
    return b"".join(message.get("body", b"") for message in heard).decode()


def folder() -> Path:
    """Where the servers of this process's tests write."""
    return Path(os.environ[VARIABLE])


def environment() -> dict[str, str]:
    """What a process needs that is given no other environment of the tests."""
    return {VARIABLE: os.environ[VARIABLE]}


def procfile(stores: Path) -> Path:
    """The store's `Procfile`, with a Paywright that writes down what it says."""
    written = folder() / f"Procfile-{os.getpid()}"
    written.write_text(in_place(stores.read_text()))
    return written


def in_place(command: str) -> str:
    """A command with `PROGRAM` in place of ``python -m paywright``."""
    return command.replace("-m paywright", "-m tests.conformance.paywright")
