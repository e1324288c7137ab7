"""The PDF/A-3 with the e-invoice embedded, as Factur-X 1.0 / ZUGFeRD 2 requires. No Django."""

import io

import pikepdf
from lxml import etree

from jumun.invoices.documents.document import Document
from jumun.invoices.documents.einvoice import einvoice
from jumun.invoices.documents.pdf import Attachment, render
from jumun.invoices.documents.theme import DEFAULT_THEME, Theme

FILE_NAME = "factur-x.xml"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
EXTENSION = "http://www.aiim.org/pdfa/ns/extension/"

# The properties that Factur-X adds to the metadata, and the description of them that PDF/A requires (Factur-X 1.0,
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


def render_hybrid(document: Document, *, theme: Theme = DEFAULT_THEME, printed_as: Document | None = None) -> bytes:
    """The PDF with the e-invoice in it, the same bytes each time. Raises as `pdf.render` and `einvoice` do.

    `printed_as` is the document as the PDF prints it, if that differs from the e-invoice.
    """
    attached = Attachment(FILE_NAME, "Factur-X invoice", einvoice(document))
    return with_metadata(render(printed_as or document, theme=theme, attached=attached))


def with_metadata(hybrid: bytes) -> bytes:
    """Add the metadata of Factur-X to a PDF that has the XML attached."""
    changed = io.BytesIO()
    with pikepdf.open(io.BytesIO(hybrid)) as pdf:
        metadata = pdf.Root.Metadata
        metadata.write(_with_facturx(metadata.read_bytes()))
        # Streams stay as Typst wrote them: zlib compresses differently from machine to machine.
        pdf.save(
            changed,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            deterministic_id=True,
        )
    return changed.getvalue()


def _with_facturx(xmp: bytes) -> bytes:
    packet = etree.fromstring(xmp, etree.XMLParser(resolve_entities=False, no_network=True))
    rdf = packet.find(f"{{{RDF}}}RDF")
    rdf.append(etree.fromstring(PROPERTIES))
    rdf.find(f".//{{{EXTENSION}}}schemas/{{{RDF}}}Bag").append(etree.fromstring(SCHEMA))
    enriched: bytes = etree.tostring(packet.getroottree(), encoding="UTF-8")
    return enriched
