import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError, connection
from django.http import Http404, HttpRequest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from pytest_django.fixtures import Settings

from jumun.storefront.pages import catalogue
from tests.storefront.shop import product

ROOT = Path(__file__).parents[2]


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("ko", "페이지를 찾을 수 없습니다"), ("en", "There is no such page")])
def test_a_page_that_is_not_there_leads_back_into_the_shop(client: Client, language: str, words: str) -> None:
    answer = client.get("/nowhere/", headers={"Accept-Language": language})
    assert answer.status_code == 404
    assert words in answer.content.decode()
    assert 'href="/cart/"' in answer.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_cookie_is_asked_for_once_more() -> None:
    answer = Client(enforce_csrf_checks=True).post("/checkout/")
    assert answer.status_code == 403
    assert "양식을 한 번 더 보내" in answer.content.decode()


@pytest.mark.django_db
def test_a_fault_of_ours_says_that_orders_are_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr(catalogue, "PRODUCTS_PER_PAGE", "many")
    answer = client.get("/", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert "What you ordered or paid before is kept" in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


def restarting(statement: str) -> AbstractContextManager[None]:
    """Statements that begin so meet a database that shuts down."""

    def execute(run: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(statement):
            raise OperationalError("terminating connection due to administrator command")
        return run(sql, *rest)

    return connection.execute_wrapper(execute)


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("ko", "잠시 후 다시 열립니다"), ("en", "Back in a moment")])
def test_while_the_database_restarts_a_page_says_so(client: Client, language: str, words: str) -> None:
    client.raise_request_exception = False
    with restarting("SELECT"):
        answer = client.get("/", headers={"Accept-Language": language})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert words in answer.content.decode()
    assert "default-src" in answer["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_session_that_cannot_be_saved_meanwhile_is_no_fault_of_the_customers(client: Client) -> None:
    form = {"sku": product().sku, "quantity": 1}
    assert client.post("/cart/add/", form).status_code == 303
    with restarting('UPDATE "django_session"'):
        answer = client.post("/cart/add/", form)
    assert answer.status_code == 503


@pytest.mark.parametrize("page", ["jumun/errors/400.html", "500.html", "jumun/errors/503.html"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_faults_are_shown_without_request_session_and_database(page: str, language: str) -> None:
    with translation.override(language):
        assert f'<html lang="{language}">' in render_to_string(page)


def test_no_template_needs_inline_script_or_style() -> None:
    """The content security policy refuses them; mails are no pages of ours."""
    inline = re.compile(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)")
    pages = [*ROOT.glob("src/jumun/**/templates/**/*.html"), *ROOT.glob("shop/**/*.html")]
    wrong = [
        page.name for page in pages if "mail" not in page.parts and inline.search(page.read_text(encoding="utf-8"))
    ]
    assert len(pages) > 20
    assert wrong == []


def test_a_host_that_is_not_ours_gets_400_and_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert Client().get("/", headers={"Host": "elsewhere.example"}).status_code == 400
    [line] = [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
    assert (line.levelname, line.exc_info) == ("WARNING", None)
    assert "elsewhere.example" in line.getMessage()


REFUSALS: dict[str, type[Exception]] = {
    "bad": BadRequest,
    "suspicious": SuspiciousOperation,
    "large": RequestDataTooBig,
    "forbidden": PermissionDenied,
    "missing": Http404,
    "fault": ZeroDivisionError,
}
PAGES = {
    400: ("요청을 이해하지 못했습니다", "This request was not understood"),
    403: ("이 페이지를 볼 수 없습니다", "You may not see this page"),
    404: ("페이지를 찾을 수 없습니다", "There is no such page"),
    413: ("요청을 이해하지 못했습니다", "This request was not understood"),
    500: ("문제가 발생했습니다", "Something went wrong here"),
}


def refusing(get_response: Any) -> Any:
    """A project's own middleware that stands before sessions and refuses."""

    def middleware(request: HttpRequest) -> Any:
        raise REFUSALS[request.GET["what"]]

    return middleware


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("language", "place"), [("ko", 0), ("en", 1)])
@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_before_there_is_a_session_keeps_its_status_and_its_page(
    settings: Settings, what: str, language: str, place: int, first: bool
) -> None:
    own = f"{__name__}.refusing"
    settings.MIDDLEWARE = [own, *settings.MIDDLEWARE] if first else [*settings.MIDDLEWARE[:3], own]
    client = Client(raise_request_exception=False)
    # As the thread is left by a reader of the other language.
    with translation.override("en" if language == "ko" else "ko"):
        answer = client.get("/", {"what": what}, headers={"Accept-Language": language})
    expected = {"forbidden": {403}, "missing": {404}, "fault": {500}, "large": {400, 413}}.get(what, {400})
    assert answer.status_code in expected
    words = PAGES[answer.status_code][place]
    assert words in answer.content.decode()


@pytest.mark.parametrize(("language", "words"), [("ko", PAGES[400][0]), ("en", PAGES[400][1])])
@pytest.mark.parametrize("over_https", [True, False])
def test_an_unknown_host_gets_400_in_the_readers_language(
    settings: Settings, language: str, words: str, over_https: bool
) -> None:
    settings.SECURE_SSL_REDIRECT = over_https
    answer = Client().get("/", headers={"Host": "10.0.0.7", "Accept-Language": language})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert f'<html lang="{language}">' in answer.content.decode()
