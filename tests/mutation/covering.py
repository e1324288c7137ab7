"""Which tests run which lines, measured once: again only after `jumun` or the test's file changes."""

import hashlib
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.mutation.mutants import ROOT, Mutant

# What a subject does is told by the tests in its folder, and in these.
MORE_FOLDERS = {
    "invoices": ("audit", "payments"),
    "orders": ("money", "audit"),
    "payments": ("audit",),
}
# Tests of the browser, of other processes, and of what an invoice looks like: slow, or blind to the books.
LEFT_OUT = re.compile(
    r"_browser|_celery|_poison|_worker|_stripe_cli|_fuzzed|_histories|_renderer|_stripe_hangs|_stripe_babbles|_breaker"
    r"|_pacing|_paid_without_calls|_webhooks_first|_lanes|_probes|payments/test_reconcile\.|_last_goods|_catalogue"
    r"|_languages|_error_pages|_corrected_form|_killed_writers|_mail_goes|_mail_headers"
    r"|invoices/test_(pdf|einvoice|facturx|fonts|missing_glyphs|layouts|any_text|site_theme|mail_server)"
)
KEPT = ROOT / "var/mutation"
PYTEST = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--hypothesis-profile", "mutation"]
MEASURING_TIMEOUT_S = 3600
# A test that takes longer of a processor, with the time for measuring, is not worth it here.
TEST_MAX_S = 3.0
# What one mutant may cost: enough for dozens of tests that have to do with it; and one that survived the last time.
BUDGET_S = 8.0
SURVIVORS_BUDGET_S = 40.0


@dataclass(frozen=True)
class Covering:
    """One test: how long it takes, and the lines of each file that it runs, as bits."""

    name: str
    duration_s: float
    lines: dict[str, int]

    @cached_property
    def breadth(self) -> int:
        return sum(bits.bit_count() for bits in self.lines.values())


def measured_tests(subject: str) -> list[Covering]:
    """The tests that mutants of ``subject``, an app or a module of `jumun`, are tried against."""
    store = KEPT / "measured.json"
    folders = (subject, *MORE_FOLDERS.get(subject, ()))
    files = [path for name in folders for path in sorted((ROOT / "tests" / name).glob("test_*.py"))]
    files = [path for path in files if not LEFT_OUT.search(path.as_posix())]
    known: dict[str, Any] = json.loads(store.read_text()) if store.exists() else {}
    source = _fingerprint(sorted((ROOT / "src/jumun").rglob("*.py")))
    keys = {path.relative_to(ROOT).as_posix(): f"{source} {_fingerprint([path])}" for path in files}
    stale = [name for name, key in keys.items() if known.get(name, {}).get("key") != key]
    if stale:
        print(f"measuring {len(stale)} files of tests of {subject}", flush=True)
        halves = [half for half in (stale[::2], stale[1::2]) if half]
        with ThreadPoolExecutor() as pool:
            for half, tests in zip(halves, pool.map(_measure, halves), strict=True):
                for name in half:
                    known[name] = {"key": keys[name], "tests": {}}
                for test, found in tests.items():
                    if (name := test.partition("::")[0]) in keys:
                        known[name]["tests"][test] = found
        store.write_text(json.dumps(known))
    return [
        Covering(test, found["duration_s"], {path: int(bits, 16) for path, bits in found["lines"].items()})
        for name in keys
        for test, found in known[name]["tests"].items()
        if found["duration_s"] <= TEST_MAX_S
    ]


def tests_for(mutant: Mutant, tests: Iterable[Covering], killer: str | None) -> list[str]:
    """The tests to try it with, the likeliest to fail first: ``killer``, which failed the last time, those in a file
    that is named after the module or its folder, and those that run little else in little time.

    ``killer`` is empty for a mutant that survived the last time, and ``None`` for one that has not been tried.
    """
    places = _places(mutant)
    tests = list(tests)
    covering = [test for test in tests if any(test.lines.get(path, 0) & bits for path, bits in places.items())]
    if not covering and not mutant.within_function:
        covering = [test for test in tests if mutant.path in test.lines] or tests
    stems = {part.removesuffix(".py")[:5] for part in Path(mutant.path).parts[3:]} - {"model", "__ini"}

    def cost(test: Covering) -> tuple[bool, bool, float]:
        file = test.name.partition("::")[0].rpartition("/")[2]
        is_named_after = any(stem in file for stem in stems)
        return test.name != killer, not is_named_after, test.duration_s * math.sqrt(test.breadth)

    covering.sort(key=cost)
    budget_s = SURVIVORS_BUDGET_S if killer == "" else BUDGET_S
    chosen: list[str] = []
    total_s = 0.0
    for test in covering:
        total_s += test.duration_s
        if chosen and total_s > budget_s:
            break
        chosen.append(test.name)
    return chosen


def _places(mutant: Mutant) -> dict[str, int]:
    """Lines, as bits, whose tests may notice the mutant."""
    if mutant.within_function or not mutant.names:
        return {mutant.path: _bits(mutant.lines)}
    # A value of a module or class is noticed where it is named.
    named = re.compile(rf"\b(?:{'|'.join(map(re.escape, mutant.names))})\b")
    return {
        path.relative_to(ROOT).as_posix(): _bits(
            number for number, line in enumerate(path.read_text().splitlines(), start=1) if named.search(line)
        )
        for path in (ROOT / "src/jumun").rglob("*.py")
    }


def _bits(lines: Iterable[int]) -> int:
    return sum(1 << line for line in set(lines))


def _fingerprint(paths: list[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def _measure(files: list[str]) -> dict[str, Any]:
    result = KEPT / f"{_fingerprint([ROOT / file for file in files])}.json"
    log = result.with_suffix(".log")
    with log.open("w") as output:
        subprocess.run(
            [*PYTEST, "-p", "tests.mutation.measure", "tests/mutation/warm_up.py", *files],
            cwd=ROOT,
            env={**os.environ, "JUMUN_MEASURED": str(result), "COVERAGE_CORE": "ctrace"},
            stdout=output,
            stderr=output,
            timeout=MEASURING_TIMEOUT_S,
        )
    found: dict[str, Any] = json.loads(result.read_text())
    if len(found) <= 1:
        raise SystemExit(f"no test passes: see {log}")
    result.unlink()
    log.unlink()
    return found
