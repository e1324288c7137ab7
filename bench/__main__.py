"""``python -m bench [NAME ...]``: Jumun beside what one would take instead, on the same data in the same run.

Without names all rows are measured, and the page bench/RESULTS.md is written anew: after each row, so that a run
which is stopped leaves what it has found. Exit code 1 where a row broke, or where ``--quick`` finds a ratio fallen by
more than half.
"""

import argparse
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from bench import page
from bench.growth import Growth, measure_growth
from bench.machine import machine, versions
from bench.measure import measure
from bench.progress import tell
from bench.report import as_json, as_lines
from bench.result import Result
from bench.row import Bench
from bench.rows import BENCHES
from bench.stage import Stage

ORDERS = 1_000_000
ORDERS_QUICK = 20_000
# A quick run on a busy machine tells no more than this.
QUICK_PART = 0.5
STANDARD_OUTPUT = Path("/dev/stdout")
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Measure and report. Whatever the run has started ends with it, also where a signal stops it."""
    options = _parser().parse_args(arguments)
    benches = _chosen(options.names, quick=options.quick)
    orders = options.rows or (ORDERS_QUICK if options.quick else ORDERS)
    for number in STOPPING:
        signal.signal(number, _stop)
    with Stage(orders=orders, quick=options.quick, database=options.database) as stage:
        return _run(benches, stage, options)


def _stop(number: int, _frame: FrameType | None) -> None:
    """Leave every ``with`` block, once."""
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)
    tell(f"stopped by {signal.Signals(number).name}: ending what this run has started")
    sys.exit(128 + number)


def _run(benches: Mapping[str, Bench], stage: Stage, options: argparse.Namespace) -> int:
    results: list[Result] = []
    growths: list[Growth] = []
    is_whole = not (options.names or options.quick)
    for number, (name, each) in enumerate(benches.items(), start=1):
        tell(f"{number} of {len(benches)}: {name}")
        found = measure(each, stage)
        results += found
        for result in found:
            # The standard output is the report's where the report goes there.
            print("\n".join(as_lines(result)), flush=True, file=sys.stderr if options.json == STANDARD_OUTPUT else None)
        if is_whole and each.grows:
            growths += measure_growth(each, stage, found)
        if is_whole:
            page.write(results, growths, stage)
    if options.json:
        report = json.dumps(as_json(results, machine(), versions(stage)), indent=2, ensure_ascii=False)
        options.json.write_text(report + "\n")
    return _verdict(results, quick=options.quick)


def _verdict(results: list[Result], *, quick: bool) -> int:
    broken = [f"{each.row.name} ({', '.join(each.failed)})" for each in results if each.failed]
    if broken:
        print(f"BROKE: {'; '.join(broken)}", file=sys.stderr)
    fallen = [each.row.name for each in results if quick and each.fell_below(QUICK_PART)]
    if fallen:
        print(f"FELL BY MORE THAN HALF: {', '.join(fallen)}", file=sys.stderr)
    return int(bool(broken or fallen))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(BENCHES)}")
    parser.add_argument(
        "--json",
        type=Path,
        nargs="?",
        const=STANDARD_OUTPUT,
        metavar="FILE",
        help="write the results there as well, at the end, or to the standard output",
    )
    parser.add_argument("--rows", type=int, metavar="N", help=f"orders in the databases (default {ORDERS:,})")
    parser.add_argument(
        "--database",
        metavar="URL",
        help="a PostgreSQL up to the beginning of the databases' names, postgresql://user@host/bench: the bench makes"
        " bench_1000000 and the like there and keeps them (default: a server of its own for this run)",
    )
    parser.add_argument("--quick", action="store_true", help="little data, under 3 minutes, fails on ratios only")
    return parser


def _chosen(names: list[str], *, quick: bool) -> dict[str, Bench]:
    if unknown := sorted(set(names) - set(BENCHES)):
        sys.exit(f"no such bench: {', '.join(unknown)}. There are: {', '.join(BENCHES)}.")
    # A bench that is asked for by name takes part however long it takes.
    return {name: BENCHES[name] for name in names or BENCHES if names or BENCHES[name].in_quick or not quick}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
