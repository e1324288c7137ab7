"""The store outlives its worker, however often that dies."""

import sys
from contextlib import suppress
from pathlib import Path

import pytest

from shop import supervisor
from shop.configuration import HOST, Configuration, free_ports
from shop.supervisor import Supervisor

pytestmark = pytest.mark.once

ENOUGH = 8
DIES = "import sys; sys.exit(3)"


class EnoughSaid(Exception):
    """Ends what would run for ever."""


@pytest.mark.parametrize("dies_at_start", [True, False])
def test_a_worker_that_dies_again_and_again_is_started_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at_start: bool
) -> None:
    monkeypatch.setattr(supervisor, "WORKER_PAUSE_MAX_S", 0.1)
    (port,) = free_ports(1)
    (tmp_path / "healthz").touch()
    web = [sys.executable, "-m", "http.server", str(port), "--bind", HOST, "--directory", str(tmp_path)]
    worker = [sys.executable, "-c", DIES if dies_at_start else f"import time; time.sleep(1); {DIES}"]
    monkeypatch.setattr(supervisor, "commands", lambda _configuration: {"worker": worker, "web": web})
    configuration = Configuration(data=tmp_path, port=port, paywright_port=None, environment={})
    said: list[str] = []

    def say(line: str) -> None:
        if line.startswith("The worker has ended (exit code 3); it is started again in"):
            said.append(line)
        if len(said) == ENOUGH:
            raise EnoughSaid

    with Supervisor(configuration, echo=say) as running:
        with suppress(EnoughSaid):
            running.start()
            running.watch()
        assert len(said) == ENOUGH
        assert running.children["web"].exit_code is None
