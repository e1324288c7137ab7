"""The tables that the worker serves. An app registers its leased rows in its ``AppConfig.ready``."""

from collections.abc import Callable
from typing import Any

from jumun.outbox.lease import LeasedRow

Process = Callable[[Any], None]

_queues: dict[type[LeasedRow], Process] = {}


def register_queue(queue: type[LeasedRow], process: Process) -> None:
    """Make the worker serve this table. ``process`` does the work of one row, and calls `LeasedRow.finish` in the
    transaction of its effect.
    """
    _queues[queue] = process


def registered_queues() -> tuple[type[LeasedRow], ...]:
    return tuple(_queues)


def process_row(row: LeasedRow) -> None:
    _queues[type(row)](row)
