"""The rules of PDF/A-3a (ISO 19005-3) that can be read off a file, and of PDF/UA-1 (ISO 14289-1), without a validator.

No package index that we know has one for PDF/A-3: Apache's preflight knows PDF/A-1 alone. Numbers are clauses of
ISO 19005-3, "UA" those of ISO 14289-1.
"""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
from lxml import etree

PDFA_ID = "http://www.aiim.org/pdfa/ns/id/"
FORBIDDEN_ACTIONS = {
    *("/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/SetOCGState", "/Rendition"),
    *("/Trans", "/GoTo3DView", "/JavaScript"),
}
RELATIONSHIPS = {"/Source", "/Data", "/Alternative", "/Supplement", "/EncryptedPayload", "/FormData", "/Unspecified"}
STANDARD_TYPES = {
    *("/Document", "/Div", "/H1", "/P", "/L", "/LI", "/Lbl", "/LBody", "/Span", "/Link", "/Figure", "/NonStruct"),
    *("/Table", "/THead", "/TBody", "/TFoot", "/TR", "/TH", "/TD"),
}
INVISIBLE, HIDDEN, PRINT, NO_VIEW, TOGGLE_NO_VIEW = 1, 2, 4, 32, 256


def violations(content: bytes) -> list[str]:
    """What the file does that PDF/A-3a forbids, each with its clause."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        if pdf.is_encrypted:
            return ["6.1.3 encrypted"]
        return sorted({*_file(content, pdf), *_catalog(pdf.Root), *_objects(pdf), *_structure(pdf.Root)})


def _file(content: bytes, pdf: Any) -> Iterator[str]:
    header, comment = content.split(b"\n", 2)[:2]
    if not re.fullmatch(rb"%PDF-1\.[0-7]", header) or not (comment[:1] == b"%" and min(comment[1:5], default=0) > 127):
        yield "6.1.2 header"
    if len(pdf.trailer.get("/ID", [])) != 2:
        yield "6.1.3 no identifier"
    if not re.search(rb"%%EOF\s*\Z", content):
        yield "6.1.3 data after the end"
    for complaint in pdf.check_pdf_syntax():
        yield f"6.1 syntax: {complaint}"


def _catalog(root: Any) -> Iterator[str]:
    yield from _metadata(root)
    intents = [each for each in root.get("/OutputIntents", []) if each.get("/S") == "/GTS_PDFA1"]
    if len(intents) != 1:
        yield "6.2.3 no output intent"
    for intent in intents:
        profile = intent.DestOutputProfile
        space = bytes(profile.read_bytes()[16:20])
        if {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(space) != int(profile.N):
            yield "6.2.3 the profile has other components than it says"
    if not root.get("/MarkInfo", {}).get("/Marked") or "/StructTreeRoot" not in root:
        yield "6.7.2 not tagged"
    if not str(root.get("/Lang", "")):
        yield "6.7.4 no language"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "UA 7.1 the title is not displayed"
    if {"/AA", "/NeedsRendering", "/Requirements"} & set(root.keys()) or "/JavaScript" in root.get("/Names", {}):
        yield "6.5.1 actions of the document"
    embedded = root.get("/Names", {}).get("/EmbeddedFiles", {}).get("/Names", [])[1::2]
    if {file.objgen for file in embedded} - {file.objgen for file in root.get("/AF", [])}:
        yield "6.8 an embedded file that is associated with nothing"


def _metadata(root: Any) -> Iterator[str]:
    stream = root.get("/Metadata")
    if stream is None or "/Filter" in stream:
        yield "6.6.2 no plain metadata"
        return
    packet = etree.fromstring(stream.read_bytes())
    for name, wanted in (("part", "3"), ("conformance", "A")):
        found = [*packet.iterfind(f".//{{{PDFA_ID}}}{name}")]
        if [each.text for each in found] != [wanted]:
            yield f"6.6.4 pdfaid:{name}"
    used = {etree.QName(each).namespace for each in packet.iterfind(".//{*}Description/*")}
    described = {each.text for each in packet.iterfind(".//{http://www.aiim.org/pdfa/ns/schema#}namespaceURI")}
    for namespace in used - described:
        if not re.match(r"http://(purl\.org/dc|ns\.adobe\.com/(xap|pdf)|www\.aiim\.org/pdfa/ns)/", namespace):
            yield f"6.6.2.3 properties of {namespace} are not described"


def _objects(pdf: Any) -> Iterator[str]:
    for each in pdf.objects:
        if isinstance(each, pikepdf.Stream):
            yield from _stream(each)
        if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            for rule in RULES.get(str(each.get("/Type", "")), ()):
                yield from rule(each)
            if str(each.get("/S", "")) in FORBIDDEN_ACTIONS:
                yield f"6.5.1 action {each.S}"
    for page in pdf.pages:
        if "/AA" in page.obj:
            yield "6.5.2 actions of a page"
        if str(page.obj.get("/Tabs", "/S")) != "/S":
            yield "UA 7.18.3 tabs do not follow the structure"
        for annotation in page.obj.get("/Annots", []):
            yield from _annotation(annotation)


def _stream(stream: Any) -> Iterator[str]:
    if {"/F", "/FFilter", "/FDecodeParms"} & set(stream.keys()):
        yield "6.1.7.1 a stream in another file"
    filters = stream.get("/Filter", [])
    names = {str(filters)} if isinstance(filters, pikepdf.Name) else {str(each) for each in filters}
    if names & {"/LZWDecode", "/Crypt"}:
        yield f"6.1.7.2 filters {names}"
    if stream.get("/Subtype") == "/Image" and (stream.get("/Interpolate") or "/Alternates" in stream):
        yield "6.2.8 an image that is interpolated or has alternates"
    if stream.get("/Subtype") == "/PS" or {"/OPI", "/Ref", "/PS"} & set(stream.keys()):
        yield "6.2.9 an external or PostScript object"


def _font(font: Any) -> Iterator[str]:
    if font.Subtype == "/Type3":
        return
    name = font.get("/BaseFont", "?")
    carrier = font.DescendantFonts[0] if font.Subtype == "/Type0" else font
    if font.Subtype in ("/CIDFontType0", "/CIDFontType2"):
        if font.Subtype == "/CIDFontType2" and "/CIDToGIDMap" not in font:
            yield f"6.2.11.3.2 no CIDToGIDMap for {name}"
        return
    descriptor = carrier.get("/FontDescriptor", {})
    if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys()):
        yield f"6.2.11.4.1 {name} is not embedded"
    if "/ToUnicode" not in font:
        yield f"6.2.11.7.2 {name} has no ToUnicode"


def _graphics_state(state: Any) -> Iterator[str]:
    if "/TR" in state or "/HTP" in state or state.get("/TR2", "/Default") != "/Default":
        yield "6.2.5 transfer functions"


def _file_specification(file: Any) -> Iterator[str]:
    if not {"/F", "/UF", "/EF"} <= set(file.keys()) or str(file.get("/AFRelationship", "")) not in RELATIONSHIPS:
        yield "6.8 a file without names or relationship"
    for stream in file.get("/EF", {}).values():
        if "/Subtype" not in stream or "/ModDate" not in stream.get("/Params", {}):
            yield "6.8 a file without type or date"


RULES: dict[str, tuple[Callable[[Any], Iterator[str]], ...]] = {
    "/Font": (_font,),
    "/ExtGState": (_graphics_state,),
    "/Filespec": (_file_specification,),
}


def _annotation(annotation: Any) -> Iterator[str]:
    if annotation.Subtype not in ("/Link", "/Widget"):
        yield f"6.3.1 annotation {annotation.Subtype}"
    flags = int(annotation.get("/F", 0))
    if not flags & PRINT or flags & (INVISIBLE | HIDDEN | NO_VIEW | TOGGLE_NO_VIEW):
        yield "6.3.2 an annotation that does not print"
    if not str(annotation.get("/Contents", "")):
        yield "UA 7.18.5 a link without a description"
    if "/StructParent" not in annotation:
        yield "UA 7.18.1 an annotation outside the structure"


def _structure(root: Any) -> Iterator[str]:
    tree = root.get("/StructTreeRoot")
    if tree is None:
        return
    if "/ParentTree" not in tree:
        yield "6.7.3 no way from the page to the structure"
    roles = {str(name): str(role) for name, role in tree.get("/RoleMap", {}).items()}
    for element in _descendants(tree):
        kind = str(element.S)
        if roles.get(kind, kind) not in STANDARD_TYPES:
            yield f"6.7.3.4 {kind} is no standard type of those that an invoice has use for"
        if kind == "/Figure" and not str(element.get("/Alt", "")):
            yield "UA 7.3 a figure without a text"
        if kind == "/Table":
            yield from _table(element)


def _table(table: Any) -> Iterator[str]:
    rows = [element for element in _descendants(table) if element.S == "/TR"]
    cells = [[str(cell.S) for cell in _children(row)] for row in rows]
    if len({len(row) for row in cells}) != 1 or not {"/TH", "/TD"} >= {kind for row in cells for kind in row}:
        yield "UA 7.2 a table whose rows differ"
    if set(cells[0]) != {"/TH"}:
        yield "UA 7.5 a table without header cells"


def _children(element: Any) -> list[Any]:
    kids = element.get("/K", [])
    each = kids if isinstance(kids, pikepdf.Array) else [kids]
    return [kid for kid in each if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]


def _descendants(element: Any) -> Iterator[Any]:
    for kid in _children(element):
        yield kid
        yield from _descendants(kid)
