"""Which tables the worker serves. An app registers its own leased rows in its ``AppConfig.ready``."""

from collections.abc import Callable
from typing import Any

from jumun.outbox.lease import LeasedRow

Process = Callable[[Any], None]

_queues: dict[type[LeasedRow], Process] = {}


def register_queue(queue: type[LeasedRow], process: Process) -> None:
    """Have the worker serve this table too. ``process`` does the work of one row, and calls `LeasedRow.finish` in the
    transaction that makes its effect true.
    """
    _queues[queue] = process


def registered_queues() -> tuple[type[LeasedRow], ...]:
    """The tables that the worker serves."""
    return tuple(_queues)


def process_row(row: LeasedRow) -> None:
    """Do the work of one claimed row."""
    _queues[type(row)](row)
