"""A site makes the papers its own as it overrides Django's templates, and by settings."""

import io
from pathlib import Path
from typing import Any

import pytest
import reportlab
from django.core.checks import run_checks
from pypdf import PdfReader

from jumun.invoices.models import Invoice
from tests.factories import paid_order

pytestmark = pytest.mark.django_db
OURS = """
#let data = json(bytes(sys.inputs.document))
#set document(title: data.title, date: auto)
#set text(lang: data.language)
= #data.number on our own paper
"""
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="90" height="30" fill="#0b6b4a"/></svg>'
)


@pytest.fixture
def templates(settings, tmp_path: Path) -> Path:
    """The folder of templates of a project, the place for what overrides ours."""
    folder = tmp_path / "templates" / "jumun"
    folder.mkdir(parents=True)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    return folder


def override(settings) -> None:
    """Make Django look anew, as the next start of the process would."""
    settings.TEMPLATES = [*settings.TEMPLATES]


def paper(invoice: Invoice) -> PdfReader:
    return PdfReader(io.BytesIO(invoice.make_pdf().content))


def test_the_projects_template_comes_before_ours(settings, templates: Path) -> None:
    invoice = paid_order().invoice
    assert "on our own paper" not in paper(invoice).pages[0].extract_text()
    (templates / "invoice.typ").write_text(OURS)
    override(settings)
    assert f"{invoice.number} on our own paper" in paper(invoice).pages[0].extract_text()


def test_the_projects_logo_takes_the_place_of_the_name(settings, templates: Path) -> None:
    invoice = paid_order().invoice
    before = invoice.make_pdf().content
    (templates / "invoice-logo.svg").write_text(LOGO)
    override(settings)
    assert invoice.make_pdf().content != before
    assert "/Alt" in str(invoice.make_pdf().content)


def test_us_letter_is_a_setting(settings) -> None:
    settings.JUMUN = {"INVOICE_PAPER": "us-letter"}
    page = paper(paid_order().invoice).pages[0]
    assert (float(page.mediabox.width), float(page.mediabox.height)) == (612, 792)


def test_a_paper_or_folder_that_is_none_is_named_by_the_checks(settings, tmp_path: Path) -> None:
    settings.JUMUN = {"INVOICE_PAPER": "letter", "INVOICE_FONT_FOLDERS": [str(tmp_path / "nowhere")]}
    told = [message.id for message in run_checks() if message.id in {"jumun.E029", "jumun.E030"}]
    assert sorted(told) == ["jumun.E029", "jumun.E030"]


def test_a_font_of_the_site_is_used_and_ours_draws_what_it_lacks(settings, templates: Path) -> None:
    (templates / "invoice.typ").write_text(
        OURS.replace("lang:", 'font: "Bitstream Vera Sans", lang:') + "#data.buyer.name"
    )
    settings.JUMUN = {"INVOICE_FONT_FOLDERS": [str(Path(reportlab.__file__).parent / "fonts")]}
    override(settings)
    page: Any = paper(paid_order(name="Kim 하늘").invoice).pages[0]
    used = {font.get_object()["/BaseFont"].partition("+")[2] for font in page["/Resources"]["/Font"].values()}
    assert any("Vera" in name for name in used)
    assert any("PretendardJP" in name for name in used)
    assert "Kim 하늘" in page.extract_text()
