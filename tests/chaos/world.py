"""The store as `./run` starts it, with three workers, and everything in it that can be killed."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from honcho.environ import parse_procfile

from paywright.testing import Paywright
from shop.run.configuration import ROOT, Configuration, configure, free_ports
from shop.run.store import PROCFILE
from tests.broker import running_any_broker
from tests.chaos import faults
from tests.chaos.clock import VARIABLE, SharedClock
from tests.chaos.mail import post
from tests.chaos.plan import Plan
from tests.chaos.prepare import STOCK
from tests.conformance import recording
from tests.postgres import Server, running_server

READY_TIMEOUT_S = 90.0
PASSWORD = "for the simulated staff only"
STOP_TIMEOUT_S = 120
# Within this the web server has its children again, and each has a connection.
CALM_AFTER_S = 5.0
WORKERS = ("worker-1", "worker-2", "worker-3")
# What Celery's workers are that have nobody to greet; the first one keeps the time for all.
CELERY = ("-m", "celery", "-A", "tests.outbox.celery_app", "worker", "--concurrency", "1", "--loglevel", "WARNING")
QUIETLY = ("--without-gossip", "--without-mingle")


class World:
    """All processes of one run, in one folder, for the length of a `with` block."""

    def __init__(self, plan: Plan, folder: Path, *, database: str) -> None:
        """``database`` is sqlite or postgresql."""
        self.plan = plan
        self.folder = folder
        self.vendor = database
        self.kills: list[str] = []
        self.clock_changes = 0
        self.database: Server | None = None
        self._stack = ExitStack()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._faults: list[faults.Fault] = []
        self._fault_turns = 0
        self._webhooks = plan.webhooks
        # What the store is deployed with that differs from its configuration.
        self._changed: dict[str, str] = {}
        # Held while a process or the database is killed and comes back.
        self._fate = threading.Lock()
        self._calm_from = 0.0
        self.webs = ("web", "web-2") if plan.several else ("web",)

    def __enter__(self) -> Self:
        given = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "JUMUN_ENV_FILE": os.devnull}
        given["JUMUN_CURRENCY"] = self.plan.currency
        try:
            if self.vendor == "postgresql":
                # Its own defaults: what it has committed is there after a crash.
                self.database = self._stack.enter_context(running_server())
                given["DATABASE_URL"] = self.database.url
            if self.plan.celery:
                given["BROKER_URL"] = self._stack.enter_context(running_any_broker())
            self.clock = SharedClock(self.folder / "clock")
            self.mail = self._stack.enter_context(post(seed=self.plan.seed))
            self._stack.callback(self.mail.keep_in, self.folder / "mail")
            self.configuration = self._configured(given)
            self._other = self._second() if self.plan.several else self.configuration
            self.run("-m", "tests.chaos.prepare")
            self.set_faults(webhooks=self.plan.webhooks)
            for name in ("paywright", *self.webs, *WORKERS):
                self._locks[name] = threading.Lock()
                self._start(name)
            self.wait_until_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def _configured(self, given: dict[str, str]) -> Configuration:
        self.said.mkdir()
        port, paywright_port = free_ports(2)
        plain = configure(data=self.folder, port=port, paywright_port=paywright_port, given=given)
        environment = {
            **plain.environment,
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            VARIABLE: str(self.folder / "clock"),
            recording.VARIABLE: str(self.said),
            STOCK: json.dumps(self.plan.stock),
            **self.mail.environment,
            "JUMUN_STAFF_PASSWORD": PASSWORD,
        }
        return Configuration(data=self.folder, port=port, paywright_port=paywright_port, environment=environment)

    def _second(self) -> Configuration:
        """The other web server's, which has the database in common with the first and nothing else."""
        (port,) = free_ports(1)
        return replace(self.configuration, port=port)

    @property
    def store_url(self) -> str:
        """Where buyers go."""
        return self.configuration.store_url

    @property
    def staff_url(self) -> str:
        """Where staff go, and Stripe's notifications."""
        return self._other.store_url

    @property
    def paywright_url(self) -> str:
        return str(self.configuration.paywright_url)

    def parents(self) -> list[int]:
        """The processes that render, or whose children do."""
        return [self._children[name].pid for name in (*self.webs, *WORKERS)]

    @property
    def paywright_state(self) -> Path:
        """Paywright's own books."""
        return self.folder / "paywright.sqlite3"

    @property
    def other_account_state(self) -> Path:
        """The books of another account, which is there once its key was in force."""
        return self.folder / "another-account.sqlite3"

    @property
    def said(self) -> Path:
        """Where Paywright writes down what it says."""
        return self.folder / "said"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python with the store's settings to its end; raises `RuntimeError` where it has no output."""
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=dict(self.configuration.environment), capture_output=True, text=True)
        if done.returncode and not done.stdout:
            raise RuntimeError(f"{' '.join(arguments)} failed: {done.stderr[-3000:]}")
        return done

    def set_faults(self, *, webhooks: bool) -> None:
        """Let things go wrong from now on; without ``webhooks``, none arrives."""
        self._webhooks = webhooks
        self._fault_turns += 1
        self._put_faults(faults.faults(self.plan.seed, self._fault_turns, webhooks=webhooks))

    @contextmanager
    def hanging_stripe(self, calls: str, *, for_s: float) -> Iterator[None]:
        """Meanwhile no call that matches the pattern is answered. Events still come, with the faults in force."""
        self._put_faults([faults.hang(calls, for_s), *self._faults])
        yield
        self.set_faults(webhooks=self._webhooks)

    def end_faults(self) -> None:
        """Nothing goes wrong any more; but where no notification was to arrive, none does."""
        self.mail.live()
        self._put_faults([] if self.plan.webhooks else faults.NO_WEBHOOKS)

    def _put_faults(self, chosen: list[faults.Fault]) -> None:
        self._faults = chosen
        if "paywright" in self._children:
            with self._locks["paywright"]:
                self.tell_paywright("PUT", "faults", {"faults": chosen})

    def tell_paywright(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call one of the sandbox's own routes; raises `httpx.HTTPError`."""
        address = f"{self.paywright_url}/_paywright/{path}"
        answer = httpx.request(method, address, json=body or {}, timeout=120, trust_env=False)
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    def advance(self, minutes: float) -> None:
        """Move the time for all. Nobody may be in the middle of an order, nor a worker of a job."""
        self.tell_paywright("POST", "clock", {"advance": f"{int(minutes * 60)}s"})
        self.clock.advance(int(minutes * 60))

    @property
    def is_calm(self) -> bool:
        """Whether the web server and its database have been left alone for some seconds."""
        return not self._fate.locked() and time.monotonic() > self._calm_from

    @contextmanager
    def _disturbed(self) -> Iterator[None]:
        with self._fate:
            yield
            self._calm_from = time.monotonic() + CALM_AFTER_S

    def kill(self, name: str) -> None:
        """Kill a process with -9 and start it again; ``web-child`` is one that the web server starts again itself."""
        with self._disturbed():
            self._kill(name)

    def _kill(self, name: str) -> None:
        self.kills.append(name)
        if name == "web-child":
            self._kill_web_child()
            return
        with self._locks[name]:
            self._end_now(name)
            if name == "paywright" and self._faults:
                self._fault_turns += 1
                self._faults = faults.faults(self.plan.seed, self._fault_turns, webhooks=self._webhooks)
            self._start(name)
            if name not in WORKERS:
                self._wait_for(name)

    @contextmanager
    def without_workers(self) -> Iterator[None]:
        """Stop the workers as a deployment does: each finishes what it has in hand. They start again afterwards."""
        self._end(WORKERS)
        yield
        for name in WORKERS:
            self._start(name)

    @contextmanager
    def deployed_with(self, **changed: str) -> Iterator[None]:
        """Meanwhile the store runs with other values in its environment. It is deployed anew before and after."""
        self._deploy(changed)
        try:
            yield
        finally:
            self._deploy({})

    def _deploy(self, changed: dict[str, str]) -> None:
        with self._disturbed():
            self._end((*self.webs, *WORKERS))
            self._changed = changed
            for name in (*self.webs, *WORKERS):
                self._start(name)
            for name in self.webs:
                self._wait_for(name)

    @contextmanager
    def another_account(self) -> Iterator[str]:
        """Where the key of another account leads: to a Stripe that knows nothing of this store."""
        with Paywright(state=self.other_account_state) as other:
            yield other.api_base

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Kill all of the store's processes, and start them again afterwards. Stripe and customers go on."""
        with self._disturbed():
            for name in (*self.webs, *WORKERS):
                self.kills.append(name)
                self._end_now(name)
            yield
            for name in (*self.webs, *WORKERS):
                self._start(name)
            for name in self.webs:
                self._wait_for(name)

    def _end(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._children[name].terminate()
        for name in names:
            self._children[name].wait(STOP_TIMEOUT_S)

    def _end_now(self, name: str) -> None:
        """Kill a process and all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._children[name].pid, signal.SIGKILL)
        self._children[name].wait()

    @contextmanager
    def wrong_clock(self, ahead_s: float) -> Iterator[None]:
        """Meanwhile the clock of the store's machine is so far ahead of the right time, or behind it."""
        with self._disturbed():
            self.clock_changes += 1
            self.clock.set_wrong(ahead_s)
            try:
                yield
            finally:
                self.clock.set_wrong(0)

    def restart_database(self, *, crash: bool) -> None:
        """Shut PostgreSQL down, or crash it, under load; SQLite has no server."""
        if self.database:
            with self._disturbed():
                self.kills.append("database crash" if crash else "database restart")
                self.database.stop(signal.SIGQUIT if crash else signal.SIGINT)
                self.database.start()

    def wait_until_ready(self) -> None:
        """Return when the web server and Paywright answer, and every process is alive."""
        for name in ("paywright", *self.webs):
            self._wait_for(name)
        for name, child in self._children.items():
            if child.poll() is not None:
                raise RuntimeError(f"{name} has ended ({child.returncode}): {self._last_lines(name)}")

    def _wait_for(self, name: str) -> None:
        url = {
            "paywright": f"{self.paywright_url}/_paywright/health",
            "web": f"{self.store_url}/healthz",
            "web-2": f"{self.staff_url}/healthz",
        }[name]
        give_up = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < give_up and self._children[name].poll() is None:
            try:
                if httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError(f"{name} does not answer: {self._last_lines(name)}")

    def _last_lines(self, name: str) -> str:
        return self._log(name).read_text(encoding="utf-8", errors="replace")[-3000:]

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _kill_web_child(self) -> None:
        listed = subprocess.run(["pgrep", "-P", str(self._children["web"].pid)], capture_output=True, text=True)
        children = [int(line) for line in listed.stdout.split()]
        if children:
            os.kill(children[len(self.kills) % len(children)], signal.SIGKILL)

    def _start(self, name: str) -> None:
        environment = {**self.configuration.environment, **(self._changed if name != "paywright" else {})}
        if name != "web":
            environment["JUMUN_PORT"] = str(self._other.port)
        with self._log(name).open("ab") as log:
            self._children[name] = subprocess.Popen(
                self._command(name),
                env=environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _command(self, name: str) -> list[str]:
        if self.plan.celery and name in WORKERS:
            beat = ["--beat", "--schedule", str(self.folder / "beat")] if name == WORKERS[0] else []
            return [sys.executable, *CELERY, *QUIETLY, "--hostname", f"{name}@%h", *beat]
        if name in WORKERS:
            return [sys.executable, "-m", "django", "work"]
        command = recording.in_place(parse_procfile(PROCFILE.read_text()).processes[name.partition("-")[0]])
        options = faults.as_options(self._faults) if name == "paywright" else []
        return ["sh", "-c", f"{command} {shlex.join(options)}"]

    def _stop(self) -> None:
        for name in self._children:
            self._end_now(name)
        self._stack.close()
