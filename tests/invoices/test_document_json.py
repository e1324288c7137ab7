import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumun.invoices.documents.document import Document, DocumentError, canonical_json, from_json
from tests.invoices.documents import document, line, long_document

pytestmark = pytest.mark.no_database

FROZEN_SHA256 = "232e147670d72360567b1370bec704f3ef00706d630b5a067842a80dc26f6948"


def sha256(given: Document) -> str:
    return hashlib.sha256(canonical_json(given).encode()).hexdigest()


def test_a_document_comes_back_as_it_was():
    for original in (document(), long_document(), document(paid=None, livemode=False, notes=("a", "b"))):
        assert from_json(canonical_json(original)) == original


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives(text):
    original = document(line(description=text), notes=(text,))
    assert from_json(canonical_json(original)) == original


def test_the_text_is_stable_for_ever():
    """A change here breaks every stored hash: raise SCHEMA_VERSION and keep reading the old one."""
    assert hashlib.sha256(canonical_json(document()).encode()).hexdigest() == FROZEN_SHA256


def test_the_text_is_readable_and_sorted():
    text = canonical_json(document())
    assert '"name":"이서연"' in text
    assert '"issued_on":"2026-11-23"' in text
    assert text == json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def changed(**changes):
    return json.dumps(
        json.loads(canonical_json(document())) | changes, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        changed(schema_version=2),
        changed(schema_version="1"),
        changed(extra=1),
        changed(total_minor=11_000.0),
        changed(total_minor="11000"),
        changed(total_minor=True),
        changed(total_minor=10_999),
        changed(locale="fr"),
        changed(kind=["invoice"]),
        changed(issued_on="23.11.2026"),
        changed(issued_on=None),
        changed(seller="Jumun"),
        changed(lines={}),
        changed(notes=[1]),
        changed(livemode=1),
        canonical_json(document()) + "\n",
        canonical_json(document()).replace(",", ", "),
        json.dumps(json.loads(canonical_json(document())), sort_keys=True, separators=(",", ":")),
        canonical_json(document()).replace('"sku":"",', ""),
    ],
)
def test_a_text_that_differs_at_all_is_refused(text):
    with pytest.raises(DocumentError):
        from_json(text)
