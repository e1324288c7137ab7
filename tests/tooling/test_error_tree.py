"""The drawing in `jumun.errors` names every public exception of Jumun under its parent."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

import jumun
from jumun import errors

pytestmark = pytest.mark.once

# Importing these has effects, and they define no errors.
LEFT_OUT = re.compile(r"\.(migrations|management|celery)\b")
# A row of the drawing: its branches, the class, and what it means.
ROW = re.compile(r"^((?:[│ ]   )*)([├└]── )?([A-Z]\w+)(?: {2,}.*)?$", re.MULTILINE)


def drawn() -> dict[str, str]:
    """Each class of the drawing with its parent."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for outer, branch, name in ROW.findall(errors.__doc__ or ""):
        depth = len(outer) // 4 + bool(branch)
        del above[depth:]
        if above:
            parents[name] = above[-1]
        above.append(name)
    return parents


def _below(parent: type[BaseException]) -> Iterator[type[BaseException]]:
    for child in parent.__subclasses__():
        yield child
        yield from _below(child)


def test_the_drawing_is_complete() -> None:
    for module in pkgutil.walk_packages(jumun.__path__, "jumun."):
        if not LEFT_OUT.search(module.name):
            import_module(module.name)
    defined = {
        error.__name__: error.__bases__[0].__name__
        for error in _below(Exception)
        if error.__module__.startswith("jumun.") and not error.__name__.startswith("_")
    }
    # Django makes these for each model.
    for name in ("DoesNotExist", "MultipleObjectsReturned", "NotUpdated", "RelatedObjectDoesNotExist"):
        defined.pop(name, None)
    del defined["JumunError"]

    assert drawn() == defined
