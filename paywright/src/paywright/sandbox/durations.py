"""Spans of time as people write them: ``90``, ``30m``, ``2d``, ``1d12h``."""

import re

from paywright.sandbox.refusal import Refusal

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"^(?:[0-9]{1,9}[smhdw])+$")
LONGEST_S = 3_650 * 86_400


class NotASpan(Refusal):
    """Not a span of time, or one that is too long."""


def seconds(text: str) -> int:
    """Return the seconds of a span; raise NotASpan for other texts, and for more than ten years."""
    if text.isascii() and text.isdigit():
        total = int(text[:12])
    elif _SPAN.match(text):
        total = sum(int(n) * _UNITS_S[unit] for n, unit in re.findall(r"(\d+)([smhdw])", text))
    else:
        raise NotASpan("not a span of time: '{given}' (write 90, 30m, 12h or 2d)", given=text[:40])
    if total > LONGEST_S:
        raise NotASpan("the clock moves at most ten years at once")
    return total
