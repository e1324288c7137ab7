"""``./test --mutate [--survivors] [PATH...]``: changes the code, and tells what no test notices."""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from tests.mutation.covering import KEPT, PYTEST, Covering, measured_tests, tests_for
from tests.mutation.equivalent import equivalent_mutants, stale_entries
from tests.mutation.mutants import ROOT, Mutant, mutants_of
from tests.mutation.worker import AFRESH, ANSWERS_FD

# What moves money, stock or numbers.
PATHS = """
money.py orders payments/merge payments/refunds payments/checkout
outbox/lease.py storefront/stock.py storefront/cart.py invoices/compose.py invoices/compose_credit_note.py
invoices/models exports/formula.py
""".split()
PROCESSES = 2
KILLED_SHARE = 0.95


def main() -> int:
    parser = argparse.ArgumentParser(prog="./test --mutate", description=__doc__)
    parser.add_argument("--survivors", action="store_true", help="only mutants that survived the last time")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a file or folder of src/jumun (those of money)")
    options = parser.parse_args()
    if stale := stale_entries():
        print("equivalent.toml names mutants that the code does not have:", *stale, sep="\n  ")
        return 1
    KEPT.mkdir(parents=True, exist_ok=True)
    results = _Results(KEPT / "results.json")
    files = list(_files(options.paths or [f"src/jumun/{path}" for path in PATHS]))
    listed = equivalent_mutants()
    mutants = [mutant for path in files for mutant in mutants_of(path) if mutant.key not in listed]
    tried = [each for each in mutants if not options.survivors or not results.killer(each)]
    for subject, group in groupby(sorted(tried, key=_subject), key=_subject):
        _try_all(list(group), measured_tests(subject), results)
    return _report(files, mutants, listed, results)


class _Results:
    """What noticed each mutant, kept from one run to the next: nothing for a survivor."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._killers: dict[str, str] = json.loads(store.read_text()) if store.exists() else {}

    def killer(self, mutant: Mutant) -> str | None:
        """``None`` for one that has not been tried."""
        return self._killers.get(mutant.key)

    def add(self, mutant: Mutant, killer: str) -> None:
        self._killers[mutant.key] = killer

    def keep(self) -> None:
        self._store.write_text(json.dumps(self._killers, indent=0))


def _files(paths: list[str]) -> Iterator[str]:
    for path in paths:
        found = (ROOT / path).resolve()
        for file in [found] if found.is_file() else sorted(found.rglob("*.py")):
            if "migrations" not in file.parts:
                yield file.relative_to(ROOT).as_posix()


def _subject(mutant: Mutant) -> str:
    return Path(mutant.path).relative_to("src/jumun").parts[0].removesuffix(".py")


def _try_all(mutants: list[Mutant], tests: list[Covering], results: _Results) -> None:
    """Each process takes the next mutant as soon as it has tried one."""
    # Those that need a process of their own come last.
    waiting = iter(sorted(mutants, key=lambda mutant: not mutant.within_function))
    lock = threading.Lock()
    began_s = time.monotonic()
    count = 0

    def work() -> None:
        nonlocal count
        with _Process({test.name.partition("::")[0] for test in tests}) as process:
            while True:
                with lock:
                    mutant = next(waiting, None)
                if mutant is None:
                    return
                chosen = tests_for(mutant, tests, results.killer(mutant))
                killer = process.first_failing(mutant, chosen) if chosen else ""
                with lock:
                    results.add(mutant, killer)
                    count += 1
                    if not killer or count % 50 == 0:
                        spent_s = time.monotonic() - began_s
                        print(
                            f"{count}/{len(mutants)} {spent_s:.0f} s",
                            "" if killer else f"survived: {_named(mutant)}",
                            flush=True,
                        )
                        results.keep()

    threads = [threading.Thread(target=work) for _ in range(min(PROCESSES, len(mutants)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.keep()


class _Process:
    """pytest with the plugin `tests.mutation.worker`."""

    def __init__(self, files: set[str]) -> None:
        read, write = os.pipe()
        self._process = subprocess.Popen(
            [*PYTEST, "-p", "tests.mutation.worker", "tests/mutation/warm_up.py", *sorted(files)],
            cwd=ROOT,
            env={**os.environ, ANSWERS_FD: str(write)},
            stdin=subprocess.PIPE,
            stdout=(KEPT / f"worker-{write}.log").open("w"),
            stderr=subprocess.STDOUT,
            pass_fds=[write],
            text=True,
        )
        os.close(write)
        self._answers: IO[str] = os.fdopen(read)

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._answers.close()

    def first_failing(self, mutant: Mutant, tests: list[str]) -> str:
        """The test that notices the mutant, or nothing."""
        if not mutant.within_function:
            return _first_failing_afresh(mutant, tests)
        task: dict[str, Any] = {"path": mutant.path, "number": mutant.number, "tests": tests}
        assert self._process.stdin is not None
        print(json.dumps(task), file=self._process.stdin, flush=True)
        if not (answer := self._answers.readline()):
            raise SystemExit(f"a process of pytest has ended: see {KEPT}/worker-*.log")
        killer = answer.rstrip("\n")
        return _first_failing_afresh(mutant, tests) if killer == AFRESH else killer


def _first_failing_afresh(mutant: Mutant, tests: list[str]) -> str:
    tried = subprocess.run(
        [*PYTEST, "-x", "-p", "tests.mutation.planted", *tests],
        cwd=ROOT,
        env={**os.environ, "JUMUN_MUTANT": f"{mutant.path}:{mutant.number}"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if tried.returncode == 0:
        return ""
    failed = [line.split()[1] for line in tried.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return failed[0] if failed else "the import"


def _named(mutant: Mutant) -> str:
    return f"{mutant.path}:{mutant.lines.start} {mutant.scope or 'module'}: {mutant.change}"


def _report(files: list[str], mutants: list[Mutant], listed: dict[str, str], results: _Results) -> int:
    survivors = [mutant for mutant in mutants if not results.killer(mutant)]
    print("\nSurvivors:" if survivors else "\nNo survivors.")
    for mutant in survivors:
        print(f"  {_named(mutant)}")
    print(f"\n{'killed':>8} {'of':>6} {'share':>7} {'equivalent':>11}")
    for name in [*files, "in total"]:
        here = [mutant for mutant in mutants if name in (mutant.path, "in total")]
        killed = sum(bool(results.killer(mutant)) for mutant in here)
        equivalent = sum(key.startswith(f"{name} ") or name == "in total" for key in listed)
        if here or equivalent:
            share = killed / len(here) if here else 1.0
            print(f"{killed:8} {len(here):6} {share:7.1%} {equivalent:11}  {name}")
    return int(len(survivors) > (1 - KILLED_SHARE) * len(mutants))


if __name__ == "__main__":
    sys.exit(main())
