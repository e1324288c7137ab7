"""Paper and data in one file: the e-invoice embedded in the PDF/A-3 as Factur-X 1.0 / ZUGFeRD 2 asks. No Django."""

import datetime
import io

import pikepdf
from lxml import etree

from jumun.invoices.document import Document
from jumun.invoices.einvoice import einvoice
from jumun.invoices.pdf import DEFAULT_THEME, Theme, render

FILE_NAME = "factur-x.xml"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
EXTENSION = "http://www.aiim.org/pdfa/ns/extension/"

# The properties that Factur-X adds to the metadata, and the description of them that PDF/A wants beside (Factur-X 1.0,
# annex "XMP extension schema"). Both are the same in every file.
PROPERTIES = b"""
<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about=""
    xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
  <fx:DocumentType>INVOICE</fx:DocumentType>
  <fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>
  <fx:Version>1.0</fx:Version>
  <fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
</rdf:Description>"""
PROPERTY = """
<rdf:li rdf:parseType="Resource">
  <pdfaProperty:name>{name}</pdfaProperty:name>
  <pdfaProperty:valueType>Text</pdfaProperty:valueType>
  <pdfaProperty:category>external</pdfaProperty:category>
  <pdfaProperty:description>{description}</pdfaProperty:description>
</rdf:li>"""
SCHEMA = f"""
<rdf:li xmlns:rdf="{RDF}" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
    xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:parseType="Resource">
  <pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
  <pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
  <pdfaSchema:prefix>fx</pdfaSchema:prefix>
  <pdfaSchema:property><rdf:Seq>{
    PROPERTY.format(name="DocumentFileName", description="The name of the embedded XML document")
}{PROPERTY.format(name="DocumentType", description="The type of the hybrid document in capital letters")}{
    PROPERTY.format(name="Version", description="The actual version of the standard")
}{PROPERTY.format(name="ConformanceLevel", description="The conformance level of the embedded XML document")}
  </rdf:Seq></pdfaSchema:property>
</rdf:li>"""


def render_hybrid(document: Document, *, theme: Theme = DEFAULT_THEME) -> bytes:
    """The PDF with the e-invoice in it, the same bytes each time. Raises as `pdf.render` and `einvoice` do."""
    return embed(render(document, theme=theme), einvoice(document), issued_on=document.issued_on)


def embed(paper: bytes, xml: bytes, *, issued_on: datetime.date) -> bytes:
    """`paper`, a PDF/A-3, with `xml` as its alternative representation."""
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        _attach(pdf, xml, f"D:{issued_on:%Y%m%d}000000Z")
        metadata = pdf.Root.Metadata
        metadata.write(_with_facturx(metadata.read_bytes()))
        hybrid = io.BytesIO()
        pdf.save(hybrid, deterministic_id=True)
    return hybrid.getvalue()


def _attach(pdf: pikepdf.Pdf, xml: bytes, date: str) -> None:
    attachment = pikepdf.AttachedFileSpec(
        pdf,
        xml,
        filename=FILE_NAME,
        description="Factur-X invoice",
        mime_type="text/xml",
        creation_date=date,
        mod_date=date,
        relationship=pikepdf.Name.Alternative,
    )
    pdf.attachments[FILE_NAME] = attachment
    pdf.Root.AF = pikepdf.Array([attachment.obj])


def _with_facturx(xmp: bytes) -> bytes:
    packet = etree.fromstring(xmp, etree.XMLParser(resolve_entities=False, no_network=True))
    rdf = packet.find(f"{{{RDF}}}RDF")
    rdf.append(etree.fromstring(PROPERTIES))
    rdf.find(f".//{{{EXTENSION}}}schemas/{{{RDF}}}Bag").append(etree.fromstring(SCHEMA))
    enriched: bytes = etree.tostring(packet.getroottree(), encoding="UTF-8")
    return enriched
