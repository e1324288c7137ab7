"""The same document gives the same bytes with every Python, on every machine, in every process."""

import json

import pytest

from tests.invoices.pinned import PINS, digests

pytestmark = pytest.mark.no_database


def test_the_papers_are_the_pinned_ones_to_the_byte():
    assert digests() == json.loads(PINS.read_text(encoding="utf-8"))
