"""A circuit breaker: after a few calls to Stripe without an answer, further calls fail at once for a while."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jumun.errors import StripeSpared

# So many consecutive calls without an answer open the breaker.
FAILURES_MAX = 3
# How long it stays open. Then one call tries whether Stripe answers again.
SPARED_FOR_S = 15.0


class Breaker:
    """Counts the calls of all threads of a process. Any answer, even a refusal or a 500, closes the breaker."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until_s = 0.0
        self._is_probing = False

    @contextmanager
    def watching(self, no_answer: type[Exception]) -> Iterator[None]:
        """Around a call that raises ``no_answer`` without an answer. Raises `StripeSpared` instead of the call."""
        self._begin()
        try:
            yield
        except no_answer:
            self._end(answered=False)
            raise
        except Exception:
            self._end(answered=True)
            raise
        except BaseException:
            # The thread ends, so nobody knows whether Stripe would have answered.
            self._is_probing = False
            raise
        else:
            self._end(answered=True)

    def _begin(self) -> None:
        with self._lock:
            if self._failures < FAILURES_MAX:
                return
            left_s = self._open_until_s - self._clock()
            if left_s > 0 or self._is_probing:
                raise StripeSpared(max(left_s, 1.0))
            self._is_probing = True

    def _end(self, *, answered: bool) -> None:
        with self._lock:
            self._is_probing = False
            self._failures = 0 if answered else self._failures + 1
            self._open_until_s = self._clock() + SPARED_FOR_S
