"""The page RESULTS.md."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.growth import TIMES, Growth
from bench.report import compared, figure, verdict
from bench.result import WIDE, Result

PATH = Path(__file__).with_name("RESULTS.md")
HEADER = ("work", "unit", "ours", "peers", "limit", "ours compared", "goal", "met", "spread")
GROWTH_HEADER = ("work", "unit", "with few orders", "with many", "times worse")
INTRODUCTION = f"""\
# Results of the bench

Written by `python -m bench`; do not edit. Ratios are what matters: a figure belongs to this machine on this day.
"3x" means ours is three times as good, whichever way the unit runs. Every figure is the median of its rounds, ours
and theirs in turn; a spread (best to worst, of the median) above {WIDE:.0%} is marked as wide: its ratio says little.
"""


def as_markdown(results: Sequence[Result], growths: Sequence[Growth], facts: Sequence[str], *, orders: int) -> str:
    """The whole page; ``facts`` are the circumstances of the run, a line each."""
    met = sum(result.met for result in results)
    lines = [
        INTRODUCTION,
        *(f"- {fact}" for fact in facts),
        f"- {met} of {len(results)} rows meet their goal",
        "",
        *_table(HEADER, map(_cells, results)),
        *_missed([result for result in results if not result.met]),
        *_left_out(results),
        *_grown(growths, orders),
    ]
    return "\n".join(lines) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows)]


def _cells(result: Result) -> tuple[str, ...]:
    return (
        result.row.title,
        result.row.unit,
        _figure(result.ours),
        "; ".join(f"{name} {figure(value)}" for name, value in result.peers.items()),
        _figure(result.limit),
        "; ".join(compared(name, times) for name, times in result.ratios.items()),
        result.row.goal,
        "yes" if result.met else f"**{verdict(result).lower()}**",
        f"{result.spread:.0%}{' wide' if result.is_wide else ''}",
    )


def _figure(value: float | None) -> str:
    return "" if value is None else figure(value)


def _missed(missed: Sequence[Result]) -> list[str]:
    """Where each of them is explained."""
    if not missed:
        return []
    links = [f"- [{result.row.title}](NOTES.md#{result.row.name}): {_shortfall(result)}" for result in missed]
    return ["", "## Where the goal is not met", "", "Each leads to where the time goes and what was tried.", "", *links]


def _shortfall(result: Result) -> str:
    ours = result.ours
    if ours is None:
        return "; ".join(f"{name} broke: {why}" for name, why in result.failed.items())
    ratios = result.ratios
    reached = [
        compared(name, ratios[name]) if name in ratios else f"{name} took no part"
        for name, times in result.row.goals.items()
        if ratios.get(name, 0.0) < times
    ]
    return f"{', '.join(reached) or f'{figure(ours)} {result.row.unit}'} (goal {result.row.goal})"


def _left_out(results: Sequence[Result]) -> list[str]:
    """Peers that are not in the table, and why."""
    reasons = {reason for each in results for reason in [*each.absent.items(), *each.failed.items()]}
    listed = [f"- {name}: {why}" for name, why in sorted(reasons)]
    return ["", "## Who took no part", "", *listed] if listed else []


def _grown(growths: Sequence[Growth], orders: int) -> list[str]:
    if not growths:
        return []
    text = (
        f"Ours with {orders // TIMES:,} orders and with {orders:,}. 1.0 is flat; of a rate (orders/s) it means that the"
        f" time grows in proportion to the orders. {TIMES} would mean that a figure grows as the orders do."
    )
    rows = [(g.row.title, g.row.unit, figure(g.few), figure(g.many), f"{g.factor:.2f}") for g in growths]
    return ["", "## Growth", "", text, "", *_table(GROWTH_HEADER, rows)]
