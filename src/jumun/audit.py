"""The books check: every invariant as a query that names the rows which break it.

An app states its invariants in its ``audits.py``, found when Django starts; ``manage.py audit`` runs them all. Each is
a fixed number of statements over whole tables, so that a million orders are a matter of minutes.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language

from jumun import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One row that breaks an invariant, named as staff know it, and what to do about it."""

    invariant: str
    subject: str
    problem: str
    remedy: str


# Yields ``(subject, problem)`` for every row that breaks the invariant.
Check = Callable[[], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stated:
    code: str
    check: Check
    remedy: str | Promise
    reads_files: bool

    @property
    def place(self) -> int:
        return int(self.code.removeprefix("I"))


Note = Callable[[], Iterable[str]]

_stated: list[_Stated] = []
_notes: list[Note] = []


def invariant(code: str, *, remedy: str | Promise, reads_files: bool = False) -> Callable[[Check], Check]:
    """Register a check of invariant ``code``; its docstring says what it checks, ``remedy`` what staff can do.

    One that reads files takes as long as there are files, and runs only when that is asked for.
    """

    def register(check: Check) -> Check:
        _stated.append(_Stated(code=code, check=check, remedy=remedy, reads_files=reads_files))
        return check

    return register


def note(tell: Note) -> Note:
    """Register what breaks no promise but belongs beside the findings: a gap that is on record, for instance."""
    _notes.append(tell)
    return tell


def notes() -> Iterator[str]:
    """What every installed app has to tell, one sentence each."""
    for tell in _notes:
        yield from tell()


def findings(*, files: bool = False) -> Iterator[Finding]:
    """Run every check of every installed app, in the order of their codes, with ``files`` those of files too."""
    for stated in sorted(_stated, key=lambda stated: stated.place):
        if files or not stated.reads_files:
            for subject, problem in stated.check():
                yield Finding(invariant=stated.code, subject=subject, problem=problem, remedy=str(stated.remedy))


def codes() -> list[str]:
    """The invariants that are checked."""
    return list(dict.fromkeys(stated.code for stated in sorted(_stated, key=lambda stated: stated.place)))


def shown(amount_minor: int, currency: str) -> str:
    """An amount with its currency, as a finding tells it in the language of its reader."""
    try:
        return money.format(amount_minor, currency, get_language() or "en")
    except money.MoneyError:  # a currency that was changed behind our back
        return f"{amount_minor} {currency}"


def shown_by_stripe(amount: int, currency: str) -> str:
    """The same of an amount in Stripe's minor units."""
    return money.format_stripe(amount, currency, get_language() or "en")
