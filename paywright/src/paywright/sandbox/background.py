"""The loop that runs due tasks and starts due deliveries, woken after every commit."""

import asyncio
import contextlib
import sqlite3
import sys
import time

from paywright.sandbox import tasks
from paywright.sandbox.faults import Faults
from paywright.state.store import Store
from paywright.webhooks.delivery import Courier

IDLE_S = 60.0
STATE_RETRY_S = 1.0
TASKS_IN_A_ROW_MAX = 50
"""After so many tasks, waiting requests get their turn."""


class Background:
    """The work that no request starts."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self.store = store
        self.faults = faults
        self._woken = asyncio.Event()
        self.courier = Courier(store, faults, self.wake)
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Look again: something was committed."""
        self._woken.set()

    async def stop(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        await self.courier.stop()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                self._run_due_tasks()
                self.courier.start_due()
            except sqlite3.OperationalError as problem:
                # Another program has locked the file, or the disk is full: either may pass.
                sys.stderr.write(f"paywright: the state file cannot be written: {problem}\n")
                await asyncio.sleep(STATE_RETRY_S)
                continue
            await self._wait()

    async def advance(self, seconds: float) -> None:
        """Move the clock on by ``seconds``, stopping whenever something is due."""
        target = self.store.clock.precise() + seconds
        await self.courier.settled()
        while (due := self._next_moment()) is not None and due <= target:
            self.store.advance_clock(due)
            self._run_due_tasks()
            self.courier.start_due()
            await self.courier.settled()
        self.store.advance_clock(target)
        self.wake()

    def _next_moment(self) -> float | None:
        moments = [m for m in (tasks.next_due(self.store), self.courier.next_due()) if m is not None]
        return min(moments, default=None)

    async def settled(self, timeout_s: float) -> bool:
        """Wait until nothing is due or under way; False when ``timeout_s`` passed before."""
        deadline = time.monotonic() + timeout_s
        while self._is_busy():
            if time.monotonic() > deadline:
                return False
            self.wake()
            await asyncio.sleep(0.005)
        return True

    def _is_busy(self) -> bool:
        due = self._next_moment()
        return bool(self.courier.sending) or (due is not None and due <= self.store.clock.precise())

    def _run_due_tasks(self) -> None:
        for _ in range(TASKS_IN_A_ROW_MAX):
            due = tasks.next_due(self.store)
            if due is None or due > self.store.clock.precise():
                return
            tasks.run_next(self.store)

    async def _wait(self) -> None:
        moments = [m for m in (tasks.next_due(self.store), self._next_delivery()) if m is not None]
        seconds = min([*(m - self.store.clock.precise() for m in moments), IDLE_S])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await self._woken.wait()

    def _next_delivery(self) -> float | None:
        """None while the maximum number of attempts runs: the end of one wakes the loop."""
        return self.courier.next_due() if self.courier.has_room() else None
