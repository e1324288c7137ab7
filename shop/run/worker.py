"""``python -m shop.run.worker``: run ``manage.py work``, and start it again whenever it ends.

The pause before the next start doubles up to a limit. The rows that one worker died of are set aside by the next ones.
"""

import subprocess
import sys
import time
from collections.abc import Sequence

from shop.terminal import _

PAUSE_MAX_S = 8.0
# After this long the next pause is the shortest again.
STABLE_S = 60.0


def main(command: Sequence[str]) -> None:
    pause_s = 1.0
    while True:
        began = time.monotonic()
        code = subprocess.run(command, check=False).returncode  # noqa: S603 (our own command)
        if time.monotonic() - began > STABLE_S:
            pause_s = 1.0
        message = _("The worker has ended ({how}); it is started again in {pause:g} s.")
        print(message.format(how=how_it_ended(code), pause=pause_s), flush=True)
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, PAUSE_MAX_S)


def how_it_ended(code: int) -> str:
    """An exit code in words; a negative one is the number of a signal."""
    return _("signal {number}").format(number=-code) if code < 0 else _("exit code {code}").format(code=code)


if __name__ == "__main__":
    main([sys.executable, "-m", "django", "work"])
