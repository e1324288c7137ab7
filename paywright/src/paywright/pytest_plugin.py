"""pytest fixtures: ``paywright`` is a running server, empty at the start of each test.

Where events go is up to the test: ``paywright.forward("http://...")``, or the option
``--paywright-forward-to`` for all.
"""

from collections.abc import Iterator

import pytest

from paywright.testing import Paywright


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("paywright")
    group.addoption("--paywright-forward-to", metavar="URL", help="the webhook URL that gets every event")


@pytest.fixture(scope="session")
def paywright_server(pytestconfig: pytest.Config) -> Iterator[Paywright]:
    """One server process for the test session."""
    with Paywright(forward_to=pytestconfig.getoption("--paywright-forward-to")) as server:
        yield server


@pytest.fixture
def paywright(paywright_server: Paywright) -> Iterator[Paywright]:
    """The server, without objects, faults or deliveries of other tests, and in real time."""
    paywright_server.reset()
    paywright_server.forward(None)
    yield paywright_server
    paywright_server.settle()
