"""``python -m bench [NAME ...]``: Jumun beside what one would take instead, on the same data in the same run.

Without names all rows are measured, and the page bench/RESULTS.md is written anew. Exit code 1 where a row broke, or
where ``--quick`` finds a ratio fallen by more than half.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench import children, page
from bench.growth import Growth, measure_growth
from bench.machine import machine, versions
from bench.measure import measure
from bench.progress import tell
from bench.report import as_json, as_lines
from bench.result import Result
from bench.row import Bench
from bench.rows import NAMES
from bench.stage import Stage

ORDERS = 1_000_000
ORDERS_QUICK = 20_000
# A quick run on a busy machine tells no more than this.
QUICK_PART = 0.5
STANDARD_OUTPUT = Path("-")


def main(arguments: list[str]) -> int:
    """Measure, report, and leave no process behind."""
    options = _parser().parse_args(arguments)
    benches = _chosen(options.names, quick=options.quick)
    orders = options.rows or (ORDERS_QUICK if options.quick else ORDERS)
    children.watch()
    try:
        with Stage(orders=orders, quick=options.quick, database=options.database) as stage:
            return _run(benches, stage, options)
    finally:
        children.end_all()


def _run(benches: Mapping[str, Bench], stage: Stage, options: argparse.Namespace) -> int:
    results = []
    for result in _measured(benches, stage):
        # The standard output is the report's where the report goes there.
        print("\n".join(as_lines(result)), flush=True, file=sys.stderr if options.json == STANDARD_OUTPUT else None)
        results.append(result)
    if options.json:
        _write_json(options.json, results, stage)
    if not (options.names or options.quick):
        growths = list(measure_growth(benches, stage, results))
        _write_page(results, growths, stage)
    return _verdict(results, quick=options.quick)


def _measured(benches: Mapping[str, Bench], stage: Stage) -> Iterator[Result]:
    for number, (name, bench) in enumerate(benches.items(), start=1):
        tell(f"{number} of {len(benches)}: {name}")
        yield from measure(bench, stage)


def _write_json(path: Path, results: list[Result], stage: Stage) -> None:
    text = json.dumps(as_json(results, machine(), versions(stage)), indent=2, ensure_ascii=False) + "\n"
    if path == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        path.write_text(text)


def _write_page(results: list[Result], growths: list[Growth], stage: Stage) -> None:
    facts = (
        f"{datetime.now(UTC):%Y-%m-%d}, {stage.orders:,} orders with 3 lines each, {stage.rounds} rounds",
        machine(),
        ", ".join(f"{name} {version}" for name, version in versions(stage).items()),
        "PostgreSQL with fsync and synchronous_commit on",
    )
    page.PATH.write_text(page.as_markdown(results, growths, facts, orders=stage.orders))
    tell(f"wrote {page.PATH}")


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
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(NAMES)}")
    parser.add_argument(
        "--json",
        type=Path,
        nargs="?",
        const=STANDARD_OUTPUT,
        metavar="FILE",
        help="write the results there as well, or to the standard output",
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
    if unknown := sorted(set(names) - set(NAMES)):
        sys.exit(f"no such bench: {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
    benches: dict[str, Bench] = {
        name: importlib.import_module(f"bench.rows.{name.replace('-', '_')}").BENCH for name in names or NAMES
    }
    return {name: bench for name, bench in benches.items() if bench.in_quick or not quick}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
