"""``python -m bench [NAME ...]``: Jumun beside what one would take instead, on the same data in the same run.

Without names all rows are measured, and the page bench/RESULTS.md is written anew.
"""

import argparse
import importlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import machine, versions
from bench.measure import Result, measure
from bench.report import as_json, as_lines, as_markdown
from bench.row import Bench
from bench.rows import NAMES
from bench.stage import Stage

ORDERS = 1_000_000
ORDERS_QUICK = 20_000
# A quick run on a busy machine tells no more than this.
QUICK_PART = 0.5


def main(arguments: list[str]) -> int:
    """Measure and report; 1 where ``--quick`` finds a ratio that has fallen by more than half, otherwise 0."""
    options = _parser().parse_args(arguments)
    chosen = _chosen(options.names, quick=options.quick)
    orders = options.rows or (ORDERS_QUICK if options.quick else ORDERS)
    results = []
    with Stage(orders=orders, quick=options.quick, database=options.database) as stage:
        for bench in chosen.values():
            for result in measure(bench, stage):
                print("\n".join(as_lines(result)), flush=True)
                results.append(result)
    if options.json:
        options.json.write_text(
            json.dumps(as_json(results, machine(), versions()), indent=2, ensure_ascii=False) + "\n"
        )
    if not (options.names or options.quick):
        of = f"{datetime.now(UTC):%Y-%m-%d}, {orders:,} orders with 3 lines each, {stage.rounds} rounds"
        Path(__file__).with_name("RESULTS.md").write_text(as_markdown(results, machine(), versions(), of=of))
    return _quick_verdict(results) if options.quick else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
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
    if unknown := sorted(set(names) - set(NAMES)):
        sys.exit(f"no such bench: {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
    benches: dict[str, Bench] = {
        name: importlib.import_module(f"bench.rows.{name.replace('-', '_')}").BENCH for name in names or NAMES
    }
    return {name: bench for name, bench in benches.items() if bench.in_quick or not quick}


def _quick_verdict(results: list[Result]) -> int:
    fallen = [result.row.name for result in results if not result.reaches(QUICK_PART)]
    if fallen:
        print(f"FELL BY MORE THAN HALF: {', '.join(fallen)}")
    return int(bool(fallen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
