"""`jumun.api` is all that a project imports."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jumun import api

ROOT = Path(__file__).parents[2]
CODE_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
GUIDES = [path for path in [ROOT / "README.md", ROOT / "README.ko.md", *(ROOT / "docs").glob("*.md")] if path.exists()]


@pytest.mark.parametrize("name", api.__all__)
def test_every_name_can_be_imported(name: str):
    assert getattr(api, name) is not None


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Ordr'"):
        api.Ordr  # noqa: B018


def test_it_can_be_imported_before_django_is_set_up():
    subprocess.run([sys.executable, "-c", "from jumun.api import WebhooksFirst, Item"], check=True)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_the_guides_import_nothing_else(guide: Path):
    imported = set()
    for block in CODE_BLOCK.findall(guide.read_text()):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "jumun":
                imported.add(node.module)
    assert imported <= {"jumun.api"}
