"""Every block of docs/adopting.md, in a bare project of Django's, with the wheel that the guide tells how to build."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from paywright.testing import Paywright
from tests.adopting.documentation import ROOT, Block, blocks

pytestmark = [pytest.mark.long, pytest.mark.once]

LISTED = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


class Newcomer:
    """Two folders side by side, a clone and a project, and an environment that knows nothing of this one's packages."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.clone, self.project = folder / "jumun", folder / "project"
        self.project.mkdir()
        for name in LISTED.split("\0"):
            if (ROOT / name).is_file():
                (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.clone / name)
        venv = folder / "venv"
        # With the pip that lies beside this Python: to unpack and compile another takes seven seconds.
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
        with_pip = subprocess.run(
            [Path(sys.base_prefix, "bin", "python3"), "-c", "import pip; print(*pip.__path__)"],
            capture_output=True,
            text=True,
            check=True,
        )
        [packages] = venv.glob("lib/python*/site-packages")
        (packages / "pip").symlink_to(with_pip.stdout.strip())
        leave = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTHONPATH"}
        inherited = {name: value for name, value in os.environ.items() if name not in leave}
        self.environment = {
            **inherited,
            "PATH": f"{venv / 'bin'}:{os.environ['PATH']}",
            # Which means "no": half of the time would go into bytecode that nobody runs.
            "PIP_NO_COMPILE": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **environment,
        }

    def follow(self, block: Block) -> None:
        """Run commands where they are meant to be run; write anything else into its file."""
        if block.language != "sh":
            block.write(self.project)
        elif "manage.py work" in block.text:
            self.work(block.text)
        else:
            self.run(block.text, self.clone if "clone" in block.text else self.project)

    def run(self, commands: str, folder: Path) -> str:
        done = subprocess.run(
            ["sh", "-e"], input=commands, cwd=folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def work(self, command: str) -> None:
        """A command that runs until it is ended, without an error of its own."""
        process = subprocess.Popen(
            ["sh", "-c", f"exec {command.strip()}"],
            cwd=self.project,
            env=self.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout
        # It says so once it can be ended; nothing comes where it has failed.
        running = process.stdout.readline() != b""
        process.send_signal(signal.SIGTERM)
        _out, said = process.communicate(timeout=60)
        assert running, said.decode()
        assert process.returncode == 0, said.decode()


@pytest.fixture(scope="module")
def newcomer(paywright_server: Paywright, tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """Who has followed the whole page, but for what a test does now."""
    return Newcomer(
        tmp_path_factory.mktemp("newcomer"),
        STRIPE_SECRET_KEY=paywright_server.secret_key,
        STRIPE_WEBHOOK_SECRET="whsec_newcomer",
        STRIPE_API_BASE=paywright_server.api_base,
    )


def test_every_block_of_the_page_runs_and_the_project_sells(newcomer: Newcomer) -> None:
    for block in blocks():
        if "manage.py check" in block.text:
            told = newcomer.run("python manage.py check --fail-level WARNING", newcomer.project)
            assert "no issues" in told
        newcomer.follow(block)
    shutil.copy(ROOT / "tests" / "adopting" / "newcomer_buys.py", newcomer.project / "newcomer_buys.py")
    said = newcomer.run("python newcomer_buys.py", newcomer.project)
    assert said.strip().endswith("sold")


def test_the_wheel_is_all_that_it_has(newcomer: Newcomer) -> None:
    where = newcomer.run('python -c "import jumun; print(jumun.__file__)"', newcomer.project)
    assert "site-packages" in where
    assert str(newcomer.clone) not in where
