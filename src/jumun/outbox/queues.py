"""Which tables the worker serves. An app adds its own leased rows in its ``AppConfig.ready``."""

from jumun.outbox.lease import LeasedRow

_queues: list[type[LeasedRow]] = []


def register_queue(queue: type[LeasedRow]) -> None:
    """Have the worker serve this table too; repeated registration changes nothing."""
    if queue not in _queues:
        _queues.append(queue)


def registered_queues() -> tuple[type[LeasedRow], ...]:
    """The tables that the worker serves."""
    return tuple(_queues)
