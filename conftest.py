import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import stripe as sdk
from django.db import connection
from hypothesis import Phase
from hypothesis import settings as hypothesis
from pytest_django.fixtures import Settings

from paywright.testing import Paywright
from shop.run import store
from tests.chromium import ARGUMENTS, HOW_TO_GET, find_chromium
from tests.conformance import recording
from tests.conformance.conforming import check_answer
from tests.conformance.said import Said

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.plugin import DjangoDbBlocker

    from tests.pages import Pages

NO_BROWSER = f"no Chromium: {HOW_TO_GET}"

# A shared machine may take its time over one example; what is tested is never how long it takes.
hypothesis.register_profile("jumun", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.register_profile("thorough", deadline=None, max_examples=1_000)
# For a mutant: the same examples as for the others, and none made smaller once one has failed.
hypothesis.register_profile(
    "mutation",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=40,
    phases=[Phase.explicit, Phase.generate],
)
hypothesis.load_profile("jumun")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first. Without Chromium, skip the browser tests, or let them fail where they are required."""
    # Begun last, a long file would keep one process busy while the others wait for it.
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if find_chromium() or os.environ.get("JUMUN_REQUIRE_BROWSER") == "1":
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> Iterator[None]:
    """PostgreSQL drops no database that has another session, such as one of a process that a test has just killed."""
    yield
    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One Chromium for the session. Tests that use it carry the mark `browser`."""
    from playwright.sync_api import expect, sync_playwright

    executable = find_chromium()
    if executable is None:
        pytest.fail(NO_BROWSER)
    # Playwright runs an event loop in this thread, in which Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    # As long as Playwright waits for a page: five seconds are few on a busy machine.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield launched
        launched.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def pages(browser: "Browser") -> "Pages":
    from tests.pages import Pages

    return Pages(browser)


@pytest.fixture
def page(pages: "Pages") -> Iterator["Page"]:
    """A page of a browser that knows nothing yet. The test fails if a script of the page does."""
    with pages.visit() as opened:
        yield opened


@pytest.fixture(scope="session", autouse=True)
def _answers_are_as_stripes_document_says() -> Iterator[None]:
    """Whatever the SDK is answered in this process, by whichever test, is looked at in passing."""
    send = sdk.RequestsClient.request

    def request(self: Any, method: str, url: str, *rest: Any, **more: Any) -> Any:
        answer: Any = send(self, method, url, *rest, **more)
        check_answer(method, urlsplit(url).path, answer[1], answer[0])
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sdk.RequestsClient, "request", request)
        yield


@pytest.fixture(scope="session", autouse=True)
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    """What every Paywright of this session says, whoever started it and whoever asked."""
    folder = tmp_path_factory.mktemp("said")
    said = Said(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(recording.VARIABLE, str(folder))
        patch.setattr(Paywright, "program", recording.PROGRAM)
        patch.setattr(store, "PROCFILE", recording.procfile(store.PROCFILE))
        yield said
    assert said.problems() == []


@pytest.fixture(autouse=True)
def _servers_say_what_stripe_would(said: Said) -> Iterator[None]:
    """What no schema allows fails the test in which it was said, to a process of the store as much as to the test."""
    yield
    assert said.problems() == []


@pytest.fixture
def stripe(paywright: Paywright, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paywright]:
    """The sandbox in Stripe's place, over HTTP and through the real SDK. It has no limits to keep below."""
    monkeypatch.setattr("jumun.payments.stripe.rate_limit.TEST_PER_S", 10_000)
    settings.STRIPE_SECRET_KEY = paywright.secret_key
    settings.STRIPE_API_BASE = paywright.api_base
    yield paywright
    paywright.faults()
