"""The blocks of the operations guide that tell how to run the store among strangers."""

import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"


def section(heading: str) -> str:
    """What stands under a heading, up to the next of the same rank."""
    text = GUIDE.read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def blocks(heading: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", section(heading), re.MULTILINE | re.DOTALL)


def variables(block: str) -> list[dict[str, str]]:
    """The lines NAME=value of a block; each comment begins another step."""
    steps: list[dict[str, str]] = []
    for line in block.splitlines():
        if line.startswith("#"):
            steps.append({})
        else:
            name, _, value = line.partition("=")
            steps[-1][name] = value
    return steps
