import ast
import os
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
# Folders that tools make: see .gitignore.
MADE = re.compile(r"^(\.venv.*|var|\..*_cache|\.hypothesis|__pycache__|node_modules|dist|build|\.git)$")
A_MACHINES_OWN = re.compile(rb"(?<![\w.$}/-])/(?:work|root|home/[a-z]+|Users/[a-z]+)/")


def own_files():
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not MADE.match(name)]
        yield from (Path(folder, name) for name in names if not MADE.match(name))


def test_no_file_names_a_path_of_one_machine():
    assert [str(path.relative_to(ROOT)) for path in own_files() if A_MACHINES_OWN.search(path.read_bytes())] == []


def test_no_secret_key_of_a_real_account_is_in_a_file():
    real = re.compile(rb"\b[rs]k_live_[0-9A-Za-z]{16,}")

    assert [str(path.relative_to(ROOT)) for path in own_files() if real.search(path.read_bytes())] == []


def test_no_file_of_tests_imports_from_a_test_module_or_a_conftest():
    """What tests share has a module of its own, named for what it holds, or is a fixture."""
    files = [path for folder in ("tests", "paywright/tests") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 200
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        for name in imported(node)
        if re.search(r"(^|\.)(test_\w+|conftest)(\.|$)", name)
    ]
    assert found == []


def imported(node):
    """The dotted names that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module or ''}.{alias.name}" for alias in node.names]
    return []
