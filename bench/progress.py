"""How far a run has come, for whoever waits for it."""

import sys
import time

_BEGAN = time.monotonic()


def tell(what: str) -> None:
    """One line on the standard error output, with the minutes since the run began."""
    minutes, seconds = divmod(int(time.monotonic() - _BEGAN), 60)
    print(f"{minutes:3d}:{seconds:02d} {what}", file=sys.stderr, flush=True)
