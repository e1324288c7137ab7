"""Processes that a run starts, and what they use. For Linux, because it reads ``/proc``."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STOP_TIMEOUT_S = 30


@contextmanager
def started(
    command: Sequence[str], env: Mapping[str, str] | None = None, **options: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process for the length of a ``with`` block. All that it has started ends with it."""
    process = subprocess.Popen(command, env=env, cwd=ROOT, start_new_session=True, **options)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def output_of(command: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """What the process prints until it ends. Raises `RuntimeError` with the last line of its errors."""
    with started(command, env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        printed, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[1:4])}: {errors.decode().strip().rpartition(chr(10))[2]}")
    return printed.decode()


def environment(database: str, **more: str) -> dict[str, str]:
    """What a process of the store finds around it: the bench's settings and nothing of this machine's `.env`."""
    return os.environ | {
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "bench.site.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        "JUMUN_ENV_FILE": os.devnull,
        "JUMUN_SECRET_KEY": "for the bench only",
        "STRIPE_SECRET_KEY": "sk_test_bench",
        "STRIPE_WEBHOOK_SECRET": "whsec_bench",
        **more,
    }


def in_django(name: str, *arguments: str, database: str) -> Any:
    """What ``main(*arguments)`` of the module ``bench/site/NAME.py`` returns, in a process of the store."""
    return json.loads(output_of([sys.executable, "-m", "bench.site", name, *arguments], environment(database)))


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """Resident memory; ``VmHWM`` is the highest it has been."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def cpu_s(pid: int) -> float:
    """Seconds of processor time that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
