"""The server's clock: the machine's time plus an offset that only grows.

Paywright lives in this time alone, so that advancing it makes sessions expire, balances
become available and retries fall due.
"""

import math
import time


class Clock:
    """Seconds since 1970 (UTC) with an offset in seconds."""

    def __init__(self, offset_s: int = 0) -> None:
        self.offset_s = offset_s

    def now(self) -> int:
        return int(self.precise())

    def precise(self) -> float:
        return time.time() + self.offset_s

    def move_to(self, moment: float) -> None:
        """Advance to ``moment``; a moment already past changes nothing."""
        self.offset_s += max(0, math.ceil(moment - self.precise()))
