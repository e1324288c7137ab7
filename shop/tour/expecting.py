"""How the tour compares what it receives with what it expects."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from shop.tour.browser import Page

# The worker looks for work several times a second; a machine under load gets more time than that.
WAIT_S = 20.0

T = TypeVar("T")


class StepFailed(Exception):
    def __init__(self, *, expected: str, received: object) -> None:
        super().__init__(f"expected {expected}, received {received}")
        self.expected = expected
        self.received = str(received)


def expect(holds: object, expected: str, received: object) -> None:
    """Raise `StepFailed` unless it holds. A page that was received is reported by its status and its first words."""
    if not holds:
        if isinstance(received, Page):
            received = f"{received.status}: {' '.join(received.text.split())[:300]}"
        raise StepFailed(expected=expected, received=received)


def shown(page: Page) -> Page:
    """The page, if it is one; raises `StepFailed` for an error page."""
    expect(page.status == HTTPStatus.OK, f"200 from {page.url}", page)
    return page


def until(look: Callable[[], T], found: Callable[[T], Any]) -> T:
    """Look again and again until it is found; return what was seen last, found or not."""
    give_up = time.monotonic() + WAIT_S
    while not found(seen := look()) and time.monotonic() < give_up:
        time.sleep(0.05)
    return seen
