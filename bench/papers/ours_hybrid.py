"""Ours with the e-invoice made and embedded as Factur-X, metadata included; in a child process, as a store does."""

from collections.abc import Callable
from pathlib import Path

from jumun.invoices.document import Document
from jumun.invoices.make_pdf import make_pdf
from jumun.invoices.theme import DEFAULT_THEME


def painter(_font: Path) -> Callable[[Document], bytes]:
    return lambda document: make_pdf(document, DEFAULT_THEME).content
