"""The audit of the books: every invariant is a query for the rows that break it.

An app registers its checks in its ``audits`` module, which is loaded when Django starts; ``manage.py audit`` runs them
all. Each check is a fixed number of statements over whole tables, so that a million orders take minutes.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language

from jumun import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A row that breaks an invariant, by the name that staff know, and what to do about it."""

    invariant: str
    subject: str
    problem: str
    remedy: str


# Yields ``(subject, problem)`` for every row that breaks the invariant.
Check = Callable[[], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registered:
    code: str
    check: Check
    remedy: str | Promise
    reads_files: bool


Note = Callable[[], Iterable[str]]

_registered: list[_Registered] = []
_notes: list[Note] = []


def invariant(code: str, *, remedy: str | Promise, reads_files: bool = False) -> Callable[[Check], Check]:
    """Register a check of invariant ``code``. Its docstring says what it checks; ``remedy`` tells staff what to do.

    A check that reads files takes longer with each file, so it runs only on request.
    """

    def register(check: Check) -> Check:
        _registered.append(_Registered(code=code, check=check, remedy=remedy, reads_files=reads_files))
        return check

    return register


def note(note: Note) -> Note:
    """Register sentences that belong beside the findings and break no invariant, such as a recorded gap."""
    _notes.append(note)
    return note


def notes() -> Iterator[str]:
    """The notes of every installed app, one sentence each."""
    for note in _notes:
        yield from note()


def findings(*, files: bool = False) -> Iterator[Finding]:
    """Run every check of every installed app in the order of their codes; with ``files`` also those that read files."""
    for entry in _in_order():
        if files or not entry.reads_files:
            for subject, problem in entry.check():
                yield Finding(invariant=entry.code, subject=subject, problem=problem, remedy=str(entry.remedy))


def codes() -> list[str]:
    """The codes of the invariants that are checked."""
    return list(dict.fromkeys(entry.code for entry in _in_order()))


def _in_order() -> list[_Registered]:
    return sorted(_registered, key=lambda entry: int(entry.code.removeprefix("I")))


def shown(amount_minor: int, currency: str, language: str | None = None) -> str:
    """An amount with its currency, in ``language`` or else the reader's. The currency may be an unknown one."""
    return shown_by_stripe(amount_minor * money.stripe_scale(currency), currency, language)


def shown_by_stripe(amount: int, currency: str, language: str | None = None) -> str:
    """`shown` for an amount in Stripe's minor units."""
    return money.format_stripe(amount, currency.upper(), language or get_language() or "en")
