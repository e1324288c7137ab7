"""The faults of Paywright in a run."""

import random
from typing import Any

Fault = dict[str, Any]

DELIVERY: list[Fault] = [
    {"kind": "drop", "probability": 0.1},
    {"kind": "duplicate", "probability": 0.3, "times": 2},
    {"kind": "reorder", "probability": 0.2, "seconds": 2.0},
    {"kind": "delay", "probability": 0.1, "seconds": 1.0},
    {"kind": "truncate", "probability": 0.02},
    {"kind": "wrong_signature", "probability": 0.02},
]
CALLS: list[Fault] = [
    {"kind": "error_before", "probability": 0.03},
    {"kind": "error_after", "probability": 0.03},
    {"kind": "timeout_after", "probability": 0.02, "seconds": 3.0},
    {"kind": "reset_before", "probability": 0.02},
    {"kind": "reset_after", "probability": 0.02},
    {"kind": "rate_limit", "probability": 0.03},
    {"kind": "lock_timeout", "probability": 0.02},
    {"kind": "conflict", "probability": 0.02},
    {"kind": "slow", "probability": 0.02, "seconds": 2.0},
]
NO_WEBHOOKS: list[Fault] = [{"kind": "drop", "probability": 1.0}]


def faults(seed: int, turn: int, *, webhooks: bool) -> list[Fault]:
    """The faults in force in the run of a seed, at the ``turn``-th time that they are set."""
    # Each turn draws anew: a server killed while it answers a call must not answer it the same way for ever.
    draw = random.Random(f"{seed} {turn}")
    chosen = CALLS + (DELIVERY if webhooks else NO_WEBHOOKS)
    return [{**fault, "seed": draw.randrange(10**6)} for fault in chosen]


def hang(calls: str, for_s: float) -> Fault:
    """Every call that matches the pattern happens, and no answer comes for so long."""
    return {"kind": "timeout_after", "match": calls, "seconds": for_s}


def as_options(chosen: list[Fault]) -> list[str]:
    """As the command line of ``paywright serve`` takes them."""
    options = []
    for fault in chosen:
        values = ",".join(f"{name}={value}" for name, value in fault.items() if name != "kind")
        options += ["--fault", f"{fault['kind']}:{values}"]
    return options
