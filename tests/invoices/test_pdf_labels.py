import json
import string

import pytest

from jumun.invoices.documents.labels import LABELS

pytestmark = pytest.mark.no_database

labels = json.loads(LABELS.read_text(encoding="utf-8"))


def placeholders(text):
    # Where English names the tax, Korean may have a word for the whole: 공급가액 for "Total excl. VAT".
    return {name for _, name, _, _ in string.Formatter().parse(text) if name} - {"tax", "Tax"}


def test_korean_and_english_are_both_complete():
    assert labels["ko"].keys() == labels["en"].keys()
    for key, english in labels["en"].items():
        assert labels["ko"][key].strip()
        assert placeholders(labels["ko"][key]) == placeholders(english), key


def test_korean_is_written_in_hangul():
    without_words = {"method_other", "corrects_dated"}
    for key, text in labels["ko"].items():
        assert key in without_words or any("가" <= character <= "힣" for character in text), key
