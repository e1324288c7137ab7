"""Ours with the e-invoice made and embedded as Factur-X, metadata included; in a child process, as a store does."""

from collections.abc import Callable
from pathlib import Path

from jumun.invoices.documents.document import Document
from jumun.invoices.documents.make_pdf import make_pdf
from jumun.invoices.documents.theme import DEFAULT_THEME


def painter(_font: Path) -> Callable[[Document], bytes]:
    return lambda document: make_pdf(document, DEFAULT_THEME).content
