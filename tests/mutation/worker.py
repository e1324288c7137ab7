"""A pytest plugin that tries mutants: it collects the tests once, and forks a process for each mutant.

Each line of its input names a mutant and the tests to try it with; each line of its answers is the test that failed,
how else the mutant was noticed, `AFRESH`, or nothing where it survived.
"""

import functools
import gc
import json
import os
import shutil
import signal
import sys
from collections import defaultdict
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from django.db import connections

from tests.mutation.mutants import ROOT, Mutant, mutants_of
from tests.mutation.warm_up import SAID

ANSWERS_FD = "JUMUN_MUTATION_ANSWERS"
# One test. A mutant that never ends has been noticed.
TEST_TIMEOUT_S = 60
# Only a process that imports the mutant can try it.
AFRESH = "afresh"

Functions = dict[tuple[str, str, int], list[FunctionType]]
_caches: list[Any] = []


def pytest_runtestloop(session: pytest.Session) -> bool:
    ready, *items = sorted(session.items, key=lambda item: "warm_up" not in item.nodeid)
    reports = runtestprotocol(ready, nextitem=items[0], log=False)
    assert all(report.passed for report in reports), [report.longreprtext for report in reports]
    by_name = {item.nodeid: item for item in items}
    functions = _functions()
    # Objects that a child never looks at need not be copied for it.
    gc.freeze()
    answers = os.fdopen(int(os.environ[ANSWERS_FD]), "w", buffering=1)
    for line in sys.stdin:
        task = json.loads(line)
        mutant = mutants_of(task["path"])[task["number"]]
        session.config.stash[SAID].problems()
        print(_try(mutant, [by_name[name] for name in task["tests"] if name in by_name], functions), file=answers)
    # Nothing of the session is worth an orderly end, but what it started must end.
    return True


def _try(mutant: Mutant, items: list[pytest.Item], functions: Functions) -> str:
    for connection in connections.all():
        connection.close()
    database = Path(connections["default"].settings_dict["NAME"])
    copied = database.with_suffix(f".{mutant.number}")
    shutil.copyfile(database, copied)
    read, write = os.pipe()
    if not (child := os.fork()):
        try:
            os.close(read)
            connections["default"].settings_dict["NAME"] = str(copied)
            answer = _first_failing(items) if _plant(mutant.code(), functions) else AFRESH
            os.write(write, answer.encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read) as pipe:
        killer = pipe.read()
    _, status = os.waitpid(child, 0)
    for path in copied.parent.glob(f"{copied.name}*"):
        path.unlink()
    if status:
        return "a test that did not end" if os.WTERMSIG(status) == signal.SIGALRM else "the end of the process"
    return killer


def _first_failing(items: list[pytest.Item]) -> str:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    # Its default action ends a process that no Python reaches any more.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for item, following in zip(items, [*items[1:], items[-1]] if items else [], strict=True):
        signal.alarm(TEST_TIMEOUT_S)
        reports = runtestprotocol(item, nextitem=following, log=False)
        if any(report.failed for report in reports):
            return item.nodeid
    return ""


def _functions() -> Functions:
    """All functions of `jumun`, by what they have in common with their mutants."""
    found: Functions = defaultdict(list)
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename.startswith(str(ROOT / "src/jumun")):
            found[_key(function.__code__)].append(function)
        elif isinstance(function, functools._lru_cache_wrapper) and function.__module__.startswith("jumun"):
            _caches.append(function)
    return found


def _plant(module: CodeType, functions: Functions) -> bool:
    """Give the functions that exist the code of those in ``module``. ``False`` where one has no place for it."""
    for code in _codes(module):
        for function in functions.get(_key(code), []):
            if code.co_freevars != function.__code__.co_freevars:
                return False
            function.__code__ = code
    for function in _caches:
        function.cache_clear()
    return True


def _codes(code: CodeType) -> list[CodeType]:
    """The code of the functions of a module and of its classes, and of the functions within these."""
    inner: list[Any] = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return inner + [deeper for each in inner for deeper in _codes(each)]


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno
