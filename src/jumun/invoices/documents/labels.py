"""The words on documents in Korean and in English, from `labels.json`. No Django."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path

from jumun.invoices.documents.document import Document, Language

LABELS = Path(__file__).with_name("labels.json")


def labels_of(document: Document, language: Language | None = None) -> Mapping[str, str]:
    """The words in `language` (by default the document's first), with the tax named as in the seller's country."""
    return _labels(language or document.language, document.seller.country)


@functools.cache
def _labels(language: Language, seller_country: str) -> Mapping[str, str]:
    texts = json.loads(LABELS.read_text(encoding="utf-8"))[language]
    tax = texts["sales_tax"] if seller_country == "US" else texts["tax"]
    heading = tax[0].upper() + tax[1:]
    named = {key: text.replace("{tax}", tax).replace("{Tax}", heading) for key, text in texts.items()}
    return named | {"tax": heading}
