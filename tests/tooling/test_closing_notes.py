"""The last lines of ``./test``: what was not run, and how to get it. Each is told by a program that must run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
CALLS = re.findall(r'"\$python" ((?:-m )?tests[./](?:chromium|stripe_clients|broker)\S*)', (ROOT / "test").read_text())


def test_all_three_are_asked():
    assert len(CALLS) == 3


@pytest.mark.parametrize("call", CALLS)
def test_without_its_program_it_says_so_and_nothing_else(call):
    done = subprocess.run(
        [sys.executable, *shlex.split(call.rstrip(")"))], cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.returncode in {0, 1}
