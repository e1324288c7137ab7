"""Ours with the e-invoice made and embedded as Factur-X, metadata included."""

from collections.abc import Callable
from pathlib import Path

from jumun.invoices.document import Document
from jumun.invoices.facturx import render_hybrid


def painter(_font: Path) -> Callable[[Document], bytes]:
    return render_hybrid
