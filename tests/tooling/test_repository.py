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
