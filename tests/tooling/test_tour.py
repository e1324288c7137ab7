import csv
import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from shop.tour.journey import THAI_CUSTOMER, StepFailed
from shop.tour.tour import Report
from tests.tooling.running import shop

pytestmark = [pytest.mark.long, pytest.mark.once]


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    kept = tmp_path_factory.mktemp("kept")
    return shop("tour", "--json", "--keep", kept), kept


def test_every_step_holds(tour):
    done, _kept = tour
    document = json.loads(done.stdout)

    assert [step for step in document["steps"] if not step["ok"]] == []
    assert document["ok"] is True
    assert len(document["steps"]) == 19
    assert done.returncode == 0
    assert done.stderr == ""


def test_each_step_says_how_long_it_took(tour):
    assert all(step["seconds"] >= 0 and step["name"] for step in json.loads(tour[0].stdout)["steps"])


def test_the_invoice_is_kept(tour):
    done, kept = tour
    invoice = Path(json.loads(done.stdout)["invoice_pdf"])

    assert invoice.parent == kept
    assert len(PdfReader(invoice).pages) == 1


def test_the_csv_file_is_kept_and_holds_the_paid_order(tour):
    done, kept = tour
    document = json.loads(done.stdout)
    rows = list(csv.reader(Path(document["csv"]).read_text(encoding="utf-8-sig").splitlines()))

    assert Path(document["csv"]).parent == kept
    assert len(rows) == 2
    assert Path(document["invoice_pdf"]).stem in rows[1]


def test_a_thai_name_is_read_from_the_pdf_and_from_the_xml(tour):
    done, kept = tour
    *_others, bought, paper, data = json.loads(done.stdout)["steps"]

    assert bought["buyer"] == paper["buyer"] == data["buyer"] == THAI_CUSTOMER["name"]
    assert "กิตติพงษ์" in paper["text"]
    assert f"<ram:Name>{THAI_CUSTOMER['name']}</ram:Name>" in data["text"]
    pdf, xml = Path(paper["path"]), Path(data["path"])
    assert pdf.parent == xml.parent == kept
    assert pdf.stem == xml.stem
    assert THAI_CUSTOMER["address-line1"] in xml.read_text(encoding="utf-8")


def test_a_text_of_several_lines_is_shown_below_its_step():
    said: list[str] = []
    Report(say=said.append).step("Thai name on the PDF", lambda: {"buyer": "กิตติพงษ์", "text": "Invoice\nกิตติพงษ์"})

    first, *text = said[0].splitlines()
    assert first.endswith("กิตติพงษ์")
    assert [line.strip() for line in text] == ["Invoice", "กิตติพงษ์"]


def test_a_step_that_fails_says_what_was_expected_and_what_came():
    said: list[str] = []
    report = Report(say=said.append)

    def refuse():
        raise StepFailed(expected="200 from /cart/", received="500: Server Error")

    assert report.step("browse", refuse) is False
    assert report.document["ok"] is False
    assert "200 from /cart/" in said[0]
    assert "500: Server Error" in said[0]
    assert report.document["steps"][0]["expected"] == "200 from /cart/"
