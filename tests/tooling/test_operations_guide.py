"""Each command of the guide's "Backup and restore", as it is written there, with folders of the test's own."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from shop.run.configuration import configure
from tests.tooling.running import ROOT, environment

pytestmark = pytest.mark.once

GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SECTION = GUIDE.partition("\n## Backup and restore\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```(sh|crontab)\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
SCHEDULE = re.compile(r"^(\S+ ){5}")


class Machine:
    """A machine on which the store is installed in /srv/jumun, as far as the guide's commands see it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backups = folder / "backups"
        self.backups.mkdir()
        data = folder / "var"
        configuration = configure(data=data, port=8000, paywright_port=9, given=environment())
        self.environment = {**configuration.environment, "JUMUN_STAFF_PASSWORD": "word"}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment |= {"PATH": path, "DATABASE_URL": f"sqlite:///{data / 'jumun.sqlite3'}"}
        self.database = data / "jumun.sqlite3"

    def run(self, commands: str) -> str:
        for written, here in (
            ("/var/backups/jumun/jumun-20261130T031500Z.tar", str(next(self.backups.glob("*.tar"), ""))),
            ("/var/backups/jumun", str(self.backups)),
            ("/tmp/drill", str(self.folder / "drill")),  # noqa: S108 (the guide's)
            ("/srv/jumun", str(ROOT)),
            (".venv/bin/python", "python"),
        ):
            commands = commands.replace(written, here)
        done = subprocess.run(
            ["sh", "-eu"], input=commands, cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("machine"))
    made.run("python -m django prepare")
    return made


def test_every_command_of_the_section_does_what_the_guide_says(machine: Machine) -> None:
    backup, cron, restore, skip, drill = (text for _language, text in BLOCKS)

    assert "the database and 0 documents" in machine.run(backup)
    [first] = machine.backups.glob("jumun-*.tar")

    # Another name: the next backup may be taken within the same second.
    old = first.rename(first.with_name("jumun-19700101T000000Z.tar"))
    os.utime(old, (0, 0))
    machine.run(SCHEDULE.sub("", cron))
    assert not old.exists()
    assert len(list(machine.backups.glob("jumun-*.tar"))) == 1

    with closing(sqlite3.connect(machine.database)) as connection, connection:
        connection.execute("DELETE FROM jumun_storefront_product")
    assert "Restored the backup of" in machine.run(restore)
    with closing(sqlite3.connect(machine.database)) as connection:
        assert connection.execute("SELECT count(*) FROM jumun_storefront_product").fetchone() != (0,)

    assert "The next document is INV-" in machine.run(skip)

    told = machine.run(drill)
    assert "Stripe could not be asked" in told
    assert [line[:3] for line in told.splitlines() if re.match(r"I\d", line)] == ["I15"]
