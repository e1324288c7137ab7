import io
import subprocess
import sys
from typing import Any

import facturx
import pytest
from pypdf import PdfReader

from jumun.invoices.documents.document import canonical_json
from jumun.invoices.documents.einvoice import einvoice
from jumun.invoices.documents.facturx import render_hybrid
from jumun.invoices.documents.pdf import render
from tests.invoices.documents import BERLIN, document, line, long_document

pytestmark = pytest.mark.no_database

CREDIT_NOTE = document(line(quantity=-1), kind="credit_note", number="CN-2026-000001", refers_to="INV-2026-000123")
IN_ANOTHER_PROCESS = """
import sys
from jumun.invoices.documents.document import from_json
from jumun.invoices.documents.facturx import render_hybrid
sys.stdout.buffer.write(render_hybrid(from_json(sys.stdin.buffer.read().decode())))
"""


def read(pdf) -> Any:
    return PdfReader(io.BytesIO(pdf))


@pytest.mark.parametrize("invoice", [document(), document(seller=BERLIN, currency="EUR"), CREDIT_NOTE])
def test_another_program_takes_the_e_invoice_out_of_the_paper(invoice):
    name, xml = facturx.get_xml_from_pdf(render_hybrid(invoice), check_xsd=True)
    assert name == "factur-x.xml"
    assert xml == einvoice(invoice)


def test_the_metadata_tell_what_is_in_it():
    metadata = read(render_hybrid(document())).trailer["/Root"]["/Metadata"].get_data().decode()
    for marker in (
        "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
        "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>",
        "<fx:DocumentType>INVOICE</fx:DocumentType>",
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>",
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
    ):
        assert metadata.count(marker) == 1
    assert metadata.startswith("<?xpacket begin=")


def test_the_attachment_is_the_alternative_of_the_paper():
    catalog = read(render_hybrid(document())).trailer["/Root"]
    attachment = catalog["/AF"][0]
    assert attachment["/AFRelationship"] == "/Alternative"
    assert attachment["/UF"] == "factur-x.xml"
    assert attachment["/EF"]["/F"]["/Subtype"] == "/text/xml"


def test_the_paper_itself_stays_tagged_and_the_same():
    hybrid, paper = read(render_hybrid(long_document(40))), read(render(long_document(40)))
    assert "/StructTreeRoot" in hybrid.trailer["/Root"]
    assert hybrid.metadata == paper.metadata
    assert [page.extract_text() for page in hybrid.pages] == [page.extract_text() for page in paper.pages]


def test_the_same_document_gives_the_same_bytes_in_any_process():
    arguments = [sys.executable, "-c", IN_ANOTHER_PROCESS]
    elsewhere = subprocess.run(arguments, input=canonical_json(document()).encode(), capture_output=True, check=True)
    assert elsewhere.stdout == render_hybrid(document())
