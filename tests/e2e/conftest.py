import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from shop.run import store as processes
from shop.run.configuration import Configuration, configure, free_ports
from shop.run.database import prepare
from tests.conformance import recording
from tests.pages import Pages


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Configuration, str]]:
    """The store as ``./run`` starts it: web, worker and Paywright as processes, a SQLite file, the demo catalogue.

    With the password of its member of staff.
    """
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
    password = prepare(configuration)
    assert password, "the staff user is made with the database"
    with processes.Store(configuration):
        yield configuration, password


@pytest.fixture(scope="session")
def store(running: tuple[Configuration, str]) -> Configuration:
    return running[0]


@pytest.fixture(scope="session")
def staff_password(running: tuple[Configuration, str]) -> str:
    return running[1]


@pytest.fixture(params=["ko-KR", "en-US"])
def visitor(request: pytest.FixtureRequest, pages: Pages) -> Iterator[Page]:
    """A customer's browser in Korean, then in English. What a page's console complains of fails the test."""
    with pages.visit(locale=request.param) as page:
        yield page
