"""Ways to end a thread or process. Apart from the jobs, whose kinds are to be known to the poisoned workers alone."""

import _thread
import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial


class Panic(BaseException):
    """As pyo3 raises for a panic of Rust code."""


class Unspeakable(Exception):
    """An error whose text cannot be had."""

    retryable = False

    def __str__(self) -> str:
        raise RuntimeError("no words")


def _panic() -> None:
    raise Panic("index out of bounds")


def _generator_exit() -> None:
    raise GeneratorExit


def _keyboard_interrupt() -> None:
    raise KeyboardInterrupt


def _system_exit() -> None:
    raise SystemExit(3)


def _memory_error() -> None:
    bytearray(1 << 62)


def _recursion() -> None:
    _recursion()


def _thread_exit() -> None:
    _thread.exit()


def _raised_from_outside() -> None:
    """As another thread, or a debugger, ends one."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threading.get_ident()), ctypes.py_object(SystemExit))
    for _ in range(100):
        time.sleep(0.01)


def _unspeakable() -> None:
    raise Unspeakable


def _segfault() -> None:
    ctypes.string_at(0)


# What Python can catch, and what ends the process whatever Python does.
CAUGHT: dict[str, Callable[[], None]] = {
    "panic": _panic,
    "generator_exit": _generator_exit,
    "keyboard_interrupt": _keyboard_interrupt,
    "system_exit": _system_exit,
    "memory_error": _memory_error,
    "recursion": _recursion,
    "thread_exit": _thread_exit,
    "raised_from_outside": _raised_from_outside,
    "unspeakable": _unspeakable,
}
DEADLY: dict[str, Callable[[], None]] = {
    "os_exit": partial(os._exit, 7),
    "abort": os.abort,
    "segfault": _segfault,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
}
