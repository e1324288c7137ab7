from pathlib import Path

import pytest

from jumun.exports.columns import LINE_COLUMNS, ORDER_COLUMNS

DOCUMENT = Path(__file__).parents[2] / "docs" / "exports.md"


@pytest.mark.parametrize("column", {column.key: column for column in (*ORDER_COLUMNS, *LINE_COLUMNS)}.values())
def test_every_column_is_documented(column):
    assert f"`{column.key}`" in DOCUMENT.read_text()
