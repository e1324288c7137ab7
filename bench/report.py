"""The results for programs (JSON) and for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.result import Result
from bench.row import LIMIT, OURS


def as_json(results: Sequence[Result], machine: str, versions: Mapping[str, str]) -> dict[str, Any]:
    """The whole report. Figures are medians, ``None`` where a row broke; ``spread`` is (best - worst) / median of
    whoever's rounds differ most.
    """
    return {"machine": machine, "versions": versions, "rows": [_row(result) for result in results]}


def _row(result: Result) -> dict[str, Any]:
    return {
        "name": result.row.name,
        "unit": result.row.unit,
        "ours": result.ours,
        "peers": result.peers,
        "limit": result.limit,
        "ratios": result.ratios,
        "goal": result.row.goal,
        "met": result.met,
        "spread": result.spread,
    }


def as_lines(result: Result) -> list[str]:
    """One row for a terminal."""
    spreads, ratios = result.spreads, result.ratios
    lines = [f"{result.row.name}: {result.row.title} [{result.row.unit}]"]
    for name, value in result.medians.items():
        versus = f"  {compared(name, ratios[name])}" if name in ratios else ""
        lines.append(f"    {name:<28} {figure(value):>12}  ±{spreads[name] / 2:.0%}{versus}")
    lines += [f"    {name:<28} {'–':>12}  {why}" for name, why in {**result.absent, **result.failed}.items()]
    lines.append(
        f"    goal: {result.row.goal or 'none'}: {verdict(result)}{' (wide spread)' if result.is_wide else ''}"
    )
    return lines


def verdict(result: Result) -> str:
    if OURS in result.failed:
        return "FAILED"
    return "met" if result.met else "NOT MET"


def compared(name: str, times: float) -> str:
    return f"{times:.2f} of the limit" if name == LIMIT else f"{times:.1f}x {name}"


def figure(value: float) -> str:
    """Three digits that count, and thousands in groups."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
