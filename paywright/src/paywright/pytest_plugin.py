"""pytest fixtures: ``paywright`` is a running server, empty at the start of each test.

To choose where events go, call ``paywright.forward("http://...")`` in a test, or give the option
``--paywright-forward-to`` for all tests. pytest loads this file in every project that has Paywright installed, so it
imports the rest only when a test asks for a fixture.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from paywright.testing import Paywright


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("paywright")
    group.addoption("--paywright-forward-to", metavar="URL", help="the webhook URL that gets every event")


@pytest.fixture(scope="session")
def paywright_server(pytestconfig: pytest.Config) -> "Iterator[Paywright]":
    """One server process for the test session."""
    from paywright.testing import NotStarted, Paywright

    server = Paywright(forward_to=pytestconfig.getoption("--paywright-forward-to"))
    try:
        server.start()
    except NotStarted as problem:
        raise pytest.fail.Exception(f"paywright: {problem}", pytrace=False) from None
    with server:
        yield server


@pytest.fixture
def paywright(paywright_server: "Paywright") -> "Iterator[Paywright]":
    """The server, without objects, faults or deliveries of other tests, and in real time."""
    paywright_server.reset()
    paywright_server.forward(None)
    yield paywright_server
    paywright_server.settle()
