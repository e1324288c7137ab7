"""The engine runs in a process of its own: whatever happens to that is an error of one rendering."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jumun.invoices.documents import renderer as module
from jumun.invoices.documents.facturx import render_hybrid
from jumun.invoices.documents.pdf import render
from jumun.invoices.documents.render_errors import EngineDied, RenderError, RendererUnavailable
from jumun.invoices.documents.renderer import Renderer
from jumun.invoices.documents.theme import DEFAULT_THEME, Theme
from tests.invoices.documents import BUYER, document, long_document
from tests.invoices.engine_faults import faulty, template
from tests.invoices.garbage_child import ANSWERS
from tests.waiting import wait_until

pytestmark = pytest.mark.long

Make = Callable[..., Renderer]
WAIT_S = 30


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Renderer] = []

    def renderer(**limits: Any) -> Renderer:
        made.append(Renderer(**limits))
        return made[-1]

    yield renderer
    for renderer_ in made:
        renderer_.close()


def child_of(renderer: Renderer) -> int:
    assert renderer._child
    return renderer._child._process.pid


def is_gone(pid: int) -> bool:
    """Whether there is no such process, not even one that nobody has waited for."""
    return not Path(f"/proc/{pid}").exists()


def test_the_pdf_is_the_one_that_this_process_would_make(make: Make) -> None:
    assert make().render(document(), DEFAULT_THEME) == render_hybrid(document())
    no_seller_id = document(seller=BUYER)
    assert make().render(no_seller_id, DEFAULT_THEME) == render(no_seller_id)


def test_the_child_stays_for_the_next_document(make: Make) -> None:
    renderer = make()
    renderer.render(document(), DEFAULT_THEME)
    first = child_of(renderer)
    renderer.render(long_document(100), DEFAULT_THEME)
    assert child_of(renderer) == first


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("panics", "PanicException"),
        ("hangs", "longer than 3 s"),
        ("grows", "SIGABRT"),
        ("overflows its stack", "SIGSEGV"),
    ],
)
def test_a_fault_of_the_engine_is_an_error_of_that_rendering(
    make: Make, tmp_path: Path, capfd, fault: str, reason: str
) -> None:
    renderer = make(time_limit_s=3) if fault == "hangs" else make()
    before = renderer.render(document(), DEFAULT_THEME)
    first = child_of(renderer)
    with pytest.raises(EngineDied, match=reason):
        renderer.render(document(), faulty(tmp_path, fault))
    wait_until(lambda: is_gone(first))
    assert renderer.render(document(), DEFAULT_THEME) == before
    # What an engine prints as it panics can quote a customer's text.
    assert capfd.readouterr().err == ""


def test_a_template_that_is_refused_costs_no_process(make: Make, tmp_path: Path) -> None:
    renderer = make()
    with pytest.raises(RenderError, match="unknown variable"):
        renderer.render(document(), Theme(template=template(tmp_path, "#nothing_of_that_name")))
    first = child_of(renderer)
    renderer.render(document(), DEFAULT_THEME)
    assert child_of(renderer) == first


def test_a_child_that_was_killed_while_it_waited_is_not_missed(make: Make) -> None:
    renderer = make()
    before = renderer.render(document(), DEFAULT_THEME)
    os.kill(child_of(renderer), signal.SIGKILL)
    assert renderer.render(document(), DEFAULT_THEME) == before


def test_a_child_that_is_killed_at_work_gets_one_successor(make: Make, tmp_path: Path) -> None:
    """The kernel kills a process for want of memory that others may have taken."""
    renderer = make(time_limit_s=WAIT_S)
    renderer.render(document(), DEFAULT_THEME)
    killed = set()

    def kill_whoever_works() -> None:
        for _ in range(2):
            wait_until(lambda: renderer._child is not None and child_of(renderer) not in killed)
            pid = child_of(renderer)
            time.sleep(0.5)
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_whoever_works)
    killer.start()
    with pytest.raises(EngineDied, match="SIGKILL"):
        renderer.render(document(), faulty(tmp_path, "hangs"))
    killer.join()
    assert len(killed) == 2


def test_a_stop_of_the_whole_service_lets_it_finish(make: Make) -> None:
    renderer = make()
    renderer.render(document(), DEFAULT_THEME)
    first = child_of(renderer)
    assert os.getpgid(first) != os.getpgid(0), "Ctrl-C in a terminal does not reach it"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(first, number)
    renderer.render(document(), DEFAULT_THEME)
    assert child_of(renderer) == first


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_is_none_is_an_error(make: Make, monkeypatch, answer: str) -> None:
    monkeypatch.setattr(module, "PROGRAM", "tests.invoices.garbage_child")
    monkeypatch.setenv("TZ", answer)
    with pytest.raises(EngineDied):
        make().render(document(), DEFAULT_THEME)


def test_a_child_that_does_not_start_is_no_fault_of_the_document(make: Make, monkeypatch, capfd) -> None:
    monkeypatch.setattr(module, "PROGRAM", "tests.invoices.no_such_program")
    with pytest.raises(RendererUnavailable):
        make().render(document(), DEFAULT_THEME)
    assert "no_such_program" in capfd.readouterr().err


def test_threads_share_one_child(make: Make) -> None:
    renderer = make()
    invoices = [document(number=f"INV-2026-{n:06d}") for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda invoice: renderer.render(invoice, DEFAULT_THEME), invoices))
    assert made == [render_hybrid(invoice) for invoice in invoices]


def test_a_thread_waits_for_others_for_a_limited_time(make: Make, tmp_path: Path) -> None:
    renderer = make(time_limit_s=3, wait_limit_s=0.2)
    renderer.render(document(), DEFAULT_THEME)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(renderer.render, document(), faulty(tmp_path, "hangs"))
        wait_until(renderer._lock.locked)
        with pytest.raises(RendererUnavailable):
            renderer.render(document(), DEFAULT_THEME)
        with pytest.raises(EngineDied):
            hanging.result()


def test_it_goes_when_there_is_nothing_to_render(make: Make) -> None:
    renderer = make(idle_s=1)
    before = renderer.render(document(), DEFAULT_THEME)
    first = child_of(renderer)
    wait_until(lambda: is_gone(first))
    assert renderer.render(document(), DEFAULT_THEME) == before


def test_it_knows_none_of_our_secrets_and_needs_no_home(make: Make, monkeypatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_secret")
    monkeypatch.delenv("HOME", raising=False)
    renderer = make()
    renderer.render(document(), DEFAULT_THEME)
    assert b"secret" not in Path(f"/proc/{child_of(renderer)}/environ").read_bytes().lower()


@pytest.mark.parametrize("executable", ["/usr/sbin/uwsgi", "", "/nowhere/python3"])
def test_a_web_server_with_python_inside_finds_an_interpreter(make: Make, monkeypatch, executable: str) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert make().render(document(), DEFAULT_THEME).startswith(b"%PDF-")


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    head = "import os, sys\nfrom jumun.invoices.documents.renderer import renderer\n"
    head += "from jumun.invoices.documents.theme import *\n"
    head += "from tests.invoices.documents import document\nfrom tests.invoices.engine_faults import faulty\n"
    command = [sys.executable, "-W", "error", "-c", head + script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


PID = "print(renderer._child._process.pid, flush=True)\n"


def test_the_end_of_the_process_is_its_end_without_a_word() -> None:
    done = run("renderer.render(document(), DEFAULT_THEME)\n" + PID)
    assert (done.returncode, done.stderr) == (0, "")
    assert is_gone(int(done.stdout))


def test_a_process_that_is_killed_leaves_none() -> None:
    done = run("renderer.render(document(), DEFAULT_THEME)\n" + PID + "os.kill(os.getpid(), 9)")
    wait_until(lambda: is_gone(int(done.stdout)))


def test_a_process_that_is_killed_leaves_none_that_hangs(tmp_path: Path) -> None:
    """Nobody is left to end that rendering but the child itself."""
    done = run(
        "from pathlib import Path\nimport threading, time\nfrom jumun.invoices.documents.renderer import Renderer\n"
        "renderer = Renderer(time_limit_s=1)\nrenderer.render(document(), DEFAULT_THEME)\n"
        + PID
        + "threading.Thread(target=renderer.render, args=(document(), faulty(Path(sys.argv[1]), 'hangs'))).start()\n"
        "time.sleep(0.5)\nos.kill(os.getpid(), 9)",
        str(tmp_path),
    )
    wait_until(lambda: is_gone(int(done.stdout)))


def test_forked_processes_have_children_of_their_own() -> None:
    """As the workers of a web server which has loaded, and even rendered, before it forks."""
    done = run(
        "import warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n"
        "made = {renderer.render(document(), DEFAULT_THEME)}\n" + PID + "forked = []\n"
        "for _ in range(2):\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        assert renderer._child is None\n"
        "        made.add(renderer.render(document(), DEFAULT_THEME))\n        " + PID + "        renderer.close()\n"
        "        os._exit(len(made) - 1)\n"
        "    forked.append(pid)\n"
        "for pid in forked:\n    assert os.waitpid(pid, 0)[1] == 0\n"
        "renderer.render(document(), DEFAULT_THEME)\n" + PID
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, *others = map(int, done.stdout.split())
    assert others[-1] == first
    assert len({first, *others}) == 3
