"""One clock for all processes of a run: the machine's time plus seconds that lie in a file.

Only `now` of Django is moved. Stripe's signatures are checked by the machine's time; Paywright, whose clock is moved
first, signs in its own, which is never behind.
"""

import mmap
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

VARIABLE = "JUMUN_CHAOS_CLOCK"
_SECONDS = struct.Struct("=d")


class SharedClock:
    """The time as every process of the run sees it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_SECONDS.pack(0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SECONDS.size)

    @property
    def offset_s(self) -> float:
        seconds: float = _SECONDS.unpack(self._memory[:])[0]
        return seconds

    def advance(self, seconds: float) -> None:
        """Move the time forward for every process at once."""
        self._memory[:] = _SECONDS.pack(self.offset_s + seconds)

    def now(self) -> datetime:
        """In place of `django.utils.timezone.now`."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_s)


def of_this_process() -> SharedClock:
    """The clock of the run to which this process belongs."""
    return SharedClock(Path(os.environ[VARIABLE]))
