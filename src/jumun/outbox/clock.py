import time

from django.utils import timezone

# More than a time service corrects at once, and more than a thread is delayed between two readings.
JUMP_S = 5.0


class Clock:
    """Notices when the wall clock, which decides what is due, has moved by more or less than the time that passed."""

    def __init__(self) -> None:
        self._ahead_s = self._read()

    def has_jumped(self) -> bool:
        """Whether it has jumped since the last call. It also has after the machine was suspended."""
        before_s, self._ahead_s = self._ahead_s, self._read()
        return abs(self._ahead_s - before_s) > JUMP_S

    def _read(self) -> float:
        return timezone.now().timestamp() - time.monotonic()
