"""The page RESULTS.md."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.growth import Growth
from bench.report import compared, figure, verdict
from bench.result import WIDE, Result

PATH = Path(__file__).with_name("RESULTS.md")
NOTES = Path(__file__).with_name("NOTES.md")
HEADER = ("work", "unit", "ours", "peers", "limit", "ours compared", "goal", "met", "spread", "rounds")
INTRODUCTION = f"""\
# Results of the bench

Written by `python -m bench`; do not edit. Ratios are what matters: a figure belongs to this machine on this day.
"3x" means ours is three times as good, whichever way the unit runs. Every figure is the median of its rounds, ours
and theirs in turn; a spread (best to worst, of the median) above {WIDE:.0%} is marked as wide: its ratio says little.
"""


def as_markdown(results: Sequence[Result], growths: Sequence[Growth], facts: Sequence[str]) -> str:
    """The whole page; ``facts`` are the circumstances of the run, a line each."""
    with_goal = [result for result in results if result.row.goal]
    met = sum(result.met for result in with_goal)
    lines = [
        INTRODUCTION,
        *(f"- {fact}" for fact in facts),
        f"- {met} of {len(with_goal)} rows with a goal meet their goal",
        "",
        *_table(HEADER, map(_cells, results)),
        *_missed([result for result in results if not result.met]),
        *_left_out(results),
        *_grown(growths),
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
        _met(result),
        f"{result.spread:.0%}{' wide' if result.is_wide else ''}",
        str(result.rounds),
    )


def _met(result: Result) -> str:
    if not result.met:
        return f"**{verdict(result).lower()}**"
    return "yes" if result.row.goal else ""


def _figure(value: float | None) -> str:
    return "" if value is None else figure(value)


def _missed(missed: Sequence[Result]) -> list[str]:
    """Where each of them is explained, if it is."""
    if not missed:
        return []
    explained = set(re.findall(r"^## (\S+)$", NOTES.read_text(), re.MULTILINE))
    listed = [
        f"- [{result.row.title}](NOTES.md#{result.row.name}): {_shortfall(result)}"
        if result.row.name in explained
        else f"- {result.row.title}: {_shortfall(result)}. Not explained yet."
        for result in missed
    ]
    return [
        "",
        "## Where the goal is not met",
        "",
        "Links lead to where the time goes and what was tried.",
        "",
        *listed,
    ]


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


def _grown(growths: Sequence[Growth]) -> list[str]:
    if not growths:
        return []
    text = (
        "Ours with more and more orders, and how many times worse it is with each step. 1.0 is flat; of a rate"
        " (orders/s) it means that the time grows in proportion to the orders. 10 would mean that a figure grows as the"
        " orders do."
    )
    counts = max((list(growth.figures) for growth in growths), key=len)
    header = ("work", "unit", *(f"{count:,}" for count in counts), "times worse")
    rows = [
        (
            *(growth.row.title, growth.row.unit),
            *(_figure(growth.figures.get(count)) for count in counts),
            ", ".join(f"{factor:.2f}" for factor in growth.factors),
        )
        for growth in growths
    ]
    return ["", "## Growth", "", text, "", *_table(header, rows)]
