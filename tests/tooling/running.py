"""``./run`` as a process, in an environment that knows nothing of this machine's."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from shop.run.configuration import free_ports
from tests.conformance import recording

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 90


def environment(**more):
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "JUMUN_ENV_FILE": os.devnull,
        **recording.environment(),
        **more,
    }


def shop(*arguments, **more):
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tests.tooling.shop", *map(str, arguments)],
        cwd=ROOT,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=180,
    )


class Running:
    """A started store; its output so far is in a file."""

    def __init__(self, data, *, log, **more):
        self.port, self.paywright_port = free_ports(2)
        self.log = log
        ports = ["--port", str(self.port), "--paywright-port", str(self.paywright_port)]
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.tooling.shop", *ports, "--data", str(data)],
                cwd=ROOT,
                env=environment(**more),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def said(self):
        return self.log.read_text()

    def wait_until_said(self, text):
        give_up = time.monotonic() + START_TIMEOUT_S
        while text not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < give_up, self.said
            time.sleep(0.05)
        return self

    def get(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.status

    def family(self):
        """All processes below it, parents first, by their ids: what they run."""
        listed = subprocess.run(
            ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        rows = re.findall(r"^ *(\d+) +(\d+) +(.*)$", listed.stdout, re.MULTILINE)
        found: dict[int, str] = {}
        parents = {self.process.pid}
        while parents:
            children = {int(pid): args for pid, parent, args in rows if int(parent) in parents}
            found |= children
            parents = set(children)
        return found

    def one(self, part):
        return next(pid for pid, args in self.family().items() if part in args)


def alive(pid):
    """Whether the process runs; one that has ended and was not collected yet does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")
