"""The store outlives its worker, however often that dies."""

import shlex
import sys
from pathlib import Path

import pytest

from shop.run import store
from shop.run.configuration import HOST, configure, free_ports
from shop.run.store import Store
from tests.tooling.running import environment
from tests.waiting import wait_until

pytestmark = pytest.mark.once

ENOUGH = 8
RESTARTS = "The worker has ended (exit code 3); it is started again in"
DIES = "import sys; sys.exit(3)"


@pytest.mark.parametrize("dies_at_start", [True, False])
def test_a_worker_that_dies_again_and_again_is_started_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at_start: bool
) -> None:
    port, paywright_port = free_ports(2)
    (tmp_path / "healthz").touch()
    (tmp_path / "_paywright").mkdir()
    (tmp_path / "_paywright" / "health").touch()
    command = [sys.executable, "-c", DIES if dies_at_start else f"import time; time.sleep(1); {DIES}"]
    worker = f"from shop.run import worker; worker.PAUSE_MAX_S = 0.1; worker.main({command})"
    serves = f"exec python -m http.server --bind {HOST} --directory {tmp_path}"
    procfile = tmp_path / "Procfile"
    procfile.write_text(
        f"web: {serves} {port}\npaywright: {serves} {paywright_port}\n"
        f"worker: exec python -c {shlex.quote(worker)}\nrun: exec sleep 600\n"
    )
    monkeypatch.setattr(store, "PROCFILE", procfile)
    configuration = configure(data=tmp_path, port=port, paywright_port=paywright_port, given=environment())
    said: list[str] = []

    with Store(configuration, echo=said.append) as running:
        wait_until(lambda: sum(RESTARTS in line for line in said) >= ENOUGH)
        running.check_alive()
