"""A pytest plugin that imports a mutated module in place of the module: for mutants that have their effect then.

The environment names the module's path and the mutant's number.
"""

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import CodeType, ModuleType

from tests.mutation.mutants import ROOT, mutants_of

_path, _number = os.environ["JUMUN_MUTANT"].rsplit(":", 1)
_mutant = mutants_of(_path)[int(_number)]
_name = _path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        return _mutant.code()


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _name:
            return None
        file = ROOT / _path
        places = [str(file.parent)] if file.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, file, loader=_Loader(fullname, str(file)), submodule_search_locations=places
        )


sys.meta_path.insert(0, _Finder())
