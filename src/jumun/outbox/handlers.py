"""The functions that run each kind of job. They are in the ``jobs.py`` of their app and are registered at start-up."""

from collections.abc import Callable
from dataclasses import dataclass

from jumun.outbox.lanes import Lane

Run = Callable[..., bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """How to run a kind of job.

    A ``network`` handler calls another service, so it runs outside a transaction and may run more than once. It returns
    ``True`` when the call must not be repeated (a mail server has accepted a mail). That is committed at once; from
    then on only ``record`` runs, in the transaction that finishes the job. All other handlers run in that transaction.
    A recurring job runs again ``every_s`` seconds after it ended.
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
    """Register the handler of ``kind``. It and ``record`` get the job's arguments as keyword arguments."""

    def register(run: Run) -> Run:
        _handlers[kind] = Handler(kind=kind, run=run, lane=lane, network=network, record=record, every_s=every_s)
        return run

    return register


def handler_of(kind: str) -> Handler:
    """Raises `LookupError` if no installed app handles ``kind``."""
    try:
        return _handlers[kind]
    except KeyError:
        raise LookupError(f"no handler for jobs of kind {kind!r} is installed") from None


def recurring() -> list[Handler]:
    """The handlers of recurring jobs."""
    return [handler for handler in _handlers.values() if handler.every_s is not None]
