import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ["sh", "cat", "cksum", "dirname", "head", "mkdir", "rm", "sleep", "tail"]


@pytest.fixture
def bare(tmp_path):
    """A machine's programs without any Python."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in NEEDED:
        (programs / name).symlink_to(shutil.which(name))
    return programs


def bootstrap(*arguments, **environment):
    return subprocess.run(
        [ROOT / "tools" / "bootstrap", *arguments], env=environment, capture_output=True, text=True, timeout=180
    )


def test_without_a_fitting_python_one_line_says_what_to_install(bare, tmp_path):
    (bare / "python3").write_text("#!/bin/sh\nexit 1\n")  # as an old one answers the question after its version
    (bare / "python3").chmod(0o755)

    done = bootstrap("run", PATH=str(bare), JUMUN_VENV=str(tmp_path / "venv"))

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "jumun: no Python 3.11 or newer found: install one, or name it: PYTHON=/path/to/python3"
    ]
    assert not (tmp_path / "venv.lock").exists()


def test_a_python_that_cannot_make_environments_is_named_with_its_remedy(bare, tmp_path):
    (bare / "python3").write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 0 ;; *) exit 1 ;; esac\n')
    (bare / "python3").chmod(0o755)

    done = bootstrap("run", PATH=str(bare), JUMUN_VENV=str(tmp_path / "venv"))

    assert done.returncode == 1
    assert "install python3-venv" in done.stderr


def test_a_python_given_by_name_is_not_replaced_by_another(bare, tmp_path):
    done = bootstrap("run", PATH=os.environ["PATH"], PYTHON="/nowhere/python3", JUMUN_VENV=str(tmp_path / "venv"))

    assert done.returncode == 1
    assert "PYTHON=/nowhere/python3" in done.stderr


def test_an_unknown_kind_is_refused():
    assert bootstrap("everything", PATH=os.environ["PATH"]).returncode == 2
