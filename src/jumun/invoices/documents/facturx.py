"""Paper and data in one file: the e-invoice embedded in the PDF/A-3 as Factur-X 1.0 / ZUGFeRD 2 asks. No Django."""

import re

from lxml import etree

from jumun.invoices.documents.document import Document
from jumun.invoices.documents.einvoice import einvoice
from jumun.invoices.documents.pdf import Attachment, render
from jumun.invoices.documents.render_errors import RenderError
from jumun.invoices.documents.theme import DEFAULT_THEME, Theme

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


# The end of what Typst writes: the trailer's entries and where the table of cross-references begins.
TRAILER = re.compile(rb"trailer\n<<(?P<entries>[^\n]*)>>\nstartxref\n(?P<xref>[0-9]+)\n%%EOF\s*\Z")
METADATA = re.compile(
    rb"\n(?P<number>[0-9]+) 0 obj\n(?P<dictionary><<[^\n]*/Type/Metadata[^\n]*>>)\nstream\n(?P<xmp>.*?)\nendstream",
    re.DOTALL,
)


def render_hybrid(document: Document, *, theme: Theme = DEFAULT_THEME, printed_as: Document | None = None) -> bytes:
    """The PDF with the e-invoice in it, the same bytes each time. Raises as `pdf.render` and `einvoice` do.

    `printed_as` is the document as the paper says it, where that is not as the data do.
    """
    attached = Attachment(FILE_NAME, "Factur-X invoice", einvoice(document))
    return declare(render(printed_as or document, theme=theme, attached=attached))


def declare(hybrid: bytes) -> bytes:
    """`hybrid`, a PDF of Typst's with the XML in it, with metadata that say so.

    An incremental update (ISO 32000-1, 7.5.6): the new metadata stand behind the file as it is, which is not even
    parsed. Raises `RenderError` where the file does not end as Typst's do.
    """
    # Metadata and catalog are what Typst writes last.
    trailer, metadata = (
        TRAILER.search(hybrid, len(hybrid) - 1_000),
        METADATA.search(hybrid, hybrid.rfind(b"<?xpacket begin") - 500),
    )
    if trailer is None or metadata is None:
        raise RenderError("This version of Typst writes a PDF to which the metadata of the e-invoice cannot be added.")
    xmp = _with_facturx(metadata["xmp"])
    dictionary = re.sub(rb"/Length [0-9]+", b"/Length %d" % len(xmp), metadata["dictionary"])
    start = len(hybrid) + 1
    stream = b"\n%s 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (metadata["number"], dictionary, xmp)
    table = b"xref\n%s 1\n%010d 00000 n\r\n" % (metadata["number"], start)
    entries = b"%s/Prev %s" % (trailer["entries"], trailer["xref"])
    end = b"trailer\n<<%s>>\nstartxref\n%d\n%%%%EOF\n" % (entries, len(hybrid) + len(stream))
    return b"".join((hybrid, stream, table, end))


def _with_facturx(xmp: bytes) -> bytes:
    packet = etree.fromstring(xmp, etree.XMLParser(resolve_entities=False, no_network=True))
    rdf = packet.find(f"{{{RDF}}}RDF")
    rdf.append(etree.fromstring(PROPERTIES))
    rdf.find(f".//{{{EXTENSION}}}schemas/{{{RDF}}}Bag").append(etree.fromstring(SCHEMA))
    enriched: bytes = etree.tostring(packet.getroottree(), encoding="UTF-8")
    return enriched
