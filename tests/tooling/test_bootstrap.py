import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.once

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


@pytest.fixture
def read_only():
    """The source in a folder that whoever runs it cannot write: as nobody, where the tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        (source / "tools").mkdir()
        for name in ("tools/bootstrap", "run", "requirements.lock"):
            shutil.copy(ROOT / name, source / name)
        source.chmod(0o555)
        yield source
        source.chmod(0o755)


def as_nobody(*command, timeout, **environment):
    user: Any = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.run(
        command, env={"PATH": os.environ["PATH"], **environment}, cwd="/", capture_output=True, text=True,
        timeout=timeout, **user,
    )  # fmt: skip


@pytest.mark.parametrize("command", [("run",), ("tools/bootstrap", "run")])
def test_a_source_that_cannot_be_written_is_said_at_once_with_what_to_do(read_only, command):
    done = as_nobody(read_only / command[0], *command[1:], timeout=20)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert ".venv.lock" in line
    assert line.endswith("Name a folder that can be written: JUMUN_VENV=/path/to/venv")


def test_the_environment_may_stand_elsewhere(read_only):
    """As far as choosing a Python: the lock was made there."""
    with tempfile.TemporaryDirectory() as elsewhere:
        Path(elsewhere).chmod(0o777)
        done = as_nobody(
            read_only / "run", timeout=20, JUMUN_VENV=f"{elsewhere}/venv", PYTHON="/nowhere/python3"
        )  # fmt: skip
    assert done.stderr.splitlines() == ["jumun: PYTHON=/nowhere/python3 is not a Python 3.11 or newer that runs here"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    done = bootstrap("run", PATH=os.environ["PATH"], JUMUN_VENV=str(tmp_path / "missing" / "venv"))
    assert done.returncode == 1
    assert "missing" in done.stderr
    assert "JUMUN_VENV=" in done.stderr


def test_a_lock_that_its_owner_left_behind_is_taken_over(tmp_path):
    (tmp_path / "venv.lock").mkdir()
    with subprocess.Popen(["true"]) as ended:
        pass
    (tmp_path / "venv.lock" / "pid").write_text(f"{ended.pid}\n")
    given = {"PATH": os.environ["PATH"], "PYTHON": "/nowhere/python3", "JUMUN_VENV": str(tmp_path / "venv")}
    assert "PYTHON=/nowhere/python3" in bootstrap("run", **given).stderr
    # It was killed before it could write who it is.
    (tmp_path / "venv.lock").mkdir()
    waited = bootstrap("run", **given)
    assert "waiting for another tools/bootstrap" in waited.stderr
    assert "PYTHON=/nowhere/python3" in waited.stderr
    assert not (tmp_path / "venv.lock").exists()


def test_without_a_package_index_it_ends_with_what_to_look_for(tmp_path):
    without_uv = tmp_path / "bin"
    without_uv.mkdir()
    for name in (*NEEDED, "env", "mv"):
        (without_uv / name).symlink_to(shutil.which(name))
    done = bootstrap(
        "run", PATH=str(without_uv), PYTHON=sys.executable, JUMUN_VENV=str(tmp_path / "venv"),
        PIP_INDEX_URL="http://127.0.0.1:9/simple/", PIP_RETRIES="0", PIP_CONFIG_FILE=os.devnull,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Are a package index and free space there? Run the command again to retry" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "venv.lock").exists()
    assert not (tmp_path / "venv" / "jumun.stamp").exists()
