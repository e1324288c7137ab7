"""What is found in a PDF by searching: by poppler's pdftotext where the machine has it, else by pypdf."""

import io
import re
import shutil
import subprocess
from typing import Any

from pypdf import PdfReader

from jumun.invoices.documents.document import Document
from jumun.invoices.documents.pdf import render

PDFTOTEXT = shutil.which("pdftotext")
# For the names of tests, so that a run says which it was.
READER = "pdftotext" if PDFTOTEXT else "pypdf"


def found_in(content: bytes) -> str:
    """All text of the file, in the order in which it is drawn, with single spaces."""
    if PDFTOTEXT:
        command = [PDFTOTEXT, "-raw", "-enc", "UTF-8", "-", "-"]
        text = subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode()
    else:
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return re.sub(r"\s+", " ", text)


def pages_of(invoice: Document, **options: Any) -> list[str]:
    reader = PdfReader(io.BytesIO(render(invoice, **options)))
    return [page.extract_text() for page in reader.pages]


def text_of(invoice: Document, **options: Any) -> str:
    """The text as one line with single spaces, as someone searching in a viewer has it."""
    return re.sub(r"\s+", " ", " ".join(pages_of(invoice, **options)))
