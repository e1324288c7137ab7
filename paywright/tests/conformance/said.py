"""Reads what the servers of the tests wrote down, and finds what is not as Stripe's document says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.conforming import check_answer, check_event


class Said:
    """What the servers said into one folder; each line is looked at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def problems(self) -> list[str]:
        """What is wrong with all that was said since the last time."""
        return [problem for kind, value in self._new() if (problem := _problem(kind, value))]

    def _new(self) -> Iterator[tuple[str, Any]]:
        for path in self._folder.glob("*.jsonl"):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            for line in whole.splitlines():
                ((kind, value),) = json.loads(line).items()
                yield kind, value


def _problem(kind: str, value: Any) -> str:
    try:
        if kind == "answer":
            method, path, status, body = value
            check_answer(method, path, status, body.encode())
        elif kind == "event":
            check_event(value)
        else:
            return f"Paywright crashed: {value}"
    except (AssertionError, ValueError) as problem:
        return f"{kind} {value[:3] if kind == 'answer' else value['type']}: {problem}"
    return ""
