"""``./run manage COMMAND``: the store's own commands, beside it or after it."""

import os
import subprocess
import sys

import pytest

from tests.tooling.running import ROOT, Running, environment, shop

pytestmark = pytest.mark.once

OPEN = "Ctrl-C ends everything"
ALL_IS_WELL = [
    ("audit",),
    ("audit", "--json"),
    ("reconcile",),
    ("inbox",),
    ("work", "--status"),
    ("check",),
    ("migrate", "--check"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manage")
    running = Running(folder / "var", log=folder / "log").wait_until_said(OPEN)
    yield running, folder / "var"
    running.process.terminate()
    running.process.wait(90)


@pytest.mark.parametrize("command", ALL_IS_WELL, ids=" ".join)
def test_beside_the_running_store(store, command):
    _running, data = store
    done = shop("--data", data, "manage", *command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_exit_code_and_the_options_are_the_commands_own(store):
    _running, data = store
    assert shop("--data", data, "manage", "no-such-command").returncode == 1
    shown = shop("--data", data, "manage", "audit", "--help")
    assert (shown.returncode, "--files" in shown.stdout) == (0, True)
    assert "audit" in shop("--data", data, "manage").stdout


def test_it_finds_the_store_by_jumun_data_dir_too(store):
    _running, data = store
    assert shop("manage", "audit", JUMUN_DATA_DIR=str(data)).returncode == 0


def test_after_the_store_has_ended_the_books_can_be_checked_and_stripe_cannot_be_asked(store):
    running, data = store
    running.process.terminate()
    running.process.wait(90)
    assert shop("--data", data, "manage", "audit").returncode == 0
    asked = shop("--data", data, "manage", "reconcile")
    assert asked.returncode == 1
    assert "Traceback" not in asked.stderr
    assert "Stripe" in asked.stdout + asked.stderr


def test_without_a_store_a_line_says_how_to_make_one_and_nothing_is_made(tmp_path):
    done = shop("--data", tmp_path / "var", "manage", "audit")
    assert done.returncode == 2
    assert done.stderr == (
        f"jumun: There is no store in {tmp_path / 'var'}: start ./run once, or name its folder with --data DIR.\n"
    )
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("command", [("audit",), ("reconcile",), ("inbox",), ("work", "--status")], ids=" ".join)
def test_manage_py_without_keys_says_which_command_to_use(tmp_path, command):
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", *command],
        env=environment(JUMUN_DATA_DIR=str(tmp_path), JUMUN_ENV_FILE=os.devnull),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "./run manage COMMAND" in done.stderr
    assert "Traceback" not in done.stderr
