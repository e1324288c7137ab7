import time

from django.utils import timezone

# More than a clock is corrected by at once while it is kept right, and than a thread is held up between two readings.
JUMP_S = 5.0


class Clock:
    """Notices that the wall clock, by which rows are due, has moved by another span than time has passed."""

    def __init__(self) -> None:
        self._ahead_s = self._read()

    def has_jumped(self) -> bool:
        """Whether it has since the last time that this was asked; also after the machine was suspended."""
        before_s, self._ahead_s = self._ahead_s, self._read()
        return abs(self._ahead_s - before_s) > JUMP_S

    def _read(self) -> float:
        return timezone.now().timestamp() - time.monotonic()
