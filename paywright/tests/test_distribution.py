"""The wheel of Paywright in an environment without its extra, and in a project whose tests do not use it."""

import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from paywright import server

FOLDER = Path(__file__).parents[1]
PYTEST = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments")
HINT = "paywright: the server needs the extra \"server\": pip install 'paywright[server]'"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=FOLDER, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """A Python with Paywright without extras, and pytest."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(packages)
    for name in PYTEST:
        found = find_spec(name)
        place = Path(*(found.submodule_search_locations or [found.origin]))
        (packages / place.name).symlink_to(place)
    return folder / "bin" / "python"


def run(*command):
    without = ("PYTEST", "PYTHON", "DJANGO", "COV", "PAYWRIGHT")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(without)}
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=120)


def test_the_wheel_has_its_files(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.partition("/")[0] for name in names} == {"paywright", "paywright-0.1.0.dist-info"}
    assert {"paywright/py.typed", "paywright/spec/tables.json", "paywright/static/pay.css"} <= set(names)
    assert sum(name.endswith(".woff2") for name in names) == 92
    assert sum("/licenses/" in name for name in names) == 3


def test_serving_names_the_missing_extra_in_one_line(bare):
    done = run(bare, "-m", "paywright", "serve", "--port", "0")

    assert done.returncode == 2
    assert done.stderr.startswith(HINT)
    assert done.stderr.count("\n") == 1


def test_a_command_for_a_running_server_needs_no_extra(bare, paywright):
    done = run(bare, "-m", "paywright", "advance", "0", "--url", paywright.api_base)

    assert done.returncode == 0, done.stderr
    assert "now" in json.loads(done.stdout)


def test_the_fixture_names_the_missing_extra_in_one_line(bare, tmp_path):
    (tmp_path / "test_it.py").write_text("def test_it(paywright):\n    pass\n")

    done = run(bare, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path)

    assert done.returncode == 1
    assert HINT in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "During handling" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout


def test_tests_that_do_not_use_the_plugin_load_nothing_of_it(bare, tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import sys\n\n\ndef test_it():\n    loaded = sorted(n for n in sys.modules if n.startswith('paywright'))\n"
        "    assert loaded == ['paywright', 'paywright.pytest_plugin']\n"
    )

    done = run(bare, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path)

    assert done.returncode == 0, done.stdout


def test_the_plugin_imports_pytest_alone():
    added = "import pytest, sys; before = set(sys.modules); import paywright.pytest_plugin; "
    done = run(sys.executable, "-c", added + "print(sorted(set(sys.modules) - before))")

    assert done.stdout.strip() == "['paywright', 'paywright.pytest_plugin']"


def test_the_server_looks_for_all_that_its_extra_installs():
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]

    names = [requirement.partition(">=")[0] for requirement in project["optional-dependencies"]["server"]]
    assert tuple(names) == server.NEEDED
