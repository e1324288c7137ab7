"""The processes that render PDFs: children of web servers and workers, there while something is to be rendered."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from tests.chaos.people import Seen
from tests.chaos.steps import KillEngine
from tests.chaos.world import World

# What the command line of such a process has and no other does.
ENGINE = re.compile(r"-m jumun\.invoices\.documents\.render_child\b")

# How long one is waited for, and the outcome of having ended one.
FOUND_WITHIN_S = 10.0
LOOK_EVERY_S = 0.1
ENDED = "a process that renders was ended"


def kill_engine(world: World, seen: Seen, step: KillEngine) -> None:
    """The first one that is seen, at some moment of its work."""
    give_up = time.monotonic() + FOUND_WITHIN_S
    while not (found := engines(world.parents())) and time.monotonic() < give_up:
        time.sleep(LOOK_EVERY_S)
    time.sleep(step.delay_s)
    if found and end(found[0], step.signal):
        seen.outcome(f"{ENDED} by {step.signal.name}")


def engines(parents: Iterable[int]) -> list[int]:
    """The ids of those that run now below these processes."""
    # However wide the terminal is.
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    children: dict[int, list[int]] = {}
    commands: dict[int, str] = {}
    for pid, parent, command in re.findall(r"^ *(\d+) +(\d+) +(.*)$", listed.stdout, re.MULTILINE):
        children.setdefault(int(parent), []).append(int(pid))
        commands[int(pid)] = command
    return [pid for parent in parents for pid in _below(parent, children) if ENGINE.search(commands[pid])]


def _below(parent: int, children: dict[int, list[int]]) -> Iterator[int]:
    for child in children.get(parent, ()):
        yield child
        yield from _below(child, children)


def end(engine: int, how: signal.Signals) -> bool:
    """Whether it was still there to be ended."""
    with suppress(ProcessLookupError):
        os.kill(engine, how)
        return True
    return False
