"""The page RESULTS.md."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.growth import Growth
from bench.machine import machine, versions
from bench.report import compared, figure, verdict
from bench.result import WIDE, Result
from bench.stage import Stage

PATH = Path(__file__).with_name("RESULTS.md")
NOTES = Path(__file__).with_name("NOTES.md")
HEADER = ("work", "unit", "ours", "peers", "limit", "ours compared", "goal", "met", "spread", "rounds")
INTRODUCTION = f"""\
# Results of the bench

Written by `python -m bench`; do not edit. Ratios are what matters: a figure belongs to this machine on this day.
"3x" means ours is three times as good, whichever way the unit runs. Every figure is the median of its rounds, ours
and theirs in turn; a spread (best to worst, of the median) above {WIDE:.0%} is marked as wide: its ratio says little.
"""
GROWTH = (
    "Ours with more and more orders, and how many times worse it is with each step. 1.0 is flat; of a rate (orders/s)"
    " it means that the time grows in proportion to the orders. 10 would mean that a figure grows as the orders do."
)


def write(results: Sequence[Result], growths: Sequence[Growth], stage: Stage) -> None:
    """Write the page anew."""
    facts = (
        f"{datetime.now(UTC):%Y-%m-%d}, {stage.orders:,} orders with 3 lines each",
        machine(),
        ", ".join(f"{name} {version}" for name, version in versions(stage).items()),
        "PostgreSQL with fsync and synchronous_commit on",
    )
    PATH.write_text(as_markdown(results, growths, facts))


def as_markdown(results: Sequence[Result], growths: Sequence[Growth], facts: Sequence[str]) -> str:
    """The whole page; ``facts`` are the circumstances of the run, a line each."""
    with_goal = [result for result in results if result.row.goal]
    left_out = {reason for each in results for reason in [*each.absent.items(), *each.failed.items()]}
    lines = [
        INTRODUCTION,
        *(f"- {fact}" for fact in facts),
        f"- {sum(result.met for result in with_goal)} of {len(with_goal)} rows with a goal meet their goal",
        "",
        *_table(HEADER, map(_cells, results)),
        *_missed([result for result in results if not result.met]),
        *_section("Who took no part", [f"- {name}: {why}" for name, why in sorted(left_out)]),
        *_grown(growths),
    ]
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Sequence[str], *introduction: str) -> list[str]:
    return ["", f"## {title}", "", *introduction, *lines] if lines else []


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows)]


def _cells(result: Result) -> tuple[str, ...]:
    return (
        result.row.title,
        result.row.unit,
        figure(result.ours),
        "; ".join(f"{name} {figure(value)}" for name, value in result.peers.items()),
        figure(result.limit),
        "; ".join(compared(name, times) for name, times in result.ratios.items()),
        result.row.goal,
        ("yes" if result.row.goal else "") if result.met else f"**{verdict(result)}**",
        f"{result.spread:.0%}{' wide' if result.is_wide else ''}",
        str(result.rounds),
    )


def _missed(missed: Sequence[Result]) -> list[str]:
    """Where each of them is explained, if it is."""
    explained = set(re.findall(r"^## (\S+)$", NOTES.read_text(), re.MULTILINE))
    listed = [
        f"- [{each.row.title}](NOTES.md#{each.row.name}): {_shortfall(each)}"
        if each.row.name in explained
        else f"- {each.row.title}: {_shortfall(each)}. Not explained yet."
        for each in missed
    ]
    introduction = "Links lead to where the time goes and what was tried."
    return _section("Where the goal is not met", listed, introduction, "")


def _shortfall(result: Result) -> str:
    ratios = result.ratios
    if result.ours is None:
        return "; ".join(f"{name} broke: {why}" for name, why in result.failed.items())
    reached = [
        compared(name, ratios[name]) if name in ratios else f"{name} took no part"
        for name, times in result.row.goals.items()
        if ratios.get(name, 0.0) < times
    ]
    return f"{', '.join(reached) or f'{figure(result.ours)} {result.row.unit}'} (goal {result.row.goal})"


def _grown(growths: Sequence[Growth]) -> list[str]:
    counts = max((list(growth.figures) for growth in growths), key=len, default=[])
    rows = [
        (
            *(growth.row.title, growth.row.unit),
            *(figure(growth.figures.get(count)) for count in counts),
            ", ".join(f"{factor:.2f}" for factor in growth.factors),
        )
        for growth in growths
    ]
    header = ("work", "unit", *(f"{count:,}" for count in counts), "times worse")
    return _section("Growth", _table(header, rows), GROWTH, "") if growths else []
