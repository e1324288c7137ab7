"""The websocket of ``stripe listen``: deliveries go through it to the CLI, which forwards them and reports back.

Message shapes: pkg/websocket of github.com/stripe/stripe-cli (Apache-2.0), read, not copied. As at Stripe, the
answer of the server behind the CLI is recorded, and a failure is not retried.
"""

import asyncio
import json
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from paywright.resources.cli_sessions import PATH
from paywright.sandbox.background import Background
from paywright.state import ids
from paywright.state.store import Store
from paywright.webhooks.delivery import TIMEOUT_S, Due
from paywright.webhooks.events import LISTENER

Json = dict[str, Any]

SUBPROTOCOL = "stripecli-devproxy-v1"


class Listeners:
    """The CLIs that are connected."""

    def __init__(self, store: Store, background: Background) -> None:
        self.store = store
        self.background = background
        # The websockets of an earlier server are closed.
        with store.transaction() as tx:
            tx.sql.execute("DELETE FROM object WHERE kind = ?", (LISTENER,))

    def routes(self) -> list[WebSocketRoute]:
        return [WebSocketRoute(PATH, self.connect)]

    async def connect(self, socket: WebSocket) -> None:
        identifier = socket.headers.get("websocket-id", "")
        if not self._switch(identifier, "enabled"):
            await socket.close(4004, "Unknown WebSocket ID.")
            return
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        line = _Line(socket)
        self.background.courier.lines[identifier] = line.deliver
        try:
            while True:
                line.hear(await socket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            self.background.courier.lines.pop(identifier, None)
            self._switch(identifier, "disabled")
            line.hang_up()

    def _switch(self, identifier: str, status: str) -> bool:
        with self.store.transaction() as tx:
            listener = tx.find(identifier, LISTENER)
            if listener is None:
                return False
            tx.save({**listener, "status": status})
            return True


class _Line:
    """One open websocket and the conversations that wait for an answer."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.waiting: dict[str, asyncio.Future[tuple[int, str]]] = {}
        self.forwards: dict[str, bool] = {}

    async def deliver(self, due: Due, body: bytes, headers: dict[str, str]) -> tuple[int | None, str]:
        """Send one event; return the HTTP status and body the CLI reports."""
        conversation = f"wc_{ids.random_text(24)}"
        answer: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self.waiting[conversation] = answer
        self.forwards[conversation] = due.endpoint["forwards"]
        try:
            await self.socket.send_text(json.dumps(_message(due, body, headers, conversation)))
            return await asyncio.wait_for(answer, TIMEOUT_S)
        except TimeoutError:
            return None, "the CLI reported no answer"
        except (RuntimeError, WebSocketDisconnect):
            return None, "the CLI hung up"
        finally:
            self.waiting.pop(conversation, None)
            self.forwards.pop(conversation, None)

    def hear(self, text: str) -> None:
        """Take in a message; without ``--forward-to`` the acknowledgement is all there will be."""
        try:
            message = json.loads(text)
            conversation = str(message.get("webhook_conversation_id"))
        except (ValueError, AttributeError):
            return
        answer = self.waiting.get(conversation)
        if answer is None or answer.done():
            return
        if message.get("type") == "webhook_response" and isinstance(message.get("status"), int):
            answer.set_result((message["status"], str(message.get("body", ""))[:500]))
        elif message.get("type") == "event_ack" and not self.forwards[conversation]:
            answer.set_result((200, "seen by stripe listen"))

    def hang_up(self) -> None:
        for answer in self.waiting.values():
            if not answer.done():
                answer.set_exception(RuntimeError("hung up"))


def _message(due: Due, body: bytes, headers: dict[str, str], conversation: str) -> Json:
    return {
        "type": "webhook_event",
        "endpoint": {"api_version": None},
        "event_payload": body.decode(),
        "http_headers": headers,
        "webhook_conversation_id": conversation,
        "webhook_id": f"wh_{ids.random_text(24)}",
    }
