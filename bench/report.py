"""The results for programs (JSON) and for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.result import Result
from bench.row import LIMIT, OURS


def as_json(results: Sequence[Result], machine: str, versions: Mapping[str, str]) -> dict[str, Any]:
    """The whole report. Figures are medians, ``None`` where a row broke; for ``spread`` see `Result`."""
    rows = [
        {name: getattr(each.row, name) for name in ("name", "unit", "goal")}
        | {name: getattr(each, name) for name in ("ours", "peers", "limit", "ratios", "met", "spread")}
        for each in results
    ]
    return {"machine": machine, "versions": versions, "rows": rows}


def as_lines(result: Result) -> list[str]:
    """One row for a terminal."""
    ratios, wide = result.ratios, " (wide spread)" if result.is_wide else ""
    return [
        f"{result.row.name}: {result.row.title} [{result.row.unit}]",
        *(
            f"    {name:<28} {figure(value):>12}  {compared(name, ratios[name]) if name in ratios else ''}"
            for name, value in result.medians.items()
        ),
        *(f"    {name:<28} {'–':>12}  {why}" for name, why in {**result.absent, **result.failed}.items()),
        f"    goal: {result.row.goal or 'none'}: {verdict(result)}, spread {result.spread:.0%}{wide}",
    ]


def verdict(result: Result) -> str:
    if OURS in result.failed:
        return "failed"
    return "met" if result.met else "not met"


def compared(name: str, times: float) -> str:
    return f"{times:.2f} of the limit" if name == LIMIT else f"{times:.1f}x {name}"


def figure(value: float | None) -> str:
    """Three digits that count, and thousands in groups."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
