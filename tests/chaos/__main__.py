"""``./test --chaos MINUTES``: runs of the simulator, one seed after the other, until the time is over."""

import argparse
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos import plan
from tests.chaos.run import Report, run

ORDERS = 100
DATABASES = ("sqlite", "postgresql")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every run ended with the books equal to Stripe's, 1 for a divergence."""
    chosen = _parser().parse_args(arguments)
    # Whoever ends it early leaves no process behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    seed = chosen.seed if chosen.seed is not None else secrets.randbelow(10**6)
    databases = [chosen.database] if chosen.database else DATABASES
    count = 0
    while not count or (chosen.minutes and time.monotonic() < began + chosen.minutes * 60):
        report = _one(seed + count // len(databases), databases[count % len(databases)], chosen)
        print(report)
        if report.wrong:
            return 1
        count += 1
    print(f"{count} runs without a divergence in {(time.monotonic() - began) / 60:.1f} minutes.")
    return 0


def _one(seed: int, database: str, chosen: argparse.Namespace) -> Report:
    made = plan.make(seed, chosen.orders, webhooks=not chosen.no_webhooks, several=chosen.several, celery=chosen.celery)
    print(f"seed {seed}, {made.orders} orders, {database}", flush=True)
    with tempfile.TemporaryDirectory(prefix="jumun-chaos-") as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        return run(made, folder, database=database, say=lambda line: print(f"  {line}", flush=True))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./test --chaos", description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=0, help="go on with new seeds for that long")
    parser.add_argument("--seed", type=int, help="the first seed (default: any)")
    parser.add_argument("--orders", type=int, default=ORDERS, help="orders in a run (default: %(default)s)")
    parser.add_argument("--database", choices=DATABASES, help="default: both in turn")
    parser.add_argument("--no-webhooks", action="store_true", help="no notification of Stripe's arrives, ever")
    parser.add_argument("--several", action="store_true", help="two web servers, as on two machines")
    parser.add_argument("--celery", action="store_true", help="Celery's workers, on RabbitMQ or Redis")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the run's folder: databases, logs and mails")
    return parser


if __name__ == "__main__":
    sys.exit(main())
