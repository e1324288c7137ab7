"""What buyers and staff have in common: a browser, and patience with a server that does not answer."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import TypeVar
from urllib.parse import urlsplit

import requests

from shop.tour.browser import Browser, Page

TRIES_MAX = 25
PAUSE_S = 0.4
# What is seen of an order on a page that shows none.
NO_ORDER = "no order"

Result = TypeVar("Result")


class GivesUp(Exception):
    """Somebody has pressed the button so often that they go away."""


@dataclass
class Lost:
    """What was there before a backup was restored, and is not any more."""

    # References.
    orders: set[str] = field(default_factory=set)
    # Acknowledged ones.
    events: set[str] = field(default_factory=set)
    # What customers hold of documents, be they gone or not: by number, the SHA-256 of what it says.
    held: dict[str, str] = field(default_factory=dict)
    # The Message-ID of all that had gone out.
    mails: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """What buyers were shown, by their number, and how often servers failed them."""

    orders: dict[int, str] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    # Names as typed.
    names: dict[int, str] = field(default_factory=dict)
    sessions: dict[int, list[str]] = field(default_factory=dict)
    # What was made in another account, while its key was in force.
    elsewhere: set[str] = field(default_factory=set)
    # None unless a backup was restored.
    lost: Lost | None = None
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    # What must not be, noticed while it was so.
    wrong: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def outcome(self, what: str, times: int = 1) -> None:
        with self.lock:
            self.outcomes[what] += times

    def find(self, problem: str) -> None:
        with self.lock:
            self.wrong.append(problem)

    def failure(self, what: str) -> None:
        with self.lock:
            self.failures[what] += 1


class Visitor(Browser):
    """A browser whose requests come through the shop's own proxy, which writes down the address it was called from."""

    def __init__(self, language: str, address: str) -> None:
        super().__init__(language)
        self.session.headers["X-Forwarded-For"] = address


def patiently(seen: Seen, act: Callable[[], Page]) -> Page:
    """Do it again while the server is away or fails, as somebody presses reload. Raises `GivesUp`."""
    for _try in range(TRIES_MAX):
        try:
            page = act()
        except requests.RequestException as error:
            seen.failure(type(error).__name__)
        else:
            if page.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return page
            seen.failure(f"{page.status} {urlsplit(page.url).path.split('/')[1]}")
        time.sleep(PAUSE_S)
    raise GivesUp


def at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """``act(0)`` to ``act(count - 1)``, simultaneously; raises the first error."""
    if count == 1:
        return [act(0)]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(act, range(count)))
