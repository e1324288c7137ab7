"""The code blocks of ``docs/adopting.md``, and what running one means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "adopting.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The first line of what belongs in a file: "# mysite/settings.py, at its end".
FILE = re.compile(r"(?:# |\{# )(\S+?)(, at its end)?(?: #\})?\n")


@dataclass(frozen=True, slots=True)
class Block:
    """``language`` is "sh" for commands; anything else belongs in a file."""

    language: str
    text: str

    def write(self, project: Path) -> None:
        """Into the file that its first line names; raises `AssertionError` where it names none."""
        named = FILE.match(self.text)
        assert named, f"this block does not say where it belongs:\n{self.text}"
        path = project / named[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() + "\n" if named[2] else ""
        path.write_text(before + self.text)


def blocks() -> Iterator[Block]:
    """All of them, in the order of the page."""
    for language, text in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8")):
        yield Block(language, text)
