"""Deliver events to endpoints: signed anew at each attempt, retried with backoff (https://docs.stripe.com/webhooks).

A delivery is a row before it is an attempt, so a restarted server continues where the last one stopped.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from orjson import loads

from paywright.sandbox.faults import Fault, Faults
from paywright.state.store import Store, Transaction
from paywright.webhooks.events import LISTENER, delivered_body
from paywright.webhooks.sender import NotSent, Sender
from paywright.webhooks.signing import signature_header

Json = dict[str, Any]

AT_ONCE_MAX = 16
TIMEOUT_S = 30.0
"""Stripe's own limit is not published; its CLI's forwarder waits this long."""

RETRIES_S = (5, 15 * 60, 3 * 3600)
"""Seconds before each retry: Stripe's sandbox retries three times over a few hours, at intervals that it does not
publish. The first comes soon, for a developer whose store restarts."""

OLD_S = 600
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


@dataclass
class Due:
    """One attempt to make. ``stored`` is the event's JSON: most attempts never need it parsed."""

    id: int
    stored: str
    endpoint: Json
    attempts: int
    faults: list[Fault] = field(default_factory=list)

    @cached_property
    def event(self) -> Json:
        event: Json = loads(self.stored)
        return event


@dataclass(frozen=True)
class Finished:
    """One attempt made: ``status`` None when no answer came."""

    due: Due
    status: int | None
    outcome: str
    took_ms: int
    at: float


Line = Callable[[Due, bytes, dict[str, str]], Awaitable[tuple[int | None, str]]]
"""How an endpoint is reached that has no URL: a connected ``stripe listen``."""


class Courier:
    """Takes due deliveries from the store and sends them, a bounded number at once."""

    def __init__(self, store: Store, faults: Faults, wake: Callable[[], None]) -> None:
        """``wake`` is called whenever a place for another attempt becomes free."""
        self.store = store
        self.faults = faults
        self.wake = wake
        self.sending: set[asyncio.Task[None]] = set()
        self.progress = asyncio.Event()
        self._postponed: dict[int, list[Fault]] = {}
        """By delivery id, the faults that postponed its first attempt."""
        self.lines: dict[str, Line] = {}
        self._sender = Sender(store.targets)
        self._finished: list[Finished] = []
        # A delivery under way has no next_at; after a restart it is due again.
        store.connection.execute(
            "UPDATE delivery SET next_at = ? WHERE state = 'pending' AND next_at IS NULL", (store.clock.now(),)
        )

    def next_due(self) -> float | None:
        return self.store.moment("SELECT min(next_at) FROM delivery WHERE state = 'pending' AND next_at IS NOT NULL")

    def has_room(self) -> bool:
        """Whether another attempt may begin now."""
        return len(self.sending) < AT_ONCE_MAX

    def start_due(self) -> None:
        """Record finished attempts, and start as many due ones as may run at once."""
        due = self.next_due() if self.has_room() else None
        if due is None or due > self.store.clock.precise():
            self._record_finished()
            return
        with self.store.transaction() as tx:
            self._record_all(tx)
            claimed = self._claim(tx, AT_ONCE_MAX - len(self.sending))
        self._tell_finished()
        for due_now in claimed:
            task = asyncio.create_task(self._attempt(due_now))
            self.sending.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.sending.discard(task)
        self.wake()

    def _claim(self, tx: Transaction, most: int) -> list[Due]:
        rows = tx.sql.execute(
            "SELECT delivery.id, doc, endpoint, attempts FROM delivery JOIN object ON object.id = event"
            " WHERE state = 'pending' AND next_at <= ? ORDER BY next_at, delivery.id LIMIT ?",
            (self.store.clock.precise(), most),
        ).fetchall()
        endpoints = {identifier: tx.find(identifier) for identifier in {row[2] for row in rows}}
        claimed = []
        for identifier, stored, endpoint_id, attempts in rows:
            endpoint = endpoints[endpoint_id]
            if endpoint is None or endpoint["status"] != "enabled":
                # A disabled or deleted endpoint gets no further retries for the event.
                tx.sql.execute("UPDATE delivery SET state = 'dropped' WHERE id = ?", (identifier,))
                continue
            due = Due(identifier, stored, endpoint, attempts)
            if self._goes_out(tx, due):
                claimed.append(due)
        tx.sql.executemany("UPDATE delivery SET next_at = NULL WHERE id = ?", [(due.id,) for due in claimed])
        return claimed

    def _goes_out(self, tx: Transaction, due: Due) -> bool:
        """Let faults strike. Return False when one drops or postpones the attempt."""
        if due.id in self._postponed:
            due.faults = self._postponed.pop(due.id)
            return True
        if not self.faults.active:
            return True
        due.faults = self.faults.for_delivery(due.event["type"], due.attempts)
        if any(fault.kind == "drop" for fault in due.faults):
            tx.sql.execute("UPDATE delivery SET state = 'lost' WHERE id = ?", (due.id,))
            return False
        seconds = sum(_wait_s(fault, due) for fault in due.faults)
        if seconds:
            tx.sql.execute(
                "UPDATE delivery SET next_at = ? WHERE id = ?", (self.store.clock.precise() + seconds, due.id)
            )
            self._postponed[due.id] = due.faults
        return not seconds

    async def _attempt(self, due: Due) -> None:
        began = time.monotonic()
        status, outcome = await self._send(due)
        took_ms = round((time.monotonic() - began) * 1000)
        self._finished.append(Finished(due, status, outcome, took_ms, self.store.clock.precise()))

    async def _send(self, due: Due) -> tuple[int | None, str]:
        body, headers = self._message(due)
        line = self.lines.get(due.endpoint["id"])
        if line is not None:
            return await line(due, body, headers)
        try:
            for _ in range(next((f.times for f in due.faults if f.kind == "duplicate"), 1)):
                status, text = await self._sender.post(due.endpoint["url"], body, headers, TIMEOUT_S)
        except NotSent as problem:
            return None, str(problem)[:500]
        return status, text[:500]

    def _message(self, due: Due) -> tuple[bytes, dict[str, str]]:
        """The body and headers that go out, spoilt by the faults that struck."""
        struck = {fault.kind for fault in due.faults}
        body = delivered_body(due.stored, due.endpoint)
        secrets = ["whsec_nobody_knows"] if "wrong_signature" in struck else self._secrets(due.endpoint)
        moment = self.store.clock.now() - (OLD_S if "old_timestamp" in struck else 0)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "Stripe-Signature": signature_header(body, secrets, moment),
        }
        if "truncate" in struck:
            body = body[: len(body) // 2]
        if "reserialize" in struck:
            body = json.dumps(loads(body), indent=1).encode()
        return body, headers

    def _secrets(self, endpoint: Json) -> list[str]:
        now = self.store.clock.now()
        return [s["secret"] for s in endpoint["_secrets"] if s["until"] is None or s["until"] > now]

    def _record_finished(self) -> None:
        """Record the attempts that ended since the last time."""
        if self._finished:
            with self.store.transaction() as tx:
                self._record_all(tx)
            self._tell_finished()

    def _record_all(self, tx: Transaction) -> None:
        for one in self._finished:
            self._record(tx, one)

    def _tell_finished(self) -> None:
        """Call after the commit: if it failed, the attempts are kept for the next time."""
        if self._finished:
            self._finished = []
            self.progress.set()
            self.progress = asyncio.Event()

    def _record(self, tx: Transaction, one: Finished) -> None:
        due, accepted = one.due, one.status is not None and 200 <= one.status < 300
        state, next_at = "succeeded" if accepted else "failed", None
        if not accepted and due.attempts < len(RETRIES_S) and due.endpoint["object"] != LISTENER:
            state, next_at = "pending", one.at + RETRIES_S[due.attempts]
        tx.sql.execute(
            "UPDATE delivery SET state = ?, attempts = attempts + 1, next_at = ? WHERE id = ?",
            (state, next_at, due.id),
        )
        tx.sql.execute(
            "INSERT INTO attempt (delivery, at, status, took_ms, outcome) VALUES (?, ?, ?, ?, ?)",
            (due.id, one.at, one.status, one.took_ms, one.outcome),
        )

    async def wait_for_first_answer(self, event: str, timeout_s: float) -> None:
        """Return when every endpoint of ``event`` has been tried once, or after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while self._untried(event) and (left := deadline - time.monotonic()) > 0:
            progress = self.progress
            try:
                await asyncio.wait_for(progress.wait(), left)
            except TimeoutError:
                return

    def _untried(self, event: str) -> bool:
        row = self.store.connection.execute(
            "SELECT count(*) FROM delivery WHERE event = ? AND attempts = 0 AND state = 'pending'", (event,)
        ).fetchone()
        return bool(row[0])

    async def settled(self) -> None:
        """Return when no attempt is under way."""
        while self.sending:
            await asyncio.wait(self.sending)
        self._record_finished()

    def forget(self) -> None:
        """Drop what belongs to deliveries that no longer exist."""
        self._postponed.clear()

    async def stop(self) -> None:
        """Cancel running attempts; their deliveries stay pending in the store."""
        for task in self.sending:
            task.cancel()
        await asyncio.gather(*self.sending, return_exceptions=True)
        self._record_finished()
        self._sender.close()


def _wait_s(fault: Fault, due: Due) -> float:
    """How long a fault holds a first attempt back."""
    if due.attempts or fault.kind not in ("delay", "reorder"):
        return 0.0
    return fault.seconds if fault.kind == "delay" else fault.random_seconds(due.event["type"])
