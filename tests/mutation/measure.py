"""A pytest plugin that writes down how long each test takes and which lines of `jumun` it runs.

It is loaded before `jumun`, so that lines of modules count too. What it found goes to the file that the environment
names.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutation.mutants import ROOT

VARIABLE = "JUMUN_MEASURED"

_coverage = coverage.Coverage(
    data_file=None, config_file=False, include=[str(ROOT / "src/jumun/*")], omit=["*/migrations/*"], messages=False
)
_coverage.start()
_durations_s: dict[str, float] = {}
_unusable: set[str] = set()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _coverage.switch_context(item.nodeid)
    began_s = time.process_time()
    try:
        return (yield)
    finally:
        # Of the processor: the same on a busy machine.
        _durations_s[item.nodeid] = time.process_time() - began_s
        _coverage.switch_context("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if not report.passed:
        _unusable.add(report.nodeid)


def pytest_sessionfinish() -> None:
    _coverage.stop()
    data = _coverage.get_data()
    tests: dict[str, dict[str, Any]] = {
        name: {"duration_s": round(duration_s, 3), "lines": {}}
        for name, duration_s in _durations_s.items()
        if name not in _unusable
    }
    for measured in data.measured_files():
        path = Path(measured).relative_to(ROOT).as_posix()
        bits: dict[str, int] = {}
        for line, names in data.contexts_by_lineno(measured).items():
            for name in names:
                bits[name] = bits.get(name, 0) | 1 << line
        for name, lines in bits.items():
            if name in tests:
                tests[name]["lines"][path] = f"{lines:x}"
    Path(os.environ[VARIABLE]).write_text(json.dumps(tests))
