import csv
import io
import re

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from jumun.exports.cells import FILLED_IN
from jumun.exports.csv import stream_csv
from jumun.exports.formula import guard, unguard
from jumun.orders.models import Order
from tests.factories import place_order, stored_order

# What a spreadsheet takes for the beginning of a formula, in ASCII and in the forms that it reads as ASCII.
TRIGGERS = "=+-@＝＋－＠﹦﹢﹣﹫\t\r\n"
BEGINNINGS = [
    "",
    *"' \x01\x1f\x7f\xa0\xad\u1680\u2000\u200f\u2028\u205f\u3000\ufeff09:<>?Az~[가힣ㄱé日😀",
    "+0",
    "-1.5",
    "+1.",
]
hostile = st.text(alphabet=st.sampled_from(TRIGGERS + "' \u200b\u3000\ufeff0.1A\",;\x00"), max_size=12)
anything = st.one_of(st.text(), hostile)


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("https://example.com")',
        "=cmd|'/c calc'!A1",
        "@SUM(A1)",
        "+1+1",
        "-1+1",
        "＝1+1",
        "＠SUM(A1)",
        "  =1+1",
        "\u3000=1+1",
        "\ufeff\u200b=1+1",
        "\t=1+1",
        "\r=1+1",
        "\nfirst line",
        "\x00=1+1",
        "+82 10 1234 5678",
        "-1\n",
        "--1",
    ],
)
def test_a_formula_gets_an_apostrophe(text):
    assert guard(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["-12.50", "+821012345678", "-1", "+0", "42", "", "김하늘", "a=b", "ann@example.com", "1-2"]
)
def test_a_number_and_ordinary_text_stay_as_they_are(text):
    assert guard(text) == text


def test_an_apostrophe_of_the_text_itself_is_doubled_so_that_it_can_be_told_from_ours():
    assert guard("'tis") == "''tis"


@given(anything)
def test_taking_one_apostrophe_away_restores_every_text(text):
    assert unguard(guard(text)) == text


@given(anything)
def test_no_cell_begins_a_formula(text):
    cell = guard(text)
    begins = cell.lstrip(" \u3000\u200b\ufeff\x00")[:1]
    if begins and begins in TRIGGERS:
        assert re.fullmatch(r"[+-][0-9]+(\.[0-9]+)?", cell)


@given(st.lists(anything, max_size=5))
def test_many_texts_are_guarded_as_each_would_be(texts):
    assert FILLED_IN.cells(texts, []) == [guard(text) for text in texts]


@given(st.lists(anything, min_size=1, max_size=5))
def test_a_row_survives_a_csv_reader(texts):
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow([guard(text) for text in texts])
    buffer.seek(0)
    assert [[unguard(cell) for cell in row] for row in csv.reader(buffer)] == [texts]


@pytest.mark.django_db
@pytest.mark.parametrize("per_line", [False, True])
def test_the_databases_guard_and_quote_as_python_does(per_line):
    """What is in the file is what `guard` says, for every beginning that could matter."""
    texts = [f"{first}{rest}" for first in [*BEGINNINGS, *TRIGGERS] for rest in ("", "1", '1+1, "x"\r\ny')]
    place_order()
    for text in texts:
        stored_order(city=text, phone=text)
    options = {"per_line": per_line}
    rows = csv.DictReader(io.StringIO(b"".join(stream_csv(Order.objects.all(), **options)).decode(), newline=""))
    found = [(row["city"], row["customer_phone"]) for row in rows][1:]
    assert found == [(guard(text), guard(text)) for text in texts]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "postgresql", reason="none of its texts can hold a NUL")
def test_a_nul_is_a_sign_of_its_own_and_hides_no_formula():
    for text in ("\x00=1+1", "+1\x00=1", "김\x00하늘"):
        stored_order(name=text)
    rows = csv.DictReader(io.StringIO(b"".join(stream_csv(Order.objects.all())).decode(), newline=""))
    assert [row["customer_name"] for row in rows] == ["'\ufffd=1+1", "'+1\ufffd=1", "김\ufffd하늘"]
