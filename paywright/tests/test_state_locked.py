"""Another program that holds the state file for a while does not end the deliveries."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from paywright.sandbox import background
from paywright.sandbox.background import Background
from paywright.sandbox.faults import Faults
from paywright.state.store import Store
from tests.conformance.receiver import WAIT_S


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "state.sqlite3", "http://127.0.0.1")
    store.connection.execute("PRAGMA busy_timeout = 1")
    yield store
    store.close()


def test_what_falls_due_meanwhile_is_done_afterwards(store, monkeypatch, capsys):
    monkeypatch.setattr(background, "STATE_RETRY_S", 0.01)
    with store.transaction() as tx:
        tx.later(0, "daily_payout", "daily")

    async def run():
        running = Background(store, Faults())
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            running.start()
            said = ""
            while "cannot be written" not in said:
                await asyncio.sleep(0.01)
                said += capsys.readouterr().err
        settled = await running.settled(WAIT_S)
        await running.stop()
        return settled

    # In a thread of its own: where a browser's test has gone before, this one has an event loop already.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(asyncio.wait_for(run(), WAIT_S))).result()
