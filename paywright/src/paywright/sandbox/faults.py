"""Faults on request. A seed decides when they strike, so a run can be repeated exactly.

Each kind of thing that can go wrong (an event type's first deliveries, its second ones, an operation) draws numbers of
its own, so that what comes between by chance, such as a retry or an event that time brings, shifts no others.

A fault has a ``kind`` from DELIVERY or API, a ``match`` (a shell pattern over event types or over
operations such as ``POST /v1/refunds``), a ``probability`` and at most ``count`` strikes.
"""

import random
from collections import Counter
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from paywright.sandbox.refusal import Refusal

Json = dict[str, Any]

DELIVERY = {
    "drop": "the event never arrives and is not retried",
    "duplicate": "the event arrives `times` times in all",
    "reorder": "the first attempt waits a random time up to `seconds`",
    "delay": "the first attempt waits `seconds`",
    "truncate": "half of the signed body arrives",
    "reserialize": "the body arrives with other white space than was signed",
    "wrong_signature": "signed with a secret nobody knows",
    "old_timestamp": "signed ten minutes ago",
}
API = {
    "error_before": "a 5xx (`status`) and nothing happened",
    "error_after": "a 5xx (`status`) though it happened",
    "timeout_after": "it happened, and no answer comes for `seconds`",
    "reset_before": "the connection is reset and nothing happened",
    "reset_after": "it happened, and the connection is reset",
    "rate_limit": "429, code rate_limit",
    "lock_timeout": "429, code lock_timeout, with Stripe-Should-Retry: true",
    "conflict": "409, code idempotency_key_in_use",
    "slow": "the answer takes `seconds`; the idempotency key is in use meanwhile",
}


class FaultUnknown(Refusal):
    """A fault that does not exist or has impossible values."""


@dataclass
class Fault:
    """One way to go wrong; ``seconds``, ``times`` and ``status`` mean what its kind says."""

    kind: str
    match: str = "*"
    probability: float = 1.0
    count: int | None = None
    seconds: float = 3.0
    times: int = 2
    status: int = 500
    seed: int = 0
    struck: int = 0
    _drawn: Counter[str] = field(default_factory=Counter, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in DELIVERY and self.kind not in API:
            raise FaultUnknown(
                "unknown fault '{kind}'; known: {known}", kind=self.kind[:40], known=", ".join([*DELIVERY, *API])
            )
        if not (isinstance(self.match, str) and self.match and _are_whole(self.times, self.status, self.seed)):
            raise FaultUnknown("{kind}: match is a text, and times, status and seed are whole numbers", kind=self.kind)
        if self.count is not None and not (_are_whole(self.count) and self.count >= 0):
            raise FaultUnknown("{kind}: count is a whole number from 0 on", kind=self.kind)
        if not (0 <= self.probability <= 1 and 0 <= self.seconds <= 600 and 1 <= self.times <= 100):
            raise FaultUnknown("{kind}: probability is 0 to 1, seconds 0 to 600, times 1 to 100", kind=self.kind)
        if not 500 <= self.status <= 599:
            raise FaultUnknown("{kind}: status is 500 to 599", kind=self.kind)

    def strikes(self, subject: str, series: str) -> bool:
        """Whether it happens this time; everything that matches draws the next number of its ``series``."""
        if not fnmatchcase(subject, self.match) or (self.count is not None and self.struck >= self.count):
            return False
        hit = self._draw(series) < self.probability
        self.struck += hit
        return hit

    def random_seconds(self, series: str) -> float:
        return self._draw(f"{series} seconds") * self.seconds

    def _draw(self, series: str) -> float:
        self._drawn[series] += 1
        # Not for secrets: the same seed must give the same faults.
        return random.Random(f"{self.seed} {self.kind} {self.match} {series} {self._drawn[series]}").random()  # noqa: S311

    def shown(self) -> Json:
        return {name: value for name, value in asdict(self).items() if not name.startswith("_")}


def _are_whole(*values: object) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)


def made(value: Json) -> Fault:
    """Return the fault of a JSON object; raise FaultUnknown."""
    names = set(Fault.__dataclass_fields__) - {"struck", "_drawn"}
    if not isinstance(value, dict) or set(value) - names or not isinstance(value.get("kind"), str):
        raise FaultUnknown(
            "a fault has the members kind and, if wanted, {names}", names=", ".join(sorted(names - {"kind"}))
        )
    try:
        return Fault(**value)
    except TypeError:
        raise FaultUnknown("{kind}: probability and seconds are numbers", kind=value["kind"]) from None


def parsed(text: str) -> Fault:
    """Return the fault of a flag such as ``drop:match=charge.*,probability=0.5,seed=7``."""
    kind, _, rest = text.partition(":")
    value: Json = {"kind": kind}
    for part in filter(None, rest.split(",")):
        name, _, given = part.partition("=")
        value[name] = given if name == "match" else _number(name, given)
    return made(value)


def _number(name: str, given: str) -> float | int:
    try:
        return float(given) if "." in given else int(given)
    except ValueError:
        raise FaultUnknown("{name} must be a number, not '{given}'", name=name, given=given) from None


@dataclass
class Faults:
    """All faults in force."""

    active: list[Fault] = field(default_factory=list)

    def for_delivery(self, event_type: str, attempts: int) -> list[Fault]:
        """The faults that strike a delivery after ``attempts`` earlier attempts."""
        series = f"{event_type} {attempts}"
        return [f for f in self.active if f.kind in DELIVERY and f.strikes(event_type, series)]

    def for_call(self, call: str, operation: str) -> Fault | None:
        """The fault that strikes a call such as ``GET /v1/refunds/re_1``. ``operation`` leaves the id open."""
        return next((f for f in self.active if f.kind in API and f.strikes(call, operation)), None)
