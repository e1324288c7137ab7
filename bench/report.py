"""The results for programs (JSON), for a terminal and for a page of the documentation."""

from collections.abc import Sequence
from typing import Any

from bench.measure import WIDE, Result
from bench.row import LIMIT, OURS

HEADER = ("work", "unit", "ours", "peers", "limit", "ours compared", "goal", "met", "spread")


def as_json(results: Sequence[Result], machine: str, versions: dict[str, str]) -> dict[str, Any]:
    """The whole report; figures are medians, ``spread`` is (best - worst) / median of each."""
    return {"machine": machine, "versions": versions, "rows": [_row(result) for result in results]}


def _row(result: Result) -> dict[str, Any]:
    return {
        "name": result.row.name,
        "unit": result.row.unit,
        "ours": result.medians[OURS],
        "peers": result.peers,
        "limit": result.medians.get(LIMIT),
        "ratios": result.ratios,
        "goal": result.row.goal,
        "met": result.met,
        "spread": {**result.spread, "wide": result.is_wide},
    }


def as_markdown(results: Sequence[Result], machine: str, versions: dict[str, str], *, of: str) -> str:
    """The page `bench/RESULTS.md`; ``of`` says when and with how many orders it was measured."""
    lines = [
        "# Results of the bench",
        "",
        "Written by `python -m bench`; do not edit. Ratios are what matters: a figure belongs to this machine on this",
        'day. "3x" means ours is three times as good, whichever way the unit runs. Every figure is the median of its',
        f"rounds, ours and theirs in turn; a spread (best to worst, of the median) above {WIDE:.0%} is marked as wide.",
        "",
        f"- {of}",
        f"- {machine}",
        f"- {', '.join(f'{name} {version}' for name, version in versions.items())}",
        "- PostgreSQL with fsync and synchronous_commit on",
        "",
        *_table(results),
        *_explained([result for result in results if not result.met]),
    ]
    return "\n".join(lines) + "\n"


def _table(results: Sequence[Result]) -> list[str]:
    cells = [HEADER, tuple("---" for _ in HEADER), *(_cells(result) for result in results)]
    return [f"| {' | '.join(row)} |" for row in cells]


def _cells(result: Result) -> tuple[str, ...]:
    medians = result.medians
    return (
        result.row.title,
        result.row.unit,
        figure(medians[OURS]),
        "; ".join(f"{name} {figure(value)}" for name, value in result.peers.items()),
        figure(medians[LIMIT]) if LIMIT in medians else "",
        "; ".join(compared(name, times) for name, times in result.ratios.items()),
        result.row.goal,
        "yes" if result.met else "**no**",
        f"{max(result.spread.values()):.0%}{' wide' if result.is_wide else ''}",
    )


def _explained(missed: Sequence[Result]) -> list[str]:
    texts = [f"**{result.row.title}** ({result.row.name}). {result.row.explanation}" for result in missed]
    return ["", "## Where the goal is not met", *(line for text in texts for line in ("", text))] if texts else []


def as_lines(result: Result) -> list[str]:
    """One row for a terminal."""
    medians, spread = result.medians, result.spread
    lines = [f"{result.row.name}: {result.row.title} [{result.row.unit}]"]
    for name, value in medians.items():
        versus = f"  {compared(name, result.ratios[name])}" if name != OURS else ""
        lines.append(f"    {name:<28} {figure(value):>12}  ±{spread[name] / 2:.0%}{versus}")
    verdict = "met" if result.met else "NOT MET"
    lines.append(f"    goal: {result.row.goal or 'none'}: {verdict}{' (wide spread)' if result.is_wide else ''}")
    return lines


def compared(name: str, times: float) -> str:
    return f"{times:.2f} of the limit" if name == LIMIT else f"{times:.1f}x {name}"


def figure(value: float) -> str:
    """Three digits that count, and thousands in groups."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
