"""Chromium prints the same HTML, one page of a browser that is open already; it writes no PDF/A."""

from collections.abc import Callable
from pathlib import Path

from bench.papers.html import STYLE, html_of
from jumun.invoices.documents.document import Document
from tests.chromium import ARGUMENTS, HOW_TO_GET, find_chromium


def painter(folder: Path) -> Callable[[Document], bytes]:
    from playwright.sync_api import sync_playwright

    if not (program := find_chromium()):
        raise RuntimeError(f"no Chromium: {HOW_TO_GET}")
    # Open to the end of the process, which is a painter's own.
    page = sync_playwright().start().chromium.launch(executable_path=program, args=ARGUMENTS).new_page()
    file = folder / "paper.html"

    def paint(document: Document) -> bytes:
        file.write_text(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{html_of(document)}")
        page.goto(file.as_uri())
        return page.pdf(prefer_css_page_size=True)

    return paint
