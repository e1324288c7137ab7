import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from shop.configuration import Configuration, configure, free_ports
from shop.start import prepare
from shop.supervisor import Supervisor
from tests.conformance import recording
from tests.pages import Pages


@dataclass(frozen=True)
class Store:
    """The running store and its member of staff."""

    configuration: Configuration
    password: str


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store as ``./run`` starts it: web, worker and Paywright as processes, a SQLite file, the demo catalogue."""
    folder = Path(tmp_path_factory.mktemp("store"))
    port, paywright_port = free_ports(2)
    configuration = configure(
        data=folder,
        port=port,
        paywright_port=paywright_port,
        given={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "JUMUN_ENV_FILE": os.devnull,
            **recording.environment(),
        },
    )
    with Supervisor(configuration, echo=lambda _line: None) as supervisor:
        password = prepare(supervisor)
        assert password, "the staff user is made with the database"
        supervisor.start()
        yield Store(configuration, password)


@pytest.fixture(scope="session")
def store(running: Store) -> Configuration:
    return running.configuration


@pytest.fixture(params=["ko-KR", "en-US"])
def visitor(request: pytest.FixtureRequest, pages: Pages) -> Iterator[Page]:
    """A customer's browser in Korean, then in English. What a page's console complains of fails the test."""
    with pages.visit(locale=request.param) as page:
        yield page
