import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from jumun.storefront.pages import catalogue

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


@pytest.mark.parametrize("page", ["400.html", "500.html"])
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
