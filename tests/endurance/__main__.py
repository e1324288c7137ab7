"""``./test --endurance [MINUTES]``: a store under each trouble for so long, while customers buy."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.conformance import recording
from tests.conformance.said import Said
from tests.endurance.run import run
from tests.endurance.troubles import TROUBLES

MINUTES = 10.0
DATABASES = ("sqlite", "postgresql")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every store has stood its trouble, 1 when one has not."""
    chosen = _parser().parse_args(arguments)
    # Whoever ends it early leaves no process behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="jumun-endurance-") as temporary:
        said = Path(temporary) / "said"
        said.mkdir()
        os.environ[recording.VARIABLE] = str(said)
        for database in [chosen.database] if chosen.database else DATABASES:
            for name in [chosen.trouble] if chosen.trouble else TROUBLES:
                folder = (chosen.keep or Path(temporary)) / f"{name}-{database}"
                report = run(name, folder, database=database, minutes=chosen.minutes)
                print(report, flush=True)
                failed += bool(report.wrong)
        problems = list(Said(said).problems())
    print("\n".join(f"Paywright: {problem}" for problem in problems))
    return int(bool(failed or problems))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./test --endurance", description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=MINUTES, help="for each (default: %(default)g)")
    parser.add_argument("--trouble", choices=TROUBLES, help="default: all, one after the other")
    parser.add_argument("--database", choices=DATABASES, help="default: both, one after the other")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the stores' folders")
    return parser


if __name__ == "__main__":
    sys.exit(main())
