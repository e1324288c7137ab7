"""What a job's kind means. Handlers live in the ``jobs.py`` of their app and are found when Django starts."""

from collections.abc import Callable
from dataclasses import dataclass

# What a handler that talks to somebody else leaves to be written down with the job's end.
Record = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """How to run a kind of job.

    ``network`` handlers run outside a transaction, since they talk to somebody else, and so must bear being
    run twice; what they return, if anything, is called in the transaction that finishes the job. All others run in
    that transaction. A recurring job comes again ``every_s`` seconds after it ended.
    """

    kind: str
    run: Callable[..., Record | None]
    network: bool
    every_s: int | None


_handlers: dict[str, Handler] = {}


def job(
    kind: str, *, network: bool = False, every_s: int | None = None
) -> Callable[[Callable[..., Record | None]], Callable[..., Record | None]]:
    """Register a function as the handler of ``kind``; it gets the job's arguments as keywords."""

    def register(run: Callable[..., Record | None]) -> Callable[..., Record | None]:
        _handlers[kind] = Handler(kind=kind, run=run, network=network, every_s=every_s)
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
