import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

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


@pytest.mark.parametrize("page", ["400.html", "500.html", "jumun/errors/503.html"])
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
    assert Client().get("/healthz", headers={"Host": "elsewhere.example"}).status_code == 400
    [line] = [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
    assert (line.levelname, line.exc_info) == ("WARNING", None)
    assert "elsewhere.example" in line.getMessage()
