"""One clock for all processes of a run: the machine's time plus seconds that lie in a file.

Where time passes for all (`SharedClock.advance`), only `now` of Django is moved. Stripe's signatures are checked by the
machine's time; Paywright, whose clock is moved first, signs in its own, which is never behind.

Where the store's machine shows a wrong time (`SharedClock.set_wrong`), its `time.time` is wrong as well, and
Paywright's clock is not.
"""

import mmap
import os
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

VARIABLE = "JUMUN_CHAOS_CLOCK"
# How much later it is for all, and how far the clock of the store's machine is ahead of that.
_SECONDS = struct.Struct("=dd")
_machine_time = time.time


class SharedClock:
    """The time as every process of the run sees it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_SECONDS.pack(0, 0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SECONDS.size)

    @property
    def offset_s(self) -> float:
        """By how much the store's processes are ahead of the machine on which the run takes place."""
        passed_s, wrong_s = self._read()
        return passed_s + wrong_s

    def advance(self, seconds: float) -> None:
        """Move the time forward for every process at once."""
        passed_s, wrong_s = self._read()
        self._memory[:] = _SECONDS.pack(passed_s + seconds, wrong_s)

    def set_wrong(self, seconds: float) -> None:
        """Have the store's machine show a time that is so far ahead of the right one; 0 makes it right again."""
        passed_s, _wrong_s = self._read()
        self._memory[:] = _SECONDS.pack(passed_s, seconds)

    def _read(self) -> tuple[float, float]:
        passed_s, wrong_s = _SECONDS.unpack(self._memory[:])
        return passed_s, wrong_s

    def time(self) -> float:
        """In place of `time.time`."""
        return _machine_time() + self._read()[1]

    def now(self) -> datetime:
        """In place of `django.utils.timezone.now`."""
        return datetime.fromtimestamp(_machine_time(), UTC) + timedelta(seconds=self.offset_s)


def of_this_process() -> SharedClock:
    """The clock of the run to which this process belongs."""
    return SharedClock(Path(os.environ[VARIABLE]))
