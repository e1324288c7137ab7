"""How the tour compares what came back with what was expected."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from shop.tour.browser import Page

# The worker looks for work several times a second; a machine under load gets more time than that.
WAIT_S = 20.0
TOLD_CHARACTERS = 300

T = TypeVar("T")


class StepFailed(Exception):
    """What came back is not what was expected."""

    def __init__(self, *, expected: str, came: object) -> None:
        super().__init__(f"expected {expected}, came {came}")
        self.expected = expected
        self.came = str(came)


def expect(holds: object, expected: str, came: object) -> None:
    """Raise `StepFailed` unless it holds."""
    if not holds:
        raise StepFailed(expected=expected, came=came)


def shown(page: Page) -> Page:
    """The page, if it is one; raises `StepFailed` for an error page."""
    expect(page.status == HTTPStatus.OK, f"200 from {page.url}", f"{page.status}: {told(page)}")
    return page


def told(page: Page) -> str:
    """The beginning of what a page says, for an error report."""
    return " ".join(page.text.split())[:TOLD_CHARACTERS]


def until(look: Callable[[], T], found: Callable[[T], Any]) -> T:
    """Look again and again until it is found; return what was seen last, found or not."""
    give_up = time.monotonic() + WAIT_S
    while not found(seen := look()) and time.monotonic() < give_up:
        time.sleep(0.05)
    return seen
