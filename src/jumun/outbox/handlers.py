"""What a job's kind means. Handlers live in the ``jobs.py`` of their app and are found when Django starts."""

from collections.abc import Callable
from dataclasses import dataclass

from jumun.outbox.lanes import Lane

Run = Callable[..., bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """How to run a kind of job.

    ``network`` handlers call somebody else, so they run outside a transaction and may run more than once. One that
    returns ``True`` has had an answer that must not be asked for again (a mail server has taken a mail): this is
    committed at once, and from then on only ``record`` is tried, in the transaction that finishes the job. All other
    handlers run in that transaction. A recurring job runs again ``every_s`` seconds after it ended.
    """

    kind: str
    run: Run
    lane: Lane
    network: bool
    record: Callable[..., object] | None
    every_s: int | None


_handlers: dict[str, Handler] = {}


def job(
    kind: str,
    *,
    lane: Lane,
    network: bool = False,
    record: Callable[..., object] | None = None,
    every_s: int | None = None,
) -> Callable[[Run], Run]:
    """Register a function as the handler of ``kind``; it and ``record`` get the job's arguments as keywords."""

    def register(run: Run) -> Run:
        _handlers[kind] = Handler(kind=kind, run=run, lane=lane, network=network, record=record, every_s=every_s)
        return run

    return register


def handler_of(kind: str) -> Handler:
    """The handler of ``kind``. Raises `LookupError` where no installed app has one."""
    try:
        return _handlers[kind]
    except KeyError:
        raise LookupError(f"no handler for jobs of kind {kind!r} is installed") from None


def recurring() -> list[Handler]:
    """The handlers that run again and again without being asked."""
    return [handler for handler in _handlers.values() if handler.every_s is not None]
