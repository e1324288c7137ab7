"""docs/settings.md lists every setting with its default."""

import ast
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from jumun.conf import JumunSettings, Seller

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
STORE = (ROOT / "shop" / "settings.py").read_text(encoding="utf-8")
# What the store reads: the name, and the default if it is written beside the name.
VARIABLE = re.compile(r'"((?:JUMUN|STRIPE|DATABASE)_[A-Z_]+)"(?:, "([^"]*)"\))?')


def documented(heading: str) -> dict[str, str]:
    """The rows of the first table below a heading: the name and its default."""
    section = re.split(r"^#+ ", PAGE.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \| .*\|$", section, re.MULTILINE))


def value(cell: str) -> Any:
    """A default as it is written in Python; a dataclass keeps a list as a tuple."""
    read = ast.literal_eval(cell.strip("`"))
    return tuple(read) if isinstance(read, list) else read


def test_every_key_of_the_dict_is_there_with_its_default() -> None:
    rows = documented("The `JUMUN` dict")
    assert rows.pop("SELLER") == "a demo seller"
    expected = {item.name.upper(): item.default for item in fields(JumunSettings) if item.default is not MISSING}
    assert {key: value(cell) for key, cell in rows.items()} == expected


def test_every_key_of_the_seller_is_there_with_its_default() -> None:
    expected = {item.name.upper(): item.default for item in fields(Seller)}
    assert {key: value(cell) for key, cell in documented("The seller").items()} == expected


def test_every_variable_of_the_store_is_there_with_its_default() -> None:
    rows = documented("The demo store's environment")
    read = dict(VARIABLE.findall(STORE))
    assert rows.keys() == read.keys() | {"DATABASE_URL"}
    for name in re.findall(r'"(\w+)", ""\)', STORE):
        assert rows[name] == "empty"
    assert {name: rows[name].strip("`") for name, default in read.items() if default} == {
        name: default for name, default in read.items() if default
    }
