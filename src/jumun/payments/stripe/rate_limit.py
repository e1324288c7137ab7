"""Keep long listings well below Stripe's rate limits, so that customers never meet them.

Stripe takes 25 requests a second in test mode and 100 in live mode (docs.stripe.com/rate-limits).
"""

import threading
import time

from jumun.conf import livemode

TEST_PER_S = 10
LIVE_PER_S = 40

_lock = threading.Lock()
_free_at_s = 0.0


def pace() -> None:
    """Wait until the next call is allowed: so many calls a second, with bursts of at most one second's allowance."""
    global _free_at_s  # noqa: PLW0603 (one pace for the process)
    per_s = LIVE_PER_S if livemode() else TEST_PER_S
    with _lock:
        now = time.monotonic()
        # Unused allowance expires after one second.
        _free_at_s = max(_free_at_s, now - 1) + 1 / per_s
        wait_s = _free_at_s - now
    if wait_s > 0:
        time.sleep(wait_s)
