import hashlib
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from jumun.invoices.documents.document import canonical_json
from jumun.invoices.documents.pdf import render
from jumun.invoices.documents.render_errors import RenderError
from jumun.invoices.documents.theme import HERE, Theme
from tests.invoices.documents import document, long_document

pytestmark = pytest.mark.no_database

IN_ANOTHER_PROCESS = """
import hashlib, sys
from jumun.invoices.documents.document import from_json
from jumun.invoices.documents.pdf import render
for text in sys.stdin.buffer.read().decode().splitlines():
    print(hashlib.sha256(render(from_json(text))).hexdigest())
"""
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40"/></svg>'


def read(invoice, **options) -> Any:
    return PdfReader(io.BytesIO(render(invoice, **options)))


def here(*invoices):
    return [hashlib.sha256(render(invoice)).hexdigest() for invoice in invoices]


def elsewhere(*invoices):
    """The hashes of the papers as another process makes them, one after the other."""
    arguments = [sys.executable, "-c", IN_ANOTHER_PROCESS]
    texts = "\n".join(map(canonical_json, invoices)).encode()
    return subprocess.run(arguments, input=texts, capture_output=True, check=True).stdout.decode().split()


def test_the_same_document_gives_the_same_bytes_in_any_process_whatever_was_rendered_before():
    papers = (document(), long_document(40, locale="en"), document(locale="ko+en"))
    first, second = elsewhere(*papers), elsewhere(*reversed(papers))
    assert first == second[::-1] == here(*papers)
    assert len(set(first)) == len(papers)


def test_threads_render_side_by_side():
    invoices = [document(number=f"INV-2026-{n:06d}") for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(render, invoices)) == [render(invoice) for invoice in invoices]


def test_it_is_tagged_pdf_a_3a_and_pdf_ua_1():
    reader = read(document())
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    for marker in (
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
    ):
        assert marker in metadata
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in reader.trailer["/Root"]
    assert reader.trailer["/Root"]["/OutputIntents"]
    assert not reader.is_encrypted


@pytest.mark.parametrize(("locale", "title"), [("ko", "인보이스 INV-2026-000123"), ("en", "Invoice INV-2026-000123")])
def test_it_says_its_title_its_language_and_its_author(locale, title):
    reader = read(document(locale=locale))
    assert reader.metadata.title == title
    assert reader.metadata.author == "주문상점 주식회사"
    assert reader.metadata.creation_date.date() == document().issued_on
    assert reader.trailer["/Root"]["/Lang"] == locale


def test_every_font_is_embedded_as_a_subset_and_is_ours():
    reader = read(document())
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descendant = font["/DescendantFonts"][0].get_object()
        assert "+PretendardJP" in font["/BaseFont"]
        assert {"/FontFile2", "/FontFile3"} & set(descendant["/FontDescriptor"])


def test_the_size_is_what_a_mail_can_carry():
    assert len(render(document())) < 60_000
    assert len(render(long_document(200))) < 400_000


def test_a_logo_takes_the_place_of_the_name():
    with_logo = render(document(), theme=Theme(logo=LOGO))
    assert with_logo != render(document())
    assert with_logo == render(document(), theme=Theme(logo=LOGO))


def test_a_broken_logo_is_a_clear_error():
    with pytest.raises(RenderError, match="image"):
        render(document(), theme=Theme(logo=b"no picture"))


def test_a_sites_template_gets_the_same_data(tmp_path: Path):
    template = tmp_path / "ours.typ"
    template.write_text(
        "#let data = json(bytes(sys.inputs.document))\n"
        "#set document(title: data.title, date: auto)\n#set text(lang: data.language)\n= #data.number is ours"
    )
    reader = read(document(), theme=Theme(template=template))
    assert "INV-2026-000123 is ours" in reader.pages[0].extract_text()


def test_a_template_reads_nothing_outside_its_folder(tmp_path: Path):
    template = tmp_path / "spy.typ"
    template.write_text('#set document(title: "x", date: auto)\n#read("/etc/passwd") #read("../secret")')
    with pytest.raises(RenderError, match="not found"):
        render(document(), theme=Theme(template=template))


def test_our_templates_use_no_package_and_no_file():
    for template in HERE.rglob("*.typ"):
        source = template.read_text()
        assert "@preview" not in source
        assert "#import" not in source
        assert "read(" not in source
