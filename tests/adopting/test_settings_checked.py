"""What `manage.py check` says of a ``JUMUN`` dict that cannot be meant."""

import unicodedata
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from jumun.conf import InvalidSetting, jumun

NOT_TEXTS = [None, 7, b"x", ["x"], "a\0b"]
NOT_LINES = [7, None, [7], ["\u3164"], {"x": 1}, ["a\0"]]


def told(settings: Settings, given: Any) -> list[str]:
    settings.JUMUN = given
    return [f"{message.id}: {message.msg}" for message in run_checks() if (message.id or "").startswith("jumun.E")]


@pytest.mark.parametrize("name", ["ADDRESS", "REGISTRATION"])
def test_lines_given_as_one_text_are_explained(settings: Settings, name: str) -> None:
    assert told(settings, {"SELLER": {name: "세종대로 110"}}) == [
        f"""jumun.E001: JUMUN["SELLER"]["{name}"] must be a list of lines, not one text: write ['세종대로 110']."""
    ]
    with pytest.raises(InvalidSetting, match="list of lines"):
        jumun()


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        *((f"SELLER.{name}", NOT_TEXTS, "must be a text") for name in ("NAME", "POSTAL_CODE", "CITY", "EMAIL")),
        *((f"SELLER.{name}", NOT_TEXTS, "must be a text") for name in ("COUNTRY", "PHONE", "TAX_ID", "CODE")),
        *((f"SELLER.{name}", NOT_LINES, "list of texts") for name in ("ADDRESS", "REGISTRATION")),
        ("INVOICE_FONT_FOLDERS", NOT_LINES, "list of texts"),
        *((name, NOT_TEXTS, "must be a text") for name in ("CURRENCY", "INVOICE_PREFIX", "INVOICE_PAPER", "SITE_URL")),
        ("ORDER_EXPIRES_S", ["60", 0, -1, None, True, 1.5], "whole number above zero"),
        ("TRUSTED_PROXY_COUNT", ["1", -1, None, True, 1.0], "whole number, 0 or above"),
        ("STRIPE_TIMEOUT_S", ["10", 0, -1.5, None, True, float("nan")], "must be a number above zero"),
        ("INVOICE_BILINGUAL", ["yes", 1, None], "True or False"),
        ("SELLER", [None, "Example GmbH", ["x"]], "must be a dict"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_named_with_what_is_wanted(
    settings: Settings, name: str, values: list[Any], wanted: str
) -> None:
    for value in values:
        *outer, key = name.split(".")
        given = {key: value}
        for part in outer:
            given = {part: given}
        (only,) = told(settings, given)
        assert wanted in only
        assert f'["{key}"]' in only


def test_several_mistakes_are_all_named(settings: Settings) -> None:
    found = told(settings, {"SELER": {}, "CURRENCY": 1, "SELLER": {"ADDRESS": "x", "NAM": ""}})
    assert len(found) == 4
    assert told(settings, ["CURRENCY"]) == ["jumun.E001: JUMUN must be a dict, not ['CURRENCY']."]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"CURRENCY": "WON"}, "jumun.E031"),
        ({"CURRENCY": "krw"}, "jumun.E031"),
        ({"CURRENCY": ""}, "jumun.E031"),
        ({"SITE_URL": "shop.example.com"}, "jumun.E032"),
        ({"SELLER": {"NAME": "\u3164"}}, "jumun.E033"),
        ({"SELLER": {"COUNTRY": "KOR"}}, "jumun.E034"),
        ({"SELLER": {"COUNTRY": "kr"}}, "jumun.E034"),
        ({"SELLER": {"EMAIL": "shop"}}, "jumun.E035"),
        ({"SELLER": {"EMAIL": ""}}, "jumun.E035"),
        ({"SELLER": {"EMAIL": "shop@example.com\nBcc: all@example.com"}}, "jumun.E035"),
    ],
)
def test_a_value_that_no_shop_has_is_named(settings: Settings, given: dict[str, Any], found: str) -> None:
    assert [message.partition(":")[0] for message in told(settings, given)] == [found]


def test_texts_of_the_seller_are_normalised(settings: Settings) -> None:
    decomposed = unicodedata.normalize("NFD", "하늘 찻집")
    settings.JUMUN = {"SELLER": {"NAME": f" {decomposed}", "ADDRESS": [decomposed], "EMAIL": "shop@하늘.한국"}}
    assert (jumun().seller.name, jumun().seller.address) == ("하늘 찻집", ("하늘 찻집",))
    assert told(settings, settings.JUMUN) == []
