"""The books check: every invariant as a query that names the rows which break it.

An app states its invariants in its ``audits.py``, found when Django starts; ``manage.py audit`` runs them all.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One row that breaks an invariant, named as staff know it."""

    invariant: str
    subject: str
    problem: str


Check = Callable[[], Iterable[tuple[str, str]]]

_checks: list[tuple[str, Check]] = []


def invariant(code: str) -> Callable[[Check], Check]:
    """Register a function that yields ``(subject, problem)`` for every row that breaks invariant ``code``."""

    def register(check: Check) -> Check:
        _checks.append((code, check))
        return check

    return register


def findings() -> Iterator[Finding]:
    """Run every check of every installed app, in the order of their codes. Reads only."""
    for code, check in sorted(_checks, key=lambda pair: int(pair[0].removeprefix("I"))):
        for subject, problem in check():
            yield Finding(invariant=code, subject=subject, problem=problem)


def codes() -> list[str]:
    """The invariants that are checked."""
    return sorted({code for code, _check in _checks}, key=lambda code: int(code.removeprefix("I")))
